// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - a walk over a whole pool that proves its invariants
 *
 * May run while the pool is in use: it holds one class's lock at a time, and
 * asks only what is true then.
 */
#define pr_fmt(fmt) "zspool: " fmt

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "internal.h"

static bool check;
module_param(check, bool, 0644);
MODULE_PARM_DESC(check, "check all of a pool after every compaction (default: n; slow)");

/**
 * zs_check_enabled() - is zspool.check set?
 *
 * Context: any.
 * Return: true if so
 */
bool zs_check_enabled(void)
{
	return check;
}

/* Say what is wrong. */
static __printf(3, 4) int wrong(const struct zspage *zspage, const char *cond,
				const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err_ratelimited("check: class %u zspage %u: %s: %pV\n",
			   zspage->class->size, zspage->id, cond, &vaf);
	va_end(args);
	return 1;
}

#define EXPECT(cond, zspage, fmt, ...)					\
	((cond) ? 0 : wrong(zspage, #cond, fmt, ##__VA_ARGS__))

static enum zs_group expected_group(const struct zspage *zspage)
{
	unsigned int objs = zspage->class->objs;

	return zspage->inuse == objs ? ZS_GROUP_FULL :
				       zspage->inuse * 4 / objs;
}

/* The bitmap: of as many as there are in use, and the lowest free one. */
static int check_used_map(struct zspage *zspage)
{
	const unsigned long *map = zs_used_map(zspage);
	unsigned int objs = zspage->class->objs;
	unsigned int used = bitmap_weight(map, objs);
	unsigned int free = find_first_zero_bit(map, objs);

	return EXPECT(used == zspage->inuse, zspage, "%u, %u", used,
		      zspage->inuse) +
	       EXPECT(free == zspage->free, zspage, "%u, %u", free,
		      zspage->free);
}

/*
 * The used objects: no other of the pool may be named by the same word, and a
 * word that names this object must fit in it. A word that names another is an
 * object's in flight.
 */
static int check_objects(struct zspage *zspage)
{
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	unsigned int i;
	int nr_wrong = 0;

	for_each_set_bit(i, zs_used_map(zspage), class->objs) {
		zspool_handle_t handle = zs_obj_handle(zspage, i);
		u64 *word = zs_table_entry(&pool->words, handle);
		zspool_word_t value;
		unsigned int room;

		if (EXPECT(word, zspage, "%u: handle %u", i, handle)) {
			nr_wrong++;
			continue;
		}
		value = READ_ONCE(*word);
		if (!zs_word_names(value, zspage, i))
			continue;
		room = class->size - (zs_class_sole(class) ? 0 : ZS_HEADER);
		nr_wrong += EXPECT(zspool_word_size(value) <= room, zspage,
				"%u: %u bytes", i, zspool_word_size(value));
	}
	return nr_wrong;
}

/* A whole-page object in use has its page; one that is free, if isolated. */
static int check_sole_page(struct zspage *zspage, unsigned int i)
{
	bool just_made = !zspage->inuse && !i;

	if (test_bit(i, zs_used_map(zspage)))
		return EXPECT(zspage->pages[i], zspage, "%u", i);
	return EXPECT(!zspage->pages[i] || just_made ||
		      zspage->isolated & BIT(i), zspage, "%u", i);
}

/* The chain: as long as its objects ask, or with holes. */
static int check_pages(struct zspage *zspage)
{
	struct size_class *class = zspage->class;
	unsigned int i, nr = 0;
	unsigned int end = zspage->inuse ?
			   find_last_bit(zs_used_map(zspage), class->objs) + 1 : 0;
	int nr_wrong = 0;

	for (i = 0; i < class->pages; i++) {
		if (zs_class_sole(class))
			nr_wrong += check_sole_page(zspage, i);
		if (!zspage->pages[i])
			continue;
		nr++;
		nr_wrong += EXPECT(page_private(zspage->pages[i]) ==
				(unsigned long)zspage, zspage, "page %u", i);
		nr_wrong += EXPECT(zs_class_sole(class) || i < zspage->nr_pages,
				zspage, "page %u", i);
	}
	nr_wrong += EXPECT(nr == zspage->nr_pages, zspage, "%u of %u", nr,
			zspage->nr_pages);
	nr_wrong += EXPECT(zs_class_sole(class) || end * class->size <=
			nr * PAGE_SIZE, zspage, "%u pages, %u objects", nr, end);
	return nr_wrong;
}

static int check_zspage(struct zspage *zspage, unsigned int group)
{
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	int nr_wrong = 0;

	nr_wrong += EXPECT(zspage->state == ZS_LINKED, zspage, "%u",
			zspage->state);
	nr_wrong += EXPECT(!zspage->moving, zspage, "%u", zspage->moving);
	nr_wrong += EXPECT(zspage->group == group, zspage, "%u", zspage->group);
	nr_wrong += EXPECT(expected_group(zspage) == group, zspage, "%u of %u",
			zspage->inuse, class->objs);
	/* empty: held by the VM, or just made and not yet taken from */
	nr_wrong += EXPECT(zspage->inuse || zspage->isolated ||
			zspage->nr_pages == 1, zspage, "empty");
	nr_wrong += EXPECT(zs_zspage_find(pool, zspage->id) == zspage, zspage,
			"id names another");
	nr_wrong += check_pages(zspage);
	nr_wrong += check_used_map(zspage);
	nr_wrong += check_objects(zspage);
	return nr_wrong;
}

static int check_class(struct size_class *class)
{
	unsigned long inuse = 0, pages = 0;
	struct zspage *zspage;
	int nr_wrong = 0;
	int g;

	zs_lock(&class->lock);
	for (g = 0; g < ZS_GROUPS; g++) {
		unsigned int nr = 0;

		list_for_each_entry(zspage, &class->group[g], link) {
			nr_wrong += check_zspage(zspage, g);
			inuse += zspage->inuse;
			pages += zspage->nr_pages;
			nr++;
		}
		if (nr != class->zspages[g]) {
			pr_err_ratelimited("check: class %u: %u zspages in group %d, counted %u\n",
					   class->size, nr, g,
					   class->zspages[g]);
			nr_wrong++;
		}
	}
	/* zspages that are moving are on no list */
	if (inuse > class->inuse || pages > class->nr_pages ||
	    (!class->moving &&
	     (inuse != class->inuse || pages != class->nr_pages))) {
		pr_err_ratelimited("check: class %u: %lu objects in %lu pages, counted %lu in %lu\n",
				   class->size, inuse, pages, class->inuse,
				   class->nr_pages);
		nr_wrong++;
	}
	spin_unlock(&class->lock);
	return nr_wrong;
}

/**
 * zspool_check() - prove a pool's invariants
 * @pool: the pool; may be in use
 *
 * Context: process; holds each class's lock for as long as its walk takes.
 * Return: how many things are wrong, each told in the kernel log; 0 if none
 */
int zspool_check(struct zspool *pool)
{
	unsigned int i;
	int nr_wrong = 0;

	for (i = 0; i < zs_nr_classes; i++) {
		nr_wrong += check_class(&pool->classes[i]);
		cond_resched();
	}
	return nr_wrong;
}
EXPORT_SYMBOL_GPL(zspool_check);
