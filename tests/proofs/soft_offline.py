# SPDX-License-Identifier: GPL-2.0-only
"""Soft offline of pages in use: all of them move, and no data is lost."""

import time

import vm
from bench import expect

PAGES = 64
PAUSE = 0.01    # seconds between two, or all are done before anybody reads or writes
TRIES = 20
FILE = f"{vm.MEMORY}/soft_offline_page"


def offline(pfn):
    """True when the kernel has taken the page out of use."""
    for _ in range(TRIES):
        try:
            vm.write(FILE, f"{pfn * vm.PAGE:#x}")
            return True
        except OSError:
            pass    # a reader or writer was at it: the kernel asks to retry
    return False


def offline_one_by_one(pfns):
    """How many were taken out of use."""
    done = 0
    for pfn in pfns:
        done += offline(pfn)
        time.sleep(PAUSE)
    return done


def prove(bench):
    bench.fill()
    poisoned = vm.meminfo("HardwareCorrupted")
    # neighbours, so that few huge blocks are spoilt for the rest of the guest
    victims = sorted(bench.device.pages())[:PAGES]
    with bench.busy():
        done = offline_one_by_one(victims)
    left = len(set(victims) & set(bench.device.pages()))
    poisoned = round((vm.meminfo("HardwareCorrupted") - poisoned) * vm.MIB / vm.PAGE)
    said = f"{done} of {PAGES} pages in use taken out of use, {left} still ours"
    expect(done == PAGES and not left, said)
    expect(poisoned >= PAGES, f"{said}; the kernel counts only {poisoned}")
    return said
