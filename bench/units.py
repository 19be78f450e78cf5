# SPDX-License-Identifier: GPL-2.0-only
"""Rows 7 and 11: units of several pages beside zram's single pages, zstd."""

import time

import zbload
from allin import Account
from device import NAMES, Device, in_turn

UNITS = (16384, 65536)
ALGORITHM = "zstd"
# What is left of a dead unit is given back in the background: this soon.
BACKGROUND_SECONDS = 5


def one_device(device, **settings):
    account, found = Account(device, ALGORITHM, **settings), {}
    found["write"] = zbload.run("write", device, bs=65536, depth=16)
    found["filled"] = account.now()
    zbload.run("verify", device, threads=2)
    found["read"] = zbload.run("read", device, order="random")
    zbload.run("write", device, percent=33, order="random", shift=1009, seed=3)
    zbload.run("discard", device, percent=50, order="random", seed=5)
    time.sleep(BACKGROUND_SECONDS)
    device.set("compact", 1)
    found["torn"] = account.now()
    zbload.run("verify", device, threads=2)
    device.reset()
    return found


def run(rounds, say):
    devices = {name: Device(name) for name in NAMES}
    if not devices["zblock"].has("unit_size"):
        say("zblock has no attribute unit_size: not measured")
        return []
    done = []
    for n in range(rounds):
        one = {}
        for name in in_turn(n):
            if name == "zram":
                one[name] = one_device(devices[name])
                continue
            for unit in UNITS:
                one[f"{name} {unit}"] = one_device(devices[name], unit_size=unit)
        # back to what it was
        devices["zblock"].set("unit_size", 4096)
        done.append(one)
        say(f"round {n + 1} of {rounds}: memory and lone reads, of zram's: " + ", ".join(
            f"{unit // 1024}k {one[f'zblock {unit}']['filled']['all'] / one['zram']['filled']['all']:.3f} "
            f"{one[f'zblock {unit}']['read']['mb_s'] / one['zram']['read']['mb_s']:.2f}"
            for unit in UNITS))
    return done
