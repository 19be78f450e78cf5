#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The smoke of arm64 with pages of 16 KiB: load, swap under pressure while
# memory is compacted, fio on both codecs, discard, reset, unload, parts of pages. The
# files 10_* have the rest.
. "$(dirname "$0")/../t/lib.sh"
LIGHT=1 guest_tests arm64-16k --mem 512M --timeout 900 -- \
	load_and_unload.test \
	compaction_while_it_swaps.test \
	fio_verifies_on_both_codecs.test \
	discard_gives_memory_back.test \
	board/parts_of_large_pages.test \
	board/parts_of_written_back_pages.test
