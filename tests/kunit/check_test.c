// SPDX-License-Identifier: GPL-2.0-only
/* check_test.c - the checker finds each thing that can be wrong with a pool */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include "double.h"
#include "suites.h"

#define SIZE	1500		/* several to a chain of several pages */
#define NR	8

static struct zspool *pool;

/* NR objects of SIZE from 0 on, and NR of a page from NR on; two of each freed. */
static int check_init(struct kunit *test)
{
	zspool_handle_t h;
	unsigned int i;

	double_start(test);
	pool = zs_pool_create("kunit-check", 1000, NULL, NULL, &double_route);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	for (i = 0; i < 2 * NR; i++) {
		if (zspool_alloc(pool, i < NR ? SIZE : PAGE_SIZE, GFP_KERNEL,
				 NUMA_NO_NODE, &h) || h != i)
			return -ENOMEM;
	}
	for (i = 1; i < 2 * NR; i += NR) {
		zspool_free(pool, i);
		zspool_free(pool, i + 1);
	}
	return zspool_check(pool) ? -EINVAL : 0;
}

static void check_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	zspool_destroy(pool);
	double_finish(test);
}

static struct zspage *zspage_of(zspool_handle_t h)
{
	return zs_zspage_find(pool, zs_word_id(zspool_peek(pool, h)));
}

/* With @field as it must not be the checker complains; as it was, it does not. */
#define EXPECT_FOUND(test, field, wrong) do {				\
	typeof(field) __was = (field);					\
									\
	(field) = (wrong);						\
	KUNIT_EXPECT_GT(test, zspool_check(pool), 0);			\
	(field) = __was;						\
	KUNIT_EXPECT_EQ(test, zspool_check(pool), 0);			\
} while (0)

static void wrong_descriptors_are_found(struct kunit *test)
{
	struct zspage *zspage = zspage_of(0);
	u64 *entry = zs_table_entry(&pool->zspages, zspage->id);

	EXPECT_FOUND(test, zspage->state, ZS_DEAD);
	EXPECT_FOUND(test, zspage->moving, 1);
	EXPECT_FOUND(test, zspage->group, zspage->group + 1);
	EXPECT_FOUND(test, zspage->inuse, zspage->inuse + 1);
	EXPECT_FOUND(test, zspage->inuse, 0);
	EXPECT_FOUND(test, zspage->nr_pages, zspage->nr_pages + 1);
	EXPECT_FOUND(test, *entry, (unsigned long)zspage_of(NR));
}

static void wrong_counts_of_a_class_are_found(struct kunit *test)
{
	struct zspage *zspage = zspage_of(0);
	struct size_class *class = zspage->class;

	EXPECT_FOUND(test, class->inuse, class->inuse + 1);
	EXPECT_FOUND(test, class->inuse, class->inuse - 1);
	EXPECT_FOUND(test, class->nr_pages, class->nr_pages + 1);
	EXPECT_FOUND(test, class->zspages[zspage->group],
		     class->zspages[zspage->group] + 1);
}

static void wrong_bitmaps_are_found(struct kunit *test)
{
	struct zspage *zspage = zspage_of(0);
	unsigned int index = zs_word_index(zspool_peek(pool, 0));
	unsigned long *map = zs_used_map(zspage);

	/* one too few, one too many, and not the lowest that is free */
	EXPECT_FOUND(test, map[BIT_WORD(index)],
		     map[BIT_WORD(index)] & ~BIT_MASK(index));
	EXPECT_FOUND(test, map[BIT_WORD(zspage->free)],
		     map[BIT_WORD(zspage->free)] | BIT_MASK(zspage->free));
	EXPECT_FOUND(test, zspage->free, zspage->free + 1);
	EXPECT_FOUND(test, zspage->free, index);
}

static void wrong_objects_are_found(struct kunit *test)
{
	u64 *word = zs_table_entry(&pool->words, 0);
	struct zspage *zspage = zspage_of(NR);
	unsigned int index = zs_word_index(zspool_peek(pool, NR));
	u32 *header = (u32 *)(zs_used_map(zspage) +
			      BITS_TO_LONGS(zspage->class->objs)) + index;

	/* whole pages have their headers behind the descriptor */
	spin_lock(&zspage->class->lock);
	KUNIT_EXPECT_EQ(test, *header, zs_obj_handle(zspage, index));
	spin_unlock(&zspage->class->lock);
	/* a handle that there is not, more bytes than there is room */
	EXPECT_FOUND(test, *header, 1000000);
	EXPECT_FOUND(test, *word,
		     *word + ((u64)(PAGE_SIZE - SIZE) << ZSPOOL_SIZE_SHIFT));
}

static void wrong_pages_are_found(struct kunit *test)
{
	struct zspage *sole = zspage_of(NR), *chain = zspage_of(0);
	unsigned int index = zs_word_index(zspool_peek(pool, NR));
	unsigned int free = sole->free;

	/* a page that names another, one too few, one where none should be */
	EXPECT_FOUND(test, page_private(chain->pages[0]), (unsigned long)sole);
	EXPECT_FOUND(test, sole->pages[index], NULL);
	EXPECT_FOUND(test, sole->pages[free], sole->pages[index]);
	EXPECT_FOUND(test, chain->nr_pages, chain->nr_pages - 1);
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(wrong_descriptors_are_found),
	KUNIT_CASE(wrong_counts_of_a_class_are_found),
	KUNIT_CASE(wrong_bitmaps_are_found),
	KUNIT_CASE(wrong_objects_are_found),
	KUNIT_CASE(wrong_pages_are_found),
	{}
};

struct kunit_suite check_suite = {
	.name = "zspool_check",
	.init = check_init,
	.exit = check_exit,
	.test_cases = check_cases,
};
