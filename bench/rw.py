# SPDX-License-Identifier: GPL-2.0-only
"""Rows 1 to 4: writing, overwriting and reading, one and two submitters."""

import zbload
from device import NAMES, Device, in_turn

# What is done to a device that has just been reset, in this order.
SMALL = (
    ("write 4k", "write", {}),
    ("read 4k", "read", {"order": "random"}),
    ("read 4k x2", "read", {"order": "random", "threads": 2}),
    ("overwrite 4k", "write", {"order": "random", "shift": 1009}),
    ("verify 4k", "verify", {"threads": 2}),
)
SMALL_QUEUED = (
    ("write 4k qd16", "write", {"depth": 16}),
    ("overwrite 4k qd16", "write", {"depth": 16, "order": "random", "shift": 1009}),
    ("verify 4k qd16", "verify", {"threads": 2}),
)
LARGE = (
    ("write 64k", "write", {"bs": 65536}),
    ("read 64k", "read", {"bs": 65536, "order": "random"}),
    ("verify 64k", "verify", {"bs": 65536, "threads": 2}),
)
QUEUED = (
    ("write 64k qd16", "write", {"bs": 65536, "depth": 16}),
    ("read 64k qd16", "read", {"bs": 65536, "depth": 16, "order": "random"}),
)
FULL = (
    ("write 4k x2", "write", {"threads": 2}),
    ("overwrite 4k x2", "write", {"threads": 2, "order": "random", "shift": 1009}),
)


def on_fresh_devices(devices, algorithm, cases, results):
    """Each case on one device and at once on the other: what the host does
    beside it comes and goes in seconds."""
    for device in devices:
        device.start(algorithm, zbload.corpus_bytes())
        zbload.forget(device)
    for name, op, words in cases:
        for device in devices:
            results[device.name][f"{algorithm} {name}"] = zbload.run(op, device, **words)
        devices.reverse()
    for device in devices:
        device.reset()


def one_round(devices, full):
    results = {device.name: {} for device in devices}
    for algorithm in ("lz4", "zstd"):
        if algorithm == "lz4" or full:
            on_fresh_devices(devices, algorithm, SMALL, results)
            on_fresh_devices(devices, algorithm, SMALL_QUEUED, results)
        if full:
            on_fresh_devices(devices, algorithm, FULL, results)
        on_fresh_devices(devices, algorithm, LARGE, results)
        on_fresh_devices(devices, algorithm, QUEUED, results)
    return results


def run(rounds, say, full=True):
    devices = {name: Device(name) for name in NAMES}
    done = []
    for n in range(rounds):
        done.append(one_round([devices[name] for name in in_turn(n)], full))
        say(f"round {n + 1} of {rounds}: " + ", ".join(
            f"{case} {done[n]['zblock'][case]['mb_s'] / done[n]['zram'][case]['mb_s']:.2f}"
            for case in ("lz4 read 4k", "lz4 write 4k", "lz4 write 64k", "zstd write 64k")))
    return done
