# SPDX-License-Identifier: GPL-2.0-only
"""kv.py DATA CONTIG: fills /dev/kvstore, and verifies while the VM moves pages.

Values are pieces of DATA of random lengths, so that many lie across two pages.
Two processes read and check values at random, while this one replaces and
deletes others, compacts the pool, and has memory compacted; with CONTIG given
(the file of tests/kmod/contig.c), it also takes the pages' places.
"""
import errno
import os
import random
import sys

PAGE = os.sysconf("SC_PAGE_SIZE")
KEYS = 6000
ROUNDS = 3
KEPT = 2000         # keys that the checking processes look at stay
DEBUG = "/sys/kernel/debug"

with open(sys.argv[1], "rb") as file:
    data = file.read(16 << 20)
contig = sys.argv[2] if len(sys.argv) > 2 else None
fd = os.open("/dev/kvstore", os.O_RDWR)


def value(key, generation):
    rng = random.Random(key * 1000 + generation)
    size = rng.choice((rng.randint(1, PAGE), rng.randint(600, 2400), PAGE))
    at = rng.randrange(len(data) - size)
    return b"%d.%d " % (key, generation) + data[at:at + size - 16] if size > 32 \
        else data[at:at + size]


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def counter(name):
    for line in read(DEBUG + "/zspool/kvstore/counters").splitlines():
        if line.split()[0] == name:
            return int(line.split()[1])
    raise KeyError(name)


def refused(what, length, key, error):
    """A request that has to fail with this error."""
    try:
        what(key, length)
    except OSError as why:
        return why.errno == error
    return False


def check_while(parent, seed):
    """Checks values for as long as the process that changes others lives."""
    rng = random.Random(seed)
    while os.getppid() == parent:
        key = rng.randrange(KEPT)
        if os.pread(fd, PAGE, key) != value(key, 0):
            print("kv: key %d is wrong" % key, flush=True)
            os._exit(1)


def move():
    """What the VM does with the pool's pages."""
    int(read(DEBUG + "/kvstore/compact"))
    write("/proc/sys/vm/compact_memory", "1")
    if not contig:
        return
    frames = [int(word) for line in read(DEBUG + "/zspool/kvstore/pages").splitlines()
              for word in line.split()[1:]]
    for start in sorted({frame // 512 * 512 for frame in frames})[:8]:
        write(contig, "range %d 512" % start)


def main():
    assert refused(lambda key, n: os.pwrite(fd, bytes(n), key), PAGE + 1, 1, errno.ENOSPC)
    assert refused(lambda key, n: os.pread(fd, n, key), PAGE, 1, errno.ENOENT)
    held = {}
    for key in range(KEYS):
        held[key] = value(key, 0)
        os.pwrite(fd, held[key], key)
    full = counter("pages")
    checkers = []
    parent = os.getpid()
    for seed in range(2):
        child = os.fork()
        if not child:
            check_while(parent, seed)
            os._exit(1)
        checkers.append(child)
    rng = random.Random(7)
    for generation in range(1, ROUNDS + 1):
        for key in range(KEPT, KEYS):
            luck = rng.randrange(4)
            if luck == 0:
                held[key] = value(key, generation)
                os.pwrite(fd, held[key], key)
            elif luck == 1 and held.pop(key, None):
                os.pwrite(fd, b"", key)
        move()
    for child in checkers:
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "a checker has ended"
        os.kill(child, 9)
        os.waitpid(child, 0)
    wrong = sum(os.pread(fd, PAGE, key) != want for key, want in held.items())
    gone = sum(refused(lambda key, n: os.pread(fd, n, key), PAGE, key, errno.ENOENT)
               for key in range(KEYS) if key not in held)
    print("kv: %d values, %d wrong; pages %d -> %d, migrated %d, compacted %d" %
          (len(held), wrong, full, counter("pages"), counter("migrated"),
           counter("pages_compacted")))
    assert not wrong and gone == KEYS - len(held)
    assert counter("pages") < full and counter("pages_compacted")
    assert counter("objects") == len(held)
    assert counter("migrated") or read(DEBUG + "/zspool/route").strip() == "none"
    assert int(read(DEBUG + "/zspool/kvstore/check")) == 0


main()
