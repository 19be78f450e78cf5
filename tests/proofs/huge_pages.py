# SPDX-License-Identifier: GPL-2.0-only
"""Direct compaction: nr_hugepages gets what free memory allows.

The kernel ends a request at the first page that it could not make, and after a
failure it leaves direct compaction out for as many as 64 attempts; so it is
asked again for a while.
"""

import time

import vm
from bench import expect, percent

LEAST = 0.9
USELESS = 70    # requests in a row that gained nothing
SECONDS = 20    # in all
NR = "/proc/sys/vm/nr_hugepages"


def ask(wanted):
    """How many of them the kernel had in the end."""
    got, useless = 0, 0
    end = time.monotonic() + SECONDS
    while got < wanted and useless < USELESS and time.monotonic() < end:
        before = got
        vm.write(NR, wanted)
        got = int(vm.read(NR))
        useless = useless + 1 if got == before else 0
    return got


def measure(bench):
    """(huge pages got, huge pages that free memory would make)"""
    bench.free(100)     # so that its pages are spread anew
    bench.fill()
    with bench.busy():
        bench.free(50)
        vm.drop_caches()
        possible = vm.huge_possible()
        got = ask(possible)
    vm.write(NR, 0)
    return got, possible


def prove(bench):
    before = bench.device.counter("migrated")
    got, possible = measure(bench)
    moved = bench.device.counter("migrated") - before
    bench.notes["huge_pages"] = got, possible
    said = f"{percent(got, possible)} huge pages got; {moved} pages moved for them"
    expect(got >= possible * LEAST, said)
    expect(moved, said)
    return said
