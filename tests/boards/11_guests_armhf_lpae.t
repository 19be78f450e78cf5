#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 32-bit ARM with LPAE, whose highmem lies beyond 4 GiB: page frame numbers and
# physical addresses that no long holds.
. "$(dirname "$0")/../t/lib.sh"
guest_tests armhf-lpae --mem 5G --append 'mem=768M@0x40000000 mem=1G@0x100000000' \
	--timeout 1500 -- \
	board/highmem_holds_the_data.test \
	board/sizes_beyond_4_gib.test \
	same_filled_and_incompressible_pages.test \
	compaction_while_it_swaps.test
