# SPDX-License-Identifier: GPL-2.0-only
"""Direct compaction: nr_hugepages gets what free memory allows.

The device fills as under swap: memory is full, and each of its pages comes from
where one of somebody else's went. The kernel ends a request at the first page that
it could not make. After a failure it leaves direct compaction out for as many as 64
attempts, and blocks that it looked at in vain until kswapd next goes to sleep. So it is
asked again until a while has brought nothing, in bursts, and let alone between them: each
request wakes kswapd, which on a busy host has not gone to sleep for 16 seconds else.
But not for too long: in a minute the writers have stored all pages anew, and what cannot
be moved has then gone to blocks of its own by that. Where too few came, as a host that is
busy brings about, kswapd has a longer rest, and then they are asked for once more; what is
compared with other devices is what came before.
"""

import time

import vm
from bench import expect, percent
from others import Others

LEAST = 0.9
USELESS = 12    # seconds without another one, after which it has them all
SECONDS = 90    # in all
BURST = 2       # seconds of requests that bring nothing,
REST = 1        # and of none after them
LONG_REST = 10  # before they are asked for once more
LEFT_MIB = 40   # available when others have their memory
STEP = 5        # per cent of the device at a time
SHARE = 0.5     # of the device's content, that compressed pages take at most
NR = "/proc/sys/vm/nr_hugepages"


def ask(wanted):
    """How many of them the kernel had in the end."""
    got = 0
    begin = gained = rested = time.monotonic()
    while got < wanted:
        vm.write(NR, wanted)
        before, got = got, int(vm.read(NR))
        now = time.monotonic()
        if got != before:
            gained = rested = now
        elif now > min(gained + USELESS, begin + SECONDS):
            break
        elif now > rested + BURST:
            time.sleep(REST)
            rested = now + REST
    return got


def fill_among_others(bench):
    bench.free(100)
    others = Others(LEFT_MIB)
    # for every page the pool is to get, one from there
    pages = int(bench.device.mib * vm.MIB // vm.PAGE * SHARE * STEP / 100)
    for part in range(STEP, 101, STEP):
        others.give_back(pages)
        bench.store.fill(part)
    others.end()
    bench.fill()


def measure(bench, patient=False):
    """(huge pages got, huge pages that free memory would make), and the first of these
    after a second try, if it is to be patient and too few came"""
    fill_among_others(bench)
    with bench.busy():
        bench.free(50)
        vm.drop_caches()
        possible = vm.huge_possible()
        got = ask(possible)
        again = got
        if patient and got < possible * LEAST:
            time.sleep(LONG_REST)
            again = ask(possible)
    vm.write(NR, 0)
    return (got, possible), again


def prove(bench):
    before = bench.device.counter("migrated")
    (got, possible), again = measure(bench, patient=True)
    moved = bench.device.counter("migrated") - before
    bench.notes["huge_pages"] = got, possible
    said = f"{percent(got, possible)} huge pages got; {moved} pages moved for them"
    if again != got:
        said += f"; {percent(again, possible)} at a second try"
    expect(again >= possible * LEAST, said)
    expect(moved, said)
    return said
