// SPDX-License-Identifier: GPL-2.0-only
/*
 * flip.c - spoil what is stored; in test builds only
 *
 * "HANDLE BIT" written to flip, in the device's folder of debugfs, inverts that
 * bit of the object of that handle, and again: of a slot, or of a unit's piece,
 * whose handles are behind those of the slots (see piece() in unit.h).
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "zblock.h"

/* -ENOENT: no object there. -ERANGE: not so many bits. */
static int flip_bit(struct zblock *dev, unsigned long handle,
		    unsigned int bit, u8 *buf)
{
	unsigned int at = bit / BITS_PER_BYTE;
	zspool_word_t word = 0;
	int err = -ENOENT;
	const u8 *bytes;

	if (handle < zblock_handles(dev, dev->nr_pages))
		word = zspool_pin(dev->pool, handle);
	if (!word)
		return -ENOENT;
	if (zspool_word_is_obj(word)) {
		err = -ERANGE;
		if (at < zspool_word_size(word)) {
			bytes = zspool_map(dev->pool, word, buf);
			if (bytes != buf)
				memcpy(buf, bytes, zspool_word_size(word));
			zspool_unmap(dev->pool, word, bytes);
			buf[at] ^= BIT(bit % BITS_PER_BYTE);
			zspool_fill(dev->pool, word, buf);
			err = 0;
		}
	}
	zspool_unpin(dev->pool, handle);
	return err;
}

static ssize_t flip_write(struct file *file, const char __user *from,
			  size_t len, loff_t *pos)
{
	struct zblock *dev = file_inode(file)->i_private;
	unsigned long handle;
	unsigned int bit;
	char text[32] = "";
	void *buf;
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	if (sscanf(text, "%lu %u", &handle, &bit) != 2)
		return -EINVAL;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	mutex_lock(&dev->op_lock);
	err = dev->pool ? flip_bit(dev, handle, bit, buf) : -ENOENT;
	mutex_unlock(&dev->op_lock);
	kfree(buf);
	return err ? err : len;
}

static const struct file_operations flip_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= flip_write,
};

/**
 * zblock_flip_add() - let tests spoil what a device stores
 * @dev: the device; its folder of debugfs is there
 *
 * Context: process; may sleep.
 */
void zblock_flip_add(struct zblock *dev)
{
	debugfs_create_file("flip", 0200, dev->debugfs, dev, &flip_fops);
}
