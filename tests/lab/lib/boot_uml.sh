# shellcheck shell=bash
# Starts a User-Mode Linux guest. The caller has set LAB_MEM, LAB_CPUS,
# LAB_APPEND and the job folder; file descriptor numbers are ours to choose.
# SPDX-License-Identifier: GPL-2.0-only

# boot_uml JOB KERNELDIR LOG: becomes the guest; call it in a subshell.
# The console is standard output and error, the serial lines carry the
# command's output, its errors and its status.
boot_uml()
{
	local job=$1 kernel=$2 log=$3
	exec 5>"$job/out.fifo" 6>"$job/err.fifo" 7>"$job/status"
	# The guest's memory is a file: in memory, if the host has room there.
	export TMPDIR=/dev/shm
	[ "$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt \
		"$(($(numfmt --from=iec "${LAB_MEM%B}") / 1024))" ] 2>/dev/null || TMPDIR=/tmp
	# shellcheck disable=SC2086 # LAB_APPEND is a list of words
	exec "$kernel/linux" mem="$LAB_MEM" ncpus="$LAB_CPUS" seccomp=on noreboot \
		uml_dir="$job/" umid=uml \
		root=none rootfstype=hostfs rootflags=/ ro init="$job/uml-root" \
		LAB_JOB="$job" LAB_INIT="$job/init" \
		con=null con0=null,fd:1 ssl=null ssl0=null,fd:5 ssl1=null,fd:6 ssl2=null,fd:7 \
		panic=-1 printk.devkmsg=on ignore_loglevel \
		$LAB_PATIENCE $LAB_APPEND \
		</dev/null >"$log" 2>&1
}
