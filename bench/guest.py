#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs parts of the bench in a guest.

usage: guest.py DIR ROUNDS PART...

Reads DIR/corpus, leaves what each part found in DIR/PART.json.
"""

import importlib
import json
import os
import sys
import time

import zbload
from device import read

# Pages of the guest are the host's only once they have been touched: do it
# before something is measured. Most of the memory that is free.
TOUCH_SHARE = 0.8


def touch_memory():
    free = int(read("/proc/meminfo").split("MemFree:")[1].split()[0]) * 1024
    chunk, path = bytes(1 << 20), "/dev/shm/touch"
    os.system("mount -o remount,size=95% /dev/shm")
    with open(path, "wb") as file:
        for _ in range(int(free * TOUCH_SHARE) // len(chunk)):
            file.write(chunk)
    os.unlink(path)


def main():
    folder, rounds, parts = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    began = time.monotonic()
    corpus = f"{folder}/corpus"
    if not {"swap", "growth", "instructions"} >= set(parts):
        zbload.load(corpus)
    if not {"swap", "instructions"} & set(parts):
        touch_memory()
    for name in parts:
        def say(words, name=name):
            print(f"{name}: {words} ({time.monotonic() - began:.0f} s)", flush=True)
        say("starts")
        part, _, option = name.partition("-")
        options = {"quick": {"full": False}, "stock": {"guest": option}}.get(option, {})
        if name in ("swap", "instructions"):
            options["corpus"] = corpus
        if name == "profile":
            options["folder"] = folder
        result = importlib.import_module(part).run(rounds, say, **options)
        # a quick part takes the place of the whole one
        left = part if option == "quick" else name
        with open(f"{folder}/{left}.json", "w", encoding="ascii") as file:
            json.dump({"kernel": os.uname().release, "rounds": result}, file)


if __name__ == "__main__":
    main()
