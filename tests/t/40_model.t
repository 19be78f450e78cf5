#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The protocol of pin, isolate, migrate, free, compact and read, by the model
# checker: no state of any scene breaks an invariant, and every variant of the
# model that has something broken is found out.
. "$(dirname "$0")/lib.sh"

# SCENE [OPTION…]: looked through to the end
scenes=(
	'READ'
	'FREE'
	'WAIT'
	'WRITE'
	'WRITE -DOPS=0'
	'WRITE_COMPACT'
	'REUSE -DOPS=0'
	'OVERWRITE'
	'GROW'
	'HOP'
	'EMPTY -DOPS=0'
	'TWO_MOVES'
	'DEFER'
	'DEFER_MOVE'
	'PLAIN -DPLAIN'
	'AGAIN -DPLAIN'
	'WALK -DPLAIN'
	'SQUEEZE'
	'SQUEEZE -DOPS=0'
	'READ -DSOLE'
	'READ -DSOLE -DOPS=0'
	'FREE -DSOLE'
	'WRITE_COMPACT -DSOLE'
	'REUSE -DSOLE -DOPS=0'
	'EMPTY -DSOLE -DOPS=0'
	'HOP -DSOLE'
	'FREE_COMPACT -DSOLE'
)
# WHAT SCENE [OPTION…]: what is broken, and the scene that shows it
broken=(
	'NO_PIN READ'
	'UNPIN_FIRST READ'
	'ISOLATED_STAYS READ'
	'COMPACT_NO_PIN READ'
	'COMPACT_UNMARKED WRITE_COMPACT'
	'CUT_ISOLATED SQUEEZE'
	'NO_FLIGHT WRITE'
	'STAYS_LISTED WRITE'
	'FREE_ISOLATED EMPTY'
	'FREE_MOVING EMPTY -DOPS=0'
	'LOOK_ONCE EMPTY'
	'RELEASE_UNLOCKED EMPTY -DOPS=0'
	'PIN_WAITS FREE'
	'MARK_BEFORE_QUEUE WAIT'
	'UNPIN_LOOKS_ONCE FREE'
	'UNPIN_LOCKED_FORGETS FREE'
	'FREE_LOOKS_FIRST FREE'
	'PUT_FORGETS_PIN WALK -DPLAIN'
	'PUT_OFF_LATE DEFER'
	'COMPACT_NO_PIN READ -DSOLE'
	'HAND_OVER_ISOLATED READ -DSOLE'
	'TARGET_HAS_PAGE FREE_COMPACT -DSOLE'
	'PRIVATE_LATE FREE_COMPACT -DSOLE'
	'VACATE_ISOLATED EMPTY -DSOLE'
	'VACATE_USED REUSE -DSOLE'
	'PUTBACK_KEEPS FREE -DSOLE'
	'MOVED_KEEPS FREE -DSOLE'
)

if ! command -v spin >/dev/null && ! tests/lab/setup spin >/dev/null 2>&1; then
	echo '1..0 # SKIP spin cannot be installed'
	exit 0
fi
mkdir -p build/test
work=$(mktemp -d build/test/model.XXXXXX)
trap 'rm -rf "$work"' EXIT
cp tests/model/*.pml "$work"
said=$work/said began=$SECONDS all=0

# check SCENE [OPTION…]: leaves what spin says in $said; fails if it cannot
# be run. No optimisation: to compile would take longer than to run.
check()
{
	local scene=$1
	shift
	(
		cd "$work" && rm -f pan zspool.pml.trail &&
			spin -a "-DSCENE_$scene" "$@" zspool.pml &&
			gcc -w -O0 -DSAFETY -DCOLLAPSE -DMEMLIM=900 -o pan pan.c &&
			./pan -m100000 -w21
	) >"$said" 2>&1
}

echo 1..$((${#scenes[@]} + ${#broken[@]}))
for scene in "${scenes[@]}"; do
	read -ra words <<<"$scene"
	from=$SECONDS
	check "${words[@]}" && grep -q 'errors: 0$' "$said" &&
		! grep -qE 'Search not completed|max search depth' "$said"
	ok $? "$scene: no error in any state"
	states=$(awk '/states, stored/ { print $1 }' "$said")
	all=$((all + ${states:-0}))
	echo "# ${states:-0} states, $((SECONDS - from)) s"
done
for variant in "${broken[@]}"; do
	read -ra words <<<"$variant"
	# an assertion or a deadlock, and nothing else that may go wrong
	check "${words[@]:1}" "-DBREAK_${words[0]}" &&
		grep -qE '^pan:1: (assertion violated|invalid end state)' "$said"
	ok $? "${words[0]} is found out by ${words[*]:1}"
	grep -m 1 '^pan:1:' "$said" | sed 's/^pan:1:/#/'
done
echo "# $all states, $((SECONDS - began)) s in all"
end
