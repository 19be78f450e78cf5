// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_time.c - how long pins are held, while zspool.time_pins is set
 *
 * A pin that is held long keeps a page from moving and a writer waiting, so it
 * is worth knowing; but taking the time costs more than the pin. So a static
 * key keeps all of it out of the way until it is asked for.
 *
 * A word has no room for a time. Pins held now have a place by their word's
 * hash, and one that finds its place taken drives the other out: now and then one
 * is missed, or noted with the time at which another began.
 */
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "internal.h"

#define PLACE_BITS	9

struct pin_place {
	u64 *word;
	u64 since;
};

DEFINE_STATIC_KEY_FALSE(zs_pin_timed);
/* What was asked for before we were loaded. */
static bool early;
static bool ready;
/* Set before the key is, and freed on exit. */
static struct pin_place *places;

static struct pin_place *place_of(u64 *word)
{
	return &places[hash_ptr(word, PLACE_BITS)];
}

/**
 * zs_note_longest() - keep the longest of all times
 * @longest: the longest so far, in ns
 * @since: when it began, by ktime_get_ns()
 *
 * Context: any.
 */
void zs_note_longest(atomic_long_t *longest, u64 since)
{
	long ns = min_t(u64, ktime_get_ns() - since, LONG_MAX);
	long old = atomic_long_read(longest);

	while (ns > old && !atomic_long_try_cmpxchg(longest, &old, ns))
		;
}

/**
 * zs_pin_time_start() - the caller has just taken a pin
 * @word: the word that is pinned
 *
 * Context: any.
 */
void zs_pin_time_start(u64 *word)
{
	struct pin_place *place = place_of(word);

	WRITE_ONCE(place->since, ktime_get_ns());
	/* the time is there when the word is */
	smp_store_release(&place->word, word);
}

/**
 * zs_pin_time_end() - the caller is about to give a pin back
 * @pool: where to note the time
 * @word: the word that is pinned
 *
 * Context: any.
 */
void zs_pin_time_end(struct zspool *pool, u64 *word)
{
	struct pin_place *place = place_of(word);
	u64 since;

	/* pairs with zs_pin_time_start() */
	if (smp_load_acquire(&place->word) != word)
		return;
	since = READ_ONCE(place->since);
	/* nobody has driven us out meanwhile */
	if (cmpxchg(&place->word, word, NULL) == word)
		zs_note_longest(&pool->longest_pin, since);
}

/**
 * zs_pin_time_set() - begin or end taking the time
 * @on: begin
 *
 * Context: process; one at a time, as the kernel sets a module's parameters.
 * Return: 0 or -ENOMEM
 */
int zs_pin_time_set(bool on)
{
	if (on && !places) {
		places = kcalloc(1UL << PLACE_BITS, sizeof(*places), GFP_KERNEL);
		if (!places)
			return -ENOMEM;
	}
	if (on) {
		/* who was pinned when it was switched off is here still */
		if (!static_key_enabled(&zs_pin_timed))
			memset(places, 0, sizeof(*places) << PLACE_BITS);
		static_branch_enable(&zs_pin_timed);
	} else {
		static_branch_disable(&zs_pin_timed);
	}
	return 0;
}
EXPORT_SYMBOL_FOR_TEST(zs_pin_time_set);

static int time_pins_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	/* before zs_pin_time_init(), in a kernel's command line even before kcalloc() */
	if (!ready) {
		early = on;
		return 0;
	}
	return zs_pin_time_set(on);
}

static int time_pins_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%c\n",
			  static_key_enabled(&zs_pin_timed) ? 'Y' : 'N');
}

static const struct kernel_param_ops time_pins_ops = {
	.set = time_pins_set,
	.get = time_pins_get,
};

module_param_cb(time_pins, &time_pins_ops, NULL, 0644);
MODULE_PARM_DESC(time_pins, "note how long pins are held, in each pool's counters (default: n)");

/**
 * zs_pin_time_init() - begin, if that was asked for early
 *
 * Context: process, once.
 * Return: 0 or -ENOMEM
 */
int __init zs_pin_time_init(void)
{
	ready = true;
	return early ? zs_pin_time_set(true) : 0;
}

/**
 * zs_pin_time_exit() - give back what zs_pin_time_set() took
 *
 * Context: process; nothing is pinned any more.
 */
void zs_pin_time_exit(void)
{
	/* the parameter can be written for a moment yet */
	kernel_param_lock(THIS_MODULE);
	ready = false;
	static_branch_disable(&zs_pin_timed);
	kfree(places);
	places = NULL;
	kernel_param_unlock(THIS_MODULE);
}
