# SPDX-License-Identifier: GPL-2.0-only
"""Bytes that a device costs, all of them: counted, and seen by the guest."""

import zbload
from device import pairs, read, write


def free_bytes():
    """Free memory, pages that a CPU keeps for itself being few.

    Caches of pages only: with the others, shrinkers would compact the pools.
    """
    write("/proc/sys/vm/percpu_pagelist_high_fraction", 1 << 24)
    write("/proc/sys/vm/drop_caches", 1)
    read("/proc/sys/vm/stat_refresh")
    return pairs("/proc/meminfo")["MemFree"] * 1024


class Account:
    """A device from the moment before it has a size."""

    def __init__(self, device, algorithm, **settings):
        self.device = device
        # zbload's own record of the device is made now, and kept
        zbload.forget(device)
        device.start(algorithm, zbload.corpus_bytes())
        zbload.run("verify", device, percent=1)
        device.reset()
        self.before = free_bytes()
        device.start(algorithm, zbload.corpus_bytes(), **settings)

    def now(self):
        stat = self.device.mm_stat()
        meta = self.device.metadata()
        return {**stat, "meta": meta, "all": stat["used"] + meta,
                "seen": self.before - free_bytes()}
