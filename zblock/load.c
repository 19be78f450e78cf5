// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - one page out: under the pin of its slot, as the word says
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/ratelimit.h>
#include "zblock.h"

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
		       zspool_word_t word, struct zblock_context *dctx, void *mem)
{
	struct zblock_codec *codec = dev->codec[zblock_word_prio(word)];
	unsigned int size = zspool_word_size(word);
	struct zblock_context *own = NULL;
	int err = -EBADMSG;
	const void *src;

	if (unlikely(!codec))
		return -EIO;
	if (dctx ? dctx->codec != codec->from[ZBLOCK_DCTX] :
		   zblock_codec_needs_dctx(codec))
		return -EAGAIN;
	src = zspool_map(dev->pool, word, dctx ? dctx->buf : NULL);
	if (!src) {
		/* across two pages, as a third of the objects are */
		own = zblock_dctx_tryget(codec);
		if (!own)
			return -EAGAIN;
		src = zspool_map(dev->pool, word, own->buf);
	}
	if (zblock_sum_ok(dev, index, src, size))
		err = zblock_decompress(codec, dctx, src, size, mem, PAGE_SIZE);
	zspool_unmap(dev->pool, word, src);
	if (own)
		zblock_context_put(own);
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
		struct zblock_context *dctx, void *mem)
{
	if (unlikely(zspool_word_flags(word) & ZBLOCK_WB))
		return -EREMOTE;
	if (is_packed(word))
		return load_packed(dev, index, word, dctx, mem);
	if (zspool_word_flags(word) & ZBLOCK_UNIT)
		return -ESTALE;
	if (zblock_word_is_late(word)) {
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
	if (unlikely(zspool_word_flags(word) & ZBLOCK_MARKS))
		zspool_swap(dev->pool, index, zblock_unmarked(word));
}

/* If -EREMOTE, the blocks of @remote are wanted for the caller. */
static int load_pinned(struct zblock *dev, unsigned long index,
		       struct zblock_context *dctx, struct page *page,
		       struct zblock_remote *remote)
{
	/* 0: nothing near was ever written */
	zspool_word_t word = zspool_pin(dev->pool, index);
	void *mem = kmap_local_page(page);
	int err = zblock_load(dev, index, word, dctx, mem);

	kunmap_local(mem);
	remote->word = word;
	if (word) {
		if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && unlikely(err == -EREMOTE)) {
			zblock_wb_get(dev->backing, word);
			remote->sum = zblock_sum_get(dev, index);
		}
		note_read(dev, index, word);
		zspool_unpin(dev->pool, index);
	}
	return err;
}

/* What packed the page that the slot seems to hold, or NULL. */
static struct zblock_codec *packer(struct zblock *dev, zspool_word_t word)
{
	return is_packed(word) ? dev->codec[zblock_word_prio(word)] : NULL;
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
 * -ESTALE: the page is in a unit. -EREMOTE: see zblock_fetch_page().
 */
static int read_slot(struct zblock *dev, struct page *page,
		     unsigned long index, zspool_word_t word,
		     struct zblock_remote *remote)
{
	struct zblock_codec *codec = packer(dev, word);
	struct zblock_context *dctx = NULL;
	int err;

	if (codec && !zblock_codec_needs_dctx(codec))
		codec = NULL;
	for (;;) {
		if (codec) {
			dctx = zblock_dctx_get(codec);
			if (!dctx)
				return -ENOMEM;
		}
		err = load_pinned(dev, index, dctx, page, remote);
		if (dctx)
			zblock_context_put(dctx);
		if (likely(err != -EAGAIN))
			break;
		dctx = NULL;
		codec = packer(dev, zspool_peek(dev->pool, index));
	}

	if (err == -ESTALE)
		return err;
	if (!zspool_word_is_empty(remote->word))
		zblock_touch(dev, index);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && unlikely(err == -EREMOTE))
		return err;
	return unlikely(err) ? zblock_broken(dev, index, err) : 0;
}

/**
 * zblock_fetch_page() - fetch a page, if it is in memory
 * @dev: the device
 * @page: where to; may be in high memory
 * @index: which
 * @remote: where it is if it is not
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0, -ENOMEM, or -EIO if what is stored is broken; -EREMOTE if it is on the
 * backing device: its blocks are wanted for the caller, who hands them to
 * zblock_readback()
 */
int zblock_fetch_page(struct zblock *dev, struct page *page,
		      unsigned long index, struct zblock_remote *remote)
{
	int err;

	/* a slot may get into a unit and out of it between look and pin */
	do {
		zspool_word_t word = zspool_peek(dev->pool, index);

		if (unlikely(zspool_word_flags(word) & ZBLOCK_UNIT))
			err = zblock_read_unit_page(dev, page, index);
		else
			err = read_slot(dev, page, index, word, remote);
	} while (unlikely(err == -ESTALE || err == -EAGAIN));
	return err;
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
	struct zblock_remote remote;
	int err = zblock_fetch_page(dev, page, index, &remote);

	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && unlikely(err == -EREMOTE))
		err = zblock_readback(dev, page, index, &remote, parent);
	return err;
}
