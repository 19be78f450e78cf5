# SPDX-License-Identifier: GPL-2.0-only
"""The demo's picture: small panels of bars, one colour for each device."""

from html import escape

WIDTH, HEIGHT = 960, 590
MARGIN, GAP = 32, 24
BAR, PITCH, GROUP_GAP = 20, 26, 10
COLOURS = ("#1b6ca8", "#c8553d", "#7a8793")
INK, SOFT, RULE = "#1d2430", "#5b6472", "#d9dee5"
STYLE = f"""\
text {{ font-family: "DejaVu Sans", "Helvetica Neue", Arial, sans-serif; fill: {INK}; }}
.title {{ font-size: 21px; font-weight: bold; }}
.panel {{ font-size: 14px; font-weight: bold; }}
.small {{ font-size: 12px; fill: {SOFT}; }}
.value {{ font-size: 13px; }}
"""


def text(x, y, words, kind, anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" '
            f'text-anchor="{anchor}">{escape(words)}</text>')


def rect(x, y, width, height, colour, opacity=1.0):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="2" fill="{colour}" fill-opacity="{opacity}"/>')


def bars(x, y, width, values, number, group, least):
    """Horizontal bars in groups, each value at its bar's end, None as a dash.

    values: (value, colour, opacity, words after the value) for each bar.
    A full bar stands for the largest value, or for least if that is more.
    """
    room = width - 64 - max(len(words) for *_, words in values) * 7
    top = max([least, *(value for value, *_ in values if value)])
    end = y + PITCH * len(values) + len(values) // group * GROUP_GAP - GROUP_GAP
    parts = [f'<line x1="{x}" y1="{y - 4}" x2="{x}" y2="{end}" '
             f'stroke="{RULE}" stroke-width="2"/>']
    for n, (value, colour, opacity, words) in enumerate(values):
        line = y + n * PITCH + n // group * GROUP_GAP
        length = room * (value or 0) / top
        label = "\u2013" if value is None else number.format(value)
        parts.append(rect(x + 1, line, length, BAR, colour, opacity))
        parts.append(text(x + length + 8, line + 15, f"{label}{words}", "value"))
    return parts


def panel(x, y, width, title, hint, values, number="{:.0f}", group=1, least=1):
    return [text(x, y + 14, title, "panel"), text(x, y + 32, hint, "small"),
            *bars(x, y + 46, width, values, number, group, least)]


def legend(x, y, titles):
    parts = []
    for title, colour in zip(titles, COLOURS):
        parts += [rect(x, y - 11, 14, 14, colour), text(x + 21, y, title, "value")]
        x += 44 + 8 * len(title)
    return parts


def draw(results, titles, kernel):
    """results: a map of the measured keys for each column, in titles' order."""
    columns = list(titles)

    def one_each(key):
        return [(results[column][key], colour, 1.0, "")
                for column, colour in zip(columns, COLOURS)]

    huge = []
    for column, colour in zip(columns, COLOURS):
        huge += [(results[column]["order9_before"], colour, 0.4, " before"),
                 (results[column]["order9_after"], colour, 1.0, " after")]

    third = (WIDTH - 2 * MARGIN - 2 * GAP) / 3
    left, middle, right = (MARGIN + n * (third + GAP) for n in range(3))
    upper, lower = 118, 390
    tried = max(result.get("order2_tried") or 0 for result in results.values())
    errors = ", ".join("-" if results[column]["verify_errors"] is None
                       else str(results[column]["verify_errors"]) for column in columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(MARGIN, 44, "Swapping to compressed RAM whose pages can move", "title"),
        text(MARGIN, 66, f"Linux {kernel}, 512 MiB, 2 CPUs, LZ4; the same work on "
             "three devices, each after a fresh boot", "small"),
        *legend(MARGIN, 96, titles.values()),
        *panel(left, upper, 2 * third + GAP, "Free huge blocks (order 9 and above)",
               "swap full, other programs' memory given back: before and "
               "after compaction", huge, group=2),
        *panel(right, upper, third, "Pages moved by our callbacks",
               "in-tree zram does not count them", one_each("pages_migrated")),
        f'<line x1="{MARGIN}" y1="{lower - 22}" x2="{WIDTH - MARGIN}" '
        f'y2="{lower - 22}" stroke="{RULE}"/>',
        *panel(left, lower, third, "Memory used, MiB", "for what swap holds at its fullest",
               one_each("mem_used_mib"), "{:.1f}"),
        *panel(middle, lower, third, "Swap-out, MiB/s", "more is better",
               one_each("swapout_mib_s"), "{:.1f}"),
        *panel(right, lower, third, "Order-2 allocations that failed",
               f"of {tried}; a full bar would be 1 % of them",
               one_each("order2_failed"), least=max(1, tried // 100)),
        text(MARGIN, HEIGHT - 24, f"Verification errors: {errors}.", "small"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
