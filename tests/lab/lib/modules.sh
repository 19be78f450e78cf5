# shellcheck shell=bash
# Our modules for a guest: built from this tree, put beside the kernel's own
# where modprobe finds both.
# SPDX-License-Identifier: GPL-2.0-only

# modules_build GUEST: runs the project's own make. One build a guest at a time.
modules_build()
(
	local guest=$1 kargs log=$LAB_TOP/build/lab/log/$1-build.log
	[ -e "$LAB_TOP/Makefile" ] || {
		lab_say "$LAB_TOP has no Makefile to build the modules with (--no-build skips it)"
		return 1
	}
	kargs=$("$LAB_DIR/kdir" "$guest") || return
	exec 9>"$LAB_TOP/build/lab/$guest.lock"
	flock 9
	# shellcheck disable=SC2046 # a list of words
	if ! make -C "$LAB_TOP" KARGS="$kargs" B="build/lab/$guest" TESTS=1 \
		$(kernel_make "$guest") modules >"$log" 2>&1 9>&-; then
		tail -n 40 "$log" >&2
		lab_say "building the modules for $guest failed, see $log"
		return 1
	fi
	for module in zspool zblock; do
		[ -e "$LAB_TOP/build/lab/$guest/$module.ko" ] || {
			lab_say "make built no build/lab/$guest/$module.ko"
			return 1
		}
	done
)

# modules_tree GUEST KERNELTREE: prints a folder to mount at /lib/modules, with
# the kernel's own modules and whatever *.ko lie in build/lab/GUEST. It is
# never changed once it is there: a guest that runs may be reading it.
modules_tree()
(
	local guest=$1 from=$2 release key dir new kos
	release=$(basename "$from")
	exec 9>"$LAB_TOP/build/lab/$guest.lock"
	flock 9
	shopt -s nullglob
	kos=("$LAB_TOP/build/lab/$guest"/*.ko)
	key=$({ printf '%s\n' "$from" "${kos[@]##*/}"; cat "${kos[@]}" /dev/null; } | lab_hash -)
	dir=$LAB_TOP/build/lab/tree/$guest-$key
	if [ ! -e "$dir" ]; then
		find "$LAB_TOP/build/lab/tree" -maxdepth 1 -name "$guest-*" -mmin +300 \
			-exec rm -rf {} + 2>/dev/null
		new=$dir.new
		rm -rf "$new"
		mkdir -p "$new/lib/modules/$release/extra"
		ln -s "$from/kernel" "$new/lib/modules/$release/kernel"
		cp "$from"/modules.builtin* "$from"/modules.order "$new/lib/modules/$release/" 2>/dev/null
		[ "${#kos[@]}" = 0 ] || cp "${kos[@]}" "$new/lib/modules/$release/extra/"
		depmod -b "$new" "$release" || return
		mv "$new" "$dir"
	fi
	printf '%s\n' "$dir/lib/modules"
)
