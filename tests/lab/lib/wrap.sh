# shellcheck shell=bash
# Building modules inside a small root of the release that the kernel comes
# from, where the host's C library or compiler is too old or too new for it.
# SPDX-License-Identifier: GPL-2.0-only

# True when the host itself can build against these headers: it has the
# compiler that they name, and their tools start.
wrap_unneeded()
{
	local headers=$1/usr/src/linux-headers-$2 compiler
	compiler=$(sed -n 's/^CC = .*\(gcc-[0-9]*\)$/\1/p' "$headers/.kernelvariables")
	command -v "${compiler:-gcc}" >/dev/null || return 1
	! "$headers/scripts/mod/modpost" -h 2>&1 | grep -q GLIBC_
}

wrap_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# wrap_make SUITE DIR HEADERS: a root with the headers, make and a compiler in
# DIR/wrap, and a Makefile there that hands everything on to the real one.
wrap_make()
{
	local suite=$1 dir=$2/wrap headers=$3 base=${1%-backports} sources
	sources=$(lab_apt_sources "$base"; [ "$suite" = "$base" ] || lab_apt_sources "$suite")
	mkdir -p "$dir"
	lab_say "making a small $base root to build modules of ${headers#linux-headers-} in"
	lab_retry wrap_root mmdebstrap --quiet --variant=apt --mode=auto \
		--include="$headers,make,binutils" "$base" "$dir/root" - \
		<<<"$sources" >&2 || return
	wrap_root rm -rf "$dir"/root/usr/share/{doc,man,locale} "$dir"/root/var/{cache,lib/apt}/* \
		"$dir"/root/usr/lib/modules "$dir"/root/boot/*
	cp "$LAB_DIR/wrap/Makefile" "$LAB_DIR/wrap/enter" "$dir/"
	echo "/usr/src/$headers" >"$dir/kernel"
}
