# SPDX-License-Identifier: GPL-2.0-only
"""The codec alone on the same pages: the limit of one core."""

import zbload


def run(rounds, say):
    done = []
    for n in range(rounds):
        results = {}
        for algorithm in ("lz4", "zstd"):
            for kib in (4, 16, 64):
                results[f"{algorithm} {kib}k"] = zbload.run(
                    "codec", algorithm=algorithm, bs=kib * 1024, order="random")
        done.append(results)
        say(f"round {n + 1} of {rounds}: " + ", ".join(
            f"{case} {one['mb_s']:.0f}/{one['unpack_mb_s']:.0f} MB/s"
            for case, one in results.items()))
    return done
