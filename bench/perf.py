# SPDX-License-Identifier: GPL-2.0-only
"""Samples of a User-Mode Linux kernel, taken on the host by perf.

The guest's kernel is a process, and its modules lie in memory of that process which
has no name: addresses are looked up in the guest's own /proc/kallsyms.
"""

import bisect
import collections
import json
import os
import re
import signal
import subprocess
import time

HERTZ = 5000
PAGE = 4096
TOP = 12
ATTACH_SECONDS = 0.5
# Addresses of the host's kernel: what the guest's has called it for.
HOST = 1 << 47
# What a symbol belongs to: the first that fits; the allocator and the driver are
# zspool and zblock, or zsmalloc and zram.
PARTS = (
    ("codec", r"\[(lz4|zstd).*\]$|^(LZ4|ZSTD|HUF|FSE|HIST|zstd|XXH|xxh)"),
    ("allocator", r"\[(zspool|zsmalloc)\]$"),
    ("driver", r"\[(zblock|zram)\]$"),
    ("bench", r"\[zbload\]$"),
    ("copying", r"^_*(mem(cpy|set|move|cmp|chr_inv)|copy_page|clear_page|copy_highpage)"),
    ("pages", r"page|folio|filemap|^_*xas?_|lru|mem_cgroup|rmqueue|^_*free_(one|pcp)|kmem_cache|slab|"
              r"^_*mod_(zone|node)|zone_|get_pfn|buddy|workingset|alloc"),
    ("block layer", r"submit_bio|bio|blk|^_*disk|bdev|part_|iov"),
    ("clock", r"ktime|clock|timekeep|os_nsecs|timer|jiffies"),
    ("waiting, waking, locks", r"mutex|lock|wake|schedul|wait|resched|switch|enqueue|dequeue|"
                               r"queue_work|pick_|update_(curr|load|rq)|llist|^_*rcu|preempt"),
    ("host's kernel", r"^host$"),
)
OTHER = "other"
NAMES = [name for name, _ in PARTS] + [OTHER]


def data_of(folder, name):
    return f"{folder}/{name.replace(' ', '-')}.perf"


class Recorder:
    """Samples of one process, case by case."""

    def __init__(self, folder):
        self.folder = folder
        self.on = f"{folder}/profile.on"
        self.perf = None
        self.end()

    def begin(self, name, pid):
        with open(f"{self.folder}/perf.log", "a", encoding="utf-8") as log:
            # pylint: disable-next=consider-using-with
            self.perf = subprocess.Popen(
                ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(HERTZ), "-p", str(pid),
                 "-o", data_of(self.folder, name)], stdout=log, stderr=log)
        time.sleep(ATTACH_SECONDS)
        # else the guest goes on without after a while
        if self.perf.poll() is None:
            with open(self.on, "w", encoding="ascii"):
                pass

    def end(self):
        if self.perf:
            self.perf.send_signal(signal.SIGINT)
            self.perf.wait()
            self.perf = None
        if os.path.exists(self.on):
            os.unlink(self.on)

    def hear(self, line, process):
        """A line that the guest has printed: is it meant for us? process() is its number."""
        if line.startswith("profile: begin "):
            self.begin(line.removeprefix("profile: begin ").rstrip(), process())
        elif line.startswith("profile: end"):
            self.end()
        else:
            return False
        return True


def symbols(path):
    """(addresses, names) of the guest, both in order; a module's have it behind."""
    found = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            address, _, name = line.strip().split(maxsplit=2)
            found.setdefault(int(address, 16), name.replace("\t", " "))
    addresses = sorted(found)
    return addresses, [found[address] for address in addresses]


def samples(data, table):
    """How often each function was met."""
    addresses, names = table
    text = subprocess.run(["perf", "script", "-i", data, "-F", "ip"], check=True,
                          capture_output=True, text=True).stdout
    met = collections.Counter()
    for ip in (int(word, 16) for word in text.split()):
        met["host" if ip >= HOST else names[bisect.bisect_right(addresses, ip) - 1]] += 1
    return met


def part_of(name):
    return next((part for part, which in PARTS if re.search(which, name)), OTHER)


def divide(met, pages):
    """Microseconds of CPU for each page, by part and of the functions that take most."""
    micros = {name: count * 1e6 / HERTZ / pages for name, count in met.items()}
    parts = dict.fromkeys(NAMES, 0)
    for name, value in micros.items():
        parts[part_of(name)] += value
    top = sorted(micros, key=micros.get, reverse=True)[:TOP]
    return {"parts": parts, "top": {name: micros[name] for name in top}}


def finish(folder):
    """Puts what perf found into the part's results; what it has no samples of goes."""
    path = f"{folder}/profile.json"
    if not os.path.exists(path):	# the guest has failed before
        return
    table = symbols(f"{folder}/kallsyms")
    with open(path, encoding="ascii") as file:
        results = json.load(file)
    for one in results["rounds"]:
        for device, cases in one.items():
            for case in list(cases):
                data = data_of(folder, f"{device} {case}")
                try:
                    met = samples(data, table)
                    os.unlink(data)
                except (OSError, subprocess.CalledProcessError):
                    met = {}
                if met:
                    cases[case].update(divide(met, cases[case]["bytes"] / PAGE))
                else:
                    del cases[case]
    os.unlink(f"{folder}/kallsyms")
    with open(path, "w", encoding="ascii") as file:
        json.dump(results, file)
