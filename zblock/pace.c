// SPDX-License-Identifier: GPL-2.0-only
/* pace.c - work in the background: so much a second, a little at a time */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include "zblock.h"

/**
 * zblock_pace_start() - from the next second on
 * @pace: its work is initialized
 *
 * Context: process; op_lock held.
 */
void zblock_pace_start(struct zblock_pace *pace)
{
	WRITE_ONCE(pace->second, jiffies);
	pace->left = 0;
	mod_delayed_work(zblock_lazy_wq, &pace->work, HZ);
}

/**
 * zblock_pace_left() - how much may be done now
 * @pace: begins a new second if the last is over
 * @rate: how much may be done in one
 *
 * Context: process; op_lock held.
 * Return: that
 */
u32 zblock_pace_left(struct zblock_pace *pace, u32 rate)
{
	if (time_after_eq(jiffies, pace->second + HZ)) {
		WRITE_ONCE(pace->second, jiffies);
		pace->left = rate;
	}
	return pace->left;
}

/**
 * zblock_pace_spend() - so much has been done
 * @pace: whose
 * @n: how much
 *
 * Context: process; op_lock held.
 */
void zblock_pace_spend(struct zblock_pace *pace, u32 n)
{
	pace->left -= min(pace->left, n);
}

/**
 * zblock_pace_again() - queue the work once more
 * @pace: whose
 * @soon: in a tick; else when the second is over, or a while later if it is
 *
 * Context: process; op_lock need not be held: who waits for the work is looked
 * after by cancel_delayed_work_sync().
 */
void zblock_pace_again(struct zblock_pace *pace, bool soon)
{
	unsigned long gone = jiffies - READ_ONCE(pace->second);
	unsigned long delay = gone < HZ ? HZ - gone : HZ / 10;

	queue_delayed_work(zblock_lazy_wq, &pace->work, soon ? 1 : delay);
}
