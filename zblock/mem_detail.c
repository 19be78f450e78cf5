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

static u64 codec_bytes(struct zblock *dev)
{
	unsigned int prio;
	u64 bytes = 0;

	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++) {
		bytes += dev->algorithm[prio].params.dict_size;
		if (dev->codec[prio])
			bytes += zblock_contexts_size(dev->codec[prio]);
	}
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE) && dev->unit_codec)
		bytes += zblock_contexts_size(dev->unit_codec);
	return bytes;
}

static u64 device_bytes(struct zblock *dev)
{
	u64 bytes = sizeof(*dev) +
		    num_possible_cpus() * sizeof(struct zblock_stats);

	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE))
		bytes += zblock_queue_bytes() + zblock_late_bytes(dev) +
			 BITS_TO_LONGS(dev->nr_units) * sizeof(long);
	return bytes;
}

static ssize_t mem_detail_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	u64 codecs, ages, sums, backing = 0, device, pages, stock;
	struct zblock *dev = zblock_of(d);
	struct zspool_stats stats = {};

	down_read(&dev->init_lock);
	if (dev->pool)
		zspool_get_stats(dev->pool, &stats);
	codecs = codec_bytes(dev);
	ages = zblock_column_bytes(dev->ages);
	sums = zblock_column_bytes(dev->sums);
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		backing = zblock_backing_bytes(dev->backing);
	device = device_bytes(dev);
	up_read(&dev->init_lock);

	/* they are read one after the other */
	stats.stock = min(stats.stock, stats.pages);
	stock = (u64)stats.stock << PAGE_SHIFT;
	pages = ((u64)stats.pages << PAGE_SHIFT) - stock;
	return sysfs_emit(buf,
			  "pool_pages   %llu\n"
			  "pool_stock   %llu\n"
			  "pool_meta    %llu\n"
			  "codecs       %llu\n"
			  "ages         %llu\n"
			  "checksums    %llu\n"
			  "backing      %llu\n"
			  "device       %llu\n"
			  "total        %llu\n",
			  pages, stock, stats.meta, codecs, ages, sums,
			  backing, device,
			  pages + stock + stats.meta + codecs + ages + sums +
			  backing + device);
}
ZBLOCK_ATTR_RO(mem_detail);
