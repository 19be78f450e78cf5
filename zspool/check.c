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

/* Say what is wrong; once a line, all of them count. */
#define EXPECT(cond, zspage, fmt, ...) ({				\
	bool __wrong = !(cond);						\
	if (__wrong)							\
		pr_err_ratelimited("check: class %u zspage %u: %s: " fmt "\n", \
				   (zspage)->class->size, (zspage)->id,	\
				   #cond, ##__VA_ARGS__);		\
	__wrong;							\
})

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
	int wrong = 0;

	for_each_set_bit(i, zs_used_map(zspage), class->objs) {
		zspool_handle_t handle = zs_obj_handle(zspage, i);
		u64 *word = zs_table_entry(&pool->words, handle);
		zspool_word_t value;
		unsigned int room;

		if (EXPECT(word, zspage, "%u: handle %u", i, handle)) {
			wrong++;
			continue;
		}
		value = READ_ONCE(*word);
		if (!zs_word_names(value, zspage, i))
			continue;
		room = class->size - (zs_class_sole(class) ? 0 : ZS_HEADER);
		wrong += EXPECT(zspool_word_size(value) <= room, zspage,
				"%u: %u bytes", i, zspool_word_size(value));
	}
	return wrong;
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
	int wrong = 0;

	for (i = 0; i < class->pages; i++) {
		if (zs_class_sole(class))
			wrong += check_sole_page(zspage, i);
		if (!zspage->pages[i])
			continue;
		nr++;
		wrong += EXPECT(page_private(zspage->pages[i]) ==
				(unsigned long)zspage, zspage, "page %u", i);
		wrong += EXPECT(zs_class_sole(class) || i < zspage->nr_pages,
				zspage, "page %u", i);
	}
	wrong += EXPECT(nr == zspage->nr_pages, zspage, "%u of %u", nr,
			zspage->nr_pages);
	wrong += EXPECT(zs_class_sole(class) || end * class->size <=
			nr * PAGE_SIZE, zspage, "%u pages, %u objects", nr, end);
	return wrong;
}

static int check_zspage(struct zspage *zspage, unsigned int group)
{
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	int wrong = 0;

	wrong += EXPECT(zspage->state == ZS_LINKED, zspage, "%u",
			zspage->state);
	wrong += EXPECT(!zspage->moving, zspage, "%u", zspage->moving);
	wrong += EXPECT(zspage->group == group, zspage, "%u", zspage->group);
	wrong += EXPECT(expected_group(zspage) == group, zspage, "%u of %u",
			zspage->inuse, class->objs);
	/* empty: held by the VM, or just made and not yet taken from */
	wrong += EXPECT(zspage->inuse || zspage->isolated ||
			zspage->nr_pages == 1, zspage, "empty");
	wrong += EXPECT(zs_zspage_find(pool, zspage->id) == zspage, zspage,
			"id names another");
	wrong += check_pages(zspage);
	wrong += check_used_map(zspage);
	wrong += check_objects(zspage);
	return wrong;
}

static int check_class(struct size_class *class)
{
	unsigned long inuse = 0, pages = 0;
	struct zspage *zspage;
	int wrong = 0;
	int g;

	spin_lock(&class->lock);
	for (g = 0; g < ZS_GROUPS; g++) {
		unsigned int nr = 0;

		list_for_each_entry(zspage, &class->group[g], link) {
			wrong += check_zspage(zspage, g);
			inuse += zspage->inuse;
			pages += zspage->nr_pages;
			nr++;
		}
		if (nr != class->zspages[g]) {
			pr_err_ratelimited("check: class %u: %u zspages in group %d, counted %u\n",
					   class->size, nr, g,
					   class->zspages[g]);
			wrong++;
		}
	}
	/* zspages that are moving are on no list */
	if (inuse > class->inuse || pages > class->nr_pages ||
	    (!class->moving &&
	     (inuse != class->inuse || pages != class->nr_pages))) {
		pr_err_ratelimited("check: class %u: %lu objects in %lu pages, counted %lu in %lu\n",
				   class->size, inuse, pages, class->inuse,
				   class->nr_pages);
		wrong++;
	}
	spin_unlock(&class->lock);
	return wrong;
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
	int wrong = 0;

	for (i = 0; i < zs_nr_classes; i++) {
		wrong += check_class(&pool->classes[i]);
		cond_resched();
	}
	return wrong;
}
EXPORT_SYMBOL_GPL(zspool_check);
