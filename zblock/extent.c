// SPDX-License-Identifier: GPL-2.0-only
/*
 * extent.c - blocks of the backing device are filled, written, and settled
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include "extent.h"

/**
 * zblock_wb_start() - get a writeback ready
 * @run: what is constant in it is set
 *
 * Context: any.
 */
void zblock_wb_start(struct zblock_wb_run *run)
{
	INIT_LIST_HEAD(&run->idle);
	INIT_LIST_HEAD(&run->done);
	spin_lock_init(&run->lock);
	init_waitqueue_head(&run->wait);
}

/* For a block. The limit counts in units of 4 KiB. */
static bool charge(struct zblock *dev, struct zblock_extent *ext)
{
	s64 cost = PAGE_SIZE / ZBLOCK_BLOCK_SIZE;
	s64 left = atomic64_read(&dev->wb_limit);

	if (!READ_ONCE(dev->wb_limit_enable))
		return true;
	do {
		if (left < cost)
			return false;
	} while (!atomic64_try_cmpxchg(&dev->wb_limit, &left, left - cost));
	ext->charged++;
	return true;
}

/* All that was charged, but for @keep blocks: the limit may have been switched since. */
static void refund(struct zblock *dev, struct zblock_extent *ext,
		   unsigned int keep)
{
	s64 cost = PAGE_SIZE / ZBLOCK_BLOCK_SIZE;

	atomic64_add(cost * (ext->charged - keep), &dev->wb_limit);
	ext->charged = keep;
}

/* The slot goes where its copy went, unless it was used meanwhile. */
static void settle_slot(struct zblock *dev, struct zblock_extent *ext,
			unsigned int i, bool written)
{
	unsigned long index = ext->index[i];
	zspool_word_t word, old = 0, new = 0;
	unsigned int flags;

	word = zspool_pin(dev->pool, index);
	if (!word)
		return;
	flags = zspool_word_flags(word);
	if (!(flags & ZBLOCK_PEND))
		goto out;
	flags &= ~ZBLOCK_PEND;
	if (written) {
		flags = (flags & ~(ZBLOCK_IDLE | ZBLOCK_UNIT)) | ZBLOCK_WB;
		/* a page of a unit that went as it is, where others are packed */
		if (ext->run->packed && ext->size[i] == PAGE_SIZE)
			flags |= ZBLOCK_HUGE;
		new = zblock_wb_word(flags, ext->size[i], ext->block,
				     ext->place[i]);
		zblock_wb_get(dev->backing, new);
		old = zspool_swap(dev->pool, index, new);
		zblock_sum_set(dev, index, ext->sum[i]);
	} else {
		zspool_swap(dev->pool, index,
			    zspool_word_set_flags(word, flags));
	}
out:
	zspool_unpin(dev->pool, index);
	if (old)
		zblock_retire(dev, index, old, new);
}

/* What the slots want is theirs from now on. */
static void put_blocks(struct zblock_wb_run *run, struct zblock_extent *ext)
{
	unsigned int i;

	for (i = 0; i < ext->nr_blocks; i++)
		zblock_block_put(run->dev->backing, ext->block + i);
	list_add(&ext->link, &run->idle);
}

static void settle(struct zblock_wb_run *run, struct zblock_extent *ext, int err)
{
	unsigned int i;

	for (i = 0; i < ext->nr; i++)
		settle_slot(run->dev, ext, i, !err);
	if (err)
		refund(run->dev, ext, 0);
	else
		zblock_count(run->dev, ZBLOCK_BD_WRITES, ext->nr_blocks);
	put_blocks(run, ext);
}

static void end_write(struct bio *bio)
{
	struct zblock_extent *ext = bio->bi_private;
	struct zblock_wb_run *run = ext->run;
	unsigned long flags;

	/* woken under the lock: with the last extent settled, run goes */
	spin_lock_irqsave(&run->lock, flags);
	list_add_tail(&ext->link, &run->done);
	wake_up(&run->wait);
	spin_unlock_irqrestore(&run->lock, flags);
}

static struct zblock_extent *pop_done(struct zblock_wb_run *run)
{
	struct zblock_extent *ext;

	spin_lock_irq(&run->lock);
	ext = list_first_entry_or_null(&run->done, struct zblock_extent, link);
	if (ext)
		list_del(&ext->link);
	spin_unlock_irq(&run->lock);
	return ext;
}

static void settle_one(struct zblock_wb_run *run)
{
	struct zblock_extent *ext;
	int err;

	wait_event(run->wait, (ext = pop_done(run)));
	run->in_flight--;
	err = blk_status_to_errno(ext->bio.bi_status);
	if (err) {
		pr_err_ratelimited("%s: cannot write %u blocks from %lu on of %pg: %d\n",
				   run->dev->disk->disk_name, ext->nr_blocks,
				   ext->block, run->dev->backing->bdev, err);
		run->err = err;
	}
	bio_uninit(&ext->bio);
	settle(run, ext, err);
}

/* The open extent is as full as it gets: write it. */
static void close_extent(struct zblock_wb_run *run)
{
	struct zblock_extent *ext = run->open;
	unsigned int i;

	run->open = NULL;
	if (!ext)
		return;
	if (!ext->nr) {
		refund(run->dev, ext, 0);
		put_blocks(run, ext);
		return;
	}
	bio_init(&ext->bio, run->dev->backing->bdev, ext->bvec, BLOCKS_MAX,
		 run->what->background ? REQ_OP_WRITE | REQ_BACKGROUND :
					 REQ_OP_WRITE);
	ext->bio.bi_iter.bi_sector =
		(sector_t)ext->block << PAGE_SECTORS_SHIFT;
	ext->bio.bi_private = ext;
	ext->bio.bi_end_io = end_write;
	for (i = 0; i < ext->nr_blocks; i++)
		__bio_add_page(&ext->bio, ext->page[i], PAGE_SIZE, 0);
	run->in_flight++;
	submit_bio(&ext->bio);
}

static void free_extent(struct zblock_extent *ext)
{
	unsigned int i;

	for (i = 0; i < BLOCKS_MAX; i++)
		if (ext->page[i])
			__free_page(ext->page[i]);
	kfree(ext);
}

static struct zblock_extent *new_extent(struct zblock_wb_run *run)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	struct zblock_extent *ext;
	unsigned int i;

	if (run->nr == run->nr_max)
		return NULL;
	/* without the first nothing goes; nobody shall be killed for another */
	if (run->nr)
		gfp |= __GFP_NORETRY;
	ext = kzalloc(sizeof(*ext), gfp);
	if (!ext)
		return NULL;
	ext->run = run;
	for (i = 0; i < run->extent_max; i++) {
		ext->page[i] = alloc_page(gfp);
		if (!ext->page[i]) {
			free_extent(ext);
			return NULL;
		}
	}
	run->nr++;
	return ext;
}

/* An extent not in use; NULL if there is no memory for even one. */
static struct zblock_extent *get_extent(struct zblock_wb_run *run)
{
	struct zblock_extent *ext;

	while (list_empty(&run->idle)) {
		/* what is written lets go of memory: before more is taken */
		ext = list_empty_careful(&run->done) ? new_extent(run) : NULL;
		if (ext || !run->nr)
			return ext;
		settle_one(run);
	}
	ext = list_first_entry(&run->idle, struct zblock_extent, link);
	list_del(&ext->link);
	return ext;
}

/*
 * One block more for an extent, its first one anywhere. -EIO: the limit is
 * reached, as zram says; -ENOSPC: there is none; -EDQUOT: what->max_blocks.
 */
static int add_block(struct zblock_wb_run *run, struct zblock_extent *ext)
{
	struct zblock_backing *backing = run->dev->backing;
	unsigned int charged = ext->charged;
	int err;

	if (!run->blocks_left)
		return -EDQUOT;
	if (!charge(run->dev, ext))
		return -EIO;
	if (!ext->nr_blocks)
		err = zblock_block_take(backing, &ext->block);
	else
		err = zblock_block_take_at(backing,
					   ext->block + ext->nr_blocks);
	if (err) {
		refund(run->dev, ext, charged);
		return err;
	}
	/* nothing of what the page held before leaves memory */
	clear_highpage(ext->page[ext->nr_blocks++]);
	run->blocks_left--;
	return 0;
}

static int open_extent(struct zblock_wb_run *run)
{
	struct zblock_extent *ext = get_extent(run);
	int err;

	if (!ext)
		return -ENOMEM;
	ext->nr_blocks = 0;
	ext->charged = 0;
	ext->used = 0;
	ext->nr = 0;
	err = add_block(run, ext);
	if (err)
		list_add(&ext->link, &run->idle);
	else
		run->open = ext;
	return err;
}

/**
 * zblock_extent_room() - have room in the open extent
 * @run: the writeback; has an open extent afterwards
 * @room: how many places; ZBLOCK_PLACES for a page, in a block of its own
 *
 * Context: process; sleeps, and may wait for writes.
 * Return: 0; -EIO at writeback_limit, as zram says; -ENOSPC; -EDQUOT at
 * what->max_blocks; -ENOMEM
 */
int zblock_extent_room(struct zblock_wb_run *run, unsigned int room)
{
	struct zblock_extent *ext = run->open;
	int err = 0;

	/* whole pages are read back without a copy: each in one block */
	if (ext && room == ZBLOCK_PLACES)
		ext->used = round_up(ext->used, ZBLOCK_PLACES);
	if (ext && ext->nr < SLOTS_MAX) {
		if (ext->used + room <= ext->nr_blocks * ZBLOCK_PLACES)
			return 0;
		if (ext->nr_blocks < run->extent_max)
			err = add_block(run, ext);
		else
			err = -ENOSPC;
		/* not this one, perhaps another */
		if (err != -ENOSPC)
			return err;
	}
	close_extent(run);
	return open_extent(run);
}

/**
 * zblock_extent_fill() - put bytes where the next slot's begin
 * @ext: the open extent, with room for them
 * @from: the bytes
 * @len: how many
 *
 * Context: any; a slot may be pinned.
 */
void zblock_extent_fill(struct zblock_extent *ext, const void *from,
			unsigned int len)
{
	unsigned int at = ext->used * ZBLOCK_PLACE_SIZE;

	while (len) {
		unsigned int n = min_t(unsigned int, len,
				       PAGE_SIZE - offset_in_page(at));

		memcpy_to_page(ext->page[at >> PAGE_SHIFT],
			       offset_in_page(at), from, n);
		from += n;
		at += n;
		len -= n;
	}
}

/**
 * zblock_extent_add() - a slot's bytes are in the open extent
 * @run: the writeback
 * @index: the slot, which gets PEND before its pin is given back
 * @size: its bytes, as its word will say
 * @room: the places they take
 * @sum: zblock_sum() of what will be read back
 *
 * Context: any; the slot is pinned.
 */
void zblock_extent_add(struct zblock_wb_run *run, unsigned long index,
		       unsigned int size, unsigned int room, u32 sum)
{
	struct zblock_extent *ext = run->open;

	ext->index[ext->nr] = index;
	ext->size[ext->nr] = size;
	ext->sum[ext->nr] = sum;
	ext->place[ext->nr++] = ext->used;
	ext->used += room;
}

/**
 * zblock_wb_drain() - write what is left, and wait for all that is under way
 * @run: the writeback; no slot is in an extent afterwards
 *
 * Context: process; sleeps.
 */
void zblock_wb_drain(struct zblock_wb_run *run)
{
	close_extent(run);
	while (run->in_flight)
		settle_one(run);
}

/**
 * zblock_wb_finish() - the end of zblock_wb_start()
 * @run: the writeback; goes after this
 *
 * Context: process; sleeps.
 */
void zblock_wb_finish(struct zblock_wb_run *run)
{
	struct zblock_extent *ext, *next;

	zblock_wb_drain(run);
	list_for_each_entry_safe(ext, next, &run->idle, link)
		free_extent(ext);
}
