#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest tests that a sanitizer can see most in.
. "$(dirname "$0")/lib.sh"
LIGHT=1 guest_tests uml-debug --mem 1G --timeout 2400 -- \
	bad_input_is_refused.test \
	broken_objects_are_found.test \
	broken_units_are_found.test \
	busy_devices_are_not_reset_or_removed.test \
	isolated_cpus_are_left_alone.test \
	control_races_with_io.test \
	units_keep_data.test \
	attributes_survive_fuzzing.test \
	nothing_leaks_to_others.test
