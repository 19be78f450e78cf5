# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel says about memory, and the cgroups that push it about."""

import glob
import os

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20
CGROUPS = "/sys/fs/cgroup"
VMPROBE = "/sys/kernel/debug/vmprobe/run"
HUGE_ORDER = 9


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def vmstat(key):
    for line in read("/proc/vmstat").splitlines():
        name, value = line.split()
        if name == key:
            return int(value)
    raise KeyError(key)


def meminfo_mib(key):
    for line in read("/proc/meminfo").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def order9_blocks():
    """Free memory in aligned blocks of order 9 and above.

    A free block of order 10 counts as the two blocks of order 9 that it is.
    """
    blocks = 0
    for line in read("/proc/buddyinfo").splitlines():
        counts = [int(word) for word in line.split("zone")[1].split()[1:]]
        blocks += sum(count << (order - HUGE_ORDER)
                      for order, count in enumerate(counts) if order >= HUGE_ORDER)
    return blocks


def blocks_of_type(migratetype):
    """Pageblocks that the kernel keeps for "Movable", "Unmovable", ... pages."""
    lines = read("/proc/pagetypeinfo").split("Number of blocks type")[1].splitlines()
    column = lines[0].split().index(migratetype)
    return sum(int(line.split("zone")[1].split()[1 + column])
               for line in lines[1:] if "zone" in line)


def probe(request):
    """Asks vmprobe (tests/kmod/vmprobe.c); its answer's words as a map."""
    write(VMPROBE, request)
    words = read(VMPROBE).split()
    return {key: value if key == "mode" else int(value)
            for key, value in zip(words[::2], words[1::2])}


def reclaim(cgroup, mib):
    """Asks for MIB of a cgroup's memory back; the kernel may find less."""
    try:
        write(f"{CGROUPS}/{cgroup}/memory.reclaim", str(int(mib * MIB)))
    except BlockingIOError:
        pass


def swapped_mib(cgroup):
    """What of a cgroup's memory is in swap now."""
    return int(read(f"{CGROUPS}/{cgroup}/memory.swap.current")) / MIB


def make_cgroup(name, swap=True):
    """A cgroup whose memory may go out to swap, or stays in RAM."""
    os.makedirs(f"{CGROUPS}/{name}", exist_ok=True)
    if not swap:
        write(f"{CGROUPS}/{name}/memory.swap.max", "0")


def join(cgroup):
    """For subprocess's preexec_fn: the child starts in that cgroup."""
    return lambda: write(f"{CGROUPS}/{cgroup}/cgroup.procs", "0")


def zspool_counters():
    """What zspool's migration callbacks did, over all pools."""
    total = {}
    for path in glob.glob("/sys/kernel/debug/zspool/*/counters"):
        for line in read(path).splitlines():
            name, value = line.split(maxsplit=1)
            if value.isdigit():     # not the name of the route
                total[name] = total.get(name, 0) + int(value)
    return total
