// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit_write.c - a unit goes in: see unit.h
 */
#include <linux/bio.h>
#include <linux/gfp.h>
#include "unit.h"

/**
 * struct unit_write - a unit on its way in
 * @dev: where to
 * @unit: which
 * @nid: memory of which node
 * @size: bytes of all pieces, 0 if there are none yet
 * @sum: zblock_sum() of them
 * @nr: of pieces
 * @piece: not yet published
 */
struct unit_write {
	struct zblock *dev;
	unsigned long unit;
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
				 &w->piece[w->nr]);
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

		zspool_fill(w->dev->pool, w->piece[i], 0, src, len);
		src += len;
	}
}

/* Make the pieces what the unit holds. All table entries are there. */
static void publish(struct unit_write *w)
{
	struct zblock *dev = w->dev;
	unsigned long slot = first_slot(dev, w->unit);
	zspool_word_t old_piece[PIECES_MAX];
	zspool_word_t old[PAGES_MAX];
	zspool_word_t word, mine;
	unsigned int i;
	u64 seq;

	seq = atomic64_inc_return(&dev->unit_seq) &
	      (BIT_ULL(ZSPOOL_VALUE_BITS) - 1);
	word = zspool_word_make(ZBLOCK_UNIT, 0, seq);

	zblock_patch_begin(dev, slot);
	zspool_pin(dev->pool, piece(dev, w->unit, 0), &mine);
	zblock_swap_pieces(dev, w->unit, w->piece, w->nr, old_piece);
	for (i = 0; i < unit_pages(dev); i++) {
		zspool_pin(dev->pool, slot + i, &old[i]);
		zblock_sum_set(dev, slot + i, w->sum);
		old[i] = zspool_swap(dev->pool, slot + i, word);
		zspool_unpin(dev->pool, slot + i);
	}
	zspool_unpin(dev->pool, piece(dev, w->unit, 0));
	zblock_patch_end(dev, slot);

	zblock_count(dev, ZBLOCK_COMPRESSED, w->size);
	zblock_count(dev, ZBLOCK_UNITS, 1);
	zblock_drop_pieces(dev, old_piece);
	for (i = 0; i < unit_pages(dev); i++) {
		zblock_retire(dev, slot + i, old[i], word);
		zblock_touch(dev, slot + i);
	}
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
	struct zblock_cctx *cctx = zblock_cctx_get(codec);
	size_t len = unit_bytes(w->dev);
	void *mem = NULL;
	int err = -EAGAIN;

	if (!cctx)
		return err;
	/*
	 * A codec looks back at what it has gone past: a page that changes
	 * meanwhile, as one of direct I/O may, would spoil others. Swap's do not.
	 */
	if (bio->bi_opf & REQ_SWAP)
		mem = in_place(bio, iter, len);
	if (!mem) {
		mem = cctx->src;
		zblock_copy_from_bio(bio, &iter, mem, len);
	}
	if (mostly_same_filled(w->dev, mem) ||
	    zblock_compress(codec, cctx, mem, len, size) ||
	    *size > unit_pieces(w->dev) * PAGE_SIZE)
		goto out;
	err = get_pieces(w, *size, GFP_EAGER);
	if (!err) {
		fill_pieces(w, cctx->buf);
		w->sum = zblock_sum(w->dev, cctx->buf, *size);
	} else if (err != -ENOSPC) {
		err = -ENOBUFS;
	}
out:
	zblock_cctx_put(cctx);
	return err;
}

/**
 * zblock_write_unit() - store a unit
 * @dev: the device
 * @bio: has the data
 * @iter: at the beginning of a unit, with the whole of it ahead
 *
 * As for a page, memory is first asked for without direct reclaim: see
 * store_packed() in store.c.
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -EAGAIN if it is better stored page by page; -ENOMEM: what was
 * stored before is intact
 */
int zblock_write_unit(struct zblock *dev, struct bio *bio,
		      struct bvec_iter iter)
{
	struct unit_write w = {
		.dev = dev,
		.unit = iter.bi_sector >> (PAGE_SECTORS_SHIFT + dev->unit_shift),
		.nid = page_to_nid(bio_iter_page(bio, iter)),
	};
	size_t size;
	int err;

	if (!zblock_sum_prepare(dev, first_slot(dev, w.unit)))
		return -ENOMEM;
	err = zspool_prepare(dev->pool, first_slot(dev, w.unit), GFP_PATIENT);
	if (err)
		return err;
	for (;;) {
		err = fill_unit(&w, bio, iter, &size);
		if (err != -ENOBUFS)
			break;
		zblock_count(dev, ZBLOCK_WRITE_STALLS, 1);
		err = get_pieces(&w, size, GFP_PATIENT);
		if (err)
			break;
	}
	if (!err) {
		publish(&w);
		return 0;
	}
	drop_pieces(&w);
	/* page by page the old ones go one by one: there may be room for that */
	return err == -ENOSPC ? -EAGAIN : err;
}
