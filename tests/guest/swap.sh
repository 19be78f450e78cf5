# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Swapping under pressure, for the tests that differ in what goes on meanwhile.
# Sourced after lib.sh.
#
# The processes have a memory cgroup smaller than they are. So what goes out is
# theirs, and the guest does not lose its own programs' pages over and over,
# which under emulation takes all the time there is.

GROUP=/sys/fs/cgroup/pressure

# swap_on ALGORITHM SIZE
swap_on()
{
	device "$1" "$2"
	mkswap /dev/zblock0 >/dev/null || fail mkswap
	swapon -d /dev/zblock0 || fail swapon
}

in_group()
{
	(
		echo $BASHPID >$GROUP/cgroup.procs || exit 1
		exec "$@"
	)
}

# pressure MIB LIMIT: a process of so many MiB, and one of stress-ng's, in LIMIT
# MiB; both verify what they find
pressure()
{
	local before status stress i
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	mkdir -p $GROUP || fail "no memory cgroup"
	[ -e $GROUP/memory.max ] || skip "no memory controller"
	echo "$2M" >$GROUP/memory.max
	before=$(vmstat pswpout)
	in_group stress-ng --vm 1 --vm-bytes "$(light 16M 6M)" --vm-method zero-one --verify \
		--timeout 600 --quiet >/tmp/stress.log 2>&1 &
	stress=$!
	in_group python3 ./hog.py "$1" 2
	status=$?
	# bash lets a job in the background ignore SIGINT; and one that does not
	# come to its end for swapping has verified what it has verified
	kill -TERM $stress 2>/dev/null
	for ((i = 0; i < 50; i++)); do
		kill -0 $stress 2>/dev/null || break
		sleep 0.1
	done
	echo 1 >$GROUP/cgroup.kill
	wait $stress 2>/dev/null
	grep -i fail /tmp/stress.log && fail "stress-ng found memory changed"
	[ $status = 0 ] || fail "memory of the process changed (or it was killed: $status)"
	SWAPPED=$((($(vmstat pswpout) - before) * PAGE >> 20))
	say "$SWAPPED MiB swapped out"
}

# After swapoff: swap told us of every page it freed; some frees are put off for a moment
expect_all_freed()
{
	local left i
	until_equal 0 "same-filled pages after swapoff" same_pages
	for ((i = 0; i < 100; i++)); do
		left=$(orig_bytes)
		[ "$left" -gt $((PAGE * 4)) ] || return 0
		sleep 0.1
	done
	fail "$left bytes are still stored"
}
