#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One column of the demo, run as root inside the guest.

usage: scenario.py COLUMN VMPROBE.KO RESULT.json [RECORDS.jsonl]

The same steps for each device, so that the columns compare:

  build     two processes of parsed objects, a program of text and the filler
            grow side by side, so that their pages lie side by side
  fill      the filler, which cannot be swapped, grows until the objects are in
            swap; memory is never nearly free meanwhile, so that the pool's
            pages come to lie wherever there is room
  full      the text program ends, the filler gives most of its pages back at
            random; free huge blocks are counted, memory is compacted, they
            are counted again
  pressure  stress-ng takes the memory instead, every object is checked, and
            memory is compacted all the while
  push      the objects go out to swap on demand, timed, nothing else runs
  check     every object comes back from swap, and goes out again until enough
            has, while memory is compacted
"""

import json
import subprocess
import sys
import threading
import time

import vm
from device import Device
from worker import Workers

DISK_MIB = 1280
OBJECTS_MIB = 288       # of two processes together
PUSH_MIB = 250          # asked of reclaim in "push"
FULL_MIB = 256          # of the objects, in swap at the end of "fill"
STEP_MIB = 4            # of them, before the others have a turn
TEXT_MIB = 180
FILLER_MIB = 60         # at the end of "build"
FILLER_MOST_MIB = 340
FILLER_FREED = 90       # per cent
STRESS_MIB = 280
STRESS_SECONDS = 12
ROUNDS = 30             # of order-2 attempts with memory full, and under pressure
HUGE_PROBES = 5
FULL_COMPACTIONS = 5
ORDER2 = "order 2 count 128 mode "

START = time.monotonic()


def say(text):
    print(f"{time.monotonic() - START:5.1f} s in the guest: {text}", flush=True)


class Compactor(threading.Thread):
    """Compacts the device's pool and then all memory, again and again."""

    def __init__(self, device):
        super().__init__(daemon=True)
        self.device = device
        self.times = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            compact(self.device)
            self.times += 1
            self.over.wait(0.7)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def swapped_mib(since):
    return round((vm.vmstat("pswpout") - since) * vm.PAGE / vm.MIB, 1)


def compact(device):
    device.set("compact", 1)
    vm.write("/proc/sys/vm/compact_memory", "1")


class Order2:
    """Attempts to get order-2 blocks, the same number in each column.

    By mode of vmprobe: "kernel" may reclaim and compact once, as a fork's
    kernel stack; "atomic" takes what is there, as a received packet.
    """

    def __init__(self):
        self.tried = {"kernel": 0, "atomic": 0}
        self.failed = {"kernel": 0, "atomic": 0}

    def rounds(self, count, pause):
        for _ in range(count):
            # Atomic first: it finds what others left, not what reclaim made.
            for mode in ("atomic", "kernel"):
                answer = vm.probe(ORDER2 + mode)
                self.tried[mode] += answer["tried"]
                self.failed[mode] += answer["failed"]
            time.sleep(pause)


def stress_errors(stress):
    """Waits for stress-ng; failed verifications, or 1 for any other failure."""
    output, _ = stress.communicate()
    failures = [line for line in output.splitlines() if "fail:" in line]
    for line in failures:
        print(line, file=sys.stderr)
    if stress.returncode and not failures:
        print(output, file=sys.stderr)
    return max(len(failures), int(stress.returncode != 0))


def push():
    """MiB a second that go out to swap when reclaim is asked for them."""
    before, start = vm.vmstat("pswpout"), time.monotonic()
    for _ in range(PUSH_MIB // 10):
        vm.reclaim("objects", 10)
    seconds = time.monotonic() - start
    return swapped_mib(before) / seconds


def pressure(device, objects, order2):
    stress = subprocess.Popen(
        ("stress-ng", "--vm", "2", "--vm-bytes", f"{STRESS_MIB}M", "--vm-keep",
         "--vm-populate", "--verify", "--timeout", f"{STRESS_SECONDS}s"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=vm.join("stress"))
    with Compactor(device) as compactor:
        objects.ask("check")
        order2.rounds(ROUNDS, 0.1)
        errors = stress_errors(stress)
        errors += objects.errors()
    return errors, compactor.times


def build(objects, others):
    """Everybody grows at the same time; others: (process, MiB) pairs."""
    for mib in range(STEP_MIB, OBJECTS_MIB + 1, STEP_MIB):
        objects.ask(f"build {mib / 2}")
        for process, most in others:
            process.ask(f"grow {STEP_MIB * most / OBJECTS_MIB:.3f}")
        for process, _ in others:
            process.totals()
        totals = objects.totals()
    return totals


def fill(filler):
    for _ in range(FILLER_MIB, FILLER_MOST_MIB, 2):
        if vm.swapped_mib("objects") >= FULL_MIB:
            return
        filler.ask("grow 2")
        filler.totals()


def main():
    column, vmprobe, result_file = sys.argv[1:4]
    subprocess.run(("insmod", vmprobe), check=True)
    for cgroup in ("objects", "text", "stress"):
        vm.make_cgroup(cgroup)
    vm.make_cgroup("filler", swap=False)
    device = Device(column, DISK_MIB)
    order2 = Order2()
    swapped = vm.vmstat("pswpout")

    filler = Workers("filler", [["filler.py", "stamps"]])
    text = Workers("text", [["filler.py", "text"]])
    objects = Workers("objects", [["objects.py", str(n), "2", *sys.argv[4:]]
                                  for n in range(2)])
    count, mib = build(objects, ((text, TEXT_MIB), (filler, FILLER_MIB)))
    say(f"built {count} objects, {mib} MiB")

    fill(filler)
    fullest = device.mm_stat()
    say(f"swap holds {fullest['orig'] / vm.MIB:.0f} MiB in "
        f"{fullest['used'] / vm.MIB:.0f} MiB of RAM")

    order2.rounds(ROUNDS, 0)
    text.end()
    filler.ask(f"free {FILLER_FREED}")
    filler.totals()
    vm.write("/proc/sys/vm/drop_caches", "3")
    before = vm.order9_blocks()
    unmovable_blocks = vm.blocks_of_type("Unmovable")
    ended = device.mm_stat()
    for _ in range(FULL_COMPACTIONS):
        compact(device)
    after_sysctl = vm.order9_blocks()
    # it ends with the first block that cannot be had, which may be so for a moment only
    huge = max(vm.probe("order 9 count max mode huge")["held"] for _ in range(HUGE_PROBES))
    after = vm.order9_blocks()
    compacted = device.mm_stat()
    say(f"free blocks of order 9: {before}, after compaction {after}")

    mark = vm.vmstat("pswpout")
    errors, compactions = pressure(device, objects, order2)
    swapped_compacting = swapped_mib(mark)
    say(f"{swapped_compacting:.0f} MiB more swapped out, checked under pressure, "
        f"compacted {compactions} times meanwhile: {errors} errors")

    speed = push()
    say(f"swapped out on demand, {speed:.1f} MiB/s")

    mark = vm.vmstat("pswpout")
    objects.ask("check")
    with Compactor(device) as compactor:
        # A slow stress-ng may have swapped little: the rest while they return.
        for _ in range(PUSH_MIB // 4):
            if swapped_compacting + swapped_mib(mark) >= PUSH_MIB:
                break
            vm.reclaim("objects", 8)
        errors += objects.errors()
    swapped_compacting += swapped_mib(mark)
    filler.ask("check")
    errors += filler.errors()
    say(f"checked again, compacted {compactor.times} times meanwhile: "
        f"{errors} errors")

    result = {
        "swapped_mib": swapped_mib(swapped),
        "ratio": round(fullest["orig"] / fullest["compr"], 3),
        "mem_used_mib": round(fullest["used"] / vm.MIB, 1),
        "swapout_mib_s": round(speed, 1),
        "pages_migrated": device.migrated(),
        "order9_before": before,
        "order9_after": after,
        "order2_failed": order2.failed["kernel"],
        "verify_errors": errors,
        "order2_tried": order2.tried["kernel"],
        "order2_atomic_failed": order2.failed["atomic"],
        "swapped_compacting_mib": round(swapped_compacting, 1),
        "in_swap_mib": round(fullest["orig"] / vm.MIB, 1),
        "held_mib": round(ended["orig"] / vm.MIB, 1),
        "order9_after_sysctl": after_sysctl,
        "huge_pages_got": huge,
        "unmovable_blocks": unmovable_blocks,
        "compactions": compactions + compactor.times + FULL_COMPACTIONS,
        "pgmigrate_success": vm.vmstat("pgmigrate_success"),
        "mm_stat": {"fullest": fullest, "text_ended": ended, "compacted": compacted},
        "seconds": round(time.monotonic() - START, 1),
    }
    with open(result_file, "w", encoding="ascii") as file:
        json.dump(result, file)
    return 0 if errors == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
