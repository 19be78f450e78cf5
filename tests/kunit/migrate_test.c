// SPDX-License-Identifier: GPL-2.0-only
/* migrate_test.c - the rules of isolate, migrate and put back, one by one */
/* row: migration */
/* row: pinned_again */
#include <linux/err.h>
#include <linux/pagemap.h>
#include "double.h"
#include "objects.h"
#include "suites.h"

#define NR	64
#define SIZE	1500		/* several to a chain of several pages */

static struct zspool *pool;

static int migrate_init(struct kunit *test)
{
	pool = objects_start(test, "kunit-migrate", SIZE, NR);
	return pool ? 0 : -ENOMEM;
}

static void expect_all(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		expect_object(test, i, i);
}

static void a_moved_page_is_read_from_its_new_place(struct kunit *test)
{
	struct page *src = double_page_of(pool, 3, NULL);
	struct page *dst;

	KUNIT_ASSERT_TRUE(test, double_isolate(src));
	KUNIT_ASSERT_EQ(test, 0, double_migrate(src, MIGRATE_SYNC));
	dst = double_page_of(pool, 3, NULL);
	KUNIT_EXPECT_PTR_NE(test, src, dst);
	expect_all(test);
}

static void every_page_can_be_moved(struct kunit *test)
{
	unsigned int i, n = vm.nr;

	for (i = 0; i < n; i++) {
		struct page *page = vm.page[0];

		KUNIT_ASSERT_TRUE(test, double_isolate(page));
		KUNIT_ASSERT_EQ(test, 0, double_migrate(page, MIGRATE_ASYNC));
	}
	KUNIT_EXPECT_EQ(test, vm.moved, n);
	expect_all(test);
}

static void an_isolated_page_is_not_isolated_again(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	lock_page(page);
	KUNIT_EXPECT_FALSE(test, zs_isolate(page));
	unlock_page(page);
	double_putback(page);
	KUNIT_EXPECT_TRUE(test, double_isolate(page));
	double_putback(page);
	expect_all(test);
}

static void a_fresh_zspage_is_not_isolated(struct kunit *test)
{
	const struct zs_page_source anywhere = {
		.gfp = GFP_KERNEL, .nid = NUMA_NO_NODE,
	};
	struct size_class *class = &pool->classes[zs_class_of(SIZE)];
	struct zspage *zspage;
	struct zs_move move;
	struct page *page;

	zspage = zs_zspage_new(class, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, zspage);
	page = zs_page_get(pool, &anywhere);
	KUNIT_ASSERT_FALSE(test, IS_ERR(page));
	spin_lock(&class->lock);
	zs_zspage_grow(zspage, page);
	spin_unlock(&class->lock);
	lock_page(page);
	KUNIT_EXPECT_FALSE(test, zs_isolate(page));
	KUNIT_EXPECT_EQ(test, -EAGAIN, zs_move_begin(&move, page,
						     MIGRATE_SYNC));
	unlock_page(page);
	spin_lock(&class->lock);
	zs_zspage_link(zspage);
	zs_zspage_settle(zspage);
	spin_unlock(&class->lock);
}

static void putback_restores(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);
	struct zspage before, *zspage = zspage_of(3);

	before = *zspage;
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_EXPECT_EQ(test, hweight32(zspage->isolated), 1);
	double_putback(page);
	KUNIT_EXPECT_EQ(test, zspage->isolated, 0);
	KUNIT_EXPECT_MEMEQ(test, &before, zspage, sizeof(before));
	KUNIT_EXPECT_PTR_EQ(test, page, double_page_of(pool, 3, NULL));
	expect_all(test);
}

/* An object of the same zspage that has no byte in page @nth; or NR. */
static unsigned int object_apart(struct zspage *zspage, unsigned int nth)
{
	unsigned int h, other;

	for (h = 0; h < NR; h++) {
		unsigned int at, last;

		if (zspage_of(h) != zspage)
			continue;
		at = zs_word_index(zspool_peek(pool, h)) * zspage->class->size;
		other = at >> PAGE_SHIFT;
		last = (at + zspage->class->size - 1) >> PAGE_SHIFT;
		if (nth < other || nth > last)
			return h;
	}
	return NR;
}

static void a_pinned_object_keeps_only_its_page(struct kunit *test)
{
	unsigned int nth, apart, other_nth;
	struct page *page = double_page_of(pool, 3, &nth);
	struct page *other;
	zspool_word_t w;

	apart = object_apart(zspage_of(3), nth);
	KUNIT_ASSERT_LT(test, apart, NR);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 3));

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_EXPECT_EQ(test, -EAGAIN, double_migrate(page, MIGRATE_SYNC));
	KUNIT_EXPECT_EQ(test, -EAGAIN, double_migrate(page, MIGRATE_ASYNC));
	/* nobody else's pin is left behind */
	{
		unsigned int i;
		zspool_word_t v;

		for (i = 0; i < NR; i++) {
			if (i == 3)
				continue;
			KUNIT_EXPECT_TRUE(test, v = zspool_trypin(pool, i));
			zspool_unpin(pool, i);
		}
	}
	/* the last page of the chain has other objects, and moves */
	other_nth = zspage_of(3)->nr_pages - 1;
	other = zspage_of(3)->pages[other_nth];
	KUNIT_ASSERT_GT(test, other_nth, nth + 1);
	KUNIT_ASSERT_TRUE(test, double_isolate(other));
	KUNIT_EXPECT_EQ(test, 0, double_migrate(other, MIGRATE_SYNC));
	zspool_unpin(pool, 3);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	expect_all(test);
}

static void an_object_in_flight_keeps_its_page(struct kunit *test)
{
	zspool_word_t obj, old;
	struct zspage *zspage;
	struct page *page;
	unsigned int at;
	u8 *buf;

	KUNIT_ASSERT_EQ(test, 0, zspool_new(pool, 900, SIZE, GFP_KERNEL,
					    NUMA_NO_NODE, false, &obj));
	zspage = zs_zspage_find(pool, zs_word_id(obj));
	at = zs_word_index(obj) * zspage->class->size;
	page = zspage->pages[at >> PAGE_SHIFT];
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_EXPECT_EQ(test, -EAGAIN, double_migrate(page, MIGRATE_SYNC));
	buf = kunit_kmalloc(test, SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xee, SIZE);
	zspool_fill(pool, obj, buf);
	KUNIT_ASSERT_TRUE(test, old = zspool_pin(pool, 900));
	zspool_swap(pool, 900, obj);
	zspool_unpin(pool, 900);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	expect_object(test, 900, 0xee);
	expect_all(test);
}

static void async_does_not_wait_for_the_class(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);
	struct size_class *class = zspage_of(3)->class;
	struct zs_move move;

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	lock_page(page);
	/* would hang here if it did */
	spin_lock(&class->lock);
	KUNIT_EXPECT_EQ(test, -EAGAIN, zs_move_begin(&move, page,
						     MIGRATE_ASYNC));
	KUNIT_EXPECT_FALSE(test, zs_isolate(page));
	spin_unlock(&class->lock);
	unlock_page(page);
	double_putback(page);
}

static void a_zspage_emptied_while_isolated_goes_once(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);
	struct zspage *zspage = zspage_of(3);
	unsigned long zspages;
	struct zspool_stats stats;
	unsigned int h;

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	zspool_get_stats(pool, &stats);
	zspages = stats.zspages;
	for (h = 0; h < NR; h++)
		if (zspage_of(h) == zspage)
			zspool_free(pool, h);
	/* still there: the VM has a page of it */
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.zspages, zspages);
	KUNIT_EXPECT_EQ(test, zspage->inuse, 0);
	double_putback(page);
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.zspages, zspages - 1);
}

static void a_zspage_emptied_while_isolated_can_move(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);
	struct zspage *zspage = zspage_of(3);
	unsigned long zspages;
	struct zspool_stats stats;
	unsigned int h;

	zspool_get_stats(pool, &stats);
	zspages = stats.zspages;
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	for (h = 0; h < NR; h++)
		if (zspage_of(h) == zspage)
			zspool_free(pool, h);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.zspages, zspages - 1);
}

/* Two pages of one zspage with the VM: the first to come back frees nothing. */
static void the_last_isolated_page_frees_the_zspage(struct kunit *test)
{
	struct zspage *zspage = zspage_of(3);
	struct page *first = zspage->pages[0], *second = zspage->pages[1];
	struct zspool_stats stats;
	unsigned long zspages;
	unsigned int h;

	zspool_get_stats(pool, &stats);
	zspages = stats.zspages;
	KUNIT_ASSERT_TRUE(test, double_isolate(first));
	KUNIT_ASSERT_TRUE(test, double_isolate(second));
	for (h = 0; h < NR; h++)
		if (zspage_of(h) == zspage)
			zspool_free(pool, h);
	double_putback(first);
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.zspages, zspages);
	KUNIT_EXPECT_EQ(test, 0, double_migrate(second, MIGRATE_SYNC));
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.zspages, zspages - 1);
}

/* An object that begins on one page and ends on the next; @nth: the first. */
static unsigned int object_across(struct kunit *test, unsigned int *nth)
{
	unsigned int h;

	for (h = 0; h < NR; h++) {
		unsigned int size = zspage_of(h)->class->size;
		unsigned int at = zs_word_index(zspool_peek(pool, h)) * size;

		*nth = at >> PAGE_SHIFT;
		if (offset_in_page(at) + size > PAGE_SIZE)
			return h;
	}
	KUNIT_FAIL(test, "no object lies across two pages");
	return 0;
}

static void an_object_over_two_pages_moves_with_either(struct kunit *test)
{
	unsigned int nth, h = object_across(test, &nth);
	struct zspage *zspage = zspage_of(h);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct page *page = zspage->pages[nth + i];

		KUNIT_ASSERT_TRUE(test, double_isolate(page));
		KUNIT_ASSERT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
		KUNIT_EXPECT_PTR_NE(test, page, zspage->pages[nth + i]);
		expect_all(test);
	}
}

static void an_object_over_two_pages_keeps_both(struct kunit *test)
{
	unsigned int nth, h = object_across(test, &nth);
	struct zspage *zspage = zspage_of(h);
	zspool_word_t w;
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, h));
	for (i = 0; i < 2; i++) {
		struct page *page = zspage->pages[nth + i];

		KUNIT_ASSERT_TRUE(test, double_isolate(page));
		KUNIT_EXPECT_EQ(test, -EAGAIN, double_migrate(page,
							      MIGRATE_SYNC));
		double_putback(page);
	}
	zspool_unpin(pool, h);
	expect_all(test);
}

/* While a page is copied nothing writes to it, and nobody waits for that. */
static void nothing_enters_a_page_that_is_copied(struct kunit *test)
{
	unsigned int nth;
	struct page *page = double_page_of(pool, 3, &nth);
	struct zspage *zspage = zspage_of(3);
	unsigned int free, inuse, apart = object_apart(zspage, nth);
	struct zs_move move;
	zspool_word_t w;

	KUNIT_ASSERT_LT(test, apart, NR);
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	lock_page(page);
	KUNIT_ASSERT_EQ(test, 0, zs_move_begin(&move, page, MIGRATE_SYNC));
	free = zspage->free;
	inuse = zspage->inuse;
	/* its own object cannot be had, a neighbour's can, nor is one added */
	KUNIT_EXPECT_FALSE(test, zspool_trypin(pool, 3));
	KUNIT_EXPECT_TRUE(test, w = zspool_trypin(pool, apart));
	zspool_unpin(pool, apart);
	put_object(test, 901, 0x77);
	put_object(test, 902, 0x78);
	KUNIT_EXPECT_EQ(test, free, zspage->free);
	KUNIT_EXPECT_EQ(test, inuse, zspage->inuse);
	/* a free of an object elsewhere in the chain is done meanwhile */
	zspool_free(pool, apart);
	KUNIT_EXPECT_EQ(test, inuse - 1, zspage->inuse);
	/* a free of one on the page is put off */
	zspool_free(pool, 3);
	KUNIT_EXPECT_EQ(test, inuse - 1, zspage->inuse);
	zs_move_end(&move, NULL, -EAGAIN);
	unlock_page(page);
	double_putback(page);
	/* carried out by the next who comes, or the worker */
	KUNIT_EXPECT_TRUE(test, w = zspool_pin(pool, 3));
	KUNIT_EXPECT_TRUE(test, zspool_word_is_empty(w));
	zspool_unpin(pool, 3);
	KUNIT_EXPECT_EQ(test, inuse - 2, zspage->inuse);
	put_object(test, 3, 3);
	put_object(test, apart, apart);
	expect_all(test);
}

static void a_copy_that_failed_changes_nothing(struct kunit *test)
{
	struct page *page = double_page_of(pool, 3, NULL);
	struct zs_move move;

	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	lock_page(page);
	KUNIT_ASSERT_EQ(test, 0, zs_move_begin(&move, page, MIGRATE_SYNC));
	zs_move_end(&move, NULL, -EBUSY);
	unlock_page(page);
	double_putback(page);
	KUNIT_EXPECT_PTR_EQ(test, page, double_page_of(pool, 3, NULL));
	expect_all(test);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->count[ZS_FAILED]), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->count[ZS_MIGRATED]), 0);
	KUNIT_EXPECT_EQ(test, zspage_of(3)->isolated, 0);
}

/* With zspool.time_pins=1 the counters tell how long pins were held. */
static void a_long_pin_is_noted(struct kunit *test)
{
	zspool_word_t w;
	u64 end;

	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 3));
	zspool_unpin(pool, 3);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->longest_pin), 0);

	KUNIT_ASSERT_EQ(test, 0, zs_pin_time_set(true));
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 3));
	/* by the clock: mdelay() counts loops, and is none too exact */
	end = ktime_get_ns() + 3 * NSEC_PER_MSEC;
	while (ktime_get_ns() < end)
		cpu_relax();
	zspool_unpin(pool, 3);
	zs_pin_time_set(false);
	KUNIT_EXPECT_GE(test, atomic_long_read(&pool->longest_pin),
			2 * NSEC_PER_MSEC);
}

static void a_page_of_the_stock_is_given_up(struct kunit *test)
{
	struct page *page;
	unsigned int h;

	for (h = 0; h < NR; h++)
		zspool_free(pool, h);
	KUNIT_ASSERT_GT(test, pool->nr_stock, 0);
	page = pool->stock[0];
	lock_page(page);
	KUNIT_EXPECT_FALSE(test, zs_isolate(page));
	get_page(page);
	KUNIT_EXPECT_TRUE(test, zs_stock_steal(page));
	KUNIT_EXPECT_FALSE(test, zs_stock_steal(page));
	unlock_page(page);
	put_page(page);
}

static struct kunit_case migrate_cases[] = {
	KUNIT_CASE(a_moved_page_is_read_from_its_new_place),
	KUNIT_CASE(every_page_can_be_moved),
	KUNIT_CASE(an_isolated_page_is_not_isolated_again),
	KUNIT_CASE(a_fresh_zspage_is_not_isolated),
	KUNIT_CASE(putback_restores),
	KUNIT_CASE(a_pinned_object_keeps_only_its_page),
	KUNIT_CASE(an_object_in_flight_keeps_its_page),
	KUNIT_CASE(async_does_not_wait_for_the_class),
	KUNIT_CASE(a_zspage_emptied_while_isolated_goes_once),
	KUNIT_CASE(a_zspage_emptied_while_isolated_can_move),
	KUNIT_CASE(the_last_isolated_page_frees_the_zspage),
	KUNIT_CASE(an_object_over_two_pages_moves_with_either),
	KUNIT_CASE(an_object_over_two_pages_keeps_both),
	KUNIT_CASE(nothing_enters_a_page_that_is_copied),
	KUNIT_CASE(a_copy_that_failed_changes_nothing),
	KUNIT_CASE(a_long_pin_is_noted),
	KUNIT_CASE(a_page_of_the_stock_is_given_up),
	{}
};

struct kunit_suite migrate_suite = {
	.name = "zspool_migrate",
	.init = migrate_init,
	.exit = objects_finish,
	.test_cases = migrate_cases,
};
