# SPDX-License-Identifier: GPL-2.0-only
"""The bench's pictures, as SVG: ratio bars, latency curves, memory over phases."""

from html import escape
from math import log10
from statistics import median

# The last two of memory.py have no room here.
PHASES = ("filled", "overwritten", "discarded", "compacted")
COLOURS = {"zblock": "#1b6ca8", "zram": "#c8553d"}
INK, SOFT, RULE, MET, MISSED = "#1d2430", "#5b6472", "#d9dee5", "#2e7d4f", "#b3392f"
STYLE = f"""\
text {{ font-family: "DejaVu Sans", "Helvetica Neue", Arial, sans-serif; fill: {INK}; }}
.title {{ font-size: 18px; font-weight: bold; }}
.small {{ font-size: 11px; fill: {SOFT}; }}
.value {{ font-size: 12px; }}
"""


def text(x, y, words, kind="value", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')


def rect(x, y, width, height, colour, opacity=1.0):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{colour}" fill-opacity="{opacity}"/>')


def line(points, colour, width=2.0, dash=""):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (f'<polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="{width}" stroke-dasharray="{dash}"/>')


def picture(width, height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">', f"<style>{STYLE}</style>",
        rect(0, 0, width, height, "#ffffff"), text(24, 34, title, "title"),
        *parts, "</svg>"]) + "\n"


def legend(x, y):
    parts = []
    for name, colour in COLOURS.items():
        parts += [rect(x, y - 10, 12, 12, colour), text(x + 18, y, name)]
        x += 90
    return parts


def ratios(rows):
    """A bar for each row that was measured, a mark where its target is."""
    rows = [row for row in rows if row.value is not None]
    left, room = 520, 330
    top = max([2.0, *(max(row.value, row.target) for row in rows)])
    parts = [text(24, 56, "Bars: zblock against zram in the same guest; marks: the targets. "
                  "Green: met.", "small")]
    for n, row in enumerate(rows):
        y = 76 + n * 26
        mark = left + room * row.target / top
        parts += [text(left - 10, y + 14, f"{row.number}  {row.figure}", "small", "end"),
                  rect(left, y, room * row.value / top, 18, MET if row.met() else MISSED, 0.85),
                  line([(mark, y - 3), (mark, y + 21)], INK),
                  text(left + room * max(row.value, row.target) / top + 8, y + 14,
                       f"{row.value:.3g}  ({'≥' if row.at_least else '≤'} {row.target:g})")]
    return picture(960, 100 + 26 * len(rows), "zblock : zram", parts)


def merged(answers):
    """One histogram of several: (end of bucket in ns, count), ascending."""
    sums = {}
    for answer in answers:
        for end, count in answer["latencies"]:
            sums[end] = sums.get(end, 0) + count
    return sorted(sums.items())


def curve(answers, across, down):
    """The share of reads that took longer, on two logarithmic axes."""
    buckets = merged(answers)
    left = total = sum(count for _, count in buckets)
    points = []
    for end, count in buckets:
        left -= count
        if left:
            points.append((across(end), down(left / total)))
    return points


def latencies(rounds):
    """Of 4 KiB random reads: quiet, and under compaction and churn."""
    x0, y0, width, height = 90, 80, 800, 380
    low, high, floor = 3.0, 7.5, -5.0	# 1 us to 30 ms; one read of 100,000

    def across(ns):
        return x0 + width * (min(max(log10(ns), low), high) - low) / (high - low)

    def down(share):
        return y0 + height * max(log10(share), floor) / floor

    parts = legend(x0, 60)
    parts.append(text(x0 + 200, 60, "dashed: nobody else; full: while others overwrite, "
                      "discard and compact", "small"))
    for power in range(3, 8):
        x = across(10**power)
        parts += [line([(x, y0), (x, y0 + height)], RULE, 1),
                  text(x, y0 + height + 18, f"{10**(power - 3):g} µs", "small", "middle")]
    for power in range(0, 6):
        y = down(10**-power)
        parts += [line([(x0, y), (x0 + width, y)], RULE, 1),
                  text(x0 - 8, y + 4, f"{100 / 10**power:g} %", "small", "end")]
    for name, colour in COLOURS.items():
        for state, dash in (("quiet", "5,4"), ("busy", "")):
            parts.append(line(curve([one[name][state] for one in rounds], across, down),
                              colour, 2, dash))
    parts.append(text(x0 + width / 2, y0 + height + 42, "reads that took longer than", "small",
                      "middle"))
    return picture(940, 540, "4 KiB random reads, lz4", parts)


def memory(rounds):
    """All-in bytes by compressed bytes, phase after phase."""
    parts = legend(90, 60)
    for n, algorithm in enumerate(("lz4", "zstd")):
        x0, y0, height = 70 + n * 450, 90, 260
        phases = PHASES

        def cost(name, phase, algorithm=algorithm):
            return median(one[name][algorithm][phase]["all"] /
                          one["zram"][algorithm][phase]["compressed"] for one in rounds)

        top = max(cost(name, phase) for name in COLOURS for phase in phases) * 1.05
        parts.append(text(x0, y0 - 4, algorithm))
        for p, phase in enumerate(phases):
            for d, (name, colour) in enumerate(COLOURS.items()):
                value = cost(name, phase)
                x, tall = x0 + p * 105 + d * 46, height * value / top
                parts += [rect(x, y0 + height - tall + 14, 42, tall, colour, 0.85),
                          text(x + 21, y0 + height - tall + 10, f"{value:.3f}", "small",
                               "middle")]
            parts.append(text(x0 + p * 105 + 44, y0 + height + 32, phase, "small", "middle"))
    return picture(940, 410, "All-in memory / compressed bytes", parts)


def draw(results, rows):
    """Name and text of each picture that there is data for."""
    if rows:
        yield "ratios.svg", ratios(rows)
    if "calm" in results:
        yield "latencies.svg", latencies(results["calm"]["rounds"])
    if "memory" in results:
        yield "memory.svg", memory(results["memory"]["rounds"])
