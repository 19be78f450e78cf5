// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool.c - pools, and the allocation and freeing of objects
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/slab.h>
#include "internal.h"

/* protects zs_pools; held while the shrinker is at a pool of it */
DEFINE_MUTEX(zs_pools_lock);
LIST_HEAD(zs_pools);

#define SPARE_IDS	1024

static void class_init(struct size_class *class, struct zspool *pool,
		       unsigned int index)
{
	const struct zs_geometry *g = &zs_geometry[index];
	unsigned int i;

	spin_lock_init(&class->lock);
	class->pool = pool;
	class->index = index;
	class->size = zs_geometry_size(g);
	class->pages = g->pages;
	class->objs = g->objs;
	for (i = 0; i < ZS_GROUPS; i++)
		INIT_LIST_HEAD(&class->group[i]);
}

static int pool_init(struct zspool *pool, const char *name,
		     unsigned long nr_handles, const struct zs_route *route)
{
	unsigned int i;
	int err;

	strscpy(pool->name, name, sizeof(pool->name));
	spin_lock_init(&pool->id_lock);
	spin_lock_init(&pool->handle_lock);
	spin_lock_init(&pool->stock_lock);
	mutex_init(&pool->compact_lock);
	INIT_DELAYED_WORK(&pool->release_work, zs_release_work);
	INIT_DELAYED_WORK(&pool->defer_work, zs_defer_work);
	INIT_DELAYED_WORK(&pool->tidy_work, zs_tidy_work);
	pool->route = route;

	pool->classes = kvcalloc(zs_nr_classes, sizeof(*pool->classes),
				 GFP_KERNEL);
	if (!pool->classes)
		return -ENOMEM;
	for (i = 0; i < zs_nr_classes; i++)
		class_init(&pool->classes[i], pool, i);

	err = zs_table_init(&pool->words, nr_handles);
	if (err)
		goto free_classes;
	/* a zspage has an object, but for those the VM keeps a while */
	err = zs_table_init(&pool->zspages,
			    min_t(u64, nr_handles + SPARE_IDS,
				  BIT_ULL(ZS_ID_BITS)));
	if (err)
		goto exit_words;
	pool->put_off = (u32 *)get_zeroed_page(GFP_KERNEL);
	if (!pool->put_off) {
		err = -ENOMEM;
		goto exit_zspages;
	}
	if (pool->route->pool_init) {
		err = pool->route->pool_init(pool);
		if (err)
			goto free_put_off;
	}
	return 0;

free_put_off:
	free_page((unsigned long)pool->put_off);
exit_zspages:
	zs_table_exit(&pool->zspages);
exit_words:
	zs_table_exit(&pool->words);
free_classes:
	kvfree(pool->classes);
	return err;
}

/**
 * zs_pool_create() - zspool_create() by a given route: for the unit tests' own
 * @name: as for zspool_create()
 * @nr_handles: as for zspool_create()
 * @ops: as for zspool_create()
 * @owner: as for zspool_create()
 * @route: how its pages are made and given back
 *
 * Context: process; sleeps (GFP_KERNEL).
 * Return: as zspool_create()
 */
struct zspool *zs_pool_create(const char *name, unsigned long nr_handles,
			      const struct zspool_ops *ops, void *owner,
			      const struct zs_route *route)
{
	struct zspool *pool;
	int err;

	if (!nr_handles || nr_handles > ZSPOOL_MAX_HANDLES ||
	    (!ZS_HAVE_PLAIN && !ops))
		return ERR_PTR(-EINVAL);
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->ops = ops;
	pool->plain = !ops;
	pool->owner = owner;
	err = pool_init(pool, name, nr_handles, route);
	if (err) {
		kfree(pool);
		return ERR_PTR(err);
	}
	zs_debugfs_add(pool);
	mutex_lock(&zs_pools_lock);
	list_add_tail(&pool->link, &zs_pools);
	mutex_unlock(&zs_pools_lock);
	return pool;
}
EXPORT_SYMBOL_FOR_TEST(zs_pool_create);

/**
 * zspool_create() - make a pool
 * @name: shown in debugfs; need not be unique
 * @nr_handles: handles run from 0 to below this; at most ZSPOOL_MAX_HANDLES.
 *	Costs sixteen bytes for each page of eight-byte words at once, the
 *	words themselves come on use.
 * @ops: for a numbered pool, what to tell its owner; NULL for a plain pool
 * @owner: passed to @ops
 *
 * Context: process; sleeps (GFP_KERNEL).
 * Return: the pool, or ERR_PTR(): -EINVAL for no or too many handles, -ENOMEM
 */
struct zspool *zspool_create(const char *name, unsigned long nr_handles,
			     const struct zspool_ops *ops, void *owner)
{
	return zs_pool_create(name, nr_handles, ops, owner, zs_route);
}
EXPORT_SYMBOL_GPL(zspool_create);

/* One that the VM has no page of. */
static struct zspage *find_idle(struct size_class *class)
{
	struct zspage *zspage;
	int g;

	for (g = 0; g < ZS_GROUPS; g++)
		list_for_each_entry(zspage, &class->group[g], link)
			if (!zspage->isolated)
				return zspage;
	return NULL;
}

/* Bury what can be; true if the VM still has something of this class. */
static bool bury_class(struct size_class *class)
{
	struct zspage *zspage;
	bool busy;
	int g;

	zs_lock(&class->lock);
	while ((zspage = find_idle(class))) {
		WRITE_ONCE(class->inuse, class->inuse - zspage->inuse);
		zs_zspage_unlink(zspage);
		zs_bury(zspage);
		cond_resched_lock(&class->lock);
	}
	busy = class->moving;
	for (g = 0; g < ZS_GROUPS; g++)
		busy |= class->zspages[g];
	spin_unlock(&class->lock);
	return busy;
}

/**
 * zspool_destroy() - free a pool and all objects in it
 * @pool: the pool; nobody else uses it any more, but the VM may
 *
 * Context: process; sleeps, and waits for the VM to put back isolated pages.
 */
void zspool_destroy(struct zspool *pool)
{
	unsigned int i;
	bool busy;

	/* From here the shrinker and debugfs do not come any more. */
	mutex_lock(&zs_pools_lock);
	list_del(&pool->link);
	mutex_unlock(&zs_pools_lock);
	zs_debugfs_remove(pool);
	/* what is put off need not be done: the words still name objects */
	WRITE_ONCE(pool->dying, true);
	cancel_delayed_work_sync(&pool->defer_work);
	cancel_delayed_work_sync(&pool->tidy_work);

	do {
		busy = false;
		for (i = 0; i < zs_nr_classes; i++) {
			busy |= bury_class(&pool->classes[i]);
			cond_resched();
		}
		if (busy)
			usleep_range(1000, 2000);
	} while (busy);

	/* a page may be in the worker's hands, or be stolen from the stock */
	for (;;) {
		cancel_delayed_work_sync(&pool->release_work);
		zs_stock_drain(pool);
		zs_release_all(pool);
		if (!atomic_long_read_acquire(&pool->pages))
			break;
		usleep_range(1000, 2000);
	}
	/* a move that ended meanwhile may have queued them again */
	cancel_delayed_work_sync(&pool->defer_work);
	cancel_delayed_work_sync(&pool->release_work);

	if (pool->route->pool_exit)
		pool->route->pool_exit(pool);
	zs_table_exit(&pool->zspages);
	zs_table_exit(&pool->words);
	free_page((unsigned long)pool->put_off);
	/* zs_zspage_of_page() may look at a class by a stale page */
	synchronize_rcu();
	kvfree(pool->classes);
	kfree(pool);
}
EXPORT_SYMBOL_GPL(zspool_destroy);

/*
 * The fullest zspage: it soon needs no more looking at. One of the two that may
 * need another page first is as good as any.
 */
static struct zspage *find_open(struct size_class *class)
{
	struct zspage *zspage;
	int g;

	for (g = ZS_GROUP_99; g >= ZS_GROUP_25; g--) {
		zspage = list_first_entry_or_null(&class->group[g],
						  struct zspage, link);
		if (zspage)
			return zspage;
	}
	return NULL;
}

/* What try_take() could not do without. */
enum lack { LACK_NOTHING, LACK_PAGE, LACK_ZSPAGE };

/* Take an object, growing a chain by @spare if need be. */
static enum lack try_take(struct size_class *class, zspool_handle_t handle,
			  size_t size, struct page **spare, zspool_word_t *obj)
{
	enum lack lack = LACK_NOTHING;
	struct zspage *zspage;
	unsigned int index;

	spin_lock(&class->lock);
	zspage = find_open(class);
	if (!zspage) {
		lack = LACK_ZSPAGE;
		goto unlock;
	}
	if (!zs_zspage_has_room(zspage)) {
		if (!*spare) {
			lack = LACK_PAGE;
			goto unlock;
		}
		zs_zspage_grow(zspage, *spare);
		*spare = NULL;
	}
	index = zs_obj_take(zspage, handle);
	zs_zspage_regroup(zspage);
	*obj = zs_word_locate((u64)size << ZSPOOL_SIZE_SHIFT, zspage->id,
			      index);
unlock:
	spin_unlock(&class->lock);
	return lack;
}

static int get_spare(struct size_class *class, struct page **spare,
		     const struct zs_page_source *from)
{
	struct page *page;

	if (*spare)
		return 0;
	page = zs_page_get(class->pool, from);
	if (IS_ERR(page))
		return PTR_ERR(page);
	*spare = page;
	return 0;
}

/* Give the class a zspage, with one page. */
static int add_zspage(struct size_class *class, struct page **spare, gfp_t gfp)
{
	struct zspage *zspage = zs_zspage_new(class, gfp);

	if (!zspage)
		return -ENOMEM;
	zs_lock(&class->lock);
	zs_zspage_grow(zspage, *spare);
	*spare = NULL;
	zs_zspage_link(zspage);
	spin_unlock(&class->lock);
	return 0;
}

/*
 * Pages are allocated with no lock held; by then another may have brought what
 * was lacking, so look again, and keep what is left over for the next.
 */
static int take_object(struct size_class *class, zspool_handle_t handle,
		       size_t size, const struct zs_page_source *from,
		       zspool_word_t *obj)
{
	struct page *spare = NULL;
	enum lack lack;
	int err = 0;

	while (!err && (lack = try_take(class, handle, size, &spare, obj))) {
		err = get_spare(class, &spare, from);
		if (!err && lack == LACK_ZSPAGE)
			err = add_zspage(class, &spare, from->gfp);
	}
	if (spare)
		zs_page_put(class->pool, spare);
	return err;
}

/**
 * zspool_prepare() - make sure that a handle has a word
 * @pool: a numbered pool
 * @handle: the handle
 * @gfp: how to allocate
 *
 * For an owner that stores a value, not an object, at @handle.
 *
 * Context: as @gfp says; no pin held.
 * Return: 0, -EINVAL for a handle past the end, -ENOMEM
 */
int zspool_prepare(struct zspool *pool, zspool_handle_t handle, gfp_t gfp)
{
	return zs_table_grow(&pool->words, handle, gfp);
}
EXPORT_SYMBOL_GPL(zspool_prepare);

/**
 * zspool_new() - allocate an object for a handle, not yet published
 * @pool: a numbered pool
 * @handle: the handle
 * @size: bytes, 1 to PAGE_SIZE
 * @gfp: how to allocate; __GFP_HIGHMEM and __GFP_MOVABLE are for the pages, and
 *	__GFP_ZERO and __GFP_ACCOUNT for nothing
 * @nid: node to allocate new pages from, or NUMA_NO_NODE
 * @renew: past the pool's limit, as it takes the place of a larger one: for a moment
 *	there are both, and a pool that is full can be made smaller
 * @obj: the object, as a word without flags
 *
 * The object is written by zspool_fill() and becomes the handle's by
 * zspool_swap(), or is given up by zspool_drop(). What the handle holds stays
 * readable meanwhile.
 *
 * Context: as @gfp says; no pin held.
 * Return: 0; -EINVAL for size 0 or a handle past the end; -ENOSPC for a size
 * over PAGE_SIZE or at the limit of zspool_set_limit(); -ENOMEM
 */
int zspool_new(struct zspool *pool, zspool_handle_t handle, size_t size,
	       gfp_t gfp, int nid, bool renew, zspool_word_t *obj)
{
	const struct zs_page_source from = {
		.gfp = ZS_GFP(gfp), .nid = nid, .past_limit = renew,
	};
	int class = zspool_class_index(pool, size);
	int err;

	if (class < 0)
		return class;
	/* compaction and migration find the word by the object's header */
	err = zs_table_grow(&pool->words, handle, from.gfp);
	if (err)
		return err;
	return take_object(&pool->classes[class], handle, size, &from, obj);
}
EXPORT_SYMBOL_GPL(zspool_new);

/**
 * zspool_drop() - free the object of a word that no handle holds any more
 * @pool: a numbered pool
 * @obj: from zspool_swap() or zspool_new(); nothing is done if it is no object
 *
 * Context: any but irq, hard or soft.
 */
void zspool_drop(struct zspool *pool, zspool_word_t obj)
{
	struct size_class *class;
	struct zspage *zspage;
	struct page *page;
	bool gone, look;

	if (!zspool_word_is_obj(obj))
		return;
	zspage = zs_zspage_find(pool, zs_word_id(obj));
	class = zspage->class;
	spin_lock(&class->lock);
	zs_obj_put(zspage, zs_word_index(obj));
	page = zs_class_sole(class) ?
		zs_zspage_vacate(zspage, zs_word_index(obj)) : NULL;
	gone = zs_zspage_settle(zspage);
	look = !(class->inuse % ZS_TIDY_EVERY);
	spin_unlock(&class->lock);
	if (page)
		zs_page_put(pool, page);
	if (gone)
		zs_release_dead(pool);
	if (unlikely(look))
		zs_tidy_ask(class);
}
EXPORT_SYMBOL_GPL(zspool_drop);

/**
 * zspool_total_pages() - pages that a pool holds
 * @pool: the pool
 *
 * Context: any.
 * Return: how many, those of the stock included
 */
unsigned long zspool_total_pages(struct zspool *pool)
{
	return atomic_long_read(&pool->pages);
}
EXPORT_SYMBOL_GPL(zspool_total_pages);

/**
 * zspool_set_limit() - the most pages that a pool may hold
 * @pool: the pool
 * @pages: how many, those of the stock included; 0 for any number
 *
 * A pool that holds more already keeps them, and gets no more.
 *
 * Context: any.
 */
void zspool_set_limit(struct zspool *pool, unsigned long pages)
{
	WRITE_ONCE(pool->limit, min_t(unsigned long, pages, LONG_MAX));
}
EXPORT_SYMBOL_GPL(zspool_set_limit);

/**
 * zspool_huge_size() - the size from which an object takes a whole page
 * @pool: the pool
 *
 * Context: any.
 * Return: bytes; an object of this size or more is best stored uncompressed
 */
size_t zspool_huge_size(struct zspool *pool)
{
	return zs_huge_size;
}
EXPORT_SYMBOL_GPL(zspool_huge_size);

/**
 * zspool_class_index() - the size class of a size
 * @pool: the pool
 * @size: bytes
 *
 * Objects of the same class index take the same memory, but for those that
 * compaction has moved to a larger class.
 *
 * Context: any.
 * Return: the index; -EINVAL for size 0, -ENOSPC for a size over PAGE_SIZE
 */
int zspool_class_index(struct zspool *pool, size_t size)
{
	if (!size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -ENOSPC;
	return zs_class_of(size);
}
EXPORT_SYMBOL_GPL(zspool_class_index);
