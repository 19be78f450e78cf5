// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the class <name>-control: hot_add and hot_remove
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/class.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <zblock_compat.h>
#include "zblock.h"

static char class_name[ZBLOCK_NAME_MAX + sizeof("-control")];

/**
 * zblock_name_taken() - does somebody else have a name in sysfs?
 * @where: a folder of /sys
 * @name: the name
 *
 * The kernel has no other way to ask whether a name is taken, and to find out
 * by taking it prints a stack trace. To be followed by taking it all the same:
 * sysfs may not be mounted, or another may come first.
 *
 * Context: process; may sleep.
 */
bool zblock_name_taken(const char *where, const char *name)
{
	char *file = kasprintf(GFP_KERNEL, "/sys/%s/%s", where, name);
	struct path path;
	bool found;

	if (!file)
		return false;
	found = !kern_path(file, 0, &path);
	if (found)
		path_put(&path);
	kfree(file);
	return found;
}

/* Reading this file makes a device and tells its number, as zram's does. */
static ssize_t hot_add_show(ZBLOCK_CLASS_CONST struct class *class,
			    ZBLOCK_CLASS_CONST struct class_attribute *attr,
			    char *buf)
{
	int ret = zblock_add();

	return ret < 0 ? ret : sysfs_emit(buf, "%d\n", ret);
}

static ssize_t hot_remove_store(ZBLOCK_CLASS_CONST struct class *class,
				ZBLOCK_CLASS_CONST struct class_attribute *attr,
				const char *buf, size_t len)
{
	int err, id;

	err = kstrtoint(buf, 10, &id);
	if (!err && id < 0)
		err = -EINVAL;
	if (!err)
		err = zblock_remove(id);
	if (err)
		pr_err("%s/hot_remove does not take \"%*pE\": %d\n", class_name,
		       (int)min_t(size_t, strcspn(buf, "\n"), 32), buf, err);
	return err ? err : len;
}
static CLASS_ATTR_WO(hot_remove);

/* Root alone: whoever reads all of sysfs should not make devices. */
static struct class_attribute class_attr_hot_add =
	__ATTR(hot_add, 0400, hot_add_show, NULL);

static struct attribute *control_attrs[] = {
	&class_attr_hot_add.attr,
	&class_attr_hot_remove.attr,
	NULL
};
ATTRIBUTE_GROUPS(control);

static struct class control_class = {
	.name		= class_name,
	.class_groups	= control_groups,
};

/**
 * zblock_control_init() - register the class
 *
 * Context: process; may sleep.
 * Return: 0; -EBUSY if there is a class of this name: the in-tree zram's. Not
 * -EEXIST, which modprobe takes for this module being loaded already.
 */
int __init zblock_control_init(void)
{
	int err = -EEXIST;

	snprintf(class_name, sizeof(class_name), "%s-control", zblock_name);
	if (!zblock_name_taken("class", class_name))
		err = class_register(&control_class);
	if (err == -EEXIST) {
		pr_err("another driver has the name %s\n", zblock_name);
		return -EBUSY;
	}
	if (err)
		pr_err("cannot register %s: %d\n", class_name, err);
	return err;
}

/**
 * zblock_control_exit() - unregister the class; waits for its users
 *
 * Context: process; may sleep.
 */
void zblock_control_exit(void)
{
	class_unregister(&control_class);
}
