# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# What the tests with injected faults share. Sourced after lib.sh.
F=/sys/kernel/debug/fail_page_alloc
S=/sys/kernel/debug/failslab
PART=$((64 << 10))
[ -d $F ] || skip "this kernel has no fault injection"

# faults PERCENT TIMES: what those tasks see that ask for it
faults()
{
	local d
	for d in $F $S; do
		echo "$1" >"$d/probability"
		echo "$2" >"$d/times"
		echo 1 >"$d/interval"
		echo 0 >"$d/verbose"
		echo Y >"$d/task-filter"
		echo N >"$d/ignore-gfp-wait" 2>/dev/null
	done
	echo 0 >$F/min-order
	echo N >$F/ignore-gfp-highmem
	echo N >$S/cache-filter
}

# under MODE OPERATION…: see faults.py; the next 64 KiB of /tmp/data are what a write
# writes. Adds to injected and failed.
part=0
injected=0
failed=0
under()
{
	part=$(((part + 1) % 120))
	dd if=/tmp/data bs=$PART skip=$part count=1 status=none |
		python3 ./faults.py "$@" >/tmp/under || {
		cat /tmp/under
		fail "an error that no lack of memory explains"
	}
	injected=$((injected + $(awk '{ n += $5 } END { print n + 0 }' /tmp/under)))
	failed=$((failed + $(awk '{ n += $7 } END { print n + 0 }' /tmp/under)))
}
