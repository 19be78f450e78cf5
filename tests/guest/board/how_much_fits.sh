#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# how_much_fits.sh ALGORITHM…: fills a tmpfs with the pages of a process until
# zblock holds 40 % of RAM, and prints a line for each algorithm:
#   RAM-MIB ALGORITHM FILES-MIB SWAPPED-MIB USED-MIB
# that is: what the files come to, how much of it went out, and what RAM that
# takes. All of it is read back and compared.
cd "$(dirname "$0")/.." || exit 1
. ./lib.sh
ram=$(($(meminfo MemTotal) / 1024))
piece=16
data=../../build/test/data
[ -s $data ] || fail "no $data: tests/process-pages makes it"
mkdir -p /big
for algorithm; do
	load
	device "$algorithm" $((ram * 3))M
	mkswap /dev/zblock0 >/dev/null || fail mkswap
	swapon -d /dev/zblock0 || fail swapon
	mount -t tmpfs -o "size=$((ram * 3))M" tmpfs /big || fail tmpfs
	n=0
	while [ $(($(used_bytes) >> 20)) -lt $((ram * 2 / 5)) ]; do
		dd if=$data of=/big/$n bs=1M count=$piece skip=$((n * 7 % 48)) status=none ||
			fail "no room after $((n * piece)) MiB"
		n=$((n + 1))
	done
	printf '%s %s %s %s %s\n' "$ram" "$algorithm" $((n * piece)) \
		$(($(orig_bytes) >> 20)) $(($(used_bytes) >> 20))
	for ((i = 0; i < n; i++)); do
		cmp -s /big/$i <(dd if=$data bs=1M count=$piece skip=$((i * 7 % 48)) status=none) ||
			fail "file $i changed"
	done
	umount /big
	swapoff /dev/zblock0 || fail swapoff
	reset
done
