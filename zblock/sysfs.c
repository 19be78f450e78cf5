// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - the attributes of a device
 *
 * Their names, formats and errors are zram's, see
 * Documentation/admin-guide/blockdev/zram.rst of the kernel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

#define DEBUG_STAT_VERSION	1

/**
 * zblock_next_arg() - take the next "key=value" off what was written
 * @dev: for the log
 * @args: what is left of it; spaces are skipped
 * @key: the key
 * @value: the value, not empty
 *
 * Return: 1; 0 if nothing is left; -EINVAL for a key without a value
 */
int zblock_next_arg(struct zblock *dev, char **args, char **key, char **value)
{
	*args = skip_spaces(*args);
	if (!**args)
		return 0;
	*args = next_arg(*args, key, value);
	if (*value && **value)
		return 1;
	pr_err("%s: %s needs a value\n", dev->disk->disk_name, *key);
	return -EINVAL;
}

/**
 * zblock_unknown_arg() - refuse a key
 * @dev: for the log
 * @attribute: the same
 * @key: the key
 *
 * Return: -EINVAL
 */
int zblock_unknown_arg(struct zblock *dev, const char *attribute,
		       const char *key)
{
	pr_err("%s: %s: no such key as %s\n", dev->disk->disk_name, attribute,
	       key);
	return -EINVAL;
}

/**
 * zblock_parse_size() - bytes, perhaps with a suffix
 * @text: what was written; what follows the suffix is not looked at, as in zram
 * @bytes: the size
 *
 * memparse() takes of a size what fits into 64 bits: 16777216T would be 0, which
 * as a limit is none.
 *
 * Return: 0; -EINVAL for what is no number, or too large a one
 */
int zblock_parse_size(const char *text, u64 *bytes)
{
	static const char suffixes[] = "KMGTPE";
	unsigned int shift = 0;
	char number[32], *end;
	size_t len;
	u64 n;
	int err;

	*bytes = memparse(text, &end);
	len = end - text;
	if (!len || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	err = kstrtoull(number, 0, &n);
	if (err == -EINVAL) {
		shift = 10 * (strchr(suffixes, toupper(number[len - 1])) -
			      suffixes + 1);
		number[len - 1] = '\0';
		err = kstrtoull(number, 0, &n);
	}
	return err || *bytes >> shift != n ? -EINVAL : 0;
}

static ssize_t disksize_show(struct device *d, struct device_attribute *attr,
			     char *buf)
{
	u64 pages = READ_ONCE(zblock_of(d)->nr_pages);

	return sysfs_emit(buf, "%llu\n", pages << PAGE_SHIFT);
}

static ssize_t disksize_store(struct device *d, struct device_attribute *attr,
			      const char *buf, size_t len)
{
	u64 bytes;
	int err;

	err = zblock_parse_size(buf, &bytes);
	if (err)
		return err;
	if (!bytes)
		return -EINVAL;
	err = zblock_set_size(zblock_of(d), bytes);
	return err ? err : len;
}
static DEVICE_ATTR_RW(disksize);

static ssize_t initstate_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", !!READ_ONCE(zblock_of(d)->nr_pages));
}
static DEVICE_ATTR_RO(initstate);

static ssize_t reset_store(struct device *d, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	u16 yes;
	int err;

	err = kstrtou16(buf, 10, &yes);
	if (err)
		return err;
	if (!yes)
		return -EINVAL;
	err = zblock_reset(zblock_of(d));
	return err ? err : len;
}
static DEVICE_ATTR_WO(reset);

static ssize_t compact_store(struct device *d, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	ssize_t ret = len;

	/* keeps the pool there; nobody who only looks takes this lock */
	mutex_lock(&dev->op_lock);
	if (dev->pool) {
		zblock_late_flush(dev);
		zspool_compact(dev->pool);
	} else {
		ret = -EINVAL;
	}
	mutex_unlock(&dev->op_lock);
	return ret;
}
static DEVICE_ATTR_WO(compact);

static ssize_t mem_used_max_store(struct device *d,
				  struct device_attribute *attr,
				  const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	unsigned long zero;

	if (kstrtoul(buf, 10, &zero) || zero)
		return -EINVAL;
	down_read(&dev->init_lock);
	if (dev->pool)
		atomic_long_set(&dev->max_used, zspool_total_pages(dev->pool));
	up_read(&dev->init_lock);
	return len;
}
static DEVICE_ATTR_WO(mem_used_max);

static ssize_t io_stat_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	struct zblock *dev = zblock_of(d);

	return sysfs_emit(buf, "%8llu %8llu %8llu %8llu\n",
			  zblock_stat_sum(dev, ZBLOCK_FAILED_READS),
			  zblock_stat_sum(dev, ZBLOCK_FAILED_WRITES),
			  zblock_stat_sum(dev, ZBLOCK_INVALID_IO),
			  zblock_stat_sum(dev, ZBLOCK_NOTIFY_FREE));
}
static DEVICE_ATTR_RO(io_stat);

/* A pool's figures; all 0 before disksize. */
static void pool_stats(struct zblock *dev, struct zspool_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	down_read(&dev->init_lock);
	if (dev->pool)
		zspool_get_stats(dev->pool, stats);
	up_read(&dev->init_lock);
}

static ssize_t mm_stat_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	struct zblock *dev = zblock_of(d);
	u64 limit = READ_ONCE(dev->limit_pages);
	u64 max_used = atomic_long_read(&dev->max_used);
	struct zspool_stats stats;

	pool_stats(dev, &stats);
	return sysfs_emit(buf,
			  "%8llu %8llu %8llu %8llu %8llu %8llu %8lu %8llu %8llu\n",
			  zblock_stat_sum(dev, ZBLOCK_PAGES) << PAGE_SHIFT,
			  zblock_stat_sum(dev, ZBLOCK_COMPRESSED),
			  (u64)stats.pages << PAGE_SHIFT,
			  limit << PAGE_SHIFT,
			  max_used << PAGE_SHIFT,
			  zblock_stat_sum(dev, ZBLOCK_SAME_PAGES),
			  stats.compacted,
			  zblock_stat_sum(dev, ZBLOCK_HUGE_PAGES),
			  zblock_stat_sum(dev, ZBLOCK_HUGE_SINCE));
}
static DEVICE_ATTR_RO(mm_stat);

static ssize_t debug_stat_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	struct zblock *dev = zblock_of(d);
	struct zspool_stats stats;

	pool_stats(dev, &stats);
	return sysfs_emit(buf, "version: %d\n%8llu %8lu\n",
			  DEBUG_STAT_VERSION,
			  zblock_stat_sum(dev, ZBLOCK_WRITE_STALLS),
			  stats.deferred);
}
static DEVICE_ATTR_RO(debug_stat);

static ssize_t corrupted_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  zblock_stat_sum(zblock_of(d), ZBLOCK_CORRUPTED));
}
static DEVICE_ATTR_RO(corrupted);

static struct attribute *zblock_attrs[] = {
	&dev_attr_disksize.attr,
	&dev_attr_initstate.attr,
	&dev_attr_reset.attr,
	&dev_attr_compact.attr,
	&dev_attr_mem_used_max.attr,
	&dev_attr_io_stat.attr,
	&dev_attr_mm_stat.attr,
	&dev_attr_debug_stat.attr,
	&dev_attr_corrupted.attr,
	NULL
};

static const struct attribute_group zblock_group = {
	.attrs = zblock_attrs,
};

const struct attribute_group *zblock_groups[] = {
	&zblock_group,
	&zblock_algorithm_group,
	&zblock_idle_group,
	&zblock_limit_group,
	&zblock_mem_detail_group,
#ifdef CONFIG_ZBLOCK_LARGE
	&zblock_unit_group,
#endif
#ifdef CONFIG_ZBLOCK_CHECKSUM
	&zblock_checksum_group,
#endif
#ifdef CONFIG_ZBLOCK_RECOMPRESS
	&zblock_recompress_group,
	&zblock_auto_recompress_group,
#endif
#ifdef CONFIG_ZBLOCK_WRITEBACK
	&zblock_writeback_group,
	&zblock_auto_writeback_group,
#endif
	NULL
};
