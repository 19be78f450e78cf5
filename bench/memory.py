# SPDX-License-Identifier: GPL-2.0-only
"""Rows 5 and 6: all-in memory when filled, overwritten, discarded, compacted.

And what a device holds when processes have ended: every other stretch of it is free, at
once and some seconds later.
"""

import subprocess
import time

import zbload
from allin import Account
from device import NAMES, Device, in_turn

# Bytes do not vary as times do: more rounds would say the same.
ROUNDS = 2
STRETCH = 16 << 20	# what a process had
SETTLED_SECONDS = 6


def phases(device, algorithm):
    account, found = Account(device, algorithm), {}
    zbload.run("write", device)
    found["filled"] = account.now()
    zbload.run("write", device, percent=33, order="random", shift=1009, seed=3)
    found["overwritten"] = account.now()
    zbload.run("discard", device, percent=50, order="random", seed=5)
    found["discarded"] = account.now()
    device.set("compact", 1)
    found["compacted"] = account.now()
    zbload.run("verify", device, threads=2)
    found.update(ended(device, algorithm))
    return found


def ended(device, algorithm):
    account, found = Account(device, algorithm), {}
    zbload.run("write", device)
    for start in range(0, zbload.corpus_bytes(), 2 * STRETCH):
        subprocess.run(["blkdiscard", "-o", str(start), "-l", str(STRETCH), device.path],
                       check=True)
    # it has not seen these go
    zbload.forget(device)
    found["stretches freed"] = account.now()
    time.sleep(SETTLED_SECONDS)
    found["seconds later"] = account.now()
    device.reset()
    return found


def run(rounds, say):
    devices = {name: Device(name) for name in NAMES}
    done = []
    for n in range(min(rounds, ROUNDS)):
        one = {name: {} for name in NAMES}
        for algorithm in ("lz4", "zstd"):
            for name in in_turn(n):
                one[name][algorithm] = phases(devices[name], algorithm)
        done.append(one)
        say(f"round {n + 1}: all-in / compressed, filled and compacted: " + ", ".join(
            f"{name} {algorithm} " + " ".join(
                f"{one[name][algorithm][phase]['all'] / one[name][algorithm][phase]['compressed']:.3f}"
                for phase in ("filled", "compacted"))
            for name in NAMES for algorithm in ("lz4", "zstd")))
    return done
