# SPDX-License-Identifier: GPL-2.0-only
"""compact_memory after random frees makes huge blocks of what is free.

Half of the device's pages go, at random, memory is compacted, and they come
again, as in a machine that has run for a while; and half of them go once more, a
few at a time. What is left lies everywhere. The kernel compacts by moving our
pages, thousands of them. One request ends where its two scanners meet, so it is
made after each of the frees.
"""

import vm
from bench import expect, percent

LEAST_MOVED = 2000
FREES = (20, 15, 10, 10, 5, 5, 5)   # per cent of what the device holds then
LEAST = 0.9     # of the blocks that free memory among movable pages would make


def scatter_and_compact(bench):
    """Returns how many huge blocks there were before."""
    bench.fill()
    bench.free(50)
    vm.compact()
    bench.fill()
    with bench.busy():
        vm.drop_caches()
        had = []
        for part in FREES:
            bench.free(part)
            had.append(vm.huge_blocks())
            vm.compact()
    return had[0]


def prove(bench):
    before = bench.device.counter("migrated")
    had = scatter_and_compact(bench)
    got, possible = vm.huge_movable()
    moved = bench.device.counter("migrated") - before
    said = (f"{moved} pages moved; free order-9 blocks {had} -> "
            f"{percent(vm.huge_blocks(), vm.huge_possible())}; {percent(got, possible)} "
            "where the kernel keeps movable pages")
    expect(moved >= LEAST_MOVED, said)
    expect(got >= possible * LEAST, said)
    return said
