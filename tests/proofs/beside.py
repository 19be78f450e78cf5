# SPDX-License-Identifier: GPL-2.0-only
"""The same with movable=0, and with the kernel's own zram."""

import huge_pages
import orders_and_forks
from bench import expect, percent


def one(bench, kind):
    bench.restart(kind)
    failed = orders_and_forks.measure(bench)
    (got, possible), _ = huge_pages.measure(bench)
    bench.settle()
    print(f"# {kind}: {percent(got, possible)} huge pages; failed "
          f"{orders_and_forks.tell(failed)}", flush=True)
    return (got, possible), failed


def prove(bench):
    huge, failed = {}, {}
    for kind in ("unmovable", "zram"):
        huge[kind], failed[kind] = one(bench, kind)
    bench.restart("movable")
    huge["movable"], failed["movable"] = bench.notes["huge_pages"], bench.notes["orders"]
    said = "; ".join(f"{kind}: {percent(*huge[kind])} huge pages, failed "
                     f"{orders_and_forks.tell(failed[kind])}"
                     for kind in ("movable", "unmovable", "zram"))
    shares = {kind: got / possible for kind, (got, possible) in huge.items()}
    expect(shares["unmovable"] < shares["movable"] / 2, said)
    return said
