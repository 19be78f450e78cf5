# SPDX-License-Identifier: GPL-2.0-only
"""With free-page-reporting=on the host gets back what the device lets go.

The device's data is discarded and memory compacted: then the resident memory
of the QEMU process falls by what the pool gave up.
"""

import subprocess
import time

import vm
from bench import expect
from contiguous import drain
from monitor import resident_mib

LEAST = 0.8
# The kernel reports a sixteenth of what is free every two seconds; a guest on a busy
# host takes longer. Compaction takes free blocks for a moment, which are then reported
# once more: so it has to be seldom.
PATIENCE = 180  # seconds for all of it
CALM = 8        # seconds without a report: there is none to come


def calm():
    """Packs memory, waits until no more goes to the host; what QEMU has then."""
    vm.compact()
    drain()
    low = resident_mib()
    since = time.monotonic()
    while time.monotonic() - since < CALM:
        time.sleep(0.5)
        now = resident_mib()
        if now < low - 0.5:
            low, since = now, time.monotonic()
    return resident_mib()


def prove(bench):
    subprocess.run(("modprobe", "virtio_balloon"), check=True)
    bench.fill()
    vm.drop_caches()
    before, pool = calm(), bench.device.pool_mib()
    bench.free(100)
    vm.drop_caches()
    freed = pool - bench.device.pool_mib()
    fell, end = 0.0, time.monotonic() + PATIENCE
    while fell < freed * LEAST and time.monotonic() < end:
        fell = before - calm()
        print(f"# {fell:.0f} MiB of {freed:.0f} are the host's again, "
              f"{vm.huge_blocks()} of {vm.huge_possible()} free blocks whole", flush=True)
    said = (f"{freed:.0f} MiB freed by discarding, QEMU's memory fell from "
            f"{before:.0f} MiB by {fell:.0f} ({fell * 100 / freed:.0f} %)")
    expect(fell >= freed * LEAST, said)
    return said
