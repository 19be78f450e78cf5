// SPDX-License-Identifier: GPL-2.0-only
/* objects.c - a pool of objects of one size, each filled with one byte */
#include <linux/err.h>
#include <linux/string.h>
#include "double.h"
#include "objects.h"

static struct zspool *pool;
static size_t size;
static u8 buf[PAGE_SIZE];

static void unused_dropped(void *data, zspool_handle_t handle,
			   zspool_word_t word)
{
}

static const struct zspool_ops ops = { .dropped = unused_dropped };

/* Object h of the first @nr is filled with h. NULL: no memory. */
struct zspool *objects_start(struct kunit *test, const char *name, size_t bytes,
			     unsigned int nr)
{
	unsigned int i;

	double_start(test);
	size = bytes;
	pool = zs_pool_create(name, 1000, &ops, NULL, &double_route);
	if (IS_ERR(pool))
		return NULL;
	for (i = 0; i < nr; i++)
		put_object(test, i, i);
	return pool;
}

void objects_finish(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	zspool_destroy(pool);
	double_finish(test);
}

void put_object(struct kunit *test, zspool_handle_t h, u8 fill)
{
	zspool_word_t obj, old;

	memset(buf, fill, size);
	KUNIT_ASSERT_EQ(test, 0, zspool_new(pool, h, size, GFP_KERNEL,
					    NUMA_NO_NODE, false, &obj));
	zspool_fill(pool, obj, buf);
	KUNIT_ASSERT_TRUE(test, old = zspool_pin(pool, h));
	old = zspool_swap(pool, h, obj);
	zspool_unpin(pool, h);
	zspool_drop(pool, old);
}

void expect_object(struct kunit *test, zspool_handle_t h, u8 fill)
{
	zspool_word_t w;
	const u8 *addr;

	KUNIT_ASSERT_TRUE(test, w = zspool_pin(pool, h));
	/* a whole page is never across two, and needs no buffer */
	addr = zspool_map(pool, w, size < PAGE_SIZE ? buf : NULL);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, addr[0], fill);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(addr, fill, size));
	zspool_unmap(pool, w, addr);
	zspool_unpin(pool, h);
}

struct zspage *zspage_of(zspool_handle_t h)
{
	return zs_zspage_find(pool, zs_word_id(zspool_peek(pool, h)));
}
