// SPDX-License-Identifier: GPL-2.0-only
/*
 * age.c - when each slot was last read or written
 *
 * For who wants to know: a column of seconds since boot, 0 where it is not
 * known. I/O writes it without a lock: of two at once either may win.
 */
#include <linux/ktime.h>
#include "zblock.h"

/**
 * zblock_ages_touch() - a slot is used now
 * @ages: the column
 * @index: the slot
 *
 * Where there is no memory its age stays unknown, which counts as young.
 *
 * Context: process, reclaim too; no pin held.
 */
void zblock_ages_touch(struct zblock_column *ages, unsigned long index)
{
	/* in the first second too it is known */
	if (likely(zblock_column_prepare(ages, index)))
		zblock_column_set(ages, index,
				  max_t(u32, ktime_get_boottime_seconds(), 1));
}

/**
 * zblock_slot_age() - seconds since a slot was last read or written
 * @dev: a device that has its size
 * @index: the slot
 *
 * Context: any, as long as the device's size cannot go.
 * Return: the age; 0 if it is not known
 */
u32 zblock_slot_age(struct zblock *dev, unsigned long index)
{
	u32 last = dev->ages ? zblock_column_get(dev->ages, index) : 0;
	u32 now = ktime_get_boottime_seconds();

	/* used since, perhaps */
	return last && last < now ? now - last : 0;
}
