// SPDX-License-Identifier: GPL-2.0-only
/*
 * block_state.c - debugfs NAME/DISK/block_state: a line for each slot in use
 *
 *	  300    75.000000 .wh...  4096 -
 *	  301    63.000000 ...i..  1210 lz4
 *
 * The first three columns are zram's: index, seconds since boot of the last use
 * (0: not tracked), and flags: same-filled, written back, huge, idle,
 * recompressed, and no algorithm makes it smaller. Then bytes stored, and the
 * algorithm.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include "zblock.h"

static struct dentry *root;

/* Is there something to look at? The size is set last and goes first. */
static bool is_sized(const struct zblock *dev)
{
	return dev->pool && READ_ONCE(dev->nr_pages);
}

/* Let others have init_lock for a moment: there may be many slots, all empty. */
static int look_up(struct zblock *dev)
{
	up_read(&dev->init_lock);
	cond_resched();
	down_read(&dev->init_lock);
	return zblock_must_end(dev);
}

/* The next slot in use from @index on; NULL at the end, or if all was reset. */
static void *find_slot(struct zblock *dev, loff_t *index)
{
	int err;

	for (; is_sized(dev) && *index < dev->nr_pages; ++*index) {
		if (!zspool_word_is_empty(zspool_peek(dev->pool, *index)))
			return index;
		err = *index % ZBLOCK_AT_ONCE ? 0 : look_up(dev);
		if (err)
			return ERR_PTR(err);
	}
	return NULL;
}

/* init_lock is held for as long as it takes to fill one buffer, at most. */
static void *state_start(struct seq_file *m, loff_t *pos)
{
	struct zblock *dev = m->private;

	down_read(&dev->init_lock);
	if (!is_sized(dev))
		return *pos ? NULL : ERR_PTR(-EINVAL);
	return find_slot(dev, pos);
}

static void *state_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return find_slot(m->private, pos);
}

static void state_stop(struct seq_file *m, void *v)
{
	struct zblock *dev = m->private;

	up_read(&dev->init_lock);
}

static unsigned int stored_size(struct zblock *dev, unsigned long index,
				zspool_word_t word)
{
	if (zspool_word_flags(word) & ZBLOCK_SAME && !zspool_word_is_obj(word))
		return 0;
	return zblock_slot_bytes(dev, index, word);
}

static const char *stored_by(struct zblock *dev, zspool_word_t word)
{
	if (zspool_word_flags(word) & ZBLOCK_SAME ||
	    zspool_word_size(word) == PAGE_SIZE)
		return "-";
	return dev->codec[zblock_word_prio(word)]->ops->name;
}

static int state_show(struct seq_file *m, void *v)
{
	struct zblock *dev = m->private;
	unsigned long index = *(loff_t *)v;
	zspool_word_t word = zspool_peek(dev->pool, index);
	unsigned int flags = zspool_word_flags(word);

	/* freed since it was found */
	if (zspool_word_is_empty(word))
		return SEQ_SKIP;
	seq_printf(m, "%12lu %12u.%06d %c%c%c%c%c%c %5u %s\n", index,
		   dev->ages ? zblock_column_get(dev->ages, index) : 0, 0,
		   flags & ZBLOCK_SAME ? 's' : '.',
		   flags & ZBLOCK_WB ? 'w' : '.',
		   flags & ZBLOCK_HUGE && !zblock_word_is_late(word) ?
		   'h' : '.',
		   flags & ZBLOCK_IDLE ? 'i' : '.',
		   flags & ZBLOCK_PRIO && !(flags & ZBLOCK_HUGE) ? 'r' : '.',
		   zblock_incompressible(dev, word) ? 'n' : '.',
		   stored_size(dev, index, word), stored_by(dev, word));
	return 0;
}

static const struct seq_operations block_state_sops = {
	.start	= state_start,
	.next	= state_next,
	.stop	= state_stop,
	.show	= state_show,
};
DEFINE_SEQ_ATTRIBUTE(block_state);

/**
 * zblock_debugfs_add() - show a device
 * @dev: the device
 *
 * Context: process; may sleep.
 */
void zblock_debugfs_add(struct zblock *dev)
{
	dev->debugfs = debugfs_create_dir(dev->disk->disk_name, root);
	debugfs_create_file("block_state", 0400, dev->debugfs, dev,
			    &block_state_fops);
	zblock_flip_add(dev);
}

/**
 * zblock_debugfs_remove() - the reverse; waits for readers
 * @dev: the device
 *
 * Context: process; may sleep.
 */
void zblock_debugfs_remove(struct zblock *dev)
{
	debugfs_remove_recursive(dev->debugfs);
}

/**
 * zblock_debugfs_init() - the driver's folder
 *
 * There may be no debugfs: then the files are not made either.
 *
 * Context: process; may sleep.
 * Return: 0; -EBUSY if another has a folder of this name, as the in-tree zram
 */
int __init zblock_debugfs_init(void)
{
	if (zblock_name_taken("kernel/debug", zblock_name)) {
		pr_err("another driver has the name %s\n", zblock_name);
		return -EBUSY;
	}
	root = debugfs_create_dir(zblock_name, NULL);
	return 0;
}

/**
 * zblock_debugfs_exit() - remove it
 */
void zblock_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
