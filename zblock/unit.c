// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit.c - what becomes of units: see unit.h
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include "unit.h"

/* How soon a worker looks at units that have lost pages. */
#define LOST_DELAY	msecs_to_jiffies(20)
/* and how soon again if it had no memory to rewrite them */
#define RETRY_DELAY	msecs_to_jiffies(1000)

/**
 * zblock_unit_handles() - handles that a pool needs
 * @dev: the device, after zblock_units_create()
 * @nr_pages: its size
 *
 * Return: how many, those of the pages included
 */
unsigned long zblock_unit_handles(const struct zblock *dev,
				  unsigned long nr_pages)
{
	return nr_pages + dev->nr_units * unit_pieces(dev);
}

/* How many pages of a unit are still in it. */
static unsigned int pages_left(struct zblock *dev, unsigned long unit)
{
	unsigned long slot = first_slot(dev, unit);
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; i < unit_pages(dev); i++)
		left += in_unit(zspool_peek(dev->pool, slot + i));
	return left;
}

/**
 * zblock_unit_share() - bytes that a page in a unit takes
 * @dev: the device
 * @index: a slot of the unit
 *
 * Context: any; the unit may be changing.
 * Return: a part of the unit's, 0 if it is no more
 */
unsigned int zblock_unit_share(struct zblock *dev, unsigned long index)
{
	unsigned long unit = index >> dev->unit_shift;
	unsigned int size = 0;
	zspool_word_t word;
	unsigned int i;

	for (i = 0; i < unit_pieces(dev); i++) {
		word = zspool_peek(dev->pool, piece(dev, unit, i));
		if (!zspool_word_is_obj(word))
			break;
		size += zspool_word_size(word);
	}
	return DIV_ROUND_UP(size, unit_pages(dev));
}

/**
 * zblock_swap_pieces() - replace the pieces of a unit
 * @dev: the device
 * @unit: which; the caller has its first piece pinned
 * @new: the new pieces
 * @nr: how many
 * @old: what the pieces were, for zblock_drop_pieces()
 *
 * Nobody else changes them, so a look finds those that are empty.
 *
 * Context: process.
 */
void zblock_swap_pieces(struct zblock *dev, unsigned long unit,
			const zspool_word_t *new, unsigned int nr,
			zspool_word_t *old)
{
	struct zspool *pool = dev->pool;
	unsigned int i;

	for (i = 0; i < unit_pieces(dev); i++) {
		zspool_handle_t handle = piece(dev, unit, i);

		old[i] = 0;
		if (i >= nr && !zspool_word_is_obj(zspool_peek(pool, handle)))
			continue;
		if (i)
			zspool_pin(pool, handle);
		old[i] = zspool_swap(pool, handle, i < nr ? new[i] : 0);
		if (i)
			zspool_unpin(pool, handle);
	}
}

/**
 * zblock_drop_pieces() - free what the pieces of a unit were
 * @dev: the device
 * @old: from zblock_swap_pieces()
 *
 * Context: process; no pin held.
 */
void zblock_drop_pieces(struct zblock *dev, const zspool_word_t *old)
{
	unsigned int i;

	for (i = 0; i < unit_pieces(dev); i++) {
		if (!zspool_word_is_obj(old[i]))
			continue;
		zblock_count(dev, ZBLOCK_COMPRESSED,
			     -(s64)zspool_word_size(old[i]));
		zspool_drop(dev->pool, old[i]);
	}
}

/* Free the pieces of a unit that no slot is in. */
static void reap(struct zblock *dev, unsigned long unit)
{
	zspool_handle_t handle = piece(dev, unit, 0);
	zspool_word_t old[PIECES_MAX];

	if (!zspool_word_is_obj(zspool_peek(dev->pool, handle)) ||
	    !zspool_pin(dev->pool, handle))
		return;
	memset(old, 0, sizeof(old));
	if (!pages_left(dev, unit))
		zblock_swap_pieces(dev, unit, NULL, 0, old);
	zspool_unpin(dev->pool, handle);
	zblock_drop_pieces(dev, old);
}

/**
 * zblock_unit_lost() - a slot is in its unit no more
 * @dev: the device
 * @index: the slot
 *
 * Context: any.
 */
void zblock_unit_lost(struct zblock *dev, unsigned long index)
{
	set_bit(index >> dev->unit_shift, dev->unit_lost);
	queue_delayed_work(zblock_lazy_wq, &dev->unit_work, LOST_DELAY);
}

/**
 * zblock_unit_settle() - free a unit at once, if its last page has gone
 * @dev: the device
 * @index: a slot that has been in a unit
 *
 * Context: process.
 */
void zblock_unit_settle(struct zblock *dev, unsigned long index)
{
	unsigned long unit = index >> dev->unit_shift;

	if (!pages_left(dev, unit))
		reap(dev, unit);
}

/* Store what is left of a unit page by page. */
static int rewrite(struct zblock *dev, unsigned long unit, struct page *page)
{
	unsigned long slot = first_slot(dev, unit);
	unsigned int i;
	int err;

	for (i = 0; i < unit_pages(dev); i++) {
		zspool_word_t word = zblock_look(dev, slot + i);

		if (!in_unit(word))
			continue;
		err = zblock_peek_unit_page(dev, page, slot + i);
		if (!err)
			err = zblock_rewrite_page(dev, page, slot + i, word);
		if (err && err != -EAGAIN)
			return err;
	}
	zblock_count(dev, ZBLOCK_UNITS_REWRITTEN, 1);
	reap(dev, unit);
	return 0;
}

/* -ENOMEM, -ENOSPC: later. What cannot be read stays: its readers are told. */
static bool look_at(struct zblock *dev, unsigned long unit, struct page **page)
{
	unsigned int left = pages_left(dev, unit);
	int err;

	if (!left) {
		reap(dev, unit);
		return true;
	}
	if (left > unit_pages(dev) / 2)
		return true;
	if (!*page)
		*page = alloc_page(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
	err = *page ? rewrite(dev, unit, *page) : -ENOMEM;
	return !err || err == -EIO;
}

static void unit_work(struct work_struct *work)
{
	struct zblock *dev = container_of(to_delayed_work(work), struct zblock,
					  unit_work);
	struct page *page = NULL;
	unsigned long unit;
	bool retry = false;

	for_each_set_bit(unit, dev->unit_lost, dev->nr_units) {
		if (READ_ONCE(dev->unit_stop))
			break;
		/* before the look: who loses a page now marks it again */
		if (!test_and_clear_bit(unit, dev->unit_lost))
			continue;
		if (!look_at(dev, unit, &page)) {
			set_bit(unit, dev->unit_lost);
			retry = true;
		}
		cond_resched();
	}
	if (page)
		__free_page(page);
	if (retry && !READ_ONCE(dev->unit_stop))
		queue_delayed_work(zblock_lazy_wq, &dev->unit_work, RETRY_DELAY);
}

/* Whoever only looks at a device, such as mem_detail, has init_lock. */
static void set_units(struct zblock *dev, struct zblock_codec *codec,
		      unsigned long units)
{
	lockdep_assert_held(&dev->op_lock);
	down_write(&dev->init_lock);
	dev->unit_codec = codec;
	dev->nr_units = units;
	up_write(&dev->init_lock);
}

/**
 * zblock_units_create() - what a device with units needs besides its pool
 * @dev: the device; its unit_shift is set, and becomes 0 if it has no unit
 * @nr_pages: its size
 * @of_pages: what its pages are compressed by; not in use yet
 *
 * Context: process; may sleep.
 * Return: 0, -ENOMEM, or a codec's error
 */
int zblock_units_create(struct zblock *dev, unsigned long nr_pages,
			struct zblock_codec *of_pages)
{
	const struct zblock_algorithm *algorithm =
					&dev->algorithm[ZBLOCK_PRIMARY];
	unsigned long units = nr_pages >> dev->unit_shift;
	struct zblock_codec_params params = algorithm->params;
	struct zblock_codec *codec;

	if (!dev->unit_shift || !units) {
		dev->unit_shift = 0;
		return 0;
	}
	/* what is past the last handle is stored page by page */
	units = min(units, (ZSPOOL_MAX_HANDLES - nr_pages) /
			   unit_pieces(dev));
	dev->unit_lost = kvcalloc(BITS_TO_LONGS(units), sizeof(long),
				  GFP_KERNEL | __GFP_NOWARN);
	if (!dev->unit_lost)
		return -ENOMEM;
	/* a unit has words enough of its own */
	params.dict = NULL;
	params.dict_size = 0;
	codec = zblock_codec_create(algorithm->ops, &params, unit_bytes(dev));
	if (IS_ERR(codec)) {
		kvfree(dev->unit_lost);
		return PTR_ERR(codec);
	}
	/* working memory for units serves pages, too */
	of_pages->from[ZBLOCK_DCTX] = codec;
	if (!algorithm->ops->cctx_by_unit)
		of_pages->from[ZBLOCK_CCTX] = codec;
	INIT_DELAYED_WORK(&dev->unit_work, unit_work);
	dev->unit_stop = false;
	set_units(dev, codec, units);
	return 0;
}

/**
 * zblock_units_stop() - do no more work on units
 * @dev: nobody has it open, or can; its pool is still there
 *
 * Context: process; may sleep.
 */
void zblock_units_stop(struct zblock *dev)
{
	if (!dev->unit_codec)
		return;
	/* a free that zspool has put off may queue it again: it does nothing */
	WRITE_ONCE(dev->unit_stop, true);
	cancel_delayed_work_sync(&dev->unit_work);
}

/**
 * zblock_units_destroy() - the reverse of zblock_units_create()
 * @dev: nobody has it open, or can; its pool is gone, or never was
 *
 * Context: process; may sleep.
 */
void zblock_units_destroy(struct zblock *dev)
{
	struct zblock_codec *codec = dev->unit_codec;

	if (!codec)
		return;
	cancel_delayed_work_sync(&dev->unit_work);
	set_units(dev, NULL, 0);
	zblock_codec_destroy(codec);
	kvfree(dev->unit_lost);
}
