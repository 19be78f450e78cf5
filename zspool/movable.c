// SPDX-License-Identifier: GPL-2.0-only
/*
 * movable.c - which way pages are made movable; chosen once, at load
 *
 *   movable_ops  up to 6.16: pages carry our callbacks (movable_ops.c)
 *   page_type    from 6.17, where no zsmalloc wants the page type: the same
 *                callbacks, registered for the type (movable_ops.c)
 *   page_cache   any kernel: pages of a private inode, moved by its a_ops
 *                (movable_cache.c)
 *   none         plain unmovable pages, for comparison
 */
#define pr_fmt(fmt) "zspool: " fmt

#include <linux/module.h>
#include <linux/string.h>
#include <zspool_compat.h>
#include "internal.h"

const struct zs_route *zs_route = &zs_route_none;

static bool movable = true;
module_param(movable, bool, 0444);
MODULE_PARM_DESC(movable, "the VM may move the pages of pools (default: y)");

static char *route;
module_param(route, charp, 0444);
MODULE_PARM_DESC(route, "how pages are made movable: movable_ops, page_type, page_cache or none (default: the first that works)");

const struct zs_route zs_route_none = {
	.name = "none",
};

static const struct zs_route * const routes[] = {
	&zs_route_ops,
#ifdef ZSPOOL_PAGE_CACHE
	&zs_route_cache,
#endif
	&zs_route_none,
};

static int __init use(const struct zs_route *r)
{
	int err = r->init ? r->init() : 0;

	if (!err)
		zs_route = r;
	return err;
}

/* The way the user named: that one or none. */
static int __init use_named(const char *name)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(routes); i++) {
		if (strcmp(routes[i]->name, name))
			continue;
		if (!movable && routes[i] != &zs_route_none) {
			pr_err("movable=0 and route=%s: which?\n", name);
			return -EINVAL;
		}
		err = use(routes[i]);
		if (err)
			pr_err("route %s does not work on this kernel: %d\n",
			       name, err);
		return err;
	}
	pr_err("no route named %s on this kernel\n", name);
	return -EINVAL;
}

static int __init use_first(void)
{
	int err;

	if (!movable)
		return use(&zs_route_none);
	/* Not the page type where that would keep zsmalloc from loading. */
	if (ZS_COMPAT_OPS_SHARED) {
		err = use(&zs_route_ops);
		if (!err)
			return 0;
	}
#ifdef ZSPOOL_PAGE_CACHE
	err = use(&zs_route_cache);
	if (!err)
		return 0;
#else
	err = -EOPNOTSUPP;
#endif
	pr_warn("no route works on this kernel: %d\n", err);
	return use(&zs_route_none);
}

/**
 * zs_route_init() - choose how pages are made movable, by the parameters
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL for a name that is none, or a way with movable=0; why the named
 * route cannot be had
 */
int __init zs_route_init(void)
{
	int err = route && *route ? use_named(route) : use_first();

	if (err)
		return err;
	if (zs_route == &zs_route_none)
		pr_info("pages are not movable: movable=0, or no route is there\n");
	else
		pr_info("pages are movable by route: %s\n", zs_route->name);
	return 0;
}

/**
 * zs_route_exit() - undo zs_route_init(); there is no pool any more
 *
 * Context: process; sleeps.
 */
void zs_route_exit(void)
{
	if (zs_route->exit)
		zs_route->exit();
	/* who has just given a page to the VM may yet have to return from here */
	synchronize_rcu_tasks();
}
