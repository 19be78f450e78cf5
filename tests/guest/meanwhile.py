# SPDX-License-Identifier: GPL-2.0-only
"""meanwhile.py DISK READS ATTRIBUTE VALUE: writes VALUE to the disk's attribute and
reads its statistics until that is done. Fails if one of them was read fewer than READS
times. Prints how long the write took, and the longest read, in us."""
import collections
import os
import select
import sys
import time

NAMES = ("mm_stat", "io_stat", "bd_stat", "debug_stat", "mem_detail", "limit_state")
disk, least, attribute, value = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
files = {name: os.open("/sys/block/%s/%s" % (disk, name), os.O_RDONLY) for name in NAMES}
files["block_state"] = os.open("/sys/kernel/debug/zblock/%s/block_state" % disk, os.O_RDONLY)
out = os.open("/sys/block/%s/%s" % (disk, attribute), os.O_WRONLY)


def operate():
    """In a process of its own: when it began and ended, or why it failed."""
    told, tell = os.pipe()
    if os.fork() == 0:
        began = time.monotonic()
        try:
            os.write(out, value.encode())
            os.write(tell, b"%.6f %.6f" % (began, time.monotonic()))
        except OSError as e:
            os.write(tell, str(e).encode())
        os._exit(0)
    return told


told = operate()
ready = select.poll()
ready.register(told, select.POLLIN)
reads = []
while not ready.poll(0):
    for name, fd in files.items():
        began = time.monotonic()
        text = os.pread(fd, 4096, 0)
        reads.append((began, time.monotonic(), name))
        assert text, name
said = os.read(told, 200).decode()
began, ended = [float(word) for word in said.split()] if said[0].isdigit() else sys.exit(said)
# one that had to wait for the end came back after it
reads = [r for r in reads if began <= r[0] < ended]
done = collections.Counter(dict.fromkeys(files, 0))
done.update(r[2] for r in reads if r[1] <= ended)
worst = max(reads, key=lambda r: r[1] - r[0], default=(0, 0, "none"))
longest = worst[1] - worst[0]
took = ended - began
print("# %s %s took %d ms; %d reads of each meanwhile, the longest %.1f ms, of %s"
      % (attribute, value, took * 1000, min(done.values()), longest * 1000, worst[2]),
      file=sys.stderr)
assert min(done.values()) >= least, done
print(int(took * 1e6), int(longest * 1e6))
