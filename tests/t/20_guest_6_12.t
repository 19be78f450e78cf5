#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests on the kernel 6.12.
. "$(dirname "$0")/lib.sh"
stock_tests 6.12
