#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""faults.py: single operations under fault injection.

The kernel lets a task ask that its N-th allocation fail (/proc/self/fail-nth),
so that a loop over N makes everything fail in turn, and nothing else in the
machine does. All of an operation's preparation is done before it asks.

    faults.py nth     OPERATION…   N = 1, 2, … until the operation needed fewer
    faults.py last=M/K OPERATION…  of the last M every K-th, a random one first
    faults.py percent OPERATION…   20 times, as the debugfs knobs say for a task

An OPERATION is one of
    write:FILE:OFFSET           64 KiB of stdin to that byte, direct
    read:FILE:OFFSET
    attr:FILE:VALUE[:BEFORE]    with BEFORE written before, without faults
    show:FILE
    size:DEVICE:DISKSIZE[:ATTRIBUTE=VALUE...]   after a reset, and with those attributes
                                set, without faults
    open:DEVICE:DISKSIZE[:ATTRIBUTE=VALUE...]   to write, after it has that size
    load:FILE[:PARAMETERS]      a module, unloaded before

What was written is read back without faults: the new bytes if that was said, else the old
or the new ones, page by page. What was read has to be what is read without faults.

Prints, for each, how often it was tried, how often a fault was injected, and how often it
failed; exits 1 if an error was none of those that a lack of memory may give, if anything
failed with nothing injected, and for wrong bytes.
"""
import bisect
import ctypes
import errno
import mmap
import os
import random
import sys

BYTES = 64 << 10
PAGE = os.sysconf("SC_PAGESIZE")
LIMIT = 2000
ROUNDS = 20
# EINVAL is device_add()'s own for a name that could not be allocated.
CLEAN = {errno.ENOMEM, errno.EIO, errno.ENOSPC, errno.EAGAIN, errno.EINVAL}
LIBC = ctypes.CDLL(None, use_errno=True)


def open_direct(path, flags):
    return os.open(path, flags | os.O_DIRECT)


def load(image, parameters):
    if LIBC.init_module(image, len(image), parameters):
        raise OSError(ctypes.get_errno(), "init_module")


def unload(name):
    if LIBC.delete_module(name.encode(), os.O_NONBLOCK) and ctypes.get_errno() != errno.ENOENT:
        raise SystemExit(f"faults.py: {name}: {os.strerror(ctypes.get_errno())}")


def set_attributes(device, settings):
    for setting in settings:
        name, value = setting.split("=", 1)
        with open(f"{device}/{name}", "w", encoding="ascii") as attribute:
            attribute.write(value)


def all_of(size):
    if size != BYTES:
        raise OSError(errno.EIO, "not all of it")


def prepare(operation, data):
    """The operation as a function that does no more than it must."""
    verb, path, *rest = operation.split(":")
    if verb == "write":
        fd, offset = open_direct(path, os.O_WRONLY), int(rest[0])
        return fd, lambda: all_of(os.pwrite(fd, data, offset))
    if verb == "read":
        fd, offset = open_direct(path, os.O_RDONLY), int(rest[0])
        return fd, lambda: all_of(os.preadv(fd, [data], offset))
    if verb == "attr":
        set_attributes(os.path.dirname(path), [f"{os.path.basename(path)}={r}" for r in rest[1:]])
        fd, value = os.open(path, os.O_WRONLY), rest[0].encode()
        return fd, lambda: os.pwrite(fd, value, 0)
    if verb == "size":
        set_attributes(path, ["reset=1", *rest[1:]])
        fd, value = os.open(f"{path}/disksize", os.O_WRONLY), rest[0].encode()
        return fd, lambda: os.pwrite(fd, value, 0)
    if verb == "open":
        set_attributes(path, ["reset=1", *rest[1:], f"disksize={rest[0]}"])
        device = f"/dev/{os.path.basename(path)}"
        return os.open(path, os.O_RDONLY), lambda: os.close(os.open(device, os.O_WRONLY))
    if verb == "show":
        fd = os.open(path, os.O_RDONLY)
        return fd, lambda: os.pread(fd, 4096, 0)
    if verb == "load":
        fd = os.open(path, os.O_RDONLY)
        image, parameters = os.pread(fd, 1 << 28, 0), "".join(rest).encode()
        unload(os.path.basename(path).removesuffix(".ko"))
        return fd, lambda: load(image, parameters)
    raise SystemExit(f"faults.py: what is {verb}?")


def attempt(call):
    """0, or the errno."""
    try:
        call()
    except OSError as error:
        return error.errno
    return 0


def look(path, offset):
    """What is there, without faults."""
    fd = open_direct(path, os.O_RDONLY)
    buffer = mmap.mmap(-1, BYTES)
    if os.preadv(fd, [buffer], offset) != BYTES:
        raise SystemExit(f"faults.py: {path} ends at {offset}")
    os.close(fd)
    return buffer[:]


class Bytes:
    """What a write or a read is about, before it and after it."""

    def __init__(self, operation, data):
        self.verb, self.path, *rest = operation.split(":")
        self.data = data
        self.moves = self.verb in ("write", "read")
        if self.moves:
            self.offset = int(rest[0])
            self.before = look(self.path, self.offset)
        if self.verb == "read":
            data[:] = bytes(BYTES)

    def wrong(self, code):
        """Has it not done what it said? A write that fails may have done parts."""
        if not self.moves:
            return False
        now = look(self.path, self.offset)
        if self.verb == "read":
            return now != self.before or (code == 0 and self.data[:] != now)
        if code == 0:
            return now != self.data[:]
        return any(now[at:at + PAGE] not in (self.before[at:at + PAGE],
                                             self.data[at:at + PAGE])
                   for at in range(0, BYTES, PAGE))


def once_nth(call, nth):
    """(errno, was it injected)."""
    fd = os.open("/proc/self/fail-nth", os.O_RDWR)
    text = str(nth).encode()
    os.write(fd, text)
    code = attempt(call)
    left = int(os.pread(fd, 16, 0).strip(b"\0\n") or b"0")
    os.pwrite(fd, b"0", 0)
    os.close(fd)
    return code, left == 0


def once_percent(call):
    fd = os.open("/proc/self/make-it-fail", os.O_RDWR)
    os.write(fd, b"1")
    code = attempt(call)
    os.pwrite(fd, b"0", 0)
    os.close(fd)
    return code


def needed(operation, data):
    """How many allocations the operation makes if none fails."""
    def fewer(nth):
        fd, call = prepare(operation, data)
        hit = once_nth(call, nth)[1]
        os.close(fd)
        return not hit
    return bisect.bisect_left(range(LIMIT), True, key=fewer)


def main():
    mode, operations = sys.argv[1], sys.argv[2:]
    data = mmap.mmap(-1, BYTES)
    data.write(sys.stdin.buffer.read(BYTES).ljust(BYTES, b"\0"))
    wrong = 0
    for operation in operations:
        tried = injected = failed = 0
        codes = set()
        first = step = 1
        if mode.startswith("last="):
            last, step = map(int, mode.removeprefix("last=").split("/"))
            first = max(1, needed(operation, data) - last + random.randrange(step))
        for nth in range(first, ROUNDS + 1 if mode == "percent" else LIMIT, step):
            about = Bytes(operation, data)
            fd, call = prepare(operation, data)
            if mode != "percent":
                code, hit = once_nth(call, nth)
            else:
                code, hit = once_percent(call), False
            os.close(fd)
            if about.wrong(code):
                print(f"{operation} attempt {nth}: wrong bytes after {code}")
                wrong = 1
            if code and mode != "percent" and not hit:
                print(f"{operation} attempt {nth}: {errno.errorcode[code]} without a fault")
                wrong = 1
            tried += 1
            injected += hit
            failed += code != 0
            codes.add(code)
            if mode != "percent" and not hit:
                break
        bad = codes - CLEAN - {0}
        wrong |= bool(bad)
        print(f"{operation} tried {tried} injected {injected} failed {failed}",
              "".join(f" UNCLEAN {errno.errorcode[c]}" for c in bad), flush=True)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
