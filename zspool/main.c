// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load in order, unload in exact reverse
 */
#include <linux/module.h>
#include "internal.h"

struct workqueue_struct *zs_wq;

static int __init zspool_init(void)
{
	int err;

	zs_class_init();
	err = zs_pin_time_init();
	if (err)
		goto exit_pin_time;
	zs_wq = alloc_workqueue("zspool", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!zs_wq) {
		err = -ENOMEM;
		goto exit_pin_time;
	}
	zs_debugfs_init();
	err = zs_zspage_cache_init();
	if (err)
		goto exit_debugfs;
	err = zs_tidy_init();
	if (err)
		goto exit_cache;
	err = zs_route_init();
	if (err)
		goto exit_tidy;
	err = zs_shrink_init();
	if (err)
		goto exit_route;
	return 0;

exit_route:
	zs_route_exit();
exit_tidy:
	zs_tidy_exit();
exit_cache:
	zs_zspage_cache_exit();
exit_debugfs:
	zs_debugfs_exit();
	destroy_workqueue(zs_wq);
exit_pin_time:
	/* made by a parameter, before anything here */
	zs_pin_time_exit();
	return err;
}

static void __exit zspool_exit(void)
{
	zs_shrink_exit();
	zs_route_exit();
	zs_tidy_exit();
	zs_zspage_cache_exit();
	zs_debugfs_exit();
	destroy_workqueue(zs_wq);
	zs_pin_time_exit();
}

module_init(zspool_init);
module_exit(zspool_exit);

MODULE_DESCRIPTION("zspage allocator whose every page the VM can move");
MODULE_AUTHOR("the zspool and zblock developers");
MODULE_LICENSE("GPL");
