#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# latency.sh [MIB]: prints, in ns, how long a CPU took at most to answer a timer
# (irqs off) and to run the thread it woke (preemption off), as the kernel's
# timerlat tracer sees it, while nothing is stored, and while MIB are written,
# read, compacted and discarded on zram and on zblock. A line each:
#   WHO ALGORITHM IRQ-NS THREAD-NS SAMPLES
# Compaction of all memory goes on in every case.
cd "$(dirname "$0")/.." || exit 1
. ./lib.sh
mib=${1:-16}
T=/sys/kernel/tracing
grep -q timerlat $T/available_tracers || skip "this kernel has no timerlat tracer"
real_data /tmp/data "$mib"

# trace COMMAND…: runs it with the tracer on; prints the two maxima
trace()
{
	echo 0 >$T/tracing_on
	echo nop >$T/current_tracer
	echo 16384 >$T/buffer_size_kb
	echo 200 >$T/osnoise/timerlat_period_us
	echo timerlat >$T/current_tracer
	echo 1 >$T/tracing_on
	"$@" || return
	echo 0 >$T/tracing_on
	awk '/timer_latency/ {
		for (i = 1; i < NF; i++)
			if ($i == "timer_latency") ns = $(i + 1)
		if (/ irq /) { if (ns > irq) irq = ns }
		else if (/ thread /) { if (ns > thread) thread = ns; n++ }
	} END { print irq, thread, n }' $T/trace
	echo nop >$T/current_tracer
}

# the same for both devices, and without one
load_of()
{
	local dev=$1 i
	for ((i = 0; i < 2; i++)); do
		if [ -n "$dev" ]; then
			dd if=/tmp/data of="/dev/$dev" bs=64k oflag=direct status=none &&
				dd if="/dev/$dev" of=/dev/null bs=64k count=$((mib * 16)) \
					iflag=direct status=none &&
				blkdiscard -o $((i << 20)) -l $((mib << 18)) "/dev/$dev" &&
				echo 1 >"$SYS/$dev/compact" || return
		fi
		echo 1 >/proc/sys/vm/compact_memory
		sleep 0.2
	done
}

load
modprobe zram || skip "no in-tree zram"
wait_for /dev/zram0
echo "none - $(trace load_of '')"
for algorithm in lz4 zstd; do
	for dev in zram0 zblock0; do
		echo $algorithm >"$SYS/$dev/comp_algorithm" || fail "$dev: no $algorithm"
		echo $((mib * 2))M >"$SYS/$dev/disksize" || fail "$dev: disksize"
		echo "$dev $algorithm $(trace load_of $dev)"
		cmp -s <(dd if=/tmp/data bs=1M skip=$((mib - 1)) status=none) \
			<(dd if=/dev/$dev bs=1M skip=$((mib - 1)) count=1 status=none) ||
			fail "$dev: data"
		echo 1 >"$SYS/$dev/reset"
	done
done
