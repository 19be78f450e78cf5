// SPDX-License-Identifier: GPL-2.0-only
/*
 * store.c - one page in
 *
 * Same-filled, or compress, allocate, fill; then the slot's word is swapped
 * under its pin, and what it held before is dropped. Until the swap the old page
 * can be read; whatever fails before it leaves the old page as it was.
 *
 * Where other CPUs have nothing to do, a page that its writer waits for is stored
 * as it is at first, and goes in once more by a helper: late.c.
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

/* 0 where nothing is stored twice. */
static zspool_word_t only(const struct page_write *w)
{
	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) ? w->only : 0;
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
	old = zspool_pin(pool, w->index);
	mine = !only(w) || zblock_still_there(old, only(w));
	if (mine) {
		if (only(w))
			word = zblock_as_idle(word, old);
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
	if (!only(w))
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
			 page_to_nid(w->page), false, &w->obj);
	if (!err)
		w->size = size;
	zblock_note_used(w->dev, zspool_total_pages(w->dev->pool));
	return err;
}

static void fill_from_page(struct page_write *w)
{
	void *mem = kmap_local_page(w->page);
	const void *stored;

	zspool_fill(w->dev->pool, w->obj, mem);
	kunmap_local(mem);

	/* of what is stored, as the page may be changing (its owner should not) */
	stored = zspool_map(w->dev->pool, w->obj, NULL);
	w->sum = zblock_sum(w->dev, stored, PAGE_SIZE);
	zspool_unmap(w->dev->pool, w->obj, stored);
}

/*
 * How to ask for memory without a compressor: it may take its time. But whoever has a
 * patch_lock is not to wait, as swap's writes may wait for him: see bio.c.
 */
static gfp_t patient(const struct page_write *w)
{
	return ZBLOCK_PATCHES && w->patch ? GFP_EAGER : GFP_PATIENT;
}

/* A page that compression does not make smaller: no compressor is held. */
static int store_huge(struct page_write *w)
{
	int err = get_obj(w, PAGE_SIZE, patient(w));

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
		err = zspool_prepare(pool, w->index, patient(w));
		if (err)
			return err;
		return publish(w, word);
	}
	err = get_obj(w, sizeof(fill), patient(w));
	if (err)
		return err;
	zspool_fill(pool, w->obj, &fill);
	w->sum = zblock_sum(w->dev, &fill, sizeof(fill));
	return publish(w, zspool_word_set_flags(w->obj, ZBLOCK_SAME));
}

/* Keep it as it is for now: -EAGAIN if it is better compressed at once. */
static int store_late(struct page_write *w)
{
	zspool_word_t word;
	void *mem;

	if (zspool_prepare(w->dev->pool, w->index, GFP_EAGER))
		return -EAGAIN;
	mem = zblock_late_take(w->dev, w->index, 0, page_to_nid(w->page), &word);
	if (!mem)
		return -EAGAIN;
	memcpy_from_page(mem, w->page, 0, PAGE_SIZE);
	publish(w, word);
	zblock_late_go(w->dev, word);
	return 0;
}

static int compress_page(struct page_write *w, struct zblock_context *cctx,
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
 * there is none, or none yet; @size is what is needed. -EFBIG: better stored as it is.
 */
static int fill_packed(struct page_write *w, size_t *size)
{
	struct zblock_context *cctx;
	int err;

	cctx = zblock_cctx_get(w->dev->codec[ZBLOCK_PRIMARY]);
	if (!cctx)
		return -ENOMEM;
	/* what the algorithm cannot do need not be lost */
	if (compress_page(w, cctx, size) ||
	    *size >= zspool_huge_size(w->dev->pool)) {
		err = -EFBIG;
		goto out;
	}
	err = get_obj(w, *size, GFP_EAGER);
	if (!err) {
		zspool_fill(w->dev->pool, w->obj, cctx->buf);
		w->sum = zblock_sum(w->dev, cctx->buf, *size);
	} else {
		err = -EAGAIN;
	}
out:
	zblock_context_put(cctx);
	return err;
}

/*
 * Memory is first asked for without direct reclaim, as reclaim may wait for
 * others who write to us and want the compressor that we hold. If there is
 * none, or the pool is at its limit, we wait for it without the compressor, and
 * then compress once more: its buffer has been used by others. A page that
 * changes meanwhile (its owner should not) may need another size, and then goes
 * round again.
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
		err = get_obj(w, size, patient(w));
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
 * @late: it may be compressed later, see late.c
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

#ifdef CONFIG_ZBLOCK_LARGE
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
#endif

/**
 * zblock_discard_page() - forget a page: it reads as zeros
 * @dev: the device
 * @index: which
 *
 * Cheap where nothing is stored. The counters follow by ops->dropped.
 *
 * Context: process; may sleep.
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
