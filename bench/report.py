# SPDX-License-Identifier: GPL-2.0-only
"""The bench's results as the table of issue 5: ratios, targets, met or not."""

import json
import os
import platform
import time
from statistics import median

import chart
import perf
import targets

PARTS = ("codec", "rw", "profile", "memory", "units", "calm", "growth", "instructions",
         "swap", "fio", "fio-stock")


def load(folder):
    """What each part left; those that were not run are missing."""
    results = {}
    for part in PARTS:
        try:
            with open(f"{folder}/{part}.json", encoding="ascii") as file:
                results[part] = json.load(file)
        except OSError:
            continue
    return results


def older(results, signature):
    """A line for what was not run by this run: when, on which modules, on which data."""
    said = []
    for part, result in results.items():
        signed = {key: result.get(key, "?") for key in signature}
        if signed != signature:
            data = "" if signed["data"] == signature["data"] else ", other data"
            said.append(f"{part} ({signed['date']}, modules of {signed['modules']}{data})")
    return [f"Of earlier runs: {'; '.join(said)}."] if said else []


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def table(rows):
    cells = [("#", "figure", "measured", "target", "", "what limits it")]
    cells += [row.cells() for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|" + "---|" * len(cells[0]))
    return lines


def speeds(results):
    """MB/s and latencies of every case, medians over the rounds."""
    lines = ["| case | zblock MB/s | zram MB/s | ratio | p50 / p99 / p99.9 µs, zblock | zram |",
             "|---|---|---|---|---|---|"]
    rounds = results["rw"]["rounds"]
    for case in rounds[0]["zram"]:
        def mid(device, key, case=case):
            return median(one[device][case][key] for one in rounds)

        ratio = median(targets.ratios(rounds, case))
        times = [" / ".join(f"{mid(device, key) / 1e3:.1f}" for key in ("p50", "p99", "p999"))
                 for device in ("zblock", "zram")]
        lines.append(f"| {case} | {mid('zblock', 'mb_s'):.0f} | {mid('zram', 'mb_s'):.0f} "
                     f"| {ratio:.2f} | {times[0]} | {times[1]} |")
    return lines


def codec(results):
    lines = ["| codec alone | compress MB/s | decompress MB/s | ratio |", "|---|---|---|---|"]
    rounds = results["codec"]["rounds"]
    for case in rounds[0]:
        one = [found[case] for found in rounds]
        lines.append(f"| {case} | {median(x['mb_s'] for x in one):.0f} "
                     f"| {median(x['unpack_mb_s'] for x in one):.0f} "
                     f"| {one[0]['bytes'] / one[0]['packed']:.2f} |")
    return lines


def profile(results):
    """CPU time of each case by what it was spent on."""
    (one,) = results["profile"]["rounds"]
    lines = ["Microseconds of CPU for each 4 KiB, of all CPUs together; samples of the guest's "
             "kernel by perf (cpu-clock).", "",
             f"| case | device | all | {' | '.join(perf.NAMES)} |",
             "|" + "---|" * (3 + len(perf.NAMES))]
    for case in one["zblock"]:
        for device in ("zblock", "zram"):
            parts = one[device].get(case, {}).get("parts", {})
            lines.append(f"| {case} | {device} | {sum(parts.values()):.2f} | "
                         + " | ".join(f"{parts.get(name, 0):.2f}" for name in perf.NAMES) + " |")
    return lines


def cost(found, compressed):
    return (f"{found['all'] / compressed:.3f} ({found['used'] / 1e6:.1f} + "
            f"{found['meta'] / 1e6:.2f} MB; seen {found['seen'] / 1e6:.1f})")


def memory(results):
    """All-in bytes of each phase, and what the guest's free memory says."""
    lines = ["Of the last round. "
             "All-in bytes by what zram counts as compressed bytes (pool + metadata; "
             "seen: what the guest had less of free memory).", "",
             "| phase | compressed MB | zblock | zram |", "|---|---|---|---|"]
    last = results["memory"]["rounds"][-1]
    for algorithm, phases in last["zram"].items():
        for phase, zram in phases.items():
            compressed = zram["compressed"]
            lines.append(f"| {algorithm}, {phase} | {compressed / 1e6:.1f} "
                         f"| {cost(last['zblock'][algorithm][phase], compressed)} "
                         f"| {cost(zram, compressed)} |")
    return lines


def units(results):
    lines = ["| | all-in MB filled (last round) | after single overwrites and discards | 64 KiB writes MB/s "
             "| lone page reads MB/s |", "|---|---|---|---|---|"]
    rounds = results["units"]["rounds"]
    if not rounds:
        return ["Not measured: no attribute unit_size."]
    for name in rounds[0]:
        one = [found[name] for found in rounds]
        lines.append(f"| {name} | {one[-1]['filled']['all'] / 1e6:.1f} "
                     f"| {one[-1]['torn']['all'] / 1e6:.1f} "
                     f"| {median(x['write']['mb_s'] for x in one):.0f} "
                     f"| {median(x['read']['mb_s'] for x in one):.0f} |")
    return lines


def calm(results):
    lines = ["| 4 KiB random reads, lz4, µs | p50 | p99 | p99.9 | max | pages compacted |",
             "|---|---|---|---|---|---|"]
    rounds = results["calm"]["rounds"]
    for device in ("zblock", "zram"):
        for state in ("quiet", "busy"):
            times = " | ".join(
                f"{median(one[device][state][key] for one in rounds) / 1e3:.1f}"
                for key in ("p50", "p99", "p999", "max"))
            compacted = (f"{median(one[device]['compacted'] for one in rounds):.0f}"
                         if state == "busy" else "")
            lines.append(f"| {device}, {state} | {times} | {compacted} |")
    return lines


def growth(results):
    lines = ["| objects | ns for alloc | free | free one, alloc one, among all "
             "| bytes kept beyond its own |", "|---|---|---|---|---|"]
    rounds = results["growth"]["rounds"]
    for pool, counts in rounds[0].items():
        for count in counts:
            one = [found[pool][count] for found in rounds]
            times = " | ".join(f"{median(x[key] for x in one):.0f}"
                               for key in ("alloc_ns", "free_ns", "pair_ns"))
            lines.append(f"| {pool}, {int(count):,} | {times} "
                         f"| {(one[0]['bytes'] - one[0]['wanted']) / int(count):.1f} |")
    return lines


def instructions(results):
    lines = ["Of a guest with one processor, for each 4 KiB of direct I/O with its system call. "
             "(A hole: we clear the page by one instruction of x86 that is counted for each byte, "
             "zram by one for each word.)",
             "", "| case | zblock | zram | difference |", "|---|---|---|---|"]
    found = results["instructions"]["rounds"][0]
    for case, count in found["zblock"].items():
        other = found["zram"][case]
        lines.append(f"| {case} | {count:,.0f} | {other:,.0f} | {count - other:+,.0f} |")
    return lines


def swap(results):
    lines = ["| | out MB/s | in MB/s | MiB |", "|---|---|---|---|"]
    rounds = results["swap"]["rounds"]
    for device in ("zblock", "zram"):
        for size in rounds[0][device]:
            one = [found[device][size] for found in rounds if size in found[device]]
            words = {"default": "default settings", "64k": "folios of 64 KiB",
                     "4k": "single pages"}[size]
            lines.append(f"| {device}, {words} | {median(x['out_mb_s'] for x in one):.0f} "
                         f"| {median(x['in_mb_s'] for x in one):.0f} "
                         f"| {one[0]['bytes'] / 2**20:.0f} |")
    return lines


def fio(results, part="fio"):
    lines = ["| fio, io_uring, lz4 | zblock MB/s | zram MB/s | ratio |", "|---|---|---|---|"]
    rounds = results[part]["rounds"]
    for job in rounds[0]["zram"]:
        speed = [median(one[device][job]["mb_s"] for one in rounds)
                 for device in ("zblock", "zram")]
        lines.append(f"| {job} | {speed[0]:.0f} | {speed[1]:.0f} "
                     f"| {median(targets.ratios(rounds, job)):.2f} |")
    return lines


def fio_stock(results):
    return fio(results, "fio-stock")


SECTIONS = (
    ("codec", "The codec alone, one core", codec),
    ("rw", "Throughput and latency", speeds),
    ("profile", "Where the time goes", profile),
    ("memory", "Memory", memory),
    ("units", "Units of several pages, zstd", units),
    ("calm", "Calm", calm),
    ("growth", "Growth", growth),
    ("instructions", "Instructions for a page, stock guest", instructions),
    ("swap", "Swap in a stock guest", swap),
    ("fio", "fio, User-Mode Linux", fio),
    ("fio-stock", "fio, stock guest", fio_stock),
)


def write(folder, signature):
    """Writes the report's files, of a run of that signature; returns the table for the
    terminal."""
    results = load(folder)
    with open(f"{folder}/corpus.json", encoding="ascii") as file:
        corpus = json.load(file)
    rows = targets.rows(results)
    kernels = sorted({part["kernel"] for part in results.values()})
    rounds = {name: len(part["rounds"]) for name, part in results.items()}
    data = ", ".join(f"{size / 2**20:.0f} MiB {name}" for name, size in corpus.items())
    lines = ["# zblock beside the in-tree zram", "",
             f"{time.strftime('%Y-%m-%d')}, kernel {', '.join(kernels)}, {processor()}, "
             f"{os.cpu_count()} CPUs, modules of {signature['modules']}. Data: {data}.",
             "Ratios are zblock : zram in the same guest, medians of interleaved rounds "
             f"({', '.join(f'{name} {count}' for name, count in rounds.items())}).",
             *older(results, signature), "", *table(rows)]
    for part, title, section in SECTIONS:
        if part in results:
            lines += ["", f"## {title}", "", *section(results)]
    with open(f"{folder}/report.md", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    for name, svg in chart.draw(results, rows):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(svg)
    with open(f"{folder}/report.json", "w", encoding="utf-8") as file:
        json.dump({"rows": [row.as_map() for row in rows], "corpus": corpus,
                   "kernels": kernels, "processor": processor(), **results}, file)
        file.write("\n")
    return "\n".join(table(rows)) + f"\n\nWritten: {os.path.join(folder, 'report.md')}"
