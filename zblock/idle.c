// SPDX-License-Identifier: GPL-2.0-only
/*
 * idle.c - the attributes idle and track_age: which slots are not used
 *
 * The mark goes when the slot is read, written or freed. Slots that have no
 * object, nor a part in a unit's, have nothing that writeback or recompress could save: not marked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include "zblock.h"

/* Set the mark, or take it away. */
static void mark(struct zblock *dev, unsigned long index, bool idle)
{
	zspool_word_t word;

	word = zspool_pin(dev->pool, index);
	if (!word)
		return;
	if (zblock_word_takes(word)) {
		unsigned int flags = zspool_word_flags(word) & ~ZBLOCK_IDLE;

		if (idle)
			flags |= ZBLOCK_IDLE;
		zspool_swap(dev->pool, index,
			    zspool_word_set_flags(word, flags));
	}
	zspool_unpin(dev->pool, index);
}

/* Mark the slots not used for more than @age seconds; all: @age is -1. */
static int mark_all(struct zblock *dev, s64 age)
{
	unsigned long i;
	int err;

	lockdep_assert_held(&dev->op_lock);
	zblock_late_flush(dev);
	for (i = 0; i < dev->nr_pages; i++) {
		err = zblock_walk(dev, i);
		if (err)
			return err;
		if (zblock_word_takes(zspool_peek(dev->pool, i)))
			mark(dev, i, age < 0 || zblock_slot_age(dev, i) > age);
	}
	return 0;
}

static int mark_idle(struct zblock *dev, s64 age)
{
	int err = zblock_begin_op(dev);

	if (err)
		return err;
	if (!dev->pool) {
		err = zblock_no_size(dev, "idle");
	} else if (age >= 0 && !dev->ages) {
		pr_err("%s: idle takes an age only with track_age=1, set before disksize\n",
		       dev->disk->disk_name);
		err = -EINVAL;
	} else {
		err = mark_all(dev, age);
	}
	mutex_unlock(&dev->op_lock);
	return err;
}

static ssize_t idle_store(struct device *d, struct device_attribute *attr,
			  const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	s64 age = -1;
	u32 seconds;
	int err;

	if (!sysfs_streq(buf, "all")) {
		if (kstrtouint(buf, 0, &seconds))
			return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
		age = seconds;
	}
	err = mark_idle(dev, age);
	return err ? err : len;
}
ZBLOCK_ATTR_WO(idle);

static ssize_t track_age_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(zblock_of(d)->track_age));
}

static ssize_t track_age_store(struct device *d, struct device_attribute *attr,
			       const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	bool yes;
	int err;

	if (kstrtobool(buf, &yes))
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	err = zblock_begin_change(dev, attr->attr.name);
	if (err)
		return err;
	WRITE_ONCE(dev->track_age, yes);
	mutex_unlock(&dev->op_lock);
	return len;
}
ZBLOCK_ATTR_RW(track_age);
