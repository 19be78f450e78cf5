# shellcheck shell=bash
# Starts a guest in QEMU. The caller has set LAB_MEM, LAB_CPUS, LAB_APPEND,
# LAB_QEMU, LAB_MONITOR, LAB_ACCEL, LAB_MACHINE, LAB_CONSOLE and LAB_USERLAND,
# and filled the job folder.
# SPDX-License-Identifier: GPL-2.0-only

# boot_qemu JOB KERNELDIR LOG: becomes the guest; call it in a subshell.
# The console goes to LOG; virtio ports carry the command's output, its errors
# and its status.
boot_qemu()
{
	local job=$1 kernel=$2 log=$3 n=0 dir args=() port qemu host=
	mapfile -t qemu <<<"$LAB_QEMU_COMMAND"
	case " $LAB_QEMU " in
	*' -m '*) ;;	# the caller wants more than a size: slots, maxmem
	*)	args+=(-m "$LAB_MEM") ;;
	esac
	case $LAB_ACCEL:$LAB_MACHINE in
	kvm:*)	args+=(-accel kvm -cpu host) ;;
	# The guest's clock counts its instructions, one a nanosecond: what else
	# the host does cannot be seen in it. One processor only.
	icount:*)	args+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu max) ;;
	*-cpu*)	args+=(-accel "tcg,thread=multi") ;;
	*)	args+=(-accel "tcg,thread=multi" -cpu max) ;;
	esac
	if [ -n "$LAB_USERLAND" ]; then
		host=LAB_HOST=labhost
		args+=(-fsdev "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"
			-device "virtio-9p-pci,fsdev=host,mount_tag=labhost")
	fi
	args+=(-fsdev "local,id=root,path=${LAB_USERLAND:-/},security_model=none,readonly=on,multidevs=remap"
		-device "virtio-9p-pci,fsdev=root,mount_tag=labroot")
	while IFS= read -r dir; do
		args+=(-fsdev "local,id=rw$n,path=${dir//,/,,},security_model=none,multidevs=remap"
			-device "virtio-9p-pci,fsdev=rw$n,mount_tag=labrw$n")
		n=$((n + 1))
	done <"$job/rw"
	for port in out err status; do
		dir=$job/$port
		[ "$port" = status ] || dir+=.fifo
		args+=(-chardev "file,id=$port,path=${dir//,/,,},append=on"
			-device "virtserialport,chardev=$port,name=lab.$port")
	done
	if [ -n "$LAB_MONITOR" ]; then
		# Both ends of the socket are QEMU's: what the guest writes to the
		# port is a command. No process beside the guest, nothing to agree on.
		dir=${job//,/,,}/monitor
		args+=(-chardev "socket,id=monitor,path=$dir,server=on,wait=off"
			-mon "chardev=monitor,mode=control"
			-chardev "socket,id=lab.monitor,path=$dir"
			-device "virtserialport,chardev=lab.monitor,name=lab.monitor"
			-fsdev "local,id=qemu,path=/proc/self,security_model=none,readonly=on"
			-device "virtio-9p-pci,fsdev=qemu,mount_tag=labqemu")
	fi
	# shellcheck disable=SC2086 # LAB_QEMU and LAB_MACHINE are lists of words
	exec "${qemu[@]}" $LAB_MACHINE -nodefaults -no-user-config -no-reboot \
		-display none -smp "$LAB_CPUS" -kernel "$kernel/vmlinuz" -initrd "$LAB_INITRAMFS" \
		-chardev "file,id=console,path=${log//,/,,}" -serial chardev:console \
		-device virtio-serial-pci "${args[@]}" $LAB_QEMU \
		-append "console=$LAB_CONSOLE panic=-1 printk.devkmsg=on loglevel=5 no_timer_check \
$LAB_PATIENCE LAB_JOB=$job LAB_INIT=$job/init $host $LAB_APPEND" \
		</dev/null >>"$log.qemu" 2>&1
}

# accel_find JOB KERNELDIR: prints kvm or tcg. A /dev/kvm that opens proves
# nothing, so a guest is really booted with it, once for each kernel and each
# boot of the host; once it failed, the others need not try.
accel_find()
(
	local job=$1 kernel=$2 boot_id known status
	if [ -n "${LAB_ACCEL:-}" ]; then
		echo "$LAB_ACCEL"
		return
	fi
	boot_id=$(</proc/sys/kernel/random/boot_id)
	known=$LAB_CACHE/accel/$boot_id
	mkdir -p "$LAB_CACHE/accel"
	if [ ! -w /dev/kvm ] || [ -e "$known-tcg" ]; then
		echo tcg
		return
	fi
	if [ ! -e "$known-$(<"$kernel/release")" ]; then
		lab_lock accel
		[ ! -e "$known-tcg" ] || { echo tcg; return; }
		lab_say "trying whether /dev/kvm works"
		mkdir "$job/probe"
		cp "$job/kernel" "$job/modules" "$job/init" "$job/probe/"
		echo / >"$job/probe/cwd"
		printf 'true\0' >"$job/probe/argv"
		touch "$job/probe"/{rw,out.fifo,err.fifo,status}
		LAB_ACCEL=kvm LAB_MEM=512M LAB_CPUS=2 LAB_QEMU='' LAB_MONITOR='' LAB_APPEND='' timeout -s KILL 20 \
			bash -c 'boot_qemu "$@"' boot "$job/probe" "$kernel" "$job/probe/log" &
		wait "$!" 2>/dev/null
		status=$(<"$job/probe/status")
		if [ "$status" = 0 ]; then
			touch "$known-$(<"$kernel/release")"
		else
			lab_say "it does not: guests run under emulation"
			touch "$known-tcg"
			echo tcg
			return
		fi
	fi
	echo kvm
)
