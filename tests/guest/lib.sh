# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# What the tests of tests/guest share. Sourced; each test is a file of its own
# that exits 0 if what its name says holds, 77 to be skipped, else 1.
set -u
export LC_ALL=C

SYS=/sys/block
DEV=zblock0
CONTROL=/sys/class/zblock-control
DEBUG=/sys/kernel/debug/zspool
PAGE=$(getconf PAGESIZE)
# times 4 KiB: what a test of so many pages, however large, takes
k=$((PAGE / 4096))

# light MUCH LITTLE: how much data to take; the smoke of a slow guest asks for
# little by LIGHT=1
light()
{
	if [ -n "${LIGHT:-}" ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# us: the time in microseconds
us()
{
	echo "${EPOCHREALTIME/./}"
}

say()
{
	printf '# %s\n' "$*"
}

# tally operations=N faults=N errors=N: for the table of tests/soak; of several in
# a test the sum is taken
tally()
{
	printf '# tally: %s\n' "$*"
}

fail()
{
	printf '# FAILED: %s\n' "$*"
	exit 1
}

skip()
{
	printf '# skipped: %s\n' "$*"
	exit 77
}

need()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "no $tool here"
	done
}

# load [zspool parameters… -- zblock parameters…]: fresh modules
load()
{
	local zspool=()
	unload
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		zspool+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	modprobe zspool "${zspool[@]}" || fail "modprobe zspool ${zspool[*]}"
	modprobe zblock "$@" || fail "modprobe zblock $*"
	wait_for "/dev/zblock0"
}

unload()
{
	if [ -d /sys/module/zblock ]; then
		grep -qE '^/dev/(zblock|zram)' /proc/swaps && swapoff -a
		rmmod zblock || fail "rmmod zblock"
	fi
	if [ -d /sys/module/zspool ]; then
		rmmod zspool || fail "rmmod zspool"
	fi
}

# wait_for PATH [SECONDS]
wait_for()
{
	local i
	for ((i = 0; i < ${2:-5} * 20; i++)); do
		[ -e "$1" ] && return
		sleep 0.05
	done
	fail "$1 did not come"
}

# load_as_zram [parameters…]: what packaging/zblock-as-zram.conf makes of
# "modprobe zram"; from here on the device is zram0
load_as_zram()
{
	unload
	trap 'rm -f /etc/modprobe.d/zblock-as-zram.conf' EXIT
	cp ../../packaging/zblock-as-zram.conf /etc/modprobe.d/ || fail "cp to /etc/modprobe.d"
	modprobe zram "$@" || fail "modprobe zram $*"
	[ ! -d /sys/module/zram ] || fail "modprobe loaded the in-tree zram"
	DEV=zram0
	CONTROL=/sys/class/zram-control
	wait_for /dev/$DEV
}

# device ALGORITHM SIZE: give the device a size; units are of UNIT bytes, if set:
# 4096, for tests that look at single pages
device()
{
	[ -z "${UNIT:-}" ] || echo "$UNIT" >$SYS/$DEV/unit_size || fail "no unit_size $UNIT"
	echo "$1" >$SYS/$DEV/comp_algorithm || fail "no algorithm $1"
	echo "$2" >$SYS/$DEV/disksize || fail "no disksize $2"
}

reset()
{
	local i
	# udev or a late close may still hold it for a moment
	for ((i = 0; i < 50; i++)); do
		{ echo 1 >$SYS/$DEV/reset; } 2>/dev/null && return
		sleep 0.1
	done
	fail "reset of $DEV"
}

algorithms()
{
	tr -d '[]' <$SYS/$DEV/comp_algorithm
}

# stat N: the N-th column of mm_stat, from 1
stat_column()
{
	awk -v n="$1" '{ print $n }' $SYS/$DEV/mm_stat
}

orig_bytes() { stat_column 1; }
compressed_bytes() { stat_column 2; }
used_bytes() { stat_column 3; }
same_pages() { stat_column 6; }
huge_pages() { stat_column 8; }

# counter NAME: of zblock0's pool
counter()
{
	awk -v name="$1" '$1 == name { print $2 }' $DEBUG/$DEV/counters
}

# All invariants of zblock0's pool hold
check_pool()
{
	[ "$(cat $DEBUG/$DEV/check)" = 0 ] || fail "the pool's checker complains"
}

vmstat()
{
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

meminfo()
{
	awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

# expect_error "errno's text" FILE VALUE: the write fails, and so
expect_error()
{
	local said
	# an empty value is a bare newline: nothing at all would not be written
	if said=$({ printf '%s\n' "$3" >"$2"; } 2>&1); then
		fail "writing '$3' to $2 succeeded"
	fi
	case $said in
	*"$1"*) ;;
	*) fail "writing '$3' to $2: '$said', not '$1'" ;;
	esac
}

expect_equal()
{
	[ "$1" = "$2" ] || fail "$3: '$1', not '$2'"
}

# until_equal WANTED WHAT COMMAND...: what it prints; a worker may be on its way to it
until_equal()
{
	local wanted=$1 what=$2 i
	shift 2
	for ((i = 0; i < 100; i++)); do
		[ "$("$@")" != "$wanted" ] || return 0
		sleep 0.1
	done
	expect_equal "$("$@")" "$wanted" "$what"
}

# compact_below BYTES: until the device takes less, for ten seconds: workers may first
# have to let go of what it holds
compact_below()
{
	local i
	for ((i = 0; i < 100; i++)); do
		echo 1 >$SYS/$DEV/compact
		[ "$(used_bytes)" -ge "$1" ] || return
		sleep 0.1
	done
}

# bd N: the N-th column of bd_stat, from 1: blocks in use, reads, writes
bd()
{
	awk -v n="$1" '{ print $n }' $SYS/$DEV/bd_stat
}

# backing MIB: a loop device for backing_dev, its file in BACKING
backing()
{
	modprobe loop 2>/dev/null
	BACKING=/dev/shm/backing
	rm -f $BACKING
	truncate -s "$1M" $BACKING
	LOOP=$(losetup --find --show $BACKING) || fail losetup
	echo "$LOOP" >$SYS/$DEV/backing_dev || fail "backing_dev $LOOP"
}

# foreign NAME: the folder of somebody else's tests or tools, which the host has
# fetched (tests/t/fetch-foreign)
foreign()
{
	local dir
	dir=$(realpath -m "../../build/test/foreign/$1")
	[ -d "$dir" ] || skip "no $1 in build/test/foreign"
	printf '%s\n' "$dir"
}

# real_data FILE MIB: pages of a process, not zeros nor noise; the host has collected
# them (tests/process-pages).
real_data()
{
	head -c "$2M" ../../build/test/data >"$1"
	[ "$(stat -c %s "$1")" -ge $(($2 << 20)) ] || fail "not $2 MiB of data"
}
