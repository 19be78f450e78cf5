#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The smoke of a 32-bit ARM whose RAM is mostly highmem: load, swap under
# pressure while memory is compacted, fio on both codecs, discard, reset,
# unload, and what only 32 bits can get wrong. The files 10_* have the rest.
. "$(dirname "$0")/../t/lib.sh"
LIGHT=1 guest_tests armhf --mem 2G --timeout 900 -- \
	load_and_unload.test \
	compaction_while_it_swaps.test \
	fio_verifies_on_both_codecs.test \
	discard_gives_memory_back.test \
	board/highmem_holds_the_data.test \
	board/sizes_beyond_4_gib.test
