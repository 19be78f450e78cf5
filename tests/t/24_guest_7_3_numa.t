#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests of a machine whose memory has two nodes, each with a CPU.
. "$(dirname "$0")/lib.sh"
LIGHT=1 guest_tests 7.3 --mem 448M --cpus 2 --timeout 600 \
	--qemu "-object memory-backend-ram,id=m0,size=320M -object memory-backend-ram,id=m1,size=128M" \
	--qemu "-numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1" -- \
	numa/pages_lie_where_they_were_written.test
