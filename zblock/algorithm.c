// SPDX-License-Identifier: GPL-2.0-only
/*
 * algorithm.c - which algorithms a device is to use, and how
 *
 * Chosen before disksize, which makes codecs of them. Names, formats and errors
 * are zram's, but that what is wrong is refused where it is written, and not by
 * disksize or never.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include "zblock.h"

/* As zram: what is longer is not even looked up. */
#define ALGORITHM_NAME_MAX	128

#define PRIO_NONE		(-1)

static void set_algorithm(struct zblock *dev, unsigned int prio,
			  const struct zblock_codec_ops *ops,
			  const struct zblock_codec_params *params)
{
	static const struct zblock_codec_params defaults = {
		.level		= ZBLOCK_PARAM_DEFAULT,
		.winbits	= ZBLOCK_PARAM_DEFAULT,
	};
	const void *old;

	down_write(&dev->init_lock);
	old = dev->algorithm[prio].params.dict;
	dev->algorithm[prio].ops = ops;
	dev->algorithm[prio].params = params ? *params : defaults;
	up_write(&dev->init_lock);
	vfree(old);
}

/**
 * zblock_algorithms_reset() - back to one algorithm, the default, as it is
 * @dev: the device; it has no codecs, and nobody else changes it
 *
 * Context: process; may sleep.
 */
void zblock_algorithms_reset(struct zblock *dev)
{
	unsigned int prio;

	for (prio = 0; prio < ZBLOCK_ALGORITHMS; prio++)
		set_algorithm(dev, prio, prio == ZBLOCK_PRIMARY ?
					 zblock_codec_default() : NULL, NULL);
}

/**
 * zblock_algorithm_prio() - find the priority of an algorithm by its name
 * @dev: the device; op_lock or init_lock is held
 * @name: the name
 * @first: where to begin to look
 *
 * Return: the first priority of this algorithm, -EINVAL if there is none
 */
int zblock_algorithm_prio(struct zblock *dev, const char *name,
			  unsigned int first)
{
	unsigned int prio;

	for (prio = first; prio < ZBLOCK_ALGORITHMS; prio++) {
		const struct zblock_codec_ops *ops = dev->algorithm[prio].ops;

		if (ops && !strcmp(ops->name, name))
			return prio;
	}
	return -EINVAL;
}

/* Choose an algorithm; its parameters are the defaults from then on. */
static int choose(struct zblock *dev, unsigned int prio, const char *name,
		  const char *attribute)
{
	const struct zblock_codec_ops *ops;
	int err;

	if (strlen(name) >= ALGORITHM_NAME_MAX)
		return zblock_refuse(dev, attribute, name, -E2BIG);
	ops = zblock_codec_find(name);
	if (!ops)
		return zblock_refuse(dev, attribute, name, -EINVAL);
	err = zblock_begin_change(dev, attribute);
	if (err)
		return err;
	set_algorithm(dev, prio, ops, NULL);
	mutex_unlock(&dev->op_lock);
	return 0;
}

static ssize_t comp_algorithm_show(struct device *d,
				   struct device_attribute *attr, char *buf)
{
	struct zblock *dev = zblock_of(d);
	ssize_t ret;

	down_read(&dev->init_lock);
	ret = zblock_codec_list(dev->algorithm[ZBLOCK_PRIMARY].ops, buf, 0);
	up_read(&dev->init_lock);
	return ret;
}

static ssize_t comp_algorithm_store(struct device *d,
				    struct device_attribute *attr,
				    const char *buf, size_t len)
{
	int err = choose(zblock_of(d), ZBLOCK_PRIMARY, buf,
			 attr->attr.name);

	return err ? err : len;
}
ZBLOCK_ATTR_RW(comp_algorithm);

#ifdef CONFIG_ZBLOCK_RECOMPRESS
static ssize_t recomp_algorithm_show(struct device *d,
				     struct device_attribute *attr, char *buf)
{
	struct zblock *dev = zblock_of(d);
	unsigned int prio;
	ssize_t at = 0;

	down_read(&dev->init_lock);
	for (prio = ZBLOCK_PRIMARY + 1; prio < ZBLOCK_ALGORITHMS; prio++) {
		if (!dev->algorithm[prio].ops)
			continue;
		at += sysfs_emit_at(buf, at, "#%u: ", prio);
		at += zblock_codec_list(dev->algorithm[prio].ops, buf, at);
	}
	up_read(&dev->init_lock);
	return at;
}

static ssize_t recomp_algorithm_store(struct device *d,
				      struct device_attribute *attr,
				      const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	char *args = (char *)buf, *key, *value, *name = NULL;
	int prio = ZBLOCK_PRIMARY + 1;
	int err;

	while ((err = zblock_next_arg(dev, attr->attr.name, &args, &key,
				      &value)) > 0) {
		if (!strcmp(key, "algo"))
			name = value;
		else if (!strcmp(key, "priority"))
			err = kstrtoint(value, 10, &prio);
		else
			err = -EINVAL;
		if (err < 0)
			return zblock_refuse_arg(dev, attr->attr.name, key,
						 value, err);
	}
	if (err)
		return err;
	if (!name || prio <= ZBLOCK_PRIMARY || prio >= ZBLOCK_ALGORITHMS) {
		pr_err("%s: recomp_algorithm needs algo=, and takes priority=%u to %u\n",
		       dev->disk->disk_name, ZBLOCK_PRIMARY + 1,
		       ZBLOCK_ALGORITHMS - 1);
		return -EINVAL;
	}
	err = choose(dev, prio, name, attr->attr.name);
	return err ? err : len;
}
ZBLOCK_ATTR_RW(recomp_algorithm);
#endif

/**
 * struct wish - what was written to algorithm_params
 * @name: NULL: not given
 * @prio: PRIO_NONE: not given
 * @dict: path of the dictionary, NULL: not given
 * @params: the rest, and the dictionary once it is read
 */
struct wish {
	const char *name;
	int prio;
	const char *dict;
	struct zblock_codec_params params;
};

/* The number that stands for "not given" is none that can be given. */
static int parse_number(const char *value, int *number)
{
	int err = kstrtoint(value, 10, number);

	if (!err && *number == ZBLOCK_PARAM_DEFAULT)
		err = -ERANGE;
	return err;
}

static int parse_prio(const char *value, int *prio)
{
	int err = kstrtoint(value, 10, prio);

	if (!err && (*prio < ZBLOCK_PRIMARY || *prio >= ZBLOCK_ALGORITHMS))
		err = -EINVAL;
	return err;
}

static int parse_params(struct zblock *dev, char *args, struct wish *wish)
{
	char *key, *value;
	bool any = false;
	int err;

	while ((err = zblock_next_arg(dev, "algorithm_params", &args, &key,
				      &value)) > 0) {
		any = true;
		if (!strcmp(key, "algo"))
			wish->name = value;
		else if (!strcmp(key, "priority"))
			err = parse_prio(value, &wish->prio);
		else if (!strcmp(key, "level"))
			err = parse_number(value, &wish->params.level);
		else if (!strcmp(key, "deflate.winbits"))
			err = parse_number(value, &wish->params.winbits);
		else if (!strcmp(key, "dict"))
			wish->dict = value;
		else
			err = -EINVAL;
		if (err < 0)
			return zblock_refuse_arg(dev, "algorithm_params", key,
						 value, err);
	}
	return err < 0 || any ? err :
	       zblock_refuse(dev, "algorithm_params", "", -EINVAL);
}

static int read_dict(struct zblock *dev, struct wish *wish)
{
	void *dict = NULL;
	ssize_t size;

	if (!wish->dict)
		return 0;
	size = kernel_read_file_from_path(wish->dict, 0, &dict,
					  ZBLOCK_DICT_MAX, NULL,
					  READING_POLICY);
	if (size <= 0) {
		pr_err("%s: algorithm_params: cannot read the dictionary %.64s: %zd\n",
		       dev->disk->disk_name, wish->dict, size);
		return size ? size : -EINVAL;
	}
	wish->params.dict = dict;
	wish->params.dict_size = size;
	return 0;
}

/* The priority that is meant; it has an algorithm, and that of the name given. */
static int find_prio(struct zblock *dev, const struct wish *wish)
{
	const struct zblock_codec_ops *ops;

	if (wish->prio == PRIO_NONE && wish->name)
		return zblock_algorithm_prio(dev, wish->name, ZBLOCK_PRIMARY);
	if (wish->prio == PRIO_NONE)
		return ZBLOCK_PRIMARY;
	ops = dev->algorithm[wish->prio].ops;
	if (!ops || (wish->name && strcmp(ops->name, wish->name)))
		return -EINVAL;
	return wish->prio;
}

static int grant(struct zblock *dev, const struct wish *wish)
{
	const struct zblock_codec_ops *ops;
	int prio, err;

	lockdep_assert_held(&dev->op_lock);
	prio = find_prio(dev, wish);
	if (prio < 0) {
		pr_err("%s: algorithm_params: no such algorithm is chosen\n",
		       dev->disk->disk_name);
		return prio;
	}
	ops = dev->algorithm[prio].ops;
	err = zblock_codec_check(ops, &wish->params);
	if (err) {
		pr_err("%s: algorithm_params: %s %s: %d\n",
		       dev->disk->disk_name, ops->name,
		       err == -EOPNOTSUPP ? "does not take such a parameter" :
		       "refuses a parameter's value", err);
		return err;
	}
	set_algorithm(dev, prio, ops, &wish->params);
	return 0;
}

/* All parameters of an algorithm at once: those not given are the defaults. */
static ssize_t algorithm_params_store(struct device *d,
				      struct device_attribute *attr,
				      const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	struct wish wish = {
		.prio = PRIO_NONE,
		.params = {
			.level		= ZBLOCK_PARAM_DEFAULT,
			.winbits	= ZBLOCK_PARAM_DEFAULT,
		},
	};
	int err;

	err = parse_params(dev, (char *)buf, &wish);
	if (err)
		return err;
	err = zblock_begin_change(dev, attr->attr.name);
	if (err)
		return err;
	err = read_dict(dev, &wish);
	if (!err)
		err = grant(dev, &wish);
	mutex_unlock(&dev->op_lock);
	if (err)
		vfree(wish.params.dict);
	return err ? err : len;
}
ZBLOCK_ATTR_WO(algorithm_params);
