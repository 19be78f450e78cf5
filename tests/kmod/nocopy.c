// SPDX-License-Identifier: GPL-2.0-only
/*
 * nocopy - asks zspool to move a page without copying it
 *
 * Kernels up to 6.10 have a migration mode in which a device copies the page,
 * not its owner. No stock driver can be had to use it in a guest, and none of
 * those kernels has KUnit, so this module calls as the VM would. Loading it
 * succeeds if zspool refuses for good, and the page is as it was; it fails with
 * -EOPNOTSUPP where the kernel has no such mode.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <zspool_compat.h>
#include "../../zspool/internal.h"

#define SIZE	1500

#ifdef HAVE_MIGRATE_SYNC_NO_COPY
static int begin_without_copy(struct zs_move *move, struct page *page)
{
	return zs_move_begin(move, page, MIGRATE_SYNC_NO_COPY);
}
#else
static int begin_without_copy(struct zs_move *move, struct page *page)
{
	return -EOPNOTSUPP;
}
#endif

static int try_page(struct zspool *pool, struct page *page)
{
	struct zs_move move;
	int err;

	lock_page(page);
	if (!zs_isolate(page)) {
		unlock_page(page);
		return -EBUSY;
	}
	err = begin_without_copy(&move, page);
	if (!err)
		zs_move_end(&move, NULL, -EAGAIN);
	zs_putback(page);
	unlock_page(page);
	if (err == -EOPNOTSUPP)
		return err;
	return err == -EINVAL && !zspool_check(pool) ? 0 : -EBADE;
}

static int __init nocopy_init(void)
{
	struct zspage *zspage;
	zspool_handle_t handle;
	struct zspool *pool;
	int err;

	pool = zspool_create("nocopy", 16, NULL, NULL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = zspool_alloc(pool, SIZE, GFP_KERNEL, NUMA_NO_NODE, &handle);
	if (!err) {
		zspage = zs_zspage_find(pool, zs_word_id(zspool_peek(pool,
								     handle)));
		err = try_page(pool, zspage->pages[0]);
	}
	zspool_destroy(pool);
	return err;
}

static void __exit nocopy_exit(void)
{
}

module_init(nocopy_init);
module_exit(nocopy_exit);

MODULE_DESCRIPTION("Asks zspool to move a page without copying it");
MODULE_LICENSE("GPL");
