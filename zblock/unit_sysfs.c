// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit_sysfs.c - the attributes of units and of parallel work
 *
 * zram has none of them.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <zblock_compat.h>
#include "zblock.h"

static ssize_t unit_size_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(zblock_of(d)->unit_size));
}

/* Bytes: a power of two from one block to ZBLOCK_UNIT_MAX. */
static ssize_t unit_size_store(struct device *d, struct device_attribute *attr,
			       const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	unsigned int bytes;
	int err;

	if (kstrtouint(buf, 10, &bytes) || !is_power_of_2(bytes) ||
	    bytes < ZBLOCK_BLOCK_SIZE || bytes > ZBLOCK_UNIT_MAX)
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	err = zblock_begin_change(dev, attr->attr.name);
	if (err)
		return err;
	WRITE_ONCE(dev->unit_size, bytes);
	mutex_unlock(&dev->op_lock);
	return len;
}
ZBLOCK_ATTR_RW(unit_size);

static const char *const mode_names[ZBLOCK_MODES] = {
	[ZBLOCK_MODE_SYNC]	= "sync",
	[ZBLOCK_MODE_PARALLEL]	= "parallel",
	[ZBLOCK_MODE_ASYNC]	= "async",
};

/**
 * zblock_set_write_mode() - choose who does the work of a bio
 * @dev: the device
 * @mode: see enum zblock_write_mode
 *
 * A disk that says it is synchronous is written to by swap one page at a time,
 * and read past the swap cache. Swap asks when it is switched on.
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_set_write_mode(struct zblock *dev, enum zblock_write_mode mode)
{
	lockdep_assert_held(&dev->op_lock);
	WRITE_ONCE(dev->write_mode, mode);
	zblock_compat_set_synchronous(dev->disk, mode != ZBLOCK_MODE_ASYNC);
}

static ssize_t write_mode_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	enum zblock_write_mode mode = READ_ONCE(zblock_of(d)->write_mode);
	ssize_t at = 0;
	int i;

	for (i = 0; i < ZBLOCK_MODES; i++)
		at += sysfs_emit_at(buf, at, i == mode ? "[%s] " : "%s ",
				    mode_names[i]);
	return at + sysfs_emit_at(buf, at, "\n");
}

static ssize_t write_mode_store(struct device *d,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	int mode = sysfs_match_string(mode_names, buf);
	int err;

	if (mode < 0)
		return zblock_refuse(dev, attr->attr.name, buf, mode);
	err = zblock_begin_op(dev);
	if (err)
		return err;
	zblock_set_write_mode(dev, mode);
	mutex_unlock(&dev->op_lock);
	return len;
}
ZBLOCK_ATTR_RW(write_mode);

/* Units written, pages in units, units rewritten page by page; pages of late.c. */
static ssize_t unit_stat_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	struct zblock *dev = zblock_of(d);

	return sysfs_emit(buf, "%8llu %8llu %8llu %8llu\n",
			  zblock_stat_sum(dev, ZBLOCK_UNITS),
			  zblock_stat_sum(dev, ZBLOCK_UNIT_PAGES),
			  zblock_stat_sum(dev, ZBLOCK_UNITS_REWRITTEN),
			  zblock_stat_sum(dev, ZBLOCK_LATE));
}
ZBLOCK_ATTR_RO(unit_stat);
