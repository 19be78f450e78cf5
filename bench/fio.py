# SPDX-License-Identifier: GPL-2.0-only
"""The fio jobs of bench/*.fio, on both devices.

In User-Mode Linux, and in a stock guest: in the former a process of the guest is one of
the host, too, and wants a CPU that a helper of zblock may look out on.
"""

import json
import os
import subprocess

import zbload
from device import NAMES, Device, in_turn

JOBS = ("read", "write")
SIZES = {"uml": "256M", "stock": "64M"}
ROUNDS = 3


def jobs(device, file, size):
    out = subprocess.run(
        ["fio", "--output-format=json", f"{os.path.dirname(__file__)}/{file}.fio"],
        env={**os.environ, "DEVICE": device.path, "SIZE": size},
        check=True, capture_output=True, text=True).stdout
    found = {}
    for job in json.loads(out[out.index("{"):])["jobs"]:
        if job["error"]:
            raise OSError(f"fio {job['jobname']}: error {job['error']}")
        side = job["write" if "write" in job["jobname"] else "read"]
        found[job["jobname"]] = {"mb_s": side["bw_bytes"] / 1e6,
                                 "p99": side["clat_ns"]["percentile"]["99.000000"]}
    return found


def one_device(device, size):
    device.start("lz4", zbload.corpus_bytes())
    zbload.forget(device)
    zbload.run("write", device)
    found = {}
    for file in JOBS:
        found |= jobs(device, file, size)
    device.reset()
    return found


def run(rounds, say, guest="uml"):
    devices = {name: Device(name) for name in NAMES}
    done = []
    for n in range(min(rounds, ROUNDS)):
        one = {name: one_device(devices[name], SIZES[guest]) for name in in_turn(n)}
        done.append(one)
        say(f"round {n + 1}: " + ", ".join(
            f"{case} {one['zblock'][case]['mb_s'] / one['zram'][case]['mb_s']:.2f}"
            for case in one["zram"]))
    return done
