/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - an array of 64-bit entries that grows on use: table.c
 */
#ifndef _ZSPOOL_TABLE_H
#define _ZSPOOL_TABLE_H

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct zs_table - an array that grows by chunks of one page
 * @chunk: the chunks; an entry, once set, stays until the table goes
 * @nr: number of entries that may come to be
 * @chunks: chunks there are
 * @lock: growing
 *
 * Read without a lock: a chunk is published by smp_store_release().
 */
struct zs_table {
	void **chunk;
	unsigned long nr;
	unsigned long chunks;
	spinlock_t lock;		/* growing */
};

/*
 * spin_lock(), out of the way of what is in a hurry: where the kernel has it inlined it
 * takes some twenty instructions.
 */
#ifdef CONFIG_INLINE_SPIN_LOCK
void zs_lock(spinlock_t *lock) __acquires(lock);
#else
#define zs_lock(lock)	spin_lock(lock)
#endif

#define ZS_CHUNK_SHIFT	(PAGE_SHIFT - 3)	/* entries of eight bytes */
#define ZS_CHUNK_MASK	(BIT(ZS_CHUNK_SHIFT) - 1)

int zs_table_init(struct zs_table *table, unsigned long nr);
void zs_table_exit(struct zs_table *table);
int zs_table_grow(struct zs_table *table, unsigned long i, gfp_t gfp);

/* The entry @i, or NULL if its chunk was never made. */
static inline u64 *zs_table_entry(const struct zs_table *table,
				  unsigned long i)
{
	u64 *chunk;

	if (unlikely(i >= table->nr))
		return NULL;
	/* pairs with zs_table_grow() */
	chunk = smp_load_acquire(&table->chunk[i >> ZS_CHUNK_SHIFT]);
	return chunk ? chunk + (i & ZS_CHUNK_MASK) : NULL;
}

/* An entry that is known to be there: no one is taken out again. */
static inline u64 *zs_table_at(const struct zs_table *table, unsigned long i)
{
	u64 *chunk = READ_ONCE(table->chunk[i >> ZS_CHUNK_SHIFT]);

	return chunk + (i & ZS_CHUNK_MASK);
}

static inline unsigned long zs_table_bytes(const struct zs_table *table)
{
	return READ_ONCE(table->chunks) * PAGE_SIZE +
	       DIV_ROUND_UP(table->nr, 1UL << ZS_CHUNK_SHIFT) * sizeof(void *);
}

#endif /* _ZSPOOL_TABLE_H */
