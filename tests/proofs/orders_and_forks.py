# SPDX-License-Identifier: GPL-2.0-only
"""Blocks of order 2 and 3, and forks, with memory full and fragmented."""

import os

import vm
from bench import expect
from others import Others

LEFT_MIB = 36       # available when others have their memory, before holes
HOLES = 15          # per cent of the others' pages, at random
COUNT = 800
FORKS = 60
PROBE = "/sys/kernel/debug/vmprobe/run"
LEAST = 0.9         # of order-2 blocks, where the allocator may compact


def probe(order, mode):
    """Blocks that could not be had, of COUNT, which are all held."""
    vm.write(PROBE, f"order {order} count {COUNT} mode {mode}")
    words = vm.read(PROBE).split()
    return int(words[words.index("failed") + 1])


def failed_forks():
    failed = 0
    for _ in range(FORKS):
        try:
            child = os.fork()
        except OSError:
            failed += 1
            continue
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    return failed


def measure(bench):
    """What failed, by name."""
    bench.fill()
    vm.drop_caches()
    others = Others(LEFT_MIB)
    with bench.busy():
        others.give_back(len(others.kept) * HOLES // 100)
        failed = {f"order {order} {mode}": probe(order, mode)
                  for mode in ("atomic", "kernel") for order in (2, 3)}
        failed["forks"] = failed_forks()
    others.end()
    return failed


def tell(failed):
    return ", ".join(f"{name} {count}" for name, count in failed.items())


def prove(bench):
    failed = measure(bench)
    bench.notes["orders"] = failed
    said = f"failed, of {COUNT} each and {FORKS} forks: {tell(failed)}"
    expect(failed["order 2 kernel"] <= COUNT * (1 - LEAST) and not failed["forks"], said)
    return said
