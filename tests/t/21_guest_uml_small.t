#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests that use up all memory, in a guest that has little.
. "$(dirname "$0")/lib.sh"
guest_tests uml --mem 256M --timeout 900 -- \
	small/swap_storm_of_three_times_ram.test \
	small/out_of_memory_ends_well.test
