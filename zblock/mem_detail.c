// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem_detail.c - the attribute mem_detail: where the memory of a device is
 *
 * A line for each: name and bytes; the last is their sum. What the kernel's own
 * parts take for us (the gendisk, sysfs, the xarray over pages of the page-cache
 * route) is not ours to measure: under a half of a percent.
 */
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/sysfs.h>
#include "zblock.h"

enum part {
	PART_POOL,
	PART_STOCK,
	PART_POOL_META,
	PART_CODECS,
	PART_AGES,
	PART_CHECKSUMS,
	PART_BACKING,
	PART_DEVICE,
	PARTS
};

static const char * const part_name[PARTS] = {
	[PART_POOL] = "pool_pages",
	[PART_STOCK] = "pool_stock",
	[PART_POOL_META] = "pool_meta",
	[PART_CODECS] = "codecs",
	[PART_AGES] = "ages",
	[PART_CHECKSUMS] = "checksums",
	[PART_BACKING] = "backing",
	[PART_DEVICE] = "device",
};

static void measure_pool(struct zblock *dev, u64 *bytes)
{
	struct zspool_stats stats;

	zspool_get_stats(dev->pool, &stats);
	/* they are read one after the other */
	stats.stock = min(stats.stock, stats.pages);
	bytes[PART_POOL] = (u64)(stats.pages - stats.stock) << PAGE_SHIFT;
	bytes[PART_STOCK] = (u64)stats.stock << PAGE_SHIFT;
	bytes[PART_POOL_META] = stats.meta;
}

static void measure(struct zblock *dev, u64 *bytes)
{
	unsigned int prio;

	down_read(&dev->init_lock);
	if (dev->pool)
		measure_pool(dev, bytes);
	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++) {
		bytes[PART_CODECS] += dev->algorithm[prio].params.dict_size;
		if (dev->codec[prio])
			bytes[PART_CODECS] +=
				zblock_contexts_size(dev->codec[prio]);
	}
	if (dev->unit_codec)
		bytes[PART_CODECS] += zblock_contexts_size(dev->unit_codec);
	bytes[PART_AGES] = zblock_column_bytes(dev->ages);
	bytes[PART_CHECKSUMS] = zblock_column_bytes(dev->sums);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		bytes[PART_BACKING] = zblock_backing_bytes(dev->backing);
	bytes[PART_DEVICE] = sizeof(*dev) +
			     (IS_ENABLED(CONFIG_ZBLOCK_LARGE) ?
			      zblock_queue_bytes() + zblock_late_bytes(dev) : 0) +
			     num_possible_cpus() * sizeof(struct zblock_stats) +
			     BITS_TO_LONGS(dev->nr_units) * sizeof(long);
	up_read(&dev->init_lock);
}

static ssize_t mem_detail_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	u64 bytes[PARTS] = {};
	u64 total = 0;
	ssize_t at = 0;
	int i;

	measure(zblock_of(d), bytes);
	for (i = 0; i < PARTS; i++) {
		at += sysfs_emit_at(buf, at, "%-12s %llu\n", part_name[i],
				    bytes[i]);
		total += bytes[i];
	}
	return at + sysfs_emit_at(buf, at, "%-12s %llu\n", "total", total);
}
static DEVICE_ATTR_RO(mem_detail);

static struct attribute *mem_detail_attrs[] = {
	&dev_attr_mem_detail.attr,
	NULL
};

const struct attribute_group zblock_mem_detail_group = {
	.attrs = mem_detail_attrs,
};
