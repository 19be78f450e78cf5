# SPDX-License-Identifier: GPL-2.0-only
"""The rows of issue 5's table: what is measured, and where it must get."""

from dataclasses import asdict, dataclass
from statistics import median


@dataclass
class Row:
    """A row; value None: not measured, and limit says why."""
    number: str
    figure: str
    value: float
    target: float
    at_least: bool = True
    limit: str = ""

    def met(self):
        return (self.value >= self.target) == self.at_least or self.value == self.target

    def cells(self):
        target = f"{'≥' if self.at_least else '≤'} {self.target:g}"
        if self.value is None:
            return self.number, self.figure, "–", target, "not measured", self.limit
        digits = 3 if self.target < 1.06 and not self.at_least else 2
        return (self.number, self.figure, f"{self.value:.{digits}f}", target,
                "met" if self.met() else "**not met**", "" if self.met() else self.limit)

    def as_map(self):
        return {**asdict(self), "met": self.value is not None and self.met()}


def ratios(rounds, case, key="mb_s"):
    """zblock : zram in each round that has the case."""
    return [one["zblock"][case][key] / one["zram"][case][key] for one in rounds
            if case in one["zram"]]


def codec_share(results, case, device, key, unit):
    """How near a device is to its codec on one core, in words."""
    if "codec" not in results:
        return ""
    alone = median(one[f"{case.split()[0]} {unit}"][key] for one in results["codec"]["rounds"])
    got = median(one[device][case]["mb_s"] for one in results["rw"]["rounds"])
    return f"{device} {got / alone:.2f}"


def spent(results, case):
    """What the profile says that a case spends its time on."""
    words = []
    for device in ("zblock", "zram"):
        rounds = results.get("profile", {}).get("rounds", [{}])
        parts = rounds[0].get(device, {}).get(case, {}).get("parts")
        if not parts:
            return ""
        most = sorted(parts, key=parts.get, reverse=True)[:3]
        words.append(f"{device} {sum(parts.values()):.2f} µs (" +
                     ", ".join(f"{name} {parts[name]:.2f}" for name in most) + ")")
    return "CPU time for a page: " + ", ".join(words)


def speed_row(results, number, figure, case, target):
    key = "mb_s" if "write" in case else "unpack_mb_s"
    near = ", ".join(share for share in (codec_share(results, case, device, key, "4k")
                                         for device in ("zblock", "zram")) if share)
    words = [f"of the 4 KiB codec alone on one core: {near}" if near else "",
             spent(results, case.removesuffix(" x2").removesuffix(" qd16"))]
    return Row(number, figure, median(ratios(results["rw"]["rounds"], case)), target,
               limit="; ".join(filter(None, words)))


def rw_rows(results):
    for words in (("1", "4 KiB random read, one submitter, lz4", "lz4 read 4k", 1.10),
                  ("1", "4 KiB random read, two submitters, lz4", "lz4 read 4k x2", 1.10),
                  ("2", "4 KiB write, one submitter, lz4", "lz4 write 4k", 1.10),
                  ("2", "the same, 16 bios under way", "lz4 write 4k qd16", 1.10),
                  ("2", "4 KiB overwrite, one submitter, lz4", "lz4 overwrite 4k", 1.10),
                  ("2", "the same, 16 bios under way", "lz4 overwrite 4k qd16", 1.10),
                  ("3", "64 KiB write, one submitter, lz4", "lz4 write 64k", 1.7),
                  ("3", "the same, 16 bios under way", "lz4 write 64k qd16", 1.7),
                  ("3", "64 KiB write, one submitter, zstd", "zstd write 64k", 2.8),
                  ("3", "the same, 16 bios under way", "zstd write 64k qd16", 2.8),
                  ("4", "64 KiB read, one submitter, lz4", "lz4 read 64k", 1.3),
                  ("4", "the same, 16 bios under way", "lz4 read 64k qd16", 1.3),
                  ("4", "64 KiB read, one submitter, zstd", "zstd read 64k", 2.2),
                  ("4", "the same, 16 bios under way", "zstd read 64k qd16", 2.2)):
        yield speed_row(results, *words)


def memory_rows(results):
    """All-in bytes by the bytes zram counts as compressed: the same for both."""
    rounds = results["memory"]["rounds"]

    def cost(device, algorithm, phase):
        return median(one[device][algorithm][phase]["all"] /
                      one["zram"][algorithm][phase]["compressed"] for one in rounds)

    for number, figure, phase, targets in (
            ("5", "all-in memory / compressed bytes, 4 KiB units", "filled", (1.025, 1.035)),
            ("6", "the same, half discarded at random, compacted", "compacted", (1.035, 1.05))):
        for algorithm, target in zip(("lz4", "zstd"), targets):
            yield Row(number, f"{figure}, {algorithm} (zram: {cost('zram', algorithm, phase):.3f})",
                      cost("zblock", algorithm, phase), target, at_least=False,
                      limit=memory_limit(rounds[-1]["zblock"][algorithm][phase]))


def memory_limit(found):
    return (f"pool {found['used'] / found['compressed']:.3f}, metadata "
            f"{found['meta'] / found['compressed']:.3f} of the compressed bytes")


def unit_rows(results):
    rounds = results["units"]["rounds"]
    for number, figure, key, targets, at_least in (
            ("7", "all-in memory, zstd, 64 KiB writes", "filled", (0.83, 0.78), False),
            ("11", "random single-page reads out of units, zstd", "read", (0.5, 0.25), True),
            ("11", "memory after single pages were overwritten and discarded", "torn",
             (1.0, 1.0), False)):
        for unit, target in zip((16384, 65536), targets):
            words = f"{figure}, units of {unit // 1024} KiB"
            if not rounds:
                yield Row(number, words, None, target, at_least, "no attribute unit_size")
                continue
            field = "mb_s" if key == "read" else "all"
            value = median(one[f"zblock {unit}"][key][field] / one["zram"][key][field]
                           for one in rounds)
            yield Row(number, words, value, target, at_least,
                      unit_limit(results, rounds[-1], unit, key))


def unit_limit(results, one, unit, key):
    """What the codec alone would make of it."""
    if key == "filled":
        share = one[f"zblock {unit}"]["filled"]["compressed"] / one["zram"]["filled"]["all"]
        return f"the compressed bytes alone are {share:.3f} of all that zram takes"
    if key != "read" or "codec" not in results:
        return ""

    def microseconds(size):
        return size / median(found[f"zstd {size // 1024}k"]["unpack_mb_s"]
                             for found in results["codec"]["rounds"])

    page, whole = microseconds(4096), microseconds(unit)
    # 64 KiB are two frames, and of each come out 16 KiB or both
    share, part = ((1, "which comes out as a whole") if unit == 16384 else
                   (3 / 8, "of which 3/8 come out on average"))
    words = (f"the codec alone takes {page:.1f} µs for a page and {whole:.1f} µs for a unit, "
             f"{part}: {page / whole / share:.2f}")
    # units of the default size are what the profile's case reads
    more = spent(results, "zstd read 4k of 64k") if unit == 16384 else ""
    return "; ".join(filter(None, (words, more)))


def calm_rows(results):
    rounds = results["calm"]["rounds"]

    def p99(device, state):
        return median(one[device][state]["p99"] for one in rounds) / 1e3

    p999 = median(one["zblock"]["busy"]["p999"] / one["zram"]["busy"]["p999"]
                  for one in rounds)
    limit = (f"p99 quiet and busy, µs: zblock {p99('zblock', 'quiet'):.1f} and "
             f"{p99('zblock', 'busy'):.1f}, zram {p99('zram', 'quiet'):.1f} and "
             f"{p99('zram', 'busy'):.1f}: in this kernel zram's readers wait less often than "
             f"that; p99.9 is {p999:.2f} of zram's")
    yield Row("8", "p99 of 4 KiB random reads under compaction and churn, of zram's",
              median(one["zblock"]["busy"]["p99"] / one["zram"]["busy"]["p99"] for one in rounds),
              0.5, at_least=False, limit=limit)
    yield Row("8", "the same, of its own quiet p99",
              median(one["zblock"]["busy"]["p99"] / one["zblock"]["quiet"]["p99"]
                     for one in rounds), 2, at_least=False, limit=limit)


def growth_rows(results):
    rounds = results["growth"]["rounds"]

    def times(pool):
        few, many = ([one[pool][str(count)] for one in rounds] for count in (10**5, 10**7))
        return [(b["alloc_ns"] + b["free_ns"]) / (a["alloc_ns"] + a["free_ns"])
                for a, b in zip(few, many)]

    yield Row("9", "alloc + free at 10^7 objects : at 10^5 "
              f"(zsmalloc: {median(times('zsmalloc')):.2f})",
              median(times("zspool")), 1.2, at_least=False)


def swap_rows(results):
    rounds = results["swap"]["rounds"]
    for size, words in (("default", "default settings"), ("64k", "64 KiB folios"),
                        ("4k", "single pages")):
        if size in rounds[0]["zram"]:
            back = median(ratios(rounds, size, "in_mb_s"))
            yield Row("10", f"swap-out of real memory, two CPUs, lz4, {words} "
                      f"(swap-in: {back:.2f})",
                      median(ratios(rounds, size, "out_mb_s")), 1.4)


MAKERS = {"rw": rw_rows, "memory": memory_rows, "units": unit_rows, "calm": calm_rows,
          "growth": growth_rows, "swap": swap_rows}


def rows(results):
    """All rows that there are results for, in the issue's order."""
    found = []
    for part, make in MAKERS.items():
        if part in results:
            found += make(results)
    return sorted(found, key=lambda row: int(row.number))
