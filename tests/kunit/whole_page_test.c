// SPDX-License-Identifier: GPL-2.0-only
/* whole_page_test.c - objects of a whole page: one descriptor, pages apart */
/* row: huge */
#include "double.h"
#include "objects.h"
#include "suites.h"

#define NR	(ZS_CHAIN_MAX + 3)

static struct zspool *pool;

static int whole_init(struct kunit *test)
{
	pool = objects_start(test, "kunit-whole", PAGE_SIZE, NR);
	return pool ? 0 : -ENOMEM;
}

/* All objects but @gone read as they were written. */
static void expect_others(struct kunit *test, unsigned int gone)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		if (i != gone)
			expect_object(test, i, i);
}

static unsigned long zspages(void)
{
	struct zspool_stats stats;

	zspool_get_stats(pool, &stats);
	return stats.zspages;
}

/* Pages in zspages: neither in the stock nor on their way back. */
static unsigned long pages_in_use(void)
{
	return pool->classes[zs_class_of(PAGE_SIZE)].nr_pages;
}

static void whole_pages_share_a_descriptor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, zspages(), 2);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR);
	KUNIT_EXPECT_PTR_EQ(test, zspage_of(0), zspage_of(ZS_CHAIN_MAX - 1));
	expect_others(test, NR);
}

static void a_page_goes_with_its_object(struct kunit *test)
{
	struct zspage *zspage = zspage_of(5);

	zspool_free(pool, 5);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR - 1);
	KUNIT_EXPECT_EQ(test, zspage->nr_pages, ZS_CHAIN_MAX - 1);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	expect_others(test, 5);
	/* its place is the next to be taken */
	put_object(test, 5, 5);
	KUNIT_EXPECT_PTR_EQ(test, zspage_of(5), zspage);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR);
	expect_others(test, NR);
}

static void the_descriptor_goes_with_its_last_object(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ZS_CHAIN_MAX; i++) {
		KUNIT_EXPECT_EQ(test, zspages(), 2);
		zspool_free(pool, i);
		KUNIT_EXPECT_EQ(test, pages_in_use(), NR - i - 1);
	}
	KUNIT_EXPECT_EQ(test, zspages(), 1);
}

static void pages_beside_holes_can_move(struct kunit *test)
{
	unsigned int i, h;

	for (i = 0; i < NR; i += 3)
		zspool_free(pool, i);
	for (h = 0; h < NR; h++) {
		struct page *page;

		if (h % 3 == 0)
			continue;
		page = double_page_of(pool, h, NULL);
		KUNIT_ASSERT_TRUE(test, double_isolate(page));
		KUNIT_ASSERT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
		KUNIT_EXPECT_PTR_NE(test, page, double_page_of(pool, h, NULL));
		expect_object(test, h, h);
	}
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
}

/* Freed while isolated: the VM has the page until it puts it back. */
static void a_free_page_that_is_isolated_is_put_back_first(struct kunit *test)
{
	struct page *page = double_page_of(pool, 5, NULL);

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	zspool_free(pool, 5);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	double_putback(page);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR - 1);
	expect_others(test, 5);
}

static void a_free_page_that_is_isolated_can_move(struct kunit *test)
{
	struct page *page = double_page_of(pool, 5, NULL);

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	zspool_free(pool, 5);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR - 1);
	expect_others(test, 5);
}

/* Freed and taken again while isolated: the page has a new object, and stays. */
static void an_isolated_page_can_be_taken_again(struct kunit *test)
{
	struct page *page = double_page_of(pool, 5, NULL);

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	zspool_free(pool, 5);
	put_object(test, 900, 0xaa);
	KUNIT_EXPECT_PTR_EQ(test, double_page_of(pool, 900, NULL), page);
	double_putback(page);
	KUNIT_EXPECT_EQ(test, pages_in_use(), NR);
	expect_object(test, 900, 0xaa);
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	expect_object(test, 900, 0xaa);
	expect_others(test, 5);
}

/* The last object of a zspage goes while its page and another are isolated. */
static void an_empty_zspage_waits_for_its_pages(struct kunit *test)
{
	struct page *first = double_page_of(pool, NR - 1, NULL);
	struct page *second = double_page_of(pool, NR - 2, NULL);
	unsigned int h;

	KUNIT_ASSERT_TRUE(test, double_isolate(first));
	KUNIT_ASSERT_TRUE(test, double_isolate(second));
	for (h = ZS_CHAIN_MAX; h < NR; h++)
		zspool_free(pool, h);
	KUNIT_EXPECT_EQ(test, zspages(), 2);
	KUNIT_EXPECT_EQ(test, pages_in_use(), ZS_CHAIN_MAX + 2);
	double_putback(first);
	KUNIT_EXPECT_EQ(test, zspages(), 2);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(second, MIGRATE_SYNC));
	KUNIT_EXPECT_EQ(test, zspages(), 1);
	KUNIT_EXPECT_EQ(test, pages_in_use(), ZS_CHAIN_MAX);
}

/* Pages stay what and where they are; their zspages become one. */
static void compaction_hands_pages_over(struct kunit *test)
{
	struct page *page[NR];
	unsigned int i;

	for (i = 0; i < NR; i += 2)
		zspool_free(pool, i);
	for (i = 1; i < NR; i += 2)
		page[i] = double_page_of(pool, i, NULL);
	KUNIT_EXPECT_EQ(test, zspages(), 2);
	KUNIT_EXPECT_EQ(test, 0, zspool_compact(pool));
	KUNIT_EXPECT_EQ(test, zspages(), 1);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), NR / 2);
	for (i = 1; i < NR; i += 2) {
		KUNIT_EXPECT_PTR_EQ(test, page[i],
				    double_page_of(pool, i, NULL));
		expect_object(test, i, i);
		KUNIT_ASSERT_TRUE(test, double_isolate(page[i]));
		KUNIT_ASSERT_EQ(test, 0, double_migrate(page[i], MIGRATE_SYNC));
		expect_object(test, i, i);
	}
}

static void compaction_leaves_pinned_and_isolated_pages(struct kunit *test)
{
	struct page *page = double_page_of(pool, NR - 2, NULL);
	zspool_word_t w;
	unsigned int i;

	for (i = 0; i < 4; i++)
		zspool_free(pool, i);
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, NR - 3));
	zspool_compact(pool);
	/* the third of that zspage could go */
	KUNIT_EXPECT_EQ(test, zspages(), 2);
	KUNIT_EXPECT_PTR_EQ(test, zspage_of(NR - 1), zspage_of(5));
	KUNIT_EXPECT_PTR_EQ(test, zspage_of(NR - 2), zspage_of(NR - 3));
	KUNIT_EXPECT_PTR_NE(test, zspage_of(NR - 2), zspage_of(5));
	zspool_unpin(pool, NR - 3);
	double_putback(page);
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspages(), 1);
	for (i = 4; i < NR; i++)
		expect_object(test, i, i);
}

static struct kunit_case whole_cases[] = {
	KUNIT_CASE(whole_pages_share_a_descriptor),
	KUNIT_CASE(a_page_goes_with_its_object),
	KUNIT_CASE(the_descriptor_goes_with_its_last_object),
	KUNIT_CASE(pages_beside_holes_can_move),
	KUNIT_CASE(a_free_page_that_is_isolated_is_put_back_first),
	KUNIT_CASE(a_free_page_that_is_isolated_can_move),
	KUNIT_CASE(an_isolated_page_can_be_taken_again),
	KUNIT_CASE(an_empty_zspage_waits_for_its_pages),
	KUNIT_CASE(compaction_hands_pages_over),
	KUNIT_CASE(compaction_leaves_pinned_and_isolated_pages),
	{}
};

struct kunit_suite whole_page_suite = {
	.name = "zspool_whole_page",
	.init = whole_init,
	.exit = objects_finish,
	.test_cases = whole_cases,
};
