/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - what is done to cold pages by itself: so much a second, a little at
 * a time
 *
 *	age=SECONDS [threshold=BYTES | size=BYTES] [rate=COUNT], or off
 *
 * A policy looks at its device with op_lock held, which others want as well. It
 * takes the lock for a moment only, lets it go for a tick, and comes back until
 * what its rate allows in a second has been done. Its priority is nobody's lower,
 * as it would hold op_lock, a decompressor or a pin while others have the CPU.
 */
#ifndef _ZBLOCK_POLICY_H
#define _ZBLOCK_POLICY_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include <zspool.h>

struct device;
struct device_attribute;
struct zblock;
struct zblock_policy;

#define ZBLOCK_POLICY_RATE	256	/* if none is given */

/**
 * struct zblock_policy_ops - of a kind of policy
 * @name: the attribute's
 * @size: the key of the size
 * @size_max: bytes
 * @check: 0 if the device can have such a policy, or an errno; op_lock held
 * @step: do some of what is @left to be done in this second, and spend it; is
 *	there more to do in it? The device has pages and ages; op_lock held
 */
struct zblock_policy_ops {
	const char *name;
	const char *size;
	u32 size_max;
	int (*check)(const struct zblock *dev);
	bool (*step)(struct zblock *dev, struct zblock_policy *policy, u32 left);
};

/**
 * struct zblock_policy - one of a device; op_lock
 * @ops: constant
 * @dev: constant
 * @work: takes a step
 * @second: when the second began, in jiffies; read without op_lock, too
 * @left: what may still be done in it
 * @next: the slot to go on with
 * @began: when it was at the first slot, in jiffies
 * @age: seconds that pages have not been used; 0: off
 * @size: bytes that they take at least
 * @rate: how many to do in a second
 */
struct zblock_policy {
	const struct zblock_policy_ops *ops;
	struct zblock *dev;
	struct delayed_work work;
	unsigned long second;
	u32 left;
	unsigned long next;
	u64 began;
	u32 age;
	u32 size;
	u32 rate;
};

/* Is there any kind? */
#define ZBLOCK_POLICIES	(IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS) || \
			 IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))

int zblock_policies_init(void);
void zblock_policies_exit(void);
bool zblock_chosen(struct zblock *dev, unsigned long index, zspool_word_t word,
		   unsigned int flags, u32 age, unsigned int size);
int zblock_parse_type(const char *name, unsigned int *flags);
void zblock_policy_init(struct zblock_policy *policy, struct zblock *dev,
			const struct zblock_policy_ops *ops);
void zblock_policy_stop(struct zblock_policy *policy);
void zblock_policy_recheck(struct zblock_policy *policy);
void zblock_policy_spend(struct zblock_policy *policy, u32 n);
ssize_t zblock_policy_show(struct device *d, struct device_attribute *attr,
			   char *buf);
ssize_t zblock_policy_store(struct device *d, struct device_attribute *attr,
			    const char *buf, size_t len);

#define ZBLOCK_ATTR_POLICY(name)					\
	struct device_attribute zblock_attr_##name =			\
		__ATTR(name, 0644, zblock_policy_show, zblock_policy_store)

#endif /* _ZBLOCK_POLICY_H */
