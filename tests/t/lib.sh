# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of tests/t share. Sourced from the top of the tree.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

# guest_tests KERNEL [OPTION…] [-- TEST…]: tests/guest in a guest, as TAP. With
# LIGHT in the environment the tests that can do with less data take less.
# A kernel that the mirror does not have is skipped with its reason; a guest
# that does not finish its plan is a failure that prove sees.
guest_tests()
{
	local kernel=$1 options=() status log
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	log=build/test/$kernel.log
	bash tests/t/collect-data build/test/data
	bash tests/t/fetch-foreign build/test/foreign 2>"$log.foreign" ||
		sed 's/^/# /' "$log.foreign"
	tests/lab/run "$kernel" "${options[@]}" -- env ${LIGHT:+LIGHT=1} \
		bash tests/guest/all "$@" \
		2>"$log" | tee "build/test/$kernel,$(basename "$0" .t).tap"
	status=${PIPESTATUS[0]}
	case $status in
	0) ;;
	77) echo "1..0 # SKIP $(tail -n 1 "$log")" ;;
	*)	sed 's/^/# /' "$log" | tail -n 80
		exit "$status" ;;
	esac
}
