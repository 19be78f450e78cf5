#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The smoke of arm64: load, swap under pressure while memory is compacted, fio
# on both codecs, discard, reset, unload. The files 10_* have the rest.
. "$(dirname "$0")/../t/lib.sh"
LIGHT=1 guest_tests arm64 --mem 512M --timeout 900 -- \
	load_and_unload.test \
	compaction_while_it_swaps.test \
	fio_verifies_on_both_codecs.test \
	discard_gives_memory_back.test
