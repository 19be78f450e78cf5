#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Instructions for a page: what no clock of a shared machine shows.

The clock of this guest counts its instructions, one a nanosecond, so the figures are
the same in each run. They include the system call of direct I/O, and this loop. By
itself, "instructions.py CORPUS" prints a line for each case: zblock's, zram's, which.
"""

import fcntl
import mmap
import os
import struct
import sys
import time

from device import NAMES, PAGE, Device

PAGES = 1024
STEP = 619	# a prime: neighbours are not read one after the other
ALGORITHMS = ("lz4", "zstd")
BLKDISCARD = 0x1277


def pages_of(corpus):
    """Pages from all over it."""
    each = os.path.getsize(corpus) // PAGES // PAGE * PAGE
    with open(corpus, "rb", buffering=0) as file:
        return [os.pread(file.fileno(), PAGE, n * each) for n in range(PAGES)]


def for_each_page(what):
    """Instructions for each time that what(page, bytes on the device) is called."""
    order = [(n * STEP) % PAGES for n in range(PAGES)]
    began = time.monotonic_ns()
    for n in order:
        what(n, n * PAGE)
    return (time.monotonic_ns() - began) / PAGES


def one_device(device, algorithm, pages):
    device.start(algorithm, 4 * PAGES * PAGE)
    disk = os.open(device.path, os.O_RDWR | os.O_DIRECT)
    buffers = []
    for page in pages:
        buffers.append(mmap.mmap(-1, PAGE))
        buffers[-1][:] = page
    into = [mmap.mmap(-1, PAGE)]

    def write(n, at):
        os.pwritev(disk, buffers[n:n + 1], at)

    def read(_, at):
        os.preadv(disk, into, at)

    def discard(_, at):
        fcntl.ioctl(disk, BLKDISCARD, struct.pack("QQ", at, PAGE))

    try:
        return {"write": for_each_page(write),
                "overwrite": for_each_page(write),
                "read": for_each_page(read),
                "read of a hole": for_each_page(lambda n, at: read(n, at + 2 * PAGES * PAGE)),
                "discard": for_each_page(discard)}
    finally:
        os.close(disk)
        device.reset()


def count_all(corpus):
    pages = pages_of(corpus)
    found = {name: {} for name in NAMES}
    for algorithm in ALGORITHMS:
        for name in NAMES:
            for case, count in one_device(Device(name), algorithm, pages).items():
                found[name][f"{algorithm} {case}"] = count
    return found


def run(_, say, corpus):
    """One round: there is nothing to be steadied by more."""
    found = count_all(corpus)
    say("zblock - zram: " + ", ".join(f"{case} {count - found['zram'][case]:+.0f}"
                                      for case, count in found["zblock"].items()))
    return [found]


if __name__ == "__main__":
    counts = count_all(sys.argv[1])
    for which, number in counts["zblock"].items():
        print(f"{number:.0f} {counts['zram'][which]:.0f} {which}")
