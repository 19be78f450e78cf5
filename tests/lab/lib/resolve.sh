# shellcheck shell=bash
# Which package of the mirror stands behind a kernel's name. The answer is kept
# in the cache, so that a run needs no mirror once everything was fetched, and
# does not change under a user's feet when the mirror moves on.
# SPDX-License-Identifier: GPL-2.0-only

# lab_resolve NAME SUITE… -- REGEX…: prints "SUITE PACKAGE VERSION" for the
# first suite that has a package for one of the regular expressions, which stand
# in the order of preference.
lab_resolve()
(
	local name=$1 file=$LAB_CACHE/resolved/$1 suites=() suite regex package
	[ -s "$file" ] || lab_lock resolve
	if [ ! -s "$file" ]; then
		mkdir -p "$LAB_CACHE/resolved"
		shift
		while [ "$1" != -- ]; do
			suites+=("$1")
			shift
		done
		shift
		for suite in "${suites[@]}"; do
			lab_apt_update "$suite" || {
				lab_say "no package lists of $suite, needed for $name"
				return "$LAB_BROKEN"
			}
			for regex; do
				package=$(lab_apt_newest "$suite" "$regex")
				[ -z "$package" ] || break 2
			done
		done
		[ -n "$package" ] || lab_skip "the mirror has no package for $name ($*)"
		printf '%s %s %s\n' "$suite" "$package" \
			"$(lab_apt_version "$suite" "$package")" >"$file.new"
		mv "$file.new" "$file"
	fi
	cat "$file"
)

# What lab_resolve once found for NAME, without asking anybody.
lab_resolved()
{
	cat "$LAB_CACHE/resolved/$1" 2>/dev/null
}
