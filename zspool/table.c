// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - an array of 64-bit entries that grows on use
 *
 * A directory for the largest size is made at once (eight bytes for each
 * page of entries); the pages come when an entry in them is first needed and
 * stay until the table goes, so that readers need neither lock nor RCU.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include "table.h"

#ifdef CONFIG_INLINE_SPIN_LOCK
void zs_lock(spinlock_t *lock)
{
	spin_lock(lock);
}
#endif

/**
 * zs_table_init() - make an empty table
 * @table: the table
 * @nr: entries it may have at most
 *
 * Context: process; sleeps (GFP_KERNEL).
 * Return: 0 or -ENOMEM
 */
int zs_table_init(struct zs_table *table, unsigned long nr)
{
	unsigned long chunks = DIV_ROUND_UP(nr, 1UL << ZS_CHUNK_SHIFT);

	table->chunk = kvcalloc(chunks, sizeof(*table->chunk),
				GFP_KERNEL | __GFP_NOWARN);
	if (!table->chunk)
		return -ENOMEM;
	table->nr = nr;
	table->chunks = 0;
	spin_lock_init(&table->lock);
	return 0;
}

/**
 * zs_table_exit() - free a table that nobody uses any more
 * @table: the table
 *
 * Context: process.
 */
void zs_table_exit(struct zs_table *table)
{
	unsigned long i;

	for (i = 0; i < DIV_ROUND_UP(table->nr, 1UL << ZS_CHUNK_SHIFT); i++)
		free_page((unsigned long)table->chunk[i]);
	kvfree(table->chunk);
}

/**
 * zs_table_grow() - make sure that an entry is there
 * @table: the table
 * @i: the entry
 * @gfp: how to allocate; the placement bits of pool pages are ignored
 *
 * Context: as @gfp says.
 * Return: 0, -EINVAL past the end, -ENOMEM
 */
int zs_table_grow(struct zs_table *table, unsigned long i, gfp_t gfp)
{
	void **slot;
	void *chunk;

	if (i >= table->nr)
		return -EINVAL;
	slot = &table->chunk[i >> ZS_CHUNK_SHIFT];
	if (likely(READ_ONCE(*slot)))
		return 0;

	/* it stays for as long as the table: nobody's memory cgroup is to wait for that */
	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_ACCOUNT);
	chunk = (void *)__get_free_page(gfp | __GFP_ZERO);
	if (!chunk)
		return -ENOMEM;

	zs_lock(&table->lock);
	if (!*slot) {
		/* the entries are zero before the chunk can be seen */
		smp_store_release(slot, chunk);
		WRITE_ONCE(table->chunks, table->chunks + 1);
		chunk = NULL;
	}
	spin_unlock(&table->lock);
	free_page((unsigned long)chunk);
	return 0;
}
