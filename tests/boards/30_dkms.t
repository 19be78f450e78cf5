#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2181 # ok() takes the status of what was before
# The DKMS package: installs in a clean root of the distribution, builds for the
# kernel whose headers are there, and for a second one when that comes (an
# upgrade); both load in guests of those kernels; removed, nothing is left.
. "$(dirname "$0")/../t/lib.sh"
# shellcheck source=/dev/null
for part in common apt resolve arch kernels source debian wrap; do
	. "tests/lab/lib/$part.sh"
done
mkdir -p build/test
log=$PWD/build/test/dkms.log
said_in "$log"
tests/process-pages build/test/data 64
: >"$log"
for kernel in 6.1 6.12; do
	tests/lab/kdir $kernel >/dev/null || { echo "1..0 # SKIP no kernel $kernel"; exit 0; }
done
read -r suite first _ < <(debian_resolve 6.1)
read -r suite2 second _ < <(debian_resolve 6.12)
[ "$suite" = "$suite2" ] || { echo "1..0 # SKIP $first and $second are of two releases"; exit 0; }

# The clean root is kept with the laboratory's downloads; a copy is changed.
clean=$LAB_CACHE/dkms/$suite-${first#linux-headers-}
if [ ! -e "$clean/.complete" ]; then
	wrap_root rm -rf "$clean"
	mkdir -p "$LAB_CACHE/dkms"
	lab_retry wrap_root mmdebstrap --quiet --variant=apt --mode=auto \
		--include="dkms,$first,make,gcc" "$suite" "$clean" - \
		<<<"$(lab_apt_sources "$suite")" >>"$log" 2>&1 ||
		{ echo "1..0 # SKIP no root of $suite: $(tail -n 1 "$log")"; exit 0; }
	wrap_root touch "$clean/.complete"
fi
root=$PWD/build/test/dkms-root
wrap_root rm -rf "$root"
wrap_root cp -a "$clean" "$root"
inside()
{
	wrap_root tests/lab/wrap/enter "$root" env -C / DEBIAN_FRONTEND=noninteractive \
		LC_ALL=C "$@" >>"$log" 2>&1
}
# built RELEASE: both modules lie where depmod finds them
built()
{
	[ "$(find "$root/lib/modules/$1/updates/dkms" -name 'z*.ko*' 2>/dev/null | wc -l)" = 2 ]
}
# loads KERNEL: what DKMS built is loaded in a guest of that kernel, and works
loads()
{
	local from
	from=$root/lib/modules/$(kernel_release "$1")/updates/dkms
	# shellcheck disable=SC2016 # for the guest
	tests/lab/run "$1" --no-build --timeout 200 -- bash -eu -c '
		for name in zspool zblock; do
			ko=$(echo "$0/$name".ko*)
			for need in $(modinfo -F depends "$ko" | tr , " "); do
				[ "$need" = zspool ] || modprobe "$need"
			done
			insmod "$ko"
		done
		echo 16M >/sys/block/zblock0/disksize
		head -c 8M build/test/data >/tmp/data
		dd if=/tmp/data of=/dev/zblock0 bs=1M oflag=direct status=none
		cmp -n 8388608 /tmp/data /dev/zblock0' "$from" >>"$log" 2>&1
}

echo 1..8
make -s deb >>"$log" 2>&1
ok $? "make deb"
deb=$(echo build/deb/zblock-dkms_*_all.deb)
# not to /root: the host's is bound over it in there
wrap_root cp "$deb" "$root/var/tmp/"
inside dpkg -i "/var/tmp/${deb##*/}"
ok $? "the package installs in a clean root of $suite"
built "${first#linux-headers-}"
ok $? "and builds for ${first#linux-headers-}"
inside apt-get -q update
inside apt-get -q -y --no-install-recommends install "$second" &&
	built "${second#linux-headers-}" && built "${first#linux-headers-}"
ok $? "a kernel that comes later, ${second#linux-headers-}, gets it too"
loads 6.1
ok $? "what was built for the first loads and works"
loads 6.12
ok $? "what was built for the second loads and works"
inside dpkg --purge zblock-dkms
ok $? "the package can be removed"
[ -z "$(find "$root/lib/modules" "$root/var/lib/dkms" "$root"/usr/src/zblock* \
	\( -name 'zspool*' -o -name 'zblock*' \) 2>/dev/null)" ]
ok $? "and nothing is left"
wrap_root rm -rf "$root"
end
