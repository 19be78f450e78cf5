// SPDX-License-Identifier: GPL-2.0-only
/*
 * writeback.c - cold pages leave memory for the backing device
 *
 * One writeback at a time, under op_lock, which I/O never takes. It walks the
 * slots, large ones first: what is written is limited in blocks, and they save
 * most. A slot's data is copied under its pin into a block to be written, and
 * the slot is marked PEND. When the block is written, the slots that are still
 * marked get the word that says where it is, and their objects go. A slot used
 * meanwhile has lost the mark, and stays as it is. After each walk all is written:
 * the next may come to a slot that was used meanwhile (extent.h).
 *
 * With compressed_writeback objects go as they are, one after the other. They
 * are gathered in extents, a few blocks that lie together and are one write.
 *
 * A page of a unit goes by itself, read from its unit: that takes no memory of
 * the pool's, which may be at its limit. The unit goes with its last page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ratelimit.h>
#include "extent.h"

/* Walks over the slots, each for larger ones than the next. */
static const unsigned int passes[] = {
	PAGE_SIZE, PAGE_SIZE - 1, PAGE_SIZE / 4 * 3, PAGE_SIZE / 2,
	PAGE_SIZE / 4, 0
};

static bool wanted(const struct zblock_wb_run *run, unsigned long index,
		   zspool_word_t word)
{
	const struct zblock_wb_what *what = run->what;

	return zblock_chosen(run->dev, index, word, what->flags, what->min_age,
			     what->min_size) &&
	       (!what->incompressible || zblock_incompressible(run->dev, word));
}

/* The object as it is. */
static u32 copy_object(struct zblock_wb_run *run, unsigned long index,
		       zspool_word_t word, void *bounce)
{
	const void *from = zspool_map(run->dev->pool, word, bounce);

	zblock_extent_fill(run->open, from, zspool_word_size(word));
	zspool_unmap(run->dev->pool, word, from);
	return zblock_sum_get(run->dev, index);
}

/* The page that it stands for: always a block of its own. */
static int copy_page_of(struct zblock_wb_run *run, unsigned long index,
			zspool_word_t word, struct zblock_context *dctx, u32 *sum)
{
	struct zblock_extent *ext = run->open;
	void *to = kmap_local_page(ext->page[ext->used / ZBLOCK_PLACES]);
	int err = zblock_load(run->dev, index, word, dctx, to);

	*sum = zblock_sum(run->dev, to, PAGE_SIZE);
	kunmap_local(to);
	return err;
}

static void mark(struct zblock_wb_run *run, unsigned long index,
		 zspool_word_t word)
{
	zspool_swap(run->dev->pool, index,
		    zspool_word_set_flags(word, zspool_word_flags(word) |
						ZBLOCK_PEND));
}

/* Put a slot into the open extent. -EAGAIN: it has changed meanwhile. */
static int write_pinned(struct zblock_wb_run *run, unsigned long index,
			unsigned int room, struct zblock_context *dctx)
{
	struct zspool *pool = run->dev->pool;
	unsigned int size = PAGE_SIZE;
	zspool_word_t word;
	int err = 0;
	u32 sum;

	word = zspool_pin(pool, index);
	if (!word)
		return -EAGAIN;
	if (zspool_word_flags(word) & ZBLOCK_UNIT || !wanted(run, index, word) ||
	    (run->packed && places(zspool_word_size(word)) > room)) {
		err = -EAGAIN;
	} else if (run->packed) {
		size = zspool_word_size(word);
		sum = copy_object(run, index, word, dctx->buf);
	} else {
		err = copy_page_of(run, index, word, dctx, &sum);
	}
	if (!err) {
		zblock_extent_add(run, index, size, room, sum);
		mark(run, index, word);
	}
	zspool_unpin(pool, index);
	return err;
}

/* The slot cannot be read. In the background it has a rest until it is cold again. */
static void cannot_write(struct zblock_wb_run *run, unsigned long index, int err)
{
	pr_err_ratelimited("%s: cannot write page %lu back: %d\n",
			   run->dev->disk->disk_name, index, err);
	run->err = err;
	if (run->what->background && run->dev->ages)
		zblock_ages_touch(run->dev->ages, index);
}

/* A slot that was chosen by @word. */
static int write_object(struct zblock_wb_run *run, unsigned long index,
			zspool_word_t word)
{
	unsigned int room = run->packed ? places(zspool_word_size(word)) :
					  ZBLOCK_PLACES;
	struct zblock_codec *codec = run->dev->codec[zblock_word_prio(word)];
	struct zblock_context *dctx;
	int err;

	err = zblock_extent_room(run, room);
	if (err)
		return err;
	dctx = codec ? zblock_dctx_get(codec) : NULL;
	if (!dctx)
		return -ENOMEM;
	err = write_pinned(run, index, room, dctx);
	zblock_context_put(dctx);
	if (err && err != -EAGAIN)
		cannot_write(run, index, -EIO);
	return 0;
}

/* Compress the page in @scratch as if it had been written alone. */
static int pack(struct zblock_wb_run *run, const void **from, size_t *size)
{
	struct zblock_codec *codec = run->dev->codec[ZBLOCK_PRIMARY];
	struct zblock_context *cctx = zblock_cctx_get(codec);

	if (!cctx)
		return -ENOMEM;
	if (!zblock_compress(codec, cctx, *from, PAGE_SIZE, size) &&
	    *size < zspool_huge_size(run->dev->pool))
		*from = memcpy(run->bounce, cctx->buf, *size);
	else
		*size = PAGE_SIZE;
	zblock_context_put(cctx);
	return 0;
}

/* Still the page of the unit that @word is? Its bytes are at @from. */
static void write_if_same(struct zblock_wb_run *run, unsigned long index,
			  zspool_word_t word, const void *from, size_t size,
			  unsigned int room)
{
	struct zspool *pool = run->dev->pool;
	zspool_word_t now;

	now = zspool_pin(pool, index);
	if (!now)
		return;
	if (zspool_word_flags(now) & ZBLOCK_UNIT && wanted(run, index, now) &&
	    zspool_word_value(now) == zspool_word_value(word)) {
		zblock_extent_fill(run->open, from, size);
		zblock_extent_add(run, index, size, room,
				  zblock_sum(run->dev, from, size));
		mark(run, index, now);
	}
	zspool_unpin(pool, index);
}

/* A page of a unit. */
static int write_unit_page(struct zblock_wb_run *run, unsigned long index)
{
	zspool_word_t word = zblock_look(run->dev, index);
	const void *from = page_address(run->scratch);
	unsigned int room = ZBLOCK_PLACES;
	size_t size = PAGE_SIZE;
	unsigned long fill;
	int err;

	if (!(zspool_word_flags(word) & ZBLOCK_UNIT))
		return 0;
	err = zblock_peek_unit_page(run->dev, run->scratch, index);
	if (!err && zblock_same_filled(from, &fill)) {
		/* takes nothing, once it is alone */
		zblock_rewrite_page(run->dev, run->scratch, index, word);
		return 0;
	}
	if (!err && run->packed)
		err = pack(run, &from, &size);
	if (err) {
		if (err != -EAGAIN)
			cannot_write(run, index, err);
		return 0;
	}
	if (run->packed)
		room = places(size);
	err = zblock_extent_room(run, room);
	if (!err)
		write_if_same(run, index, word, from, size, room);
	return err;
}

static int write_slot(struct zblock_wb_run *run, unsigned long index,
		      zspool_word_t word)
{
	return zspool_word_flags(word) & ZBLOCK_UNIT ?
	       write_unit_page(run, index) :
	       write_object(run, index, word);
}

static int write_range(struct zblock_wb_run *run, const struct zblock_wb_range *range,
		       unsigned int above, unsigned int most)
{
	struct zspool *pool = run->dev->pool;
	unsigned int bytes;
	unsigned long i;
	int err;

	for (i = range->from; i < range->to; i++) {
		zspool_word_t word = zspool_peek(pool, i);

		err = zblock_walk(run->dev, i);
		if (err)
			return err;
		if (zspool_word_flags(word) & ZBLOCK_PEND ||
		    !wanted(run, i, word))
			continue;
		bytes = zblock_slot_bytes(run->dev, i, word);
		if (bytes <= above || bytes > most)
			continue;
		err = write_slot(run, i, word);
		if (err)
			return err;
	}
	return 0;
}

static int write_all(struct zblock_wb_run *run, const struct zblock_wb_range *ranges,
		     unsigned int nr)
{
	unsigned int pass, i;
	int err;

	for (pass = 0; pass < ARRAY_SIZE(passes) - 1; pass++) {
		for (i = 0; i < nr; i++) {
			err = write_range(run, &ranges[i], passes[pass + 1],
					  passes[pass]);
			if (err)
				return err;
		}
		zblock_wb_drain(run);
	}
	return 0;
}

/**
 * zblock_writeback() - write slots to the backing device, and wait for it
 * @dev: has its size and a backing device
 * @what: which slots
 * @ranges: where to look for them; no slot is in two of them
 * @nr: number of @ranges
 * @failed: 0, or the last error of a slot or a write
 *
 * What fails costs its slots nothing, and the others go on.
 *
 * Context: process; may sleep and reclaim; op_lock held.
 * Return: 0; why it ended early: -EIO at writeback_limit; -ENOSPC if the backing
 * device is full; -ENOMEM; as zblock_must_end()
 */
int zblock_writeback(struct zblock *dev, const struct zblock_wb_what *what,
		     const struct zblock_wb_range *ranges, unsigned int nr,
		     int *failed)
{
	unsigned int batch = READ_ONCE(dev->wb_batch);
	struct zblock_wb_run run = {
		.dev = dev,
		.what = what,
		.packed = dev->wb_compressed,
		.extent_max = min_t(unsigned int, batch, BLOCKS_MAX),
		/* not rounded up by an addition: it may be UINT_MAX */
		.nr_max = (batch - 1) / BLOCKS_MAX + 1,
		.blocks_left = what->max_blocks,
	};
	struct blk_plug plug;
	int err;

	lockdep_assert_held(&dev->op_lock);
	*failed = 0;
	zblock_wb_start(&run);
	run.scratch = alloc_page(GFP_KERNEL);
	run.bounce = (void *)__get_free_page(GFP_KERNEL);
	if (!run.scratch || !run.bounce) {
		err = -ENOMEM;
		goto free;
	}

	if (!what->background)
		zblock_late_flush(dev);
	blk_start_plug(&plug);
	err = write_all(&run, ranges, nr);
	zblock_wb_finish(&run);
	blk_finish_plug(&plug);
	if (err == -EDQUOT)
		err = 0;
	*failed = run.err;
free:
	if (run.scratch)
		__free_page(run.scratch);
	free_page((unsigned long)run.bounce);
	return err;
}
