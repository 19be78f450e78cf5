/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checksum.h - what is stored is checked when it is read; nothing is, where that is
 * left out (Kbuild)
 */
#ifndef _ZBLOCK_CHECKSUM_H
#define _ZBLOCK_CHECKSUM_H

#include <linux/types.h>

struct zblock;
struct zblock_checksum;

#ifdef CONFIG_ZBLOCK_CHECKSUM
bool zblock_sum_prepare(struct zblock *dev, unsigned long index);
u32 zblock_sum(struct zblock *dev, const void *data, size_t len);
u32 zblock_sum_get(struct zblock *dev, unsigned long index);
void zblock_sum_set(struct zblock *dev, unsigned long index, u32 sum);
bool zblock_sum_ok(struct zblock *dev, unsigned long index,
		   const void *data, size_t len);
#else
static inline bool zblock_sum_prepare(struct zblock *dev, unsigned long index)
{
	return true;
}

static inline u32 zblock_sum(struct zblock *dev, const void *data, size_t len)
{
	return 0;
}

static inline u32 zblock_sum_get(struct zblock *dev, unsigned long index)
{
	return 0;
}

static inline void zblock_sum_set(struct zblock *dev, unsigned long index,
				  u32 sum)
{
}

static inline bool zblock_sum_ok(struct zblock *dev, unsigned long index,
				 const void *data, size_t len)
{
	return true;
}
#endif

#endif /* _ZBLOCK_CHECKSUM_H */
