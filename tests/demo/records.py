#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""apt-cache dumpavail on standard input, JSON records on standard output.

Each line is one document of a hundred packages: real text and maps for
objects.py, from a source that every Debian machine has. Stops at the given
number of MiB.
"""

import json
import sys

PACKAGES_A_LINE = 100


def stanzas(lines):
    """The control file's paragraphs, as maps from field to value."""
    fields, key = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if fields:
                yield fields
            fields, key = {}, None
        elif line[0].isspace():
            if key:
                fields[key] += "\n" + line.strip()
        else:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    if fields:
        yield fields


def structured(fields):
    """Lists where the control file has lists."""
    lists = ("Depends", "Recommends", "Suggests", "Provides", "Conflicts", "Tag")
    return {key: value.split(", ") if key in lists else value
            for key, value in fields.items()}


def main():
    budget = float(sys.argv[1]) * 2**20
    batch = []
    for fields in stanzas(sys.stdin):
        batch.append(structured(fields))
        if len(batch) == PACKAGES_A_LINE:
            line = json.dumps(batch)
            batch = []
            print(line)
            budget -= len(line)
            if budget <= 0:
                return


if __name__ == "__main__":
    main()
