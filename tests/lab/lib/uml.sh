# shellcheck shell=bash
# User-Mode Linux guests: the kernel is built here, from the distribution's
# source package and the fragments in config/.
# SPDX-License-Identifier: GPL-2.0-only

# Prints the folder of the unpacked source, unpacking it when missing.
# Outside modules need headers, scripts and Kconfig files of it, the kernel
# itself only the parts that ARCH=um builds; the largest rest stays packed.
# A patch that does not fit, say because the kernel has it by now, is left out.
uml_source()
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
uml_fragments()
{
	printf '%s\n' "$LAB_DIR/config/uml"
	[ "$1" = uml ] || printf '%s\n' "$LAB_DIR/config/$1"
}

# uml_configure SRC OUT FRAGMENT…: writes OUT/.config. A line of a fragment
# that the kernel's own rules dropped is worth knowing, not worth failing.
uml_configure()
{
	local src=$1 out=$2 line
	shift 2
	cat "$@" | awk -F'[= ]' '
		/^CONFIG_/ { name = $1 } /^# CONFIG_/ { name = $2 }
		name { line[name] = $0; name = "" }
		END { for (name in line) print line[name] }' >"$out/fragment"
	make -s -C "$src" O="$out" ARCH=um PAHOLE=false KCONFIG_ALLCONFIG="$out/fragment" \
		alldefconfig || return
	while read -r line; do
		case $line in
		"# CONFIG_"*)
			line=${line#\# }
			! grep -q "^${line%% *}=" "$out/.config" ;;
		*)	grep -qxF "$line" "$out/.config" ;;
		esac || lab_say "the kernel's configuration drops: $line"
	done <"$out/fragment"
}

# uml_build GUEST: prints the build folder of the guest's kernel, building it
# when the cache has none for this source, configuration and compiler. The
# folder names itself in its Makefile, so it is built in place and a stamp
# says that it is whole.
uml_build()
(
	local guest=$1 resolved src key out fragments
	resolved=$(lab_resolve uml-source trixie-backports -- \
		'linux-source-7\.3' 'linux-source-[0-9.]+') || return
	mapfile -t fragments < <(uml_fragments "$guest")
	key=$({ printf '%s\n' "$resolved"; gcc -dumpfullversion; } |
		lab_hash "${fragments[@]}" "$LAB_DIR"/patches/um-*.patch -)
	out=$LAB_CACHE/$guest/${resolved##* }-$key
	if [ ! -e "$out/.complete" ]; then
		lab_lock "$guest"
	fi
	if [ ! -e "$out/.complete" ]; then
		src=$(uml_source) || return
		rm -rf "$out"
		mkdir -p "$out"
		lab_say "building the $guest kernel (a few minutes, once)"
		uml_configure "$src" "$out" "${fragments[@]}" >&2 || return
		if ! make -s -C "$out" ARCH=um PAHOLE=false -j"$(nproc)" all >"$out/build.log" 2>&1; then
			tail -n 30 "$out/build.log" >&2
			lab_say "the build failed, see $out/build.log"
			return "$LAB_BROKEN"
		fi
		make -s -C "$out" ARCH=um PAHOLE=false INSTALL_MOD_PATH="$out/root" \
			modules_install >&2 || return
		cat "$out/include/config/kernel.release" >"$out/release"
		touch "$out/.complete"
	fi
	printf '%s\n' "$out"
)
