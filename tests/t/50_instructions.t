#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A page takes no more instructions than it takes the in-tree zram: LZ4's and zstd's
# own are most of both, so one in a hundred is a few dozen lines of ours. (A hole is
# left out: x86 clears a page by one instruction that is counted for each byte, zram's
# by one for each word.)
. "$(dirname "$0")/lib.sh"
table=build/test/instructions
counted $table 6.12 bench/instructions.py build/test/data
awk '{ ours = $1; zrams = $2; $1 = $2 = "" }
	/hole/ { next }
	{ printf "%s %d -%s: %d, zram %d\n", (ours > 0 && ours <= zrams * 1.01 ? "ok" : "not ok"),
		++n, substr($0, 2), ours, zrams }
	END { print "1.." 8; if (n != 8) print "# " n " cases" }' $table | tee $table.tap
! grep -q '^not ok' $table.tap
