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

/* Ours no more; the VM may still hold a reference. Folio lock held. */
static void disown(struct page *page)
{
	set_page_private(page, 0);
	zs_compat_page_disarm(page);
}

static bool ops_isolate(struct page *page, isolate_mode_t mode)
{
	struct zspool *pool = zs_stock_steal(page);

	if (pool) {
		/* it is empty: rather than move it, let it go */
		disown(page);
		put_page(page);
		zs_stock_stolen(pool);
		return false;
	}
	return zs_isolate(page);
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
	disown(src);
	put_page(src);
	return 0;
}

static void ops_putback(struct page *page)
{
	zs_putback(page);
}

static const struct movable_operations ops = {
	.isolate_page = ops_isolate,
	.migrate_page = ops_migrate,
	.putback_page = ops_putback,
};

static int ops_init(void)
{
	return zs_compat_ops_claim(&ops);
}

static void ops_exit(void)
{
	zs_compat_ops_yield();
}

static struct page *ops_alloc(struct zspool *pool, gfp_t gfp, int nid)
{
	struct page *page = alloc_pages_node(nid, gfp, 0);

	if (!page)
		return NULL;
	set_page_private(page, 0);
	/* nobody has it yet */
	if (WARN_ON_ONCE(!trylock_page(page))) {
		__free_page(page);
		return NULL;
	}
	zs_compat_page_arm(page, &ops);
	unlock_page(page);
	return page;
}

/* Under the owner's lock only: who comes from the page reads it meanwhile. */
static void ops_set_private(struct page *page, unsigned long private)
{
	WRITE_ONCE(page->private, private);
}

static bool ops_release(struct zspool *pool, struct page *page, bool wait)
{
	if (wait)
		lock_page(page);
	else if (!trylock_page(page))
		return false;
	disown(page);
	unlock_page(page);
	put_page(page);
	return true;
}

const struct zs_route zs_route_ops = {
	.name = ZS_COMPAT_OPS_NAME,
	.init = ops_init,
	.exit = ops_exit,
	.alloc = ops_alloc,
	.set_private = ops_set_private,
	.release = ops_release,
};
