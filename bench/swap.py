# SPDX-License-Identifier: GPL-2.0-only
"""Row 10: real pages pushed out to swap by MADV_PAGEOUT, and faulted in again."""

import mmap
import os
import subprocess
import time

from device import NAMES, PAGE, Device, in_turn, read, write

LEAST = 300 << 20
# Under emulation a pass of this takes twenty seconds: fewer of large folios.
ROUNDS = 5
LARGE_ROUNDS = 2
SWAP_BYTES = 512 << 20
PAGEOUT = 21	# of madvise(2); Python 3.11 has no name for it
MTHP = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"


def swapped():
    return int(read("/proc/self/status").split("VmSwap:")[1].split()[0]) * 1024


def fill(corpus):
    """The corpus in fresh anonymous memory."""
    size = os.path.getsize(corpus)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with open(corpus, "rb", buffering=0) as file:
        if file.readinto(memory) != size:
            raise OSError("short read of the corpus")
    return memory


def out_and_in(corpus):
    """Bytes and seconds of a swap-out, and seconds of the way back."""
    memory = fill(corpus)
    began = time.monotonic()
    memory.madvise(PAGEOUT)
    for _ in range(50):		# who writes behind our back may still be at it
        if int(read("/proc/meminfo").split("Writeback:")[1].split()[0]) == 0:
            break
        time.sleep(0.01)
    out_s = time.monotonic() - began
    size = swapped()
    view = memoryview(memory)
    began = time.monotonic()
    sum(view[::PAGE])		# touches every page
    in_s = time.monotonic() - began
    with open(corpus, "rb") as file:
        at = 0
        while chunk := file.read(1 << 20):
            if view[at:at + len(chunk)] != chunk:
                raise ValueError(f"swap gave back other data, at {at}")
            at += len(chunk)
    view.release()
    memory.close()
    if size < LEAST:
        raise ValueError(f"only {size >> 20} MiB went to swap")
    return {"bytes": size, "out_mb_s": size / 1e6 / out_s, "in_mb_s": size / 1e6 / in_s,
            "out_s": out_s, "in_s": in_s}


def one_device(device, corpus):
    device.start("lz4", SWAP_BYTES)
    subprocess.run(["mkswap", device.path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["swapon", "-d", device.path], check=True)
    try:
        return out_and_in(corpus)
    finally:
        subprocess.run(["swapoff", device.path], check=True)
        device.reset()


def run(rounds, say, corpus):
    # in memory, so that no file system of the host is in the way
    fast = "/dev/shm/corpus"
    subprocess.run(["mount", "-t", "ramfs", "ramfs", "/dev/shm"], check=True)
    subprocess.run(["cp", corpus, fast], check=True)
    write("/proc/sys/vm/drop_caches", 3)
    devices = {name: Device(name) for name in NAMES}
    done = []
    for n in range(min(rounds, ROUNDS)):
        one = {name: {} for name in NAMES}
        for size in ("4k", "64k"):
            if os.path.exists(MTHP):
                write(MTHP, "always" if size == "64k" else "never")
            if size == "64k" and (n >= LARGE_ROUNDS or not os.path.exists(MTHP)):
                break
            for name in in_turn(n):
                one[name][size] = one_device(devices[name], fast)
        done.append(one)
        say(f"round {n + 1}: MB/s out and in: " + ", ".join(
            f"{name} {size} {found['out_mb_s']:.0f} {found['in_mb_s']:.0f}"
            for name in NAMES for size, found in one[name].items()))
    return done
