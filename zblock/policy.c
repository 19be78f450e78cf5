// SPDX-License-Identifier: GPL-2.0-only
/* policy.c - what is done to cold pages by itself: see policy.h */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/sysfs.h>
#include "zblock.h"

/**
 * zblock_chosen() - is a slot one of those that recompress or writeback is for?
 * @dev: the device
 * @index: the slot
 * @word: what it holds
 * @flags: only a slot that has all of these
 * @age: only one not used for so many seconds; 0: any
 * @size: only one that takes so many bytes
 *
 * Context: any.
 */
bool zblock_chosen(struct zblock *dev, unsigned long index, zspool_word_t word,
		   unsigned int flags, u32 age, unsigned int size)
{
	return zblock_word_takes(word) &&
	       (zspool_word_flags(word) & flags) == flags &&
	       (!age || zblock_slot_age(dev, index) >= age) &&
	       zblock_slot_bytes(dev, index, word) >= size;
}

/**
 * zblock_parse_type() - the flags that recompress or writeback is for
 * @name: idle, huge or huge_idle
 * @flags: ZBLOCK_IDLE, ZBLOCK_HUGE, or both
 *
 * Return: 0; -EINVAL for another name
 */
int zblock_parse_type(const char *name, unsigned int *flags)
{
	*flags = 0;
	if (str_has_prefix(name, "huge")) {
		*flags = ZBLOCK_HUGE;
		name += strlen("huge");
		if (!*name)
			return 0;
		if (*name++ != '_')
			return -EINVAL;
	}
	*flags |= ZBLOCK_IDLE;
	return strcmp(name, "idle") ? -EINVAL : 0;
}

/* The machine is about to sleep, or on its way out of that. */
static bool asleep;

/* Is there more to do in this second? */
static bool step(struct zblock_policy *policy)
{
	struct zblock *dev = policy->dev;

	lockdep_assert_held(&dev->op_lock);
	if (time_after_eq(jiffies, policy->second + HZ)) {
		WRITE_ONCE(policy->second, jiffies);
		policy->left = policy->rate;
	}
	if (!policy->left || !dev->nr_pages || !dev->ages || READ_ONCE(asleep))
		return false;
	return policy->ops->step(dev, policy, policy->left);
}

/* In a tick if there is more to do; else when the second is over. */
static void again(struct zblock_policy *policy, bool more)
{
	unsigned long gone = jiffies - READ_ONCE(policy->second);
	unsigned long rest = gone < HZ ? HZ - gone : HZ / 10;

	queue_delayed_work(zblock_lazy_wq, &policy->work, more ? 1 : rest);
}

static void policy_work(struct work_struct *work)
{
	struct zblock_policy *policy = container_of(to_delayed_work(work),
						    struct zblock_policy, work);
	bool more = false;

	/* zblock_policy_stop() waits for us with op_lock held */
	if (mutex_trylock(&policy->dev->op_lock)) {
		more = step(policy);
		mutex_unlock(&policy->dev->op_lock);
	}
	again(policy, more);
}

/**
 * zblock_policy_init() - before the disk is there
 * @policy: off
 * @dev: the device it is part of
 * @ops: of which kind
 */
void zblock_policy_init(struct zblock_policy *policy, struct zblock *dev,
			const struct zblock_policy_ops *ops)
{
	policy->ops = ops;
	policy->dev = dev;
	INIT_DELAYED_WORK(&policy->work, policy_work);
}

/**
 * zblock_policy_stop() - off
 * @policy: on or off
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_policy_stop(struct zblock_policy *policy)
{
	lockdep_assert_held(&policy->dev->op_lock);
	WRITE_ONCE(policy->age, 0);
	/* a work that is waited for does not queue itself again */
	cancel_delayed_work_sync(&policy->work);
	policy->next = 0;
}

/* On, from the next second on. Its figures change by way of this only. */
static void start(struct zblock_policy *policy, u32 age, u32 size, u32 rate)
{
	zblock_policy_stop(policy);
	WRITE_ONCE(policy->size, size);
	WRITE_ONCE(policy->rate, rate);
	WRITE_ONCE(policy->age, age);
	WRITE_ONCE(policy->second, jiffies);
	policy->left = 0;
	mod_delayed_work(zblock_lazy_wq, &policy->work, HZ);
}

/**
 * zblock_policy_recheck() - off, if the device cannot have it any more
 * @policy: on or off
 *
 * Context: process; may sleep; op_lock held.
 */
void zblock_policy_recheck(struct zblock_policy *policy)
{
	if (policy->age && policy->ops->check(policy->dev))
		zblock_policy_stop(policy);
}

/**
 * zblock_policy_spend() - so much has been done
 * @policy: whose
 * @n: how much
 *
 * Context: process; op_lock held.
 */
void zblock_policy_spend(struct zblock_policy *policy, u32 n)
{
	policy->left -= min(policy->left, n);
}

/* That of an attribute. */
static struct zblock_policy *policy_of(struct device *d,
				       struct device_attribute *attr)
{
	struct zblock *dev = zblock_of(d);

	return IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) &&
	       attr == &zblock_attr_auto_writeback ? &dev->auto_writeback :
						     &dev->auto_recompress;
}

/**
 * zblock_policy_show() - what its attribute reads as
 * @d: as an attribute has it
 * @attr: the same
 * @buf: the same
 *
 * Context: process.
 * Return: bytes
 */
ssize_t zblock_policy_show(struct device *d, struct device_attribute *attr,
			   char *buf)
{
	const struct zblock_policy *policy = policy_of(d, attr);
	u32 age = READ_ONCE(policy->age);

	if (!age)
		return sysfs_emit(buf, "off\n");
	return sysfs_emit(buf, "age=%u %s=%u rate=%u\n", age, policy->ops->size,
			  READ_ONCE(policy->size), READ_ONCE(policy->rate));
}

/* 0, or what is wrong with what was written. */
static int parse(struct zblock_policy *policy, char *args, u32 *age, u32 *size,
		 u32 *rate)
{
	char *key, *value;
	int err;

	while ((err = zblock_next_arg(policy->dev, policy->ops->name, &args,
				      &key, &value)) > 0) {
		if (!strcmp(key, "age"))
			err = kstrtouint(value, 10, age);
		else if (!strcmp(key, policy->ops->size))
			err = kstrtouint(value, 10, size);
		else if (!strcmp(key, "rate"))
			err = kstrtouint(value, 10, rate);
		else
			err = -EINVAL;
		if (err)
			return zblock_refuse_arg(policy->dev, policy->ops->name,
						 key, value, err);
	}
	if (!err && (!*age || !*rate || *size > policy->ops->size_max)) {
		pr_err("%s: %s needs age=, a rate other than 0, and %s= of %u at most\n",
		       policy->dev->disk->disk_name, policy->ops->name,
		       policy->ops->size, policy->ops->size_max);
		return -EINVAL;
	}
	return err;
}

/**
 * zblock_policy_store() - what was written to its attribute
 * @d: as an attribute has it
 * @attr: the same
 * @buf: the same; it is taken apart
 * @len: the same
 *
 * The policy goes on or off, or stays as it was.
 *
 * Context: process; may sleep.
 * Return: @len; -EINVAL or -ERANGE for what is no policy, what ops->check() says
 */
ssize_t zblock_policy_store(struct device *d, struct device_attribute *attr,
			    const char *buf, size_t len)
{
	struct zblock_policy *policy = policy_of(d, attr);
	u32 age = 0, size = 0, rate = ZBLOCK_POLICY_RATE;
	bool off = sysfs_streq(buf, "off");
	int err = off ? 0 : parse(policy, (char *)buf, &age, &size, &rate);

	if (!err)
		err = zblock_begin_op(policy->dev);
	if (err)
		return err;
	if (off) {
		zblock_policy_stop(policy);
	} else {
		err = policy->ops->check(policy->dev);
		if (!err)
			start(policy, age, size, rate);
	}
	mutex_unlock(&policy->dev->op_lock);
	return err ? err : len;
}

/*
 * Nothing is to reach a backing device between the snapshot that hibernation makes and the
 * end of power. Told before tasks are frozen, and what a loop device or an nbd server needs
 * with them: so a step that is under way ends. (Frozen workers would have to be waited
 * for, and suspend would fail.)
 */
static int tell_asleep(struct notifier_block *nb, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		WRITE_ONCE(asleep, true);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		WRITE_ONCE(asleep, false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block asleep_nb = { .notifier_call = tell_asleep };

/**
 * zblock_policies_init() - learn when the machine sleeps
 *
 * Return: 0 or an error
 */
int __init zblock_policies_init(void)
{
	return register_pm_notifier(&asleep_nb);
}

/**
 * zblock_policies_exit() - the reverse
 *
 * Context: process; may sleep.
 */
void zblock_policies_exit(void)
{
	unregister_pm_notifier(&asleep_nb);
}
