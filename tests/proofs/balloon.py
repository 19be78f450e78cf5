# SPDX-License-Identifier: GPL-2.0-only
"""virtio-balloon, the other client of the kernel's page migration for drivers,
inflates and deflates while zblock swaps: both kinds of pages are moved.
"""

import subprocess

import vm
from bench import expect
from device import Filler
from monitor import monitor

TAKES_MIB = 64
ROUNDS = 2
GROWS_MIB = 64
LIMIT_MIB = 24


def resize(size):
    """Leaves the guest so many bytes, and waits until it is so."""
    monitor().command("balloon", value=size)
    vm.wait_for("balloon", lambda: monitor().command("query-balloon")["actual"] == size)


def prove(bench):
    subprocess.run(("modprobe", "virtio_balloon"), check=True)
    swap = bench.driver.add(GROWS_MIB * 2)
    subprocess.run(("mkswap", swap.path), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(("swapon", swap.path), check=True)
    filler = Filler("ballooned", LIMIT_MIB)
    pages, = filler.ask(f"grow {GROWS_MIB}")
    bench.fill()
    ours = bench.device.counter("migrated") + swap.counter("migrated")
    theirs, swapped = vm.vmstat("balloon_migrate"), vm.vmstat("pswpout")
    errors = 0
    full = monitor().command("query-balloon")["actual"]
    with bench.busy():
        for _ in range(ROUNDS):
            filler.send("check")
            bench.free(25)
            resize(full - TAKES_MIB * vm.MIB)
            bench.free(25)
            vm.compact()
            resize(full)
            checked, wrong = filler.answer()
            errors += wrong
    ours = bench.device.counter("migrated") + swap.counter("migrated") - ours
    theirs = vm.vmstat("balloon_migrate") - theirs
    swapped = (vm.vmstat("pswpout") - swapped) * vm.PAGE >> 20
    broken = swap.check()
    filler.end()
    subprocess.run(("swapoff", swap.path), check=True)
    swap.reset()
    said = (f"{TAKES_MIB} MiB taken and given back {ROUNDS} times, {swapped} MiB swapped "
            f"meanwhile; pages moved: {theirs} of the balloon, {ours} ours; "
            f"{errors} wrong")
    expect(checked == pages and not errors and not broken, said)
    expect(ours and theirs and swapped, said)
    return said
