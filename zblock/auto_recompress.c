// SPDX-License-Identifier: GPL-2.0-only
/*
 * auto_recompress.c - the attribute auto_recompress: cold pages get smaller by
 * themselves
 *
 * Pages not used for "age" seconds, of at least "threshold" bytes, are recompressed
 * by the device's last algorithm, "rate" of them a second at most: see policy.h. It
 * goes through the device no more than once in "age" seconds: what did not get
 * smaller has a rest until then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/sysfs.h>
#include "zblock.h"

static bool recompress_some(struct zblock *dev, struct zblock_policy *policy,
			    u32 left)
{
	int tried;

	if (policy->next >= dev->nr_pages) {
		if (time_before64(get_jiffies_64(),
				  policy->began + (u64)policy->age * HZ))
			return false;
		policy->next = 0;
	}
	if (!policy->next)
		policy->began = get_jiffies_64();
	tried = zblock_recompress_cold(dev, &policy->next, policy->age,
				       policy->size, left);
	if (tried < 0)
		return false;
	zblock_policy_spend(policy, tried);
	return (u32)tried < left && policy->next < dev->nr_pages;
}

static int can_recompress(const struct zblock *dev)
{
	unsigned int prio;

	for (prio = ZBLOCK_PRIMARY + 1; prio < ZBLOCK_ALGORITHMS; prio++)
		if (dev->track_age && dev->algorithm[prio].ops)
			return 0;
	pr_err("%s: auto_recompress needs track_age and recomp_algorithm\n",
	       dev->disk->disk_name);
	return -EINVAL;
}

const struct zblock_policy_ops zblock_auto_recompress = {
	.name = "auto_recompress",
	.size = "threshold",
	.size_max = PAGE_SIZE - 1,
	.check = can_recompress,
	.step = recompress_some,
};

ZBLOCK_ATTR_POLICY(auto_recompress);
