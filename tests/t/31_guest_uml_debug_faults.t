#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Leaks and injected faults under the sanitizers, in a guest of their own.
. "$(dirname "$0")/lib.sh"
guest_tests uml-debug --mem 1G --timeout 2400 -- \
	load_and_unload.test \
	failed_allocations_lose_nothing.test \
	failed_allocations_of_settings_lose_nothing.test \
	late_writes_wait_for_memory.test
