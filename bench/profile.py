# SPDX-License-Identifier: GPL-2.0-only
"""Where the CPU time goes in the rows that a codec bounds.

The host takes samples of this guest's kernel while a case runs (bench/perf.py): it is
told when by a line, and answers by a file.
"""

import os
import shutil
import time

import zbload
from device import NAMES, Device

# What is done to a device that has just been reset: algorithm, then cases in order.
CASES = (
    ("lz4", (
        ("write 4k", "write", {}),
        ("read 4k", "read", {"order": "random", "repeat": 4}),
        ("overwrite 4k", "write", {"order": "random", "shift": 1009}))),
    ("lz4", (
        ("write 64k", "write", {"bs": 65536}),
        ("read 64k", "read", {"bs": 65536, "order": "random", "repeat": 4}))),
    ("zstd", (
        ("write 64k", "write", {"bs": 65536}),
        ("read 64k", "read", {"bs": 65536, "order": "random", "repeat": 2}),
        ("read 4k of 64k", "read", {"order": "random"}))),
)
ANSWER_SECONDS = 15


def wait_for(path, there):
    """False: nobody takes samples."""
    end = time.monotonic() + ANSWER_SECONDS
    while os.path.exists(path) != there:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def sampled(folder, name, op, device, words):
    print(f"profile: begin {device.name} {name}", flush=True)
    asked = wait_for(f"{folder}/profile.on", True)
    answer = zbload.run(op, device, **words)
    print("profile: end", flush=True)
    if asked:
        wait_for(f"{folder}/profile.on", False)
    return answer


def run(_, say, folder):
    """One round: shares of a time are steadier than the time."""
    devices = {name: Device(name) for name in NAMES}
    found = {name: {} for name in NAMES}
    for algorithm, cases in CASES:
        for device in devices.values():
            device.start(algorithm, zbload.corpus_bytes())
            zbload.forget(device)
            for name, op, words in cases:
                found[device.name][f"{algorithm} {name}"] = sampled(
                    folder, f"{algorithm} {name}", op, device, words)
            device.reset()
    # all modules are loaded
    shutil.copyfile("/proc/kallsyms", f"{folder}/kallsyms")
    say(f"{sum(map(len, found.values()))} cases")
    return [found]
