# SPDX-License-Identifier: GPL-2.0-only
"""realtime.py DEVICE read|write SECONDS: large I/O beside a real-time task.

One process on CPU 0 reads, or writes what is there already, in large pieces. On
CPU 1 a task of SCHED_FIFO runs for 0.3 s, sleeps for some milliseconds, in which
the kernel finds that CPU of use, and so on. Where no I/O ends while it runs, it
does not stop until one has: ten seconds show whether the I/O is held up. Fails if
it is, or if there was next to no I/O.
"""

import mmap
import os
import random
import select
import sys
import time

BLOCK = 256 << 10
BURST = 0.3
STUCK = 10
LEAST = 20


def submit(dev, op, count):
    """Reads or writes for ever; count is shared memory that says how often."""
    file = os.open(dev, os.O_RDWR | os.O_DIRECT)
    blocks = os.lseek(file, 0, os.SEEK_END) // BLOCK
    buffer = mmap.mmap(-1, BLOCK)
    done = 0
    while True:
        at = random.randrange(blocks) * BLOCK
        os.preadv(file, [buffer], at)
        if op == "write":
            os.pwritev(file, [buffer], at)
        done += 1
        count[:8] = done.to_bytes(8, sys.byteorder)


def spin(seconds, count=None):
    """Takes the CPU; where a count is given, no longer than it stays the same."""
    before = count and count[:8]
    end = time.monotonic() + seconds
    while time.monotonic() < end and (not count or count[:8] == before):
        pass


def take_the_cpu(count, tell):
    """The real-time task."""
    os.sched_setaffinity(0, {1})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    while True:
        before = count[:8]
        spin(BURST)
        if count[:8] == before:
            os.write(tell, b"x")
            spin(STUCK + 5, count)
        time.sleep(random.uniform(0.002, 0.02))


def child(run, *args):
    """Runs it in a process of its own."""
    pid = os.fork()
    if not pid:
        try:
            run(*args)
        finally:
            os._exit(1)
    return pid


def is_held(count):
    """Does no I/O end for so long?"""
    before = count[:8]
    end = time.monotonic() + STUCK
    while count[:8] == before:
        if time.monotonic() > end:
            return True
        time.sleep(0.01)
    return False


def main():
    """See the top."""
    dev, op, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count = mmap.mmap(-1, mmap.PAGESIZE)
    told, tell = os.pipe()
    os.sched_setaffinity(0, {0})
    children = [child(submit, dev, op, count), child(take_the_cpu, count, tell)]
    end = time.monotonic() + seconds
    held = False
    while not held and (left := end - time.monotonic()) > 0:
        if select.select([told], [], [], left)[0]:
            os.read(told, 1)
            held = is_held(count)
    for pid in reversed(children):
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    done = int.from_bytes(count[:8], sys.byteorder)
    print(f"{op}: {done} times", "and then no more" if held else "")
    sys.exit(held or done < LEAST)


main()
