/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zspool internals: the structures, the locks, and the life of a page
 *
 * From a handle to the bytes
 * --------------------------
 *   handle --table--> word: <zspage id, object index, size, flags, pin>
 *   zspage id --table--> struct zspage: class, pages[]
 *   object index * class size --> page of the chain and offset in it
 *
 * The word names the zspage, not a page frame: when the VM moves a page, one
 * entry of pages[] changes and no word does, however many objects the page
 * holds. An object begins with a header of four bytes, its handle, which is all
 * that compaction and migration have to find its word by. (A whole page has no
 * room for it: such objects' headers stand behind the zspage's descriptor. A page
 * of that class is one object's, and goes with it.)
 *
 * Which objects are in use is a bitmap in the descriptor, and the lowest that is
 * free is taken first. So a free does not touch the object, which is in no cache by
 * then, and what is free gathers at the end of a chain.
 *
 * Locks, outermost first
 * ----------------------
 *   folio lock            the VM's; held when it calls migrate and putback
 *    class->lock          a spinlock: lists, zspage fields and bitmaps, headers.
 *                         A second one is only tried for (compaction's fold)
 *     pin (trypin only)   never waited for with a lock held
 *     pool->stock_lock    a spinlock: the stock and the orphans
 *     pool->id_lock, handle_lock, table->lock
 *                         spinlocks, for a few instructions
 *
 *   zs_pools_lock, pool->compact_lock
 *                         mutexes, outside all of these; reclaim only tries
 *
 * A pin is waited for with no lock of ours held, and under class->lock it is
 * only tried for. So a holder of a pin may take class->lock: whoever has that
 * never waits for a pin.
 *
 * Who takes what where
 * --------------------
 *   process context       everything; the only one that waits for a pin
 *   reclaim (GFP_NOIO)    the same: no holder of a pin or of class->lock ever
 *                         allocates memory or waits for I/O, so waits are
 *                         short, and no folio lock is waited for (see
 *                         stock.c)
 *   tidy's worker         compaction; tries for compact_lock, class by class
 *   preempt-off, spinlock zspool_free() by trypin, else it sets DEFER
 *   irq, softirq          zspool_free() only sets DEFER and queues the worker:
 *                         no lock here is irq-safe, by design (an irq-safe
 *                         lock costs each alloc and free more)
 *   migration, async      to begin, spin_trylock(class->lock), trypin; else -EAGAIN
 *   PREEMPT_RT            class->lock is a sleeping lock; no raw lock, no bit
 *                         spinlock: a waiter for a pin sleeps. With
 *                         preemption off a free is put off
 *
 * class->lock is held for one object's copy or one page's worth of trypins, or for
 * as long as nobody else wants it. But compaction's squeeze of the last zspages of a
 * class, four at most, takes up to half a chain's copy each; and its fold copies what
 * is in the last page of a class, up to a page's worth, each time that frees it. The
 * checker, which is for tests, walks a class.
 *
 * What excludes what
 * ------------------
 *   read, write           hold the pin of their object: nothing else
 *   free                  empties the word under the pin, then puts the object
 *                         back under class->lock. Between the two the header
 *                         still names the handle but the word does not name
 *                         the object: it is in flight.
 *   alloc                 takes the object under class->lock; the word names
 *                         it only once published: in flight until then
 *   migration of a page   under class->lock pins every object that touches the
 *                         page; an object pinned by another or in flight:
 *                         -EAGAIN for this page. Then takes the zspage off its
 *                         fullness list (moving > 0), so that no alloc comes;
 *                         frees of unpinned objects never touch this page.
 *                         Copies without a lock. Puts the new page into
 *                         pages[] and the zspage on its list under class->lock.
 *   compaction            one object at a time under class->lock and the
 *                         object's pin; skips what is pinned or in flight,
 *                         and zspages with moving > 0 (they are on no list).
 *                         What is left in the last pages of classes it folds
 *                         into larger ones: an object's class is that of its
 *                         zspage, and at least that of its size
 *
 * The life of a page (zspage->state; bits of zspage->isolated)
 * -----------------------------------------------------------
 *   state            page's private    isolate     migrate    how it ends
 *   fresh            0                 refused     -EAGAIN    in a chain
 *   LINKED           zspage            bit set     moves      last free: stock
 *   LINKED|isolated  zspage            refused     moves      migrate, putback
 *   LINKED|moving    zspage            bit set     -EAGAIN    migrate ends
 *   emptied while    zspage            refused     moves      the last migrate
 *    isolated/moving  (still LINKED)                          or putback frees
 *   STOCK            pool | 1          released    released   alloc or release
 *   orphan           next | 2          refused     -EAGAIN    released
 *   DEAD             zspage            refused     -EAGAIN    released
 *
 * The pages of whole-page objects (zs_class_sole()) share a descriptor and
 * nothing else. Each comes when its object is taken and goes when that is put:
 * to the stock, or if it is isolated by then at its migrate or putback. Their
 * chain has holes; an object in use has a page, one that is free has one only
 * while that is isolated. Compaction hands pages over from zspage to zspage.
 *
 * A page changes from zspage to stock and back without the folio lock; who
 * comes from the page (migration) therefore looks twice: zspages are
 * SLAB_TYPESAFE_BY_RCU, and under class->lock the page must still be in the
 * zspage it named. A page is given back to the kernel only under its folio
 * lock, so the VM's callbacks never see a page that is gone.
 */
#ifndef _ZSPOOL_INTERNAL_H
#define _ZSPOOL_INTERNAL_H

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/migrate_mode.h>
#include <linux/percpu_counter.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <zspool.h>

#include "pin_time.h"
#include "table.h"

/* main.c: the workers of all pools; may be needed to reclaim memory */
extern struct workqueue_struct *zs_wq;

/* For the unit tests only: they are a module of their own. */
#ifdef ZSPOOL_TESTS
#define EXPORT_SYMBOL_FOR_TEST(sym)	EXPORT_SYMBOL_GPL(sym)
#else
#define EXPORT_SYMBOL_FOR_TEST(sym)
#endif

/* Geometry: class.c. */
#define ZS_CHAIN_MAX	32			/* pages of a zspage, at most */
#define ZS_STEP		(PAGE_SIZE / 256)	/* bytes from class to class, */
#define ZS_WIDE_STEP	(PAGE_SIZE / 64)	/* and above half a page */
#define ZS_SIZE_MIN	(PAGE_SIZE / 128)	/* smallest class, with header */
#define ZS_CLASSES	((PAGE_SIZE - ZS_SIZE_MIN) / ZS_STEP + 1)
#define ZS_OBJS_MAX	512			/* objects of a zspage, at most */
#define ZS_HEADER	sizeof(u32)

/* The location in a word: <zspage id, object index>. */
#define ZS_INDEX_BITS	9
#define ZS_ID_BITS	(ZSPOOL_VALUE_BITS - ZS_INDEX_BITS)

static_assert(ZS_OBJS_MAX <= 1 << ZS_INDEX_BITS);
static_assert(ZS_ID_BITS >= 26);

/* Fullness groups: quarters, then full. Empty zspages are on no list. */
enum zs_group {
	ZS_GROUP_25,
	ZS_GROUP_50,
	ZS_GROUP_75,
	ZS_GROUP_99,
	ZS_GROUP_FULL,
	ZS_GROUPS
};

enum zs_state {
	ZS_DEAD,
	ZS_FRESH,
	ZS_LINKED,
};

/**
 * struct zs_geometry - the shape of a size class; constant after load
 * @objs: objects of a zspage
 * @pages: pages of a zspage's chain
 * @steps: zs_geometry_size(): bytes of an object with its header
 */
struct zs_geometry {
	u16 objs;
	u8 pages;
	u8 steps;
};

static inline unsigned int zs_geometry_size(const struct zs_geometry *g)
{
	return (g->steps + 1) * ZS_STEP;
}

/*
 * struct size_class - one size of objects in one pool
 *
 * What each allocation and free looks at lies together: with some 150 classes in
 * use, a class is in no near cache when its turn comes.
 */
struct size_class {
	spinlock_t lock;		/* as the table above says */
	u32 size;			/* const, with header */
	u16 index;			/* const, in the pool's classes */
	u16 objs;			/* const */
	u8 pages;			/* const */
	struct zspool *pool;		/* const */
	unsigned long inuse;		/* lock: objects; read without */
	unsigned long nr_pages;		/* lock; read without */
	struct list_head group[ZS_GROUPS];	/* lock */
	unsigned int zspages[ZS_GROUPS];	/* lock; read without */
	unsigned int moving;		/* lock; read without: off the lists */
};

/*
 * struct zspage - a chain of pages cut into objects of one class
 *
 * The chain grows with use: pages from @nr_pages on are not there yet. So long
 * chains, which waste little when full, waste no more than part of a page while
 * they fill. (In a class of whole pages any may be missing: NULL.)
 *
 * Behind @pages there are: the bitmap of the objects in use, zs_used_map(), and
 * in a class of whole pages their headers. class->lock for both.
 */
struct zspage {
	union {
		struct list_head link;		/* class->lock */
		struct llist_node dead;		/* DEAD: pool->dead */
	};
	struct size_class *class;	/* const from FRESH to DEAD */
	u32 id;				/* const from FRESH to DEAD */
	u32 isolated;			/* class->lock: a bit for each page */
	u16 inuse;			/* class->lock */
	u16 free;			/* class->lock: lowest free object, or objs */
	u8 nr_pages;			/* class->lock: pages there are */
	u8 moving;			/* class->lock: migrations under way */
	u8 group;			/* class->lock */
	u8 state;			/* class->lock; read without: zs_state */
	/* class->lock to write, a pin to read, or a second look: holds_page() */
	struct page *pages[];
};

static_assert(ZS_CHAIN_MAX <= 32, "zspage->isolated has 32 bits");

static inline unsigned long *zs_used_map(struct zspage *zspage)
{
	return (unsigned long *)&zspage->pages[zspage->class->pages];
}

/* How a pool's pages are made movable: see movable.c. */
struct zs_route {
	const char *name;
	/* Load: 0, or why this kernel or configuration cannot use it. */
	int (*init)(void);
	void (*exit)(void);
	/* A pool's own state, for example its address space. May be NULL. */
	int (*pool_init)(struct zspool *pool);
	void (*pool_exit)(struct zspool *pool);
	/*
	 * Let the VM find a new page, whose private is 0: false if there is no memory.
	 * The pool keeps the one reference that it has. NULL: it is not movable.
	 */
	bool (*enter)(struct zspool *pool, struct page *page, gfp_t gfp);
	/* The reverse, the folio lock held: the page goes back to the kernel. */
	void (*leave)(struct page *page);
};

/* Under the owner's lock only: who comes from the page reads it meanwhile, and looks twice. */
static inline void zs_set_private(struct page *page, unsigned long private)
{
	WRITE_ONCE(page->private, private);
}

enum zs_counter {
	ZS_ISOLATED,		/* or, on the page-cache route, tried to be moved */
	ZS_MIGRATED,
	ZS_AGAIN,
	ZS_PUTBACK,
	ZS_FAILED,
	/* why not, refusals to isolate included */
	ZS_WHY_LOCK,		/* class lock taken, async */
	ZS_WHY_PINNED,		/* an object was pinned */
	ZS_WHY_FLIGHT,		/* an object was in flight */
	ZS_WHY_STATE,		/* not linked, or not ours any more */
	ZS_WHY_NOCOPY,		/* MIGRATE_SYNC_NO_COPY */
	ZS_WHY_VM,		/* the VM's part failed: extra references */
	ZS_STOCK_RELEASED,	/* the VM wanted a page of the stock: given */
	ZS_DEFERRED,		/* frees put off: pinned, or from an interrupt */
	ZS_COMPACTED,		/* pages freed by compaction */
	ZS_PIN_WAITS,		/* waits for a pin */
	ZS_COUNTERS
};

#define ZS_STOCK_MAX	64	/* pages kept */
#define ZS_PUT_OFF_MAX	(PAGE_SIZE / sizeof(u32))	/* frees, listed */

/* struct zspool - a pool */
struct zspool {
	struct size_class *classes;
	struct zs_table words;		/* handle -> zspool_word_t */
	struct zs_table zspages;	/* id -> struct zspage *, or free list */
	const struct zs_route *route;	/* const */
	void *route_data;		/* const, the route's */
	const struct zspool_ops *ops;
	void *owner;
	spinlock_t id_lock;		/* the zspages' ids */
	unsigned long id_next;		/* id_lock; read without: unused yet */
	unsigned long id_free;		/* id_lock: first free id + 1, or 0 */

	bool plain;			/* const: the pool picks handles */
	spinlock_t handle_lock;		/* plain pools: free handles */
	unsigned long handle_next;	/* handle_lock */
	unsigned long handle_free;	/* handle_lock */

	spinlock_t stock_lock;		/* the stock */
	unsigned int nr_stock;		/* stock_lock; read without */
	struct page *stock[ZS_STOCK_MAX];	/* stock_lock */

	struct page *orphans;		/* stock_lock: to be given back */

	u32 *put_off;			/* handles + 1 with DEFER set, or 0 */
	atomic_t nr_put_off;		/* next place in it */
	bool put_off_walk;		/* not all are in it: look everywhere */
	bool dying;			/* zspool_destroy() has begun */

	struct llist_head dead;		/* zspages to release */
	struct delayed_work release_work;
	struct delayed_work defer_work;
	struct delayed_work tidy_work;
	bool tidy_asked;		/* since it came last; lossy */
	unsigned int tidy_waits;	/* tidy_work's own */

	atomic_long_t pages;
	long limit;			/* of pages; 0: none */
	atomic_long_t count[ZS_COUNTERS];
	atomic_long_t longest_wait;	/* ns waited for a pin */
	atomic_long_t longest_pin;	/* ns held, while zspool.time_pins */

	struct mutex compact_lock;	/* one compaction at a time */
	struct list_head link;		/* zs_pools_lock */
	struct dentry *debugfs;
	char name[32];
};

/* class.c */
extern unsigned int zs_nr_classes;
extern struct zs_geometry zs_geometry[ZS_CLASSES];
extern unsigned int zs_huge_size;
void zs_class_init(void);
unsigned int zs_class_of(size_t size);

/* Are the objects of the class whole pages? */
static inline bool zs_class_sole(const struct size_class *class)
{
	return class->size == PAGE_SIZE;
}

/* handle.c: the word and its pin */
bool zs_word_trypin(u64 *word);
void zs_word_pin(struct zspool *pool, u64 *word);
void zs_word_unpin(struct zspool *pool, zspool_handle_t handle, u64 *word);
void zs_word_unpin_locked(struct zspool *pool, zspool_handle_t handle,
			  u64 *word);
void zs_word_set(u64 *word, zspool_word_t value);
void zs_defer_work(struct work_struct *work);

/* plain.c: may be left out, see Kbuild */
#ifdef ZSPOOL_PLAIN
#define ZS_HAVE_PLAIN	true
void zs_handle_put(struct zspool *pool, zspool_handle_t handle);
#else
#define ZS_HAVE_PLAIN	false
static inline void zs_handle_put(struct zspool *pool, zspool_handle_t handle)
{
}
#endif

static inline u32 zs_word_id(zspool_word_t w)
{
	return w >> (ZSPOOL_VALUE_SHIFT + ZS_INDEX_BITS);
}

static inline unsigned int zs_word_index(zspool_word_t w)
{
	return zspool_word_value(w) & (BIT(ZS_INDEX_BITS) - 1);
}

static inline zspool_word_t zs_word_locate(zspool_word_t w, u32 id,
					   unsigned int index)
{
	u64 value = (u64)id << ZS_INDEX_BITS | index;

	w &= BIT_ULL(ZSPOOL_VALUE_SHIFT) - 1;
	return w | ZSPOOL_WORD_OBJ | value << ZSPOOL_VALUE_SHIFT;
}

/* Does the word name this object? If not, the object is in flight. */
static inline bool zs_word_names(zspool_word_t w, const struct zspage *zspage,
				 unsigned int index)
{
	return (w & ZSPOOL_WORD_OBJ) && zs_word_id(w) == zspage->id &&
	       zs_word_index(w) == index;
}

/* desc.c */
int zs_zspage_cache_init(void);
void zs_zspage_cache_exit(void);
size_t zs_zspage_bytes(const struct size_class *class);
struct zspage *zs_zspage_new(struct size_class *class, gfp_t gfp);
void zs_zspage_free_desc(struct zspage *zspage);

/**
 * zs_zspage_find() - the zspage of an id
 * @pool: the pool
 * @id: of a word that the caller has pinned, or of an object in flight
 *
 * Context: any.
 * Return: the zspage
 */
static inline struct zspage *zs_zspage_find(struct zspool *pool, u32 id)
{
	u64 *entry = zs_table_at(&pool->zspages, id);

	return (struct zspage *)(unsigned long)READ_ONCE(*entry);
}

/*
 * A free entry of the table holds the next free id + 1, shifted up by one and odd, as
 * no pointer is; so the list needs no memory of its own.
 */
#define ZS_FREE_ID	1UL

/* Is it a zspage of this class, in use? Asked of what may be another by now. */
static inline bool zs_zspage_linked_in(const struct zspage *zspage,
				       const struct size_class *class)
{
	/* pairs with zs_zspage_new(): the state is none of the life before */
	return smp_load_acquire(&zspage->class) == class &&
	       READ_ONCE(zspage->state) == ZS_LINKED;
}

/* zspage.c */
bool zs_zspage_has_room(const struct zspage *zspage);
void zs_zspage_grow(struct zspage *zspage, struct page *page);
unsigned int zs_zspage_cut(struct zspage *zspage, struct page **pages);
struct page *zs_zspage_vacate(struct zspage *zspage, unsigned int nth);
void zs_zspage_hand_over(struct zspage *from, unsigned int nth,
			 struct zspage *to);

/**
 * struct zs_move - a page of a zspage, that the VM wants something of
 * @zspage: the zspage
 * @nth: which page of the chain
 */
struct zs_move {
	struct zspage *zspage;
	unsigned int nth;
};

struct zs_move zs_zspage_of_page(struct page *page, bool block);

/* Tells sparse, which knows no conditional lock, that the caller has it now. */
static inline void zs_keep_lock(struct zspage *zspage)
	__acquires(&zspage->class->lock)
{
	lockdep_assert_held(&zspage->class->lock);
	__acquire(&zspage->class->lock);
}

void zs_zspage_link(struct zspage *zspage);
void zs_zspage_regroup(struct zspage *zspage);
void zs_zspage_unlink(struct zspage *zspage);
unsigned int zs_obj_take(struct zspage *zspage, zspool_handle_t handle);
void zs_obj_put(struct zspage *zspage, unsigned int index);
zspool_handle_t zs_obj_handle(struct zspage *zspage, unsigned int index);
bool zs_zspage_settle(struct zspage *zspage);

/* access.c */
struct scatterlist;
int zs_obj_sg(struct zspool *pool, zspool_word_t word,
	      struct scatterlist *sg);
void zs_obj_copy(struct zspage *to, unsigned int to_index,
		 struct zspage *from, unsigned int from_index,
		 unsigned int bytes);

/* stock.c: empty pages, kept or given back */
#define ZS_PRIVATE_STOCK	1UL	/* tag: private is pool | 1 */
#define ZS_PRIVATE_ORPHAN	2UL	/* tag: private is the next orphan | 2 */
#define ZS_PRIVATE_TAGS		3UL

/*
 * What an owner may ask for in vain: a descriptor is looked at while it is made anew,
 * and so not to be zeroed; pages are charged to nobody, or to the root.
 */
#define ZS_GFP(gfp)	((gfp) & ~(__GFP_ZERO | __GFP_ACCOUNT))

/**
 * struct zs_page_source - where a page for a chain is to come from
 * @gfp: how to allocate it
 * @nid: on which node; NUMA_NO_NODE for any
 * @past_limit: also where the pool has reached its limit
 */
struct zs_page_source {
	gfp_t gfp;
	int nid;
	bool past_limit;
};

struct page *zs_page_get(struct zspool *pool, const struct zs_page_source *from);
void zs_page_put(struct zspool *pool, struct page *page);
unsigned long zs_stock_drain(struct zspool *pool);
bool zs_stock_steal(struct page *page);
void zs_bury(struct zspage *zspage);
void zs_release_dead(struct zspool *pool);
void zs_release_all(struct zspool *pool);
void zs_release_now(struct zspool *pool);
void zs_release_work(struct work_struct *work);

/* compact.c */
unsigned long zs_class_freeable(const struct size_class *class);
unsigned long zs_compact_estimate(struct zspool *pool);
unsigned long zs_compact_some(struct zspool *pool, unsigned long enough);
unsigned long zs_compact_class(struct size_class *class);
void zs_fold_classes(struct zspool *pool);

/* tidy.c */
#define ZS_TIDY_EVERY	8	/* objects: how often a class is looked at */
void zs_tidy_ask(struct size_class *class);
void zs_tidy_work(struct work_struct *work);
int zs_tidy_init(void);
void zs_tidy_exit(void);

/* shrink.c */
int zs_shrink_init(void);
void zs_shrink_exit(void);

/* migrate.c: what every route calls, the page's folio lock held */
bool zs_isolate(struct page *page);
void zs_putback(struct page *page);
int zs_move_begin(struct zs_move *move, struct page *src,
		  enum migrate_mode mode);
void zs_move_end(struct zs_move *move, struct page *dst, int err);

/* movable.c */
extern const struct zs_route *zs_route;
extern const struct zs_route zs_route_none;
extern const struct zs_route zs_route_ops;
extern const struct zs_route zs_route_cache;
int zs_route_init(void);
void zs_route_exit(void);

/* pool.c */
struct zspool *zs_pool_create(const char *name, unsigned long nr_handles,
			      const struct zspool_ops *ops, void *owner,
			      const struct zs_route *route);
extern struct mutex zs_pools_lock;
extern struct list_head zs_pools;

/* stat.c */
unsigned long zs_class_zspages(const struct size_class *class);
void zs_class_moving(struct size_class *class, int n);

/* check.c, debugfs.c: left out of a small machine's build, see Kbuild */
#ifdef ZSPOOL_DEBUGFS
void zs_count(struct zspool *pool, enum zs_counter which);
bool zs_check_enabled(void);
void zs_debugfs_init(void);
void zs_debugfs_exit(void);
void zs_debugfs_add(struct zspool *pool);
void zs_debugfs_remove(struct zspool *pool);
#else
static inline void zs_count(struct zspool *pool, enum zs_counter which)
{
}

static inline bool zs_check_enabled(void)
{
	return false;
}

static inline void zs_debugfs_init(void)
{
}

static inline void zs_debugfs_exit(void)
{
}

static inline void zs_debugfs_add(struct zspool *pool)
{
}

static inline void zs_debugfs_remove(struct zspool *pool)
{
}
#endif

#endif /* _ZSPOOL_INTERNAL_H */
