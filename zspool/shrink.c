// SPDX-License-Identifier: GPL-2.0-only
/*
 * shrink.c - under memory pressure: give the stock back, then compact
 */
#include <linux/init.h>
#include <zspool_compat.h>
#include "internal.h"

static struct shrinker *zs_shrinker;

static unsigned long shrink_count(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	unsigned long pages = 0;
	struct zspool *pool;

	/* never wait in reclaim: another may hold it and be in reclaim too */
	if (!mutex_trylock(&zs_pools_lock))
		return 0;
	list_for_each_entry(pool, &zs_pools, link)
		pages += READ_ONCE(pool->nr_stock) + zs_compact_estimate(pool);
	mutex_unlock(&zs_pools_lock);
	return pages;
}

static unsigned long shrink_scan(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	unsigned long freed = 0;
	struct zspool *pool;

	if (!mutex_trylock(&zs_pools_lock))
		return SHRINK_STOP;
	list_for_each_entry(pool, &zs_pools, link) {
		freed += zs_stock_drain(pool);
		if (freed >= sc->nr_to_scan)
			break;
		/* a compaction under way does it already */
		if (mutex_trylock(&pool->compact_lock)) {
			freed += zs_compact_some(pool, sc->nr_to_scan - freed);
			mutex_unlock(&pool->compact_lock);
		}
		if (freed >= sc->nr_to_scan)
			break;
	}
	/* start with another pool next time */
	if (!list_empty(&zs_pools))
		list_rotate_left(&zs_pools);
	mutex_unlock(&zs_pools_lock);
	return freed ? freed : SHRINK_STOP;
}

/**
 * zs_shrink_init() - let the kernel ask for what compaction can free
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM
 */
int __init zs_shrink_init(void)
{
	int err;

	zs_shrinker = zs_compat_shrinker_alloc();
	if (!zs_shrinker)
		return -ENOMEM;
	zs_shrinker->count_objects = shrink_count;
	zs_shrinker->scan_objects = shrink_scan;
	zs_shrinker->batch = 0;
	zs_shrinker->seeks = DEFAULT_SEEKS;
	err = zs_compat_shrinker_register(zs_shrinker);
	if (err)
		zs_compat_shrinker_discard(zs_shrinker);
	return err;
}

/**
 * zs_shrink_exit() - the end of zs_shrink_init()
 *
 * Context: process; waits for a shrinker that is at work.
 */
void zs_shrink_exit(void)
{
	zs_compat_shrinker_free(zs_shrinker);
}
