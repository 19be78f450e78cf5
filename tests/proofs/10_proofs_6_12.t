#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the VM wants to do with memory full of our pages, on the kernel 6.12.
exec "$(dirname "$0")/run" 6.12
