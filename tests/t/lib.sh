# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of tests/t share. Sourced from the top of the tree.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

n=0 bad=0 said=

# said_in FILE: where ok() finds what a failure is to show the end of; else $said has
# the words themselves
said_in()
{
	said=$1
}

# ok STATUS WHAT: the next line of TAP
ok()
{
	local status=$1
	shift
	n=$((n + 1))
	[ "$status" = 0 ] && echo "ok $n - $*" && return
	echo "not ok $n - $*"
	bad=1
	if [ -f "$said" ]; then
		tail -n 40 "$said"
	else
		printf '%s\n' "$said" | tail -n 40
	fi | sed 's/^/# /'
}

# The end of a test that used ok().
end()
{
	exit "$bad"
}

# counted TABLE KERNEL COMMAND…: what COMMAND prints in a guest whose clock counts
# instructions, so that it is the same on any host. Where there is none, the test ends.
counted()
{
	local table=$1
	mkdir -p "${table%/*}"
	tests/process-pages build/test/data 64
	LAB_ACCEL=icount tests/lab/run "$2" --cpus 1 --mem 512M --timeout 900 -- "${@:3}" \
		>"$table" 2>"$table.log"
	case $? in
	0)	return ;;
	77)	echo "1..0 # SKIP $(tail -n 1 "$table.log")"
		exit ;;
	esac
	echo '1..1'
	echo 'not ok 1 - the guest did its work'
	cat "$table" "$table.log" | sed 's/^/# /' | tail -n 40
	exit 1
}

# guest_tests KERNEL [OPTION…] [-- TEST…]: tests/guest in a guest, as TAP. With
# LIGHT in the environment the tests that can do with less data take less.
# A kernel that the mirror does not have is skipped with its reason; a guest
# that does not finish its plan is a failure that prove sees.
#
# With COUNTERS=DIR in the environment (make coverage) the guest is uml-gcov, and what
# it counted comes to DIR.
#
# A User-Mode Linux with several CPUs ends without a word now and then, whatever
# runs in it. Where nothing of the kernel's stands in the log, the test that was
# running is begun anew in another guest, once, and the output says so.
guest_tests()
{
	local kernel=$1 options=() status log tap next
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	[ -z "${COUNTERS:-}" ] || {
		kernel=uml-gcov
		options+=(--rw "$COUNTERS")
	}
	log=build/test/$kernel,$(basename "$0" .t).log
	tap=${log%.log}.tap
	tests/process-pages build/test/data 64
	# or what runs them would be skipped
	bash tests/t/fetch-foreign build/test/foreign 2>"$log.foreign" ||
		bash tests/t/fetch-foreign build/test/foreign 2>>"$log.foreign"
	status=$?
	[ $status = 0 ] || sed 's/^/# /' "$log.foreign"
	[ $status = 0 ] || [ $status = 77 ] || exit 1
	: >"$tap"
	guest_run 1 "$@"
	status=$?
	if [ $status = 125 ] && [[ $kernel = uml* ]] && [ -s "$tap" ]; then
		next=$(($(grep -cE '^(not )?ok ' "$tap") + 1))
		echo "# the guest ended without a word in test $next: begun anew from there" |
			tee -a "$tap"
		sed 's/^/# /' "$log" | tail -n 20
		guest_run $next "$@"
		status=$?
	fi
	case $status in
	0) ;;
	77) echo "1..0 # SKIP $(tail -n 1 "$log")" ;;
	*)	sed 's/^/# /' "$log" | tail -n 80
		exit "$status" ;;
	esac
}

# guest_run FIRST [TEST…]: a guest for those from the FIRST on; for guest_tests
guest_run()
{
	local from=$1
	shift
	tests/lab/run "$kernel" "${options[@]}" -- env ${LIGHT:+LIGHT=1} \
		${COUNTERS:+"COUNTERS=$COUNTERS"} \
		bash tests/guest/all --from "$from" "$@" 2>"$log" | tee -a "$tap"
	return "${PIPESTATUS[0]}"
}

# stock_tests KERNEL: in a guest of a distribution's kernel, the tests that
# depend on the kernel ("# on: stock kernels" in them); with EVERY in the
# environment (make test-kernels) all. User-Mode Linux runs all, a lot faster.
stock_tests()
{
	local kernel=$1 tests=() seconds=5400
	[ -n "${EVERY:-}" ] || {
		mapfile -t tests < <(cd tests/guest && grep -lxF '# on: stock kernels' ./*.test |
			sed 's|^\./||')
		seconds=2400
	}
	LIGHT=1 guest_tests "$kernel" --mem 512M --timeout "$seconds" -- "${tests[@]}"
}
