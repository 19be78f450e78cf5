// SPDX-License-Identifier: GPL-2.0-only
/*
 * class.c - size -> class, chain length, object geometry
 *
 * Pure arithmetic, done once at load: the shapes depend on PAGE_SIZE alone.
 * That some chain lengths waste less of their last page than others, and that
 * classes of the same shape may be one, are ideas of zsmalloc (Minchan Kim,
 * Nitin Gupta).
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include "internal.h"

unsigned int zs_nr_classes;
EXPORT_SYMBOL_FOR_TEST(zs_nr_classes);
struct zs_geometry zs_geometry[ZS_CLASSES];
EXPORT_SYMBOL_FOR_TEST(zs_geometry);

/* Sizes from here up get a whole page: no chain holds more of them. */
unsigned int zs_huge_size;
EXPORT_SYMBOL_FOR_TEST(zs_huge_size);

static u8 zs_class_map[ZS_CLASSES];

static_assert(ZS_CLASSES <= 256);

/* The chain with the least waste; the shorter of two that waste the same. */
static void __init geometry_of(struct zs_geometry *g, unsigned int size)
{
	unsigned int best = UINT_MAX;
	unsigned int pages;

	g->steps = size / ZS_STEP - 1;
	for (pages = 1; pages <= ZS_CHAIN_MAX; pages++) {
		unsigned int bytes = pages * PAGE_SIZE;
		unsigned int objs = bytes / size;
		/* in 1/65536 of the chain, so that chains compare */
		u64 scaled = (u64)(bytes - objs * size) * 65536;
		unsigned int waste = div_u64(scaled, bytes);

		if (objs > ZS_OBJS_MAX)
			break;
		if (objs && waste < best) {
			best = waste;
			g->pages = pages;
			g->objs = objs;
		}
	}
}

static bool __init same_shape(const struct zs_geometry *a,
			      const struct zs_geometry *b)
{
	return a->pages == b->pages && a->objs == b->objs;
}

/* A size that a wider step passes over: the next larger class serves it. */
static bool __init is_between(unsigned int size)
{
	return size > PAGE_SIZE / 2 && size % ZS_WIDE_STEP;
}

/**
 * zs_class_init() - lay out the size classes; once, at load
 *
 * From the largest size down: a size whose zspage holds no more objects than
 * the next larger class's is served by that class. Each class has some part of
 * a page that is not full, so many of them cost more than they save: above half
 * a page, where compressed pages are few, steps are wider. (So a model of
 * process memory compressed by lz4 and zstd says, and the bench sees it.)
 *
 * Context: process; before there is a pool.
 */
void __init zs_class_init(void)
{
	unsigned int nr = 0;
	unsigned int i;

	for (i = ZS_CLASSES; i-- > 0;) {
		unsigned int size = ZS_SIZE_MIN + i * ZS_STEP;
		struct zs_geometry g;

		geometry_of(&g, size);
		if (g.objs == g.pages) {
			/* one to a page: as well whole pages */
			g.steps = PAGE_SIZE / ZS_STEP - 1;
			g.objs = ZS_CHAIN_MAX;
			g.pages = ZS_CHAIN_MAX;
		}
		if (!nr || (!same_shape(&zs_geometry[nr - 1], &g) &&
			    !is_between(size)))
			zs_geometry[nr++] = g;
		zs_class_map[i] = nr - 1;
		if (nr == 1)
			zs_huge_size = size - ZS_STEP - ZS_HEADER + 1;
	}

	/* Smallest first, so that "a larger class" is a higher index. */
	for (i = 0; i < nr / 2; i++)
		swap(zs_geometry[i], zs_geometry[nr - 1 - i]);
	for (i = 0; i < ZS_CLASSES; i++)
		zs_class_map[i] = nr - 1 - zs_class_map[i];
	zs_nr_classes = nr;
}

/**
 * zs_class_of() - the class of a size
 * @size: bytes of data, 1 to PAGE_SIZE
 *
 * Context: any.
 * Return: the class's index; a larger size never has a lower one
 */
unsigned int zs_class_of(size_t size)
{
	if (size >= zs_huge_size)
		return zs_nr_classes - 1;
	size += ZS_HEADER;
	if (size <= ZS_SIZE_MIN)
		return 0;
	return zs_class_map[DIV_ROUND_UP(size - ZS_SIZE_MIN, ZS_STEP)];
}
EXPORT_SYMBOL_FOR_TEST(zs_class_of);
