// SPDX-License-Identifier: GPL-2.0-only
/*
 * late.c - a write that ends before its pages are compressed
 *
 * Who writes one page (swap does) leaves the other CPUs nothing to help with. So where a
 * helper of helper.c is up, the page is copied into a buffer, the slot's word says which
 * one, and the write is done: to copy takes a tenth of the time that to compress takes.
 * The helper then stores the page as any other. Who writes a unit is served in the
 * same way; and of a bio that is shared out (parallel.c) the last unit may be, as
 * otherwise one CPU would wait until another is done with it.
 *
 * A buffer is a page, or as many as a unit has: the words of its slots name them one by
 * one. They go into the pool as a unit if none has been overwritten by then, and page by
 * page if some have.
 *
 * What makes that safe:
 *   - The data is stored when the write ends: reads find it in the buffer, by the
 *     word, under the slot's pin. Whatever overwrites or frees the slot replaces the
 *     word, as ever, and knows nothing of this.
 *   - A buffer goes when its helper has had each slot's pin and the word was another,
 *     or has been made another: so no reader is in it, and no word names it.
 *     As no other page gets the buffer before, "the word still names it" proves
 *     that the slot has not changed meanwhile.
 *   - If the helper has no memory, or is at mem_limit, the pages stay where they are,
 *     and are tried again later. There are few buffers, none of them of memory
 *     reserves, and where there is none the writer does the work himself: he waits for
 *     nobody. Near mem_limit there is none, so that a writer is told that there is no
 *     room; if others were faster, up to LATE_MAX pages are kept beyond it.
 *
 * Life of a buffer: free -> its writer's -> todo -> a helper's -> free, or -> stuck
 * until there is memory -> free.
 */
#include <linux/container_of.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/sched/mm.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include "zblock.h"

/* Pages in all of a device's buffers. */
#define LATE_MAX		16
/*
 * Buffers for each helper: one to do, and others so that it has work until more comes. Of
 * units, which take longer, one; of pages some, as reclaim unmaps many between writes.
 */
#define LATE_FOR_EACH(order)	((order) ? 2 : 4)

/* A helper is called for so many writes that come within a jiffy. */
#define BURST			8

/* A page that there was no memory for is tried again after this; or later. */
#define RETRY_DELAY		(HZ / 10)
#define RETRY_MAX		(5 * HZ)

/* How long those who look at all slots wait for writes to be stored. */
#define FLUSH_MAX		(HZ / 10)

/**
 * struct late_buffer - what one write has left
 * @link: in free, todo or stuck; late->lock
 * @page: has the data, the first of 2^@order; NULL in a free one
 * @order: 0, or that of the device's units
 * @index: its slot, the first of as many
 * @reclaim: its writer might use memory reserves
 */
struct late_buffer {
	struct list_head link;
	struct page *page;
	unsigned int order;
	unsigned long index;
	bool reclaim;
};

/**
 * struct zblock_late - a device's buffers
 * @dev: constant
 * @lock: of the lists, and to write the numbers; nothing is taken under it
 * @free: those that are not in use
 * @todo: those that a helper may take, oldest first
 * @stuck: those that there was no memory for
 * @busy: how many are not free
 * @used: pages of those
 * @nr_stuck: pages of those in stuck
 * @retry: stores what is stuck
 * @delay: until it tries that once more; its own
 * @jiffy: of the last write that would have liked a helper; lossy
 * @burst: how many there were in it; lossy
 * @buffer: a word's value is an index of this, and which page: see word_of()
 */
struct zblock_late {
	struct zblock *dev;
	spinlock_t lock;		/* of the lists */
	struct list_head free;
	struct list_head todo;
	struct list_head stuck;
	unsigned int busy;
	unsigned int used;
	unsigned int nr_stuck;
	struct delayed_work retry;
	unsigned long delay;
	unsigned long jiffy;
	unsigned int burst;
	struct late_buffer buffer[LATE_MAX];
};

/* The word of a buffer's page @i. */
static zspool_word_t word_of(struct zblock_late *late, struct late_buffer *l,
			     unsigned int i)
{
	zspool_word_t first = zspool_word_make(ZBLOCK_HUGE, PAGE_SIZE,
					       (l - late->buffer) * LATE_MAX);

	return zblock_late_nth(first, i);
}

static struct late_buffer *buffer_of(struct zblock *dev, zspool_word_t word)
{
	return &dev->late->buffer[zspool_word_value(word) / LATE_MAX];
}

static struct page *page_of(struct zblock *dev, zspool_word_t word)
{
	return buffer_of(dev, word)->page + zspool_word_value(word) % LATE_MAX;
}

/*
 * Another helper would be of use: call one where writes come one after the other, or one
 * that had work until it had stayed for long enough. Does it come? Then there is to be
 * something that it can do: the next write may take longer to come than it looks out.
 */
static bool want_helper(struct zblock_late *late)
{
	struct zblock_queue *queue = late->dev->queue;
	unsigned int burst = READ_ONCE(late->burst) + 1;
	unsigned long now = jiffies;

	if (READ_ONCE(late->jiffy) != now) {
		WRITE_ONCE(late->jiffy, now);
		burst = 1;
	}
	WRITE_ONCE(late->burst, burst);
	if (READ_ONCE(queue->again))
		WRITE_ONCE(queue->again, false);
	else if (burst % BURST)
		return false;
	return zblock_call_helpers(queue, 1);
}

/* A writer is to be told if there is no room. */
static bool near_limit(struct zblock *dev)
{
	unsigned long limit = READ_ONCE(dev->limit_pages);

	return limit && zspool_total_pages(dev->pool) + LATE_MAX >= limit;
}

static struct late_buffer *get_buffer(struct zblock_late *late,
				      unsigned int order, int nid)
{
	unsigned int most = LATE_FOR_EACH(order) * zblock_helpers(late->dev->queue);
	gfp_t gfp = __GFP_NOWARN | __GFP_NOMEMALLOC;
	unsigned int nr = 1U << order;
	struct late_buffer *l = NULL;
	struct page *page;

	if (READ_ONCE(late->busy) >= most && !want_helper(late))
		return NULL;
	if (READ_ONCE(late->used) + nr > LATE_MAX || near_limit(late->dev))
		return NULL;
	/* for what it can do without, kswapd is not to make larger blocks */
	if (!order)
		gfp |= __GFP_KSWAPD_RECLAIM;
	page = alloc_pages_node(nid, gfp, order);
	if (!page)
		return NULL;
	spin_lock(&late->lock);
	if (late->used + nr <= LATE_MAX) {
		l = list_first_entry(&late->free, struct late_buffer, link);
		list_del(&l->link);
		WRITE_ONCE(late->busy, late->busy + 1);
		WRITE_ONCE(late->used, late->used + nr);
	}
	spin_unlock(&late->lock);
	if (!l) {
		__free_pages(page, order);
		return NULL;
	}
	l->page = page;
	l->order = order;
	return l;
}

/* Has all been stored that there was memory for? */
static bool is_settled(struct zblock_late *late)
{
	return READ_ONCE(late->used) == READ_ONCE(late->nr_stuck);
}

static void tell_if_settled(struct zblock_late *late)
{
	/* who waits has listed himself before he looks */
	smp_mb();
	if (is_settled(late))
		wake_up_var(&late->used);
}

static void put_buffer(struct zblock_late *late, struct late_buffer *l)
{
	__free_pages(l->page, l->order);
	l->page = NULL;
	spin_lock(&late->lock);
	list_add(&l->link, &late->free);
	WRITE_ONCE(late->busy, late->busy - 1);
	WRITE_ONCE(late->used, late->used - (1U << l->order));
	spin_unlock(&late->lock);
	tell_if_settled(late);
}

/**
 * zblock_late_take() - have a buffer for pages that are to be written
 * @dev: the device
 * @index: the slot of the first
 * @order: 0 for one; or that of a unit, for as many as it has
 * @nid: their node, also that of the buffer: from there they are stored
 * @word: what the first slot is to hold, and zblock_late_nth() of it the others;
 *	zblock_late_go() comes after that
 *
 * Context: process, reclaim too; does not sleep.
 * Return: where to copy them; NULL if they are to be stored at once
 */
void *zblock_late_take(struct zblock *dev, unsigned long index,
		       unsigned int order, int nid, zspool_word_t *word)
{
	struct late_buffer *l;

	/* with all CPUs at work the copy is in vain */
	if (READ_ONCE(dev->write_mode) == ZBLOCK_MODE_SYNC ||
	    !single_task_running())
		return NULL;
	l = get_buffer(dev->late, order, nid);
	if (!l)
		return NULL;
	l->index = index;
	l->reclaim = current->flags & PF_MEMALLOC;
	*word = word_of(dev->late, l, 0);
	return page_address(l->page);
}

/**
 * zblock_late_go() - slots hold the words of zblock_late_take()
 * @dev: the device
 * @word: of the first
 *
 * Context: process, reclaim too; may sleep.
 */
void zblock_late_go(struct zblock *dev, zspool_word_t word)
{
	struct late_buffer *l = buffer_of(dev, word);
	struct zblock_late *late = dev->late;

	zblock_count(dev, ZBLOCK_LATE, 1 << l->order);
	spin_lock(&late->lock);
	list_add_tail(&l->link, &late->todo);
	spin_unlock(&late->lock);
	/* helpers see what we have added, or we see that they have gone */
	smp_mb();
	if (unlikely(zblock_helpers_gone(dev)))
		zblock_late_store(dev);
}

/**
 * zblock_late_waits() - is there a buffer that nobody has begun to store?
 * @dev: the device
 *
 * Context: any.
 */
bool zblock_late_waits(const struct zblock *dev)
{
	return !list_empty(&dev->late->todo);
}

static struct late_buffer *take_todo(struct zblock_late *late)
{
	struct late_buffer *l;

	if (list_empty(&late->todo))
		return NULL;
	spin_lock(&late->lock);
	l = list_first_entry_or_null(&late->todo, struct late_buffer, link);
	if (l)
		list_del(&l->link);
	spin_unlock(&late->lock);
	return l;
}

/* Is page @i still what its slot holds? With the pin, so that no reader is in it if not. */
static bool is_named(struct zblock_late *late, struct late_buffer *l,
		     unsigned int i)
{
	zspool_word_t word;
	bool named;

	word = zspool_pin(late->dev->pool, l->index + i);
	if (!word)
		return false;
	named = zblock_still_there(word, word_of(late, l, i));
	zspool_unpin(late->dev->pool, l->index + i);
	return named;
}

static bool all_named(struct zblock_late *late, struct late_buffer *l)
{
	unsigned int i;

	for (i = 0; i < 1U << l->order; i++)
		if (!is_named(late, l, i))
			return false;
	return true;
}

/* Store the pages whose slots do not hold something else by now. */
static int rewrite(struct zblock_late *late, struct late_buffer *l)
{
	unsigned int i;
	int err;

	if (l->order && all_named(late, l) &&
	    !zblock_rewrite_unit(late->dev, l->page, l->index,
				 word_of(late, l, 0)))
		return 0;
	/* for want of memory, too: a page needs less */
	for (i = 0; i < 1U << l->order; i++) {
		/* of single pages nearly all are: their words are in use by others */
		if (l->order && !is_named(late, l, i))
			continue;
		err = zblock_rewrite_page(late->dev, l->page + i, l->index + i,
					  word_of(late, l, i));
		/* what nobody wants any more needs no memory */
		if (err && err != -EAGAIN && is_named(late, l, i))
			return err;
	}
	return 0;
}

static int store(struct zblock_late *late, struct late_buffer *l)
{
	unsigned int flags;
	int err;

	/* as its writer would: what is written is to free memory */
	if (l->reclaim)
		flags = memalloc_noreclaim_save();
	err = rewrite(late, l);
	if (l->reclaim)
		memalloc_noreclaim_restore(flags);
	if (!err)
		put_buffer(late, l);
	return err;
}

static void add_stuck(struct zblock_late *late, struct late_buffer *l)
{
	spin_lock(&late->lock);
	list_add_tail(&l->link, &late->stuck);
	WRITE_ONCE(late->nr_stuck, late->nr_stuck + (1U << l->order));
	spin_unlock(&late->lock);
	tell_if_settled(late);
}

static struct late_buffer *take_stuck(struct zblock_late *late)
{
	struct late_buffer *l;

	spin_lock(&late->lock);
	l = list_first_entry_or_null(&late->stuck, struct late_buffer, link);
	if (l) {
		list_del(&l->link);
		WRITE_ONCE(late->nr_stuck, late->nr_stuck - (1U << l->order));
	}
	spin_unlock(&late->lock);
	return l;
}

/**
 * zblock_late_store() - store what waits longest
 * @dev: the device
 *
 * Context: process, reclaim too; may sleep.
 * Return: false if nothing waits
 */
bool zblock_late_store(struct zblock *dev)
{
	struct zblock_late *late = dev->late;
	struct late_buffer *l = take_todo(late);

	if (!l)
		return false;
	if (store(late, l)) {
		add_stuck(late, l);
		queue_delayed_work(zblock_lazy_wq, &late->retry,
				   RETRY_DELAY);
	}
	return true;
}

/* One that fails is enough to know that there is still no memory. */
static void retry_work(struct work_struct *work)
{
	struct zblock_late *late = container_of(to_delayed_work(work),
						struct zblock_late, retry);
	struct late_buffer *l;

	while ((l = take_stuck(late))) {
		if (store(late, l)) {
			add_stuck(late, l);
			late->delay = min(2 * late->delay, RETRY_MAX);
			queue_delayed_work(zblock_lazy_wq, &late->retry,
					   late->delay);
			return;
		}
		late->delay = RETRY_DELAY;
	}
}

/**
 * zblock_late_load() - read a page that is in a buffer
 * @dev: the device
 * @word: the word of a slot that is pinned
 * @mem: where to
 *
 * Context: any.
 */
void zblock_late_load(struct zblock *dev, zspool_word_t word, void *mem)
{
	copy_page(mem, page_address(page_of(dev, word)));
}

/**
 * zblock_late_flush() - wait for what has been written before
 * @dev: the device
 *
 * For those who look at all slots to do something with what is stored. What there
 * is no memory for is not waited for; and others may go on writing, so it is for a
 * moment only.
 *
 * Context: process; may sleep.
 */
void zblock_late_flush(struct zblock *dev)
{
	wait_var_event_timeout(&dev->late->used, is_settled(dev->late),
			       FLUSH_MAX);
}

/**
 * zblock_late_drop() - forget all pages
 * @dev: the device; does no I/O, and helpers are not there
 *
 * Context: process; may sleep.
 */
void zblock_late_drop(struct zblock *dev)
{
	struct zblock_late *late = dev->late;
	struct late_buffer *l;

	cancel_delayed_work_sync(&late->retry);
	while ((l = take_stuck(late)))
		put_buffer(late, l);
	WARN_ON_ONCE(late->used);
	late->delay = RETRY_DELAY;
}

/**
 * zblock_late_create() - the buffers of a device, none of them with memory yet
 * @dev: the device
 *
 * Context: process; may sleep.
 * Return: NULL if there is no memory
 */
struct zblock_late *zblock_late_create(struct zblock *dev)
{
	struct zblock_late *late = kzalloc(sizeof(*late), GFP_KERNEL);
	int i;

	if (!late)
		return NULL;
	late->dev = dev;
	late->delay = RETRY_DELAY;
	late->jiffy = jiffies;
	spin_lock_init(&late->lock);
	INIT_LIST_HEAD(&late->free);
	INIT_LIST_HEAD(&late->todo);
	INIT_LIST_HEAD(&late->stuck);
	INIT_DELAYED_WORK(&late->retry, retry_work);
	for (i = 0; i < LATE_MAX; i++)
		list_add_tail(&late->buffer[i].link, &late->free);
	return late;
}

/**
 * zblock_late_bytes() - memory of a device's buffers
 * @dev: the device
 *
 * Context: any.
 * Return: bytes
 */
size_t zblock_late_bytes(const struct zblock *dev)
{
	return sizeof(struct zblock_late) +
	       READ_ONCE(dev->late->used) * PAGE_SIZE;
}
