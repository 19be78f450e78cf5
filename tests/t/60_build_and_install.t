#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2181 # ok() takes the status of what was before
# A kernel that cannot be built for is refused in one line; what make install
# puts in place, make uninstall takes away.
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d build/test/install.XXXXXX)
trap 'rm -rf "$work"' EXIT

# kernel VERSION CONFIG…: a build folder as far as check-kdir looks at it
kernel()
{
	local version=$1
	shift
	rm -rf "$work/k"
	mkdir -p "$work/k/include/config" "$work/k/include/generated/uapi/linux"
	touch "$work/k/Makefile"
	echo "#define LINUX_VERSION_CODE $version" \
		>"$work/k/include/generated/uapi/linux/version.h"
	printf 'CONFIG_%s=y\n' "$@" >"$work/k/include/config/auto.conf"
}
# refused WORDS: make stops with one line that has them, and compiles nothing
refused()
{
	said=$(make KDIR="$work/k" B="$work/out" modules 2>&1) && return 1
	[ "$(grep -cE '^(zspool|zblock):' <<<"$said")" = 1 ] && grep -q "$1" <<<"$said" &&
		! grep -q '  CC ' <<<"$said"
}
all=(MODULES MIGRATION COMPACTION BLOCK LZ4_COMPRESS LZ4_DECOMPRESS ZSTD_COMPRESS ZSTD_DECOMPRESS)
new=$((6 << 16 | 1 << 8))

echo 1..17
! said=$(make KDIR="$work/none" modules 2>&1) && grep -q "install the kernel's headers" <<<"$said"
ok $? "no headers: said so"
! said=$(make KDIR= modules 2>&1) && grep -q "install the kernel's headers" <<<"$said"
ok $? "an empty KDIR: the same"
! said=$(make KDIR=. modules 2>&1) && grep -q "install the kernel's headers" <<<"$said"
ok $? "a KDIR that is this project: the same"
kernel $((5 << 16 | 15 << 8)) "${all[@]}"
refused 'older than 6.1'
ok $? "a kernel before 6.1 is refused in one line"
for without in MODULES MIGRATION COMPACTION BLOCK; do
	mapfile -t some < <(printf '%s\n' "${all[@]}" | grep -vx "$without")
	kernel $new "${some[@]}"
	refused "no CONFIG_$without,"
	ok $? "one without $without is refused in one line"
done
kernel $new MODULES MIGRATION COMPACTION BLOCK
! said=$(compat/check-kdir -C "$work/k" 2>&1) && grep -q 'neither LZ4 nor ZSTD' <<<"$said"
ok $? "one without a codec is refused"
mapfile -t some < <(printf '%s\n' "${all[@]}" | grep -v LZ4)
kernel $new "${some[@]}"
said=$(compat/check-kdir -C "$work/k" 2>&1) && grep -q 'no CONFIG_LZ4_COMPRESS' <<<"$said"
ok $? "one without LZ4 will do, and it is said"
kernel $new "${all[@]}"
said=$(compat/check-kdir -C "$work/k" 2>&1) && [ -z "$said" ]
ok $? "one with everything is not remarked upon"
kernel $new "${all[@]}" UML
said=$(compat/check-kdir -C "$work/k" 2>&1) && grep -q 'ARCH=um' <<<"$said" &&
	said=$(compat/check-kdir -C "$work/k" ARCH=um 2>&1) && [ -z "$said" ]
ok $? "one of another architecture than is said is remarked upon"

# A stock kernel's headers, another root.
kargs=$(tests/lab/kdir 6.1) || { echo "# no kernel 6.1"; exit 1; }
root=$PWD/$work/root
release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' \
	"$(awk '{ print $2 }' <<<"$kargs")/include/generated/utsrelease.h")
mkdir -p "$root/lib/modules/$release/kernel"
said=$(make KARGS="$kargs" B="$work/out" DESTDIR="$root" install 2>&1)
ok $? "make install"
to=$root/lib/modules/$release/updates
[ "$(modinfo -F vermagic "$to/zblock.ko" | cut -d ' ' -f 1)" = "$release" ] &&
	grep -q 'updates/zblock.ko:.*updates/zspool.ko' "$root/lib/modules/$release/modules.dep"
ok $? "the modules are in the place of their kernel, and modprobe finds both"
[ -x "$root/usr/local/sbin/zblock-train" ] && [ -s "$root/usr/local/share/man/man4/zblock.4" ]
ok $? "so are the manual page and zblock-train"
said=$(make DESTDIR="$root" uninstall 2>&1)
ok $? "make uninstall"
[ -z "$(find "$root/usr" -type f)" ] && [ ! -e "$to" ] && ! grep -q zblock "$root/lib/modules/$release/modules.dep"
ok $? "nothing is left"
end
