// SPDX-License-Identifier: GPL-2.0-only
/*
 * auto_writeback.c - the attribute auto_writeback: cold pages go by themselves
 *
 * Slots not used for "age" seconds, and of at least "size" bytes, are written back,
 * up to "rate" blocks of the backing device a second, a few of them and a part of
 * the device at a time: see policy.h. I/O takes no lock that the worker has but the
 * pin of the slot being copied.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/sysfs.h>
#include "zblock.h"

/* Slots looked at each time, and blocks written. */
#define SLOTS		BIT(16)
#define BLOCKS		32U

static bool write_some(struct zblock *dev, struct zblock_policy *policy,
		       u32 left)
{
	const struct zblock_wb_what what = {
		.min_age = policy->age,
		.min_size = policy->size,
		.max_blocks = min(left, BLOCKS),
		.background = true,
	};
	struct zblock_wb_range range;
	int err, failed;
	u64 written;

	if (!dev->backing)
		return false;
	range.from = policy->next < dev->nr_pages ? policy->next : 0;
	range.to = min(range.from + SLOTS, dev->nr_pages);
	written = zblock_stat_sum(dev, ZBLOCK_BD_WRITES);
	/* what failed has been logged, and shall not keep others back */
	err = zblock_writeback(dev, &what, &range, 1, &failed);
	/* nobody else writes: that takes op_lock */
	written = zblock_stat_sum(dev, ZBLOCK_BD_WRITES) - written;
	zblock_policy_spend(policy, written);
	/* at a limit, or without memory: the next second comes */
	if (err)
		return false;
	if (written >= what.max_blocks)
		return true;
	policy->next = range.to;
	/* a device that takes nothing is not tried again and again */
	return range.to < dev->nr_pages && (written || !failed);
}

/* A backing device may still come before there is a size. */
static int can_write(const struct zblock *dev)
{
	if (dev->track_age && (dev->backing || !dev->nr_pages))
		return 0;
	pr_err("%s: auto_writeback needs track_age and backing_dev\n",
	       dev->disk->disk_name);
	return dev->track_age ? -ENODEV : -EINVAL;
}

const struct zblock_policy_ops zblock_auto_writeback = {
	.name = "auto_writeback",
	.size = "size",
	.size_max = PAGE_SIZE,
	.check = can_write,
	.step = write_some,
};

ZBLOCK_ATTR_POLICY(auto_writeback);
