# SPDX-License-Identifier: GPL-2.0-only
"""flip.py FLIPS checked|unchecked NAME [UNIT]: inverts single bits of what zblock0
stores of /tmp/data, at random by NAME, reads what they belong to, and inverts them
back. Of single pages, or of units of UNIT bytes: then all of the unit, and a page
of it. Fails if anything else is read once the bit is back; if checked, also if a
read of broken data does not fail."""
import errno
import mmap
import os
import random
import sys

PAGE = os.sysconf("SC_PAGESIZE")
BITS = 8 * PAGE         # of the largest object
flips, checked, name = int(sys.argv[1]), sys.argv[2] == "checked", sys.argv[3]
unit = int(sys.argv[4]) if len(sys.argv) > 4 else PAGE
rng = random.Random(name)
# a unit that was read last is kept, by each CPU
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
dev = os.open("/dev/zblock0", os.O_RDWR | os.O_DIRECT)
flip = os.open("/sys/kernel/debug/zblock/zblock0/flip", os.O_WRONLY)
buf = {length: mmap.mmap(-1, length) for length in (PAGE, unit)}
with open("/tmp/data", "rb") as f:
    data = f.read()
slots = os.lseek(dev, 0, os.SEEK_END) // PAGE
per_unit = unit // PAGE


def invert(handle, bit):
    """False: there is no such bit."""
    try:
        return os.write(flip, b"%d %d" % (handle, bit)) > 0
    except OSError as e:
        assert e.errno in (errno.ENOENT, errno.ERANGE), e
        return False


def handles(n):
    """Of the objects that the n-th page, or unit, may have."""
    if per_unit == 1:
        return [n]
    return [slots + i * (slots // per_unit) + n for i in range(per_unit * 3 // 4)]


def read(at, length):
    """None if that fails."""
    try:
        assert os.preadv(dev, [buf[length]], at) == length
    except OSError as e:
        assert e.errno == errno.EIO, e
        return None
    return buf[length][:]


def right(at, length):
    return data[at:at + length]


def forget(n):
    """Read another unit, so that the n-th is not the one that is kept."""
    if per_unit > 1:
        at = rng.choice([other for other in stored if other != n]) * unit
        assert read(at, PAGE) == right(at, PAGE), "page %d" % (at // PAGE)


def look(n):
    """Whether reads fail, are of other data, or right, of each kind of read."""
    wanted = [(n * unit, unit)]
    if per_unit > 1:
        wanted.append((n * unit + rng.randrange(per_unit) * PAGE, PAGE))
    for at, length in wanted:
        forget(n)
        got = read(at, length)
        yield "bad" if got is None else "same" if got == right(at, length) else "wrong"


stored = [n for n in range(len(data) // unit)
          if invert(handles(n)[0], 0) and invert(handles(n)[0], 0)]
assert len(stored) > len(data) // unit // 2, "%d are stored" % len(stored)
found = []
for i in range(flips):
    while True:
        n = rng.choice(stored)
        # the first bytes decide most
        spot = rng.choice(handles(n)), rng.randrange(BITS if i % 2 else 128)
        if invert(*spot):
            break
    found += look(n)
    assert invert(*spot)
    assert set(look(n)) == {"same"}, "%d of %d bytes, spoilt at %s" % (n, unit, spot)
bad = found.count("bad")
print("# %s: %d flips: of %d reads %d were errors, %d other data, %d the same data"
      % (name, flips, len(found), bad, found.count("wrong"), found.count("same")))
assert not checked or bad == len(found)
print("# tally: operations=%d faults=%d errors=%d" % (2 * len(found), flips, bad))
