// SPDX-License-Identifier: GPL-2.0-only
/*
 * store.c - one page in, one page out
 *
 * In: same-filled, or compress, allocate, fill; then the slot's word is swapped
 * under its pin, and what it held before is dropped. Until the swap the old page
 * can be read; whatever fails before it leaves the old page as it was.
 *
 * Where other CPUs have nothing to do, a page that its writer waits for is stored
 * as it is at first, and goes in once more by a helper: late.c.
 *
 * Out: under the pin, as the word says.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/ratelimit.h>
#include "zblock.h"

/**
 * struct page_write - a page on its way in
 * @dev: where to
 * @page: what
 * @index: which slot
 * @patch: the caller holds the slot's patch_lock
 * @late: it may be compressed when the write has ended
 * @only: 0, or: only if the slot still has this page of a unit, or this buffer
 * @obj: an object for it, 0 if there is none yet
 * @size: bytes of @obj
 * @sum: zblock_sum() of what is in @obj
 */
struct page_write {
	struct zblock *dev;
	struct page *page;
	unsigned long index;
	bool patch;
	bool late;
	zspool_word_t only;
	zspool_word_t obj;
	size_t size;
	u32 sum;
};

/**
 * zblock_retire() - a slot's word has been replaced
 * @dev: the device
 * @index: the slot
 * @old: the word before; its object is dropped
 * @new: the word now
 *
 * Context: process; no pin held.
 */
void zblock_retire(struct zblock *dev, unsigned long index, zspool_word_t old,
		   zspool_word_t new)
{
	zspool_drop(dev->pool, old);
	zblock_forget(dev, old);
	zblock_account(dev, old, new);
	if (zspool_word_flags(old) & ~zspool_word_flags(new) & ZBLOCK_UNIT) {
		zblock_unit_lost(dev, index);
		zblock_unit_settle(dev, index);
	}
}

/* The same page of the same unit, or buffer, whatever else is marked on the slot. */
static bool still_there(zspool_word_t word, zspool_word_t only)
{
	if (zblock_word_is_late(word) != zblock_word_is_late(only))
		return false;
	return (zblock_word_is_late(word) ||
		zspool_word_flags(word) & ZBLOCK_UNIT) &&
	       zspool_word_value(word) == zspool_word_value(only);
}

/*
 * Make @word what the slot holds. Its table entry is there: fails only, with
 * -EAGAIN, if the slot is not what it should be.
 */
static int publish(struct page_write *w, zspool_word_t word)
{
	struct zspool *pool = w->dev->pool;
	zspool_word_t old;
	bool mine;

	if (!w->patch)
		zblock_patch_begin(w->dev, w->index);
	zspool_pin(pool, w->index, &old);
	mine = !w->only || still_there(old, w->only);
	if (mine) {
		/* as idle as it was: nobody has used it */
		if (w->only)
			word = zspool_word_set_flags(word,
						     zspool_word_flags(word) |
						     (zspool_word_flags(old) &
						      ZBLOCK_IDLE));
		zblock_sum_set(w->dev, w->index, w->sum);
		old = zspool_swap(pool, w->index, word);
	}
	zspool_unpin(pool, w->index);
	if (!w->patch)
		zblock_patch_end(w->dev, w->index);

	if (!mine) {
		zspool_drop(pool, word);
		return -EAGAIN;
	}
	zblock_retire(w->dev, w->index, old, word);
	if (!w->only)
		zblock_touch(w->dev, w->index);
	return 0;
}

static void drop_obj(struct page_write *w)
{
	zspool_drop(w->dev->pool, w->obj);
	w->obj = 0;
	w->size = 0;
}

/* Have an object of @size bytes; -ENOSPC if mem_limit forbids it. */
static int get_obj(struct page_write *w, size_t size, gfp_t gfp)
{
	int err;

	if (w->size == size)
		return 0;
	drop_obj(w);
	err = zspool_new(w->dev->pool, w->index, size, gfp,
			 page_to_nid(w->page), &w->obj);
	if (!err)
		w->size = size;
	zblock_note_used(w->dev, zspool_total_pages(w->dev->pool));
	return err;
}

static void fill_from_page(struct page_write *w)
{
	void *mem = kmap_local_page(w->page);
	const void *stored;

	zspool_fill(w->dev->pool, w->obj, 0, mem, PAGE_SIZE);
	kunmap_local(mem);

	/* of what is stored, as the page may be changing (its owner should not) */
	stored = zspool_map(w->dev->pool, w->obj, NULL);
	w->sum = zblock_sum(w->dev, stored, PAGE_SIZE);
	zspool_unmap(w->dev->pool, w->obj, stored);
}

/* A page that compression does not make smaller: no compressor is held. */
static int store_huge(struct page_write *w)
{
	int err = get_obj(w, PAGE_SIZE, GFP_PATIENT);

	if (err)
		return err;
	fill_from_page(w);
	return publish(w, zspool_word_set_flags(w->obj, ZBLOCK_HUGE));
}

static int store_same(struct page_write *w, unsigned long fill)
{
	struct zspool *pool = w->dev->pool;
	zspool_word_t word;
	int err;

	if (zblock_fill_encode(fill, &word)) {
		err = zspool_prepare(pool, w->index, GFP_PATIENT);
		if (err)
			return err;
		return publish(w, word);
	}
	err = get_obj(w, sizeof(fill), GFP_PATIENT);
	if (err)
		return err;
	zspool_fill(pool, w->obj, 0, &fill, sizeof(fill));
	w->sum = zblock_sum(w->dev, &fill, sizeof(fill));
	return publish(w, zspool_word_set_flags(w->obj, ZBLOCK_SAME));
}

/* Keep it as it is for now: -EAGAIN if it is better compressed at once. */
static int store_late(struct page_write *w)
{
	zspool_word_t word;

	if (zspool_prepare(w->dev->pool, w->index, GFP_EAGER) ||
	    !zblock_late_take(w->dev, w->page, w->index, &word))
		return -EAGAIN;
	publish(w, word);
	zblock_late_go(w->dev, word);
	return 0;
}

static int compress_page(struct page_write *w, struct zblock_cctx *cctx,
			 size_t *size)
{
	void *mem = kmap_local_page(w->page);
	int err = zblock_compress(w->dev->codec[ZBLOCK_PRIMARY], cctx, mem,
				  PAGE_SIZE, size);

	kunmap_local(mem);
	if (unlikely(err))
		pr_err_ratelimited("%s: cannot compress page %lu: %d\n",
				   w->dev->disk->disk_name, w->index, err);
	return err;
}

/*
 * Compress, and fill an object of the right size, compressor held. -EAGAIN:
 * there is none, @size is what is needed. -EFBIG: better stored as it is.
 */
static int fill_packed(struct page_write *w, size_t *size)
{
	struct zblock_cctx *cctx;
	int err;

	cctx = zblock_cctx_get(w->dev->codec[ZBLOCK_PRIMARY]);
	if (!cctx)
		return -ENOMEM;
	err = compress_page(w, cctx, size);
	if (err) {
		/* nobody is left to be told */
		if (zblock_word_is_late(w->only))
			err = -EFBIG;
		goto out;
	}
	if (*size >= zspool_huge_size(w->dev->pool)) {
		err = -EFBIG;
		goto out;
	}
	err = get_obj(w, *size, GFP_EAGER);
	if (!err) {
		zspool_fill(w->dev->pool, w->obj, 0, cctx->buf, *size);
		w->sum = zblock_sum(w->dev, cctx->buf, *size);
	} else if (err != -ENOSPC) {
		err = -EAGAIN;
	}
out:
	zblock_cctx_put(cctx);
	return err;
}

/*
 * Memory is first asked for without direct reclaim, as reclaim may wait for
 * others who write to us and want the compressor that we hold. If there is
 * none we wait for it without the compressor, and then compress once more:
 * its buffer has been used by others. A page that changes meanwhile (its owner
 * should not) may need another size, and then goes round again.
 */
static int store_packed(struct page_write *w)
{
	size_t size;
	int err;

	for (;;) {
		err = fill_packed(w, &size);
		if (err != -EAGAIN)
			break;
		zblock_count(w->dev, ZBLOCK_WRITE_STALLS, 1);
		err = get_obj(w, size, GFP_PATIENT);
		if (err)
			return err;
	}
	if (err == -EFBIG)
		return store_huge(w);
	if (!err)
		return publish(w, w->obj);
	drop_obj(w);
	return err;
}

static int write_page(struct page_write *w)
{
	unsigned long fill;
	bool same;
	void *mem;
	int err;

	if (!zblock_sum_prepare(w->dev, w->index))
		return -ENOMEM;
	mem = kmap_local_page(w->page);
	same = zblock_same_filled(mem, &fill);
	kunmap_local(mem);
	if (same)
		return store_same(w, fill);
	err = IS_ENABLED(CONFIG_ZBLOCK_LARGE) && w->late ? store_late(w) :
							   -EAGAIN;
	return err == -EAGAIN ? store_packed(w) : err;
}

/**
 * zblock_write_page() - store a page
 * @dev: the device
 * @page: the page; may be in high memory
 * @index: where
 * @patch: the caller has called zblock_patch_begin()
 * @late: one is waited for: it may be compressed later, see late.c
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -ENOMEM, or -ENOSPC at mem_limit: what was stored before is intact
 */
int zblock_write_page(struct zblock *dev, struct page *page,
		      unsigned long index, bool patch, bool late)
{
	struct page_write w = {
		.dev = dev, .page = page, .index = index, .patch = patch,
		.late = late,
	};

	return write_page(&w);
}

/**
 * zblock_rewrite_page() - store a page of a unit, or of a buffer, by itself
 * @dev: the device
 * @page: the page
 * @index: where
 * @word: what the slot held when @page was read from it; or that says that it is
 *	in @page
 *
 * The slot stays as idle, and as old, as it was.
 *
 * Context: process; may sleep.
 * Return: as zblock_write_page(); -EAGAIN if the slot has changed meanwhile
 */
int zblock_rewrite_page(struct zblock *dev, struct page *page,
			unsigned long index, zspool_word_t word)
{
	struct page_write w = {
		.dev = dev, .page = page, .index = index, .only = word,
	};

	return write_page(&w);
}

/* Must the codec be asked for this word? */
static bool is_packed(zspool_word_t word)
{
	return zspool_word_is_obj(word) &&
	       !(zspool_word_flags(word) & (ZBLOCK_SAME | ZBLOCK_HUGE));
}

/* The pattern of a same-filled page. Its object, if any, is pinned. */
static int load_same(struct zblock *dev, unsigned long index,
		     zspool_word_t word, void *mem)
{
	const unsigned long *src;
	unsigned long buf, fill;
	bool ok = true;

	if (zspool_word_is_obj(word)) {
		src = zspool_map(dev->pool, word, &buf);
		memcpy(&fill, src, sizeof(fill));
		zspool_unmap(dev->pool, word, src);
		ok = zblock_sum_ok(dev, index, &fill, sizeof(fill));
	} else {
		fill = zblock_fill_decode(word);
	}
	zblock_fill(mem, fill);
	return ok ? 0 : -EBADMSG;
}

static int load_huge(struct zblock *dev, unsigned long index,
		     zspool_word_t word, void *mem)
{
	const void *src = zspool_map(dev->pool, word, NULL);
	bool ok = zblock_sum_ok(dev, index, src, PAGE_SIZE);

	memcpy(mem, src, PAGE_SIZE);
	zspool_unmap(dev->pool, word, src);
	return ok ? 0 : -EBADMSG;
}

/* -EAGAIN: this cannot be done without a decompressor, or not with this one. */
static int load_packed(struct zblock *dev, unsigned long index,
		       zspool_word_t word, struct zblock_dctx *dctx, void *mem)
{
	struct zblock_codec *codec = dev->codec[zblock_word_prio(word)];
	unsigned int size = zspool_word_size(word);
	struct zblock_dctx *own = NULL;
	int err = -EBADMSG;
	const void *src;

	if (unlikely(!codec))
		return -EIO;
	if (dctx ? dctx->codec != codec : zblock_codec_needs_dctx(codec))
		return -EAGAIN;
	src = zspool_map(dev->pool, word, dctx ? dctx->bounce : NULL);
	if (!src) {
		/* across two pages, as a third of the objects are */
		own = zblock_dctx_tryget(codec);
		if (!own)
			return -EAGAIN;
		src = zspool_map(dev->pool, word, own->bounce);
	}
	if (zblock_sum_ok(dev, index, src, size))
		err = zblock_decompress(codec, dctx, src, size, mem, PAGE_SIZE);
	zspool_unmap(dev->pool, word, src);
	if (own)
		zblock_dctx_put(own);
	return err;
}

/**
 * zblock_load() - make the page of a pinned slot
 * @dev: the device
 * @index: the slot
 * @word: the slot's word
 * @dctx: a decompressor; NULL to try without
 * @mem: the page
 *
 * Context: process; neither sleeps nor allocates, as the slot is pinned.
 * Return: 0; -EAGAIN: not without a decompressor; -EREMOTE: it is on the
 * backing device; -EBADMSG if its checksum is wrong; -EINVAL if it cannot be
 * decompressed
 */
int zblock_load(struct zblock *dev, unsigned long index, zspool_word_t word,
		struct zblock_dctx *dctx, void *mem)
{
	if (unlikely(zspool_word_flags(word) & ZBLOCK_WB))
		return -EREMOTE;
	if (is_packed(word))
		return load_packed(dev, index, word, dctx, mem);
	if (zspool_word_flags(word) & ZBLOCK_UNIT)
		return -ESTALE;
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE) && zblock_word_is_late(word)) {
		zblock_late_load(dev, word, mem);
		return 0;
	}
	if (zspool_word_flags(word) & ZBLOCK_HUGE)
		return load_huge(dev, index, word, mem);
	return load_same(dev, index, word, mem);
}

/* A slot that is read is not idle, nor is anybody to change it meanwhile. */
static void note_read(struct zblock *dev, unsigned long index,
		      zspool_word_t word)
{
	const unsigned int marks = ZBLOCK_IDLE | ZBLOCK_PEND;
	unsigned int flags = zspool_word_flags(word);

	if (unlikely(flags & marks))
		zspool_swap(dev->pool, index,
			    zspool_word_set_flags(word, flags & ~marks));
}

/* If -EREMOTE, the blocks of @remote are wanted for the caller. */
static int load_pinned(struct zblock *dev, unsigned long index,
		       struct zblock_dctx *dctx, struct page *page,
		       struct zblock_remote *remote)
{
	zspool_word_t word = 0;
	void *mem;
	bool pinned;
	int err;

	/* false: nothing near was ever written */
	pinned = zspool_pin(dev->pool, index, &word);
	mem = kmap_local_page(page);
	err = zblock_load(dev, index, pinned ? word : 0, dctx, mem);
	kunmap_local(mem);
	remote->word = word;
	if (pinned) {
		if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && unlikely(err == -EREMOTE)) {
			zblock_wb_get(dev->backing, word);
			remote->sum = zblock_sum_get(dev, index);
		}
		note_read(dev, index, word);
		zspool_unpin(dev->pool, index);
	}
	return err;
}

/*
 * A decompressor for what the slot seems to hold. One that is not asked for at
 * any price is only taken if the algorithm cannot do without.
 */
static int get_dctx(struct zblock *dev, zspool_word_t word, bool force,
		    struct zblock_dctx **dctx)
{
	struct zblock_codec *codec = dev->codec[zblock_word_prio(word)];

	*dctx = NULL;
	if (!is_packed(word) || !codec)
		return 0;
	if (!force && !zblock_codec_needs_dctx(codec))
		return 0;
	*dctx = zblock_dctx_get(codec);
	return *dctx ? 0 : -ENOMEM;
}

static void put_dctx(struct zblock_dctx *dctx)
{
	if (dctx)
		zblock_dctx_put(dctx);
}

/**
 * zblock_broken() - what a page has stored is of no use
 * @dev: the device
 * @index: the page
 * @err: -EBADMSG for a wrong checksum, else what the codec said
 *
 * Context: process.
 * Return: -EIO, which is what the reader gets
 */
int zblock_broken(struct zblock *dev, unsigned long index, int err)
{
	pr_err_ratelimited("%s: page %lu is broken: %s\n",
			   dev->disk->disk_name, index,
			   err == -EBADMSG ? "wrong checksum" :
			   "cannot be decompressed");
	zblock_count(dev, ZBLOCK_CORRUPTED, 1);
	return -EIO;
}

/*
 * No lock may be taken under a pin. So a decompressor is taken before, on the
 * evidence of a look without the pin, and if it turns out that one is needed
 * after all, or another algorithm's, we begin again with that. An algorithm that
 * needs no memory reads without; for an object that lies across two pages it takes
 * this CPU's under the pin, if nobody has that: it is tried for, and not waited for.
 * -ESTALE: the page is in a unit.
 */
static int read_slot(struct zblock *dev, struct page *page,
		     unsigned long index, zspool_word_t word,
		     struct bio *parent)
{
	struct zblock_remote remote;
	struct zblock_dctx *dctx;
	int err;

	err = get_dctx(dev, word, false, &dctx);
	if (err)
		return err;
	while ((err = load_pinned(dev, index, dctx, page,
				  &remote)) == -EAGAIN) {
		put_dctx(dctx);
		err = get_dctx(dev, zspool_peek(dev->pool, index), true, &dctx);
		if (err)
			return err;
	}
	put_dctx(dctx);

	if (err == -ESTALE)
		return err;
	if (!zspool_word_is_empty(remote.word))
		zblock_touch(dev, index);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && unlikely(err == -EREMOTE))
		return zblock_readback(dev, page, index, &remote, parent);
	return unlikely(err) ? zblock_broken(dev, index, err) : 0;
}

/**
 * zblock_read_page() - fetch a page
 * @dev: the device
 * @page: where to; may be in high memory
 * @index: which
 * @parent: the bio that @page belongs to, which may have to wait for the
 *	backing device after this has returned; NULL if @page is needed at once
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0, -ENOMEM, or -EIO if what is stored is broken, or cannot be read
 * from the backing device
 */
int zblock_read_page(struct zblock *dev, struct page *page,
		     unsigned long index, struct bio *parent)
{
	int err;

	/* a slot may get into a unit and out of it between look and pin */
	do {
		zspool_word_t word = zspool_peek(dev->pool, index);

		if (unlikely(zspool_word_flags(word) & ZBLOCK_UNIT))
			err = zblock_read_unit_page(dev, page, index);
		else
			err = read_slot(dev, page, index, word, parent);
	} while (unlikely(err == -ESTALE || err == -EAGAIN));
	return err;
}

/**
 * zblock_discard_page() - forget a page: it reads as zeros
 * @dev: the device
 * @index: which
 *
 * Cheap where nothing is stored. The counters follow by ops->dropped.
 *
 * Context: process; sleeps only where pages are larger than a block.
 */
void zblock_discard_page(struct zblock *dev, unsigned long index)
{
	zspool_word_t word;

	zblock_patch_begin(dev, index);
	word = zspool_peek(dev->pool, index);
	if (!zspool_word_is_empty(word))
		zspool_free(dev->pool, index);
	zblock_patch_end(dev, index);
	if (zspool_word_flags(word) & ZBLOCK_UNIT)
		zblock_unit_settle(dev, index);
}
