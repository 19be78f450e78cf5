# SPDX-License-Identifier: GPL-2.0-only
"""The compressed block device of one column, made, swapped on and read out."""

import subprocess

import vm

COLUMNS = ("zblock", "zblock-unmovable", "zram")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Device:
    def __init__(self, column, mib):
        if column.startswith("zblock"):
            run("modprobe", "zspool", f"movable={int(column == 'zblock')}")
        self.column = column
        self.driver = column.split("-", maxsplit=1)[0]
        run("modprobe", self.driver)
        self.name = self.driver + "0"
        self.set("comp_algorithm", "lz4")
        self.set("disksize", f"{mib}M")
        run("mkswap", f"/dev/{self.name}")
        run("swapon", "-p", "100", f"/dev/{self.name}")

    def set(self, attribute, value):
        vm.write(f"/sys/block/{self.name}/{attribute}", str(value))

    def mm_stat(self):
        """The fields of mm_stat that zram and zblock share, sizes in bytes."""
        names = ("orig", "compr", "used", "limit", "used_max", "same",
                 "compacted", "huge")
        words = vm.read(f"/sys/block/{self.name}/mm_stat").split()
        return dict(zip(names, map(int, words)))

    def held_mib(self):
        return self.mm_stat()["orig"] / vm.MIB

    def migrated(self):
        """Pages moved by our callbacks; in-tree zsmalloc does not count."""
        if self.driver == "zram":
            return None
        return vm.zspool_counters().get("migrated", 0)
