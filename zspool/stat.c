// SPDX-License-Identifier: GPL-2.0-only
/*
 * stat.c - a pool's figures, read as they go by, without a lock
 *
 * Reading them stops nobody, and those that belong together may differ by what
 * happened in between.
 */
#include <linux/export.h>
#include <linux/string.h>
#include "internal.h"

/**
 * zs_class_zspages() - the zspages of a class, those that are moving too
 * @class: the class
 *
 * Context: any; takes no lock.
 * Return: how many
 */
unsigned long zs_class_zspages(const struct size_class *class)
{
	unsigned long nr = READ_ONCE(class->moving);
	int g;

	for (g = 0; g < ZS_GROUPS; g++)
		nr += READ_ONCE(class->zspages[g]);
	return nr;
}

/**
 * zs_class_moving() - zspages have been taken off the lists, or put back
 * @class: the class
 * @n: how many more
 *
 * Context: class->lock held.
 */
void zs_class_moving(struct size_class *class, int n)
{
	lockdep_assert_held(&class->lock);
	/* zs_class_zspages() counts them without the lock */
	WRITE_ONCE(class->moving, class->moving + n);
}

/**
 * zspool_get_stats() - a pool's figures
 * @pool: the pool
 * @stats: filled in
 *
 * Context: any; takes no lock.
 */
void zspool_get_stats(struct zspool *pool, struct zspool_stats *stats)
{
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	for (i = 0; i < zs_nr_classes; i++) {
		struct size_class *class = &pool->classes[i];
		unsigned long zspages = zs_class_zspages(class);
		unsigned long inuse = READ_ONCE(class->inuse);

		stats->objects += inuse;
		stats->stored += (u64)inuse * class->size;
		stats->zspages += zspages;
		stats->meta += zspages * zs_zspage_bytes(class);
	}
	stats->pages = zspool_total_pages(pool);
	stats->stock = READ_ONCE(pool->nr_stock);
	stats->meta += zs_table_bytes(&pool->words) +
		       zs_table_bytes(&pool->zspages) + sizeof(*pool) +
		       PAGE_SIZE +	/* put_off */
		       zs_nr_classes * sizeof(struct size_class);
	stats->compacted = atomic_long_read(&pool->count[ZS_COMPACTED]);
	stats->deferred = atomic_long_read(&pool->count[ZS_DEFERRED]);
}
EXPORT_SYMBOL_GPL(zspool_get_stats);
