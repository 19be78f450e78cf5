#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All guest tests, those for boards too, on arm64 with pages of 16 KiB.
. "$(dirname "$0")/../t/lib.sh"
tests=(tests/guest/*.test tests/guest/board/*.test)
guest_tests arm64-16k --mem 512M --timeout 3000 -- "${tests[@]#tests/guest/}"
