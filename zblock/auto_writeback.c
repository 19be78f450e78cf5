// SPDX-License-Identifier: GPL-2.0-only
/*
 * auto_writeback.c - the attribute auto_writeback: cold pages go by themselves
 *
 *	age=SECONDS [size=BYTES] [rate=BLOCKS]
 *
 * Slots not used for so long, and of at least so many bytes, are written back, up
 * to so many blocks of the backing device a second. A worker does it, a few blocks
 * and a part of the device at a time (see pace.h); I/O takes no lock that the
 * worker has but the pin of the slot being copied.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include "zblock.h"

/* Slots looked at each time, and blocks written. */
#define SLOTS		BIT(16)
#define BLOCKS		32U
#define RATE_DEFAULT	256U

/* Is there more to do in this second? */
static bool run(struct zblock *dev)
{
	u32 left = zblock_pace_left(&dev->auto_wb.pace, dev->auto_wb.rate);
	const struct zblock_wb_what what = {
		.min_age = dev->auto_wb.age,
		.min_size = dev->auto_wb.size,
		.max_blocks = min(left, BLOCKS),
		.background = true,
	};
	struct zblock_wb_range range;
	u64 written;

	lockdep_assert_held(&dev->op_lock);
	if (!left || !dev->nr_pages || !dev->backing || !dev->ages)
		return false;
	range.from = dev->auto_wb.next < dev->nr_pages ? dev->auto_wb.next : 0;
	range.to = min(range.from + SLOTS, dev->nr_pages);
	written = zblock_stat_sum(dev, ZBLOCK_BD_WRITES);
	/* an error has been logged, or is a limit; the next second comes */
	if (zblock_writeback(dev, &what, &range, 1))
		return false;
	/* nobody else writes: that takes op_lock */
	written = zblock_stat_sum(dev, ZBLOCK_BD_WRITES) - written;
	zblock_pace_spend(&dev->auto_wb.pace, written);
	if (written >= what.max_blocks)
		return true;
	dev->auto_wb.next = range.to;
	return range.to < dev->nr_pages;
}

static void auto_work(struct work_struct *work)
{
	struct zblock *dev = container_of(to_delayed_work(work), struct zblock,
					  auto_wb.pace.work);
	bool soon = false;

	/* zblock_auto_writeback_clear() waits for us with op_lock held */
	if (mutex_trylock(&dev->op_lock)) {
		soon = run(dev);
		mutex_unlock(&dev->op_lock);
	}
	if (READ_ONCE(dev->auto_wb.age))
		zblock_pace_again(&dev->auto_wb.pace, soon);
}

/**
 * zblock_auto_writeback_init() - before the disk is there
 * @dev: the device
 */
void zblock_auto_writeback_init(struct zblock *dev)
{
	INIT_DELAYED_WORK(&dev->auto_wb.pace.work, auto_work);
}

/**
 * zblock_auto_writeback_clear() - off
 * @dev: the device
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_auto_writeback_clear(struct zblock *dev)
{
	lockdep_assert_held(&dev->op_lock);
	WRITE_ONCE(dev->auto_wb.age, 0);
	cancel_delayed_work_sync(&dev->auto_wb.pace.work);
	dev->auto_wb.next = 0;
}

static ssize_t auto_writeback_show(struct device *d,
				   struct device_attribute *attr, char *buf)
{
	struct zblock *dev = zblock_of(d);
	u32 age = READ_ONCE(dev->auto_wb.age);

	if (!age)
		return sysfs_emit(buf, "off\n");
	return sysfs_emit(buf, "age=%u size=%u rate=%u\n", age,
			  READ_ONCE(dev->auto_wb.size),
			  READ_ONCE(dev->auto_wb.rate));
}

struct policy {
	u32 age;
	u32 size;
	u32 rate;
};

static int parse_arg(const char *param, const char *val, struct policy *p)
{
	if (!val)
		return -EINVAL;
	if (!strcmp(param, "age"))
		return kstrtouint(val, 10, &p->age);
	if (!strcmp(param, "size"))
		return kstrtouint(val, 10, &p->size);
	if (!strcmp(param, "rate"))
		return kstrtouint(val, 10, &p->rate);
	return -EINVAL;
}

static int parse(char *args, struct policy *p)
{
	char *param, *val;
	int err;

	args = strim(args);
	while (*args) {
		args = next_arg(args, &param, &val);
		err = parse_arg(param, val, p);
		if (err)
			return err;
	}
	return p->age && p->rate && p->size <= PAGE_SIZE ? 0 : -EINVAL;
}

/* -EINVAL also for a device in use that lacks ages; -ENODEV: or backing_dev. */
static int set_policy(struct zblock *dev, const struct policy *p)
{
	int err = 0;

	mutex_lock(&dev->op_lock);
	if (!p) {
		zblock_auto_writeback_clear(dev);
	} else if (!dev->track_age) {
		err = -EINVAL;
	} else if (dev->nr_pages && !dev->backing) {
		err = -ENODEV;
	} else {
		WRITE_ONCE(dev->auto_wb.size, p->size);
		WRITE_ONCE(dev->auto_wb.rate, p->rate);
		WRITE_ONCE(dev->auto_wb.age, p->age);
		zblock_pace_start(&dev->auto_wb.pace);
	}
	mutex_unlock(&dev->op_lock);
	return err;
}

static ssize_t auto_writeback_store(struct device *d,
				    struct device_attribute *attr,
				    const char *buf, size_t len)
{
	struct policy policy = { .rate = RATE_DEFAULT };
	struct zblock *dev = zblock_of(d);
	char *args;
	int err;

	if (sysfs_streq(buf, "off")) {
		err = set_policy(dev, NULL);
		return err ? err : len;
	}
	args = kstrndup(buf, len, GFP_KERNEL);
	if (!args)
		return -ENOMEM;
	err = parse(args, &policy);
	kfree(args);
	if (!err)
		err = set_policy(dev, &policy);
	return err ? err : len;
}
static DEVICE_ATTR_RW(auto_writeback);

static struct attribute *auto_writeback_attrs[] = {
	&dev_attr_auto_writeback.attr,
	NULL
};

const struct attribute_group zblock_auto_writeback_group = {
	.attrs = auto_writeback_attrs,
};
