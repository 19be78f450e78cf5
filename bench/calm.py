# SPDX-License-Identifier: GPL-2.0-only
"""Row 8: latencies of reads while others write, discard and compact."""

import os
import subprocess

import zbload
from device import NAMES, Device, in_turn

FILES = ("{sys}/compact", "/proc/sys/vm/compact_memory")
READ = {"order": "random", "repeat": 5}


def one_device(device):
    found = {}
    device.start("lz4", zbload.corpus_bytes())
    zbload.forget(device)
    zbload.run("write", device)
    # some holes, or there would be little to compact
    zbload.run("discard", device, percent=30, order="random", seed=7)
    found["quiet"] = zbload.run("read", device, **READ)
    # on the CPU of the thread that churns, as the reader has the other
    last = str(os.cpu_count() - 1)
    loops = [subprocess.Popen(["taskset", "-c", last, "sh", "-c",
                               f"while :; do echo 1 >{file}; done"])
             for file in (name.format(sys=device.sys) for name in FILES)]
    try:
        found["busy"] = zbload.run("read", device, churn=1, **READ)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    zbload.run("verify", device, threads=2)
    found["compacted"] = device.mm_stat()["compacted"]
    device.reset()
    return found


def run(rounds, say):
    devices = {name: Device(name) for name in NAMES}
    done = []
    for n in range(rounds):
        one = {name: one_device(devices[name]) for name in in_turn(n)}
        done.append(one)
        say(f"round {n + 1} of {rounds}: p99 quiet and busy, µs: " + ", ".join(
            f"{name} {one[name]['quiet']['p99'] / 1e3:.1f} {one[name]['busy']['p99'] / 1e3:.1f}"
            for name in NAMES))
    return done
