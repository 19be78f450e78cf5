# shellcheck shell=bash
# What every part of the lab uses: messages, the cache folder, locks, retries.
# SPDX-License-Identifier: GPL-2.0-only

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_TOP=$(cd "$LAB_DIR/../.." && pwd)
LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/zblock-lab

# Exit statuses of the lab itself; everything else is the guest command's own.
LAB_SKIP=77	# the mirror does not have this kernel
LAB_SPLAT=70	# the command succeeded, the guest's kernel complained
LAB_BROKEN=125	# the lab failed: nothing was learnt about the command
export LAB_SKIP LAB_SPLAT LAB_BROKEN LAB_TOP

# Progress and errors go to stderr: stdout belongs to the caller.
lab_say()
{
	printf 'lab: %s\n' "$*" >&2
}

lab_die()
{
	lab_say "$*"
	exit "$LAB_BROKEN"
}

lab_skip()
{
	lab_say "skipped: $*"
	exit "$LAB_SKIP"
}

# Runs COMMAND up to three times: a mirror's hiccup passes, a refusal does not.
lab_retry()
{
	local try
	for try in 1 2 3; do
		"$@" && return 0
		[ "$try" = 3 ] || {
			lab_say "failed, trying again: $1 $2"
			sleep $((try * 3))
		}
	done
	return 1
}

# Holds the lock NAME of the cache until the calling shell ends, so call it in
# a subshell. Children that outlive the lock must not inherit it: they would
# keep it.
lab_lock()
{
	local fd
	mkdir -p "$LAB_CACHE/lock"
	exec {fd}>"$LAB_CACHE/lock/$1"
	flock -n "$fd" || {
		lab_say "waiting for another run that prepares $1"
		flock "$fd"
	}
}

# First 12 hex digits that name the content of the given files and stdin.
lab_hash()
{
	cat "$@" | sha256sum | cut -c1-12
}
