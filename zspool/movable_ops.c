// SPDX-License-Identifier: GPL-2.0-only
/*
 * movable_ops.c - movable by callbacks: isolate, migrate, put back
 *
 * The VM calls all three with the folio lock held. Which mark a page carries
 * to be found differs between kernels: compat/zspool_compat.h.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <zspool_compat.h>
#include "internal.h"

static bool ops_isolate(struct page *page, isolate_mode_t mode)
{
	return !zs_stock_steal(page) && zs_isolate(page);
}

static const struct movable_operations ops;

static int ops_migrate(struct page *dst, struct page *src,
		       enum migrate_mode mode)
{
	struct zs_move move;
	int err;

	err = zs_move_begin(&move, src, mode);
	if (err)
		return err;
	copy_highpage(dst, src);
	set_page_private(dst, (unsigned long)move.zspage);
	zs_compat_page_arm(dst, &ops);
	get_page(dst);
	zs_move_end(&move, dst, 0);
	set_page_private(src, 0);
	zs_compat_page_disarm(src);
	put_page(src);
	return 0;
}

static const struct movable_operations ops = {
	.isolate_page = ops_isolate,
	.migrate_page = ops_migrate,
	.putback_page = zs_putback,
};

static int __init ops_init(void)
{
	return zs_compat_ops_claim(&ops);
}

static void ops_exit(void)
{
	zs_compat_ops_yield();
}

static bool ops_enter(struct zspool *pool, struct page *page, gfp_t gfp)
{
	/* nobody has it yet */
	if (WARN_ON_ONCE(!trylock_page(page)))
		return false;
	zs_compat_page_arm(page, &ops);
	unlock_page(page);
	return true;
}

const struct zs_route zs_route_ops __refconst = {
	.name = ZS_COMPAT_OPS_NAME,
	.init = ops_init,
	.exit = ops_exit,
	.enter = ops_enter,
	.leave = zs_compat_page_disarm,
};
