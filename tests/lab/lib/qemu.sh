# shellcheck shell=bash
# Which QEMU runs the guests.
# SPDX-License-Identifier: GPL-2.0-only

# Before 8.1, multi-threaded emulation could run a stale translation of code
# that another processor had just patched: stock kernels, which patch
# themselves, then die of "Oops: int3" every now and then.
QEMU_OLDEST=8.1

# qemu_new_enough BINARY
qemu_new_enough()
{
	local version
	version=$("$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
	[ -n "$version" ] &&
		[ "$(printf '%s\n' "$QEMU_OLDEST" "$version" | sort -V | head -n 1)" = "$QEMU_OLDEST" ]
}

# qemu_prepare ARCH PACKAGE: prints the command, one word a line, that starts
# QEMU for ARCH: the host's, or, when that is too old, the one of the release's
# backports, unpacked beside it. The host's package brought the libraries.
qemu_prepare()
(
	local binary=qemu-system-$1 package=$2 suite version dir
	if ! qemu_new_enough "$binary"; then
		# shellcheck disable=SC1091
		suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports
		read -r suite _ version < <(lab_resolve "$package" "$suite" -- "$package")
		dir=$LAB_CACHE/qemu/$package-${version:-none}
		if [ -n "${version:-}" ] && [ ! -e "$dir" ]; then
			lab_lock qemu
		fi
		if [ -n "${version:-}" ] && [ ! -e "$dir" ]; then
			rm -rf "$dir.new"
			lab_apt_unpack "$suite" "$dir.new" "$package" \
				qemu-system-common qemu-system-data seabios >&2 &&
			rm -rf "$dir.new/usr/share/doc" && mv "$dir.new" "$dir"
		fi
		if qemu_new_enough "$dir/usr/bin/$binary"; then
			printf '%s\n' env "QEMU_MODULE_DIR=$(echo "$dir"/usr/lib/*/qemu)" \
				"$dir/usr/bin/$binary" -L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios"
			return
		fi
		lab_say "no QEMU newer than $QEMU_OLDEST: a guest may die of 'Oops: int3' by itself"
	fi
	printf '%s\n' "$binary"
)
