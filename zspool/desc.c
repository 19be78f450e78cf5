// SPDX-License-Identifier: GPL-2.0-only
/*
 * desc.c - zspages' descriptors: their caches, and the ids that words name them by
 */
#include <linux/init.h>
#include <linux/slab.h>
#include "internal.h"

/*
 * Descriptors by what they have behind them, page pointers and bitmap, rounded up
 * so that there are few caches; the last is that of whole pages, with their headers.
 */
#define CACHE_STEP	4
#define CACHE_SOLE	((ZS_CHAIN_MAX + BITS_TO_LONGS(ZS_OBJS_MAX)) / CACHE_STEP)
static struct kmem_cache *zspage_cache[CACHE_SOLE + 1];

static_assert((ZS_CHAIN_MAX + BITS_TO_LONGS(ZS_OBJS_MAX)) % CACHE_STEP == 0);
static_assert(sizeof(struct page *) == sizeof(long));

static unsigned int cache_of(const struct size_class *class)
{
	if (zs_class_sole(class))
		return CACHE_SOLE;
	return (class->pages + BITS_TO_LONGS(class->objs) - 1) / CACHE_STEP;
}

static size_t desc_size(unsigned int cache)
{
	unsigned int longs = (cache + 1) * CACHE_STEP;
	size_t headers = 0;

	if (cache == CACHE_SOLE) {
		longs = ZS_CHAIN_MAX + BITS_TO_LONGS(ZS_CHAIN_MAX);
		headers = ZS_CHAIN_MAX * sizeof(u32);
	}
	return sizeof(struct zspage) + longs * sizeof(long) + headers;
}

/**
 * zs_zspage_bytes() - what a zspage's descriptor takes
 * @class: the zspage's
 *
 * Context: any.
 * Return: bytes; a type-safe cache keeps a pointer behind each object
 */
size_t zs_zspage_bytes(const struct size_class *class)
{
	return ALIGN(desc_size(cache_of(class)), 8) + sizeof(void *);
}

/**
 * zs_zspage_cache_init() - make the caches of descriptors
 *
 * Type-safe, because who comes from a page finds the zspage before it can know
 * that the zspage is still the page's.
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM
 */
int __init zs_zspage_cache_init(void)
{
	char name[24];
	unsigned int i;

	for (i = 0; i <= CACHE_SOLE; i++) {
		snprintf(name, sizeof(name), "zspool_zspage_%u", i);
		zspage_cache[i] = kmem_cache_create(name, desc_size(i), 8,
						    SLAB_TYPESAFE_BY_RCU, NULL);
		if (!zspage_cache[i]) {
			zs_zspage_cache_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * zs_zspage_cache_exit() - the end of zs_zspage_cache_init()
 *
 * Context: process; there is no zspage any more.
 */
void zs_zspage_cache_exit(void)
{
	unsigned int i;

	for (i = 0; i <= CACHE_SOLE; i++) {
		kmem_cache_destroy(zspage_cache[i]);
		zspage_cache[i] = NULL;
	}
}

static bool id_get(struct zspool *pool, struct zspage *zspage, gfp_t gfp)
{
	unsigned long id;
	u64 *entry;

	for (;;) {
		zs_lock(&pool->id_lock);
		id = pool->id_free ? pool->id_free - 1 : pool->id_next;
		entry = zs_table_entry(&pool->zspages, id);
		if (entry)
			break;
		spin_unlock(&pool->id_lock);
		if (zs_table_grow(&pool->zspages, id, gfp))
			return false;
	}
	if (pool->id_free)
		pool->id_free = *entry >> 1;
	else
		WRITE_ONCE(pool->id_next, id + 1);
	zspage->id = id;
	/* who finds it here finds its class, and not that of its former life */
	smp_wmb();
	WRITE_ONCE(*entry, (unsigned long)zspage);
	spin_unlock(&pool->id_lock);
	return true;
}

static void id_put(struct zspool *pool, u32 id)
{
	u64 *entry = zs_table_at(&pool->zspages, id);

	zs_lock(&pool->id_lock);
	WRITE_ONCE(*entry, pool->id_free << 1 | ZS_FREE_ID);
	pool->id_free = id + 1;
	spin_unlock(&pool->id_lock);
}

/**
 * zs_zspage_free_desc() - free a descriptor and its id
 * @zspage: a zspage without pages, DEAD or FRESH
 *
 * Context: any but irq, hard or soft.
 */
void zs_zspage_free_desc(struct zspage *zspage)
{
	struct size_class *class = zspage->class;

	id_put(class->pool, zspage->id);
	kmem_cache_free(zspage_cache[cache_of(class)], zspage);
}

/**
 * zs_zspage_new() - make a zspage without pages, on no list yet
 * @class: its class
 * @gfp: how to allocate
 *
 * Context: as @gfp says; no lock held.
 * Return: a FRESH zspage, or NULL
 */
struct zspage *zs_zspage_new(struct size_class *class, gfp_t gfp)
{
	struct zspool *pool = class->pool;
	struct zspage *zspage;

	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	zspage = kmem_cache_alloc(zspage_cache[cache_of(class)], gfp);
	if (!zspage)
		return NULL;
	/*
	 * Not zeroed as a whole: who comes from a page that was in this zspage
	 * in its former life may be looking, and finds some class always.
	 */
	memset(zspage->pages, 0,
	       (class->pages + BITS_TO_LONGS(class->objs)) * sizeof(long));
	zspage->inuse = 0;
	zspage->isolated = 0;
	zspage->nr_pages = 0;
	zspage->moving = 0;
	zspage->group = ZS_GROUP_25;
	zspage->free = 0;
	WRITE_ONCE(zspage->state, ZS_FRESH);
	INIT_LIST_HEAD(&zspage->link);
	/* with all of the above; see zs_zspage_linked_in() */
	smp_store_release(&zspage->class, class);

	if (!id_get(pool, zspage, gfp)) {
		kmem_cache_free(zspage_cache[cache_of(class)], zspage);
		return NULL;
	}
	return zspage;
}
EXPORT_SYMBOL_FOR_TEST(zs_zspage_new);
