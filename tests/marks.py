# SPDX-License-Identifier: GPL-2.0-only
"""Generated parts of documents stand between two marks: what is there goes."""


def put(path, text, name="table"):
    """Puts text between the marks of that name in the file."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(begin)
    after = rest.split(end)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n" + text + "\n" + end + after)
