/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * extent.h - what is on its way to the backing device
 *
 * An extent is a few blocks that lie together and are one write. Slots' data is
 * put into the open one until it is full; then it is written, and when that is
 * done its slots get the word that says where they are. Those that have been
 * used meanwhile have lost their PEND, and stay as they are.
 *
 * PEND does not say whose it is: so no slot is in two extents at a time. Who puts
 * slots into extents comes to each once, and before it does again, drains them.
 */
#ifndef _ZBLOCK_EXTENT_H
#define _ZBLOCK_EXTENT_H

#include <linux/bio.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "zblock.h"

/* Blocks of an extent, and slots in it, at most. */
#define BLOCKS_MAX	16
#define SLOTS_MAX	512

struct zblock_wb_run;

/**
 * struct zblock_extent - blocks on their way out
 * @run: whose
 * @link: in one of the lists of @run
 * @block: the first
 * @nr_blocks: how many
 * @charged: how many of them writeback_limit was charged for
 * @used: places of them that are filled
 * @nr: slots in it
 * @index: which slots
 * @place: where each begins, from the first block on
 * @size: bytes of each, in places or a whole page
 * @sum: of each as it is there
 * @page: the bytes of the blocks
 * @bvec: of @bio
 * @bio: to the backing device
 */
struct zblock_extent {
	struct zblock_wb_run *run;
	struct list_head link;
	unsigned long block;
	unsigned int nr_blocks;
	unsigned int charged;
	unsigned int used;
	unsigned int nr;
	u32 index[SLOTS_MAX];
	u16 place[SLOTS_MAX];
	u32 size[SLOTS_MAX];
	u32 sum[SLOTS_MAX];
	struct page *page[BLOCKS_MAX];
	struct bio_vec bvec[BLOCKS_MAX];
	struct bio bio;
};

static_assert(BLOCKS_MAX * ZBLOCK_PLACES <= U16_MAX);

/**
 * struct zblock_wb_run - one writeback
 * @dev: the device
 * @what: what shall go
 * @packed: compressed_writeback
 * @extent_max: blocks of an extent, at most
 * @nr_max: the most struct zblock_extent there may be
 * @nr: how many there are
 * @blocks_left: that may still be written
 * @scratch: for a page of a unit
 * @bounce: for what it is compressed to
 * @open: being filled, or NULL
 * @idle: extents not in use
 * @in_flight: how many are being written
 * @lock: of @done
 * @done: extents written, or not, and to be settled
 * @wait: for @done
 * @err: the last one of a write
 */
struct zblock_wb_run {
	struct zblock *dev;
	const struct zblock_wb_what *what;
	bool packed;
	unsigned int extent_max;
	unsigned int nr_max;
	unsigned int nr;
	unsigned long blocks_left;
	struct page *scratch;
	void *bounce;
	struct zblock_extent *open;
	struct list_head idle;
	unsigned int in_flight;
	spinlock_t lock;	/* of done */
	struct list_head done;
	wait_queue_head_t wait;
	int err;
};

/* How many places an object takes. */
static inline unsigned int places(unsigned int size)
{
	return DIV_ROUND_UP(size, ZBLOCK_PLACE_SIZE);
}

void zblock_wb_start(struct zblock_wb_run *run);
int zblock_extent_room(struct zblock_wb_run *run, unsigned int room);
void zblock_extent_fill(struct zblock_extent *ext, const void *from,
			unsigned int len);
void zblock_extent_add(struct zblock_wb_run *run, unsigned long index,
		       unsigned int size, unsigned int room, u32 sum);
void zblock_wb_drain(struct zblock_wb_run *run);
void zblock_wb_finish(struct zblock_wb_run *run);

#endif /* _ZBLOCK_EXTENT_H */
