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

/* For "%*pE": of what is refused, its first line, and no more than this is logged. */
#define SHOWN_MAX	64

static int shown(const char *text)
{
	return min_t(size_t, strcspn(text, "\n"), SHOWN_MAX);
}

/**
 * zblock_refuse() - log that a value is not taken
 * @dev: for the log
 * @attribute: the same
 * @value: what was written; its first line is shown
 * @err: why
 *
 * A write that fails logs one line: this, or one that says more.
 *
 * Return: @err
 */
int zblock_refuse(struct zblock *dev, const char *attribute, const char *value,
		  int err)
{
	pr_err("%s: %s does not take \"%*pE\": %d\n", dev->disk->disk_name,
	       attribute, shown(value), value, err);
	return err;
}

/**
 * zblock_begin_op() - take op_lock for what was written to an attribute
 * @dev: the device
 *
 * Another may hold it for minutes: who waits can be killed.
 *
 * Context: process; may sleep.
 * Return: 0 with op_lock held; -EINTR, without, if killed
 */
int zblock_begin_op(struct zblock *dev)
{
	return mutex_lock_killable(&dev->op_lock);
}

/**
 * zblock_begin_change() - lock a device that has no size yet
 * @dev: the device
 * @attribute: what is to be changed, for the log
 *
 * It is asked for its size without op_lock first, as a compaction may hold that
 * for long.
 *
 * Context: process; may sleep.
 * Return: 0 with op_lock held; without: -EBUSY for a device that has its size, -EINTR
 * if killed
 */
int zblock_begin_change(struct zblock *dev, const char *attribute)
{
	if (!READ_ONCE(dev->nr_pages)) {
		int err = zblock_begin_op(dev);

		if (err)
			return err;
		if (!dev->nr_pages)
			return 0;
		mutex_unlock(&dev->op_lock);
	}
	pr_err("%s: in use, cannot change %s\n", dev->disk->disk_name,
	       attribute);
	return -EBUSY;
}

/**
 * zblock_next_arg() - take the next "key=value" off what was written
 * @dev: for the log
 * @attribute: the same
 * @args: what is left of it; spaces are skipped
 * @key: the key
 * @value: the value, not empty
 *
 * Return: 1; 0 if nothing is left; -EINVAL for a key without a value
 */
int zblock_next_arg(struct zblock *dev, const char *attribute, char **args,
		    char **key, char **value)
{
	*args = skip_spaces(*args);
	if (!**args)
		return 0;
	*args = next_arg(*args, key, value);
	if (*value && **value)
		return 1;
	pr_err("%s: %s: %*pE needs a value\n", dev->disk->disk_name, attribute,
	       shown(*key), *key);
	return -EINVAL;
}

/**
 * zblock_refuse_arg() - log that a key, or its value, is not taken
 * @dev: for the log
 * @attribute: the same
 * @key: the key
 * @value: its value
 * @err: why
 *
 * Return: @err
 */
int zblock_refuse_arg(struct zblock *dev, const char *attribute,
		      const char *key, const char *value, int err)
{
	pr_err("%s: %s does not take %*pE=\"%*pE\": %d\n",
	       dev->disk->disk_name, attribute, shown(key), key, shown(value),
	       value, err);
	return err;
}

/**
 * zblock_no_size() - log that a device has to have its size first
 * @dev: for the log
 * @attribute: the same
 *
 * Return: -EINVAL
 */
int zblock_no_size(struct zblock *dev, const char *attribute)
{
	pr_err("%s: %s needs a disksize first\n", dev->disk->disk_name,
	       attribute);
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
	if (err || !bytes)
		return zblock_refuse(zblock_of(d), attr->attr.name, buf, -EINVAL);
	err = zblock_set_size(zblock_of(d), bytes);
	return err ? err : len;
}
ZBLOCK_ATTR_RW(disksize);

static ssize_t initstate_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", !!READ_ONCE(zblock_of(d)->nr_pages));
}
ZBLOCK_ATTR_RO(initstate);

static ssize_t reset_store(struct device *d, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	u16 yes;
	int err;

	err = kstrtou16(buf, 10, &yes);
	if (!err && !yes)
		err = -EINVAL;
	if (err)
		return zblock_refuse(zblock_of(d), attr->attr.name, buf, err);
	err = zblock_reset(zblock_of(d));
	return err ? err : len;
}
ZBLOCK_ATTR_WO(reset);

static ssize_t compact_store(struct device *d, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	/* keeps the pool there; nobody who only looks takes this lock */
	int err = zblock_begin_op(dev);

	if (err)
		return err;
	if (dev->pool) {
		zblock_late_flush(dev);
		zspool_compact(dev->pool);
	} else {
		err = zblock_no_size(dev, attr->attr.name);
	}
	mutex_unlock(&dev->op_lock);
	return err ? err : len;
}
ZBLOCK_ATTR_WO(compact);

static ssize_t mem_used_max_store(struct device *d,
				  struct device_attribute *attr,
				  const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	unsigned long zero;

	if (kstrtoul(buf, 10, &zero) || zero)
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	down_read(&dev->init_lock);
	if (dev->pool)
		atomic_long_set(&dev->max_used, zspool_total_pages(dev->pool));
	up_read(&dev->init_lock);
	return len;
}
ZBLOCK_ATTR_WO(mem_used_max);

/*
 * Linux up to 6.12 has it in zram, of no use since 4.7: there is a stream for each
 * CPU. What is written goes for nothing, but tools want to write it.
 */
static ssize_t max_comp_streams_show(struct device *d,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", num_online_cpus());
}

static ssize_t max_comp_streams_store(struct device *d,
				      struct device_attribute *attr,
				      const char *buf, size_t len)
{
	unsigned int n;

	if (kstrtouint(buf, 0, &n) || !n)
		return zblock_refuse(zblock_of(d), attr->attr.name, buf, -EINVAL);
	return len;
}
ZBLOCK_ATTR_RW(max_comp_streams);

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
ZBLOCK_ATTR_RO(io_stat);

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
ZBLOCK_ATTR_RO(mm_stat);

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
ZBLOCK_ATTR_RO(debug_stat);

static ssize_t corrupted_show(struct device *d, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  zblock_stat_sum(zblock_of(d), ZBLOCK_CORRUPTED));
}
ZBLOCK_ATTR_RO(corrupted);

/* All of them: of the parts there are. */
static struct attribute *zblock_attrs[] = {
	&zblock_attr_disksize.attr,
	&zblock_attr_initstate.attr,
	&zblock_attr_reset.attr,
	&zblock_attr_compact.attr,
	&zblock_attr_mem_used_max.attr,
	&zblock_attr_max_comp_streams.attr,
	&zblock_attr_io_stat.attr,
	&zblock_attr_mm_stat.attr,
	&zblock_attr_debug_stat.attr,
	&zblock_attr_corrupted.attr,
	&zblock_attr_comp_algorithm.attr,
	&zblock_attr_algorithm_params.attr,
	&zblock_attr_idle.attr,
	&zblock_attr_track_age.attr,
	&zblock_attr_mem_limit.attr,
	&zblock_attr_limit_state.attr,
	&zblock_attr_limit_near.attr,
	&zblock_attr_mem_detail.attr,
#ifdef CONFIG_ZBLOCK_LARGE
	&zblock_attr_unit_size.attr,
	&zblock_attr_write_mode.attr,
	&zblock_attr_unit_stat.attr,
#endif
#ifdef CONFIG_ZBLOCK_CHECKSUM
	&zblock_attr_checksum.attr,
#endif
#ifdef CONFIG_ZBLOCK_RECOMPRESS
	&zblock_attr_recompress.attr,
	&zblock_attr_recomp_algorithm.attr,
	&zblock_attr_auto_recompress.attr,
#endif
#ifdef CONFIG_ZBLOCK_WRITEBACK
	&zblock_attr_backing_dev.attr,
	&zblock_attr_bd_stat.attr,
	&zblock_attr_compressed_writeback.attr,
	&zblock_attr_writeback_limit_enable.attr,
	&zblock_attr_writeback_limit.attr,
	&zblock_attr_writeback_batch_size.attr,
	&zblock_attr_writeback.attr,
	&zblock_attr_auto_writeback.attr,
#endif
	NULL
};

static const struct attribute_group zblock_group = {
	.attrs = zblock_attrs,
};

const struct attribute_group *zblock_groups[] = {
	&zblock_group,
	NULL
};
