# SPDX-License-Identifier: GPL-2.0-only
"""What the proofs of a guest share: a driver, and a device full of pages."""

import os
import subprocess
import time
from contextlib import contextmanager

import vm
from device import Driver, Store


SETTLES = 20    # times 0.3 seconds, at most


class Broken(Exception):
    """What the proof shows does not hold."""


class Skip(Exception):
    """This kernel or guest cannot show it, and why."""


def expect(holds, what):
    if not holds:
        raise Broken(what)


def percent(part, whole):
    return f"{part} of {whole} ({part * 100 // max(whole, 1)} %)"


class Bench:
    FULL = 0.6      # of the guest's RAM, at least, is what the device holds

    def __init__(self, program, data):
        self.program, self.data = program, data
        self.notes = {}     # what one proof leaves for another to show beside
        top = os.path.dirname(os.path.abspath(__file__)) + "/../.."
        kmod = f"{top}/build/lab/{os.environ['LAB_KERNEL']}/tests/kmod"
        for module in ("vmprobe", "contig"):
            subprocess.run(("insmod", f"{kmod}/{module}.ko"), check=True)
        # processes here reserve more than they use
        vm.write("/proc/sys/vm/overcommit_memory", 1)
        # what a CPU keeps of freed pages, from 6.7 on up to 28 MiB of these guests,
        # is in no free list and makes no block; so let it keep a few
        vm.write("/proc/sys/vm/percpu_pagelist_high_fraction", 1000000)
        self.start("movable")

    def start(self, kind):
        self.driver = Driver(kind)
        ram = vm.meminfo("MemTotal")
        self.device = self.driver.add(int(ram * 1.2))
        self.store = Store(self.device, self.program, self.data)
        self.going = False

    def stop(self):
        self.halt()
        self.store.end()
        self.device.reset()
        self.driver.unload()

    def restart(self, kind):
        """The same with other modules or parameters; the device is empty."""
        self.stop()
        self.start(kind)

    def fill(self):
        """The device full, as every proof begins; says how full."""
        self.halt()
        self.store.fill()
        ram = vm.meminfo("MemTotal")
        content, pool = self.device.content_mib(), self.device.pool_mib()
        expect(content >= ram * self.FULL,
               f"the device holds only {content:.0f} MiB of {ram:.0f}")
        print(f"# filled: {content:.0f} MiB in {pool:.0f}, RAM {ram:.0f} MiB",
              flush=True)

    def free(self, part):
        """Discards so many per cent of the pages, and packs what is left.

        Units that have lost pages are taken apart in the background: until the
        pool shrinks no more.
        """
        self.store.free(part)
        held = float("inf")
        for _ in range(SETTLES):
            self.device.set("compact", 1)
            now = self.device.pool_mib()
            if now > held * 0.99:
                break
            held = now
            time.sleep(0.3)

    def go(self):
        self.store.ask("go")
        self.going = True

    def halt(self):
        """Stops readers and writers; none of them has seen a wrong page."""
        if not self.going:
            return
        self.going = False
        reads, writes, wrong = self.store.ask("halt")
        print(f"# {reads} reads and {writes} writes meanwhile, {wrong} wrong",
              flush=True)
        expect(not wrong, f"{wrong} pages read wrong")
        expect(reads and writes, "nobody read or wrote meanwhile")

    @contextmanager
    def busy(self):
        """Readers and writers at work within."""
        self.go()
        yield
        self.halt()

    def settle(self):
        """After every proof: all data and all of the pool's invariants."""
        self.halt()
        held, wrong = self.store.verify()
        expect(not wrong, f"{wrong} of {held} pages are wrong at the end")
        if self.driver.name == "zblock":
            broken = self.device.check()
            expect(not broken, f"{broken} invariants of the pool are broken")
