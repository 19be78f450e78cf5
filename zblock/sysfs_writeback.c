// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs_writeback.c - the attributes of writeback
 *
 * zram's names, formats and errors. What zram ignores is refused: an unknown
 * key, a second type, nothing at all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

static ssize_t backing_dev_show(struct device *d,
				struct device_attribute *attr, char *buf)
{
	struct zblock *dev = zblock_of(d);
	ssize_t ret;

	down_read(&dev->init_lock);
	ret = zblock_backing_path(dev->backing, buf);
	up_read(&dev->init_lock);
	return ret;
}

/* Have another backing device, or none. */
static void set_backing(struct zblock *dev, struct zblock_backing *backing)
{
	struct zblock_backing *old = dev->backing;

	lockdep_assert_held(&dev->op_lock);
	down_write(&dev->init_lock);
	dev->backing = backing;
	up_write(&dev->init_lock);
	zblock_backing_close(old);
}

/* A path, or "none". */
static int open_backing(struct zblock *dev, const char *path)
{
	struct zblock_backing *backing = NULL;

	lockdep_assert_held(&dev->op_lock);
	if (strcmp(path, "none")) {
		backing = zblock_backing_open(path);
		if (IS_ERR(backing))
			return zblock_refuse(dev, "backing_dev", path,
					     PTR_ERR(backing));
	}
	set_backing(dev, backing);
	pr_info("%s: backing device %s\n", dev->disk->disk_name, path);
	return 0;
}

static ssize_t backing_dev_store(struct device *d,
				 struct device_attribute *attr,
				 const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	char *path = kstrndup(buf, len, GFP_KERNEL);
	size_t n;
	int err;

	if (!path)
		return -ENOMEM;
	n = strlen(path);
	if (n && path[n - 1] == '\n')
		path[n - 1] = '\0';
	err = zblock_begin_change(dev, attr->attr.name);
	if (!err) {
		err = open_backing(dev, path);
		mutex_unlock(&dev->op_lock);
	}
	kfree(path);
	return err ? err : len;
}
ZBLOCK_ATTR_RW(backing_dev);

/**
 * zblock_writeback_clear() - let go of the backing device; forget the limit
 * @dev: holds nothing any more
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_writeback_clear(struct zblock *dev)
{
	set_backing(dev, NULL);
	atomic64_set(&dev->wb_limit, 0);
}

static ssize_t bd_stat_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	const unsigned int units = PAGE_SIZE / ZBLOCK_BLOCK_SIZE;
	struct zblock *dev = zblock_of(d);
	u64 used = 0;

	down_read(&dev->init_lock);
	if (dev->backing)
		used = atomic_long_read(&dev->backing->used);
	up_read(&dev->init_lock);
	return sysfs_emit(buf, "%8llu %8llu %8llu\n", used * units,
			  zblock_stat_sum(dev, ZBLOCK_BD_READS) * units,
			  zblock_stat_sum(dev, ZBLOCK_BD_WRITES) * units);
}
ZBLOCK_ATTR_RO(bd_stat);

static ssize_t compressed_writeback_show(struct device *d,
					 struct device_attribute *attr,
					 char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(zblock_of(d)->wb_compressed));
}

static ssize_t compressed_writeback_store(struct device *d,
					  struct device_attribute *attr,
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
	WRITE_ONCE(dev->wb_compressed, yes);
	mutex_unlock(&dev->op_lock);
	return len;
}
ZBLOCK_ATTR_RW(compressed_writeback);

static ssize_t writeback_limit_enable_show(struct device *d,
					   struct device_attribute *attr,
					   char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(zblock_of(d)->wb_limit_enable));
}

static ssize_t writeback_limit_enable_store(struct device *d,
					    struct device_attribute *attr,
					    const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	u64 yes;

	if (kstrtoull(buf, 10, &yes))
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	WRITE_ONCE(dev->wb_limit_enable, yes);
	return len;
}
ZBLOCK_ATTR_RW(writeback_limit_enable);

static ssize_t writeback_limit_show(struct device *d,
				    struct device_attribute *attr, char *buf)
{
	u64 limit = atomic64_read(&zblock_of(d)->wb_limit);

	return sysfs_emit(buf, "%llu\n", limit);
}

static ssize_t writeback_limit_store(struct device *d,
				     struct device_attribute *attr,
				     const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	u64 limit;

	if (kstrtoull(buf, 10, &limit))
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	/* it is used up by whole blocks */
	limit = round_down(min_t(u64, limit, S64_MAX),
			   PAGE_SIZE / ZBLOCK_BLOCK_SIZE);
	atomic64_set(&dev->wb_limit, limit);
	return len;
}
ZBLOCK_ATTR_RW(writeback_limit);

static ssize_t writeback_batch_size_show(struct device *d,
					 struct device_attribute *attr,
					 char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(zblock_of(d)->wb_batch));
}

static ssize_t writeback_batch_size_store(struct device *d,
					  struct device_attribute *attr,
					  const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	u32 batch;

	if (kstrtouint(buf, 10, &batch) || !batch)
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	WRITE_ONCE(dev->wb_batch, batch);
	return len;
}
ZBLOCK_ATTR_RW(writeback_batch_size);

/* What a write to the attribute writeback asks for. */
struct request {
	struct zblock_wb_what what;
	bool typed;
	struct zblock_wb_range *ranges;
	unsigned int nr;
};

static int parse_type(const char *name, struct request *req)
{
	if (req->typed)
		return -EINVAL;
	req->typed = true;
	req->what.incompressible = !strcmp(name, "incompressible");
	return req->what.incompressible ? 0 :
	       zblock_parse_type(name, &req->what.flags);
}

/* "FROM-TO", both included, or one number. */
static int parse_range(char *val, bool single, unsigned long nr_pages,
		       struct request *req)
{
	struct zblock_wb_range *range = &req->ranges[req->nr];
	char *to = single ? val : strchr(val, '-');
	unsigned long last;
	int err;

	if (!to)
		return -EINVAL;
	if (!single)
		*to++ = '\0';
	err = kstrtoul(val, 10, &range->from);
	if (!err)
		err = kstrtoul(to, 10, &last);
	if (err)
		return err;
	if (last >= nr_pages || range->from > last)
		return -ERANGE;
	range->to = last + 1;
	req->nr++;
	return 0;
}

static int parse_arg(char *param, char *val, unsigned long nr_pages,
		     struct request *req)
{
	/* the way before 6.16 */
	if (!val || !*val)
		return parse_type(param, req);
	if (!strcmp(param, "type"))
		return parse_type(val, req);
	if (!strcmp(param, "page_index"))
		return parse_range(val, true, nr_pages, req);
	if (!strcmp(param, "page_indexes"))
		return parse_range(val, false, nr_pages, req);
	return -EINVAL;
}

static int cmp_ranges(const void *a, const void *b)
{
	unsigned long from_a = ((const struct zblock_wb_range *)a)->from;
	unsigned long from_b = ((const struct zblock_wb_range *)b)->from;

	return from_a < from_b ? -1 : from_a > from_b;
}

/* Each slot in one range. */
static void merge_ranges(struct request *req)
{
	struct zblock_wb_range *last = req->ranges, *range = last + 1;

	sort(req->ranges, req->nr, sizeof(*req->ranges), cmp_ranges, NULL);
	for (; range < req->ranges + req->nr; range++)
		if (range->from <= last->to)
			last->to = max(last->to, range->to);
		else
			*++last = *range;
	req->nr = last - req->ranges + 1;
}

static int parse(struct zblock *dev, char *args, struct request *req)
{
	char *param, *val;
	int err;

	args = strim(args);
	if (!*args)
		return zblock_refuse(dev, "writeback", args, -EINVAL);
	while (*args) {
		args = next_arg(args, &param, &val);
		err = parse_arg(param, val, dev->nr_pages, req);
		if (err)
			return zblock_refuse_arg(dev, "writeback", param,
						 val ?: "", err);
	}
	if (!req->nr) {
		req->ranges[0].from = 0;
		req->ranges[0].to = dev->nr_pages;
		req->nr = 1;
	}
	merge_ranges(req);
	return 0;
}

static int writeback_locked(struct zblock *dev, char *args, size_t len)
{
	struct request req = { .what.max_blocks = ULONG_MAX };
	int err, failed = 0;

	lockdep_assert_held(&dev->op_lock);
	if (!dev->nr_pages)
		return zblock_no_size(dev, "writeback");
	if (!dev->backing) {
		pr_err("%s: writeback needs a backing_dev\n",
		       dev->disk->disk_name);
		return -ENODEV;
	}
	/* a range takes more than twelve characters */
	req.ranges = kvcalloc(len / 12 + 1, sizeof(*req.ranges), GFP_KERNEL);
	if (!req.ranges)
		return -ENOMEM;
	err = parse(dev, args, &req);
	if (!err)
		err = zblock_writeback(dev, &req.what, req.ranges, req.nr,
				       &failed);
	kvfree(req.ranges);
	return err ? err : failed;
}

static ssize_t writeback_store(struct device *d, struct device_attribute *attr,
			       const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	char *args = kstrndup(buf, len, GFP_KERNEL);
	int err;

	if (!args)
		return -ENOMEM;
	err = zblock_begin_op(dev);
	if (!err) {
		err = writeback_locked(dev, args, len);
		mutex_unlock(&dev->op_lock);
	}
	kfree(args);
	return err ? err : len;
}
ZBLOCK_ATTR_WO(writeback);
