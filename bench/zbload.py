# SPDX-License-Identifier: GPL-2.0-only
"""The in-kernel load: requests to zbload.ko and its answers."""

import json
import subprocess

from device import PAGE, read, write

FILES = "/sys/kernel/debug/zbload"


class Failed(Exception):
    """Bios failed, or pages came back wrong."""


def load(corpus, order=4):
    """Load the module and the data."""
    subprocess.run(["modprobe", "zbload"], check=True)
    write(f"{FILES}/corpus", f"{corpus} {order}")
    write("/proc/sys/vm/drop_caches", 3)


def corpus_bytes():
    return int(read(f"{FILES}/corpus")) * PAGE


def forget(device):
    write(f"{FILES}/forget", device.path)


def run(op, device=None, **words):
    """Carry out a request; no failed bio and no wrong page is accepted."""
    line = f"op {op}" + "".join(f" {key} {value}" for key, value in words.items())
    if device:
        line += f" device {device.path}"
    write(f"{FILES}/run", line)
    answer = json.loads(read(f"{FILES}/run"))
    if answer["errors"] or answer["wrong"]:
        raise Failed(f"{line}: {answer['errors']} errors, {answer['wrong']} wrong pages")
    answer["mb_s"] = answer["bytes"] * 1e3 / max(answer["ns"], 1)
    if op == "codec":
        answer["unpack_mb_s"] = answer["bytes"] * 1e3 / answer["unpack_ns"]
    return answer
