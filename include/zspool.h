/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zspool - a zspage allocator whose every page the VM can move
 *
 * zspool stores objects of up to one page densely in chains of order-0 pages
 * ("zspages"), one size class a chain, and lets the VM migrate each of those
 * pages (compaction, CMA, memory offline, soft offline) while they are in use.
 *
 * An object is known by its handle, a number below the pool's nr_handles. A
 * handle stands for one 64-bit word in a table that grows on use; the word
 * says where the object is, how long it is, and carries eight bits for the
 * owner. Bit 0 of the word is the pin: whoever holds it may read the object,
 * replace it or free it, and nothing moves it meanwhile. Migration and
 * compaction only ever try for a pin and skip what they cannot have.
 *
 * There are two kinds of pool:
 *
 *   plain     zspool_alloc() picks the handle. Use it like any allocator.
 *   numbered  the owner has numbers already (a block device has block
 *             numbers): handle = number, and the owner keeps its own per-slot
 *             state in the word, so that no second table is needed. See
 *             zspool_new(), zspool_pin(), zspool_swap(), zspool_drop().
 *
 * Two rules for everybody: never allocate memory, take a mutex or wait for I/O
 * while holding a pin (a pin may be waited for by reclaim); and take a second
 * pin by zspool_trypin(), or else always in one order of your handles.
 */
#ifndef _ZSPOOL_H
#define _ZSPOOL_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/types.h>

struct scatterlist;
struct zspool;

typedef u32 zspool_handle_t;

/*
 * The word of a handle. The low half holds everything that is ever changed by
 * somebody who does not hold the pin, so that 32-bit machines need no 64-bit
 * atomics.
 *
 *   0      PIN     the lock; held for the time of one copy or decompression
 *   1      WAIT    somebody sleeps for the pin
 *   2      DEFER   freed while pinned: whoever holds or takes the pin frees it
 *   3      OBJ     set: <location> names an object; clear: owner's value
 *   4-11   owner's flags
 *   12-    size in bytes, PAGE_SHIFT + 1 bits
 *   rest   location <zspage id, object index> or the owner's value
 */
typedef u64 zspool_word_t;

#define ZSPOOL_WORD_PIN		BIT_ULL(0)
#define ZSPOOL_WORD_WAIT	BIT_ULL(1)
#define ZSPOOL_WORD_DEFER	BIT_ULL(2)
#define ZSPOOL_WORD_OBJ		BIT_ULL(3)
#define ZSPOOL_WORD_SYNC	(ZSPOOL_WORD_PIN | ZSPOOL_WORD_WAIT | \
				 ZSPOOL_WORD_DEFER)
#define ZSPOOL_FLAGS_SHIFT	4
#define ZSPOOL_FLAGS_BITS	8
#define ZSPOOL_SIZE_SHIFT	(ZSPOOL_FLAGS_SHIFT + ZSPOOL_FLAGS_BITS)
#define ZSPOOL_SIZE_BITS	(PAGE_SHIFT + 1)
#define ZSPOOL_VALUE_SHIFT	(ZSPOOL_SIZE_SHIFT + ZSPOOL_SIZE_BITS)
#define ZSPOOL_VALUE_BITS	(64 - ZSPOOL_VALUE_SHIFT)

/* The largest number of handles of a pool. */
#define ZSPOOL_MAX_HANDLES	((1UL << 31) - 1)

static inline bool zspool_word_is_obj(zspool_word_t w)
{
	return w & ZSPOOL_WORD_OBJ;
}

/* Nothing stored, no flag set: as a handle that was never used. */
static inline bool zspool_word_is_empty(zspool_word_t w)
{
	return !(w & ~ZSPOOL_WORD_SYNC);
}

static inline unsigned int zspool_word_flags(zspool_word_t w)
{
	return (w >> ZSPOOL_FLAGS_SHIFT) & (BIT(ZSPOOL_FLAGS_BITS) - 1);
}

static inline unsigned int zspool_word_size(zspool_word_t w)
{
	return (w >> ZSPOOL_SIZE_SHIFT) & (BIT(ZSPOOL_SIZE_BITS) - 1);
}

/* @w with @size in place of its own. */
static inline zspool_word_t zspool_word_set_size(zspool_word_t w,
						 unsigned int size)
{
	w &= ~((u64)(BIT(ZSPOOL_SIZE_BITS) - 1) << ZSPOOL_SIZE_SHIFT);
	return w | (u64)size << ZSPOOL_SIZE_SHIFT;
}

/* The owner's number, where the word holds no object. */
static inline u64 zspool_word_value(zspool_word_t w)
{
	return w >> ZSPOOL_VALUE_SHIFT;
}

/* A word without an object: @flags, @size and a @value of ZSPOOL_VALUE_BITS. */
static inline zspool_word_t zspool_word_make(unsigned int flags,
					     unsigned int size, u64 value)
{
	return (u64)flags << ZSPOOL_FLAGS_SHIFT |
	       (u64)size << ZSPOOL_SIZE_SHIFT | value << ZSPOOL_VALUE_SHIFT;
}

/* @w with its owner's flags replaced by @flags. */
static inline zspool_word_t zspool_word_set_flags(zspool_word_t w,
						  unsigned int flags)
{
	w &= ~((u64)(BIT(ZSPOOL_FLAGS_BITS) - 1) << ZSPOOL_FLAGS_SHIFT);
	return w | (u64)flags << ZSPOOL_FLAGS_SHIFT;
}

/**
 * struct zspool_ops - what a pool tells its owner
 * @dropped: a zspool_free() has been carried out, at once or later; @word is
 *	what the handle held. Called with the pin held; must not sleep, and must
 *	not call back into the pool. May be NULL.
 */
struct zspool_ops {
	void (*dropped)(void *owner, zspool_handle_t handle,
			zspool_word_t word);
};

/**
 * struct zspool_stats - one pool's figures, read without stopping anybody
 * @pages: pages in zspages and in the stock
 * @stock: those of them that wait, empty, for reuse
 * @objects: objects allocated
 * @stored: bytes of those objects' size classes
 * @zspages: zspages
 * @meta: bytes of everything that is not a pool page: handle table, zspage
 *	descriptors and their table, classes
 * @compacted: pages freed by compaction since the pool was made
 * @deferred: frees put off, as the handle was pinned or they came from an interrupt
 */
struct zspool_stats {
	unsigned long pages;
	unsigned long stock;
	unsigned long objects;
	u64 stored;
	unsigned long zspages;
	u64 meta;
	unsigned long compacted;
	unsigned long deferred;
};

struct zspool *zspool_create(const char *name, unsigned long nr_handles,
			     const struct zspool_ops *ops, void *owner);
void zspool_destroy(struct zspool *pool);

/* plain pools */
int zspool_alloc(struct zspool *pool, size_t size, gfp_t gfp, int nid,
		 zspool_handle_t *handle);
int zspool_write(struct zspool *pool, zspool_handle_t handle, const void *src,
		 size_t len);
const void *zspool_read_begin(struct zspool *pool, zspool_handle_t handle,
			      void *buf, size_t *len);
void zspool_read_end(struct zspool *pool, zspool_handle_t handle,
		     const void *addr);
int zspool_read_sg_begin(struct zspool *pool, zspool_handle_t handle,
			 struct scatterlist *sg, size_t *len);
void zspool_read_sg_end(struct zspool *pool, zspool_handle_t handle);

/* both */
void zspool_free(struct zspool *pool, zspool_handle_t handle);
unsigned long zspool_compact(struct zspool *pool);
unsigned long zspool_total_pages(struct zspool *pool);
void zspool_set_limit(struct zspool *pool, unsigned long pages);
void zspool_get_stats(struct zspool *pool, struct zspool_stats *stats);
size_t zspool_huge_size(struct zspool *pool);
int zspool_class_index(struct zspool *pool, size_t size);
int zspool_check(struct zspool *pool);

/* numbered pools */
int zspool_prepare(struct zspool *pool, zspool_handle_t handle, gfp_t gfp);
int zspool_new(struct zspool *pool, zspool_handle_t handle, size_t size,
	       gfp_t gfp, int nid, bool renew, zspool_word_t *obj);
void zspool_fill(struct zspool *pool, zspool_word_t obj, const void *src);
zspool_word_t zspool_pin(struct zspool *pool, zspool_handle_t handle);
zspool_word_t zspool_trypin(struct zspool *pool, zspool_handle_t handle);
void zspool_unpin(struct zspool *pool, zspool_handle_t handle);
zspool_word_t zspool_swap(struct zspool *pool, zspool_handle_t handle,
			  zspool_word_t word);
zspool_word_t zspool_peek(struct zspool *pool, zspool_handle_t handle);
void zspool_prefetch(struct zspool *pool, zspool_handle_t handle);
void zspool_drop(struct zspool *pool, zspool_word_t obj);
const void *zspool_map(struct zspool *pool, zspool_word_t word, void *buf);
#ifdef CONFIG_HIGHMEM
void zspool_unmap(struct zspool *pool, zspool_word_t word, const void *addr);
#else
/* All memory is mapped always. */
static inline void zspool_unmap(struct zspool *pool, zspool_word_t word,
				const void *addr)
{
}
#endif

#endif /* _ZSPOOL_H */
