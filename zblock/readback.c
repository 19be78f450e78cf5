// SPDX-License-Identifier: GPL-2.0-only
/*
 * readback.c - a slot's page from the backing device
 *
 * For a bio: its pages are read side by side, each ends the bio once, and what
 * is compressed there is decompressed by a worker. For who needs the page at
 * once: a worker submits, as a bio that is submitted from within submit_bio is
 * not started before that returns.
 *
 * Its blocks are wanted (zblock_wb_get() under the slot's pin) until the end,
 * whatever becomes of the slot.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "zblock.h"

static struct workqueue_struct *readback_wq;

/**
 * struct readback - a page on its way back
 * @dev: the device
 * @index: the slot
 * @remote: what it was when it was pinned
 * @page: where the page is to go
 * @block: what the backing device fills: @page itself, or one or two pages to
 *	decompress from
 * @parent: the bio that waits; or NULL, then @done tells
 * @done: the read has ended
 * @work: what is to be done in a worker
 * @bvec: of @bio
 * @bio: to the backing device
 */
struct readback {
	struct zblock *dev;
	unsigned long index;
	struct zblock_remote remote;
	struct page *page;
	struct page *block[2];
	struct bio *parent;
	struct completion done;
	struct work_struct work;
	struct bio_vec bvec[2];
	struct bio bio;
};

static bool is_whole(zspool_word_t word)
{
	return zspool_word_size(word) == PAGE_SIZE;
}

static int check(struct readback *rb, const void *data)
{
	struct zblock *dev = rb->dev;

	if (!dev->sums || zblock_sum(dev, data,
				     zspool_word_size(rb->remote.word)) ==
			  rb->remote.sum)
		return 0;
	return -EBADMSG;
}

static int check_whole(struct readback *rb)
{
	void *data = kmap_local_page(rb->page);
	int err = check(rb, data);

	kunmap_local(data);
	return err;
}

/* The object in one piece, as far as it lies in one page. */
static const void *map_object(struct readback *rb, void *bounce)
{
	unsigned int offset = zblock_wb_offset(rb->remote.word);
	unsigned int head = PAGE_SIZE - offset;

	if (!rb->block[1])
		return kmap_local_page(rb->block[0]) + offset;
	memcpy_from_page(bounce, rb->block[0], offset, head);
	memcpy_from_page(bounce + head, rb->block[1], 0,
			 zspool_word_size(rb->remote.word) - head);
	return bounce;
}

static int decompress(struct readback *rb)
{
	struct zblock_codec *codec = rb->dev->codec[zblock_word_prio(rb->remote.word)];
	struct zblock_context *dctx;
	const void *src;
	void *dst;
	int err;

	if (!codec)
		return -EIO;
	dctx = zblock_dctx_get(codec);
	if (!dctx)
		return -ENOMEM;
	dst = kmap_local_page(rb->page);
	src = map_object(rb, dctx->buf);
	err = check(rb, src);
	/* not what the backing device may say, too */
	if (!err && zblock_decompress(codec, dctx, src,
				      zspool_word_size(rb->remote.word), dst,
				      PAGE_SIZE))
		err = -EBADMSG;
	if (!rb->block[1])
		kunmap_local(src);
	kunmap_local(dst);
	zblock_context_put(dctx);
	return err;
}

static void free_readback(struct readback *rb)
{
	int i;

	for (i = 0; i < 2; i++)
		if (rb->block[i] && rb->block[i] != rb->page)
			__free_page(rb->block[i]);
	kfree(rb);
}

/* All but the answer. Any context. */
static int finish(struct readback *rb, int err)
{
	struct zblock_backing *backing = rb->dev->backing;

	if (err == -EBADMSG)
		zblock_count(rb->dev, ZBLOCK_CORRUPTED, 1);
	if (unlikely(err))
		pr_err_ratelimited("%s: cannot read page %lu back, block %lu of %pg: %d\n",
				   rb->dev->disk->disk_name, rb->index,
				   zblock_wb_block(rb->remote.word), backing->bdev,
				   err);
	else
		flush_dcache_page(rb->page);
	zblock_wb_put(backing, rb->remote.word);
	free_readback(rb);
	return err ? -EIO : 0;
}

static void answer(struct readback *rb, int err)
{
	struct zblock *dev = rb->dev;
	struct bio *parent = rb->parent;

	if (finish(rb, err)) {
		zblock_count(dev, ZBLOCK_FAILED_READS, 1);
		parent->bi_status = BLK_STS_IOERR;
	}
	bio_endio(parent);
}

static void decompress_work(struct work_struct *work)
{
	struct readback *rb = container_of(work, struct readback, work);

	answer(rb, decompress(rb));
}

static void end_read(struct bio *bio)
{
	struct readback *rb = bio->bi_private;
	int err = blk_status_to_errno(bio->bi_status);

	bio_uninit(bio);
	if (!rb->parent) {
		complete(&rb->done);
	} else if (err || is_whole(rb->remote.word)) {
		answer(rb, err ? err : check_whole(rb));
	} else {
		INIT_WORK(&rb->work, decompress_work);
		queue_work(readback_wq, &rb->work);
	}
}

static void submit_work(struct work_struct *work)
{
	struct readback *rb = container_of(work, struct readback, work);

	submit_bio(&rb->bio);
}

static int read_and_wait(struct readback *rb)
{
	int err;

	INIT_WORK(&rb->work, submit_work);
	queue_work(readback_wq, &rb->work);
	wait_for_completion_io(&rb->done);
	/* the worker may still be on its way out of submit_bio() */
	flush_work(&rb->work);
	err = blk_status_to_errno(rb->bio.bi_status);
	if (!err)
		err = is_whole(rb->remote.word) ? check_whole(rb) :
						  decompress(rb);
	return finish(rb, err);
}

static struct readback *make(struct zblock *dev, struct page *page,
			     const struct zblock_remote *remote)
{
	zspool_word_t word = remote->word;
	struct readback *rb = kzalloc(sizeof(*rb), GFP_NOIO);
	unsigned int i;

	if (!rb)
		return NULL;
	rb->dev = dev;
	rb->remote = *remote;
	rb->page = page;
	init_completion(&rb->done);
	bio_init(&rb->bio, dev->backing->bdev, rb->bvec, ARRAY_SIZE(rb->bvec),
		 REQ_OP_READ | REQ_SYNC);
	rb->bio.bi_iter.bi_sector =
		(sector_t)zblock_wb_block(word) << PAGE_SECTORS_SHIFT;
	rb->bio.bi_private = rb;
	rb->bio.bi_end_io = end_read;
	for (i = 0; i < zblock_wb_blocks(word); i++) {
		rb->block[i] = is_whole(word) ? page : alloc_page(GFP_NOIO);
		if (!rb->block[i]) {
			bio_uninit(&rb->bio);
			free_readback(rb);
			return NULL;
		}
		__bio_add_page(&rb->bio, rb->block[i], PAGE_SIZE, 0);
	}
	return rb;
}

/**
 * zblock_readback() - read a slot's page from the backing device
 * @dev: the device
 * @page: where to; may be in high memory
 * @index: the slot
 * @remote: where it is; its blocks are wanted for us, and we put them
 * @parent: the bio to which @page belongs, to be ended once more when the page
 *	is there; NULL to wait for it
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0: the page is there, or @parent will be told; -EIO; -ENOMEM
 */
int zblock_readback(struct zblock *dev, struct page *page,
		    unsigned long index, const struct zblock_remote *remote,
		    struct bio *parent)
{
	struct readback *rb = make(dev, page, remote);

	if (!rb) {
		zblock_wb_put(dev->backing, remote->word);
		return -ENOMEM;
	}
	rb->index = index;
	zblock_count(dev, ZBLOCK_BD_READS, zblock_wb_blocks(remote->word));
	if (!parent)
		return read_and_wait(rb);
	rb->parent = parent;
	bio_inc_remaining(parent);
	submit_bio(&rb->bio);
	return 0;
}

/**
 * zblock_readback_init() - make the workers
 *
 * Return: 0 or -ENOMEM
 */
int __init zblock_readback_init(void)
{
	readback_wq = alloc_workqueue("zblock_readback",
				      WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_HIGHPRI,
				      0);
	return readback_wq ? 0 : -ENOMEM;
}

/**
 * zblock_readback_exit() - the reverse; waits for the last of them
 */
void zblock_readback_exit(void)
{
	destroy_workqueue(readback_wq);
}
