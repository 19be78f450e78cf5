// SPDX-License-Identifier: GPL-2.0-only
/*
 * compact.c - moving objects together so that zspages come free
 *
 * One object at a time, under its class's lock and its own pin: readers of
 * other objects wait for nothing, allocations of the class for one copy (and
 * once for the squeeze of its last zspage).
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/sched.h>
#include "internal.h"

/* Pages that a class's objects would fill if none were free among them. */
static unsigned long class_needs(const struct size_class *class)
{
	unsigned long inuse = READ_ONCE(class->inuse);
	unsigned long rest = inuse % class->objs;

	return inuse / class->objs * class->pages +
	       DIV_ROUND_UP(rest * class->size, PAGE_SIZE);
}

/**
 * zs_class_freeable() - pages that compaction of a class would free at best
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
 * zs_compact_estimate() - pages that compaction would give back at best
 * @pool: the pool
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
 * The source is on no list, so it is not it.
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

/*
 * Move an object that the caller found in use, if nobody is at it. @to may be
 * @from. A whole page is not copied but handed over, if the VM has not isolated
 * it: who comes from the page finds its new zspage. False if it has to stay.
 */
static bool move_object(struct zspage *from, unsigned int index,
			struct zspage *to)
{
	bool sole = zs_class_sole(from->class);
	struct zspool *pool = from->class->pool;
	zspool_handle_t handle = zs_obj_handle(from, index);
	u64 *word = zs_table_entry(&pool->words, handle);
	zspool_word_t value;
	unsigned int at;
	bool moved;

	if (!zs_word_trypin(word, &value))
		return false;
	moved = zs_word_names(value, from, index) &&
		!(value & ZSPOOL_WORD_DEFER) &&
		!(sole && from->isolated & BIT(index));
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
	zs_word_unpin_locked(pool, word);
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
		if (need_resched() || spin_is_contended(&class->lock)) {
			spin_unlock(&class->lock);
			cond_resched();
			spin_lock(&class->lock);
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

		spin_lock(&class->lock);
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
 * Move the last objects of a zspage to its lowest free places, and cut off the
 * pages that are then behind the last. Returns how many pages came off.
 */
static unsigned int squeeze(struct zspage *zspage, struct page **pages)
{
	while (zspage->inuse) {
		unsigned int last = find_last_bit(zs_used_map(zspage),
						  zspage->class->objs);

		if (zspage->free > last || !move_object(zspage, last, zspage))
			break;
	}
	return zs_zspage_cut(zspage, pages);
}

/* The few zspages that are still not full: no pages behind their objects. */
static void squeeze_zspages(struct size_class *class)
{
	struct zspool *pool = class->pool;
	struct page *pages[ZS_CHAIN_MAX];
	unsigned int tries = 4;

	while (tries-- && zs_class_freeable(class)) {
		struct zspage *zspage;
		unsigned int nr = 0;

		spin_lock(&class->lock);
		zspage = find_source(class);
		/* an empty one stays while the VM has a page of it */
		if (zspage && (zspage->inuse || !zs_zspage_settle(zspage))) {
			nr = squeeze(zspage, pages);
			/* another one next time */
			list_move(&zspage->link, &class->group[zspage->group]);
		}
		spin_unlock(&class->lock);
		while (nr)
			zs_page_put(pool, pages[--nr]);
		zs_release_now(pool);
	}
}

static unsigned long compact_class(struct size_class *class)
{
	unsigned long before = READ_ONCE(class->nr_pages);
	unsigned long after;

	if (!has_slack(class))
		return 0;
	empty_zspages(class);
	if (!zs_class_sole(class))
		squeeze_zspages(class);
	after = READ_ONCE(class->nr_pages);
	return before > after ? before - after : 0;
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
	zs_stock_drain(pool, 0);
	atomic_long_add(freed, &pool->count[ZS_COMPACTED]);
	if (zs_check_enabled())
		WARN_ON(zspool_check(pool));
	return freed;
}

/**
 * zspool_compact() - move objects together and give empty pages back
 * @pool: the pool
 *
 * Objects that are pinned stay where they are. The stock is given back too.
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
	return freed;
}
EXPORT_SYMBOL_GPL(zspool_compact);
