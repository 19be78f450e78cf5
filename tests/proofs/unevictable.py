# SPDX-License-Identifier: GPL-2.0-only
"""vm.compact_unevictable_allowed=0, the default of PREEMPT_RT: what works.

Compaction then leaves the pages of the page-cache route where they are (those
of the other routes move as ever); a contiguous allocation still moves them,
and so do soft offline and memory offline.
"""

import os

import vm
from bench import Skip, expect
from contiguous import densest, take

SYSCTL = "/proc/sys/vm/compact_unevictable_allowed"


def prove(bench):
    if not os.path.exists(SYSCTL):
        raise Skip("this kernel has no such setting")
    was = vm.read(SYSCTL)
    vm.write(SYSCTL, 0)
    try:
        bench.fill()
        with bench.busy():
            bench.free(30)
            before = bench.device.counter("migrated")
            vm.compact(2)
            compacted = bench.device.counter("migrated") - before
            ranges = densest(bench.device.pages())[:8]
            errors = [take(f"range {start} {vm.HUGE_PAGES}") for start, _ in ranges]
            taken = bench.device.counter("migrated") - before - compacted
    finally:
        vm.write(SYSCTL, was)
    route = bench.driver.route()
    said = (f"route {route}: compact_memory moved {compacted} pages, a contiguous "
            f"allocation of {len(ranges)} ranges {taken}")
    expect(not any(errors), f"{said}; errors {errors}")
    expect(taken, said)
    expect((compacted == 0) == (route == "page_cache"), said)
    return said
