# shellcheck shell=bash
# Stock kernels of Debian: image, modules and headers, unpacked into the cache.
# SPDX-License-Identifier: GPL-2.0-only

# Bump when a change here makes the folders of the cache differ.
DEBIAN_LAYOUT=2

# debian_resolve GUEST: prints "SUITE HEADERS-PACKAGE VERSION". The headers'
# name ends in the release that the image and the modules carry, too.
debian_resolve()
{
	case $1 in
	6.1)	lab_resolve 6.1 bookworm -- 'linux-headers-6\.1\.[0-9.]+-[0-9]+-amd64' ;;
	6.12)	lab_resolve 6.12 bookworm bookworm-backports trixie -- \
			'linux-headers-6\.12\.[0-9.]+\+deb1[23][0-9.]*-amd64' ;;
	7.3)	lab_resolve 7.3 trixie-backports -- \
			'linux-headers-7\.3\.[0-9.]+\+deb13[0-9.]*-amd64' \
			'linux-headers-[0-9.]+\+deb13[0-9.]*-amd64' ;;
	6.12-rt)	lab_resolve "$1" bookworm bookworm-backports trixie -- \
			'linux-headers-6\.12\.[0-9.]+\+deb1[23][0-9.]*-rt-amd64' ;;
	arm64 | arm64-16k)	lab_resolve "$1" bookworm bookworm-backports trixie -- \
			"linux-headers-6\\.12\\.[0-9.]+\\+deb1[23][0-9.]*-$1" ;;
	armhf)	lab_resolve "$1" bookworm-backports trixie -- \
			'linux-headers-6\.12\.[0-9.]+\+deb1[23][0-9.]*-armmp' ;;
	armhf-lpae)	lab_resolve "$1" bookworm-backports trixie -- \
			'linux-headers-6\.12\.[0-9.]+\+deb1[23][0-9.]*-armmp-lpae' ;;
	esac
}

# The packages of a release that hold its image and modules: one package until
# 7.1, three from 7.2 on (linux-base-… has the lists of what is built in).
debian_packages()
{
	local suite=$1 release=$2 package
	local images=("linux-image-$release" "linux-image-$release-unsigned")
	if [ -n "$(lab_apt_version "$suite" "linux-modules-$release")" ]; then
		echo "linux-modules-$release"
		[ -z "$(lab_apt_version "$suite" "linux-base-$release")" ] ||
			echo "linux-base-$release"
		images=("linux-binary-unsigned-$release" "linux-binary-$release")
	fi
	for package in "${images[@]}"; do
		if [ -n "$(lab_apt_version "$suite" "$package")" ]; then
			echo "$package"
			return
		fi
	done
	return 1
}

# Headers need the packages they depend on that carry the kernel's version:
# the common part and, unless they are of another architecture, the kbuild tools.
debian_header_packages()
{
	local suite=$1 headers=$2 what='headers-[^ ]*-common[^ ]*'
	[ "${ARCH_DEB:-amd64}" != amd64 ] || what+='|kbuild-[^ ]*'
	echo "$headers"
	lab_apt "$suite" apt-cache depends "$headers" |
		grep -oE "linux-($what)" | sort -u
}

# debian_kbuild SUITE HEADERS DIR: the host's kbuild tools for headers of another
# architecture: the same release of them does.
debian_kbuild()
(
	local suite=$1 kbuild
	kbuild=$(lab_apt "$suite" apt-cache depends "$2" | grep -oE 'linux-kbuild-[^ ]*')
	ARCH_DEB=amd64
	[ -n "$(lab_apt_version "$suite" "$kbuild" 2>/dev/null)" ] ||
		lab_apt_update "$suite" || return
	[ -n "$(lab_apt_version "$suite" "$kbuild")" ] ||
		lab_skip "the mirror has no $kbuild for this host"
	lab_apt_unpack "$suite" "$3" "$kbuild"
)

# Modules as one folder of plain .ko files: what no guest of ours has hardware
# for goes, and decompressing once is cheaper than in every slow guest.
debian_modules()
{
	local from=$1 to=$2
	mkdir -p "$(dirname "$to")"
	mv "$from" "$to" || return
	rm -f "$to/build" "$to/source"
	rm -rf "$to"/kernel/{sound,drivers/{gpu,media,infiniband,iio,staging,usb,isdn}} \
		"$to"/kernel/drivers/net/{ethernet,wireless,can,usb,phy}
	find "$to" -name '*.ko.xz' -print0 | xargs -0 -r -P "$(nproc)" -n 64 xz -d &&
	find "$to" -name '*.ko.zst' -print0 | xargs -0 -r -P "$(nproc)" -n 64 zstd -q -d --rm || return
	sed -i -E 's/\.ko\.(xz|zst|gz)$/.ko/' "$to/modules.order"
	depmod -b "${to%/lib/modules/*}" "${to##*/}"
}

# Header packages name /usr/src by absolute path in one Makefile.
debian_headers()
{
	local dir=$1 final=$2 release=$3
	sed -i "s|/usr/src/|$final/usr/src/|g" "$dir/usr/src/linux-headers-$release/Makefile"
}

# debian_unpack GUEST: prints the folder of the guest's kernel.
debian_unpack()
(
	local guest=$1 suite headers version release dir new packages
	ARCH_DEB=$(guest_arch "$guest")
	export ARCH_DEB
	read -r suite headers version < <(debian_resolve "$guest")
	[ -n "${version:-}" ] || {
		debian_resolve "$guest" >/dev/null
		return
	}
	release=${headers#linux-headers-}
	dir=$LAB_CACHE/$guest/$version-$DEBIAN_LAYOUT
	if [ ! -e "$dir/.complete" ]; then
		lab_lock "$guest"
	fi
	if [ ! -e "$dir/.complete" ]; then
		new=$dir.new
		rm -rf "$new" "$dir"
		mkdir -p "$new"
		[ -n "$(lab_apt_version "$suite" "$headers" 2>/dev/null)" ] ||
			lab_apt_update "$suite" || return
		packages=$(debian_packages "$suite" "$release") || {
			# The mirror moved on between the answer and now.
			rm -f "$LAB_CACHE/resolved/$guest"
			lab_skip "the mirror has no image of $release"
		}
		# shellcheck disable=SC2086,SC2046 # lists of words
		lab_apt_unpack "$suite" "$new" $packages \
			$(debian_header_packages "$suite" "$headers") || return "$LAB_BROKEN"
		if guest_foreign "$guest"; then
			debian_kbuild "$suite" "$headers" "$new" || return
		fi
		mv "$(find "$new/boot" "$new/usr/lib" -name 'vmlinuz*' 2>/dev/null | head -n 1)" \
			"$new/vmlinuz" || return "$LAB_BROKEN"
		lab_say "preparing the modules of $release"
		debian_modules "$(find "$new" -type d -path "*lib/modules/$release")" \
			"$new/root/lib/modules/$release" || return "$LAB_BROKEN"
		debian_headers "$new" "$dir" "$release" || return "$LAB_BROKEN"
		if guest_foreign "$guest"; then
			! debian_tools_too_new "$new" "$release" ||
				lab_skip "the tools of $headers need a newer C library than this host's"
		elif ! wrap_unneeded "$new" "$release"; then
			wrap_make "$suite" "$new" "$headers" || return "$LAB_BROKEN"
		fi
		rm -rf "${new:?}"/usr/share "${new:?}"/lib "${new:?}"/usr/lib/modules
		echo "$release" >"$new/release"
		touch "$new/.complete"
		mv "$new" "$dir"
	fi
	printf '%s\n' "$dir"
)

# True when the kbuild tools do not start on the host.
debian_tools_too_new()
{
	"$1/usr/src/linux-headers-$2/scripts/mod/modpost" -h 2>&1 | grep -q GLIBC_
}

# debian_kdir DIR GUEST: the make arguments for modules of an unpacked kernel.
debian_kdir()
{
	local headers cross compiler
	headers=$1/usr/src/linux-headers-$(<"$1/release")
	if [ -e "$1/wrap" ]; then
		echo "-C $1/wrap"
	elif guest_foreign "$2"; then
		cross=$(guest_make "$2")
		compiler=$(sed -n 's/^CC = .*)\(gcc-[0-9]*\)$/\1/p' "$headers/.kernelvariables")
		# Another release of the compiler than the kernel's own does, too.
		command -v "${cross##*=}${compiler:-gcc}" >/dev/null || cross+=" CC=${cross##*=}gcc"
		echo "-C $headers $cross"
	else
		echo "-C $headers"
	fi
}
