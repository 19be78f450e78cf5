/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * word.h - what a slot's word says
 *
 * (Where its fields are, include/zspool.h says.)
 *
 *   OBJ  flags      size          value            the page is
 *   ---------------------------------------------------------------------------
 *    -   none       0             0                never written, or discarded:
 *                                                  reads as zeros
 *    -   SAME       enum fill     the pattern      one unsigned long repeated
 *   OBJ  SAME       of a long     location         the same; a pattern that
 *                                                  does not fit into the word
 *   OBJ  HUGE       PAGE_SIZE     location         stored as it is; PRIO: that
 *                                                  algorithm has been tried too
 *    -   HUGE       PAGE_SIZE     which buffer    as it is, outside of the pool, and
 *                                                  to be compressed soon: late.c
 *   OBJ  PRIO n     compressed    location         stored compressed, by the
 *                                                  device's algorithm n
 *    -   UNIT       0             which writing    compressed with its
 *                                                  neighbours: see unit.h
 *    -   WB         as stored     block, place     on the backing device, as it
 *                                                  is if the size is PAGE_SIZE
 *
 * IDLE, PEND and PRIO may be added to those: see the flags below.
 */
#ifndef _ZBLOCK_WORD_H
#define _ZBLOCK_WORD_H

#include <linux/bits.h>
#include <linux/kconfig.h>
#include <linux/types.h>
#include <zspool.h>

/*
 * The owner's flags of a slot's word. Bits 5 and 6 say which algorithm, 0 being
 * comp_algorithm's. A reader that finds a word it does not know says -EIO.
 *
 * PEND: recompress or writeback (one at a time: op_lock) has looked at the slot
 * and let go of its pin. Whatever stores, frees or reads the slot meanwhile
 * takes PEND away, and so PEND, still there, proves that it has not changed,
 * where comparing words proves nothing: the same place may be in use again.
 *
 * A flag of a part that is left out (Kbuild) is 0, so that no slot has it.
 */
#define ZBLOCK_SAME		BIT(0)
#define ZBLOCK_HUGE		BIT(1)
#define ZBLOCK_UNIT		(IS_ENABLED(CONFIG_ZBLOCK_LARGE) ? BIT(2) : 0)
#define ZBLOCK_IDLE		BIT(3)
#define ZBLOCK_WB		(IS_ENABLED(CONFIG_ZBLOCK_WRITEBACK) ? BIT(4) : 0)
#define ZBLOCK_PRIO_SHIFT	5
#define ZBLOCK_PRIO		(IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS) ? BIT(5) | BIT(6) : 0)
#define ZBLOCK_PEND		BIT(7)

/* What may be said of a slot besides: the same page with or without it. */
#define ZBLOCK_MARKS		(ZBLOCK_IDLE | ZBLOCK_PEND)

/* Two words without these marks: do they say the same? */
static inline bool zblock_says_same(zspool_word_t one, zspool_word_t other)
{
	unsigned int marked = zspool_word_flags(one) ^ zspool_word_flags(other);

	return zspool_word_is_obj(one) == zspool_word_is_obj(other) &&
	       !(marked & ~ZBLOCK_MARKS) &&
	       zspool_word_size(one) == zspool_word_size(other) &&
	       zspool_word_value(one) == zspool_word_value(other);
}

static inline zspool_word_t zblock_unmarked(zspool_word_t word)
{
	return zspool_word_set_flags(word,
				     zspool_word_flags(word) & ~ZBLOCK_MARKS);
}

static inline unsigned int zblock_word_prio(zspool_word_t word)
{
	return (zspool_word_flags(word) & ZBLOCK_PRIO) >> ZBLOCK_PRIO_SHIFT;
}

/* Does the page take memory that it would not elsewhere, or by another algorithm? */
static inline bool zblock_word_takes(zspool_word_t word)
{
	unsigned int flags = zspool_word_flags(word);

	return flags & ZBLOCK_UNIT ||
	       (zspool_word_is_obj(word) && !(flags & ZBLOCK_SAME));
}

/* Is the page of this word in a buffer of late.c? */
static inline bool zblock_word_is_late(zspool_word_t word)
{
	const unsigned int kinds = ZBLOCK_SAME | ZBLOCK_HUGE | ZBLOCK_UNIT |
				   ZBLOCK_WB;

	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) && !zspool_word_is_obj(word) &&
	       (zspool_word_flags(word) & kinds) == ZBLOCK_HUGE;
}

/* The same page of the same unit, or buffer, whatever else is marked on the slot? */
static inline bool zblock_still_there(zspool_word_t word, zspool_word_t was)
{
	if (zblock_word_is_late(word) != zblock_word_is_late(was))
		return false;
	return (zblock_word_is_late(word) ||
		zspool_word_flags(word) & ZBLOCK_UNIT) &&
	       zspool_word_value(word) == zspool_word_value(was);
}

/* The word of the page that is @i after that of @word, in the same buffer. */
static inline zspool_word_t zblock_late_nth(zspool_word_t word, unsigned int i)
{
	return zspool_word_make(zspool_word_flags(word), zspool_word_size(word),
				zspool_word_value(word) + i);
}

/* Stored once more, but not used: @word, as idle as the slot was. */
static inline zspool_word_t zblock_as_idle(zspool_word_t word,
					   zspool_word_t was)
{
	return zspool_word_set_flags(word, zspool_word_flags(word) |
					   (zspool_word_flags(was) &
					    ZBLOCK_IDLE));
}

#endif /* _ZBLOCK_WORD_H */
