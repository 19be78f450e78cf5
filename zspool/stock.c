// SPDX-License-Identifier: GPL-2.0-only
/*
 * stock.c - where a pool's pages come from and where they go
 *
 * Making a page movable and undoing it costs more than the page (three times
 * on the page-cache route), so a pool keeps a few empty pages as they are. The
 * stock is bounded, is given back by compaction and by the shrinker, and a
 * page of it that the VM wants to move is given back instead.
 *
 * A page goes back to the kernel only under its folio lock. That lock is never
 * waited for (but in zspool_destroy()): the VM locks many pages at once before
 * it moves them, and the task that did so may be in reclaim and come to us.
 * Pages that cannot be had now wait for the worker: in their dead zspage, or,
 * if they are alone, in the list of orphans, which goes from private to private.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/workqueue.h>
#include "internal.h"

#define RETRY_DELAY	(HZ / 50 ? : 1)

static unsigned long stock_private(struct zspool *pool)
{
	return (unsigned long)pool | ZS_PRIVATE_STOCK;
}

/* The stock has one more page, or one less; others look without the lock. */
static void stock_count(struct zspool *pool, int n)
{
	lockdep_assert_held(&pool->stock_lock);
	WRITE_ONCE(pool->nr_stock, pool->nr_stock + n);
}

/* A page of the stock, of that node unless it does not matter; or NULL. */
static struct page *stock_get(struct zspool *pool, int nid)
{
	struct page *page = NULL;
	unsigned int i;

	if (!READ_ONCE(pool->nr_stock))
		return NULL;
	zs_lock(&pool->stock_lock);
	for (i = pool->nr_stock; i--; ) {
		if (nid != NUMA_NO_NODE && nid != page_to_nid(pool->stock[i]))
			continue;
		page = pool->stock[i];
		stock_count(pool, -1);
		pool->stock[i] = pool->stock[pool->nr_stock];
		zs_set_private(page, 0);
		break;
	}
	spin_unlock(&pool->stock_lock);
	return page;
}

static struct page *make_page(struct zspool *pool,
			      const struct zs_page_source *from)
{
	const struct zs_route *route = pool->route;
	gfp_t gfp = from->gfp & ~__GFP_THISNODE;
	struct page *page;

	if (!route->enter)
		gfp &= ~__GFP_MOVABLE;
	page = alloc_pages_node(from->nid, gfp, 0);
	if (!page)
		return NULL;
	zs_set_private(page, 0);
	if (!route->enter || route->enter(pool, page, gfp))
		return page;
	put_page(page);
	return NULL;
}

static struct page *new_page(struct zspool *pool,
			     const struct zs_page_source *from)
{
	long limit = from->past_limit ? 0 : READ_ONCE(pool->limit);
	struct page *page = NULL;
	int err = -ENOMEM;

	if (atomic_long_inc_return(&pool->pages) > limit && limit)
		err = -ENOSPC;
	else
		page = make_page(pool, from);
	if (page)
		return page;
	atomic_long_dec(&pool->pages);
	return ERR_PTR(err);
}

/**
 * zs_page_get() - a page for a chain
 * @pool: the pool
 * @from: how to allocate if the stock has none
 *
 * Its private is 0: the VM may find the page, and is told to come again. One of
 * another node, which the stock has, is better than none.
 *
 * Context: as @from->gfp says; no lock held.
 * Return: the page; ERR_PTR(-ENOSPC) at the pool's limit, ERR_PTR(-ENOMEM)
 */
struct page *zs_page_get(struct zspool *pool, const struct zs_page_source *from)
{
	struct page *page = stock_get(pool, from->nid);
	struct page *other;

	if (page)
		return page;
	page = new_page(pool, from);
	if (page == ERR_PTR(-ENOSPC) && gfpflags_allow_blocking(from->gfp)) {
		/* what has been freed may yet have to be given back */
		flush_delayed_work(&pool->defer_work);
		zs_release_now(pool);
		page = new_page(pool, from);
	}
	if (!IS_ERR(page))
		return page;
	other = stock_get(pool, NUMA_NO_NODE);
	return other ? other : page;
}
EXPORT_SYMBOL_FOR_TEST(zs_page_get);

/*
 * Keep an empty page; false if there are enough already. Where freed memory is
 * to be wiped none is kept: the kernel wipes it. And one that the kernel has found
 * broken goes back, so that nobody gets it again.
 */
static bool stock_put(struct zspool *pool, struct page *page)
{
	bool kept = false;

	if (want_init_on_free() || READ_ONCE(pool->dying) || PageHWPoison(page))
		return false;
	zs_lock(&pool->stock_lock);
	if (pool->nr_stock < ZS_STOCK_MAX) {
		zs_set_private(page, stock_private(pool));
		pool->stock[pool->nr_stock] = page;
		stock_count(pool, 1);
		kept = true;
	}
	spin_unlock(&pool->stock_lock);
	return kept;
}

/* Leave a page to the worker. */
static void orphan(struct zspool *pool, struct page *page)
{
	zs_lock(&pool->stock_lock);
	zs_set_private(page, (unsigned long)pool->orphans |
			     ZS_PRIVATE_ORPHAN);
	pool->orphans = page;
	spin_unlock(&pool->stock_lock);
	queue_delayed_work(zs_wq, &pool->release_work, RETRY_DELAY);
}

/* Give a page back to the kernel, its folio lock held. The VM may have a reference. */
static void leave(struct zspool *pool, struct page *page)
{
	zs_set_private(page, 0);
	if (pool->route->leave)
		pool->route->leave(page);
}

/*
 * Give a page back to the kernel. False: its folio lock is taken, try again later.
 * @wait: wait for it. The page is in no zspage. Context: process.
 */
static bool release(struct zspool *pool, struct page *page, bool wait)
{
	if (wait)
		lock_page(page);
	else if (!trylock_page(page))
		return false;
	leave(pool, page);
	unlock_page(page);
	put_page(page);
	atomic_long_dec(&pool->pages);
	return true;
}

/* The same; one that has to be given back later is left to the worker. */
static bool give_back(struct zspool *pool, struct page *page, bool wait)
{
	bool done = release(pool, page, wait);

	if (!done)
		orphan(pool, page);
	return done;
}

/* Who gives back what may be very many: may he sleep, and until folio locks are had? */
enum patience { HURRIES, SLEEPS, WAITS };

/* After each of them. */
static void pause(enum patience patience)
{
	if (patience >= SLEEPS)
		cond_resched();
}

static void release_orphans(struct zspool *pool, enum patience patience)
{
	struct page *page;

	zs_lock(&pool->stock_lock);
	page = pool->orphans;
	pool->orphans = NULL;
	spin_unlock(&pool->stock_lock);

	while (page) {
		struct page *next = (struct page *)(page_private(page) &
						    ~ZS_PRIVATE_TAGS);

		zs_set_private(page, 0);
		give_back(pool, page, patience == WAITS);
		page = next;
		pause(patience);
	}
}

/**
 * zs_page_put() - the end of zs_page_get(), or of a page taken out of a chain
 * @pool: the pool
 * @page: the page, in no chain any more
 *
 * Context: any but irq, hard or soft; no lock held but, if the VM calls, this
 * page's folio lock.
 */
void zs_page_put(struct zspool *pool, struct page *page)
{
	if (stock_put(pool, page))
		return;
	if (preemptible())
		give_back(pool, page, false);
	else
		orphan(pool, page);
}

/**
 * zs_stock_steal() - give back a page that the VM asks for, if it is in the stock
 * @page: the page; its folio lock is held
 *
 * It is empty: rather than moved, it is let go.
 *
 * Context: any the VM calls from: never waits.
 * Return: true if that has been done
 */
bool zs_stock_steal(struct page *page)
{
	unsigned long private = READ_ONCE(page_private(page));
	struct zspool *pool;
	unsigned int i;

	if ((private & ZS_PRIVATE_TAGS) != ZS_PRIVATE_STOCK)
		return false;
	/* A pool does not go before it has had this page's folio lock. */
	pool = (struct zspool *)(private & ~ZS_PRIVATE_TAGS);
	if (!spin_trylock(&pool->stock_lock))
		return false;
	for (i = 0; i < pool->nr_stock && pool->stock[i] != page; i++)
		;
	if (i == pool->nr_stock) {
		spin_unlock(&pool->stock_lock);
		return false;
	}
	stock_count(pool, -1);
	pool->stock[i] = pool->stock[pool->nr_stock];
	spin_unlock(&pool->stock_lock);
	leave(pool, page);
	put_page(page);
	zs_count(pool, ZS_STOCK_RELEASED);
	/* until now the page counted as the pool's, and so the pool has stayed */
	atomic_long_dec_return_release(&pool->pages);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(zs_stock_steal);

/**
 * zs_stock_drain() - give the stock back to the kernel
 * @pool: the pool
 *
 * Context: process.
 * Return: pages given back at once
 */
unsigned long zs_stock_drain(struct zspool *pool)
{
	unsigned int tries = READ_ONCE(pool->nr_stock);
	unsigned long freed = 0;

	while (tries--) {
		struct page *page = NULL;

		zs_lock(&pool->stock_lock);
		if (pool->nr_stock) {
			stock_count(pool, -1);
			page = pool->stock[pool->nr_stock];
			/* in no zspage and not in the stock: nobody's */
			zs_set_private(page, 0);
		}
		spin_unlock(&pool->stock_lock);
		if (!page)
			break;
		freed += give_back(pool, page, false);
	}
	return freed;
}
EXPORT_SYMBOL_FOR_TEST(zs_stock_drain);

/**
 * zs_bury() - the end of a zspage: its pages to the stock or to the dead
 * @zspage: an empty zspage on no list
 *
 * Context: class->lock held.
 */
void zs_bury(struct zspage *zspage)
{
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	bool left = false;
	unsigned int i;

	lockdep_assert_held(&class->lock);
	WRITE_ONCE(zspage->state, ZS_DEAD);
	WRITE_ONCE(class->nr_pages, class->nr_pages - zspage->nr_pages);
	for (i = 0; i < class->pages; i++) {
		if (!zspage->pages[i])
			continue;
		if (stock_put(pool, zspage->pages[i]))
			WRITE_ONCE(zspage->pages[i], NULL);
		else
			left = true;
	}
	if (!left) {
		zs_zspage_free_desc(zspage);
		return;
	}
	llist_add(&zspage->dead, &pool->dead);
}

/* Give back what can be had; true if nothing is left of the zspage. */
static bool release_zspage(struct zspool *pool, struct zspage *zspage,
			   bool wait)
{
	bool left = false;
	unsigned int i;

	for (i = 0; i < zspage->class->pages; i++) {
		if (!zspage->pages[i])
			continue;
		if (release(pool, zspage->pages[i], wait))
			zspage->pages[i] = NULL;
		else
			left = true;
	}
	if (!left)
		zs_zspage_free_desc(zspage);
	return !left;
}

static void release_all(struct zspool *pool, enum patience patience)
{
	struct zspage *zspage, *next;
	struct llist_node *mine;

	release_orphans(pool, patience);
	mine = llist_del_all(&pool->dead);
	llist_for_each_entry_safe(zspage, next, mine, dead) {
		pause(patience);
		if (!release_zspage(pool, zspage, patience == WAITS))
			llist_add(&zspage->dead, &pool->dead);
	}
}

/**
 * zs_release_all() - give back what is dead, waiting for folio locks
 * @pool: the pool, which nobody uses any more
 *
 * Context: process; no lock of this module and no folio lock held.
 */
void zs_release_all(struct zspool *pool)
{
	release_all(pool, WAITS);
}

/**
 * zs_release_dead() - give the pages of dead zspages back to the kernel
 * @pool: the pool
 *
 * Context: any but irq, hard or soft; no lock of this module and no folio lock
 * held: who has a folio lock, which keeps the pool, leaves it to the worker,
 * which does not. Where it must not sleep the worker does it too.
 */
void zs_release_dead(struct zspool *pool)
{
	if (llist_empty(&pool->dead))
		return;
	if (preemptible())
		release_all(pool, HURRIES);
	if (!llist_empty(&pool->dead))
		queue_delayed_work(zs_wq, &pool->release_work,
				   preemptible() ? RETRY_DELAY : 0);
}

/**
 * zs_release_now() - zs_release_dead() for who may sleep where the kernel cannot tell
 * @pool: the pool
 *
 * Context: process; no lock of this module and no folio lock held.
 */
void zs_release_now(struct zspool *pool)
{
	release_all(pool, SLEEPS);
	if (!llist_empty(&pool->dead))
		queue_delayed_work(zs_wq, &pool->release_work, RETRY_DELAY);
}

/**
 * zs_release_work() - give back what had to wait
 * @work: the pool's release_work
 *
 * Context: the worker.
 */
void zs_release_work(struct work_struct *work)
{
	zs_release_now(container_of(to_delayed_work(work), struct zspool,
				    release_work));
}
