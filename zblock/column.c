// SPDX-License-Identifier: GPL-2.0-only
/*
 * column.c - four bytes for each slot, for what its word has no room for; and for
 * each block of a backing device
 *
 * In pages that come when an entry in them is first used. Entries are read and
 * written without a lock: whether that is enough is for the owner to know.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "zblock.h"

#define CHUNK_SHIFT	(PAGE_SHIFT - 2)	/* entries of four bytes */
#define CHUNK_MASK	(BIT(CHUNK_SHIFT) - 1)

/**
 * struct zblock_column - the table
 * @nr_chunks: constant
 * @used: chunks there are
 * @chunk: pages of entries; a chunk, once set, stays until the table goes
 */
struct zblock_column {
	unsigned long nr_chunks;
	atomic_long_t used;
	u32 *chunk[];
};

/**
 * zblock_column_create() - a table of zeros
 * @nr_pages: slots
 *
 * Context: process; may sleep.
 * Return: the table, or NULL if there is no memory
 */
struct zblock_column *zblock_column_create(unsigned long nr_pages)
{
	unsigned long chunks = DIV_ROUND_UP(nr_pages, BIT(CHUNK_SHIFT));
	struct zblock_column *column;

	column = kvzalloc(struct_size(column, chunk, chunks),
			  GFP_KERNEL | __GFP_NOWARN);
	if (column)
		column->nr_chunks = chunks;
	return column;
}

/**
 * zblock_column_destroy() - the reverse of zblock_column_create()
 * @column: may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_column_destroy(struct zblock_column *column)
{
	unsigned long i;

	if (!column)
		return;
	for (i = 0; i < column->nr_chunks; i++)
		free_page((unsigned long)column->chunk[i]);
	kvfree(column);
}

static u32 *load_chunk(u32 *const *slot)
{
	/* pairs with grow(): its zeros can be seen */
	return smp_load_acquire(slot);
}

/* Make a chunk; who comes second gives his back. */
static u32 *grow(struct zblock_column *column, u32 **slot)
{
	u32 *chunk = (u32 *)get_zeroed_page(GFP_NOIO | __GFP_NOWARN);
	u32 *old;

	if (!chunk)
		return NULL;
	old = cmpxchg_release(slot, NULL, chunk);
	if (old) {
		free_page((unsigned long)chunk);
		return old;
	}
	atomic_long_inc(&column->used);
	return chunk;
}

/**
 * zblock_column_prepare() - see to it that there is an entry
 * @column: the table
 * @index: the slot
 *
 * Context: process, reclaim too; no pin held.
 * Return: false if there is no memory for it
 */
bool zblock_column_prepare(struct zblock_column *column, unsigned long index)
{
	u32 **slot = &column->chunk[index >> CHUNK_SHIFT];

	return load_chunk(slot) || grow(column, slot);
}

/**
 * zblock_column_set() - write an entry; nothing if it was not prepared
 * @column: the table
 * @index: the slot
 * @value: what to write
 *
 * Context: any.
 */
void zblock_column_set(struct zblock_column *column, unsigned long index,
		       u32 value)
{
	u32 *chunk = load_chunk(&column->chunk[index >> CHUNK_SHIFT]);

	if (likely(chunk))
		WRITE_ONCE(chunk[index & CHUNK_MASK], value);
}

/**
 * zblock_column_get() - read an entry
 * @column: the table
 * @index: the slot
 *
 * Context: any.
 * Return: what was written last, or 0
 */
u32 zblock_column_get(const struct zblock_column *column, unsigned long index)
{
	const u32 *chunk = load_chunk(&column->chunk[index >> CHUNK_SHIFT]);

	return chunk ? READ_ONCE(chunk[index & CHUNK_MASK]) : 0;
}

#ifdef CONFIG_ZBLOCK_WRITEBACK
/**
 * zblock_column_counter() - an entry that is counted up and down
 * @column: the table
 * @index: of an entry that was prepared
 *
 * Context: any.
 */
atomic_t *zblock_column_counter(struct zblock_column *column,
				unsigned long index)
{
	u32 *chunk = load_chunk(&column->chunk[index >> CHUNK_SHIFT]);

	static_assert(sizeof(atomic_t) == sizeof(*chunk));
	return (atomic_t *)&chunk[index & CHUNK_MASK];
}
#endif

/**
 * zblock_column_bytes() - memory that the table takes
 * @column: may be NULL
 *
 * Context: any.
 */
size_t zblock_column_bytes(const struct zblock_column *column)
{
	if (!column)
		return 0;
	return struct_size(column, chunk, column->nr_chunks) +
	       atomic_long_read(&column->used) * PAGE_SIZE;
}
