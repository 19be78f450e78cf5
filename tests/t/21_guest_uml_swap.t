#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests that swap, on User-Mode Linux with one CPU: with two, user
# memory is not safe under swap there, whatever the device (processes that swap
# to the in-tree zram die of it too).
. "$(dirname "$0")/lib.sh"
cd tests/guest || exit 1
mapfile -t tests < <(grep -l 'swap\.sh' ./*.test | sed 's|^\./||')
cd ../..
guest_tests uml --cpus 1 --mem 512M --timeout 1500 -- "${tests[@]}"
