#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2181 # ok() takes the status of what was before
# The laboratory tells success from failure.
. "$(dirname "$0")/lib.sh"
lab()
{
	tests/lab/run uml --no-build --timeout 60 "$@" 2>/dev/null
}
echo 1..5
[ "$(lab -- echo 'one  "two"')" = 'one  "two"' ]
ok $? "a command's words and output come through"
lab -- sh -c 'exit 7'
[ $? = 7 ]
ok $? "its exit status too"
lab -- sh -c 'echo "WARNING: at nowhere" >/dev/kmsg'
[ $? != 0 ]
ok $? "a complaint of the kernel is a failure"
lab --timeout 3 -- sleep 30
[ $? = 124 ]
ok $? "a guest that hangs is killed"
lab -- sh -c 'touch /usr/never 2>/dev/null; exit 0'
[ ! -e /usr/never ]
ok $? "the host's files are not written"
