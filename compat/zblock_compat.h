/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What zblock needs and kernels do in different ways. compat/Kbuild.probe finds
 * out which way this kernel has; 6.1 is the oldest we support.
 */
#ifndef _ZBLOCK_COMPAT_H
#define _ZBLOCK_COMPAT_H

#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/crc32c.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/zstd.h>

/*
 * 6.4: the callbacks of class attributes take a const class and a const
 * attribute. Can go when 6.4 is the oldest kernel.
 */
#ifdef HAVE_CLASS_CONST
#define ZBLOCK_CLASS_CONST const
#else
#define ZBLOCK_CLASS_CONST
#endif

/*
 * 6.5: a disk's open takes the disk and blk_mode_t, in place of the block
 * device and fmode_t. Can go when 6.5 is the oldest kernel.
 */
#ifdef HAVE_DISK_OPEN
#define ZBLOCK_OPEN_WHAT	struct gendisk
#define ZBLOCK_OPEN_MODE	blk_mode_t
static inline struct gendisk *zblock_compat_opened(struct gendisk *disk)
{
	return disk;
}

static inline bool zblock_compat_writes(ZBLOCK_OPEN_MODE mode)
{
	return mode & BLK_OPEN_WRITE;
}
#else
#define ZBLOCK_OPEN_WHAT	struct block_device
#define ZBLOCK_OPEN_MODE	fmode_t
static inline struct gendisk *zblock_compat_opened(struct block_device *bdev)
{
	return bdev->bd_disk;
}

static inline bool zblock_compat_writes(ZBLOCK_OPEN_MODE mode)
{
	return mode & FMODE_WRITE;
}
#endif

/*
 * 6.3: rw_page is gone; swap takes a disk for synchronous by its queue instead
 * of by this operation. See zblock_rw_page.c. Can go when 6.3 is the oldest
 * kernel.
 */
#ifdef HAVE_RW_PAGE
int zblock_rw_page(struct block_device *bdev, sector_t sector,
		   struct page *page, enum req_op op);
#define ZBLOCK_RW_PAGE_OP .rw_page = zblock_rw_page,
#else
#define ZBLOCK_RW_PAGE_OP
#endif

/*
 * 6.11: a disk's features are in its queue limits, and a disk is nonrotational
 * unless it says otherwise. 6.9: limits are given when the disk is allocated;
 * before and a little after, they and the features are set one by one. Can go
 * when 6.11 is the oldest kernel.
 */
#ifdef HAVE_BLK_FEATURES
static inline struct gendisk *
zblock_compat_alloc_disk(struct queue_limits *lim)
{
	lim->features = BLK_FEAT_STABLE_WRITES | BLK_FEAT_SYNCHRONOUS;
	return blk_alloc_disk(lim, NUMA_NO_NODE);
}
#else
static inline struct gendisk *
zblock_compat_alloc_disk(const struct queue_limits *lim)
{
	struct gendisk *disk;
	struct request_queue *q;

#ifdef HAVE_BLK_ALLOC_DISK_LIMITS
	disk = blk_alloc_disk(NULL, NUMA_NO_NODE);
	if (IS_ERR(disk))
		return disk;
#else
	disk = blk_alloc_disk(NUMA_NO_NODE);
	if (!disk)
		return ERR_PTR(-ENOMEM);
#endif
	q = disk->queue;
	blk_queue_logical_block_size(q, lim->logical_block_size);
	blk_queue_physical_block_size(q, lim->physical_block_size);
	blk_queue_io_min(q, lim->io_min);
	blk_queue_io_opt(q, lim->io_opt);
	q->limits.discard_granularity = lim->discard_granularity;
	blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_flag_clear(QUEUE_FLAG_ADD_RANDOM, q);
	blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, q);
#ifdef QUEUE_FLAG_SYNCHRONOUS	/* from 6.3 */
	blk_queue_flag_set(QUEUE_FLAG_SYNCHRONOUS, q);
#endif
	return disk;
}
#endif

/*
 * 6.3: a disk says that it is synchronous by a flag of its queue, and from 6.11
 * on by its limits. Before, it says so by having rw_page, which then refuses.
 * Can go when 6.11 is the oldest kernel.
 */
#ifdef HAVE_BLK_FEATURES
static inline void zblock_compat_set_synchronous(struct gendisk *disk,
						 bool yes)
{
	struct queue_limits lim;
	unsigned long readahead;

	if (!(disk->queue->limits.features & BLK_FEAT_SYNCHRONOUS) == !yes)
		return;
	lim = queue_limits_start_update(disk->queue);
	/* what the user has set, which new limits put back to the default */
	readahead = disk->bdi->ra_pages;
	if (yes)
		lim.features |= BLK_FEAT_SYNCHRONOUS;
	else
		lim.features &= ~BLK_FEAT_SYNCHRONOUS;
	/* the queue is not frozen for it: all else stays the same, and no bio looks at this */
	WARN_ON_ONCE(queue_limits_commit_update(disk->queue, &lim));
	disk->bdi->ra_pages = readahead;
}
#else
static inline void zblock_compat_set_synchronous(struct gendisk *disk,
						 bool yes)
{
#ifdef QUEUE_FLAG_SYNCHRONOUS	/* from 6.3 */
	if (yes)
		blk_queue_flag_set(QUEUE_FLAG_SYNCHRONOUS, disk->queue);
	else
		blk_queue_flag_clear(QUEUE_FLAG_SYNCHRONOUS, disk->queue);
#endif
}
#endif

/*
 * Do disks that are made of others (md, dm) wish for stable pages if one of these does?
 * From 6.11 on the block layer sees to it; before, md does not.
 * Can go when 6.12 is the oldest kernel.
 */
#ifdef BLK_FEAT_INHERIT_MASK
#define ZBLOCK_COMPAT_STACKED_STABLE \
	(!!(BLK_FEAT_INHERIT_MASK & BLK_FEAT_STABLE_WRITES))
#else
#define ZBLOCK_COMPAT_STACKED_STABLE	false
#endif

/*
 * 6.12: zstd tells its default level, which has always been 3. Can go when
 * 6.12 is the oldest kernel.
 */
#ifdef HAVE_ZSTD_DEFAULT_CLEVEL
#define zblock_zstd_default_level()	zstd_default_clevel()
#else
#define zblock_zstd_default_level()	3
#endif

/*
 * 6.12: zstd can use a dictionary; before, the library has the code but exports
 * none of it. Can go when 6.12 is the oldest kernel.
 */
#ifdef HAVE_ZSTD_DICT
#define ZBLOCK_ZSTD_DICT	true

#define zblock_zstd_get_cparams		zstd_get_cparams
#define zblock_zstd_free_cdict		zstd_free_cdict
#define zblock_zstd_free_ddict		zstd_free_ddict
#define zblock_zstd_compress_dict	zstd_compress_using_cdict
#define zblock_zstd_decompress_dict	zstd_decompress_using_ddict

/* @opaque counts the bytes, and is SIZE_MAX once there was no memory. */
static inline void *zblock_zstd_alloc(void *opaque, size_t size)
{
	void *mem = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	size_t *bytes = opaque;

	*bytes = mem ? size_add(*bytes, size) : SIZE_MAX;
	return mem;
}

static inline void zblock_zstd_free(void *opaque, void *mem)
{
	kvfree(mem);
}

static inline void *
zblock_zstd_create_cdict(const void *dict, size_t size,
			 zstd_compression_parameters params, size_t *bytes)
{
	zstd_custom_mem mem = { zblock_zstd_alloc, zblock_zstd_free, bytes };

	return zstd_create_cdict_byreference(dict, size, params, mem);
}

static inline void *
zblock_zstd_create_ddict(const void *dict, size_t size, size_t *bytes)
{
	zstd_custom_mem mem = { zblock_zstd_alloc, zblock_zstd_free, bytes };

	return zstd_create_ddict_byreference(dict, size, mem);
}
#else
#define ZBLOCK_ZSTD_DICT	false

static inline zstd_compression_parameters
zblock_zstd_get_cparams(int level, unsigned long long len, size_t dict_size)
{
	return zstd_get_params(level, len).cParams;
}

static inline void *
zblock_zstd_create_cdict(const void *dict, size_t size,
			 zstd_compression_parameters params, size_t *bytes)
{
	return NULL;
}

static inline void *
zblock_zstd_create_ddict(const void *dict, size_t size, size_t *bytes)
{
	return NULL;
}

static inline void zblock_zstd_free_cdict(void *cdict)
{
}

static inline void zblock_zstd_free_ddict(void *ddict)
{
}

static inline size_t
zblock_zstd_compress_dict(void *ctx, void *dst, size_t room, const void *src,
			  size_t len, const void *cdict)
{
	return 0;
}

static inline size_t
zblock_zstd_decompress_dict(void *ctx, void *dst, size_t room, const void *src,
			    size_t len, const void *ddict)
{
	return 0;
}
#endif

#endif /* _ZBLOCK_COMPAT_H */
