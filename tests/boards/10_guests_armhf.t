#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All guest tests, those for boards too, on 32-bit ARM with highmem.
. "$(dirname "$0")/../t/lib.sh"
tests=(tests/guest/*.test tests/guest/board/*.test)
guest_tests armhf --mem 2G --timeout 3000 -- "${tests[@]#tests/guest/}"
