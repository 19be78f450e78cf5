#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""faults.py: single operations under fault injection.

The kernel lets a task ask that its N-th allocation fail (/proc/self/fail-nth),
so that a loop over N makes everything fail in turn, and nothing else in the
machine does. All of an operation's preparation is done before it asks.

    faults.py nth     OPERATION…   N = 1, 2, … until the operation needed fewer
    faults.py percent OPERATION…   20 times, as the debugfs knobs say for a task

An OPERATION is write:FILE:OFFSET (64 KiB of stdin to that byte, direct),
read:FILE:OFFSET, attr:FILE:VALUE, show:FILE or size:DEVICE:DISKSIZE (after a
reset without faults). Prints, for each, how often it was tried, how often a fault was injected, and how often it failed; exits 1
if an error was none of those that a lack of memory may give.
"""
import errno
import mmap
import os
import sys

BYTES = 64 << 10
LIMIT = 2000
ROUNDS = 20
# EINVAL is device_add()'s own for a name that could not be allocated.
CLEAN = {errno.ENOMEM, errno.EIO, errno.ENOSPC, errno.EAGAIN, errno.EINVAL}


def open_direct(path, flags):
    return os.open(path, flags | os.O_DIRECT)


def prepare(operation, data):
    """The operation as a function that does no more than it must."""
    verb, path, *rest = operation.split(":")
    if verb == "write":
        fd, offset = open_direct(path, os.O_WRONLY), int(rest[0])
        return fd, lambda: os.pwrite(fd, data, offset)
    if verb == "read":
        fd, offset = open_direct(path, os.O_RDONLY), int(rest[0])
        return fd, lambda: os.preadv(fd, [data], offset)
    if verb == "attr":
        fd, value = os.open(path, os.O_WRONLY), rest[0].encode()
        return fd, lambda: os.pwrite(fd, value, 0)
    if verb == "size":
        with open(f"{path}/reset", "w", encoding="ascii") as reset:
            reset.write("1")
        fd, value = os.open(f"{path}/disksize", os.O_WRONLY), rest[0].encode()
        return fd, lambda: os.pwrite(fd, value, 0)
    if verb == "show":
        fd = os.open(path, os.O_RDONLY)
        return fd, lambda: os.pread(fd, 4096, 0)
    raise SystemExit(f"faults.py: what is {verb}?")


def attempt(call):
    """0, or the errno."""
    try:
        call()
    except OSError as error:
        return error.errno
    return 0


def once_nth(call, nth):
    """(errno, was it injected)."""
    fd = os.open("/proc/self/fail-nth", os.O_RDWR)
    text = str(nth).encode()
    os.write(fd, text)
    code = attempt(call)
    left = int(os.pread(fd, 16, 0).strip(b"\0\n") or b"0")
    os.pwrite(fd, b"0", 0)
    os.close(fd)
    return code, left == 0


def once_percent(call):
    fd = os.open("/proc/self/make-it-fail", os.O_RDWR)
    os.write(fd, b"1")
    code = attempt(call)
    os.pwrite(fd, b"0", 0)
    os.close(fd)
    return code


def main():
    mode, operations = sys.argv[1], sys.argv[2:]
    data = mmap.mmap(-1, BYTES)
    data.write(sys.stdin.buffer.read(BYTES).ljust(BYTES, b"\0"))
    wrong = 0
    for operation in operations:
        tried = injected = failed = 0
        codes = set()
        for nth in range(1, LIMIT if mode == "nth" else ROUNDS + 1):
            fd, call = prepare(operation, data)
            if mode == "nth":
                code, hit = once_nth(call, nth)
            else:
                code, hit = once_percent(call), False
            os.close(fd)
            tried += 1
            injected += hit
            failed += code != 0
            codes.add(code)
            if mode == "nth" and not hit:
                break
        bad = codes - CLEAN - {0}
        wrong |= bool(bad)
        print(f"{operation} tried {tried} injected {injected} failed {failed}",
              "".join(f" UNCLEAN {errno.errorcode[c]}" for c in bad), flush=True)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
