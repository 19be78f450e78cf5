# shellcheck shell=bash
# What differs between the processors that guests have.
# SPDX-License-Identifier: GPL-2.0-only

# Debian's name of a guest's architecture.
guest_arch()
{
	case $1 in
	arm64*)	echo arm64 ;;
	armhf*)	echo armhf ;;
	*)	echo amd64 ;;
	esac
}

# True when the host's own programs do not run in the guest.
guest_foreign()
{
	[ "$(guest_arch "$1")" != amd64 ]
}

# What the host needs for a guest besides the packages of every guest.
guest_needs()
{
	case $(guest_arch "$1") in
	arm64)	echo qemu-system-arm gcc-aarch64-linux-gnu ;;
	armhf)	echo qemu-system-arm gcc-arm-linux-gnueabihf ;;
	esac
}

# The variables that make a kernel's build cross-compile.
guest_make()
{
	case $(guest_arch "$1") in
	arm64)	echo ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- ;;
	armhf)	echo ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf- ;;
	esac
}

# The QEMU of a guest, and the package that has it.
guest_qemu()
{
	case $(guest_arch "$1") in
	arm64)	echo aarch64 qemu-system-arm ;;
	armhf)	echo arm qemu-system-arm ;;
	*)	echo x86_64 qemu-system-x86 ;;
	esac
}

# The machine QEMU plays. A 32-bit kernel without LPAE sees only the lower
# 4 GiB, so that the devices have to be there. What the fastest stand-in for
# pointer authentication costs is all that emulation has to pay for it.
guest_machine()
{
	case $1 in
	arm64*)	echo -machine virt -cpu max,pauth-impdef=on ;;
	armhf-lpae)	echo -machine virt,highmem=on -cpu max ;;
	armhf)	echo -machine virt,highmem=off -cpu max ;;
	*)	echo -machine q35 ;;
	esac
}

guest_console()
{
	case $(guest_arch "$1") in
	amd64)	echo ttyS0 ;;
	*)	echo ttyAMA0 ;;
	esac
}
