# SPDX-License-Identifier: GPL-2.0-only
"""hog.py MIB ROUNDS: memory of known content, checked again and again.

Pages are text and numbers made from their own index, so that they compress
like real ones, and every one is different. Prints what it did; exits 1 if a
page is not what it was.
"""
import hashlib
import random
import sys
import zlib

PAGE = 4096
mib, rounds = int(sys.argv[1]), int(sys.argv[2])
source = open(random.__file__, "rb").read()
while len(source) < 64 * PAGE:
    source += source


def page(index, generation):
    """What a page holds: a piece of text, and a head that tells it apart."""
    seed = hashlib.sha256(b"%d %d" % (index, generation)).digest()
    at = int.from_bytes(seed[:4], "little") % (len(source) - PAGE)
    noise = seed * (1 + seed[5] % 24)
    return noise + source[at:at + PAGE - len(noise)]


pages = mib * 256
memory = [bytearray(PAGE * 16) for _ in range(pages // 16)]
sums = [0] * (pages // 16)
order = list(range(pages // 16))
rng = random.Random(1)
wrong = 0
for generation in range(rounds):
    rng.shuffle(order)
    for block in order:
        # check what the round before wrote, then write anew
        if generation and zlib.crc32(memory[block]) != sums[block]:
            wrong += 1
            print("hog: block %d is wrong" % block)
        if generation == 0 or block % 3 == generation % 3:
            data = b"".join(page(block * 16 + i, generation)
                            for i in range(16))
            memory[block][:] = data
            sums[block] = zlib.crc32(data)
for block in range(pages // 16):
    if zlib.crc32(memory[block]) != sums[block]:
        wrong += 1
        print("hog: block %d is wrong" % block)
print("hog: %d MiB, %d rounds, %d wrong" % (mib, rounds, wrong))
sys.exit(wrong != 0)
