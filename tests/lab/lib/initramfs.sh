# shellcheck shell=bash
# The initramfs of guests in QEMU: busybox, the modules that reach the host's
# files, and guest/qemu-init.
# SPDX-License-Identifier: GPL-2.0-only

INITRAMFS_MODULES=(virtio_pci virtio_mmio virtio_console 9pnet_virtio 9p overlay)

# initramfs_make KERNELDIR [ROOT]: prints the file, making it when it is not
# there. busybox is that of ROOT.
initramfs_make()
(
	local kernel=$1 busybox release file new module line number=100
	busybox=${2:+$2/usr/bin/busybox}
	: "${busybox:=$(command -v busybox)}"
	release=$(<"$kernel/release")
	file=$kernel/initramfs-$(lab_hash "$LAB_DIR/guest/qemu-init" \
		"$LAB_DIR/lib/initramfs.sh" "$busybox").cpio
	if [ ! -e "$file" ]; then
		new=$(mktemp -d "$kernel/initramfs.XXXXXX")
		mkdir -p "$new"/{bin,dev,proc,sys,root,lower,host,over,modules}
		cp "$busybox" "$new/bin/busybox"
		cp "$LAB_DIR/guest/qemu-init" "$new/init"
		: >"$new/modules/order"	# a kernel may have them all built in
		for module in "${INITRAMFS_MODULES[@]}"; do
			modprobe -d "$kernel/root" -S "$release" --show-depends "$module" 2>/dev/null
		done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r line; do
			number=$((number + 1))
			cp "$line" "$new/modules/$number-${line##*/}"
			echo "$number-${line##*/}" >>"$new/modules/order"
		done
		(cd "$new" && find . | cpio --quiet -o -H newc -R 0:0) >"$new.cpio" || return
		mv "$new.cpio" "$file"
		rm -rf "$new"
	fi
	printf '%s\n' "$file"
)
