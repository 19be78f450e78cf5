# SPDX-License-Identifier: GPL-2.0-only
"""A compressed block device in the guest: zblock's or the in-tree zram's."""

import os
import subprocess
import time

NAMES = ("zblock", "zram")
PAGE = os.sysconf("SC_PAGE_SIZE")
HANDLE_BYTES = 8	# of zsmalloc, an object of its own for each object
SLOT_BYTES = 16		# of zram's table: a handle, flags and a time


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, words):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(words))


def pairs(path):
    """A file of lines that begin with a name and a number, as a map."""
    found = {}
    for line in read(path).splitlines():
        name, value, *_ = line.replace(":", " ").split()
        found[name] = int(value) if value.lstrip("-").isdigit() else value
    return found


def in_turn(round_):
    """Both devices; who is first changes from round to round."""
    return NAMES if round_ % 2 == 0 else NAMES[::-1]


class Device:
    """/dev/NAME0, its module loaded."""

    def __init__(self, name):
        self.name = name
        self.path = f"/dev/{name}0"
        self.sys = f"/sys/block/{name}0"
        subprocess.run(["modprobe", name], check=True)
        for _ in range(100):
            if os.path.exists(self.path):
                break
            time.sleep(0.05)

    def has(self, attribute):
        return os.path.exists(f"{self.sys}/{attribute}")

    def set(self, attribute, words):
        write(f"{self.sys}/{attribute}", words)

    def reset(self):
        for _ in range(50):
            try:
                self.set("reset", 1)
                return
            except OSError:	# a late close
                time.sleep(0.1)
        self.set("reset", 1)

    def start(self, algorithm, size, **settings):
        """An empty device: settings are attributes to set before its size."""
        self.reset()
        self.set("comp_algorithm", algorithm)
        for attribute, words in settings.items():
            self.set(attribute, words)
        self.set("disksize", size)

    def mm_stat(self):
        orig, compressed, used, _, used_max, same, compacted, huge, *_ = map(
            int, read(f"{self.sys}/mm_stat").split())
        return {"orig": orig, "compressed": compressed, "used": used,
                "used_max": used_max, "same": same, "compacted": compacted, "huge": huge}

    def metadata(self):
        """Bytes beside the pool's pages; what zram does not tell is computed."""
        if self.name == "zblock":
            return pairs("/sys/kernel/debug/zspool/zblock0/counters")["meta_bytes"]
        stat = self.mm_stat()
        objects = stat["orig"] // PAGE - stat["same"]
        return objects * HANDLE_BYTES + int(read(f"{self.sys}/size")) * 512 // PAGE * SLOT_BYTES
