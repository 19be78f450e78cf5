// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit_write.c - a unit goes in: see unit.h
 */
#include <linux/bio.h>
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <zblock_compat.h>
#include "unit.h"

/**
 * struct unit_write - a unit on its way in
 * @dev: where to
 * @unit: which
 * @mem: the data, if it is not in a bio
 * @only: 0, or: only if the slots still have this buffer's pages
 * @nid: memory of which node
 * @size: bytes of all pieces, 0 if there are none yet
 * @sum: zblock_sum() of them
 * @nr: of pieces
 * @piece: not yet published
 */
struct unit_write {
	struct zblock *dev;
	unsigned long unit;
	void *mem;
	zspool_word_t only;
	int nid;
	size_t size;
	u32 sum;
	unsigned int nr;
	zspool_word_t piece[PIECES_MAX];
};

static void drop_pieces(struct unit_write *w)
{
	while (w->nr)
		zspool_drop(w->dev->pool, w->piece[--w->nr]);
	w->size = 0;
}

/* Have pieces for @size bytes; -ENOSPC if mem_limit forbids it. */
static int get_pieces(struct unit_write *w, size_t size, gfp_t gfp)
{
	struct zspool *pool = w->dev->pool;
	size_t left;
	int err;

	if (w->size == size)
		return 0;
	drop_pieces(w);
	for (left = size; left; left -= min_t(size_t, left, PAGE_SIZE)) {
		err = zspool_new(pool, piece(w->dev, w->unit, w->nr),
				 min_t(size_t, left, PAGE_SIZE), gfp, w->nid,
				 false, &w->piece[w->nr]);
		if (err) {
			drop_pieces(w);
			return err;
		}
		w->nr++;
	}
	w->size = size;
	zblock_note_used(w->dev, zspool_total_pages(pool));
	return 0;
}

static void fill_pieces(struct unit_write *w, const void *src)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		unsigned int len = zspool_word_size(w->piece[i]);

		zspool_fill(w->dev->pool, w->piece[i], src);
		src += len;
	}
}

/* Is page @i what it should be, in a slot that is pinned and holds @word? */
static bool is_mine(const struct unit_write *w, zspool_word_t word,
		    unsigned int i)
{
	return !w->only ||
	       zblock_still_there(word, zblock_late_nth(w->only, i));
}

/*
 * Does nobody else have anything in the unit? The first piece is pinned, so no slot gets
 * UNIT after this, and if any had got it, not all would be ours. But slots may still be
 * written, late as many as there are: swap_slot() looks again.
 */
static bool all_mine(const struct unit_write *w)
{
	unsigned long slot = first_slot(w->dev, w->unit);
	zspool_word_t word;
	unsigned int i;
	bool mine;

	for (i = 0; i < unit_pages(w->dev); i++) {
		word = zspool_pin(w->dev->pool, slot + i);
		if (!word)
			return false;
		mine = is_mine(w, word, i);
		zspool_unpin(w->dev->pool, slot + i);
		if (!mine)
			return false;
	}
	return true;
}

/* Make @word what the slot of page @i holds. Return: has it been done, and @old */
static bool swap_slot(const struct unit_write *w, unsigned int i,
		      zspool_word_t word, zspool_word_t *old)
{
	unsigned long slot = first_slot(w->dev, w->unit) + i;
	bool mine;

	*old = zspool_pin(w->dev->pool, slot);
	mine = is_mine(w, *old, i);
	if (mine) {
		if (w->only)
			word = zblock_as_idle(word, *old);
		zblock_sum_set(w->dev, slot, w->sum);
		*old = zspool_swap(w->dev->pool, slot, word);
	}
	zspool_unpin(w->dev->pool, slot);
	return mine;
}

/*
 * Make the pieces what the unit holds. All table entries are there: fails only, with
 * -EAGAIN, if slots are not what they should be.
 */
static int publish(struct unit_write *w)
{
	struct zblock *dev = w->dev;
	unsigned long slot = first_slot(dev, w->unit);
	zspool_word_t old_piece[PIECES_MAX];
	DECLARE_BITMAP(mine, PAGES_MAX);
	zspool_word_t old[PAGES_MAX];
	zspool_word_t word;
	unsigned int i;
	bool whole;
	u64 seq;

	seq = atomic64_inc_return(&dev->unit_seq) &
	      (BIT_ULL(ZSPOOL_VALUE_BITS) - 1);
	word = zspool_word_make(ZBLOCK_UNIT, 0, seq);

	zblock_patch_begin(dev, slot);
	zspool_pin(dev->pool, piece(dev, w->unit, 0));
	whole = !w->only || all_mine(w);
	if (whole) {
		zblock_swap_pieces(dev, w->unit, w->piece, w->nr, old_piece);
		for (i = 0; i < unit_pages(dev); i++)
			__assign_bit(i, mine, swap_slot(w, i, word, &old[i]));
	}
	zspool_unpin(dev->pool, piece(dev, w->unit, 0));
	zblock_patch_end(dev, slot);
	if (!whole)
		return -EAGAIN;

	zblock_count(dev, ZBLOCK_COMPRESSED, w->size);
	zblock_count(dev, ZBLOCK_UNITS, 1);
	zblock_drop_pieces(dev, old_piece);
	for (i = 0; i < unit_pages(dev); i++) {
		if (test_bit(i, mine)) {
			zblock_retire(dev, slot + i, old[i], word);
			if (!w->only)
				zblock_touch(dev, slot + i);
		} else {
			/* overwritten since: the unit begins without it */
			zblock_unit_lost(dev, slot + i);
			zblock_unit_settle(dev, slot + i);
		}
	}
	return 0;
}

/* Half of the pages or more are one word repeated: cheaper page by page. */
static bool mostly_same_filled(struct zblock *dev, const void *mem)
{
	unsigned int same = 0;
	unsigned long fill;
	unsigned int i;

	for (i = 0; i < unit_pages(dev); i++)
		same += zblock_same_filled(mem + i * PAGE_SIZE, &fill);
	return same * 2 >= unit_pages(dev);
}

/*
 * Compress, and fill pieces of the right size, compressor held. -EAGAIN: better
 * stored page by page. -ENOBUFS: there are no pieces, @size is what is needed.
 */
static int fill_unit(struct unit_write *w, struct bio *bio,
		     struct bvec_iter iter, size_t *size)
{
	struct zblock_codec *codec = w->dev->unit_codec;
	struct zblock_context *cctx = zblock_cctx_get(codec);
	size_t len = unit_bytes(w->dev);
	void *mem = w->mem;
	int err = -EAGAIN;

	if (!cctx)
		return err;
	/*
	 * A codec looks back at what it has gone past: a page that changes
	 * meanwhile, as one of direct I/O may, would spoil others. Swap's do not,
	 * as we ask for stable pages, and as long as who is stacked on us does, too.
	 */
	if (!mem && bio->bi_opf & REQ_SWAP && ZBLOCK_COMPAT_STACKED_STABLE)
		mem = in_place(bio, iter, len);
	if (!mem) {
		mem = cctx->unit;
		zblock_copy_bio(bio, &iter, mem, len);
	}
	if (mostly_same_filled(w->dev, mem) ||
	    zblock_compress(codec, cctx, mem, len, size) ||
	    *size > unit_pieces(w->dev) * PAGE_SIZE)
		goto out;
	err = get_pieces(w, *size, GFP_EAGER);
	if (!err) {
		fill_pieces(w, cctx->buf);
		w->sum = zblock_sum(w->dev, cctx->buf, *size);
	} else {
		err = -ENOBUFS;
	}
out:
	zblock_context_put(cctx);
	return err;
}

/* As for a page, memory is first asked for without direct reclaim: see store_packed(). */
static int store_unit(struct unit_write *w, struct bio *bio,
		      struct bvec_iter iter)
{
	size_t size;
	int err;

	for (;;) {
		err = fill_unit(w, bio, iter, &size);
		if (err != -ENOBUFS)
			break;
		zblock_count(w->dev, ZBLOCK_WRITE_STALLS, 1);
		err = get_pieces(w, size, GFP_PATIENT);
		if (err)
			break;
	}
	if (!err)
		err = publish(w);
	if (err)
		drop_pieces(w);
	return err;
}

/* Keep the pages as they are for now, if there is a buffer for them. */
static bool store_late(struct unit_write *w, struct bio *bio,
		       struct bvec_iter iter)
{
	struct zblock *dev = w->dev;
	unsigned long slot = first_slot(dev, w->unit);
	zspool_word_t old[PAGES_MAX];
	zspool_word_t word;
	unsigned int i;
	void *mem;

	if (dev->unit_shift > PAGE_ALLOC_COSTLY_ORDER)
		return false;
	mem = zblock_late_take(dev, slot, dev->unit_shift, w->nid, &word);
	if (!mem)
		return false;
	zblock_copy_bio(bio, &iter, mem, unit_bytes(dev));
	zblock_patch_begin(dev, slot);
	for (i = 0; i < unit_pages(dev); i++)
		swap_slot(w, i, zblock_late_nth(word, i), &old[i]);
	zblock_patch_end(dev, slot);
	for (i = 0; i < unit_pages(dev); i++) {
		zblock_retire(dev, slot + i, old[i], zblock_late_nth(word, i));
		zblock_touch(dev, slot + i);
	}
	zblock_late_go(dev, word);
	return true;
}

/**
 * zblock_write_unit() - store a unit
 * @dev: the device
 * @bio: has the data
 * @iter: at the beginning of a unit, with the whole of it ahead
 * @late: it may be compressed later, see late.c
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -EAGAIN if it is better stored page by page; -ENOMEM: what was
 * stored before is intact
 */
int zblock_write_unit(struct zblock *dev, struct bio *bio,
		      struct bvec_iter iter, bool late)
{
	struct unit_write w = {
		.dev = dev,
		.unit = iter.bi_sector >> (PAGE_SECTORS_SHIFT + dev->unit_shift),
		.nid = page_to_nid(bio_iter_page(bio, iter)),
	};
	int err;

	if (!zblock_sum_prepare(dev, first_slot(dev, w.unit)))
		return -ENOMEM;
	err = zspool_prepare(dev->pool, first_slot(dev, w.unit), GFP_PATIENT);
	if (err)
		return err;
	if (late && store_late(&w, bio, iter))
		return 0;
	err = store_unit(&w, bio, iter);
	/* page by page the old ones go one by one: there may be room for that */
	return err == -ENOSPC ? -EAGAIN : err;
}

/**
 * zblock_rewrite_unit() - store the pages of a buffer as a unit
 * @dev: the device
 * @page: the first of the pages, which lie one after the other
 * @index: the first slot of the unit
 * @word: what says that the first page is in @page
 *
 * The slots stay as idle, and as old, as they were.
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; an error: better page by page, or slots have changed, or no memory
 */
int zblock_rewrite_unit(struct zblock *dev, struct page *page,
			unsigned long index, zspool_word_t word)
{
	struct unit_write w = {
		.dev = dev,
		.unit = index >> dev->unit_shift,
		.mem = page_address(page),
		.only = word,
		.nid = page_to_nid(page),
	};

	return store_unit(&w, NULL, (struct bvec_iter){ 0 });
}
