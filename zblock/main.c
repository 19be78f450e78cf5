// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - zblock, a compressed block device in memory on top of zspool
 *
 * The name of everything the module makes is a parameter, so that with
 * name=zram it stands in for zram where tools expect that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "zblock.h"

static unsigned int num_devices = 1;
module_param(num_devices, uint, 0444);
MODULE_PARM_DESC(num_devices, "Number of devices to begin with (1)");

char *zblock_name = "zblock";
module_param_named(name, zblock_name, charp, 0444);
MODULE_PARM_DESC(name, "Name of the devices and of the class (zblock)");

/* What is in no hurry. Units that have lost pages, and late ones, hold memory until then. */
struct workqueue_struct *zblock_lazy_wq;

/* It becomes part of the names of files and of devices. */
static bool name_is_sane(const char *name)
{
	size_t len = strnlen(name, ZBLOCK_NAME_MAX + 1);
	size_t i;

	if (!len || len > ZBLOCK_NAME_MAX || !isalpha(name[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && name[i] != '-' && name[i] != '_'))
			return false;
	return true;
}

static int add_devices(void)
{
	unsigned int i;

	for (i = 0; i < num_devices; i++) {
		int ret = zblock_add();

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int __init zblock_init(void)
{
	int err;

	if (!name_is_sane(zblock_name)) {
		pr_err("name: 1 to %u letters, digits, - and _, a letter first\n",
		       ZBLOCK_NAME_MAX);
		return -EINVAL;
	}
	if (!zblock_codec_default()) {
		pr_err("built without any algorithm\n");
		return -ENODEV;
	}
	err = IS_ENABLED(CONFIG_ZBLOCK_LARGE) ? zblock_helpers_init() : 0;
	if (err)
		return err;
	err = zblock_major_init();
	if (err)
		goto out_helpers;

	zblock_lazy_wq = alloc_workqueue("zblock_lazy",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!zblock_lazy_wq) {
		err = -ENOMEM;
		goto out_major;
	}
	err = IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) ? zblock_readback_init() : 0;
	if (err)
		goto out_lazy;
	err = ZBLOCK_POLICIES ? zblock_policies_init() : 0;
	if (err)
		goto out_readback;
	err = zblock_debugfs_init();
	if (err)
		goto out_policies;
	err = zblock_control_init();
	if (err)
		goto out_debugfs;
	err = add_devices();
	if (err)
		goto out_control;
	return 0;

out_control:
	zblock_control_exit();
	zblock_remove_all();
out_debugfs:
	zblock_debugfs_exit();
out_policies:
	if (ZBLOCK_POLICIES)
		zblock_policies_exit();
out_readback:
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		zblock_readback_exit();
out_lazy:
	destroy_workqueue(zblock_lazy_wq);
out_major:
	zblock_major_exit();
out_helpers:
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE))
		zblock_helpers_exit();
	return err;
}

/*
 * The class goes before the devices, though it came before them too: no device
 * may be added any more.
 */
static void __exit zblock_exit(void)
{
	zblock_control_exit();
	zblock_remove_all();
	zblock_debugfs_exit();
	if (ZBLOCK_POLICIES)
		zblock_policies_exit();
	if (IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK))
		zblock_readback_exit();
	destroy_workqueue(zblock_lazy_wq);
	zblock_major_exit();
	if (IS_ENABLED(CONFIG_ZBLOCK_LARGE))
		zblock_helpers_exit();
}

module_init(zblock_init);
module_exit(zblock_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Compressed block device in memory, on top of zspool");
