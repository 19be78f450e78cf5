#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A process with real memory: builds parsed objects, then re-checks them all.

Syntax trees of the standard library's sources, in turn with decoded JSON
records when there are any. What a Python object holds is pointers, counts and
text; what swaps it out and in must bring back every bit of it, so each object
is checked by a digest over the whole structure.

Commands on standard input, one answer line to each on standard output:

  build MIB   objects until the process has grown to MIB  ->  built N MIB
  check       every object against its digest             ->  checked N ERRORS
  (end of file ends it)
"""

import ast
import gc
import glob
import json
import os
import pickle
import sys
import sysconfig
import zlib

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mib():
    """Memory that this process has, wherever it is now: resident or swapped."""
    with open("/proc/self/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return sum(int(fields[key].split()[0]) for key in ("VmRSS", "VmSwap")) / 1024


def digest(thing):
    """Covers types, values and which object refers to which, at C speed."""
    return zlib.crc32(pickle.dumps(thing, 5))


def sources(share, shares):
    """Syntax trees of this worker's share of the standard library."""
    root = sysconfig.get_paths()["stdlib"]
    paths = sorted(glob.glob(root + "/**/*.py", recursive=True))
    for path in paths[share::shares]:
        try:
            with open(path, "rb") as source:
                yield path, ast.parse(source.read())
        except (SyntaxError, ValueError, OSError):
            continue    # test data that is wrong on purpose


def records(path, share, shares):
    """Decoded lines of a file that has one JSON document a line."""
    # A guest's reads go to the host, each at a price: make them large.
    with open(path, "rb", buffering=1 << 20) as lines:
        for number, line in enumerate(lines):
            if number % shares == share:
                yield f"{path}:{number + 1}", json.loads(line)


def in_turn(*streams):
    """One of each, as long as any of them has more."""
    streams = list(streams)
    while streams:
        for stream in list(streams):
            try:
                yield next(stream)
            except StopIteration:
                streams.remove(stream)


class Store:
    """Named objects, each with the digest it had when it was new."""

    def __init__(self, stream):
        self.stream = stream
        self.entries = []

    def build(self, mib):
        for name, thing in self.stream:
            self.entries.append((name, digest(thing), thing))
            if resident_mib() >= mib:
                break

    def check(self):
        errors = 0
        for name, wanted, thing in self.entries:
            try:
                got = digest(thing)
            except Exception as why:    # damaged objects fail in any way
                got = why
            if got != wanted:
                errors += 1
                print(f"objects: {name}: {got} is not {wanted}",
                      file=sys.stderr, flush=True)
        return errors


def main():
    share, shares = int(sys.argv[1]), int(sys.argv[2])
    streams = [sources(share, shares)]
    if len(sys.argv) > 3:
        # Twice in each turn: syntax trees take three times as long to make.
        streams += [records(sys.argv[3], share, shares)] * 2
    store = Store(in_turn(*streams))
    # The collector would walk all objects at moments of its own choice.
    gc.disable()
    for line in sys.stdin:
        words = line.split()
        if words[0] == "build":
            store.build(float(words[1]))
            print("built", len(store.entries), round(resident_mib()), flush=True)
        elif words[0] == "check":
            print("checked", len(store.entries), store.check(), flush=True)
    # Taking all objects apart would fetch them back once more, for nothing.
    os._exit(0)


if __name__ == "__main__":
    main()
