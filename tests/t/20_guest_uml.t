#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests on User-Mode Linux, at the speed of this machine.
. "$(dirname "$0")/lib.sh"
guest_tests uml --mem 512M --timeout 3000
