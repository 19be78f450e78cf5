# SPDX-License-Identifier: GPL-2.0-only
"""Memory full of our pages is taken offline: a DIMM that was plugged in.

Its blocks are in ZONE_MOVABLE; our pages land there, being movable, and leave
again when each block is taken offline under readers and writers.
"""

import collections

import vm
from bench import expect
from monitor import monitor

DIMM_MIB = 256
TRIES = 3
LEAST = 0.5     # of a block's pages, in use by us, in one block at least


def plug(mib):
    """Plugs a DIMM in; the numbers of its memory blocks, all online."""
    old = vm.blocks()
    wanted = (mib << 20) // vm.PAGE // vm.block_pages()
    monitor().command("object-add", **{"qom-type": "memory-backend-ram"},
                      id="memory1", size=mib << 20)
    monitor().command("device_add", driver="pc-dimm", id="dimm1", memdev="memory1")
    vm.wait_for("DIMM", lambda: len(vm.blocks() - old) == wanted)
    new = sorted(vm.blocks() - old)
    for block in new:
        state = f"{vm.MEMORY}/memory{block}/state"
        vm.wait_for("online", lambda: vm.read(state).strip() == "online")
    return new


def offline(block):
    for _ in range(TRIES):
        try:
            vm.write(f"{vm.MEMORY}/memory{block}/state", "offline")
            return True
        except OSError:
            pass
    return False


def ours_by_block(bench):
    size = vm.block_pages()
    return collections.Counter(pfn // size for pfn in bench.device.pages())


def prove(bench):
    new = plug(DIMM_MIB)
    zones = {vm.zone_of_block(block) for block in new}
    expect(zones == {"Movable"}, f"the DIMM is in {zones}")
    bench.free(100)
    bench.fill()
    ours = ours_by_block(bench)
    held = [ours[block] for block in new]
    before = bench.device.counter("migrated")
    with bench.busy():
        gone = [offline(block) for block in new]
    left = sum(ours_by_block(bench)[block] for block in new)
    moved = bench.device.counter("migrated") - before
    shares = ", ".join(f"{n * 100 // vm.block_pages()} %" for n in held)
    said = (f"{gone.count(True)} of {len(new)} blocks of ZONE_MOVABLE offlined, ours in "
            f"them {shares}; {moved} pages moved, {left} left behind")
    expect(all(gone) and not left, said)
    expect(max(held) >= vm.block_pages() * LEAST and moved >= sum(held) // 2, said)
    return said
