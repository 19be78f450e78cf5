#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All guest tests, those for boards too, on PREEMPT_RT.
. "$(dirname "$0")/../t/lib.sh"
tests=(tests/guest/*.test tests/guest/board/*.test)
guest_tests 6.12-rt --mem 512M --timeout 3000 -- "${tests[@]#tests/guest/}"
