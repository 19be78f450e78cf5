#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The other programs of the machine: takes memory page by page, gives it back.

Its pages lie between everybody else's, as they came. Giving back a random part
of them leaves free memory in small pieces, until somebody moves what is left.

usage: filler.py stamps    each page repeats its own number
       filler.py text      each page holds another piece of Python source

Commands on standard input, one answer line to each on standard output:

  grow MIB       touches MIB more                       ->  grown PAGES
  free PERCENT   gives back that part of them at random ->  freed PAGES
  check          what each page that is left holds      ->  checked N ERRORS
  (end of file ends it)
"""

import glob
import mmap
import random
import sys
import sysconfig

PAGE = mmap.PAGESIZE
RESERVED_MIB = 1024     # address space; memory comes with the first touch
TEXT_MIB = 2


def stamp(page):
    """A page of bytes that belongs to that page only."""
    return page.to_bytes(8, "little") * (PAGE // 8)


def text():
    """A function like stamp(), for what programs hold most: text."""
    pieces, size = [], 0
    for path in sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/*.py")):
        with open(path, "rb") as file:
            pieces.append(file.read())
        size += len(pieces[-1])
        if size > TEXT_MIB << 20:
            break
    whole = b"".join(pieces)

    def piece(page):
        # A prime step, so that no two pages of a run begin alike.
        start = page * 7919 % (len(whole) - PAGE)
        return whole[start:start + PAGE]
    return piece


class Filler:
    def __init__(self, content):
        # Private: of a shared mapping MADV_DONTNEED frees nothing.
        self.map = mmap.mmap(-1, RESERVED_MIB << 20,
                             flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.content = content
        self.pages = []
        self.next = 0
        # The same choice of pages in every run.
        self.random = random.Random(1)

    def grow(self, mib):
        for _ in range(int(mib * 2**20) // PAGE):
            start = self.next * PAGE
            self.map[start:start + PAGE] = self.content(self.next)
            self.pages.append(self.next)
            self.next += 1
        return len(self.pages)

    def free(self, percent):
        self.random.shuffle(self.pages)
        count = len(self.pages) * percent // 100
        for page in self.pages[:count]:
            self.map.madvise(mmap.MADV_DONTNEED, page * PAGE, PAGE)
        del self.pages[:count]
        return count

    def check(self):
        return sum(self.map[page * PAGE:(page + 1) * PAGE] != self.content(page)
                   for page in self.pages)


def main():
    filler = Filler(text() if sys.argv[1] == "text" else stamp)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "grow":
            print("grown", filler.grow(float(words[1])), flush=True)
        elif words[0] == "free":
            print("freed", filler.free(int(words[1])), flush=True)
        elif words[0] == "check":
            print("checked", len(filler.pages), filler.check(), flush=True)


if __name__ == "__main__":
    main()
