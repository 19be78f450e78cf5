# SPDX-License-Identifier: GPL-2.0-only
"""A contiguous allocation evicts our pages: alloc_contig_range, and CMA.

The ranges are those that hold most of our pages. Where the kernel has a CMA
area that modules may use, our pages fill it, as it is for movable ones, and
most of it is then taken as one piece.
"""

import collections
import struct
import time

import vm
from bench import expect

RUN = "/sys/kernel/debug/contig/run"
RANGES = 24
MIDDLE = 64     # a huge page of RAM that is movable, or free, or one of the next
TRIES = 20      # a page at which somebody is, ours or not, is for another try
PAUSE = 0.05

KPF_LRU = 1 << 5
KPF_BUDDY = 1 << 10


def take(request):
    """0 or the error's number"""
    for _ in range(TRIES):
        vm.write(RUN, request)
        words = vm.read(RUN).split()
        error = int(words[3])
        if not error:
            break
        time.sleep(PAUSE)
    return error


def drain():
    """Free pages that CPUs keep in lists of their own go back to the others.

    Some hundreds, anywhere: each keeps the block it is in from being whole. Nobody
    can ask for that, but who allocates contiguously does it first of all.
    """
    for block in range(MIDDLE, MIDDLE + RANGES):
        if not take(f"range {block * vm.HUGE_PAGES} {vm.HUGE_PAGES}"):
            return


def strangers(start, ours):
    """Pages of a range that are not ours, not free, and in no list of the VM's.

    Memory that was full has the kernel's own pages among those that can move, and
    they stay where they are, whoever wants the range.
    """
    with open("/proc/kpageflags", "rb") as file:
        file.seek(start * 8)
        flags = struct.unpack(f"{vm.HUGE_PAGES}Q", file.read(vm.HUGE_PAGES * 8))
    return sum(start + n not in ours and not flag & (KPF_LRU | KPF_BUDDY)
               for n, flag in enumerate(flags))


def densest(pages, area=()):
    """Huge page sized ranges that hold most of these pages: (start, how many)

    Before all, such as have fewest strangers. Those of a CMA area are left out: the
    kernel gives them to CMA alone.
    """
    ours = set(pages)
    counts = collections.Counter(pfn // vm.HUGE_PAGES for pfn in pages
                                 if pfn not in area)
    found = [(n * vm.HUGE_PAGES, count) for n, count in counts.items()]
    found.sort(key=lambda one: (strangers(one[0], ours), -one[1]))
    return found[:RANGES]


def prove_cma(bench, area):
    ours = [pfn for pfn in bench.device.pages() if pfn in area]
    expect(ours, "no page of ours is in the CMA area")
    before = bench.device.counter("migrated")
    most = len(area) * 7 // 8     # some of it may be a driver's for ever
    with bench.busy():
        error = take(f"cma {most}")
    moved = bench.device.counter("migrated") - before
    said = (f"CMA area of {len(area) * vm.PAGE >> 20} MiB, {len(ours)} pages of it "
            f"ours, {most * vm.PAGE >> 20} MiB taken as one: {moved} pages moved")
    expect(not error, f"{said}; error {error}")
    expect(moved, said)
    return said


def prove(bench):
    area = vm.CMA
    bench.fill()
    said = []
    if area:
        said.append(prove_cma(bench, area))
    before = bench.device.counter("migrated")
    ranges = densest(bench.device.pages(), area or ())
    errors, lost = [], 0
    with bench.busy():
        for start, _ in ranges:
            error = take(f"range {start} {vm.HUGE_PAGES}")
            # the kernel may have put a page of its own there meanwhile
            if error and strangers(start, set(bench.device.pages())):
                lost += 1
            else:
                errors.append(error)
    moved = bench.device.counter("migrated") - before
    held = sum(count for _, count in ranges)
    got = errors.count(0)
    said.append(f"{got} of {len(ranges)} ranges of 2 MiB with {held} pages of ours "
                f"taken, {moved} pages moved")
    if lost:
        said.append(f"{lost} had pages of the kernel in them by then")
    expect(got == len(errors) and lost <= RANGES // 8,
           f"{said[-1]}; errors {sorted(set(errors))}")
    expect(moved >= held // 2, said[-1])
    return "; ".join(said)
