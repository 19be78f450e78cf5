#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2181 # ok() takes the status of what was before
# packaging/into-kernel: placed in a kernel tree and built in (=y), both work
# from boot on, without a module. The laboratory's User-Mode Linux tree and its
# build folder are used under an overlay of this process's own, at their own
# paths, so that only what changes is built and nothing in the cache does.
. "$(dirname "$0")/../t/lib.sh"
said_in build/test/into-kernel.log
root=
[ "$(id -u)" = 0 ] || root=sudo
kargs=$(tests/lab/kdir uml) || { echo "1..0 # SKIP no User-Mode Linux"; exit 0; }
out=$(awk '{ print $2 }' <<<"$kargs")
tree=$(realpath "$out/source")
mkdir -p build/test/into-kernel
work=$(realpath build/test/into-kernel)
log=$work.log
rm -rf "$work"
mkdir -p "$work"/{tree,out}.{up,work}

echo 1..3
$root unshare --mount bash -eu -s "$tree" "$out" "$work" "$PWD" >"$log" 2>&1 <<'INSIDE'
tree=$1 out=$2 work=$3 top=$4
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/tree.up,workdir=$work/tree.work" "$tree"
mount -t overlay overlay -o "lowerdir=$out,upperdir=$work/out.up,workdir=$work/out.work" "$out"
"$top/packaging/into-kernel" "$tree"
"$top/packaging/into-kernel" "$tree"	# again: no harm
[ "$(grep -c zblock "$tree/drivers/block/Makefile")" = 1 ]
[ "$(grep -c zblock "$tree/drivers/block/Kconfig")" = 1 ]
printf 'CONFIG_ZSPOOL=y\nCONFIG_ZSPOOL_DEBUGFS=y\nCONFIG_ZBLOCK=y\n' >>"$out/.config"
make -s -C "$out" ARCH=um PAHOLE=false olddefconfig
grep -qx CONFIG_ZBLOCK=y "$out/.config"
grep -qx CONFIG_LZ4_COMPRESS=y "$out/.config"
make -s -C "$out" ARCH=um PAHOLE=false -j"$(nproc)" linux
cp "$out/linux" "$work/linux"
INSIDE
ok $? "placed in a kernel tree, configured =y and built"
! grep -E 'warning:.*(zspool|zblock)|(zspool|zblock).*warning:' "$log"
ok $? "without a warning"

cat >"$work/init" <<'INIT'
#!/bin/bash
exec >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# opened before: the checkout may be in /tmp
exec 3<"$DATA"
mount -t tmpfs tmpfs /tmp
echo 24M >/sys/block/zblock0/disksize
head -c 12M <&3 >/tmp/data
dd if=/tmp/data of=/dev/zblock0 bs=1M oflag=direct status=none &&
	echo 1 >/sys/block/zblock0/compact &&
	cmp -n $((12 << 20)) /tmp/data /dev/zblock0 &&
	[ ! -s /proc/modules ] &&
	[ "$(cat /sys/module/zspool/parameters/time_pins)" = Y ] &&
	[ "$(awk '{ print $1 }' /sys/block/zblock0/mm_stat)" -gt $((8 << 20)) ] &&
	echo "built in: all is well"
busybox poweroff -f
INIT
chmod +x "$work/init"
tests/process-pages build/test/data 64
# a parameter is set long before there is memory to be had
timeout -s KILL 60 "$work/linux" mem=256M zspool.time_pins=1 seccomp=on rootfstype=hostfs rootflags=/ ro \
	init="$work/init" DATA="$PWD/build/test/data" con=null con0=null,fd:1 panic=-1 \
	</dev/null >>"$log" 2>&1
grep -q 'built in: all is well' "$log" && ! grep -qE 'BUG:|WARNING:|Kernel panic' "$log"
ok $? "a device is there from boot, and keeps its data"
$root rm -rf "$work"
end
