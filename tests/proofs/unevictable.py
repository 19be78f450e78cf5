# SPDX-License-Identifier: GPL-2.0-only
"""vm.compact_unevictable_allowed=0, the default of PREEMPT_RT: what works.

Compaction then leaves the pages of the page-cache route where they are (those
of the other routes move as ever); a contiguous allocation still moves them,
and so do soft offline and memory offline.
"""

import os

import vm
from bench import Skip, expect
from contiguous import densest, strangers, take

RANGES = 8
SYSCTL = "/proc/sys/vm/compact_unevictable_allowed"


def evict(bench):
    """What taking ranges ended with; how many could not be for the kernel's own pages

    Here the ranges have free pages, too, which the kernel may use itself meanwhile.
    """
    errors, held = [], 0
    for start, _ in densest(bench.device.pages()):
        error = take(f"range {start} {vm.HUGE_PAGES}")
        if error and strangers(start, set(bench.device.pages())):
            held += 1
        else:
            errors.append(error)
        if len(errors) == RANGES:
            break
    return errors, held


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
            errors, held = evict(bench)
            taken = bench.device.counter("migrated") - before - compacted
    finally:
        vm.write(SYSCTL, was)
    route = bench.driver.route()
    said = (f"route {route}: compact_memory moved {compacted} pages, a contiguous "
            f"allocation of {len(errors)} ranges {taken}; {held} more have pages of "
            "the kernel's own by now")
    expect(not any(errors), f"{said}; errors {errors}")
    expect(len(errors) == RANGES and taken, said)
    expect((compacted == 0) == (route == "page_cache"), said)
    return said
