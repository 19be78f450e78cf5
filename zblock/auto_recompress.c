// SPDX-License-Identifier: GPL-2.0-only
/*
 * auto_recompress.c - the attribute auto_recompress: cold pages get smaller by
 * themselves
 *
 *	age=SECONDS [threshold=BYTES] [rate=PAGES]
 *
 * Pages not used for so long, of at least so many bytes, are recompressed by the
 * device's last algorithm, so many a second at most. A thread of the lowest
 * priority does it; whatever else wants op_lock goes first, and I/O takes no lock
 * that it has, but the pin of the slot being copied. It goes through the device
 * no more than once in SECONDS: what did not get smaller has a rest until then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

#define EVERY		HZ
#define RATE_DEFAULT	256U

static void run(struct zblock *dev)
{
	struct zblock_auto_recompress *a = &dev->auto_recompress;

	lockdep_assert_held(&dev->op_lock);
	if (!dev->nr_pages || !dev->ages)
		return;
	if (a->next >= dev->nr_pages) {
		if (time_before64(get_jiffies_64(),
				  a->began + (u64)a->age * HZ))
			return;
		a->next = 0;
	}
	if (!a->next)
		a->began = get_jiffies_64();
	a->next = zblock_recompress_cold(dev, a->next, a->age, a->threshold,
					 a->rate);
}

static int auto_thread(void *data)
{
	struct zblock *dev = data;

	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		/* who stops us holds it */
		if (mutex_trylock(&dev->op_lock)) {
			run(dev);
			mutex_unlock(&dev->op_lock);
		}
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule_timeout(EVERY);
		__set_current_state(TASK_RUNNING);
	}
	return 0;
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
	if (a->thread)
		kthread_stop(a->thread);
	a->thread = NULL;
	a->next = 0;
	WRITE_ONCE(a->age, 0);
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
	struct task_struct *thread;

	lockdep_assert_held(&dev->op_lock);
	if (!dev->track_age || !dev->algorithm[ZBLOCK_PRIMARY + 1].ops) {
		pr_err("%s: auto_recompress needs track_age and recomp_algorithm\n",
		       dev->disk->disk_name);
		return -EINVAL;
	}
	thread = kthread_create(auto_thread, dev, "%s-recompress",
				dev->disk->disk_name);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	/* not before: a write that fails leaves the policy that there was */
	zblock_auto_recompress_clear(dev);
	WRITE_ONCE(a->threshold, threshold);
	WRITE_ONCE(a->rate, rate);
	WRITE_ONCE(a->age, age);
	a->thread = thread;
	wake_up_process(thread);
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
