#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""fuzz.py: generated writes over all attributes and parameters.

    fuzz.py --seed SEED --writes N --man docs/zblock.4 --loop DEV,DEV --dict FILE

What can be written is found by looking: the files of zblock0's folder in sysfs
that another driver's disk does not have, the class's, and the parameters of both
modules. What may go wrong is found in the manual: an attribute has the errors
that it names there, and one that it does not describe is a failure.

Checked: errors; that a setting changes by nothing but a granted write to it; that
numbers granted are those that were written;
that data written before, in memory and on the backing device, reads the same
until the device is reset.
"""
import argparse
import collections
import errno
import mmap
import os
import random
import re
import stat
import sys

NAME = "zblock"
DISK = f"{NAME}0"
BLOCK = "/sys/block"
CONTROL = f"/sys/class/{NAME}-control"
CHECK = f"/sys/kernel/debug/zspool/{DISK}/check"
PAGE = os.sysconf("SC_PAGESIZE")
PAGES = 512             # that are written and read, at the device's beginning
RUN = 16                # pages of one bio, at most
LARGE = 64 << 20        # a device of more than that is taken and reset at once
LARGEST = 1 << 40       # and of more than that not asked for
DISKS = 3               # at a time
MOST_FAILURES = 10      # then it ends

# zspool's are described in the README, and their errors are the kernel's own.
PARAMETER_ERRORS = {"EINVAL"}
# Where the manual says "or the error of opening it" and "of reading".
OPEN_ERRORS = {"ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EBUSY", "ENXIO",
               "ENODEV", "ENAMETOOLONG", "ELOOP", "EROFS", "EINVAL"}
FILE_ERRORS = {"backing_dev": OPEN_ERRORS, "algorithm_params": OPEN_ERRORS}
# What changes without being written.
SPENT = "writeback_limit"
POLICIES = "auto_recompress", "auto_writeback"
# These take all the others back to their beginning.
STARTS_ANEW = {"reset", "hot_remove"}
# Chosen less often, or nothing would last.
WEIGHT = {"reset": 0.15, "hot_remove": 0.15, "disksize": 1, "mem_limit": 0.6}


class Failure(Exception):
    """What is not as it should be."""


def documented(path):
    """{attribute: names of errors}, and the keys of KEY=VALUE, of the manual."""
    errors = collections.defaultdict(set)
    like, keys, item, everywhere = {}, set(), None, set()
    preface = True
    with open(path, encoding="utf-8") as man:
        lines = [line.strip() for line in man]
    for i, line in enumerate(lines):
        words = line.split()
        keys.update(re.findall(r"Cm ([a-z_.]+)=", line))
        if line.startswith(".It"):
            item = words[2] if words[1:2] in (["Pa"], ["Cm"]) else None
            errors[item].update()
        elif line.startswith((".Sh", ".El", ".Ss")):
            item = None
            preface = preface and words[0] != ".Ss"
        elif line.startswith(".Em First") and item:
            errors[item].add("EBUSY")
        elif line.startswith(".Er"):
            if item:
                errors[item].add(words[1])
            elif preface and words[1] != "EBUSY":
                everywhere.add(words[1])
        elif line.startswith("Errors are those of") and item:
            like[item] = lines[i + 1].split()[1]
    for item, other in like.items():
        errors[item] |= errors[other]
    return {name: some | everywhere for name, some in errors.items()}, sorted(keys)


def code_of(error):
    name = errno.errorcode.get(error.errno, str(error.errno))
    return "EOPNOTSUPP" if name == "ENOTSUP" else name


class Target:
    """A file that can be written; kept open, as that is most of the time."""

    def __init__(self, path, errors):
        self.path = path
        self.name = os.path.basename(path)
        self.errors = errors
        mode = os.stat(path).st_mode
        self.readable = bool(mode & stat.S_IRUSR)
        self.fd = None
        self.open()

    def open(self):
        """Once more, when the device is another one."""
        if self.fd is not None:
            os.close(self.fd)
        self.fd = os.open(self.path, os.O_RDWR if self.readable else os.O_WRONLY)

    def read(self):
        return os.pread(self.fd, PAGE, 0)

    def write(self, value):
        """The error's name; None for a write that was granted."""
        try:
            done = os.pwrite(self.fd, value, 0)
        except OSError as error:
            return code_of(error)
        if done != min(len(value), PAGE):
            raise Failure(f"{self.name}: {done} of {len(value)} bytes taken")
        return None


def files_of(folder):
    return {name for name in os.listdir(folder)
            if stat.S_ISREG(os.lstat(f"{folder}/{name}").st_mode)}


def find_targets(errors, loop):
    """All that can be written, each with its errors."""
    paths = [f"{BLOCK}/{DISK}/{name}" for name in
             files_of(f"{BLOCK}/{DISK}") - files_of(f"{BLOCK}/{loop}")]
    paths += [f"{CONTROL}/{name}" for name in files_of(CONTROL)]
    targets = []
    for path in sorted(paths):
        name = os.path.basename(path)
        if not os.stat(path).st_mode & stat.S_IWUSR:
            continue
        if name not in errors:
            raise Failure(f"{path} is not in the manual")
        targets.append(Target(path, errors[name] | FILE_ERRORS.get(name, set())))
    for module in ("zspool", NAME):
        folder = f"/sys/module/{module}/parameters"
        for name in sorted(files_of(folder)):
            if os.stat(f"{folder}/{name}").st_mode & stat.S_IWUSR:
                targets.append(Target(f"{folder}/{name}", PARAMETER_ERRORS))
    return targets


def parse_size(value):
    """What a size says, of any length; None where it is no size."""
    match = re.match(rb"(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)([KMGTPEkmgtpe]?)",
                     value)
    if not match:
        return None
    digits, suffix = match.group(1), match.group(2).upper()
    number = int(digits, 8 if re.match(rb"0[0-7]", digits) else 0)
    return number << 10 * (b"KMGTPE".index(suffix) + 1 if suffix else 0)


class Random(random.Random):
    """Its usual methods take most of a slow guest's time."""

    def choice(self, seq):
        return seq[int(self.random() * len(seq))]

    def randrange(self, stop):
        return self.randint(0, stop - 1)

    def randint(self, a, b):
        return a + int(self.random() * (b - a + 1))


class Grammar:
    """Values for attributes: good ones, bad ones, and odd ones."""

    def __init__(self, rng, args, keys, names):
        self.rng = rng
        self.keys = keys
        self.algorithms = names["comp_algorithm"]
        self.checksums = names.get("checksum", ["none"])
        self.loops = [f"/dev/{loop}" for loop in args.loop.split(",")]
        self.dict = args.dict
        rng_choice = rng.choice
        self.valid = {
            "disksize": self.disksize,
            "reset": lambda: rng_choice(["1", "65535", "7"]),
            "hot_remove": lambda: str(rng.randrange(DISKS + 1)),
            "comp_algorithm": lambda: rng_choice(self.algorithms),
            "recomp_algorithm": self.recomp_algorithm,
            "algorithm_params": self.algorithm_params,
            "checksum": lambda: rng_choice(self.checksums),
            "track_age": self.boolean,
            "compressed_writeback": self.boolean,
            "writeback_limit_enable": lambda: rng_choice(["0", "1", "5"]),
            "mem_limit": self.mem_limit,
            "limit_near": lambda: str(rng.randint(1, 100)),
            "mem_used_max": lambda: "0",
            "compact": lambda: "1",
            "unit_size": lambda: str(4096 << rng.randrange(5)),
            "write_mode": lambda: rng_choice(["sync", "parallel", "async"]),
            "idle": lambda: rng_choice(["all", "all", "0", "1", "3600"]),
            "backing_dev": self.backing_dev,
            "recompress": self.recompress,
            "auto_recompress": lambda: self.policy("threshold"),
            "auto_writeback": lambda: self.policy("size"),
            "writeback": self.writeback,
            "writeback_limit": lambda: str(rng_choice([0, 1, 8, 100, 10 ** 6])),
            "writeback_batch_size": self.batch,
        }

    def boolean(self):
        return self.rng.choice(["0", "1", "y", "n", "on", "off", "Y", "N"])

    def disksize(self):
        return self.rng.choice(["4M", "8M", "4097", "5000K", str(PAGE), "16M",
                                str(self.rng.randint(1, 32 << 20))])

    def mem_limit(self):
        return self.rng.choice(["0", "0", "0", "1G", "64K", "1M",
                                str(self.rng.randint(0, 1 << 22))])

    def batch(self):
        return str(self.rng.choice([1, 2, 16, 17, 32, 1000, 2 ** 32 - 1]))

    def recomp_algorithm(self):
        parts = ["algo=" + self.rng.choice(self.algorithms)]
        if self.rng.random() < 0.7:
            parts.append(f"priority={self.rng.randint(1, 3)}")
        return self.join(parts)

    def algorithm_params(self):
        rng = self.rng
        if rng.random() < 0.4:
            return f"priority=0 level={rng.randint(1, 9)}"
        parts = [rng.choice(["algo=" + rng.choice(self.algorithms),
                             f"priority={rng.randint(0, 3)}"])]
        if rng.random() < 0.6:
            parts.append(f"level={rng.choice([-1, 1, 3, 9, 19, 22])}")
        if rng.random() < 0.3:
            parts.append("dict=" + self.path())
        if rng.random() < 0.2:
            parts.append(f"deflate.winbits={rng.choice([-15, -11, 9, 12, 15])}")
        return self.join(parts)

    def recompress(self):
        rng = self.rng
        parts = []
        if rng.random() < 0.6:
            parts.append("type=" + rng.choice(["idle", "huge", "huge_idle"]))
        if rng.random() < 0.3:
            parts.append(f"threshold={rng.randrange(PAGE)}")
        if rng.random() < 0.3:
            parts.append(f"max_pages={rng.randrange(200)}")
        if rng.random() < 0.3:
            parts.append(f"priority={rng.randint(1, 3)}")
        elif rng.random() < 0.3:
            parts.append("algo=" + rng.choice(self.algorithms))
        return self.join(parts)

    def policy(self, least):
        rng = self.rng
        if rng.random() < 0.3:
            return "off"
        parts = [f"age={rng.choice([1, 1, 2, 3600])}"]
        if rng.random() < 0.5:
            parts.append(f"{least}={rng.randrange(PAGE)}")
        if rng.random() < 0.5:
            parts.append(f"rate={rng.choice([1, 64, 256, 2 ** 32 - 1])}")
        return self.join(parts)

    def writeback(self):
        rng = self.rng
        parts = []
        if rng.random() < 0.6:
            parts.append(rng.choice(["type=", ""]) + rng.choice(
                ["idle", "huge", "huge_idle", "incompressible"]))
        for _ in range(rng.choice([0, 0, 1, 1, 2, 300 // (1 + len(parts))])):
            first = rng.randrange(PAGES)
            if rng.random() < 0.5:
                parts.append(f"page_index={first}")
            else:
                last = min(PAGES - 1, first + rng.randrange(64))
                parts.append(f"page_indexes={first}-{last}")
        return self.join(parts or ["idle"])

    def backing_dev(self):
        return self.rng.choice(self.loops * 2 + ["none"])

    def path(self):
        """Some that are there and some that are not; none that blocks."""
        return self.rng.choice(
            [self.dict] * 3 + self.loops +
            ["/", "", "none", "/dev/null", "/dev/shm", "/nonexistent", "relative",
             f"/dev/{DISK}", f"/dev/{NAME}1", "/dev/shm/" + "x" * 300,
             "/dev/shm/../" * 200 + "null", self.dict + "/", self.dict + ".large",
             self.dict + ".empty"])

    def join(self, parts):
        self.rng.shuffle(parts)
        return self.rng.choice([" ", " ", "  ", "\t"]).join(parts)

    def number(self):
        rng = self.rng
        bits = rng.choice([7, 8, 15, 16, 31, 32, 63, 64, 65, 128])
        kind = rng.randrange(8)
        if kind == 0:
            text = str((1 << bits) + rng.randint(-16, 2))
        elif kind == 1:
            text = str(rng.choice([-1, 0, 1]) * rng.getrandbits(bits))
        elif kind in (2, 3):
            # small, once 64 bits of it have been taken
            shift = rng.randint(1, 6)
            text = str((1 << 64 - 10 * shift) + rng.randint(0, 2)) + \
                "KMGTPE"[shift - 1]
        elif kind == 4:
            text = rng.choice(["0x10", "010", "08", "1e3", "1.5", "+5", " 7", "7 ",
                               "0x", "--1", "0b1", "0" * 40 + "1", "9" * 300,
                               "0xffffffffffffffffff", "१२", "1_0", "∞"])
        else:
            text = str(rng.choice([0, 1, 2, 3, 4, 100, 101, 4095, 4096, 65536]))
        if rng.random() < 0.2:
            text += rng.choice("KMGTPEkmgxb%")
        return text

    def word(self):
        rng = self.rng
        return rng.choice([
            "", "\n", " ", "\t\n", "=", "==", "\"", "\"\"", "=\"", "none", "all", "off",
            "yes", "nosuch", "идл", "\u202eidle", "💾" * 40, "\x7f\x1b[2J", "%s%n%x",
            "a" * rng.choice([127, 128, 129, 255, 256]), rng.choice(self.keys),
            rng.choice(self.algorithms)])

    def soup(self):
        rng = self.rng
        parts = []
        keys = self.keys + ["nosuch", "", "type\"", "\"type"]
        some = rng.sample(keys, rng.randint(1, 4))
        for _ in range(rng.choice([1, 2, 3, 5, 20])):
            value = rng.choice([self.number, self.word, self.path])()
            parts.append(rng.choice(some) + rng.choice(["=", "=", "=", "", " ", "=="])
                         + rng.choice([value, f'"{value}"', f'"{value}']))
        return self.join(parts)

    def spoil(self, value):
        """A few small changes of a value's bytes."""
        rng = self.rng
        data = bytearray(value)
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(data))
            kind = rng.randrange(6)
            if kind == 0:
                data[at:at] = b"\0"
            elif kind == 1:
                data[at:at] = rng.randbytes(rng.randint(1, 4))
            elif kind == 2:
                del data[at:at + rng.randint(1, 4)]
            elif kind == 3:
                data[at:at] = data[:at]
            elif kind == 4:
                data[at:at + 1] = rng.choice([b" ", b"=", b"-", b"\n", b"9", b'"'])
            else:
                data += rng.choice([b" ", b"\0", b"\xff"]) * rng.choice(
                    [1, PAGE - 1 - len(data), PAGE - len(data), PAGE + 1, 3 * PAGE])
        return bytes(data)

    def good(self, name):
        make = self.valid.get(name)
        if make is None:
            make = self.rng.choice([self.number, self.boolean, self.word])
        return make()

    def value(self, name):
        rng = self.rng
        kind = rng.random()
        if kind < 0.5:
            text = self.good(name)
        elif kind < 0.58:
            text = self.good(rng.choice(sorted(self.valid)))
        elif kind < 0.72:
            text = self.number()
        elif kind < 0.8:
            text = self.word()
        elif kind < 0.85 and name == "backing_dev":
            text = self.path()
        else:
            text = self.soup()
        data = text.encode(errors="surrogatepass")
        if kind >= 0.4 and rng.random() < 0.25:
            data = self.spoil(data)
        if rng.random() < 0.3:
            data += b"\n"
        return data


class Data:
    """What the device should hold: for each page, the contents it may have."""

    def __init__(self, rng):
        self.rng = rng
        self.pages = {}
        self.buffer = mmap.mmap(-1, RUN * PAGE)

    def forget(self):
        self.pages = {}

    def page(self):
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            return rng.randbytes(PAGE)
        if kind == 1:
            return rng.randbytes(8) * (PAGE // 8)
        size = rng.choice([40, 700, 1500, 3000])
        return (rng.randbytes(size) + b"tail %d " % rng.randrange(9) * PAGE)[:PAGE]

    def place(self, size):
        most = min(PAGES, size // PAGE)
        nr = self.rng.choice([1, 1, 4, 16])
        first = self.rng.randrange(max(1, most - nr + 1))
        if self.rng.random() < 0.5:
            first -= first % nr
        return first, min(nr, most - first)

    def write(self, fd, size):
        first, nr = self.place(size)
        new = [self.page() for _ in range(nr)]
        self.buffer.seek(0)
        self.buffer.write(b"".join(new))
        try:
            done = os.pwrite(fd, memoryview(self.buffer)[:nr * PAGE], first * PAGE)
            granted = done == nr * PAGE
        except OSError as error:
            if code_of(error) not in ("EIO", "ENOSPC", "ENOMEM"):
                raise
            granted = False
        for i in range(nr):
            before = self.pages.get(first + i, [bytes(PAGE)])
            self.pages[first + i] = [new[i]] + ([] if granted else before)
        return granted

    def discard(self, path, size):
        """By the same call as fallocate(1), without a program."""
        first, nr = self.place(size)
        fd = os.open(path, os.O_WRONLY)
        try:
            punch_hole(fd, first * PAGE, nr * PAGE)
        finally:
            os.close(fd)
        for i in range(nr):
            self.pages[first + i] = [bytes(PAGE)]

    def check(self, fd, indexes):
        for index in indexes:
            os.preadv(fd, [memoryview(self.buffer)[:PAGE]], index * PAGE)
            seen = self.buffer[:PAGE]
            wanted, self.pages[index] = self.pages[index], [seen]
            if seen not in wanted:
                raise Failure(f"page {index} reads {seen[:16].hex()}…, not "
                              + " or ".join(page[:16].hex() for page in wanted))


def punch_hole(fd, offset, length):
    """fallocate(KEEP_SIZE | PUNCH_HOLE): a discard, and zeros after it."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    call = libc.fallocate64 if hasattr(libc, "fallocate64") else libc.fallocate
    call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    if call(fd, 3, offset, length):
        raise OSError(ctypes.get_errno(), "fallocate")


class Fuzzer:
    """One run."""

    def __init__(self, args):
        self.args = args
        self.rng = Random(args.seed)
        errors, keys = documented(args.man)
        self.targets = find_targets(errors, args.loop.split(",")[0])
        self.by_name = {t.name: t for t in self.targets}
        self.settings = [t for t in self.targets if t.readable]
        self.weights = [WEIGHT.get(t.name, 1) for t in self.targets]
        names = {t.name: re.sub(r"[][]", "", t.read().decode()).split()
                 for t in self.settings if t.name in ("comp_algorithm", "checksum")}
        self.grammar = Grammar(self.rng, args, keys, names)
        self.data = Data(self.rng)
        self.written = 0
        self.errors = collections.Counter()
        self.granted = collections.Counter()
        self.refused = collections.Counter()
        self.compared = 0
        self.next_scene = self.next_compare = 0
        self.last = collections.deque(maxlen=6)
        self.failures = 0
        self.known = {}

    def size(self):
        with open(f"{BLOCK}/{DISK}/disksize", encoding="ascii") as file:
            return int(file.read())

    def memory_limit(self):
        with open(f"{BLOCK}/{DISK}/mm_stat", encoding="ascii") as file:
            return int(file.read().split()[3])

    def look(self, target):
        """A setting is what it was when it was last read, unless it was written."""
        value = target.read()
        before = self.known.get(target.name, value)
        self.known[target.name] = value
        # blocks are spent by others
        if value != before and not (target.name == SPENT and
                                    int(value) < int(before)):
            raise Failure(f"{target.name} has changed from {before!r} to {value!r}")

    def look_at_all(self):
        for target in self.settings:
            self.look(target)

    def harmless(self, target, value):
        """A size that would take the guest's memory, or all its time, is not asked for."""
        if target.name == "disksize":
            size = parse_size(value.split(b"\0")[0]) or 0
            return size <= LARGEST or size >= 1 << 43
        return True

    def expect_number(self, target, value):
        """A number that was granted is the one in effect."""
        text = value.split(b"\0")[0]
        size = parse_size(text)
        if target.name == "disksize":
            wanted, seen = -(-size // PAGE) * PAGE, self.size()
        elif target.name == "mem_limit":
            # beyond what can be counted it is as large as can be
            pages = min(-(-size // PAGE), sys.maxsize, (2 ** 64 - 1) // PAGE)
            wanted, seen = pages * PAGE, self.memory_limit()
        elif target.name in ("unit_size", "limit_near", "writeback_batch_size"):
            wanted, seen = int(text), int(target.read())
        else:
            return
        if wanted != seen:
            raise Failure(f"{target.name}: {value!r} was granted, and is {seen}")

    def write(self, target, value):
        """One write, with what has to hold before and after. True if granted."""
        if target.readable and target.name not in self.known:
            self.look(target)
        self.last.append((target.name, value[:120], len(value)))
        error = target.write(value)
        self.last.append(error)
        self.written += 1
        if error:
            self.refused[target.name] += 1
            self.errors[error] += 1
            if target.readable:
                self.look(target)
            if error not in target.errors:
                raise Failure(f"{target.name}: {error} for {value[:200]!r}: not in "
                              f"{sorted(target.errors)}")
            return False
        self.granted[target.name] += 1
        self.known.pop(target.name, None)
        if not value:
            return True
        if target.name in STARTS_ANEW:
            self.started_anew(target)
            return True
        if target.name == "disksize":
            self.data.forget()
            self.look_at_policies()
            if self.size() > LARGE:
                self.expect_number(target, value)
                self.write(self.by_name["reset"], b"1")
                return True
        self.expect_number(target, value)
        return True

    def look_at_policies(self):
        """One that the device cannot have, now that it has its size, is off."""
        for name in POLICIES:
            if name in self.by_name and self.by_name[name].read() == b"off\n":
                self.known.pop(name, None)

    def started_anew(self, target):
        gone = not os.path.exists(f"{BLOCK}/{DISK}")
        if target.name == "reset" or gone:
            self.data.forget()
            self.known = {}
        while not os.path.exists(f"{BLOCK}/{DISK}"):
            self.hot_add()
        for other in self.targets if gone else ():
            other.open()
        if target.name == "reset" and self.size():
            raise Failure("a size after reset")

    def hot_add(self):
        """A device more, and sometimes one that can be another's backing device."""
        with open(f"{CONTROL}/hot_add", encoding="ascii") as file:
            number = int(file.read())
        if number and self.rng.random() < 0.5:
            with open(f"{BLOCK}/{NAME}{number}/disksize", "w",
                      encoding="ascii") as file:
                file.write("2M")

    def disks(self):
        return [n for n in os.listdir(BLOCK) if n.startswith(NAME)]

    def transfer(self):
        """Some reads, writes and discards."""
        size = self.size()
        if not size:
            return
        limited = self.memory_limit()
        fd = os.open(f"/dev/{DISK}", os.O_RDWR | os.O_DIRECT)
        try:
            for _ in range(self.rng.randint(1, 6)):
                if not self.data.write(fd, size) and not limited:
                    raise Failure("a write fails without mem_limit")
            known = sorted(self.data.pages)
            self.data.check(fd, self.rng.sample(known, min(8, len(known))))
        finally:
            os.close(fd)
        if self.rng.random() < 0.2:
            self.data.discard(f"/dev/{DISK}", size)

    def compare(self):
        if not self.size():
            return
        fd = os.open(f"/dev/{DISK}", os.O_RDONLY | os.O_DIRECT)
        try:
            self.data.check(fd, sorted(self.data.pages))
        finally:
            os.close(fd)
        self.compared += len(self.data.pages)
        with open(CHECK, encoding="ascii") as file:
            if int(file.read()):
                raise Failure("the pool's checker complains")

    def try_write(self, name, text):
        if name in self.by_name and self.written < self.args.writes:
            self.write(self.by_name[name], text.encode())

    def scene(self):
        """A device in one of the states that there are."""
        rng = self.rng
        good = self.grammar.good
        kind = rng.choice(["none", "sized", "sized", "backed", "backed"])
        self.compare()
        self.try_write("reset", "1")
        if kind == "none":
            return
        for name in ("comp_algorithm", "unit_size", "checksum", "algorithm_params",
                     "recomp_algorithm", "track_age", "compressed_writeback"):
            if rng.random() < 0.6:
                self.try_write(name, good(name))
        if kind == "backed":
            self.try_write("backing_dev", rng.choice(self.grammar.loops))
        self.try_write("disksize", rng.choice(["2M", "8M", "16M"]))
        for _ in range(4):
            self.transfer()
        if kind == "backed":
            self.try_write("idle", "all")
            self.try_write("writeback", good("writeback"))

    def step(self):
        chance = self.rng.random()
        if chance < 0.03:
            self.transfer()
        elif chance < 0.035 and len(self.disks()) < DISKS:
            self.hot_add()
        target = self.rng.choices(self.targets, self.weights)[0]
        value = self.grammar.value(target.name)
        if self.harmless(target, value):
            self.write(target, value)

    def run(self):
        while self.written < self.args.writes and self.failures < MOST_FAILURES:
            self.go_on(self.turn)
        self.go_on(self.compare)

    def turn(self):
        if self.written >= self.next_scene:
            self.next_scene = self.written + self.rng.randint(50, 250)
            self.scene()
        if self.written >= self.next_compare:
            self.next_compare = self.written + 300
            self.compare()
        if self.rng.random() < 0.04:
            self.look_at_all()
        self.step()

    def go_on(self, call):
        """Report what is wrong, and see what else is."""
        try:
            call()
        except (Failure, OSError) as error:
            self.failures += 1
            print(f"fuzz: seed {self.args.seed}, write {self.written}: {error!r}")
            for last in self.last:
                print("fuzz:    before that:", last)

    def report(self):
        print(f"fuzz: {self.written} writes to {len(self.targets)} files: "
              f"{sum(self.granted.values())} granted, "
              f"{sum(self.refused.values())} refused "
              f"({', '.join(f'{n} {e}' for e, n in self.errors.most_common())}); "
              f"{self.compared} pages compared")
        print(f"# tally: operations={self.written} errors={sum(self.refused.values())}")
        print("fuzz: granted / refused:", ", ".join(
            f"{t.name} {self.granted[t.name]}/{self.refused[t.name]}"
            for t in self.targets))
        never = [t.name for t in self.targets if not self.granted[t.name]]
        if never and self.args.writes >= 30000:
            raise Failure(f"nothing was ever granted to {' '.join(never)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--writes", type=int, required=True)
    parser.add_argument("--man", required=True)
    parser.add_argument("--loop", required=True)
    parser.add_argument("--dict", required=True)
    args = parser.parse_args()
    print(f"fuzz: seed {args.seed}", flush=True)
    fuzzer = Fuzzer(args)
    fuzzer.run()
    fuzzer.go_on(fuzzer.report)
    sys.exit(fuzzer.failures > 0)


if __name__ == "__main__":
    main()
