// SPDX-License-Identifier: GPL-2.0-only
/* handle_test.c - pins, frees that are put off, and what an owner is told */
/* row: zspool_api */
/* row: free_from_any_context */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include "double.h"
#include "suites.h"

struct owner {
	unsigned int dropped;
	zspool_handle_t handle;
	zspool_word_t word;
};

static struct owner owner;

static void note_dropped(void *data, zspool_handle_t handle,
			 zspool_word_t word)
{
	struct owner *o = data;

	o->dropped++;
	o->handle = handle;
	o->word = word;
}

static const struct zspool_ops owner_ops = { .dropped = note_dropped };

static struct zspool *numbered(struct kunit *test, unsigned long nr)
{
	struct zspool *pool;

	memset(&owner, 0, sizeof(owner));
	pool = zs_pool_create("kunit-handle", nr, &owner_ops, &owner,
			      &double_route);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	return pool;
}

static void store(struct kunit *test, struct zspool *pool, zspool_handle_t h,
		  const void *data, size_t size)
{
	zspool_word_t obj, old;

	KUNIT_ASSERT_EQ(test, 0, zspool_new(pool, h, size, GFP_KERNEL,
					    NUMA_NO_NODE, false, &obj));
	zspool_fill(pool, obj, data);
	KUNIT_ASSERT_TRUE(test, old = zspool_pin(pool, h));
	old = zspool_swap(pool, h, zspool_word_set_flags(obj, 0x81));
	zspool_unpin(pool, h);
	zspool_drop(pool, old);
}

static void sizes_and_handles_have_their_errnos(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	zspool_word_t obj;

	KUNIT_EXPECT_EQ(test, -EINVAL, zspool_new(pool, 0, 0, GFP_KERNEL,
						  NUMA_NO_NODE, false, &obj));
	KUNIT_EXPECT_EQ(test, -ENOSPC, zspool_new(pool, 0, PAGE_SIZE + 1,
						  GFP_KERNEL, NUMA_NO_NODE, false,
						  &obj));
	KUNIT_EXPECT_EQ(test, -EINVAL, zspool_new(pool, 1000, 8, GFP_KERNEL,
						  NUMA_NO_NODE, false, &obj));
	KUNIT_EXPECT_EQ(test, -EINVAL, zspool_class_index(pool, 0));
	KUNIT_EXPECT_EQ(test, -ENOSPC, zspool_class_index(pool, PAGE_SIZE + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(zspool_create("none", 0, NULL,
							     NULL)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(zspool_create("many", ZSPOOL_MAX_HANDLES + 1,
					      NULL, NULL)));
	KUNIT_EXPECT_FALSE(test, zspool_pin(pool, 7));
	KUNIT_EXPECT_EQ(test, 0, zspool_peek(pool, 2000));
	KUNIT_EXPECT_EQ(test, 0, zspool_total_pages(pool));
	zspool_destroy(pool);
}

static void what_replaces_a_larger_object_is_had_past_the_limit(struct kunit *test)
{
	struct zspool *pool = numbered(test, 10);
	static const char data[3000];
	zspool_word_t obj, old;

	store(test, pool, 1, data, sizeof(data));
	zspool_set_limit(pool, zspool_total_pages(pool));
	KUNIT_EXPECT_EQ(test, -ENOSPC, zspool_new(pool, 1, 500, GFP_KERNEL,
						  NUMA_NO_NODE, false, &obj));
	KUNIT_ASSERT_EQ(test, 0, zspool_new(pool, 1, 500, GFP_KERNEL,
					    NUMA_NO_NODE, true, &obj));
	zspool_fill(pool, obj, data);
	KUNIT_ASSERT_TRUE(test, old = zspool_pin(pool, 1));
	old = zspool_swap(pool, 1, obj);
	zspool_unpin(pool, 1);
	zspool_drop(pool, old);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	zspool_destroy(pool);
}

static void a_pin_is_held_by_one(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	zspool_word_t w;

	store(test, pool, 5, "hello", 6);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 5));
	KUNIT_EXPECT_FALSE(test, zspool_trypin(pool, 5));
	KUNIT_EXPECT_EQ(test, zspool_word_size(w), 6);
	KUNIT_EXPECT_EQ(test, zspool_word_flags(w), 0x81);
	zspool_unpin(pool, 5);
	KUNIT_EXPECT_TRUE(test, w = zspool_trypin(pool, 5));
	zspool_unpin(pool, 5);
	zspool_destroy(pool);
}

struct waiter {
	struct zspool *pool;
	struct completion done;
	atomic_t got;
};

static int wait_for_pin(void *data)
{
	struct waiter *waiter = data;

	if (zspool_pin(waiter->pool, 5)) {
		atomic_inc(&waiter->got);
		zspool_unpin(waiter->pool, 5);
	}
	complete(&waiter->done);
	return 0;
}

static void waiters_for_a_pin_all_get_it(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	struct waiter waiter = { .pool = pool };
	zspool_word_t w;
	int i;

	init_completion(&waiter.done);
	store(test, pool, 5, "hello", 6);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 5));
	for (i = 0; i < 4; i++)
		kthread_run(wait_for_pin, &waiter, "zspool-wait");
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&waiter.got), 0);
	zspool_unpin(pool, 5);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_NE(test, 0,
				wait_for_completion_timeout(&waiter.done,
							    5 * HZ));
	KUNIT_EXPECT_EQ(test, atomic_read(&waiter.got), 4);
	zspool_destroy(pool);
}

static void a_free_under_a_pin_is_done_once_by_its_holder(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	struct zspool_stats stats;
	zspool_word_t w;

	store(test, pool, 5, "hello", 6);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 5));
	zspool_free(pool, 5);
	zspool_free(pool, 5);
	/* the holder can still read it */
	KUNIT_EXPECT_EQ(test, owner.dropped, 0);
	KUNIT_EXPECT_MEMEQ(test, zspool_map(pool, w, NULL), "hello", 6);
	zspool_unpin(pool, 5);
	KUNIT_EXPECT_EQ(test, owner.dropped, 1);
	KUNIT_EXPECT_EQ(test, owner.handle, 5);
	KUNIT_EXPECT_EQ(test, zspool_word_size(owner.word), 6);
	KUNIT_EXPECT_EQ(test, zspool_peek(pool, 5), 0);
	zspool_get_stats(pool, &stats);
	KUNIT_EXPECT_EQ(test, stats.objects, 0);
	KUNIT_EXPECT_EQ(test, stats.deferred, 2);
	zspool_destroy(pool);
}

static void a_free_from_irq_is_done_by_the_worker(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	unsigned long flags;
	int i;

	store(test, pool, 5, "hello", 6);
	local_irq_save(flags);
	zspool_free(pool, 5);
	local_irq_restore(flags);
	for (i = 0; i < 100 && !READ_ONCE(owner.dropped); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, owner.dropped, 1);
	KUNIT_EXPECT_EQ(test, zspool_peek(pool, 5), 0);
	zspool_destroy(pool);
}

/* More at a time than can be listed: then all words are looked at. */
static void more_frees_than_can_be_listed_are_all_done(struct kunit *test)
{
	const unsigned int most = ZS_PUT_OFF_MAX + 300;
	/* and one far off, so that parts of the table between are not there */
	const zspool_handle_t kept = most + 3 * (ZS_CHUNK_MASK + 1);
	struct zspool *pool = numbered(test, kept + 1);
	unsigned long flags;
	int i;

	for (i = 0; i < most; i++)
		store(test, pool, i, "hello", 6);
	store(test, pool, kept, "hello", 6);
	local_irq_save(flags);
	for (i = 0; i < most; i++)
		zspool_free(pool, i);
	local_irq_restore(flags);
	for (i = 0; i < 100 && READ_ONCE(owner.dropped) < most; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, owner.dropped, most);
	for (i = 0; i < most; i++)
		KUNIT_ASSERT_EQ(test, zspool_peek(pool, i), 0);
	KUNIT_EXPECT_NE(test, zspool_peek(pool, kept), 0);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	zspool_destroy(pool);
}

static void a_store_after_a_put_off_free_is_kept(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	zspool_word_t w;

	store(test, pool, 5, "hello", 6);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 5));
	zspool_free(pool, 5);
	zspool_unpin(pool, 5);
	store(test, pool, 5, "world", 6);
	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, 5));
	KUNIT_EXPECT_MEMEQ(test, zspool_map(pool, w, NULL), "world", 6);
	zspool_unpin(pool, 5);
	KUNIT_EXPECT_EQ(test, owner.dropped, 1);
	zspool_destroy(pool);
}

static void a_pin_that_is_tried_for_does_a_put_off_free(struct kunit *test)
{
	struct zspool *pool = numbered(test, 1000);
	unsigned long flags;
	zspool_word_t w;

	store(test, pool, 5, "hello", 6);
	/* the worker that the free is left to cannot come before */
	local_irq_save(flags);
	zspool_free(pool, 5);
	w = zspool_trypin(pool, 5);
	local_irq_restore(flags);
	KUNIT_ASSERT_TRUE(test, w);
	KUNIT_EXPECT_TRUE(test, zspool_word_is_empty(w));
	KUNIT_EXPECT_EQ(test, owner.dropped, 1);
	zspool_unpin(pool, 5);
	zspool_destroy(pool);
	KUNIT_EXPECT_EQ(test, owner.dropped, 1);
}

static void plain_handles_are_used_again(struct kunit *test)
{
	struct zspool *pool;
	zspool_handle_t h[4], again;
	int i;

	pool = zs_pool_create("kunit-plain", 4, NULL, NULL, &double_route);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, zspool_alloc(pool, 100, GFP_KERNEL,
						      NUMA_NO_NODE, &h[i]));
	KUNIT_EXPECT_EQ(test, -ENOSPC, zspool_alloc(pool, 100, GFP_KERNEL,
						    NUMA_NO_NODE, &again));
	zspool_free(pool, h[2]);
	KUNIT_EXPECT_EQ(test, -EINVAL, zspool_write(pool, h[2], "x", 1));
	KUNIT_ASSERT_EQ(test, 0, zspool_alloc(pool, 100, GFP_KERNEL,
					      NUMA_NO_NODE, &again));
	KUNIT_EXPECT_EQ(test, again, h[2]);
	KUNIT_EXPECT_EQ(test, -EINVAL, zspool_write(pool, again, "x", 101));
	zspool_destroy(pool);
}

static int handle_init(struct kunit *test)
{
	double_start(test);
	return 0;
}

static struct kunit_case handle_cases[] = {
	KUNIT_CASE(sizes_and_handles_have_their_errnos),
	KUNIT_CASE(what_replaces_a_larger_object_is_had_past_the_limit),
	KUNIT_CASE(a_pin_is_held_by_one),
	KUNIT_CASE(waiters_for_a_pin_all_get_it),
	KUNIT_CASE(a_free_under_a_pin_is_done_once_by_its_holder),
	KUNIT_CASE(a_free_from_irq_is_done_by_the_worker),
	KUNIT_CASE(more_frees_than_can_be_listed_are_all_done),
	KUNIT_CASE(a_store_after_a_put_off_free_is_kept),
	KUNIT_CASE(a_pin_that_is_tried_for_does_a_put_off_free),
	KUNIT_CASE(plain_handles_are_used_again),
	{}
};

struct kunit_suite handle_suite = {
	.name = "zspool_handle",
	.init = handle_init,
	.exit = double_finish,
	.test_cases = handle_cases,
};
