// SPDX-License-Identifier: GPL-2.0-only
/*
 * auto_recompress.c - the attribute auto_recompress: cold pages get smaller by
 * themselves
 *
 *	age=SECONDS [threshold=BYTES] [rate=PAGES]
 *
 * Pages not used for so long, of at least so many bytes, are recompressed by the
 * device's last algorithm, so many a second at most, and for some milliseconds at
 * a time: see pace.h. Its priority is nobody's lower, as it would hold op_lock,
 * a decompressor or a pin while others have the CPU. It goes through the device
 * no more than once in SECONDS: what did not get smaller has a rest until then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

#define RATE_DEFAULT	256U

/* Is there more to do in this second? */
static bool run(struct zblock *dev)
{
	struct zblock_auto_recompress *a = &dev->auto_recompress;
	u32 left = zblock_pace_left(&a->pace, a->rate);
	int tried;

	lockdep_assert_held(&dev->op_lock);
	if (!left || !dev->nr_pages || !dev->ages)
		return false;
	if (a->next >= dev->nr_pages) {
		if (time_before64(get_jiffies_64(),
				  a->began + (u64)a->age * HZ))
			return false;
		a->next = 0;
	}
	if (!a->next)
		a->began = get_jiffies_64();
	tried = zblock_recompress_cold(dev, &a->next, a->age, a->threshold,
				       left);
	if (tried < 0)
		return false;
	zblock_pace_spend(&a->pace, tried);
	return (u32)tried < left && a->next < dev->nr_pages;
}

static void auto_work(struct work_struct *work)
{
	struct zblock *dev = container_of(to_delayed_work(work), struct zblock,
					  auto_recompress.pace.work);
	bool soon = false;

	/* zblock_auto_recompress_clear() waits for us with op_lock held */
	if (mutex_trylock(&dev->op_lock)) {
		soon = run(dev);
		mutex_unlock(&dev->op_lock);
	}
	if (READ_ONCE(dev->auto_recompress.age))
		zblock_pace_again(&dev->auto_recompress.pace, soon);
}

/**
 * zblock_auto_recompress_init() - before the disk is there
 * @dev: the device
 */
void zblock_auto_recompress_init(struct zblock *dev)
{
	INIT_DELAYED_WORK(&dev->auto_recompress.pace.work, auto_work);
}

/**
 * zblock_auto_recompress_clear() - off
 * @dev: the device
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_auto_recompress_clear(struct zblock *dev)
{
	struct zblock_auto_recompress *a = &dev->auto_recompress;

	lockdep_assert_held(&dev->op_lock);
	WRITE_ONCE(a->age, 0);
	cancel_delayed_work_sync(&a->pace.work);
	a->next = 0;
}

static ssize_t auto_recompress_show(struct device *d,
				    struct device_attribute *attr, char *buf)
{
	const struct zblock_auto_recompress *a = &zblock_of(d)->auto_recompress;
	u32 age = READ_ONCE(a->age);

	if (!age)
		return sysfs_emit(buf, "off\n");
	return sysfs_emit(buf, "age=%u threshold=%u rate=%u\n", age,
			  READ_ONCE(a->threshold), READ_ONCE(a->rate));
}

/* Once on, its figures change while it is off only, by way of this. */
static int set_policy(struct zblock *dev, u32 age, u32 threshold, u32 rate)
{
	struct zblock_auto_recompress *a = &dev->auto_recompress;

	lockdep_assert_held(&dev->op_lock);
	if (!dev->track_age || !dev->algorithm[ZBLOCK_PRIMARY + 1].ops) {
		pr_err("%s: auto_recompress needs track_age and recomp_algorithm\n",
		       dev->disk->disk_name);
		return -EINVAL;
	}
	zblock_auto_recompress_clear(dev);
	WRITE_ONCE(a->threshold, threshold);
	WRITE_ONCE(a->rate, rate);
	WRITE_ONCE(a->age, age);
	zblock_pace_start(&a->pace);
	return 0;
}

static ssize_t auto_recompress_store(struct device *d,
				     struct device_attribute *attr,
				     const char *buf, size_t len)
{
	u32 age = 0, threshold = 0, rate = RATE_DEFAULT;
	struct zblock *dev = zblock_of(d);
	char *args = (char *)buf, *key, *value;
	bool off = sysfs_streq(buf, "off");
	int err = 0;

	while (!off &&
	       (err = zblock_next_arg(dev, &args, &key, &value)) > 0) {
		if (!strcmp(key, "age"))
			err = kstrtouint(value, 10, &age);
		else if (!strcmp(key, "threshold"))
			err = kstrtouint(value, 10, &threshold);
		else if (!strcmp(key, "rate"))
			err = kstrtouint(value, 10, &rate);
		else
			err = zblock_unknown_arg(dev, attr->attr.name, key);
		if (err < 0)
			break;
	}
	if (err)
		return err;
	if (!off && (!age || !rate || threshold >= PAGE_SIZE))
		return -EINVAL;
	mutex_lock(&dev->op_lock);
	if (off)
		zblock_auto_recompress_clear(dev);
	else
		err = set_policy(dev, age, threshold, rate);
	mutex_unlock(&dev->op_lock);
	return err ? err : len;
}
static DEVICE_ATTR_RW(auto_recompress);

static struct attribute *auto_recompress_attrs[] = {
	&dev_attr_auto_recompress.attr,
	NULL
};

const struct attribute_group zblock_auto_recompress_group = {
	.attrs = auto_recompress_attrs,
};
