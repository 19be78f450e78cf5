# shellcheck shell=bash
# The table of guests. Everything that differs between them is asked here.
# SPDX-License-Identifier: GPL-2.0-only

# NAME-least is the kernel NAME, with our modules built without what can be left out.
# shellcheck disable=SC2034 # for run and kdir
LAB_KERNELS=(uml uml-debug uml-gcov 6.1 6.12 7.3 6.12-rt arm64 arm64-16k armhf armhf-lpae
	kcsan uml-least)

# Where a guest's kernel comes from: built here, or the distribution's own.
kernel_kind()
{
	case ${1%-least} in
	uml | uml-debug | uml-gcov | kcsan)	echo built ;;
	6.1 | 6.12 | 7.3 | 6.12-rt)	echo debian ;;
	arm64 | arm64-16k | armhf | armhf-lpae)	echo debian ;;
	*)	return 1 ;;
	esac
}

# Which boot_… starts a guest.
guest_boot()
{
	case $1 in
	uml | uml-*)	echo uml ;;
	*)	echo qemu ;;
	esac
}

# kernel_prepare GUEST: prints the folder of the guest's kernel, fetching or
# building what the cache lacks. It holds `release` and root/lib/modules.
kernel_prepare()
{
	local kernel=${1%-least}
	case $(kernel_kind "$kernel") in
	built)	source_build "$kernel" ;;
	debian)	debian_unpack "$kernel" ;;
	esac
}

# kernel_modules DIR: the module tree of a prepared kernel.
kernel_modules()
{
	echo "$1/root/lib/modules/$(<"$1/release")"
}

# Words that a guest's kernel always gets.
kernel_append()
{
	case $1 in
	# SLUB's checks, and with them no per-CPU sheaves of objects, whose stale
	# entries would hide leaks from kmemleak.
	uml-debug)	echo slab_debug=F ;;
	# Under emulation a processor does fewer accesses in the time of a watchpoint than
	# the sanitizer's defaults think: it looks at more of them.
	kcsan)	echo kcsan.skip_watch=1000 kcsan.udelay_task=100 ;;
	esac
}

# Words for the make that builds our modules for a guest.
kernel_make()
{
	case $1 in
	uml-gcov)	echo COVERAGE=y ;;
	# all but debugfs, where the checker is
	*-least)	echo ZBLOCK_{LARGE,CHECKSUM,RECOMPRESS,WRITEBACK}=n ;;
	esac
}

# kernel_release GUEST: the release of a guest that is in the cache already.
kernel_release()
{
	local dir newest=
	for dir in "$LAB_CACHE/$1"/*/; do
		[ ! -e "$dir/.complete" ] || newest=$dir
	done
	[ -z "$newest" ] || cat "$newest/release"
}
