#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Modules without what can be left out (docs/embedded.md) do what is left.
. "$(dirname "$0")/lib.sh"
LIGHT=1 guest_tests uml-least --mem 512M --timeout 900 -- \
	discard_gives_memory_back.test \
	each_route_moves_pages.test \
	every_codec_keeps_pages.test \
	fio_verifies_on_both_codecs.test \
	limit_is_seen_coming.test \
	load_and_unload.test \
	same_filled_and_incompressible_pages.test \
	swap_under_pressure.test \
	zramctl_works_unchanged.test
