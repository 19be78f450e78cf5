// SPDX-License-Identifier: GPL-2.0-only
/*
 * fill.c - pages that repeat one unsigned long
 *
 * Most are zero; others are a small number, a small negative one, or 32 bits
 * repeated. All these fit into the slot's word; the rest take a small object.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include "zblock.h"

/* How the value field stands for the pattern; it is in the size field. */
enum fill {
	FILL_PLAIN,		/* the value */
	FILL_INVERTED,		/* its complement */
	FILL_HALVES,		/* 32 bits, twice */
};

#define LONGS		(PAGE_SIZE / sizeof(long))
#define TWICE		0x100000001ULL

static_assert(ZSPOOL_VALUE_BITS >= 32);
static_assert(LONGS % 8 == 0);

/**
 * zblock_same_filled() - does a page repeat one unsigned long?
 * @mem: the page
 * @fill: which
 *
 * Nearly every page that does not is told by its first and last word, or by
 * the first few: the loop need only be fast for those that do.
 *
 * Context: any.
 */
bool zblock_same_filled(const void *mem, unsigned long *fill)
{
	const unsigned long *p = mem;
	const unsigned long *end = p + LONGS;
	unsigned long v = p[0];

	if (v != end[-1])
		return false;
	for (; p < end; p += 8) {
		unsigned long diff;

		diff = (p[0] ^ v) | (p[1] ^ v) | (p[2] ^ v) | (p[3] ^ v) |
		       (p[4] ^ v) | (p[5] ^ v) | (p[6] ^ v) | (p[7] ^ v);
		if (diff)
			return false;
	}
	*fill = v;
	return true;
}

/**
 * zblock_fill() - make such a page
 * @mem: the page
 * @fill: what it repeats
 *
 * Context: any.
 */
void zblock_fill(void *mem, unsigned long fill)
{
	if (fill)
		memset_l(mem, fill, LONGS);
	else
		clear_page(mem);
}

/**
 * zblock_fill_encode() - write a pattern into a slot's word
 * @fill: the pattern
 * @word: the word
 *
 * Context: any.
 * Return: false if it does not fit
 */
bool zblock_fill_encode(unsigned long fill, zspool_word_t *word)
{
	const u64 inverted = ~fill;
	enum fill how;
	u64 value;

	if (!((u64)fill >> ZSPOOL_VALUE_BITS)) {
		how = FILL_PLAIN;
		value = fill;
	} else if (!(inverted >> ZSPOOL_VALUE_BITS)) {
		how = FILL_INVERTED;
		value = inverted;
	} else if (fill == (u32)fill * TWICE) {
		how = FILL_HALVES;
		value = (u32)fill;
	} else {
		return false;
	}
	*word = zspool_word_make(ZBLOCK_SAME, how, value);
	return true;
}

/**
 * zblock_fill_decode() - read a pattern from a slot's word
 * @word: from zblock_fill_encode(), or an empty one: that reads as zeros
 *
 * Context: any.
 * Return: the pattern
 */
unsigned long zblock_fill_decode(zspool_word_t word)
{
	u64 value = zspool_word_value(word);

	switch (zspool_word_size(word)) {
	case FILL_INVERTED:
		return ~value;
	case FILL_HALVES:
		return value * TWICE;
	default:
		return value;
	}
}
