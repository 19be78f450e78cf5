// SPDX-License-Identifier: GPL-2.0-only
/* class_test.c - the geometry of size classes, and the layout of a word */
/* row: class_lookup */
#include <kunit/test.h>
#include "suites.h"
#include "../../zspool/internal.h"

static void every_size_fits_its_class(struct kunit *test)
{
	unsigned int before = 0;
	unsigned int size;

	for (size = 1; size <= PAGE_SIZE; size++) {
		unsigned int i = zs_class_of(size);
		const struct zs_geometry *g = &zs_geometry[i];
		unsigned int header = zs_geometry_size(g) == PAGE_SIZE ? 0 : ZS_HEADER;

		KUNIT_ASSERT_LT(test, i, zs_nr_classes);
		KUNIT_ASSERT_GE(test, zs_geometry_size(g) - header, size);
		KUNIT_ASSERT_GE(test, i, before);
		/* the class below would not have done */
		if (i > 0 && size < zs_huge_size)
			KUNIT_ASSERT_LT(test,
					zs_geometry_size(&zs_geometry[i - 1]) - ZS_HEADER,
					size);
		before = i;
	}
	KUNIT_EXPECT_EQ(test, zs_geometry_size(&zs_geometry[zs_nr_classes - 1]), PAGE_SIZE);
}

static void chains_hold_their_objects(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < zs_nr_classes; i++) {
		const struct zs_geometry *g = &zs_geometry[i];

		KUNIT_EXPECT_LE(test, g->objs * zs_geometry_size(g), g->pages * PAGE_SIZE);
		KUNIT_EXPECT_GT(test, (g->objs + 1) * zs_geometry_size(g),
				g->pages * PAGE_SIZE);
		KUNIT_EXPECT_LE(test, g->pages, ZS_CHAIN_MAX);
		KUNIT_EXPECT_LE(test, g->objs, ZS_OBJS_MAX);
		KUNIT_EXPECT_EQ(test, zs_geometry_size(g) % ZS_STEP, 0);
		if (i)
			KUNIT_EXPECT_GT(test, zs_geometry_size(g), zs_geometry_size(g - 1));
	}
}

static void huge_size_is_where_a_page_holds_one(struct kunit *test)
{
	KUNIT_EXPECT_LE(test, zs_huge_size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, zs_geometry_size(&zs_geometry[zs_class_of(zs_huge_size)]),
			PAGE_SIZE);
	KUNIT_EXPECT_LT(test, zs_geometry_size(&zs_geometry[zs_class_of(zs_huge_size - 1)]),
			PAGE_SIZE);
}

static void a_word_keeps_what_it_is_given(struct kunit *test)
{
	u32 id = BIT_ULL(ZS_ID_BITS) - 1;
	unsigned int index = ZS_OBJS_MAX - 1;
	u64 value = BIT_ULL(ZSPOOL_VALUE_BITS) - 1;
	zspool_word_t w;

	w = zspool_word_make(0xa5, PAGE_SIZE, value);
	KUNIT_EXPECT_FALSE(test, zspool_word_is_obj(w));
	KUNIT_EXPECT_EQ(test, zspool_word_flags(w), 0xa5);
	KUNIT_EXPECT_EQ(test, zspool_word_size(w), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, zspool_word_value(w), value);

	w = zs_word_locate(w, id, index);
	KUNIT_EXPECT_TRUE(test, zspool_word_is_obj(w));
	KUNIT_EXPECT_EQ(test, zs_word_id(w), id);
	KUNIT_EXPECT_EQ(test, zs_word_index(w), index);
	KUNIT_EXPECT_EQ(test, zspool_word_flags(w), 0xa5);
	KUNIT_EXPECT_EQ(test, zspool_word_size(w), PAGE_SIZE);

	w = zspool_word_set_flags(w, 0x5a);
	KUNIT_EXPECT_EQ(test, zspool_word_flags(w), 0x5a);
	KUNIT_EXPECT_EQ(test, zs_word_id(w), id);
	KUNIT_EXPECT_TRUE(test, zspool_word_is_empty(ZSPOOL_WORD_SYNC));
}

static struct kunit_case class_cases[] = {
	KUNIT_CASE(every_size_fits_its_class),
	KUNIT_CASE(chains_hold_their_objects),
	KUNIT_CASE(huge_size_is_where_a_page_holds_one),
	KUNIT_CASE(a_word_keeps_what_it_is_given),
	{}
};

struct kunit_suite class_suite = {
	.name = "zspool_class",
	.test_cases = class_cases,
};
