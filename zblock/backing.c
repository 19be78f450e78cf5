// SPDX-License-Identifier: GPL-2.0-only
/*
 * backing.c - opening a backing device, and which of its blocks are free
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "zblock.h"

/* Errors are those of zram's backing_dev. */
static struct zblock_backing *open_disk(struct file *file)
{
	struct inode *inode = file->f_mapping->host;
	struct zblock_backing *backing;
	u64 blocks;

	if (!S_ISBLK(inode->i_mode))
		return ERR_PTR(-ENOTBLK);
	/* pages are what is written to it */
	if (bdev_logical_block_size(I_BDEV(inode)) > PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	blocks = i_size_read(inode) >> PAGE_SHIFT;
	/* ourselves, for one: the size is still to come */
	if (!blocks)
		return ERR_PTR(-EINVAL);
	blocks = min_t(u64, blocks, min_t(u64, ZBLOCK_BLOCKS_MAX, LONG_MAX));

	backing = kzalloc(sizeof(*backing), GFP_KERNEL);
	if (!backing)
		return ERR_PTR(-ENOMEM);
	backing->wanted = zblock_column_create(blocks);
	if (!backing->wanted) {
		kfree(backing);
		return ERR_PTR(-ENOMEM);
	}
	backing->file = file;
	backing->bdev = I_BDEV(inode);
	backing->nr_blocks = blocks;
	return backing;
}

/**
 * zblock_backing_open() - take a block device for our own
 * @path: of its file
 *
 * Context: process; may sleep.
 * Return: the backing device, or ERR_PTR: -ENOTBLK for a file that is none,
 * -EINVAL for one of no size, -ENOMEM, or why it cannot be opened
 */
struct zblock_backing *zblock_backing_open(const char *path)
{
	struct zblock_backing *backing;
	struct file *file;

	file = filp_open(path, O_RDWR | O_LARGEFILE | O_EXCL, 0);
	if (IS_ERR(file))
		return ERR_CAST(file);
	backing = open_disk(file);
	if (IS_ERR(backing))
		filp_close(file, NULL);
	return backing;
}

/**
 * zblock_backing_close() - let go of it
 * @backing: nothing on it is wanted any more; may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_backing_close(struct zblock_backing *backing)
{
	if (!backing)
		return;
	filp_close(backing->file, NULL);
	zblock_column_destroy(backing->wanted);
	kfree(backing);
}

/**
 * zblock_backing_path() - its path and a newline
 * @backing: may be NULL: "none"
 * @buf: of sysfs
 *
 * Context: process.
 * Return: bytes printed, or an error
 */
ssize_t zblock_backing_path(struct zblock_backing *backing, char *buf)
{
	ssize_t len;
	char *path;

	if (!backing)
		return sysfs_emit(buf, "none\n");
	path = file_path(backing->file, buf, PAGE_SIZE - 1);
	if (IS_ERR(path))
		return PTR_ERR(path);
	len = strlen(path);
	memmove(buf, path, len);
	buf[len++] = '\n';
	return len;
}

/**
 * zblock_backing_bytes() - memory that keeping count of its blocks takes
 * @backing: may be NULL
 *
 * Context: any.
 */
size_t zblock_backing_bytes(const struct zblock_backing *backing)
{
	return backing ? sizeof(*backing) +
			 zblock_column_bytes(backing->wanted) : 0;
}

/**
 * zblock_block_take() - find a free block and want it
 * @backing: the backing device
 * @block: which
 *
 * The search goes on where the last one ended, so that what is written at one
 * time lies together.
 *
 * Context: process; the caller holds op_lock.
 * Return: 0, -ENOSPC, or -ENOMEM
 */
int zblock_block_take(struct zblock_backing *backing, unsigned long *block)
{
	unsigned long i, at = backing->next;
	int err;

	if (atomic_long_read(&backing->used) >= backing->nr_blocks)
		return -ENOSPC;
	for (i = 0; i < backing->nr_blocks; i++, at++) {
		if (at >= backing->nr_blocks)
			at = 0;
		err = zblock_block_take_at(backing, at);
		if (err != -ENOSPC) {
			*block = at;
			return err;
		}
		if (!(at % SZ_64K))
			cond_resched();
	}
	return -ENOSPC;
}

/**
 * zblock_block_take_at() - want a block, if it is free
 * @backing: the backing device
 * @block: which; may be past the end
 *
 * Context: process; the caller holds op_lock.
 * Return: 0; -ENOSPC; -ENOMEM if there is none to count who wants it
 */
int zblock_block_take_at(struct zblock_backing *backing, unsigned long block)
{
	if (block >= backing->nr_blocks)
		return -ENOSPC;
	if (!zblock_column_prepare(backing->wanted, block))
		return -ENOMEM;
	/* nobody else takes blocks; who frees one has done with it */
	if (atomic_cmpxchg(zblock_column_counter(backing->wanted, block), 0, 1))
		return -ENOSPC;
	atomic_long_inc(&backing->used);
	backing->next = block + 1;
	return 0;
}

/**
 * zblock_block_get() - want a block that is wanted already
 * @backing: the backing device
 * @block: which
 *
 * Context: any.
 */
void zblock_block_get(struct zblock_backing *backing, unsigned long block)
{
	atomic_inc(zblock_column_counter(backing->wanted, block));
}

/**
 * zblock_block_put() - want a block no more; nobody may: it is free
 * @backing: the backing device
 * @block: which
 *
 * Context: any.
 */
void zblock_block_put(struct zblock_backing *backing, unsigned long block)
{
	if (atomic_dec_and_test(zblock_column_counter(backing->wanted, block)))
		atomic_long_dec(&backing->used);
}
