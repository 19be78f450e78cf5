// SPDX-License-Identifier: GPL-2.0-only
/* object_test.c - objects in zspages: free ones, both pages, compaction */
/* row: zspool_api */
/* row: read_without_copy */
/* row: pool_limit */
#include <linux/delay.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "double.h"
#include "suites.h"

#define NR	1500

static struct zspool *pool;
static zspool_handle_t *handle;
static u8 *want, *buf;

static int object_init(struct kunit *test)
{
	double_start(test);
	pool = zs_pool_create("kunit-object", 100000, NULL, NULL,
			      &double_route);
	handle = kunit_kcalloc(test, NR, sizeof(*handle), GFP_KERNEL);
	want = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	buf = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	if (IS_ERR(pool) || !handle || !want || !buf)
		return -ENOMEM;
	return 0;
}

static void object_exit(struct kunit *test)
{
	zspool_destroy(pool);
	double_finish(test);
}

/* Content that tells object and offset. */
static void make_content(unsigned int i, size_t size)
{
	size_t at;

	for (at = 0; at < size; at++)
		want[at] = i * 131 + at * 7 + (at >> 8);
}

static void alloc_and_write(struct kunit *test, unsigned int i, size_t size)
{
	KUNIT_ASSERT_EQ(test, 0, zspool_alloc(pool, size, GFP_KERNEL,
					      NUMA_NO_NODE, &handle[i]));
	make_content(i, size);
	KUNIT_ASSERT_EQ(test, 0, zspool_write(pool, handle[i], want, size));
}

static void expect_content(struct kunit *test, unsigned int i, size_t size)
{
	const void *addr;
	size_t len;

	make_content(i, size);
	addr = zspool_read_begin(pool, handle[i], buf, &len);
	KUNIT_ASSERT_FALSE(test, IS_ERR(addr));
	KUNIT_ASSERT_EQ(test, len, size);
	KUNIT_ASSERT_TRUE(test, !memcmp(addr, want, size));
	zspool_read_end(pool, handle[i], addr);
}

static void objects_keep_their_bytes_at_every_size(struct kunit *test)
{
	size_t size;
	unsigned int i;

	for (size = 1; size <= PAGE_SIZE; size += 37) {
		for (i = 0; i < 40; i++)
			alloc_and_write(test, i, size);
		for (i = 0; i < 40; i++)
			expect_content(test, i, size);
		KUNIT_ASSERT_EQ(test, 0, zspool_check(pool));
		for (i = 0; i < 40; i++)
			zspool_free(pool, handle[i]);
	}
}

static void sg_describes_the_same_bytes(struct kunit *test)
{
	struct scatterlist sg[2];
	unsigned int across = 0;
	unsigned int i;
	size_t len;

	for (i = 0; i < 100; i++)
		alloc_and_write(test, i, 1500);
	for (i = 0; i < 100; i++) {
		int n = zspool_read_sg_begin(pool, handle[i], sg, &len);

		KUNIT_ASSERT_GT(test, n, 0);
		KUNIT_ASSERT_EQ(test, len, 1500);
		across += n == 2;
		KUNIT_EXPECT_EQ(test, 1500, sg_copy_to_buffer(sg, n, buf, 1500));
		zspool_read_sg_end(pool, handle[i]);
		make_content(i, 1500);
		KUNIT_EXPECT_TRUE(test, !memcmp(buf, want, 1500));
	}
	/* or the test shows nothing */
	KUNIT_EXPECT_GT(test, across, 10);
}

/* A pool that holds no object keeps its stock; the rest a worker gives back. */
static void expect_given_back(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 500 && zspool_total_pages(pool) > ZS_STOCK_MAX; i++)
		msleep(20);
	KUNIT_EXPECT_LE(test, zspool_total_pages(pool), ZS_STOCK_MAX);
}

static void bitmaps_survive_any_order(struct kunit *test)
{
	unsigned int round, i;
	static const u16 sizes[] = { 20, 60, 300, 1100, 2500, 4096 };

	for (round = 0; round < ARRAY_SIZE(sizes); round++) {
		unsigned int n = NR;

		for (i = 0; i < NR; i++)
			alloc_and_write(test, i, sizes[round]);
		KUNIT_ASSERT_EQ(test, 0, zspool_check(pool));
		while (n) {
			i = get_random_u32_below(n--);
			zspool_free(pool, handle[i]);
			handle[i] = handle[n];
			if (n % 500 == 0)
				KUNIT_ASSERT_EQ(test, 0, zspool_check(pool));
		}
	}
	expect_given_back(test);
}

static void compaction_frees_pages_and_keeps_bytes(struct kunit *test)
{
	unsigned long before, freed, needed;
	size_t size = 1000;
	unsigned int i;

	for (i = 0; i < NR; i++)
		alloc_and_write(test, i, size);
	for (i = 0; i < NR; i++)
		if (i % 3)
			zspool_free(pool, handle[i]);
	before = zspool_total_pages(pool);
	freed = zspool_compact(pool);
	KUNIT_EXPECT_GT(test, freed, 0);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	for (i = 0; i < NR; i += 3)
		expect_content(test, i, size);
	/* what the objects fill, and no chain longer than its objects */
	needed = NR / 3 * (size + ZS_HEADER + ZS_STEP) / PAGE_SIZE;
	KUNIT_EXPECT_LE(test, zspool_total_pages(pool),
			needed + 2 + needed / 50);
	KUNIT_EXPECT_LT(test, zspool_total_pages(pool), before);
}

static void compaction_leaves_pinned_objects_alone(struct kunit *test)
{
	unsigned int i;
	const void *addr;
	size_t len;

	for (i = 0; i < 300; i++)
		alloc_and_write(test, i, 700);
	for (i = 0; i < 300; i++)
		if (i % 4)
			zspool_free(pool, handle[i]);
	addr = zspool_read_begin(pool, handle[200], buf, &len);
	zspool_compact(pool);
	make_content(200, 700);
	KUNIT_EXPECT_TRUE(test, !memcmp(addr, want, 700));
	zspool_read_end(pool, handle[200], addr);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	for (i = 0; i < 300; i += 4)
		expect_content(test, i, 700);
}

/* The least class of at least @bytes, and the data that it is for. */
static size_t data_of_class(size_t bytes, unsigned int up)
{
	return zs_geometry_size(&zs_geometry[zs_class_of(bytes) + up]) - ZS_HEADER;
}

static void compaction_folds_last_pages_together(struct kunit *test)
{
	/* neighbours that differ by less than an eighth, one object of each */
	size_t small = data_of_class(PAGE_SIZE / 4, 0);
	size_t large = data_of_class(PAGE_SIZE / 4, 1);
	struct page *page;
	unsigned int nth;

	alloc_and_write(test, 0, small);
	alloc_and_write(test, 1, large);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 2);
	KUNIT_EXPECT_EQ(test, zspool_compact(pool), 1);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 1);
	KUNIT_EXPECT_PTR_EQ(test, double_page_of(pool, handle[0], &nth),
			    double_page_of(pool, handle[1], &nth));
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	expect_content(test, 0, small);
	expect_content(test, 1, large);
	/* a lodger takes part in all there is: it moves, and is freed, as others */
	page = double_page_of(pool, handle[0], &nth);
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	KUNIT_EXPECT_EQ(test, 0, double_migrate(page, MIGRATE_SYNC));
	expect_content(test, 0, small);
	zspool_free(pool, handle[1]);
	expect_content(test, 0, small);
	zspool_free(pool, handle[0]);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 0);
}

static void compaction_folds_nothing_far_pinned_or_isolated(struct kunit *test)
{
	size_t small = data_of_class(PAGE_SIZE / 4, 0);
	size_t large = data_of_class(PAGE_SIZE / 4, 1);
	size_t far = data_of_class(PAGE_SIZE / 4 * 5 / 4, 0);
	const void *addr;
	struct page *page;
	unsigned int nth;
	size_t len;

	alloc_and_write(test, 0, small);
	alloc_and_write(test, 1, far);
	KUNIT_EXPECT_EQ(test, zspool_compact(pool), 0);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 2);
	zspool_free(pool, handle[1]);

	alloc_and_write(test, 1, large);
	addr = zspool_read_begin(pool, handle[0], buf, &len);
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 2);
	make_content(0, small);
	KUNIT_EXPECT_TRUE(test, !memcmp(addr, want, small));
	zspool_read_end(pool, handle[0], addr);

	page = double_page_of(pool, handle[0], &nth);
	KUNIT_ASSERT_TRUE(test, double_isolate(page));
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 2);
	double_putback(page);
	KUNIT_EXPECT_EQ(test, zspool_compact(pool), 1);
	expect_content(test, 0, small);
	expect_content(test, 1, large);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
}

static size_t varied_size(unsigned int i)
{
	return PAGE_SIZE / 16 + i * (PAGE_SIZE / 2) / NR;
}

/* Pages that the objects left by the next test take if no class lodges another's. */
static unsigned long pages_apart(struct kunit *test)
{
	unsigned int *nr = kunit_kcalloc(test, zs_nr_classes, sizeof(*nr), GFP_KERNEL);
	unsigned long pages = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, nr);
	for (i = 0; i < NR; i += 7)
		nr[zs_class_of(varied_size(i))]++;
	for (i = 0; i < zs_nr_classes; i++) {
		const struct zs_geometry *g = &zs_geometry[i];

		pages += nr[i] / g->objs * g->pages +
			 DIV_ROUND_UP(nr[i] % g->objs * zs_geometry_size(g), PAGE_SIZE);
	}
	return pages;
}

static void folding_fills_pages_and_keeps_bytes(struct kunit *test)
{
	unsigned long apart = pages_apart(test);
	unsigned int i;

	for (i = 0; i < NR; i++)
		alloc_and_write(test, i, varied_size(i));
	for (i = 0; i < NR; i++)
		if (i % 7)
			zspool_free(pool, handle[i]);
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	for (i = 0; i < NR; i += 7)
		expect_content(test, i, varied_size(i));
	kunit_info(test, "%lu pages, not %lu\n", zspool_total_pages(pool), apart);
	KUNIT_EXPECT_LT(test, zspool_total_pages(pool), apart * 9 / 10);
	for (i = 0; i < NR; i += 7)
		zspool_free(pool, handle[i]);
	expect_given_back(test);
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 0);
}

static void a_failed_allocation_leaves_nothing(struct kunit *test)
{
	zspool_handle_t h;
	unsigned int i, failed = 0;
	unsigned int n = 0;

	vm.fail_allocs = 5;
	for (i = 0; i < NR; i++) {
		int err = zspool_alloc(pool, 3000 + i % 500, GFP_KERNEL,
				       NUMA_NO_NODE, &h);

		if (err) {
			KUNIT_ASSERT_EQ(test, err, -ENOMEM);
			failed++;
		} else {
			handle[n++] = h;
		}
	}
	KUNIT_EXPECT_GT(test, failed, 20);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	while (n)
		zspool_free(pool, handle[--n]);
	expect_given_back(test);
	zspool_compact(pool);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 0);
}

static void a_limit_is_never_exceeded(struct kunit *test)
{
	unsigned int n = 0;
	int err = 0;

	zspool_set_limit(pool, 50);
	while (n < NR) {
		err = zspool_alloc(pool, 100 + n, GFP_KERNEL, NUMA_NO_NODE,
				   &handle[n]);
		if (err)
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	KUNIT_EXPECT_EQ(test, zspool_total_pages(pool), 50);
	/* what there is can be used on */
	zspool_free(pool, handle[n - 1]);
	KUNIT_EXPECT_EQ(test, 0, zspool_alloc(pool, 99 + n, GFP_KERNEL,
					      NUMA_NO_NODE, &handle[n - 1]));
	zspool_set_limit(pool, 0);
	KUNIT_EXPECT_EQ(test, 0, zspool_alloc(pool, 4000, GFP_KERNEL,
					      NUMA_NO_NODE, &handle[n]));
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
}

/* The pages of what was freed where nobody may sleep, beyond those that are kept. */
static void a_limit_makes_room_of_what_is_freed(struct kunit *test)
{
	const unsigned int most = ZS_STOCK_MAX + 100;
	unsigned int round, i;

	zspool_set_limit(pool, most);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < most; i++)
			KUNIT_ASSERT_EQ(test, 0,
					zspool_alloc(pool, PAGE_SIZE, GFP_KERNEL,
						     NUMA_NO_NODE, &handle[i]));
		preempt_disable();
		for (i = 0; i < most; i++)
			zspool_free(pool, handle[i]);
		preempt_enable();
	}
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE_SLOW(objects_keep_their_bytes_at_every_size),
	KUNIT_CASE(sg_describes_the_same_bytes),
	KUNIT_CASE_SLOW(bitmaps_survive_any_order),
	KUNIT_CASE(compaction_frees_pages_and_keeps_bytes),
	KUNIT_CASE(compaction_leaves_pinned_objects_alone),
	KUNIT_CASE(compaction_folds_last_pages_together),
	KUNIT_CASE(compaction_folds_nothing_far_pinned_or_isolated),
	KUNIT_CASE(folding_fills_pages_and_keeps_bytes),
	KUNIT_CASE(a_failed_allocation_leaves_nothing),
	KUNIT_CASE(a_limit_is_never_exceeded),
	KUNIT_CASE(a_limit_makes_room_of_what_is_freed),
	{}
};

struct kunit_suite object_suite = {
	.name = "zspool_object",
	.init = object_init,
	.exit = object_exit,
	.test_cases = object_cases,
};
