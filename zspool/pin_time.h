/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin_time.h - how long pins are held: costs nothing while zspool.time_pins is not set
 */
#ifndef _ZSPOOL_PIN_TIME_H
#define _ZSPOOL_PIN_TIME_H

#include <linux/jump_label.h>
#include <linux/types.h>

struct zspool;

#ifdef ZSPOOL_DEBUGFS
void zs_note_longest(atomic_long_t *longest, u64 since);
DECLARE_STATIC_KEY_FALSE(zs_pin_timed);
void zs_pin_time_start(u64 *word);
void zs_pin_time_end(struct zspool *pool, u64 *word);
int zs_pin_time_set(bool on);
int zs_pin_time_init(void);
void zs_pin_time_exit(void);

static inline void zs_pin_taken(u64 *word)
{
	if (static_branch_unlikely(&zs_pin_timed))
		zs_pin_time_start(word);
}

static inline void zs_pin_given(struct zspool *pool, u64 *word)
{
	if (static_branch_unlikely(&zs_pin_timed))
		zs_pin_time_end(pool, word);
}
#else
static inline void zs_note_longest(atomic_long_t *longest, u64 since)
{
}

static inline void zs_pin_taken(u64 *word)
{
}

static inline void zs_pin_given(struct zspool *pool, u64 *word)
{
}

static inline int zs_pin_time_init(void)
{
	return 0;
}

static inline void zs_pin_time_exit(void)
{
}
#endif

#endif /* _ZSPOOL_PIN_TIME_H */
