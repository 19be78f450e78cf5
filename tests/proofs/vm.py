# SPDX-License-Identifier: GPL-2.0-only
"""The guest's memory: what the kernel says of it, and how to ask it to move."""

import os
import subprocess
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20
HUGE_ORDER = 9
HUGE_PAGES = 1 << HUGE_ORDER
MEMORY = "/sys/devices/system/memory"


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(text))


def vmstat(key):
    for line in read("/proc/vmstat").splitlines():
        name, value = line.split()
        if name == key:
            return int(value)
    return 0    # not of this kernel


def meminfo(key):
    """In MiB."""
    for line in read("/proc/meminfo").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def buddy():
    """(zone's name, free blocks by order) of each zone."""
    for line in read("/proc/buddyinfo").splitlines():
        words = line.split("zone")[1].split()
        yield words[0], [int(word) for word in words[1:]]


def free_pages():
    return sum(count << order for _, counts in buddy()
               for order, count in enumerate(counts))


def huge_blocks():
    """Free memory in aligned blocks of order 9; one of order 10 holds two."""
    return sum(count << (order - HUGE_ORDER) for _, counts in buddy()
               for order, count in enumerate(counts) if order >= HUGE_ORDER)


def free_movable():
    """Free blocks by order in what the kernel keeps for movable pages.

    Free pages elsewhere lie between the kernel's own, which nobody can move.
    """
    total = [0] * 11
    for line in read("/proc/pagetypeinfo").split("Number of blocks")[0].splitlines():
        if ", type" not in line:
            continue
        kind, *counts = line.split(", type")[1].split()
        if kind in ("Movable", "CMA"):
            total = [n + int(count.lstrip(">")) for n, count in zip(total, counts)]
    return total


def huge_movable():
    """(order-9 blocks free, how many all these free pages would make)"""
    counts = free_movable()
    return (sum(n << (order - HUGE_ORDER) for order, n in enumerate(counts)
                if order >= HUGE_ORDER),
            sum(n << order for order, n in enumerate(counts)) // HUGE_PAGES)


def huge_possible():
    """Order-9 blocks that all the free memory of each zone would make."""
    return sum(sum(count << order for order, count in enumerate(counts)) // HUGE_PAGES
               for _, counts in buddy())


def compact(times=1):
    for _ in range(times):
        write("/proc/sys/vm/compact_memory", 1)


def drop_caches():
    os.sync()
    write("/proc/sys/vm/drop_caches", 3)


def block_pages():
    """Pages of a memory block, the unit of hot-plug."""
    return int(read(f"{MEMORY}/block_size_bytes"), 16) // PAGE


def blocks():
    """Numbers of the memory blocks there are."""
    return {int(name[6:]) for name in os.listdir(MEMORY)
            if name.startswith("memory") and name[6:].isdigit()}


def zone_of_block(number):
    """The zone a memory block is in, or "none" while it is offline."""
    return read(f"{MEMORY}/memory{number}/valid_zones").split()[0]


def wait_for(what, holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)


def cma_range():
    """Page frames of the CMA area, from the kernel's log; None without one."""
    size = meminfo("CmaTotal")
    if not size:
        return None
    for line in subprocess.run(("dmesg",), text=True, check=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        if "cma: Reserved" in line and " at " in line:
            start = int(line.split(" at ")[1].split()[0].rstrip(","), 16) // PAGE
            return range(start, start + int(size * MIB) // PAGE)
    return None


# Looked up before anybody clears the log.
CMA = cma_range()
