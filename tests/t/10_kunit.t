#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The allocator's KUnit suites, under KASAN, lockdep, UBSAN and kmemleak; with
# COUNTERS=DIR (make coverage) in a guest that counts instead.
. "$(dirname "$0")/lib.sh"
mkdir -p build/test
log=build/test/kunit.log
kernel=uml-debug
[ -z "${COUNTERS:-}" ] || kernel=uml-gcov
# shellcheck disable=SC2016 # for the guest's shell
run()
{
	tests/lab/run $kernel --mem 1G --timeout 600 ${COUNTERS:+--rw "$COUNTERS"} -- sh -c '
		modprobe zspool_kunit
		cat /sys/kernel/debug/kunit/zspool*/results
		[ -z "$1" ] || tests/coverage/collect "$1"' sh "${COUNTERS:-}" >"$log" 2>&1
}
run
status=$?
# see guest_tests
if [ $status = 125 ]; then
	echo "# the guest ended without a word: once more"
	run
	status=$?
fi
if [ $status = 77 ]; then
	echo "1..0 # SKIP $(tail -n 1 "$log")"
	exit 0
fi
# the cases of all suites, numbered through; KTAP nests, prove counts lines
grep -E '^    (ok|not ok) [0-9]' "$log" | sed 's/^ *//' | awk '
	{ bad = sub(/^not ok [0-9]+ /, ""); if (!bad) sub(/^ok [0-9]+ /, "")
	  printf "%s %d - kunit %s\n", bad ? "not ok" : "ok", ++n, $0 }
	END { printf "%s %d - the guest left no complaint\n",
		STATUS == 0 ? "ok" : "not ok", ++n; print "1.." n }' \
	STATUS=$status -
# a guest that did not come to its end has its kernel's log only
[ $status = 0 ] || sed -n 's/.*(all of them: \(.*\))$/\1/p' "$log" | xargs -r cat |
	grep -aoE '# [a-z_]+: (EXPECTATION|ASSERTION) FAILED.*' | sort -u |
	sed 's/^# /# kunit: /'
suites=$(grep -cE '^ok [0-9]+ zspool_' "$log")
[ $status = 0 ] && [ "$suites" = 7 ] && exit 0
echo "# $suites of 7 suites passed, status $status"
tail -n 80 "$log" | sed 's/^/# /'
exit 1
