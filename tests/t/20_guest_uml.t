#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests on User-Mode Linux, but for those that swap: see 21.
. "$(dirname "$0")/lib.sh"
cd tests/guest || exit 1
mapfile -t tests < <(grep -L 'swap\.sh' ./*.test | sed 's|^\./||')
cd ../..
guest_tests uml --mem 512M --timeout 1500 -- "${tests[@]}"
