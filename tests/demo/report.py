#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The demo's results as a table, demo.json and a picture; judges them, too.

usage: report.py DIR KERNEL

Reads DIR/result-COLUMN.json and DIR/status-COLUMN (the exit status of that
column's guest). Exits 0 only if every column ran to its end without an error
and swapped enough, and our callbacks moved pages.
"""

import json
import os
import sys

import chart
from device import COLUMNS

KEYS = ("swapped_mib", "ratio", "mem_used_mib", "swapout_mib_s",
        "pages_migrated", "order9_before", "order9_after", "order2_failed",
        "verify_errors")
TITLES = {
    "zblock": "zblock",
    "zblock-unmovable": "zblock, movable=0",
    "zram": "zram (in-tree)",
}
ROWS = (
    ("swapped out, MiB", "swapped_mib", "{:.1f}"),
    ("compression ratio (orig/compr)", "ratio", "{:.2f}"),
    ("in swap at its fullest, MiB", "in_swap_mib", "{:.1f}"),
    ("memory used for that, MiB", "mem_used_mib", "{:.1f}"),
    ("swap-out, MiB/s", "swapout_mib_s", "{:.1f}"),
    ("pages migrated by our callbacks", "pages_migrated", "{}"),
    ("free order-9+ blocks before compaction", "order9_before", "{}"),
    ("after compact_memory alone", "order9_after_sysctl", "{}"),
    ("free order-9+ blocks after compaction", "order9_after", "{}"),
    ("order-2 allocations that failed", "order2_failed", "{}"),
    ("verification errors", "verify_errors", "{}"),
)
LEAST_SWAPPED_MIB = 250
STATUSES = {
    70: "the guest's kernel complained (see the lines above)",
    77: "the mirror does not have this kernel",
    124: "time was up",
    125: "the laboratory failed",
}


def load(folder):
    """A map per column: what it measured, or all None, and its status."""
    results = {}
    for column in COLUMNS:
        try:
            with open(f"{folder}/result-{column}.json", encoding="ascii") as file:
                result = json.load(file)
        except (OSError, ValueError):
            result = dict.fromkeys(KEYS)
        with open(f"{folder}/status-{column}", encoding="ascii") as file:
            result["status"] = int(file.read())
        results[column] = result
    return results


def cell(template, value):
    return "-" if value is None else template.format(value)


def table(results, kernel):
    rows = [["", *TITLES.values()]]
    rows += [[title, *(cell(template, results[column].get(key)) for column in COLUMNS)]
             for title, key, template in ROWS]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["  ".join([row[0].ljust(widths[0]),
                        *(word.rjust(width) for word, width in zip(row[1:], widths[1:]))])
             for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines) + "\n\n" + notes(results, kernel)


def notes(results, kernel):
    tried = max(result.get("order2_tried") or 0 for result in results.values())
    held = min(result.get("held_mib") or 0 for result in results.values())
    return f"""\
Stock kernel {kernel}, 512 MiB, 2 CPUs, LZ4. Swap-out: 250 MiB asked of memory.reclaim, by
the clock. Blocks: order-9 equivalents (one of order 10 counts as two) in all
zones, with {held:.0f} MiB or more in swap, after one program ended and another gave
back 90 % of its pages at random; compaction is compact_memory five times and
what order-9 requests trigger. Order-2: of {tried} attempts (GFP_KERNEL |
__GFP_NORETRY), with memory full and under pressure.
"""


def faults(results):
    """What keeps the exit status from being 0, in words."""
    for column, result in results.items():
        status, title = result["status"], TITLES[column]
        if status:
            yield f"{title}: {STATUSES.get(status, f'failed with status {status}')}"
        if result["verify_errors"]:
            yield f"{title}: {result['verify_errors']} verification errors"
        if result["swapped_mib"] is None:
            yield f"{title}: gave no result"
            continue
        for key, what in (("held_mib", "in swap when blocks were counted"),
                          ("swapped_compacting_mib", "swapped while compacting")):
            if result[key] < LEAST_SWAPPED_MIB:
                yield (f"{title}: only {result[key]} MiB {what}, "
                       f"{LEAST_SWAPPED_MIB} wanted")
    if results["zblock"]["pages_migrated"] == 0:
        yield "zblock: no page was migrated by our callbacks"


def verdict(results):
    """Whether movable pages did what they are for, and a sentence of it."""
    after = [results[column]["order9_after"] for column in COLUMNS]
    if None in after:
        # which is for faults() to judge
        return True, "Huge blocks: cannot be compared, a column is missing."
    movable, unmovable, zram = after
    ok = movable >= 2 * unmovable and movable >= 0.95 * zram
    return ok, (f"Huge blocks after compaction: {movable} with movable pages, {unmovable} "
                f"without, {zram} with zram: {'as claimed' if ok else 'NOT AS CLAIMED'}.")


def main():
    folder, kernel = sys.argv[1:]
    results = load(folder)
    text = table(results, kernel)
    with open(f"{folder}/table.txt", "w", encoding="utf-8") as file:
        file.write(text)
    with open(f"{folder}/demo.json", "w", encoding="utf-8") as file:
        # The fixed keys first, in their order.
        json.dump({column: {**{key: result[key] for key in KEYS}, **result}
                   for column, result in results.items()}, file, indent=2)
        file.write("\n")
    with open(f"{folder}/demo.svg", "w", encoding="utf-8") as file:
        file.write(chart.draw(results, TITLES, kernel))
    print(text)
    ok, sentence = verdict(results)
    print(sentence)
    print("Written:", *(os.path.join(folder, name)
                        for name in ("table.txt", "demo.json", "demo.svg")))
    found = list(faults(results))
    if not ok:
        found.append("the movable pages did not do what they are for")
    for fault in found:
        print("FAILED:", fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
