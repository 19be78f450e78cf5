# SPDX-License-Identifier: GPL-2.0-only
"""The memory of other processes, that a device shares a machine with."""

import mmap
import random

import vm

POPULATE = 23       # MADV_POPULATE_WRITE


class Others:
    """Takes what memory there is but for so much, and gives pages of it back."""

    def __init__(self, left_mib):
        pages = int(vm.meminfo("MemAvailable") - left_mib) * vm.MIB // vm.PAGE
        self.map = mmap.mmap(-1, pages * vm.PAGE,
                             flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.map.madvise(mmap.MADV_NOHUGEPAGE)
        self.map.madvise(POPULATE)
        self.kept = list(range(pages))
        random.Random(1).shuffle(self.kept)

    def give_back(self, pages):
        """So many, from anywhere."""
        self.kept, given = self.kept[pages:], self.kept[:pages]
        for page in given:
            self.map.madvise(mmap.MADV_DONTNEED, page * vm.PAGE, vm.PAGE)

    def end(self):
        self.map.close()
