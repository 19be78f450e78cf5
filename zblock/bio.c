// SPDX-License-Identifier: GPL-2.0-only
/*
 * bio.c - from a bio to units and pages
 *
 * Where a bio covers a whole unit, that goes in or out as one: unit.c. The rest
 * goes page by page. Memory comes in segments of at most a page. Nearly always
 * one is exactly one page of the device; else (pages larger than a block, or
 * direct I/O to a buffer that is not page-aligned) the page goes through a
 * bounce page. A read whose pages have to come from the
 * backing device ends later: each of them ends the bio once more.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/sched.h>
#include "zblock.h"

/* Discarding never-written pages takes no time to speak of, but many do. */
#define DISCARDS_AT_ONCE	4096

/* A patch that finds no memory begins anew, so often at most. */
#define PATCH_TRIES		16

/* A part of one page of the device. */
struct part {
	unsigned long index;
	unsigned int offset;
	unsigned int len;
};

static struct part first_part(sector_t sector, sector_t end)
{
	struct part part = {
		.index = sector >> PAGE_SECTORS_SHIFT,
		.offset = (sector & SECTOR_MASK) << SECTOR_SHIFT,
	};
	sector_t left = end - sector;

	part.len = PAGE_SIZE - part.offset;
	if (left < part.len >> SECTOR_SHIFT)
		part.len = left << SECTOR_SHIFT;
	return part;
}

/* Less than a page? Never, where a block is one: then there is no code for it. */
static bool is_partial(struct part part)
{
	return ZBLOCK_PATCHES && part.len < PAGE_SIZE;
}

/**
 * zblock_copy_bio() - fill a part of a bio that reads, or copy it from one that writes
 * @bio: the bio
 * @iter: where in it; goes on by @len
 * @mem: where its bytes are, or are to be
 * @len: how many
 *
 * Context: any.
 */
void zblock_copy_bio(struct bio *bio, struct bvec_iter *iter, void *mem,
		     unsigned int len)
{
	while (len) {
		struct bio_vec bv = bio_iter_iovec(bio, *iter);

		bv.bv_len = min(bv.bv_len, len);
		if (op_is_write(bio_op(bio))) {
			memcpy_from_bvec(mem, &bv);
		} else {
			memcpy_to_bvec(&bv, mem);
			flush_dcache_page(bv.bv_page);
		}
		bio_advance_iter_single(bio, iter, bv.bv_len);
		mem += bv.bv_len;
		len -= bv.bv_len;
	}
}

static int read_bounced(struct zblock *dev, struct part part, struct bio *bio,
			struct bvec_iter iter)
{
	struct page *page = alloc_page(GFP_NOIO);
	int err;

	if (!page)
		return -ENOMEM;
	err = zblock_read_page(dev, page, part.index, NULL);
	if (!err)
		zblock_copy_bio(bio, &iter, page_address(page) + part.offset,
				part.len);
	__free_page(page);
	return err;
}

/* Take the new bytes from @bio, or make them zero if there is none. */
static int merge(struct zblock *dev, struct page *page, struct part part,
		 struct bio *bio, struct bvec_iter iter)
{
	void *to = page_address(page) + part.offset;

	if (bio)
		zblock_copy_bio(bio, &iter, to, part.len);
	else
		memset(to, 0, part.len);
	return zblock_write_page(dev, page, part.index, true, false);
}

/* Is the page still where @word says, on the backing device? */
static bool is_still_there(struct zblock *dev, unsigned long index,
			   zspool_word_t word)
{
	return zblock_says_same(zblock_look(dev, index), word);
}

/*
 * The page comes from the backing device with nothing held, as that may take long, and
 * memory. Who wrote the page meanwhile has changed its word. That cannot be the same
 * again with other bytes, as its blocks are not free as long as we want them.
 */
static int patch_remote(struct zblock *dev, struct page *page, struct part part,
			struct bio *bio, struct bvec_iter iter,
			const struct zblock_remote *remote)
{
	int err;

	zblock_wb_get(dev->backing, remote->word);
	err = zblock_readback(dev, page, part.index, remote, NULL);
	if (!err) {
		zblock_patch_begin(dev, part.index);
		err = is_still_there(dev, part.index, remote->word) ?
		      merge(dev, page, part, bio, iter) : -EAGAIN;
		zblock_patch_end(dev, part.index);
	}
	zblock_wb_put(dev->backing, remote->word);
	return err;
}

static int try_patch(struct zblock *dev, struct page *page, struct part part,
		     struct bio *bio, struct bvec_iter iter)
{
	struct zblock_remote remote;
	int err;

	zblock_patch_begin(dev, part.index);
	err = zblock_fetch_page(dev, page, part.index, &remote);
	if (!err)
		err = merge(dev, page, part, bio, iter);
	zblock_patch_end(dev, part.index);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) && err == -EREMOTE)
		err = patch_remote(dev, page, part, bio, iter, &remote);
	return err;
}

/* Is there memory again? Of the kind that all kinds can be had of. */
static bool wait_for_memory(void)
{
	struct page *page = alloc_page(GFP_NOIO | __GFP_NOWARN);

	if (page)
		__free_page(page);
	return page;
}

/*
 * A patch asks for memory without reclaim, as swap's writes may wait for its
 * patch_lock: if there is none it is waited for with nothing held, and the patch begins
 * anew. What a slot needs once is had before.
 */
static int patch(struct zblock *dev, struct page *page, struct part part,
		 struct bio *bio, struct bvec_iter iter)
{
	unsigned int tries = PATCH_TRIES;
	int err;

	if (!zblock_sum_prepare(dev, part.index) ||
	    !zblock_age_prepare(dev, part.index))
		return -ENOMEM;
	err = zspool_prepare(dev->pool, part.index, GFP_PATIENT);
	if (err)
		return err;
	do {
		err = try_patch(dev, page, part, bio, iter);
	} while (err == -EAGAIN ||
		 (err == -ENOMEM && --tries && wait_for_memory()));
	return err;
}

static int write_bounced(struct zblock *dev, struct part part, struct bio *bio,
			 struct bvec_iter iter)
{
	struct page *page = alloc_page(GFP_NOIO);
	int err;

	if (!page)
		return -ENOMEM;
	if (is_partial(part)) {
		err = patch(dev, page, part, bio, iter);
	} else {
		/* a page that the bio has in pieces */
		zblock_copy_bio(bio, &iter, page_address(page), PAGE_SIZE);
		err = zblock_write_page(dev, page, part.index, false, false);
	}
	__free_page(page);
	return err;
}

static int transfer_page(struct zblock *dev, struct bio *bio,
			 struct page *page, unsigned long index, bool late)
{
	int err;

	if (op_is_write(bio_op(bio)))
		return zblock_write_page(dev, page, index, false, late);
	err = zblock_read_page(dev, page, index, bio);
	flush_dcache_page(page);
	return err;
}

static int transfer_bounced(struct zblock *dev, struct bio *bio,
			    struct bvec_iter *iter, struct part part)
{
	int err = op_is_write(bio_op(bio)) ?
		  write_bounced(dev, part, bio, *iter) :
		  read_bounced(dev, part, bio, *iter);

	if (!err)
		bio_advance_iter(bio, iter, part.len);
	return err;
}

static int transfer_part(struct zblock *dev, struct bio *bio,
			 struct bvec_iter *iter, struct part part, bool late)
{
	struct bio_vec bv = bio_iter_iovec(bio, *iter);
	int err;

	if (bv.bv_len != PAGE_SIZE || part.len != PAGE_SIZE)
		return transfer_bounced(dev, bio, iter, part);
	err = transfer_page(dev, bio, bv.bv_page, part.index, late);
	bio_advance_iter_single(bio, iter, PAGE_SIZE);
	return err;
}

/* Is a whole unit ahead? */
static bool at_unit(const struct zblock *dev, const struct bvec_iter *iter)
{
	sector_t index = iter->bi_sector >> PAGE_SECTORS_SHIFT;

	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) && dev->nr_units &&
	       iter->bi_size >= PAGE_SIZE << dev->unit_shift &&
	       IS_ALIGNED(iter->bi_sector, PAGE_SECTORS << dev->unit_shift) &&
	       index >> dev->unit_shift < dev->nr_units;
}

static int transfer_unit(struct zblock *dev, struct bio *bio,
			 struct bvec_iter *iter, bool late)
{
	int err = op_is_write(bio_op(bio)) ?
		  zblock_write_unit(dev, bio, *iter, late) :
		  zblock_read_unit(dev, bio, *iter);

	if (!err)
		bio_advance_iter(bio, iter, PAGE_SIZE << dev->unit_shift);
	return err;
}

/**
 * zblock_transfer() - read or write a part of a bio
 * @dev: the device
 * @bio: a read or a write
 * @iter: the part
 * @late: what is written may be compressed when that has ended: see late.c
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0, or the first error: the rest has not been tried
 */
int zblock_transfer(struct zblock *dev, struct bio *bio, struct bvec_iter iter,
		    bool late)
{
	sector_t end = iter.bi_sector + (iter.bi_size >> SECTOR_SHIFT);
	int err = 0;

	while (iter.bi_size && !err) {
		struct part part = first_part(iter.bi_sector, end);

		err = at_unit(dev, &iter) ?
		      transfer_unit(dev, bio, &iter, late) : -EAGAIN;
		/* page by page; not at a unit's beginning after the first */
		if (err == -EAGAIN)
			err = transfer_part(dev, bio, &iter, part, late);
		if (iter.bi_size)
			cond_resched();
	}
	return err;
}

/**
 * zblock_end_bio() - a read or a write is done
 * @dev: the device
 * @bio: the bio
 * @start: from bio_start_io_acct()
 * @err: 0, or its first error
 *
 * Context: process.
 */
void zblock_end_bio(struct zblock *dev, struct bio *bio, unsigned long start,
		    int err)
{
	if (unlikely(err)) {
		zblock_count(dev, op_is_write(bio_op(bio)) ?
				  ZBLOCK_FAILED_WRITES : ZBLOCK_FAILED_READS,
			     1);
		bio->bi_status = BLK_STS_IOERR;
	}
	bio_end_io_acct(bio, start);
	bio_endio(bio);
}

/*
 * Discards save memory, so parts of a page are left alone. Write-zeroes is a
 * promise about every byte: parts are patched.
 */
static void empty_bio(struct zblock *dev, struct bio *bio, bool zero)
{
	sector_t sector = bio->bi_iter.bi_sector;
	sector_t end = bio_end_sector(bio);
	unsigned long pages = 0;
	int err = 0;

	while (sector < end && !err) {
		struct part part = first_part(sector, end);

		if (!is_partial(part)) {
			zblock_discard_page(dev, part.index);
			if (!(++pages % DISCARDS_AT_ONCE))
				cond_resched();
		} else if (zero) {
			err = write_bounced(dev, part, NULL, bio->bi_iter);
		}
		sector += part.len >> SECTOR_SHIFT;
	}
	zblock_count(dev, ZBLOCK_NOTIFY_FREE, pages);
	if (unlikely(err)) {
		zblock_count(dev, ZBLOCK_FAILED_WRITES, 1);
		bio->bi_status = BLK_STS_IOERR;
	}
	bio_endio(bio);
}

/*
 * The block layer refuses what is past the end; a driver that stacks on us may
 * get here by another way, and a number past the end of the pool must not.
 */
static bool valid_bio(struct zblock *dev, struct bio *bio)
{
	/* the pool and the codec are there if the size is */
	sector_t sectors = (sector_t)smp_load_acquire(&dev->nr_pages) <<
			   PAGE_SECTORS_SHIFT;
	sector_t sector = bio->bi_iter.bi_sector;
	sector_t count = bio_sectors(bio);

	return IS_ALIGNED(sector | count, ZBLOCK_BLOCK_SECTORS) &&
	       sector < sectors && count <= sectors - sector;
}

/* Just one page, as swap's are: zblock_transfer() would find out no more. */
static bool is_page(struct bio *bio)
{
	return bio->bi_iter.bi_size == PAGE_SIZE &&
	       IS_ALIGNED(bio->bi_iter.bi_sector, PAGE_SECTORS) &&
	       bio_iovec(bio).bv_len == PAGE_SIZE;
}

static void run_bio(struct zblock *dev, struct bio *bio)
{
	unsigned long index = bio->bi_iter.bi_sector >> PAGE_SECTORS_SHIFT;
	unsigned long start;
	int err;

	zspool_prefetch(dev->pool, index);
	start = bio_start_io_acct(bio);
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE) && zblock_share_bio(dev, bio, start))
		return;
	err = is_page(bio) ?
	      transfer_page(dev, bio, bio_page(bio), index, true) :
	      zblock_transfer(dev, bio, bio->bi_iter, true);
	zblock_end_bio(dev, bio, start, err);
}

/**
 * zblock_submit_bio() - carry out a bio
 * @bio: of one of our devices
 *
 * Context: process, reclaim too; may sleep.
 */
void zblock_submit_bio(struct bio *bio)
{
	struct zblock *dev = bio->bi_bdev->bd_disk->private_data;

	if (unlikely(!valid_bio(dev, bio))) {
		zblock_count(dev, ZBLOCK_INVALID_IO, 1);
		bio_io_error(bio);
		return;
	}
	switch (bio_op(bio)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		run_bio(dev, bio);
		break;
	case REQ_OP_DISCARD:
		empty_bio(dev, bio, false);
		break;
	case REQ_OP_WRITE_ZEROES:
		empty_bio(dev, bio, true);
		break;
	default:
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
	}
}

/**
 * zblock_free_notify() - swap has freed a page of ours
 * @bdev: our device, swapped on
 * @index: the page
 *
 * Context: atomic: swap holds spinlocks.
 */
void zblock_free_notify(struct block_device *bdev, unsigned long index)
{
	struct zblock *dev = bdev->bd_disk->private_data;

	zblock_count(dev, ZBLOCK_NOTIFY_FREE, 1);
	zspool_free(dev->pool, index);
}
