# SPDX-License-Identifier: GPL-2.0-only
"""Row 10: real pages pushed out to swap by MADV_PAGEOUT, and faulted in again.

By the distribution's settings anonymous memory is in folios of 2 MiB where it can be; and
with that switched off, in such of 64 KiB, and in single pages.
"""

import mmap
import os
import re
import subprocess
import time

from device import NAMES, PAGE, Device, in_turn, read, write

LEAST = 300 << 20
# Under emulation a pass of this takes twenty seconds: fewer of the others.
ROUNDS = 5
OTHER_ROUNDS = 3
SWAP_BYTES = 512 << 20
PAGEOUT = 21	# of madvise(2); Python 3.11 has no name for it
FOLIOS = "/sys/kernel/mm/transparent_hugepage/hugepages-{}kB"
# What is enabled of the sizes in KiB: as the system has it, and the others.
SIZES = {"default": None, "64k": {2048: "never", 64: "always"},
         "4k": {2048: "never", 64: "never"}}


def large_out():
    """Folios of 64 KiB that went out as one."""
    return int(read(FOLIOS.format(64) + "/stats/swpout"))


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
    switches = {kib: FOLIOS.format(kib) + "/enabled" for kib in (2048, 64)}
    can_switch = all(os.path.exists(path) for path in switches.values())
    before = {kib: re.search(r"\[(\w+)\]", read(path))[1]
              for kib, path in switches.items()} if can_switch else {}
    for n in range(min(rounds, ROUNDS)):
        one = {name: {} for name in NAMES}
        for size, settings in SIZES.items():
            if settings and (n >= OTHER_ROUNDS or not can_switch):
                continue
            for kib, value in (settings or before).items():
                write(switches[kib], value)
            for name in in_turn(n):
                large = large_out() if can_switch else 0
                one[name][size] = one_device(devices[name], fast)
                if can_switch:
                    one[name][size]["folios_64k"] = large_out() - large
                if size == "64k" and large_out() - large < LEAST // 2 >> 16:
                    raise ValueError("hardly anything went out in folios of 64 KiB")
        done.append(one)
        say(f"round {n + 1}: MB/s out and in: " + ", ".join(
            f"{name} {size} {found['out_mb_s']:.0f} {found['in_mb_s']:.0f}"
            for name in NAMES for size, found in one[name].items()))
    return done
