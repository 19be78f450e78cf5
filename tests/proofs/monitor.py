# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU this guest runs in, commanded from inside (tests/lab/run --monitor)."""

import functools
import glob
import json
import os
import subprocess

import vm
from bench import Skip

SELF = "/run/qemu"      # QEMU's own /proc/self


def port():
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        if vm.read(path).strip() == "lab.monitor":
            return "/dev/" + path.split("/")[-2]
    raise Skip("no monitor: not run with --monitor")


class Monitor:
    def __init__(self):
        self.file = open(port(), "r+b", buffering=0)
        self.file.readline()    # the greeting
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        """One command; what it returns, or RuntimeError."""
        line = json.dumps({"execute": name, "arguments": arguments})
        self.file.write(line.encode() + b"\n")
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            # else an event


@functools.cache
def monitor():
    """The only one: QEMU greets once, however often the port is opened."""
    return Monitor()


def resident_mib():
    """Memory of the host that QEMU has."""
    if not os.path.ismount(SELF):
        os.makedirs(SELF, exist_ok=True)
        subprocess.run(("mount", "-t", "9p", "-o",
                        "trans=virtio,version=9p2000.L,cache=none", "labqemu", SELF),
                       check=True)
    return int(vm.read(f"{SELF}/statm").split()[1]) * vm.PAGE / vm.MIB
