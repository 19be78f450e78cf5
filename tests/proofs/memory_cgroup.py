# SPDX-License-Identifier: GPL-2.0-only
"""A process under a tight memory.max swaps: the store's pages are not its.

If they were charged to it, or the page cache that some of them look like, it
would run into its limit by them and be killed.
"""

import subprocess

import vm
from bench import expect
from device import Filler

LIMIT_MIB = 16
GROWS_MIB = 64


def prove(bench):
    swap = bench.driver.add(GROWS_MIB * 2)
    subprocess.run(("mkswap", swap.path), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(("swapon", swap.path), check=True)
    filler = Filler("tight", LIMIT_MIB)
    with bench.busy():
        pages, = filler.ask(f"grow {GROWS_MIB}")
        pool = swap.pool_mib()
        charged = (filler.stat("memory.stat", "file") +
                   filler.stat("memory.stat", "unevictable")) / vm.MIB
        current = int(vm.read(f"{filler.group}/memory.current")) / vm.MIB
        checked, errors = filler.ask("check")
    killed = filler.stat("memory.events", "oom_kill")
    broken = swap.check()
    filler.end()
    subprocess.run(("swapoff", swap.path), check=True)
    swap.reset()
    said = (f"{GROWS_MIB} MiB of a process in {LIMIT_MIB}, {pool:.1f} MiB of pool for "
            f"them: {current:.1f} MiB charged to it, {charged:.1f} of files or "
            f"unevictable, {killed} killed, {errors} pages wrong")
    expect(checked == pages and not errors, said)
    expect(not killed and not broken, said)
    expect(pool > LIMIT_MIB and charged < 4, said)
    return said
