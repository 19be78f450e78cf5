// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit_read.c - a unit, or a page of one, comes out: see unit.h
 */
#include <linux/bio.h>
#include "unit.h"

/* Does it look as if all of the unit were there? Spares a vain attempt. */
static bool looks_whole(struct zblock *dev, unsigned long unit)
{
	unsigned long slot = first_slot(dev, unit);
	unsigned int i;

	for (i = 0; i < unit_pages(dev); i++)
		if (!in_unit(zspool_peek(dev->pool, slot + i)))
			return false;
	return true;
}

/* Is the slot in its unit, and in which writing of it? */
static bool slot_seq(struct zblock *dev, unsigned long index, u64 *seq)
{
	zspool_word_t word = zblock_look(dev, index);

	*seq = seq_of(word);
	return in_unit(word);
}

/* The same of all slots of its unit, from @index on. */
static bool slots_seq(struct zblock *dev, unsigned long index, u64 *seq)
{
	unsigned int i;
	u64 other;

	if (!slot_seq(dev, index, seq))
		return false;
	for (i = 1; i < unit_pages(dev); i++)
		if (!slot_seq(dev, index + i, &other) || other != *seq)
			return false;
	return true;
}

/* One piece to @to. The first is pinned by the caller. */
static size_t copy_piece(struct zspool *pool, zspool_word_t word, void *to)
{
	size_t len = zspool_word_size(word);
	const void *src = zspool_map(pool, word, to);

	if (src != to)
		memcpy(to, src, len);
	zspool_unmap(pool, word, src);
	return len;
}

/* A unit's sum is kept for each slot that is in it. */
static int check_sum(struct zblock *dev, unsigned long index, u64 seq,
		     const void *mem, size_t size)
{
	zspool_word_t word;
	int err = 0;

	if (!dev->sums)
		return 0;
	word = zspool_pin(dev->pool, index);
	if (!in_unit(word) || seq_of(word) != seq)
		err = -EAGAIN;
	else if (!zblock_sum_ok(dev, index, mem, size))
		err = -EBADMSG;
	zspool_unpin(dev->pool, index);
	return err;
}

/*
 * Copy a unit's compressed bytes out. -EAGAIN if @index is not in it any more,
 * or, if @whole, any page is not.
 */
static int fetch(struct zblock *dev, unsigned long index, bool whole,
		 struct zblock_context *dctx, u64 *seq, size_t *size)
{
	unsigned long unit = index >> dev->unit_shift;
	struct zspool *pool = dev->pool;
	int err = -EAGAIN;
	zspool_word_t word;
	unsigned int i;

	*size = 0;
	word = zspool_pin(pool, piece(dev, unit, 0));
	if (!word)
		return err;
	if (whole ? !slots_seq(dev, index, seq) : !slot_seq(dev, index, seq))
		goto unpin;
	err = -EIO;
	if (!zspool_word_is_obj(word))
		goto unpin;
	*size = copy_piece(pool, word, dctx->buf);
	for (i = 1; i < unit_pieces(dev); i++) {
		zspool_handle_t handle = piece(dev, unit, i);

		if (!zspool_word_is_obj(zspool_peek(pool, handle)))
			break;
		word = zspool_pin(pool, handle);
		*size += copy_piece(pool, word, dctx->buf + *size);
		zspool_unpin(pool, handle);
	}
	err = check_sum(dev, index, *seq, dctx->buf, *size);
unpin:
	zspool_unpin(pool, piece(dev, unit, 0));
	return err;
}

static void note_read(struct zblock *dev, unsigned long index)
{
	zspool_word_t word = zspool_peek(dev->pool, index);

	if (unlikely(zspool_word_flags(word) & ZBLOCK_MARKS)) {
		/* there is a word, so it can be pinned */
		word = zspool_pin(dev->pool, index);
		zspool_swap(dev->pool, index, zblock_unmarked(word));
		zspool_unpin(dev->pool, index);
	}
	zblock_touch(dev, index);
}

/**
 * zblock_read_unit() - fetch a whole unit
 * @dev: the device
 * @bio: wants the data
 * @iter: at the beginning of a unit, with the whole of it ahead
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -EAGAIN if not all of it is stored as one unit; -ENOMEM; -EIO
 */
int zblock_read_unit(struct zblock *dev, struct bio *bio,
		     struct bvec_iter iter)
{
	unsigned long index = iter.bi_sector >> PAGE_SECTORS_SHIFT;
	unsigned long unit = index >> dev->unit_shift;
	size_t len = unit_bytes(dev);
	struct zblock_context *dctx;
	unsigned long at;
	unsigned int i;
	size_t size;
	void *mem;
	u64 seq;
	int err;

	if (!looks_whole(dev, unit))
		return -EAGAIN;
	dctx = zblock_dctx_get(dev->unit_codec);
	if (!dctx)
		return -ENOMEM;
	err = fetch(dev, index, true, dctx, &seq, &size);
	if (err)
		goto out;
	mem = in_place(bio, iter, len);
	if (!mem) {
		mem = dctx->unit;
		dctx->have.to = 0;
	}
	err = zblock_decompress(dev->unit_codec, dctx, dctx->buf, size,
				mem, len);
	if (!err && mem == dctx->unit) {
		dctx->seq = seq;
		dctx->have = (struct zblock_range){ .to = len };
		zblock_copy_bio(bio, &iter, mem, len);
	} else if (!err) {
		/* from direct I/O it need not begin with a page */
		for (at = PAGE_ALIGN_DOWN((unsigned long)mem);
		     at < (unsigned long)mem + len; at += PAGE_SIZE)
			flush_dcache_page(virt_to_page((void *)at));
	}
out:
	zblock_context_put(dctx);
	if (err == -EAGAIN)
		return err;
	if (unlikely(err))
		return zblock_broken(dev, index, err);
	for (i = 0; i < unit_pages(dev); i++)
		note_read(dev, index + i);
	return 0;
}

/*
 * Have @index's page, which is @want of its unit, in dctx->unit. What was read last is
 * still there: pages are often read one after the other. Where they are, or another
 * of the same unit is wanted, we decompress all of it, else no more than is asked for.
 */
static int load_unit(struct zblock *dev, unsigned long index,
		     struct zblock_range want, struct zblock_context *dctx)
{
	struct zblock_codec *codec = dev->unit_codec;
	bool again, in_order;
	size_t size;
	u64 seq;
	int err;

	if (!slot_seq(dev, index, &seq))
		return -EAGAIN;
	again = dctx->have.to && dctx->seq == seq;
	in_order = dctx->next == index;
	dctx->next = index + 1;
	if (again && dctx->have.from <= want.from && dctx->have.to >= want.to)
		return 0;
	err = fetch(dev, index, false, dctx, &seq, &size);
	if (err)
		return err;
	dctx->have.to = 0;
	if (again || in_order || !codec->ops->decompress_some) {
		want = (struct zblock_range){ .to = unit_bytes(dev) };
		err = zblock_decompress(codec, dctx, dctx->buf, size,
					dctx->unit, want.to);
	} else {
		err = codec->ops->decompress_some(&codec->params, dctx->ctx,
						  dctx->buf, size,
						  dctx->unit, &want);
	}
	if (err)
		return err;
	dctx->seq = seq;
	dctx->have = want;
	return 0;
}

/**
 * zblock_peek_unit_page() - fetch a page of a unit, but not for who uses it
 * @dev: the device
 * @page: where to; may be in high memory
 * @index: which; stays as idle, and as old, as it is
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -EAGAIN if it is not in a unit any more; -ENOMEM; -EIO
 */
int zblock_peek_unit_page(struct zblock *dev, struct page *page,
			  unsigned long index)
{
	size_t at = (index & (unit_pages(dev) - 1)) << PAGE_SHIFT;
	const struct zblock_range want = { at, at + PAGE_SIZE };
	struct zblock_context *dctx = zblock_dctx_get(dev->unit_codec);
	int err;

	if (!dctx)
		return -ENOMEM;
	err = load_unit(dev, index, want, dctx);
	if (!err)
		memcpy_to_page(page, 0, dctx->unit + at, PAGE_SIZE);
	zblock_context_put(dctx);
	if (unlikely(err) && err != -EAGAIN)
		return zblock_broken(dev, index, err);
	return err;
}

/**
 * zblock_read_unit_page() - fetch a page of a unit
 * @dev: the device
 * @page: where to; may be in high memory
 * @index: which
 *
 * Context: process, reclaim too; may sleep.
 * Return: as zblock_peek_unit_page()
 */
int zblock_read_unit_page(struct zblock *dev, struct page *page,
			  unsigned long index)
{
	int err = zblock_peek_unit_page(dev, page, index);

	if (!err)
		note_read(dev, index);
	return err;
}
