// SPDX-License-Identifier: GPL-2.0-only
/*
 * recompress.c - the attribute recompress: store pages anew, but smaller
 *
 * A page is read into memory of ours and its slot marked PEND; compressed by
 * another algorithm; and if that takes a smaller class of objects, the slot gets
 * the new object, provided that PEND is still there: see word.h. So nobody
 * waits for a recompression, and what is written, freed or read meanwhile stays
 * as it is.
 *
 * A huge page that an algorithm cannot make smaller keeps that algorithm's
 * priority, and is not tried with it again.
 *
 * A page of a unit counts with its share of the unit's bytes. One that becomes
 * smaller leaves its unit, and what is left of that is tidied up as ever.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

/* How long cold pages are recompressed at a time, in nanoseconds. */
#define SLICE		(5 * NSEC_PER_MSEC)

/* Sizes are counted in steps of so many bytes. */
#define STEP		64
#define STEPS		(PAGE_SIZE / STEP + 1)

/**
 * struct recompress - what is to be done
 * @dev: where; op_lock is held
 * @page: to decompress into
 * @codec: to compress with
 * @prio: its priority
 * @flags: only pages that have these: ZBLOCK_IDLE, ZBLOCK_HUGE
 * @threshold: only objects of so many bytes, and to less than that; 0: any
 * @max_pages: how many pages to try at most
 * @age: only pages not used for so many seconds; 0: any
 * @until: when to leave off, in ns of ktime_get(); 0: at the end
 */
struct recompress {
	struct zblock *dev;
	struct page *page;
	struct zblock_codec *codec;
	unsigned int prio;
	unsigned int flags;
	unsigned int threshold;
	u64 max_pages;
	u32 age;
	u64 until;
};

static bool wanted(const struct recompress *r, unsigned long index,
		   zspool_word_t word)
{
	return zblock_word_prio(word) < r->prio &&
	       zblock_chosen(r->dev, index, word, r->flags, r->age,
			     r->threshold);
}

/* Would an object of @size be worth it, in place of what @word says? */
static bool is_smaller(const struct recompress *r, unsigned long index,
		       zspool_word_t word, size_t size)
{
	unsigned int bytes = zblock_slot_bytes(r->dev, index, word);
	struct zspool *pool = r->dev->pool;

	if (!bytes || size >= zspool_huge_size(pool) ||
	    (r->threshold && size >= r->threshold))
		return false;
	return zspool_class_index(pool, size) < zspool_class_index(pool, bytes);
}

static int compress(const struct recompress *r, struct zblock_context *cctx,
		    size_t *size)
{
	return zblock_compress(r->codec, cctx, page_address(r->page), PAGE_SIZE,
			       size);
}

/* The page in a smaller object; -EFBIG if it takes no smaller one. */
static int make_object(const struct recompress *r, unsigned long index,
		       zspool_word_t word, zspool_word_t *obj, u32 *sum)
{
	struct zspool *pool = r->dev->pool;
	struct zblock_context *cctx = zblock_cctx_get(r->codec);
	size_t size;
	int err;

	if (!cctx)
		return -ENOMEM;
	if (compress(r, cctx, &size) || !is_smaller(r, index, word, size))
		err = -EFBIG;
	else
		err = zspool_new(pool, index, size, GFP_EAGER,
				 page_to_nid(r->page), true, obj);
	if (!err) {
		zspool_fill(pool, *obj, cctx->buf);
		*sum = zblock_sum(r->dev, cctx->buf, size);
	}
	zblock_context_put(cctx);
	return err;
}

static unsigned int with_prio(const struct recompress *r, unsigned int flags)
{
	return (flags & ~ZBLOCK_PRIO) | r->prio << ZBLOCK_PRIO_SHIFT;
}

/* Put the new object in place of the old; if the slot has changed, drop it. */
static void publish(const struct recompress *r, unsigned long index,
		    zspool_word_t obj, u32 sum)
{
	zspool_word_t new = zspool_word_set_flags(obj, with_prio(r, 0));
	struct zspool *pool = r->dev->pool;
	zspool_word_t old;

	old = zspool_pin(pool, index);
	if (!old) {
		zspool_drop(pool, obj);
		return;
	}
	if (!(zspool_word_flags(old) & ZBLOCK_PEND)) {
		zspool_unpin(pool, index);
		zspool_drop(pool, obj);
		return;
	}
	zblock_sum_set(r->dev, index, sum);
	old = zspool_swap(pool, index, new);
	zspool_unpin(pool, index);
	zblock_retire(r->dev, index, old, new);
}

/* Leave the slot as it is. */
static void let_go(const struct recompress *r, unsigned long index, bool tried)
{
	struct zspool *pool = r->dev->pool;
	unsigned int flags;
	zspool_word_t word;

	word = zspool_pin(pool, index);
	if (!word)
		return;
	flags = zspool_word_flags(word);
	if (flags & ZBLOCK_PEND) {
		flags &= ~ZBLOCK_PEND;
		if (tried && flags & ZBLOCK_HUGE)
			flags = with_prio(r, flags);
		zspool_swap(pool, index, zspool_word_set_flags(word, flags));
	}
	zspool_unpin(pool, index);
}

/* Read a page of a pinned slot and mark the slot. */
static int take_pinned(const struct recompress *r, unsigned long index,
		       zspool_word_t word, struct zblock_context *dctx)
{
	unsigned int flags = zspool_word_flags(word);
	int err = zblock_load(r->dev, index, word, dctx,
			      page_address(r->page));

	if (!err)
		zspool_swap(r->dev->pool, index,
			    zspool_word_set_flags(word, (flags & ~ZBLOCK_IDLE) |
						  ZBLOCK_PEND));
	return err;
}

static int try_take(const struct recompress *r, unsigned long index,
		    struct zblock_context *dctx, zspool_word_t *word)
{
	int err = -ENOENT;

	*word = zspool_pin(r->dev->pool, index);
	if (!*word)
		return -ENOENT;
	if (wanted(r, index, *word))
		err = take_pinned(r, index, *word, dctx);
	zspool_unpin(r->dev->pool, index);
	return err;
}

/* A unit's bytes are not the slot's: they are read without its pin. */
static int take_from_unit(const struct recompress *r, unsigned long index,
			  zspool_word_t *word)
{
	struct zspool *pool = r->dev->pool;
	unsigned int flags;
	int err;

	*word = zspool_pin(pool, index);
	if (!*word)
		return -ENOENT;
	flags = zspool_word_flags(*word);
	if (!(flags & ZBLOCK_UNIT) || !wanted(r, index, *word)) {
		zspool_unpin(pool, index);
		return -ENOENT;
	}
	flags = (flags & ~ZBLOCK_IDLE) | ZBLOCK_PEND;
	zspool_swap(pool, index, zspool_word_set_flags(*word, flags));
	zspool_unpin(pool, index);
	err = zblock_peek_unit_page(r->dev, r->page, index);
	if (err)
		let_go(r, index, false);
	return err;
}

/*
 * Read a page of which @word is what a look at its slot saw. -ENOENT: it is no
 * longer wanted; -EAGAIN: it is not stored that way any more.
 */
static int take(const struct recompress *r, unsigned long index,
		zspool_word_t *word)
{
	struct zblock_context *dctx = NULL;
	int err;

	if (zspool_word_flags(*word) & ZBLOCK_UNIT)
		return take_from_unit(r, index, word);
	if (!(zspool_word_flags(*word) & ZBLOCK_HUGE)) {
		dctx = zblock_dctx_get(r->dev->codec[zblock_word_prio(*word)]);
		if (!dctx)
			return -ENOMEM;
	}
	err = try_take(r, index, dctx, word);
	if (dctx)
		zblock_context_put(dctx);
	/* a unit has come in its place: another time */
	if (err == -ESTALE)
		return -EAGAIN;
	if (err && err != -ENOENT && err != -EAGAIN)
		return zblock_broken(r->dev, index, err);
	return err;
}

/* @word is what a look at the slot saw. */
static int recompress_slot(const struct recompress *r, unsigned long index,
			   zspool_word_t word)
{
	zspool_word_t obj;
	int err;
	u32 sum;

	err = take(r, index, &word);
	if (err == -ENOENT || err == -EAGAIN)
		return 0;
	if (err)
		return err;
	err = make_object(r, index, word, &obj, &sum);
	if (err) {
		let_go(r, index, err == -EFBIG);
		return err == -EFBIG ? 0 : err;
	}
	publish(r, index, obj, sum);
	return 0;
}

/*
 * If not all may be tried, then the largest: the size of the smallest of those,
 * down to a step. 0: all may be.
 */
static int find_least(const struct recompress *r, unsigned int *least)
{
	unsigned int i = STEPS;
	unsigned long index;
	unsigned long *nr;
	u64 sum = 0;
	int err = 0;

	*least = 0;
	if (r->max_pages >= r->dev->nr_pages)
		return 0;
	nr = kcalloc(STEPS, sizeof(*nr), GFP_KERNEL);
	if (!nr)
		return -ENOMEM;
	for (index = 0; index < r->dev->nr_pages && !err; index++) {
		zspool_word_t word = zspool_peek(r->dev->pool, index);
		unsigned int bytes;

		if (wanted(r, index, word)) {
			bytes = zblock_slot_bytes(r->dev, index, word);
			nr[min_t(size_t, bytes / STEP, STEPS - 1)]++;
		}
		err = zblock_walk(r->dev, index);
	}
	while (i && sum < r->max_pages)
		sum += nr[--i];
	*least = i * STEP;
	kfree(nr);
	return err;
}

static bool time_is_up(const struct recompress *r)
{
	return r->until && ktime_get_ns() >= r->until;
}

/*
 * From slot *@at on, which is where to go on afterwards: objects of @least to
 * @most bytes.
 */
static int recompress_from(struct recompress *r, unsigned long *at,
			   unsigned int least, unsigned int most)
{
	unsigned long nr_pages = r->dev->nr_pages;
	unsigned int bytes;
	unsigned long index;
	int err = 0;

	for (; *at < nr_pages && r->max_pages && !err; ++*at) {
		zspool_word_t word;

		index = *at;
		err = zblock_walk(r->dev, index);
		if (err || (!(index % ZBLOCK_AT_ONCE) && time_is_up(r)))
			break;
		word = zspool_peek(r->dev->pool, index);
		if (!wanted(r, index, word))
			continue;
		bytes = zblock_slot_bytes(r->dev, index, word);
		if (bytes < least || bytes > most)
			continue;
		if (time_is_up(r))
			break;
		err = zblock_must_end(r->dev);
		if (err)
			break;
		r->max_pages--;
		err = recompress_slot(r, index, word);
		/* a page that cannot be read is no reason to leave others */
		if (err == -EIO)
			err = 0;
		cond_resched();
	}
	return err;
}

/* The step that @max_pages ends in comes last: not all of it will be tried. */
static int recompress_all(struct recompress *r)
{
	unsigned long at = 0;
	unsigned int least;
	int err;

	err = find_least(r, &least);
	if (!err && least)
		err = recompress_from(r, &at, least + STEP, PAGE_SIZE);
	at = 0;
	if (!err)
		err = recompress_from(r, &at, least,
				      least ? least + STEP - 1 : PAGE_SIZE);
	return err;
}

/**
 * zblock_recompress_cold() - recompress some cold pages by the last algorithm
 * @dev: a device that has its size
 * @at: the slot to begin with, and afterwards to go on with; the number of
 *	slots if that was the last
 * @age: only pages not used for so many seconds
 * @threshold: only objects of so many bytes
 * @max_pages: how many to try at most
 *
 * Takes some milliseconds at most, whatever @max_pages says.
 *
 * Context: process; may sleep; op_lock held.
 * Return: how many were tried; -ENOMEM, or why one could not be stored
 */
int zblock_recompress_cold(struct zblock *dev, unsigned long *at, u32 age,
			   u32 threshold, u32 max_pages)
{
	struct recompress r = {
		.dev = dev, .age = age, .threshold = threshold,
		.max_pages = max_pages,
		.until = ktime_get_ns() + SLICE,
	};
	int err;

	lockdep_assert_held(&dev->op_lock);
	for (r.prio = ZBLOCK_ALGORITHMS - 1; r.prio && !r.codec; )
		r.codec = dev->codec[r.prio--];
	if (!r.codec) {
		*at = dev->nr_pages;
		return 0;
	}
	r.prio++;
	err = zblock_contexts_reserve(r.codec, GFP_KERNEL | __GFP_NOWARN);
	if (err)
		return err;
	r.page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	if (!r.page)
		return -ENOMEM;
	err = recompress_from(&r, at, 0, PAGE_SIZE);
	__free_page(r.page);
	return err ? err : max_pages - r.max_pages;
}

/* The algorithm that is meant: one of the secondary ones. */
static int find_codec(struct recompress *r, const char *name, int prio)
{
	const struct zblock_codec_ops *ops;

	if (name && !prio)
		prio = zblock_algorithm_prio(r->dev, name, ZBLOCK_PRIMARY + 1);
	else if (!prio)
		prio = ZBLOCK_PRIMARY + 1;
	if (prio <= ZBLOCK_PRIMARY || prio >= ZBLOCK_ALGORITHMS)
		return -EINVAL;
	ops = r->dev->algorithm[prio].ops;
	if (!ops || (name && strcmp(ops->name, name)))
		return -EINVAL;
	r->prio = prio;
	r->codec = r->dev->codec[prio];
	return zblock_contexts_reserve(r->codec, GFP_KERNEL);
}

static int run(struct recompress *r, const char *name, int prio)
{
	int err;

	lockdep_assert_held(&r->dev->op_lock);
	if (!r->dev->pool)
		return zblock_no_size(r->dev, "recompress");
	if (r->threshold >= zspool_huge_size(r->dev->pool)) {
		pr_err("%s: recompress: pages of %u bytes are not compressed\n",
		       r->dev->disk->disk_name, r->threshold);
		return -EINVAL;
	}
	err = find_codec(r, name, prio);
	if (err) {
		pr_err("%s: recompress: no such algorithm as %s, or no memory for it: %d\n",
		       r->dev->disk->disk_name, name ?: "the first", err);
		return err;
	}
	r->page = alloc_page(GFP_KERNEL);
	if (!r->page)
		return -ENOMEM;
	zblock_late_flush(r->dev);
	err = recompress_all(r);
	__free_page(r->page);
	return err;
}

static int parse_prio(const char *value, int *prio)
{
	int err = kstrtoint(value, 10, prio);

	/* 0 stands for none given */
	return err ? err : *prio <= ZBLOCK_PRIMARY ? -EINVAL : 0;
}

static ssize_t recompress_store(struct device *d,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	struct recompress r = { .dev = zblock_of(d), .max_pages = U64_MAX };
	char *args = (char *)buf, *key, *value, *name = NULL;
	int err, prio = 0;

	while ((err = zblock_next_arg(r.dev, attr->attr.name, &args, &key,
				      &value)) > 0) {
		if (!strcmp(key, "type"))
			err = zblock_parse_type(value, &r.flags);
		else if (!strcmp(key, "max_pages"))
			err = kstrtoull(value, 10, &r.max_pages);
		else if (!strcmp(key, "threshold"))
			err = kstrtouint(value, 10, &r.threshold);
		else if (!strcmp(key, "algo"))
			name = value;
		else if (!strcmp(key, "priority"))
			err = parse_prio(value, &prio);
		else
			err = -EINVAL;
		if (err < 0)
			return zblock_refuse_arg(r.dev, attr->attr.name, key,
						 value, err);
	}
	if (!err)
		err = zblock_begin_op(r.dev);
	if (err)
		return err;
	err = run(&r, name, prio);
	mutex_unlock(&r.dev->op_lock);
	return err ? err : len;
}
ZBLOCK_ATTR_WO(recompress);
