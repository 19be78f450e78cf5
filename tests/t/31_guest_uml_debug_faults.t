#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Leaks and injected faults under the sanitizers, in a guest of their own.
. "$(dirname "$0")/lib.sh"
guest_tests uml-debug --mem 1G --timeout 1500 -- \
	load_and_unload.test \
	failed_allocations_lose_nothing.test
