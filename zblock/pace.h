/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - work in the background: so much a second, a little at a time
 *
 * A policy looks at its device with op_lock held, which others want as well. It
 * takes the lock for a moment only, lets it go for a tick, and comes back until
 * what its rate allows in a second has been done.
 */
#ifndef _ZBLOCK_PACE_H
#define _ZBLOCK_PACE_H

#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * struct zblock_pace - when a policy works, and how much; op_lock
 * @work: what it does
 * @second: when the second began, in jiffies; read without op_lock, too
 * @left: what may still be done in it
 */
struct zblock_pace {
	struct delayed_work work;
	unsigned long second;
	u32 left;
};

void zblock_pace_start(struct zblock_pace *pace);
u32 zblock_pace_left(struct zblock_pace *pace, u32 rate);
void zblock_pace_spend(struct zblock_pace *pace, u32 n);
void zblock_pace_again(struct zblock_pace *pace, bool soon);

#endif /* _ZBLOCK_PACE_H */
