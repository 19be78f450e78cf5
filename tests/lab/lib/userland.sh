# shellcheck shell=bash
# The programs of guests whose architecture is not the host's: a small root of
# the distribution's packages, unpacked and never configured. Nothing of it
# runs on the host.
# SPDX-License-Identifier: GPL-2.0-only

USERLAND_SUITE=bookworm
USERLAND_PACKAGES=(base-files base-passwd bash busybox-static coreutils dash diffutils
	e2fsprogs findutils fio gawk grep kmod libc-bin mount procps python3
	sed stress-ng util-linux)

# userland_make GUEST: prints the root folder, making it when the cache has
# none. apt works out what the packages depend on, as for an empty machine.
userland_make()
(
	local arch dir new debs deb link
	arch=$(guest_arch "$1")
	dir=$LAB_CACHE/userland/$arch-$(printf '%s\n' "$USERLAND_SUITE" \
		"${USERLAND_PACKAGES[@]}" | lab_hash "$LAB_DIR/lib/userland.sh" -)
	[ -e "$dir/.complete" ] || lab_lock "userland-$arch"
	if [ ! -e "$dir/.complete" ]; then
		export ARCH_DEB=$arch
		new=$dir.new debs=$dir.debs
		rm -rf "$new" "$debs" "$dir"
		mkdir -p "$debs/partial" "$new"/usr/{bin,sbin,lib} \
			"$new"/{dev,proc,sys,run,tmp,mnt,host}
		for link in bin sbin lib; do
			ln -s "usr/$link" "$new/$link"
		done
		lab_apt_update "$USERLAND_SUITE" || return
		lab_say "downloading the programs of $arch guests (about 80 MB)"
		lab_retry lab_apt "$USERLAND_SUITE" apt-get -qq -y --download-only \
			--no-install-recommends -o Dir::Cache::Archives="$debs" \
			install "${USERLAND_PACKAGES[@]}" >&2 || return
		lab_say "unpacking them"
		for deb in "$debs"/*.deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -C "$new" -x --keep-directory-symlink --no-same-owner \
					--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
					--exclude='./usr/share/locale/*' || return
		done
		# What the packages' own scripts would have done, as far as it matters.
		for link in sh:dash awk:gawk; do
			[ -e "$new/usr/bin/${link%:*}" ] || ln -s "${link#*:}" "$new/usr/bin/${link%:*}"
		done
		cp "$new/usr/share/base-passwd/passwd.master" "$new/etc/passwd"
		cp "$new/usr/share/base-passwd/group.master" "$new/etc/group"
		rm -rf "$debs"
		touch "$new/.complete"
		mv "$new" "$dir"
	fi
	printf '%s\n' "$dir"
)
