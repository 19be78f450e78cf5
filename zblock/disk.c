// SPDX-License-Identifier: GPL-2.0-only
/*
 * disk.c - the devices there are, and their gendisks
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/init.h>
#include <linux/major.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include <zblock_compat.h>
#include "zblock.h"

static DEFINE_MUTEX(index_lock);
static DEFINE_XARRAY_ALLOC(devices);	/* index_lock */
static int major;

/*
 * Called with disk->open_mutex held. Who opens it to write is about to need a
 * compressor, and can wait for the memory better than I/O can.
 */
static int zblock_open(ZBLOCK_OPEN_WHAT *what, ZBLOCK_OPEN_MODE mode)
{
	struct gendisk *disk = zblock_compat_opened(what);
	struct zblock *dev = disk->private_data;
	int err;

	lockdep_assert_held(&disk->open_mutex);
	if (dev->claims)
		return -EBUSY;
	/*
	 * Codecs are there to stay once the size is, as what takes them away claims
	 * the device first.
	 */
	if (!zblock_compat_writes(mode) || !smp_load_acquire(&dev->nr_pages))
		return 0;
	err = zblock_contexts_reserve(dev->codec[ZBLOCK_PRIMARY], GFP_KERNEL);
	if (!err && dev->unit_codec)
		err = zblock_contexts_reserve(dev->unit_codec, GFP_KERNEL);
	return err;
}

static const struct block_device_operations zblock_fops = {
	.owner			= THIS_MODULE,
	.open			= zblock_open,
	.submit_bio		= zblock_submit_bio,
	.swap_slot_free_notify	= zblock_free_notify,
	ZBLOCK_RW_PAGE_OP
};

/**
 * zblock_claim() - from here on nobody can open the device
 * @dev: the device
 * @alone: nobody else may have claimed it
 *
 * Context: process; may sleep.
 * Return: 0, or -EBUSY if somebody has it open
 */
int zblock_claim(struct zblock *dev, bool alone)
{
	int err = 0;

	mutex_lock(&dev->disk->open_mutex);
	if (disk_openers(dev->disk) || (alone && dev->claims))
		err = -EBUSY;
	else
		WRITE_ONCE(dev->claims, dev->claims + 1);
	mutex_unlock(&dev->disk->open_mutex);
	return err;
}

/**
 * zblock_unclaim() - it can be opened again
 * @dev: the device
 *
 * Context: process; may sleep.
 */
void zblock_unclaim(struct zblock *dev)
{
	mutex_lock(&dev->disk->open_mutex);
	WRITE_ONCE(dev->claims, dev->claims - 1);
	mutex_unlock(&dev->disk->open_mutex);
}

/**
 * zblock_must_end() - shall what takes long end early?
 * @dev: the device
 *
 * Context: process.
 * Return: 0; -EINTR if the task is being killed, -EBUSY if a reset or a removal of the
 * device waits for it; -ERESTARTNOINTR if tasks are being frozen, which comes as a
 * signal: the write to the attribute begins anew when they go on
 */
int zblock_must_end(const struct zblock *dev)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	if (signal_pending(current) && freezing(current))
		return -ERESTARTNOINTR;
	return READ_ONCE(dev->claims) ? -EBUSY : 0;
}

/**
 * zblock_walk() - now and then, who walks over all slots looks up
 * @dev: the device
 * @index: the slot he is at
 *
 * Context: process; may sleep.
 * Return: as zblock_must_end()
 */
int zblock_walk(const struct zblock *dev, unsigned long index)
{
	if (index % ZBLOCK_AT_ONCE)
		return 0;
	cond_resched();
	return zblock_must_end(dev);
}

static void free_device(struct zblock *dev)
{
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE)) {
		zblock_queue_destroy(dev->queue);
		/* zblock_late_drop() has been here */
		kfree(dev->late);
	}
	free_percpu(dev->stats);
	kfree(dev);
}

static struct zblock *alloc_device(void)
{
	struct zblock *dev;
	int i;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return NULL;
	dev->stats = alloc_percpu(struct zblock_stats);
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE)) {
		dev->queue = zblock_queue_create(dev);
		dev->late = zblock_late_create(dev);
	}
	if (!dev->stats || (IS_ENABLED(CONFIG_ZBLOCK_LARGE) &&
			    !(dev->queue && dev->late))) {
		free_device(dev);
		return NULL;
	}
	mutex_init(&dev->op_lock);
	init_rwsem(&dev->init_lock);
	for (i = 0; i < ZBLOCK_PATCH_LOCKS; i++)
		mutex_init(&dev->patch_lock[i]);
	zblock_algorithms_reset(dev);
	dev->write_mode = ZBLOCK_MODE_PARALLEL;
	dev->unit_size = ZBLOCK_UNIT_DEFAULT;
	dev->wb_batch = ZBLOCK_WB_BATCH;
	zblock_limit_init(dev);
	if (IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS))
		zblock_policy_init(&dev->auto_recompress, dev,
				   &zblock_auto_recompress);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		zblock_policy_init(&dev->auto_writeback, dev,
				   &zblock_auto_writeback);
	/* the zram of a distribution does that */
	dev->track_age = !strcmp(zblock_name, "zram");
	return dev;
}

static struct gendisk *alloc_disk(void)
{
	/* a discard's length in bytes must fit into bi_size */
	const unsigned int most = round_down(UINT_MAX, PAGE_SIZE) >>
				  SECTOR_SHIFT;
	struct queue_limits lim = {
		.logical_block_size		= ZBLOCK_BLOCK_SIZE,
		.physical_block_size		= PAGE_SIZE,
		.io_min				= PAGE_SIZE,
		.io_opt				= PAGE_SIZE,
		.discard_granularity		= PAGE_SIZE,
		.max_hw_discard_sectors		= most,
		.max_write_zeroes_sectors	= most,
	};

	return zblock_compat_alloc_disk(&lim);
}

/* The disk of a device that has its id; a live disk on success. */
static int add_disk_to(struct zblock *dev)
{
	struct gendisk *disk = alloc_disk();
	int err;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->major = major;
	disk->first_minor = dev->id;
	disk->minors = 1;
	disk->flags |= GENHD_FL_NO_PART;
	disk->fops = &zblock_fops;
	disk->private_data = dev;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "%s%d",
		 zblock_name, dev->id);
	dev->disk = disk;

	if (zblock_name_taken("block", disk->disk_name)) {
		pr_err("%s: another driver has a disk of this name\n",
		       disk->disk_name);
		err = -EEXIST;
	} else {
		err = device_add_disk(NULL, disk, zblock_groups);
	}
	if (err) {
		/* its attributes may have been there for a moment, and written to */
		zblock_limit_stop(dev);
		zblock_clear(dev);
		put_disk(disk);
	}
	/* see zblock_control_init() */
	return err == -EEXIST ? -EBUSY : err;
}

static int add_locked(void)
{
	struct zblock *dev = alloc_device();
	u32 id;
	int err;

	lockdep_assert_held(&index_lock);
	if (!dev)
		return -ENOMEM;
	err = xa_alloc(&devices, &id, dev, XA_LIMIT(0, MINORMASK), GFP_KERNEL);
	if (err)
		goto out_free;
	dev->id = id;
	err = add_disk_to(dev);
	if (err)
		goto out_erase;
	zblock_limit_start(dev);
	zblock_debugfs_add(dev);
	pr_info("%s: added\n", dev->disk->disk_name);
	return id;

out_erase:
	xa_erase(&devices, id);
out_free:
	free_device(dev);
	return err;
}

/**
 * zblock_add() - make a new device, of size 0
 *
 * Context: process; may sleep.
 * Return: its number, the lowest free; or an error
 */
int zblock_add(void)
{
	int ret;

	mutex_lock(&index_lock);
	ret = add_locked();
	mutex_unlock(&index_lock);
	return ret;
}

/*
 * del_gendisk() waits for attributes being read or written (a reset, a
 * disksize), for bios under way, and lets none begin. What a late disksize has
 * made goes after that.
 */
static void remove_claimed(struct zblock *dev)
{
	lockdep_assert_held(&index_lock);
	zblock_debugfs_remove(dev);
	zblock_limit_stop(dev);
	del_gendisk(dev->disk);
	zblock_clear(dev);
	pr_info("%s: removed\n", dev->disk->disk_name);
	xa_erase(&devices, dev->id);
	put_disk(dev->disk);
	free_device(dev);
}

/**
 * zblock_remove() - remove a device with all its data
 * @id: its number
 *
 * Context: process; may sleep.
 * Return: 0; -ENODEV if there is none; -EBUSY if it is open
 */
int zblock_remove(int id)
{
	struct zblock *dev;
	int err;

	mutex_lock(&index_lock);
	dev = xa_load(&devices, id);
	err = dev ? zblock_claim(dev, false) : -ENODEV;
	if (!err)
		remove_claimed(dev);
	mutex_unlock(&index_lock);
	return err;
}

/**
 * zblock_remove_all() - remove all devices
 *
 * The module is being unloaded, and none is open; or it was never quite loaded, and
 * who has opened one meanwhile (udev looks into any) is waited for.
 *
 * Context: process; sleeps; there is no hot_add or hot_remove any more.
 */
void zblock_remove_all(void)
{
	struct zblock *dev;
	unsigned long id;

	mutex_lock(&index_lock);
	xa_for_each(&devices, id, dev) {
		while (zblock_claim(dev, false))
			msleep(20);
		remove_claimed(dev);
	}
	mutex_unlock(&index_lock);
}

/**
 * zblock_major_init() - get a block device number
 *
 * Return: 0, or an error
 */
int __init zblock_major_init(void)
{
	major = register_blkdev(0, zblock_name);
	if (major < 0) {
		pr_err("no block device number is free: %d\n", major);
		return major;
	}
	return 0;
}

/**
 * zblock_major_exit() - give the number back
 */
void zblock_major_exit(void)
{
	unregister_blkdev(major, zblock_name);
	xa_destroy(&devices);
}
