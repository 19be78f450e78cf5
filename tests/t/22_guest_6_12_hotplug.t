#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests that take memory from the kernel, which has to be movable. Without
# nokaslr the kernel puts its own image anywhere, also into a block that is to go.
. "$(dirname "$0")/lib.sh"
guest_tests 6.12 --mem 768M --append "movablecore=512M nokaslr" --timeout 900 -- \
	hotplug/memory_blocks_come_and_go.test
