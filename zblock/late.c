// SPDX-License-Identifier: GPL-2.0-only
/*
 * late.c - a write that ends before its page is compressed
 *
 * Who writes one page and waits for it (swap does, where a disk says that it is
 * synchronous) leaves the other CPUs nothing to help with. So where a helper of
 * helper.c is up, the page is copied into a buffer, the slot's word says which one,
 * and the write is done: to copy takes a tenth of the time that to compress takes.
 * The helper then stores the page as any other.
 *
 * What makes that safe:
 *   - The data is stored when the write ends: reads find it in the buffer, by the
 *     word, under the slot's pin. Whatever overwrites or frees the slot replaces the
 *     word, as ever, and knows nothing of this.
 *   - A buffer goes when its helper has had the slot's pin and the word was another,
 *     or has been made another: so no reader is in it, and no word names it.
 *     As no other page gets the buffer before, "the word still names it" proves
 *     that the slot has not changed meanwhile.
 *   - If the helper has no memory, or is at mem_limit, the page stays where it is,
 *     and is tried again later. There are few buffers, none of them of memory
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
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include "zblock.h"

/* Buffers of a device; and of them for each helper: one to do, one to come next. */
#define LATE_MAX		16
#define LATE_FOR_EACH		2

/* A helper is called for so many writes that come within a jiffy. */
#define BURST			8

/* A page that there was no memory for is tried again after this; or later. */
#define RETRY_DELAY		(HZ / 10)
#define RETRY_MAX		(5 * HZ)

/* How long those who look at all slots wait for writes to be stored. */
#define FLUSH_MAX		(HZ / 10)

/**
 * struct late_page - a buffer
 * @link: in free, todo or stuck; late->lock
 * @page: has the data; NULL in a free one
 * @index: its slot
 * @reclaim: its writer might use memory reserves
 */
struct late_page {
	struct list_head link;
	struct page *page;
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
 * @used: how many are not free
 * @nr_stuck: how many are in stuck
 * @retry: stores what is stuck
 * @delay: until it tries that once more; its own
 * @jiffy: of the last write that would have liked a helper; lossy
 * @burst: how many there were in it; lossy
 * @buffer: a word's value is an index of this
 */
struct zblock_late {
	struct zblock *dev;
	spinlock_t lock;		/* of the lists */
	struct list_head free;
	struct list_head todo;
	struct list_head stuck;
	unsigned int used;
	unsigned int nr_stuck;
	struct delayed_work retry;
	unsigned long delay;
	unsigned long jiffy;
	unsigned int burst;
	struct late_page buffer[LATE_MAX];
};

static zspool_word_t word_of(struct zblock_late *late, struct late_page *l)
{
	return zspool_word_make(ZBLOCK_HUGE, PAGE_SIZE, l - late->buffer);
}

static struct late_page *buffer_of(struct zblock *dev, zspool_word_t word)
{
	return &dev->late->buffer[zspool_word_value(word)];
}

/* Another helper would be of use: call one where writes come one after the other. */
static void want_helper(struct zblock_late *late)
{
	unsigned int burst = READ_ONCE(late->burst) + 1;

	if (READ_ONCE(late->jiffy) != jiffies) {
		WRITE_ONCE(late->jiffy, jiffies);
		burst = 1;
	}
	WRITE_ONCE(late->burst, burst);
	if (!(burst % BURST))
		zblock_call_helper(late->dev);
}

/* A writer is to be told if there is no room. */
static bool near_limit(struct zblock *dev)
{
	unsigned long limit = READ_ONCE(dev->limit_pages);

	return limit && zspool_total_pages(dev->pool) + LATE_MAX >= limit;
}

static struct late_page *get_buffer(struct zblock_late *late)
{
	unsigned int most = LATE_FOR_EACH * zblock_helpers(late->dev);
	struct late_page *l = NULL;
	struct page *page;

	if (READ_ONCE(late->used) >= min(most, LATE_MAX)) {
		want_helper(late);
		return NULL;
	}
	if (near_limit(late->dev))
		return NULL;
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
	if (!page)
		return NULL;
	spin_lock(&late->lock);
	if (late->used < LATE_MAX) {
		l = list_first_entry(&late->free, struct late_page, link);
		list_del(&l->link);
		WRITE_ONCE(late->used, late->used + 1);
	}
	spin_unlock(&late->lock);
	if (!l) {
		__free_page(page);
		return NULL;
	}
	l->page = page;
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

static void put_buffer(struct zblock_late *late, struct late_page *l)
{
	__free_page(l->page);
	l->page = NULL;
	spin_lock(&late->lock);
	list_add(&l->link, &late->free);
	WRITE_ONCE(late->used, late->used - 1);
	spin_unlock(&late->lock);
	tell_if_settled(late);
}

/**
 * zblock_late_take() - copy a page that is to be written
 * @dev: the device
 * @page: the page
 * @index: its slot
 * @word: what the slot is to hold; zblock_late_go() comes after that
 *
 * Context: process, reclaim too; does not sleep.
 * Return: false if the page is to be stored at once
 */
bool zblock_late_take(struct zblock *dev, struct page *page,
		      unsigned long index, zspool_word_t *word)
{
	struct late_page *l;

	if (READ_ONCE(dev->write_mode) == ZBLOCK_MODE_SYNC)
		return false;
	l = get_buffer(dev->late);
	if (!l)
		return false;
	memcpy_from_page(page_address(l->page), page, 0, PAGE_SIZE);
	l->index = index;
	l->reclaim = current->flags & PF_MEMALLOC;
	*word = word_of(dev->late, l);
	return true;
}

/**
 * zblock_late_go() - a slot holds a word of zblock_late_take()
 * @dev: the device
 * @word: the word
 *
 * Context: process, reclaim too; may sleep.
 */
void zblock_late_go(struct zblock *dev, zspool_word_t word)
{
	struct zblock_late *late = dev->late;

	zblock_count(dev, ZBLOCK_LATE, 1);
	spin_lock(&late->lock);
	list_add_tail(&buffer_of(dev, word)->link, &late->todo);
	spin_unlock(&late->lock);
	/* helpers see what we have added, or we see that they have gone */
	smp_mb();
	if (unlikely(zblock_helpers_gone(dev)))
		zblock_late_store(dev);
}

/**
 * zblock_late_waits() - is there a page that nobody has begun to store?
 * @dev: the device
 *
 * Context: any.
 */
bool zblock_late_waits(const struct zblock *dev)
{
	return !list_empty(&dev->late->todo);
}

static struct late_page *take_todo(struct zblock_late *late)
{
	struct late_page *l;

	if (list_empty(&late->todo))
		return NULL;
	spin_lock(&late->lock);
	l = list_first_entry_or_null(&late->todo, struct late_page, link);
	if (l)
		list_del(&l->link);
	spin_unlock(&late->lock);
	return l;
}

/* Store a page, unless its slot holds something else by now. */
static int store(struct zblock_late *late, struct late_page *l)
{
	unsigned int flags;
	int err;

	/* as its writer would: what is written is to free memory */
	if (l->reclaim)
		flags = memalloc_noreclaim_save();
	err = zblock_rewrite_page(late->dev, l->page, l->index,
				  word_of(late, l));
	if (l->reclaim)
		memalloc_noreclaim_restore(flags);
	if (err && err != -EAGAIN)
		return err;
	put_buffer(late, l);
	return 0;
}

static void add_stuck(struct zblock_late *late, struct late_page *l)
{
	spin_lock(&late->lock);
	list_add_tail(&l->link, &late->stuck);
	WRITE_ONCE(late->nr_stuck, late->nr_stuck + 1);
	spin_unlock(&late->lock);
	tell_if_settled(late);
}

static struct late_page *take_stuck(struct zblock_late *late)
{
	struct late_page *l;

	spin_lock(&late->lock);
	l = list_first_entry_or_null(&late->stuck, struct late_page, link);
	if (l) {
		list_del(&l->link);
		WRITE_ONCE(late->nr_stuck, late->nr_stuck - 1);
	}
	spin_unlock(&late->lock);
	return l;
}

/**
 * zblock_late_store() - store the page that waits longest
 * @dev: the device
 *
 * Context: process, reclaim too; may sleep.
 * Return: false if none waits
 */
bool zblock_late_store(struct zblock *dev)
{
	struct zblock_late *late = dev->late;
	struct late_page *l = take_todo(late);

	if (!l)
		return false;
	if (store(late, l)) {
		add_stuck(late, l);
		queue_delayed_work(zblock_wq, &late->retry, RETRY_DELAY);
	}
	return true;
}

/* One that fails is enough to know that there is still no memory. */
static void retry_work(struct work_struct *work)
{
	struct zblock_late *late = container_of(to_delayed_work(work),
						struct zblock_late, retry);
	struct late_page *l;

	while ((l = take_stuck(late))) {
		if (store(late, l)) {
			add_stuck(late, l);
			late->delay = min(2 * late->delay, RETRY_MAX);
			queue_delayed_work(zblock_wq, &late->retry,
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
	copy_page(mem, page_address(buffer_of(dev, word)->page));
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
	struct late_page *l;

	cancel_delayed_work_sync(&late->retry);
	while ((l = take_stuck(late)))
		put_buffer(late, l);
	WARN_ON_ONCE(late->used);
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
 * zblock_late_destroy() - the reverse
 * @late: of a device that holds nothing; may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_late_destroy(struct zblock_late *late)
{
	if (!late)
		return;
	cancel_delayed_work_sync(&late->retry);
	kfree(late);
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
