# SPDX-License-Identifier: GPL-2.0-only
"""Row 9: what an object costs when there are many; zspool beside zsmalloc."""

import json
import subprocess

from device import read, write

FILE = "/sys/kernel/debug/zbgrow"
OBJECTS = (10**5, 10**6, 10**7)
POOLS = ("zspool", "zsmalloc")


def run(rounds, say):
    subprocess.run(["modprobe", "zbgrow"], check=True)
    done = []
    for n in range(rounds):
        one = {pool: {} for pool in POOLS}
        for objects in OBJECTS:
            for pool in POOLS if n % 2 == 0 else POOLS[::-1]:
                write(FILE, f"{pool} {objects}")
                one[pool][str(objects)] = json.loads(read(FILE))
        done.append(one)
        say(f"round {n + 1} of {rounds}: ns for alloc + free: " + ", ".join(
            f"{pool} " + " ".join(f"{found['alloc_ns'] + found['free_ns']:.0f}"
                                  for found in one[pool].values())
            for pool in POOLS))
    return done
