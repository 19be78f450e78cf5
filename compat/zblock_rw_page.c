// SPDX-License-Identifier: GPL-2.0-only
/*
 * zblock_rw_page.c - one page of swap without a bio
 *
 * Up to 6.2, a disk that has this operation is one that swap reads from at
 * once, past the swap cache, and writes to without allocating a bio: much
 * cheaper in the middle of reclaim. Can go when 6.3 is the oldest kernel.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <zblock_compat.h>
#include "../zblock/zblock.h"

/**
 * zblock_rw_page() - read or write a page, done on return
 * @bdev: one of our devices
 * @sector: where
 * @page: what
 * @op: which
 *
 * An error is the caller's cue to try again by a bio, which reports it: so it
 * is not counted here.
 *
 * Context: process, reclaim too; may sleep.
 * Return: 0; -EOPNOTSUPP for what only a bio can do; or another error
 */
int zblock_rw_page(struct block_device *bdev, sector_t sector,
		   struct page *page, enum req_op op)
{
	struct zblock *dev = bdev->bd_disk->private_data;
	sector_t index = sector >> PAGE_SECTORS_SHIFT;
	unsigned long start, nr_pages;
	int err;

	/* the pool and the codec are there if the size is */
	nr_pages = smp_load_acquire(&dev->nr_pages);
	if (op_is_write(op) &&
	    READ_ONCE(dev->write_mode) == ZBLOCK_MODE_ASYNC)
		return -EOPNOTSUPP;
	if (PageTransHuge(page) || (sector & SECTOR_MASK) || index >= nr_pages)
		return -EOPNOTSUPP;

	start = bdev_start_io_acct(bdev, PAGE_SECTORS, op, jiffies);
	if (op_is_write(op)) {
		err = zblock_write_page(dev, page, index, false, true);
	} else {
		err = zblock_read_page(dev, page, index, NULL);
		flush_dcache_page(page);
	}
	bdev_end_io_acct(bdev, op, start);
	if (!err)
		page_endio(page, op_is_write(op), 0);
	return err;
}
