#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On PREEMPT_RT, how long irqs and preemption are off at most while data goes
# through zblock, beside the kernel by itself and the in-tree zram: the table of
# docs/embedded.md. A page takes zstd some 10,000 and more of them: zblock must not add
# that to what the kernel does by itself.
. "$(dirname "$0")/../t/lib.sh"
table=build/test/latency
counted $table 6.12-rt tests/guest/board/latency.sh 8
awk 'BEGIN { print "# | | irqs off, us | preemption off, us | samples |" }
	{ printf "# | %s %s | %.1f | %.1f | %d |\n", $1, $2, $3 / 1000, $4 / 1000, $5 }
	$5 < 100 { few = 1 }
	$1 == "none" { irq = $3; thread = $4 }
	$1 == "zblock0" { if ($3 > worst_irq) worst_irq = $3
		if ($4 > worst_thread) worst_thread = $4; n++ }
	END {
		print "1..3"
		print (n == 2 && !few ? "ok" : "not ok") " 1 - each case was sampled"
		print (worst_irq < irq + 20000 ? "ok" : "not ok") " 2 - irqs are off no longer than without us, by 20 us"
		print (worst_thread < thread + 40000 ? "ok" : "not ok") " 3 - preemption is off no longer than without us, by 40 us"
	}' $table | tee $table.tap
! grep -q '^not ok' $table.tap
