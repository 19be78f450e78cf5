// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - a device's life
 *
 *   zblock_add           a disk of size 0, with its attributes: disk.c
 *   zblock_set_size      a pool and a codec, then the size: there can be I/O
 *   zblock_reset         nobody has it open: back to size 0
 *   zblock_remove        nobody has it open: gone
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/part_stat.h>
#include "zblock.h"

/* A free of zspool's that had to wait, or that came by zspool_free(). */
static void slot_dropped(void *owner, zspool_handle_t handle,
			 zspool_word_t word)
{
	zblock_forget(owner, word);
	zblock_account(owner, word, 0);
	if (zspool_word_flags(word) & ZBLOCK_UNIT)
		zblock_unit_lost(owner, handle);
}

static const struct zspool_ops pool_ops = {
	.dropped	= slot_dropped,
};

/**
 * struct backend - what a device has from disksize to reset
 * @pool: see struct zblock
 * @codec: the same
 * @ages: the same
 * @sums: the same
 */
struct backend {
	struct zspool *pool;
	struct zblock_codec *codec[ZBLOCK_ALGORITHMS];
	struct zblock_column *ages;
	struct zblock_column *sums;
};

/*
 * Put a backend in; what was there before is in @b then. There is no size until it is
 * set: block_state looks at slots, and at what is computed from it.
 */
static void swap_backend(struct zblock *dev, struct backend *b)
{
	unsigned int prio;

	lockdep_assert_held(&dev->op_lock);
	down_write(&dev->init_lock);
	WRITE_ONCE(dev->nr_pages, 0);
	swap(dev->ages, b->ages);
	swap(dev->sums, b->sums);
	swap(dev->pool, b->pool);
	if (dev->pool)
		zspool_set_limit(dev->pool, dev->limit_pages);
	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++)
		swap(dev->codec[prio], b->codec[prio]);
	up_write(&dev->init_lock);
}

/* Any part may be missing. */
static void destroy_backend(struct backend *b)
{
	unsigned int prio;

	if (b->pool)
		zspool_destroy(b->pool);
	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++)
		zblock_codec_destroy(b->codec[prio]);
	zblock_column_destroy(b->ages);
	zblock_column_destroy(b->sums);
}

static int create_codec(struct zblock *dev, unsigned int prio,
			struct backend *b)
{
	const struct zblock_algorithm *algorithm = &dev->algorithm[prio];
	struct zblock_codec *codec;

	if (!algorithm->ops)
		return 0;
	codec = zblock_codec_create(algorithm->ops, &algorithm->params,
				    PAGE_SIZE);
	if (IS_ERR(codec)) {
		pr_err("%s: cannot set up %s: %ld\n", dev->disk->disk_name,
		       algorithm->ops->name, PTR_ERR(codec));
		return PTR_ERR(codec);
	}
	b->codec[prio] = codec;
	return 0;
}

static int create_parts(struct zblock *dev, unsigned long nr_pages,
			struct backend *b)
{
	unsigned int prio;
	int err;

	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++) {
		err = create_codec(dev, prio, b);
		if (err)
			return err;
	}
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE)) {
		dev->unit_shift = dev->unit_size > PAGE_SIZE ?
				  ilog2(dev->unit_size >> PAGE_SHIFT) : 0;
		err = zblock_units_create(dev, nr_pages,
					  b->codec[ZBLOCK_PRIMARY]);
		if (err)
			return err;
	}
	if (dev->track_age) {
		b->ages = zblock_column_create(nr_pages);
		if (!b->ages)
			return -ENOMEM;
	}
	if (dev->checksum) {
		b->sums = zblock_column_create(nr_pages);
		if (!b->sums)
			return -ENOMEM;
	}
	b->pool = zspool_create(dev->disk->disk_name,
				zblock_handles(dev, nr_pages), &pool_ops, dev);
	if (IS_ERR(b->pool)) {
		err = PTR_ERR(b->pool);
		b->pool = NULL;
		return err;
	}
	return 0;
}

/* A pool and codecs for @nr_pages; nothing is left behind if that fails. */
static int make_backend(struct zblock *dev, unsigned long nr_pages)
{
	struct backend b = {};
	int err;

	err = create_parts(dev, nr_pages, &b);
	if (!err) {
		swap_backend(dev, &b);
		return 0;
	}
	destroy_backend(&b);
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE))
		zblock_units_destroy(dev);
	return err;
}

/**
 * zblock_set_size() - give a device its size and what it needs to work
 * @dev: the device
 * @bytes: the size, not 0; rounded up to pages
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL for more than a pool can have; -EBUSY if it has
 * one already; -ENOMEM
 */
int zblock_set_size(struct zblock *dev, u64 bytes)
{
	u64 pages = (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK);
	int err = zblock_begin_change(dev, "disksize");

	if (err)
		return err;
	if (pages > ZSPOOL_MAX_HANDLES) {
		pr_err("%s: a disksize of more than %lu pages is not possible\n",
		       dev->disk->disk_name, ZSPOOL_MAX_HANDLES);
		err = -EINVAL;
	} else {
		err = make_backend(dev, pages);
	}
	if (!err) {
		/* read by valid_bio() */
		smp_store_release(&dev->nr_pages, (unsigned long)pages);
		set_capacity_and_notify(dev->disk,
					pages << PAGE_SECTORS_SHIFT);
		if (IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS))
			zblock_policy_recheck(&dev->auto_recompress);
		if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
			zblock_policy_recheck(&dev->auto_writeback);
	}
	mutex_unlock(&dev->op_lock);
	return err;
}

/**
 * zblock_clear() - back to size 0, and to the defaults
 * @dev: nobody has it open, or can
 *
 * The pool goes with init_lock given back, as that takes long and statistics
 * shall not wait for it.
 *
 * Context: process; may sleep.
 */
void zblock_clear(struct zblock *dev)
{
	struct backend b = {};

	mutex_lock(&dev->op_lock);
	if (IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS))
		zblock_policy_stop(&dev->auto_recompress);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		zblock_policy_stop(&dev->auto_writeback);
	set_capacity_and_notify(dev->disk, 0);
	part_stat_set_all(dev->disk->part0, 0);
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE)) {
		zblock_queue_flush(dev->queue);
		zblock_late_drop(dev);
		zblock_units_stop(dev);
	}
	zblock_limit_clear(dev);
	swap_backend(dev, &b);
	destroy_backend(&b);
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE)) {
		zblock_units_destroy(dev);
		WRITE_ONCE(dev->unit_size, ZBLOCK_UNIT_DEFAULT);
		zblock_set_write_mode(dev, ZBLOCK_MODE_PARALLEL);
	}
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		zblock_writeback_clear(dev);
	zblock_stat_clear(dev);
	zblock_algorithms_reset(dev);
	WRITE_ONCE(dev->checksum, NULL);
	mutex_unlock(&dev->op_lock);
}

/**
 * zblock_reset() - forget all data, the size and the algorithm
 * @dev: the device
 *
 * Context: process; may sleep.
 * Return: 0, or -EBUSY if it is open, or being reset or removed
 */
int zblock_reset(struct zblock *dev)
{
	int err = zblock_claim(dev, true);

	if (err) {
		pr_err("%s: in use, cannot reset\n", dev->disk->disk_name);
		return err;
	}
	sync_blockdev(dev->disk->part0);
	zblock_clear(dev);
	zblock_limit_changed(dev);
	zblock_unclaim(dev);
	return 0;
}

