/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unit.h - several pages compressed as one: unit.c, unit_write.c, unit_read.c
 *
 * A unit is 2^n pages at an aligned place, written by one bio. Compressed
 * together they take less memory and less time than one by one; the price is
 * that a lone page is read by decompressing its unit (or the unit's beginning).
 *
 *   slots of unit u:    UNIT|seq  UNIT|seq  UNIT|seq  UNIT|seq     no objects
 *   its piece handles:  4096 bytes, 4096 bytes, the tail           objects only
 *
 * The handles past the device's pages belong to the units, three to each four of
 * its pages (of two, one): what does not shrink to three quarters is stored page by
 * page. A piece is an object like any other: the VM moves it, compaction packs it.
 * @seq is another number each time a unit is written.
 *
 * The rule that all depends on: a slot gets UNIT only from who holds the pin of
 * the unit's first piece, and the pieces are replaced or freed by such a holder
 * only. Freed, when no slot has UNIT. So with that pin held, a slot that has
 * UNIT finds its page in the pieces. Anybody may take UNIT from a slot, by
 * storing another page there or discarding it, without that pin.
 *
 * Pins: the first piece's is held while the others' or a slot's are taken, never
 * the other way round. It is given back before anything is decompressed.
 *
 * A slot that loses UNIT marks its unit in @unit_lost. Whoever can, else a worker,
 * then looks: no slot left, the pieces are freed; half of them or less, the
 * worker stores those that are left page by page.
 */
#ifndef _ZBLOCK_UNIT_H
#define _ZBLOCK_UNIT_H

#include <linux/highmem.h>
#include <linux/mm.h>
#include "zblock.h"

#define PAGES_MAX	(ZBLOCK_UNIT_MAX / PAGE_SIZE)
#define PIECES_MAX	(PAGES_MAX * 3 / 4 ?: 1)

static inline unsigned int unit_pages(const struct zblock *dev)
{
	return 1U << dev->unit_shift;
}

static inline unsigned int unit_pieces(const struct zblock *dev)
{
	return unit_pages(dev) * 3 / 4;
}

static inline size_t unit_bytes(const struct zblock *dev)
{
	return PAGE_SIZE << dev->unit_shift;
}

static inline unsigned long first_slot(const struct zblock *dev,
				       unsigned long unit)
{
	return unit << dev->unit_shift;
}

/* All first pieces, then all second ones, ...: few units need the last. */
static inline zspool_handle_t piece(const struct zblock *dev,
				    unsigned long unit, unsigned int i)
{
	return dev->nr_pages + i * dev->nr_units + unit;
}

/* What identifies a slot's content, whatever marks others put on it. */
static inline u64 seq_of(zspool_word_t word)
{
	return zspool_word_value(word);
}

static inline bool in_unit(zspool_word_t word)
{
	return zspool_word_flags(word) & ZBLOCK_UNIT;
}

/*
 * Where the bytes from @iter on can be seen in one piece: in place if they lie
 * so in memory, as those of a large folio do.
 */
static inline void *in_place(struct bio *bio, struct bvec_iter iter,
			     size_t len)
{
	struct bio_vec bv = mp_bvec_iter_bvec(bio->bi_io_vec, iter);

	if (IS_ENABLED(CONFIG_HIGHMEM) || bv.bv_len < len)
		return NULL;
	return page_address(bv.bv_page) + bv.bv_offset;
}

void zblock_swap_pieces(struct zblock *dev, unsigned long unit,
			const zspool_word_t *new, unsigned int nr,
			zspool_word_t *old);
void zblock_drop_pieces(struct zblock *dev, const zspool_word_t *old);

#endif /* _ZBLOCK_UNIT_H */
