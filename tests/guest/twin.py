#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""twin.py: zram0 and zblock0 are told the same, and have to answer the same.

    twin.py LOOP LOOP       their backing devices

Each value is written to each attribute in each state; compared are the errors,
and what can be read afterwards. What is to differ stands in WANTED, with why: a
difference that does not, and one there that was not seen, are failures. zram has
not all attributes of zblock: for these, and for some of the others, REFUSED says
the errors of the manual, docs/zblock.4. What zblock refuses, it says in one line of
the kernel's log.
"""
import collections
import errno
import os
import random
import re
import stat
import sys
import time

BLOCK = "/sys/block"
PAGE = os.sysconf("SC_PAGESIZE")
SIZE = "1M"
# no size; the same, with an algorithm for each priority; with a size and pages; with
# a backing device, too; at writeback_limit; with a size, and open
STATES = ("fresh", "chosen", "sized", "backed", "spent", "held")
ANY, NO_SIZE, SIZED = (" ".join(some) for some in (STATES, STATES[:2], STATES[2:]))
# Of the attributes that both have, the block layer's own.
FOREIGN = "uevent", "events_poll_msecs"
EMPTY, LARGE = "/tmp/empty", "/tmp/large"

# Of 64 bits and less, and the others.
MAX64 = "18446744073709551615"
OVER64 = ("18446744073709551616", "99999999999999999999999")
# A newline is added to each, as by echo.
NOTHING = ("", " ", "\0" "1")
WORDS = (*NOTHING, "rubbish", "-1", "0", "1", " 1", "1 ", "+1", "01", "0x1", "1x",
         "65536", "4294967296", *OVER64, "y", "off", "x" * 128, "1K", "1k",
         "1M junk")
# To these it is not.
BARE = ("1", "x" * 200, "x" * 4095)
# For the algorithms of the state "chosen": at and past their ends.
BAD_CODEC_PARAMS = (
    "priority=1 level=23", "priority=1 level=-131073", "priority=2 level=10",
    "priority=2 deflate.winbits=7", "priority=2 deflate.winbits=16",
    "priority=3 level=0", "priority=3 level=17")
CODEC_PARAMS = (
    "priority=1 level=22", "priority=1 level=-131072", "priority=2 level=-1",
    "priority=2 deflate.winbits=12", "priority=2 deflate.winbits=-15",
    "priority=3 level=16", *BAD_CODEC_PARAMS)
SPECIAL = {
    "disksize": (
        "4097", "010000", "0x2000", "1e6", "16777215T", "9223372036854775807", MAX64),
    "reset": ("2", "65535"),
    "mem_limit": ("4097", "010000", "0x2000", "9223372036854775807", MAX64),
    "idle": ("all", "ALL", "all ", "1000000", "4294967295"),
    "comp_algorithm": (
        "zstd", "zstd ", " zstd", "ZSTD", "lzo", "zst", "x" * 126, "x" * 127),
    "algorithm_params": (
        "algo=zstd level=3", "algo=lz4 level=3", "algo=lzo-rle", "algo=nosuch level=1",
        "algo=", "level=1", "level=100000", "level=-1", "level=99999999999", "level=x",
        "level=", "level", "priority=0 level=1", "priority=1 level=1",
        "priority=4 level=1", "priority=-1 level=1", "priority=0 algo=zstd",
        "dict=/nowhere", "dict=/proc", "dict=/dev/null", "dict=" + EMPTY,
        "dict=" + LARGE, "dict=" + "/" * 4090, "dict=/" + "y" * 300,
        "deflate.winbits=12", "deflate.winbits=x", "nosuch=1",
        "priority=1 algo=lz4", "algo=deflate level=-2", *CODEC_PARAMS),
    "recomp_algorithm": (
        "algo=zstd", "algo=zstd priority=1", "algo=zstd priority=3", "priority=1",
        "algo=zstd priority=0", "algo=zstd priority=4", "algo=zstd priority=-1",
        "algo=zstd priority=99999999999", "algo=nosuch", "zstd", "algo=",
        "algo=zstd nosuch=1", "algo=" + "x" * 200),
    "recompress": (
        "type=idle", "type=huge", "type=huge_idle", "type=nosuch", "type=", "idle",
        "type=idle type=huge", "threshold=3000", "threshold=-1", "threshold=3700",
        "threshold=4000",
        "threshold=4096", "threshold=99999999999", "max_pages=0", "max_pages=10",
        "max_pages=-1", "max_pages=99999999999999999999", "priority=0", "priority=1",
        "priority=2", "priority=9", "algo=zstd", "algo=lzo", "algo=lz4",
        "algo=zstd priority=1", "algo=zstd priority=2", "nosuch=1"),
    "backing_dev": (
        "none", "/nowhere", "/tmp", "/etc/passwd", "/dev/null", "/dev/{own}", "{loop}",
        "{loop} ", " {loop}", "{loop}\n", "relative", "/" + "y" * 300, "/" * 4090,
        "/" * 4095),
    "writeback": (
        "idle", "huge", "type=idle", "type=huge", "type=huge_idle",
        "type=incompressible", "type=nosuch", "type=", "page_index=0",
        "page_index=255", "page_index=256", "page_index=-1", "page_index=x",
        "page_index=", "page_index=99999999999999999999", "page_index=0x1",
        "page_index=0 page_index=1", "page_index=0 type=idle", "type=idle page_index=0",
        "type=idle type=huge", "page_indexes=0-1", "page_indexes=1-0",
        "page_indexes=0", "page_indexes=0-256", "page_indexes=x-1", "page_indexes=0-x",
        "page_indexes=256-x", "page_indexes=1-", "nosuch=1"),
    "writeback_limit": ("8", MAX64),
    "writeback_limit_enable": ("2", MAX64),
    "writeback_batch_size": ("2", "4294967295"),
    "compressed_writeback": ("on", "no"),
    "hot_remove": ("2147483647", "2147483648"),
}
# What takes no more than a write to be as before; "" if not even that.
UNDO = {"mem_limit": "0", "writeback_limit": "0", "writeback_limit_enable": "0",
        "writeback_batch_size": "32", "idle": "all", "compact": "", "mem_used_max": "",
        "hot_remove": ""}
DEFAULTS = {"mem_limit": "0", "writeback_limit": "0", "writeback_limit_enable": "0",
            "writeback_batch_size": "32", "compressed_writeback": "0",
            "comp_algorithm": "lz4"}

# values, answers of zram and of zblock, what reads differently afterwards
Wanted = collections.namedtuple(
    "Wanted", "why states attribute zram zblock reads values")
LATE = "ok, then EINVAL", "EINVAL, then ok"
LOST = "disksize initstate comp_algorithm"
NEVER = "ok, then ok", "EINVAL, then ok"
AT_ONCE = "what the algorithm cannot have is refused at once: zram's disksize fails, and " \
    "forgets what was chosen"
WANTED = (
    Wanted("zblock's default algorithm is lz4, zram's another",
           "fresh chosen sized backed spent", "reset", "ok", "ok", "comp_algorithm",
           ("1", "+1", "01", "2", "65535")),
    Wanted("numbers over 64 bits: zram takes what is left of them",
           ANY, "mem_limit", "ok", "EINVAL", "", OVER64),
    Wanted("rounded up to pages that is 0 to zram, which is no limit",
           ANY, "mem_limit", "ok", "ok", "limit", (MAX64,)),
    Wanted("zblock counts writeback_limit down in 63 bits",
           ANY, "writeback_limit", "ok", "ok", "writeback_limit", (MAX64,)),
    Wanted("what no pool can have is not a lack of memory",
           NO_SIZE, "disksize", "ENOMEM", "EINVAL", "",
           ("1e6", "16777215T", "9223372036854775807")),
    Wanted("numbers over 64 bits are none, whatever the state",
           SIZED, "disksize", "EBUSY", "EINVAL", "", OVER64),
    Wanted("nothing can be marked before disksize: zram looks at the uptime first",
           NO_SIZE, "idle", "ok", "EINVAL", "", ("65536", "1000000", "4294967295")),
    Wanted("none is what backing_dev reads: zblock takes it back",
           NO_SIZE, "backing_dev", "ENOENT", "ok", "", ("none",)),
    # parameters
    Wanted("nothing and unknown keys are refused: zram ignores them",
           NO_SIZE, "algorithm_params", *NEVER, "", NOTHING + ("nosuch=1",)),
    Wanted("what is wrong in any state is refused as such: zram looks at the state first",
           SIZED, "algorithm_params", "EBUSY", "EINVAL", "",
           NOTHING + ("nosuch=1", "priority=4 level=1", "priority=-1 level=1")),
    Wanted("parameters without an algorithm are refused: zram forgets them",
           "fresh", "algorithm_params", *NEVER, "",
           ("priority=1 level=1", *CODEC_PARAMS)),
    Wanted(AT_ONCE,
           "fresh", "algorithm_params", *LATE, LOST, ("level=-1",)),
    Wanted(AT_ONCE,
           "chosen", "algorithm_params", *LATE, LOST + " recomp_algorithm",
           ("level=-1", "algo=deflate level=-2", *BAD_CODEC_PARAMS)),
    Wanted(AT_ONCE + "; so with a dictionary over 1 MiB",
           "fresh", "algorithm_params", "ok, then EINVAL", "EFBIG, then ok", LOST,
           ("dict=" + LARGE,)),
    Wanted(AT_ONCE + "; so with a dictionary over 1 MiB",
           "chosen", "algorithm_params", "ok, then EINVAL", "EFBIG, then ok",
           LOST + " recomp_algorithm", ("dict=" + LARGE,)),
    Wanted("what the algorithm does not take is refused: zram ignores it",
           NO_SIZE, "algorithm_params", "ok, then ok", "EOPNOTSUPP, then ok", "",
           ("deflate.winbits=12",)),
    # recompression
    Wanted("unknown keys are refused: zram ignores them",
           "fresh", "recomp_algorithm", "ok", "EINVAL", "recomp_algorithm",
           ("algo=zstd nosuch=1",)),
    Wanted("unknown keys are refused: zram ignores them; it is chosen already",
           "chosen", "recomp_algorithm", "ok", "EINVAL", "", ("algo=zstd nosuch=1",)),
    Wanted("unknown keys are refused, whatever the state",
           SIZED, "recomp_algorithm", "EBUSY", "EINVAL", "", ("algo=zstd nosuch=1",)),
    Wanted("unknown keys are refused: zram ignores them",
           SIZED, "recompress", "ok", "EINVAL", "", ("nosuch=1",)),
    Wanted("objects can be larger in zspool before they are stored as pages",
           SIZED, "recompress", "EINVAL", "ok", "", ("threshold=3700",)),
    # writeback
    Wanted("nothing and unknown keys are refused: zram ignores them",
           "backed spent", "writeback", "ok", "EINVAL", "", NOTHING + ("nosuch=1",)),
    Wanted("a page that is named and of the type is written once: by zram twice",
           "backed", "writeback", "ok", "ok", "bd_writes", ("page_index=0 type=idle",)),
    Wanted("pages and a type can stand in any order: zram does not look past a type",
           "backed", "writeback", "ok", "ok", "huge bd_used bd_writes",
           ("type=idle page_index=0",)),
    Wanted("a second type is refused: zram does not look past the first",
           "backed", "writeback", "ok", "EINVAL", "huge bd_used bd_writes",
           ("type=idle type=huge",)),
    Wanted("a second type is refused: zram does not look past the first",
           "spent", "writeback", "EIO", "EINVAL", "", ("type=idle type=huge",)),
    Wanted("of two errors in a range, what is no number comes first",
           "backed spent", "writeback", "ERANGE", "EINVAL", "", ("page_indexes=256-x",)),
)

# What is no number, for all that take one.
NO_NUMBER = ("", " ", "rubbish", "-1", "1x", "x" * 128, "x" * 200, "x" * 4094)
HUGE = "9" * 4000
POLICY = ("", " ", "rubbish", "0", "1", "on", "age", "age=", "age=0", "age=x", "age=-1",
          "age=1 rate=0", "age=1 nosuch=1", "x" * 4094)
Refused = collections.namedtuple("Refused", "states attribute error values")
REFUSED = (
    Refused(ANY, "disksize", "EINVAL", (*NO_NUMBER[:4], "0", "-4096", HUGE, "x" * 4094)),
    Refused(SIZED, "disksize", "EBUSY", ("1", "1M", "32M", MAX64)),
    Refused(ANY, "reset", "EINVAL", (*NO_NUMBER, "0")),
    Refused(ANY, "reset", "ERANGE", ("65536", MAX64, HUGE)),
    Refused("held", "reset", "EBUSY", ("1", "65535")),
    Refused(ANY, "mem_limit", "EINVAL",
            (*NO_NUMBER[:4], "x" * 4094, *OVER64, HUGE, "16777216T")),
    Refused(ANY, "max_comp_streams", "EINVAL", (*NO_NUMBER, "0", *OVER64, HUGE)),
    Refused(ANY, "mem_used_max", "EINVAL", (*NO_NUMBER, "1", "0x0", MAX64, HUGE)),
    Refused(NO_SIZE, "compact", "EINVAL", ("1", "", "rubbish")),
    Refused(ANY, "hot_remove", "EINVAL", NO_NUMBER),
    Refused(ANY, "hot_remove", "ERANGE", ("2147483648", HUGE)),
    Refused(ANY, "hot_remove", "ENODEV", ("2", "2147483647")),
    Refused("held", "hot_remove", "EBUSY", ("0",)),
    Refused(ANY, "recompress", "ERANGE",
            ("max_pages=" + OVER64[0], "max_pages=" + HUGE, "threshold=4294967296",
             "priority=2147483648")),
    Refused(ANY, "recompress", "EINVAL",
            ("max_pages=-1", "max_pages=", f"threshold={PAGE}", "priority=4",
             "type=idle nosuch=1")),
    Refused(NO_SIZE, "recompress", "EINVAL", ("", "type=idle")),
    Refused(ANY, "auto_recompress", "EINVAL",
            (*POLICY, f"age=1 threshold={PAGE}", "age=1 size=1")),
    Refused(ANY, "auto_recompress", "ERANGE",
            ("age=4294967296", "age=1 rate=" + HUGE, "age=1 threshold=4294967296")),
    Refused("fresh", "auto_recompress", "EINVAL", ("age=1",)),
    Refused(ANY, "auto_writeback", "EINVAL",
            (*POLICY, f"age=1 size={PAGE + 1}", "age=1 threshold=1")),
    Refused(ANY, "auto_writeback", "ERANGE",
            ("age=4294967296", "age=1 rate=" + HUGE, "age=1 size=4294967296")),
    Refused("sized held", "auto_writeback", "ENODEV", ("age=1",)),
    Refused(ANY, "checksum", "EINVAL",
            ("", " ", "rubbish", "NONE", "none none", "x" * 4094)),
    Refused(SIZED, "checksum", "EBUSY", ("none",)),
    Refused(ANY, "track_age", "EINVAL", ("", " ", "rubbish", "-1", "2", "x" * 4094)),
    Refused(SIZED, "track_age", "EBUSY", ("0", "1", "on", "off")),
    Refused(ANY, "unit_size", "EINVAL",
            (*NO_NUMBER, "0", "2048", "12288", "131072", "4K", "0x4000", "4294971392",
             HUGE)),
    Refused(SIZED, "unit_size", "EBUSY", ("4096", "16384")),
    Refused(ANY, "write_mode", "EINVAL",
            ("", " ", "rubbish", "0", "SYNC", "sync parallel", "x" * 4094)),
    Refused(ANY, "limit_near", "EINVAL",
            (*NO_NUMBER, "0", "101", "0x10", "4294967297", HUGE)),
)


class Log:
    """What the kernel says from now on."""

    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def lines(self):
        """zblock's since the last call."""
        found = []
        while True:
            try:
                line = os.read(self.fd, 8192).decode(errors="replace")
            except BlockingIOError:
                return found
            line = line.partition(";")[2].partition("\n")[0]
            if line.startswith("zblock: "):
                found.append(line)


class Disk:
    """One of the two."""

    def __init__(self, name, loop):
        self.name, self.loop = f"{name}0", loop
        self.control = f"/sys/class/{name}-control"
        self.folder = f"{BLOCK}/{self.name}"
        self.files = {}
        self.attributes = {
            entry: stat.S_IMODE(os.stat(f"{self.folder}/{entry}").st_mode)
            for entry in os.listdir(self.folder)
            if os.path.isfile(f"{self.folder}/{entry}")}
        # for hot_remove
        self.hot_add()

    def hot_add(self):
        """There is always a second one."""
        if not os.path.exists(self.folder[:-1] + "1"):
            with open(f"{self.control}/hot_add", encoding="ascii") as file:
                file.read()

    def file(self, attribute):
        """Kept open: that is most of the time."""
        if attribute not in self.files:
            path = f"{self.folder}/{attribute}"
            if attribute == "hot_remove":
                path = f"{self.control}/{attribute}"
            mode = os.stat(path).st_mode
            flags = {0o200: os.O_WRONLY, 0o600: os.O_RDWR, 0o400: os.O_RDONLY}
            self.files[attribute] = os.open(path, flags[mode & 0o600])
        return self.files[attribute]

    def read(self, attribute):
        return os.pread(self.file(attribute), PAGE, 0).decode()

    def write(self, attribute, value):
        """ok, or the error's name."""
        value = value.replace("{loop}", self.loop).replace("{own}", self.name)
        try:
            os.pwrite(self.file(attribute), value.encode(), 0)
        except OSError as error:
            name = errno.errorcode[error.errno]
            return "EOPNOTSUPP" if name == "ENOTSUP" else name
        return "ok"

    def must(self, attribute, value):
        answer = self.write(attribute, value)
        if answer != "ok":
            sys.exit(f"twin: {self.name}: {attribute} {value}: {answer}")

    def prepare(self, state, data):
        """A device in that state, whatever it was in."""
        self.must("reset", "1")
        for attribute, value in DEFAULTS.items():
            self.must(attribute, value)
        if "unit_size" in self.attributes:
            self.must("unit_size", str(PAGE))
            self.must("track_age", "1")
        if state == "fresh":
            return
        self.must("recomp_algorithm", "algo=zstd priority=1")
        if state == "chosen":
            self.must("recomp_algorithm", "algo=deflate priority=2")
            self.must("recomp_algorithm", "algo=lz4hc priority=3")
            return
        if state in ("backed", "spent"):
            self.must("backing_dev", "{loop}")
        self.must("disksize", SIZE)
        with open(f"/dev/{self.name}", "wb", buffering=0) as disk:
            disk.write(data)
            os.fsync(disk)
        self.must("idle", "all")
        if state == "spent":
            self.must("writeback_limit_enable", "1")

    def look(self):
        """What can be read, by names, as far as both should say the same."""
        seen = {name: self.read(name).strip() for name in (
            "disksize", "initstate", "writeback_limit", "writeback_limit_enable",
            "writeback_batch_size", "compressed_writeback")}
        for name in ("comp_algorithm", "recomp_algorithm"):
            seen[name] = " ".join(re.findall(r"\[.*?\]|#\d", self.read(name)))
        seen["backing_dev"] = self.read("backing_dev").strip() == self.loop
        columns = self.read("mm_stat").split()
        seen |= {"orig": columns[0], "limit": columns[3], "same": columns[5],
                 "huge": columns[7]}
        seen |= zip(("bd_used", "bd_reads", "bd_writes"), self.read("bd_stat").split())
        seen["second"] = os.path.exists(self.folder[:-1] + "1")
        return seen


def pages():
    """Text, noise, and words that fill a page: nothing that one codec makes
    smaller than a page and the other does not."""
    rng = random.Random(1)
    text = b"".join(b"%d %s\n" % (i, rng.choice([b"cold", b"warm", b"hot"]) * 3)
                    for i in range(8192))
    return text[:24 * PAGE] + rng.randbytes(8 * PAGE) + bytes(8 * PAGE)


class Twins:
    """Both, the state that they are in, and what was found."""

    def __init__(self, loops):
        self.disks = [Disk(*pair) for pair in zip(("zram", "zblock"), loops)]
        self.data = pages()
        self.prepared = self.before = None
        self.held = []
        self.log = Log()
        self.cases = self.prepares = self.failures = 0
        self.wanted = {}
        for row in WANTED:
            for state in row.states.split():
                for value in row.values:
                    key = state, row.attribute, value
                    if key in self.wanted:
                        self.fail(f"{key} is wanted twice")
                    self.wanted[key] = row
        self.unseen = set(self.wanted)

    def fail(self, what):
        self.failures += 1
        print("twin:", what)

    def compare_modes(self):
        """zblock has what zram has; what both have is tried, the rest is in REFUSED."""
        zram, zblock = (disk.attributes for disk in self.disks)
        for name in sorted(zram):
            if zblock.get(name) != zram[name]:
                self.fail(f"{name}: mode {zram[name]:o}, zblock's {zblock.get(name)}")
        tried = {row.attribute for row in REFUSED}
        for name in sorted(set(zblock) - set(zram) - tried):
            if zblock[name] & 0o200:
                self.fail(f"{name}: nothing is tried on it")

    def prepare(self, state):
        if self.prepared == state:
            return
        self.let_go()
        for disk in self.disks:
            disk.prepare(state, self.data)
        if state == "held":
            self.hold()
        looks = [disk.look() for disk in self.disks]
        reads = self.differing(looks)
        if reads:
            sys.exit(f"twin: {state}: {reads} differs before all: {looks}")
        self.prepared, self.before = state, looks
        self.prepares += 1

    def hold(self):
        self.held += [os.open(f"/dev/{disk.name}", os.O_RDONLY) for disk in self.disks]

    def let_go(self):
        while self.held:
            os.close(self.held.pop())

    @staticmethod
    def differing(looks):
        return " ".join(name for name in looks[0] if looks[0][name] != looks[1][name])

    def put_back(self, attribute, answers, looks):
        """As it was before, at little cost; else anew."""
        if "ok" not in answers and looks == self.before:
            return
        if attribute in UNDO and (attribute != "idle" or self.prepared in SIZED.split()):
            for disk in self.disks:
                disk.hot_add()
                if UNDO[attribute]:
                    disk.must(attribute, UNDO[attribute])
            if [disk.look() for disk in self.disks] == self.before:
                return
        for disk in self.disks:
            disk.hot_add()
        self.prepared = None

    def answers(self, attribute, value):
        """Parameters are put to use, as zram refuses some only then."""
        if attribute == "hot_remove" and not self.held:
            self.hold()
        self.log.lines()
        said = [disk.write(attribute, value) for disk in self.disks]
        self.check_log(attribute, value, said[1])
        if self.prepared != "held":
            self.let_go()
        if attribute == "algorithm_params" and "ok" in said:
            said = [f"{one}, then {disk.write('disksize', SIZE)}"
                    for one, disk in zip(said, self.disks)]
        return said

    def check_log(self, attribute, value, answer):
        """One line that names the attribute if it was refused. EIO is a limit's."""
        if answer in ("ok", "EIO") or attribute in FOREIGN:
            return
        lines = self.log.lines()
        if len(lines) != 1 or attribute not in lines[0]:
            self.fail(f"{self.prepared} {attribute} {value[:60]!r}: {answer}, "
                      f"and in the log {lines}")

    def case(self, state, attribute, value):
        self.prepare(state)
        zram, zblock = self.answers(attribute, value)
        looks = [disk.look() for disk in self.disks]
        reads = self.differing(looks)
        value = value.removesuffix("\n")
        row = self.wanted.get((state, attribute, value))
        if row:
            self.unseen.discard((state, attribute, value))
        wanted = (row.zram, row.zblock, row.reads) if row else (zram, zram, "")
        if (zram, zblock, reads) != wanted:
            self.fail(f"{state} {attribute} {value[:60]!r}: zram {zram}, zblock {zblock}"
                      + (f"; {reads} differs" if reads else "")
                      + (f"; wanted: {wanted}" if row else ""))
        self.cases += 1
        self.put_back(attribute, [zram, zblock], looks)

    def compare(self, state):
        attributes = [name for name, mode in self.disks[0].attributes.items()
                      if mode & 0o200]
        for attribute in sorted(attributes) + ["hot_remove"]:
            values = [word + "\n" for word in WORDS + SPECIAL.get(attribute, ())]
            for value in values + list(BARE):
                self.case(state, attribute, value)

    def refuse(self, state):
        """zblock alone: the manual's errors, and nothing has changed."""
        disk = self.disks[1]
        self.prepare(state)
        for row in REFUSED:
            if state not in row.states.split():
                continue
            readable = disk.attributes.get(row.attribute, 0) & 0o400
            for value in row.values:
                before = readable and disk.read(row.attribute)
                self.log.lines()
                answer = disk.write(row.attribute, value + "\n")
                self.check_log(row.attribute, value, answer)
                if answer != row.error:
                    self.fail(f"{state} {row.attribute} {value[:60]!r}: {answer}, "
                              f"not {row.error}")
                if readable and disk.read(row.attribute) != before:
                    self.fail(f"{state} {row.attribute} {value[:60]!r} changed it")
                self.cases += 1
        if disk.look() != self.before[1]:
            self.fail(f"{state}: what was refused left its mark")

    def run(self):
        self.compare_modes()
        for state in STATES:
            start = time.monotonic()
            self.refuse(state)
            self.compare(state)
            print(f"twin: {state}: {time.monotonic() - start:.1f} s")
        for key in sorted(self.unseen):
            self.fail(f"{key[0]} {key[1]} {key[2][:60]!r} is wanted to differ "
                      f"({self.wanted[key].why}), and was not tried")
        print(f"twin: {self.cases} values, {self.prepares} times prepared, "
              f"{len(self.wanted) - len(self.unseen)} wanted differences, "
              f"{self.failures} failures")


def main():
    # younger, and an age of a second would be one of before the boot
    while time.clock_gettime(time.CLOCK_BOOTTIME) < 3:
        time.sleep(0.1)
    twins = Twins(sys.argv[1:])
    twins.run()
    sys.exit(twins.failures > 0)


if __name__ == "__main__":
    main()
