// SPDX-License-Identifier: GPL-2.0-only
/*
 * compact.c - moving objects together so that zspages come free
 *
 * One object at a time, under its class's lock and its own pin: readers of
 * other objects wait for nothing, allocations of the class for one copy (and for
 * the squeeze of its last zspages, and the fold of its last page).
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/sched.h>
#include "internal.h"

/* An object may lodge in a class that is larger by no more than this part of it. */
#define LODGE_WASTE	8

/* After so many passes little more comes of it; and writers may go on for ever. */
#define FOLD_PASSES	4

/* Pages that a class's objects would fill if none were free among them. */
static unsigned long class_needs(const struct size_class *class)
{
	unsigned long inuse = READ_ONCE(class->inuse);
	unsigned long rest = inuse % class->objs;

	return inuse / class->objs * class->pages +
	       DIV_ROUND_UP(rest * class->size, PAGE_SIZE);
}

/**
 * zs_class_freeable() - pages that compaction of a class by itself would free
 * @class: the class
 *
 * Context: any; the figures are read as they go by.
 * Return: how many
 */
unsigned long zs_class_freeable(const struct size_class *class)
{
	unsigned long pages = READ_ONCE(class->nr_pages);
	unsigned long needs = class_needs(class);

	return pages > needs ? pages - needs : 0;
}

/**
 * zs_compact_estimate() - pages that compaction would give back
 * @pool: the pool
 *
 * Without those that folding classes together gives: it may find them or not.
 *
 * Context: any; the figures are read as they go by.
 * Return: how many
 */
unsigned long zs_compact_estimate(struct zspool *pool)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < zs_nr_classes; i++)
		pages += zs_class_freeable(&pool->classes[i]);
	return pages;
}

/* The emptiest zspage: the least to copy for a zspage freed. */
static struct zspage *find_source(struct size_class *class)
{
	int g;

	for (g = ZS_GROUP_25; g < ZS_GROUP_FULL; g++)
		if (!list_empty(&class->group[g]))
			return list_last_entry(&class->group[g],
					       struct zspage, link);
	return NULL;
}

/*
 * The fullest zspage that has room as it is: compaction allocates nothing. A
 * whole page comes with its object, so there has to be none in its place yet.
 * The source is on no list, or another class's, so it is not it.
 */
static struct zspage *find_target(struct size_class *class)
{
	struct zspage *zspage;
	int g;

	for (g = ZS_GROUP_99; g >= ZS_GROUP_25; g--)
		list_for_each_entry(zspage, &class->group[g], link)
			if (zs_zspage_has_room(zspage) != zs_class_sole(class))
				return zspage;
	return NULL;
}

/* May an object of @bytes, with its header, be in this class, which is not its own? */
static bool may_lodge(const struct size_class *class, unsigned int bytes)
{
	return !zs_class_sole(class) && bytes <= class->size &&
	       class->size <= bytes + bytes / LODGE_WASTE;
}

/*
 * Move an object that the caller found in use, if nobody is at it. @to may be
 * @from, or of another class whose lock is held too. A whole page is not copied but
 * handed over, if the VM has not isolated it: who comes from the page finds its new
 * zspage. False if it has to stay.
 */
static bool move_object(struct zspage *from, unsigned int index,
			struct zspage *to)
{
	bool sole = zs_class_sole(from->class);
	bool lodges = to->class != from->class;
	struct zspool *pool = from->class->pool;
	zspool_handle_t handle = zs_obj_handle(from, index);
	u64 *word = zs_table_at(&pool->words, handle);
	zspool_word_t value;
	unsigned int at;
	bool moved;

	if (!zs_word_trypin(word))
		return false;
	value = READ_ONCE(*word);
	moved = zs_word_names(value, from, index) &&
		!(value & ZSPOOL_WORD_DEFER) &&
		!(sole && from->isolated & BIT(index)) &&
		(!lodges ||
		 may_lodge(to->class, zspool_word_size(value) + ZS_HEADER));
	if (moved) {
		if (sole)
			zs_zspage_hand_over(from, index, to);
		at = zs_obj_take(to, handle);
		if (!sole)
			zs_obj_copy(to, at, from, index,
				    zspool_word_size(value));
		zs_word_set(word, zs_word_locate(value, to->id, at));
		zs_obj_put(from, index);
	}
	zs_word_unpin_locked(pool, handle, word);
	return moved;
}

/*
 * Empty one zspage as far as may be. While it counts as moving it is on no
 * list and stays, so the lock can be let go between objects.
 */
static void empty_zspage(struct zspage *from)
{
	struct size_class *class = from->class;
	struct zspage *to;
	unsigned int i;

	lockdep_assert_held(&class->lock);
	zs_zspage_unlink(from);
	from->moving++;
	zs_class_moving(class, 1);
	for_each_set_bit(i, zs_used_map(from), class->objs) {
		to = find_target(class);
		if (!to)
			break;
		if (move_object(from, i, to))
			zs_zspage_regroup(to);
		/* on PREEMPT_RT nobody can be seen waiting */
		if (IS_ENABLED(CONFIG_PREEMPT_RT) || need_resched() ||
		    spin_is_contended(&class->lock)) {
			spin_unlock(&class->lock);
			cond_resched();
			zs_lock(&class->lock);
		}
	}
	if (--from->moving)
		/* the VM is moving a page of it, and settles it */
		return;
	zs_class_moving(class, -1);
	zs_zspage_link(from);
	zs_zspage_settle(from);
}

/* Are there pages to be freed, or descriptors of whole pages? */
static bool has_slack(const struct size_class *class)
{
	if (zs_class_sole(class))
		return zs_class_zspages(class) >
		       DIV_ROUND_UP(READ_ONCE(class->inuse), class->objs);
	return zs_class_freeable(class);
}

/* From the emptiest zspage on, as long as another has room for its objects. */
static void empty_zspages(struct size_class *class)
{
	unsigned long tries = 0;
	int g;

	for (g = ZS_GROUP_25; g < ZS_GROUP_FULL; g++)
		tries += READ_ONCE(class->zspages[g]);
	while (tries-- && has_slack(class)) {
		struct zspage *from;

		zs_lock(&class->lock);
		from = find_source(class);
		if (from)
			empty_zspage(from);
		spin_unlock(&class->lock);
		if (!from)
			break;
		zs_release_now(class->pool);
		cond_resched();
	}
}

/*
 * Make the emptiest zspage of a class shorter: @work says how many pages came off. Those
 * are given back with no lock held.
 */
static noinline unsigned int shorten(struct size_class *class,
				     unsigned int (*work)(struct zspage *zspage,
							  struct page **pages))
{
	struct page *pages[ZS_CHAIN_MAX];
	struct zspage *zspage;
	unsigned int nr = 0, i;

	zs_lock(&class->lock);
	zspage = find_source(class);
	/* an empty one stays while the VM has a page of it */
	if (zspage && (zspage->inuse || !zs_zspage_settle(zspage))) {
		nr = work(zspage, pages);
		zs_zspage_settle(zspage);
	}
	spin_unlock(&class->lock);
	for (i = 0; i < nr; i++)
		zs_page_put(class->pool, pages[i]);
	return nr;
}

/*
 * Move the last objects of a zspage to its lowest free places, and cut off the
 * pages that are then behind the last.
 */
static unsigned int squeeze(struct zspage *zspage, struct page **pages)
{
	struct size_class *class = zspage->class;

	while (zspage->inuse) {
		unsigned int last = find_last_bit(zs_used_map(zspage),
						  class->objs);

		if (zspage->free > last || !move_object(zspage, last, zspage))
			break;
	}
	/* another one next time */
	list_move(&zspage->link, &class->group[zspage->group]);
	return zs_zspage_cut(zspage, pages);
}

static unsigned long compact_class(struct size_class *class)
{
	unsigned long before = READ_ONCE(class->nr_pages);
	unsigned int tries = 4;
	unsigned long after;

	if (!has_slack(class))
		return 0;
	empty_zspages(class);
	/* the few zspages that are still not full: no pages behind their objects */
	while (!zs_class_sole(class) && tries-- && zs_class_freeable(class)) {
		shorten(class, squeeze);
		zs_release_now(class->pool);
	}
	after = READ_ONCE(class->nr_pages);
	return before > after ? before - after : 0;
}

/* Objects that would fit in a class's pages beside those that are in use. */
static unsigned long class_room(const struct size_class *class)
{
	unsigned long pages = READ_ONCE(class->nr_pages);
	unsigned long inuse = READ_ONCE(class->inuse);
	unsigned long objs = pages / class->pages * class->objs +
			     pages % class->pages * PAGE_SIZE / class->size;

	return objs > inuse ? objs - inuse : 0;
}

/* The next class that may lodge objects of @bytes from @class or below. NULL: none. */
static struct size_class *next_lodging(struct size_class *class,
				       unsigned int bytes)
{
	return may_lodge(class + 1, bytes) ? class + 1 : NULL;
}

static unsigned long room_above(struct size_class *class, unsigned int bytes)
{
	unsigned long room = 0;

	while ((class = next_lodging(class, bytes)))
		room += class_room(class);
	return room;
}

/*
 * Bytes of an object with its header, read without its pin: a hint. It may be
 * those of what the handle held before; move_object() sees what it is.
 */
static unsigned int bytes_of(struct zspage *zspage, unsigned int index)
{
	u64 *word = zs_table_at(&zspage->class->pool->words,
				zs_obj_handle(zspage, index));

	return zspool_word_size(READ_ONCE(*word)) + ZS_HEADER;
}

static bool try_lodge(struct zspage *from, unsigned int index,
		      struct size_class *class)
{
	struct zspage *to;
	bool moved;

	if (!spin_trylock(&class->lock))
		return false;
	to = find_target(class);
	moved = to && move_object(from, index, to);
	if (moved)
		zs_zspage_regroup(to);
	spin_unlock(&class->lock);
	return moved;
}

/*
 * Move an object to a larger class. That class's lock is only tried for, so there is
 * no order among them.
 */
static bool lodge_object(struct zspage *from, unsigned int index)
{
	unsigned int bytes = bytes_of(from, index);
	struct size_class *class = from->class;

	while ((class = next_lodging(class, bytes)))
		if (try_lodge(from, index, class))
			return true;
	return false;
}

/*
 * Empty the last page of a zspage, if the larger classes have room for all of it.
 * Returns how many pages came off.
 */
static unsigned int fold(struct zspage *zspage, struct page **pages)
{
	struct size_class *class = zspage->class;
	unsigned int last = zspage->nr_pages - 1;
	unsigned int first = last * PAGE_SIZE / class->size;
	unsigned int least = class->size;
	unsigned int nr = 0, i;

	if (!zspage->nr_pages || zspage->isolated >> last)
		return 0;
	i = first;
	for_each_set_bit_from(i, zs_used_map(zspage), class->objs) {
		least = min(least, bytes_of(zspage, i));
		nr++;
	}
	if (nr > room_above(class, least))
		return 0;
	i = first;
	for_each_set_bit_from(i, zs_used_map(zspage), class->objs)
		if (!lodge_object(zspage, i))
			break;
	return zs_zspage_cut(zspage, pages);
}

static unsigned int fold_class(struct size_class *class)
{
	if (zs_class_sole(class) || !READ_ONCE(class->nr_pages))
		return 0;
	return shorten(class, fold);
}

/*
 * When each class is as small as it can be, its last page is half empty on
 * average; of two such neighbours one page can be had. An object that moves up
 * for it wastes a little, until it is freed or written anew. What moves up makes
 * room for others below, and takes it from others above: so not once only.
 */
static unsigned long fold_classes(struct zspool *pool, unsigned long enough)
{
	unsigned long freed = 0, before;
	unsigned int passes = FOLD_PASSES;
	unsigned int i;

	do {
		before = freed;
		for (i = 0; i < zs_nr_classes && freed < enough; i++) {
			freed += fold_class(&pool->classes[i]);
			cond_resched();
		}
	} while (--passes && freed > before && freed < enough);
	if (freed)
		zs_release_now(pool);
	return freed;
}

static noinline unsigned long counted(struct zspool *pool, unsigned long freed)
{
	atomic_long_add(freed, &pool->count[ZS_COMPACTED]);
	return freed;
}

/**
 * zs_compact_some() - compact until enough pages are free
 * @pool: the pool, its compact_lock held
 * @enough: pages
 *
 * Context: process; may be called from reclaim.
 * Return: pages freed
 */
unsigned long zs_compact_some(struct zspool *pool, unsigned long enough)
{
	unsigned long freed = 0;
	unsigned int i;

	lockdep_assert_held(&pool->compact_lock);
	for (i = 0; i < zs_nr_classes && freed < enough; i++)
		freed += compact_class(&pool->classes[i]);
	if (freed < enough)
		freed += fold_classes(pool, enough - freed);
	zs_stock_drain(pool);
	counted(pool, freed);
	if (zs_check_enabled())
		WARN_ON(zspool_check(pool));
	return freed;
}

/**
 * zs_compact_class() - compact one class by itself
 * @class: the class; the pool's compact_lock is held
 *
 * Context: process.
 * Return: pages freed
 */
unsigned long zs_compact_class(struct size_class *class)
{
	lockdep_assert_held(&class->pool->compact_lock);
	return counted(class->pool, compact_class(class));
}

/**
 * zs_fold_classes() - fold classes together, each having been compacted
 * @pool: the pool, its compact_lock held
 *
 * Context: process.
 */
void zs_fold_classes(struct zspool *pool)
{
	lockdep_assert_held(&pool->compact_lock);
	counted(pool, fold_classes(pool, ULONG_MAX));
}

/**
 * zspool_compact() - move objects together and give empty pages back
 * @pool: the pool
 *
 * Objects that are pinned stay where they are. What is in the last page of a size
 * class moves to larger ones that have room for it. The stock is given back too.
 *
 * Context: process; sleeps. A second call waits for the first.
 * Return: pages freed, without those of the stock
 */
unsigned long zspool_compact(struct zspool *pool)
{
	unsigned long freed;

	mutex_lock(&pool->compact_lock);
	freed = zs_compact_some(pool, ULONG_MAX);
	mutex_unlock(&pool->compact_lock);
	/* the worker may have pages in its hands that came free before */
	flush_delayed_work(&pool->release_work);
	return freed;
}
EXPORT_SYMBOL_GPL(zspool_compact);
