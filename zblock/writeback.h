/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writeback.h - which slots go to the backing device
 */
#ifndef _ZBLOCK_WRITEBACK_H
#define _ZBLOCK_WRITEBACK_H

#include <linux/types.h>
#include <zspool.h>

struct zblock;

/**
 * struct zblock_wb_range - slots @from up to @to, that one not included
 * @from: first
 * @to: end
 */
struct zblock_wb_range {
	unsigned long from;
	unsigned long to;
};

/**
 * struct zblock_wb_what - what shall go
 * @flags: ZBLOCK_IDLE, ZBLOCK_HUGE: only slots that have all of these
 * @incompressible: only those that no algorithm makes smaller
 * @min_age: only those not used for so many seconds
 * @min_size: only those that take so many bytes
 * @max_blocks: of the backing device, to be written at most
 * @background: other writes to the backing device go first
 */
struct zblock_wb_what {
	unsigned int flags;
	bool incompressible;
	u32 min_age;
	unsigned int min_size;
	unsigned long max_blocks;
	bool background;
};

bool zblock_incompressible(struct zblock *dev, zspool_word_t word);
int zblock_writeback(struct zblock *dev, const struct zblock_wb_what *what,
		     const struct zblock_wb_range *ranges, unsigned int nr,
		     int *failed);

#endif /* _ZBLOCK_WRITEBACK_H */
