# SPDX-License-Identifier: GPL-2.0-only
"""A zblock or zram device full of known pages, and what its pool says."""

import glob
import os
import subprocess
import sys

import vm

DEBUG = "/sys/kernel/debug/zspool"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Driver:
    """Fresh modules; kind: movable, unmovable (movable=0) or zram."""

    def __init__(self, kind="movable"):
        self.kind = kind
        self.name = "zram" if kind == "zram" else "zblock"
        if self.name == "zblock":
            run("modprobe", "zspool", f"movable={int(kind == 'movable')}")
        run("modprobe", self.name)

    def unload(self):
        run("rmmod", self.name)
        if self.name == "zblock":
            run("rmmod", "zspool")

    def route(self):
        return vm.read(f"{DEBUG}/route").strip()

    def add(self, mib):
        """The driver's next device, with lz4 and room for so much."""
        vm.wait_for("first device", lambda: os.path.exists(f"/dev/{self.name}0"))
        taken = [path for path in glob.glob(f"/sys/block/{self.name}*")
                 if vm.read(path + "/initstate").strip() == "1"]
        number = len(taken)
        if number:
            number = int(vm.read(f"/sys/class/{self.name}-control/hot_add"))
        return Device(f"{self.name}{number}", mib)


class Device:
    def __init__(self, name, mib):
        self.name = name
        self.mib = mib
        self.path = f"/dev/{name}"
        self.set("comp_algorithm", "lz4")
        self.set("disksize", f"{mib}M")
        vm.wait_for(self.path, lambda: os.path.exists(self.path))

    def set(self, attribute, value):
        vm.write(f"/sys/block/{self.name}/{attribute}", value)

    def reset(self):
        def done():
            # udev may look at the device for a moment
            try:
                self.set("reset", 1)
            except OSError:
                return False
            return True
        vm.wait_for("reset", done)

    def mm_stat(self, n):
        return int(vm.read(f"/sys/block/{self.name}/mm_stat").split()[n])

    def content_mib(self):
        return self.mm_stat(0) / vm.MIB

    def pool_mib(self):
        return self.mm_stat(2) / vm.MIB

    def counter(self, name):
        for line in vm.read(f"{DEBUG}/{self.name}/counters").splitlines():
            key, value = line.split()
            if key == name:
                return int(value)
        raise KeyError(name)

    def pages(self):
        """The page frames of the pool."""
        frames = []
        for line in vm.read(f"{DEBUG}/{self.name}/pages").splitlines():
            frames += map(int, line.split()[1:])
        return frames

    def check(self):
        """Invariants of the pool that do not hold."""
        return int(vm.read(f"{DEBUG}/{self.name}/check"))


class Store:
    """tests/proofs/store.c at work on a device."""

    def __init__(self, device, program, data):
        self.device = device
        self.process = subprocess.Popen((program, device.path, data, str(device.mib)),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        words = self.process.stdout.readline().split()
        if not words or words[0] == "unknown":
            raise RuntimeError(f"store: {command}: {words}, {self.process.poll()}")
        return [int(word) for word in words[1:]]

    def fill(self, percent=100):
        return self.ask(f"fill {percent}")[0]

    def free(self, percent):
        return self.ask(f"free {percent}")[0]

    def verify(self):
        """(pages verified, wrong ones)"""
        return self.ask("verify")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Filler:
    """tests/demo/filler.py: a process of text pages, in a memory cgroup.

    limit_mib: its memory.max; None for none.
    """

    GROUPS = "/sys/fs/cgroup"

    def __init__(self, name, limit_mib):
        here = os.path.dirname(os.path.abspath(__file__))
        self.group = f"{self.GROUPS}/{name}"
        os.makedirs(self.group, exist_ok=True)
        vm.write(f"{self.group}/memory.max", f"{limit_mib}M" if limit_mib else "max")
        self.process = subprocess.Popen(
            (sys.executable, f"{here}/../demo/filler.py", "text"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            preexec_fn=lambda: vm.write(f"{self.group}/cgroup.procs", 0))

    def send(self, command):
        self.process.stdin.write(command + "\n")

    def answer(self):
        words = self.process.stdout.readline().split()
        if not words:
            raise RuntimeError(f"the filler ended with {self.process.wait()}")
        return [int(word) for word in words[1:]]

    def ask(self, command):
        self.send(command)
        return self.answer()

    def stat(self, file, key):
        for line in vm.read(f"{self.group}/{file}").splitlines():
            name, value = line.split()
            if name == key:
                return int(value)
        return 0

    def end(self):
        self.process.stdin.close()
        self.process.wait()
