# shellcheck shell=bash
# Guests whose kernel is built here, from the distribution's source package and
# the fragments in config/.
# SPDX-License-Identifier: GPL-2.0-only

# Prints the folder of the unpacked source, unpacking it when missing.
# Outside modules need headers, scripts and Kconfig files of it, the kernel
# itself only what User-Mode Linux and QEMU have; the largest rest stays packed.
# A patch that does not fit, say because the kernel has it by now, is left out.
source_unpack()
(
	local suite package version dir patch
	read -r suite package version < <(lab_resolved uml-source)
	dir=$LAB_CACHE/src/${package}_$version-$(lab_hash "$LAB_DIR"/patches/um-*.patch)
	if [ ! -e "$dir/.complete" ]; then
		lab_lock uml-source
	fi
	if [ ! -e "$dir/.complete" ]; then
		rm -rf "$dir" "$dir.deb"
		[ -n "$(lab_apt_version "$suite" "$package" 2>/dev/null)" ] ||
			lab_apt_update "$suite" || return
		lab_apt_unpack "$suite" "$dir.deb" "$package=$version" || return
		lab_say "unpacking $package $version"
		mkdir -p "$dir"
		tar -C "$dir" --strip-components=1 \
			--exclude='*/drivers/gpu/drm/*/include/*' \
			--exclude='*/drivers/net/wireless/*.[ch]' \
			--exclude='*/arch/*/boot/dts' \
			--exclude='*/Documentation/devicetree' \
			-xf "$dir.deb/usr/src/$package.tar.xz" || return
		rm -rf "$dir.deb"
		for patch in "$LAB_DIR"/patches/um-*.patch; do
			if patch -s -p1 -f -d "$dir" --dry-run <"$patch" >/dev/null; then
				patch -s -p1 -f -d "$dir" <"$patch" || return
			else
				lab_say "the kernel's source does not take ${patch##*/}"
			fi
		done
		touch "$dir/.complete"
	fi
	printf '%s\n' "$dir"
)

# The fragments of a guest, in the order in which later lines win.
source_fragments()
{
	[[ $1 != uml-* ]] || printf '%s\n' "$LAB_DIR/config/uml"
	printf '%s\n' "$LAB_DIR/config/$1"
}

# The words of make for a guest's kernel and for modules of it.
source_make()
{
	case $1 in
	uml | uml-*)	echo ARCH=um PAHOLE=false ;;
	*)	echo ARCH=x86_64 PAHOLE=false ;;
	esac
}

# source_configure SRC OUT GUEST: writes OUT/.config. A line of a fragment
# that the kernel's own rules dropped is worth knowing, not worth failing.
source_configure()
{
	local src=$1 out=$2 guest=$3 line fragments
	mapfile -t fragments < <(source_fragments "$guest")
	cat "${fragments[@]}" | awk -F'[= ]' '
		/^CONFIG_/ { name = $1 } /^# CONFIG_/ { name = $2 }
		name { line[name] = $0; name = "" }
		END { for (name in line) print line[name] }' >"$out/fragment"
	# shellcheck disable=SC2046 # a list of words
	make -s -C "$src" O="$out" $(source_make "$guest") \
		KCONFIG_ALLCONFIG="$out/fragment" alldefconfig || return
	while read -r line; do
		case $line in
		"# CONFIG_"*)
			line=${line#\# }
			! grep -q "^${line%% *}=" "$out/.config" ;;
		*)	grep -qxF "$line" "$out/.config" ;;
		esac || lab_say "the kernel's configuration drops: $line"
	done <"$out/fragment"
}

# source_build GUEST: prints the build folder of the guest's kernel, building it
# when the cache has none for this source, configuration and compiler. The
# folder names itself in its Makefile, so it is built in place and a stamp
# says that it is whole.
source_build()
(
	local guest=$1 resolved src key out fragments words
	resolved=$(lab_resolve uml-source trixie-backports -- \
		'linux-source-7\.3' 'linux-source-[0-9.]+') || return
	mapfile -t fragments < <(source_fragments "$guest")
	read -ra words < <(source_make "$guest")
	key=$({ printf '%s\n' "$resolved"; gcc -dumpfullversion; } |
		lab_hash "${fragments[@]}" "$LAB_DIR"/patches/um-*.patch -)
	out=$LAB_CACHE/$guest/${resolved##* }-$key
	if [ ! -e "$out/.complete" ]; then
		lab_lock "$guest"
	fi
	if [ ! -e "$out/.complete" ]; then
		src=$(source_unpack) || return
		rm -rf "$out"
		mkdir -p "$out"
		lab_say "building the $guest kernel (a few minutes, once)"
		source_configure "$src" "$out" "$guest" >&2 || return
		if ! make -s -C "$out" "${words[@]}" -j"$(nproc)" all >"$out/build.log" 2>&1; then
			tail -n 30 "$out/build.log" >&2
			lab_say "the build failed, see $out/build.log"
			return "$LAB_BROKEN"
		fi
		make -s -C "$out" "${words[@]}" INSTALL_MOD_PATH="$out/root" \
			modules_install >&2 || return
		# what QEMU boots; User-Mode Linux is a program itself
		[ ! -e "$out/arch/x86/boot/bzImage" ] ||
			ln -f "$out/arch/x86/boot/bzImage" "$out/vmlinuz" || return
		cat "$out/include/config/kernel.release" >"$out/release"
		touch "$out/.complete"
	fi
	printf '%s\n' "$out"
)
