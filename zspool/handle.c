// SPDX-License-Identifier: GPL-2.0-only
/*
 * handle.c - the word of a handle and its pin
 *
 * The pin is a lock that a codec may run under, so a waiter sleeps (after a
 * short spin: migration and compaction hold a pin for one copy only). Nobody
 * waits for it with a lock held, and holders neither allocate nor do I/O, so a
 * wait is as long as a decompression and may be done from reclaim.
 *
 * A free that cannot wait sets DEFER. From then on the handle counts as free;
 * whoever holds or takes the pin next carries it out.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/prefetch.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>
#include "internal.h"

#define PIN_BIT		0
#define PIN_SPINS	128

static_assert(BIT_ULL(PIN_BIT) == ZSPOOL_WORD_PIN);

/* The half that is changed by atomic operations: see include/zspool.h. */
static unsigned long *low_half(u64 *word)
{
#if !defined(CONFIG_64BIT) && defined(__BIG_ENDIAN)
	return (unsigned long *)word + 1;
#else
	return (unsigned long *)word;
#endif
}

/* A part of who calls it, as each page that is read comes by here. */
static __always_inline bool trypin(u64 *word)
{
	if (test_and_set_bit_lock(PIN_BIT, low_half(word)))
		return false;
	zs_pin_taken(word);
	return true;
}

/**
 * zs_word_trypin() - take the pin if it is free
 * @word: the handle's word
 *
 * Context: any.
 * Return: true if the caller has it: the word stays as it is until it is given back
 */
bool zs_word_trypin(u64 *word)
{
	return trypin(word);
}

/*
 * Take the pin, or leave the mark that makes its holder wake us. To be called
 * when already queued. Having slept we keep the mark: others may sleep too.
 */
static bool pin_or_mark(u64 *word)
{
	unsigned long old;

	old = atomic_long_fetch_or(ZSPOOL_WORD_PIN | ZSPOOL_WORD_WAIT,
				   (atomic_long_t *)low_half(word));
	return !(old & ZSPOOL_WORD_PIN);
}

static noinline void wait_for_pin(struct zspool *pool, u64 *word)
{
	u64 since = ktime_get_ns();
	unsigned int spins;

	for (spins = 0; spins < PIN_SPINS; spins++) {
		cpu_relax();
		if (!(READ_ONCE(*low_half(word)) & ZSPOOL_WORD_PIN) &&
		    zs_word_trypin(word))
			goto out;
	}
	wait_var_event(word, pin_or_mark(word));
	zs_pin_taken(word);
out:
	zs_count(pool, ZS_PIN_WAITS);
	zs_note_longest(&pool->longest_wait, since);
}

static __always_inline void pin(struct zspool *pool, u64 *word)
{
	/* might_sleep() but for its offer to schedule, which is not for each page */
	__might_sleep(__FILE__, __LINE__);
	if (unlikely(!trypin(word)))
		wait_for_pin(pool, word);
}

/**
 * zs_word_pin() - take the pin, sleeping for it if need be
 * @pool: whose longest wait to note
 * @word: the handle's word; it stays as it is until the pin is given back
 *
 * Context: process; holds no lock of this module.
 */
void zs_word_pin(struct zspool *pool, u64 *word)
{
	pin(pool, word);
}

/* Give the pin back; returns what else was asked of the word meanwhile. */
static unsigned long unpin(u64 *word)
{
	unsigned long old;

	old = atomic_long_fetch_andnot_release(ZSPOOL_WORD_PIN | ZSPOOL_WORD_WAIT,
					       (atomic_long_t *)low_half(word));
	if (unlikely(old & ZSPOOL_WORD_WAIT)) {
		/* the waiter is queued before it marks; see it */
		smp_mb__after_atomic();
		wake_up_var(word);
	}
	return old;
}

/* Change all of a pinned word but the bits @keep. */
static void word_replace(u64 *word, zspool_word_t value, unsigned long keep)
{
	unsigned long *low = low_half(word);
	unsigned long old = READ_ONCE(*low);
	unsigned long new = (unsigned long)value & ~ZSPOOL_WORD_SYNC;

#ifndef CONFIG_64BIT
	/* only the holder reads or writes the high half */
	WRITE_ONCE(*((u32 *)word + (low == (unsigned long *)word)),
		   (u32)(value >> 32));
#endif
	while (!try_cmpxchg(low, &old, new | (old & keep)))
		;
}

/**
 * zs_word_set() - change all of a pinned word but its synchronisation bits
 * @word: the handle's word
 * @value: what it shall be
 *
 * Context: any; the caller holds the pin.
 */
void zs_word_set(u64 *word, zspool_word_t value)
{
	word_replace(word, value, ZSPOOL_WORD_SYNC);
}

static bool is_plain(const struct zspool *pool)
{
	return ZS_HAVE_PLAIN && pool->plain;
}

/*
 * Empty a handle that the caller has pinned; so whoever asked for it has it. False for
 * one of a plain pool that is free already.
 */
static bool free_pinned(struct zspool *pool, zspool_handle_t handle, u64 *word)
{
	zspool_word_t value = READ_ONCE(*word);
	bool twice = is_plain(pool) && !zspool_word_is_obj(value);

	word_replace(word, twice ? value : 0,
		     ZSPOOL_WORD_SYNC & ~ZSPOOL_WORD_DEFER);
	if (WARN_ON_ONCE(twice) || zspool_word_is_empty(value))
		return !twice;
	if (pool->ops && pool->ops->dropped)
		pool->ops->dropped(pool->owner, handle, value);
	zspool_drop(pool, value);
	return true;
}

/* Give the pin back, and first carry out a free that was asked for. */
static noinline void unpin_asked(struct zspool *pool, zspool_handle_t handle,
				 u64 *word)
{
	bool freed = false;

	do {
		zs_pin_given(pool, word);
		if (READ_ONCE(*low_half(word)) & ZSPOOL_WORD_DEFER)
			freed |= free_pinned(pool, handle, word);
		if (likely(!(unpin(word) & ZSPOOL_WORD_DEFER)))
			break;
		/* asked at the last moment: ours to do, or the next holder's */
	} while (zs_word_trypin(word));

	if (freed && is_plain(pool))
		zs_handle_put(pool, handle);
}

/* As unpin_asked(), where nobody has asked for anything. */
static __always_inline void unpin_word(struct zspool *pool,
				       zspool_handle_t handle, u64 *word)
{
	const unsigned long asked = ZSPOOL_WORD_WAIT | ZSPOOL_WORD_DEFER;
	unsigned long *low = low_half(word);
	unsigned long old = READ_ONCE(*low);

	zs_pin_given(pool, word);
	if (unlikely(old & asked) ||
	    unlikely(!try_cmpxchg_release(low, &old, old & ~ZSPOOL_WORD_PIN)))
		unpin_asked(pool, handle, word);
}

/**
 * zs_word_unpin() - give the pin back
 * @pool: the pool
 * @handle: the handle
 * @word: its word
 *
 * Context: any but irq, hard or soft; takes class->lock if a free was put off
 * meanwhile.
 */
void zs_word_unpin(struct zspool *pool, zspool_handle_t handle, u64 *word)
{
	unpin_word(pool, handle, word);
}

/* List a handle whose DEFER is set for the worker; if that fails it walks. */
static void put_off(struct zspool *pool, zspool_handle_t handle)
{
	unsigned int at = atomic_fetch_inc(&pool->nr_put_off);

	/*
	 * Not empty: somebody filled it in too late. Not more than that by now: a worker
	 * has taken the list without us.
	 */
	if (at >= ZS_PUT_OFF_MAX ||
	    cmpxchg(&pool->put_off[at], 0, handle + 1) != 0 ||
	    (unsigned int)atomic_read(&pool->nr_put_off) <= at)
		WRITE_ONCE(pool->put_off_walk, true);
	queue_delayed_work(zs_wq, &pool->defer_work, 1);
}

/**
 * zs_word_unpin_locked() - give the pin back with class->lock held
 * @pool: the pool
 * @handle: the handle
 * @word: its word
 *
 * A free that was put off is left to the next holder, and to the worker.
 *
 * Context: class->lock held.
 */
void zs_word_unpin_locked(struct zspool *pool, zspool_handle_t handle,
			  u64 *word)
{
	zs_pin_given(pool, word);
	/* who set it may have counted on us and not listed it */
	if (unlikely(unpin(word) & ZSPOOL_WORD_DEFER))
		put_off(pool, handle);
}

/* What a handle holds that has just been pinned: a free that was asked for comes first. */
static __always_inline zspool_word_t pinned(struct zspool *pool,
					    zspool_handle_t handle, u64 *word)
{
	zspool_word_t value = READ_ONCE(*word);

	if (unlikely(value & ZSPOOL_WORD_DEFER)) {
		free_pinned(pool, handle, word);
		value = ZSPOOL_WORD_PIN;
	}
	return value;
}

/**
 * zspool_pin() - pin a handle and see its word
 * @pool: a numbered pool
 * @handle: the handle
 *
 * The caller may then read the object through zspool_map(). It must not
 * allocate memory, take a mutex, wait for I/O, or pin another handle but in the
 * order that all of the pool's users keep.
 *
 * Context: process; may sleep for as long as another holder decompresses.
 * Return: what the handle holds, ZSPOOL_WORD_PIN set; it stays so until zspool_unpin(),
 * but for what the caller changes by zspool_swap(). 0 if nothing near this handle was
 * ever stored; it is not pinned.
 */
zspool_word_t zspool_pin(struct zspool *pool, zspool_handle_t handle)
{
	u64 *w = zs_table_entry(&pool->words, handle);

	if (!w)
		return 0;
	pin(pool, w);
	return pinned(pool, handle, w);
}
EXPORT_SYMBOL_GPL(zspool_pin);

/**
 * zspool_trypin() - pin a handle if that can be done at once
 * @pool: a numbered pool
 * @handle: the handle
 *
 * Context: any but irq, hard or soft.
 * Return: as zspool_pin(); 0 also if another has it pinned
 */
zspool_word_t zspool_trypin(struct zspool *pool, zspool_handle_t handle)
{
	u64 *w = zs_table_entry(&pool->words, handle);

	return w && trypin(w) ? pinned(pool, handle, w) : 0;
}
EXPORT_SYMBOL_GPL(zspool_trypin);

/**
 * zspool_unpin() - give back a pin
 * @pool: a numbered pool
 * @handle: the handle, pinned by the caller
 *
 * Carries out a zspool_free() that came meanwhile.
 *
 * Context: any but irq, hard or soft.
 */
void zspool_unpin(struct zspool *pool, zspool_handle_t handle)
{
	unpin_word(pool, handle, zs_table_at(&pool->words, handle));
}
EXPORT_SYMBOL_GPL(zspool_unpin);

/**
 * zspool_swap() - replace what a pinned handle holds
 * @pool: a numbered pool
 * @handle: the handle, pinned by the caller
 * @word: from zspool_new() or zspool_word_make(), or 0 for nothing; flags may
 *	have been set by zspool_word_set_flags()
 *
 * Context: any but irq, hard or soft.
 * Return: the word before; its object, if it has one and the new word does not
 * name the same, is the caller's, to be given to zspool_drop().
 */
zspool_word_t zspool_swap(struct zspool *pool, zspool_handle_t handle,
			  zspool_word_t word)
{
	u64 *w = zs_table_at(&pool->words, handle);
	zspool_word_t old = READ_ONCE(*w);

	WARN_ON_ONCE(!(old & ZSPOOL_WORD_PIN));
	zs_word_set(w, word);
	return old & ~ZSPOOL_WORD_SYNC;
}
EXPORT_SYMBOL_GPL(zspool_swap);

/**
 * zspool_peek() - see a handle's word without pinning it
 * @pool: the pool
 * @handle: the handle
 *
 * For statistics and early decisions: the word may have changed already, and on 32 bits
 * its halves may be of two words.
 *
 * Context: any.
 * Return: the word, 0 if nothing near it was ever stored
 */
zspool_word_t zspool_peek(struct zspool *pool, zspool_handle_t handle)
{
	u64 *w = zs_table_entry(&pool->words, handle);

	return w ? READ_ONCE(*w) : 0;
}
EXPORT_SYMBOL_GPL(zspool_peek);

/**
 * zspool_prefetch() - a handle will be used soon
 * @pool: the pool
 * @handle: the handle
 *
 * A hint, for as soon as the handle is known: words of handles used in no order
 * are in no cache.
 *
 * Context: any.
 */
void zspool_prefetch(struct zspool *pool, zspool_handle_t handle)
{
	u64 *w = zs_table_entry(&pool->words, handle);

	if (w)
		prefetchw(w);
}
EXPORT_SYMBOL_GPL(zspool_prefetch);

/*
 * No lock here is irq-safe; and on PREEMPT_RT they sleep. (7.3 tells of freed
 * swap slots with irqs off.)
 */
static bool must_put_off(void)
{
	return in_interrupt() || irqs_disabled() ||
	       (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible());
}

/**
 * zspool_free() - free what a handle holds
 * @pool: the pool
 * @handle: the handle; of a plain pool, it may be given out again at once
 *
 * Where the handle is pinned or locks cannot be taken the free is put off, and
 * is carried out by the holder of the pin or a worker. In a numbered pool
 * ops->dropped is called for every handle so emptied.
 *
 * Context: any.
 */
void zspool_free(struct zspool *pool, zspool_handle_t handle)
{
	unsigned long ask = ZSPOOL_WORD_DEFER;
	u64 *w = zs_table_entry(&pool->words, handle);
	unsigned long old;

	if (!w)
		return;
	if (!must_put_off())
		ask |= ZSPOOL_WORD_PIN;
	/* who has the pin, or takes it from now on, sees DEFER; if nobody has, we do */
	old = atomic_long_fetch_or(ask, (atomic_long_t *)low_half(w));
	if (ask & ~old & ZSPOOL_WORD_PIN) {
		zs_pin_taken(w);
		unpin_asked(pool, handle, w);
		return;
	}
	atomic_long_inc(&pool->count[ZS_DEFERRED]);
	if (!(ask & ZSPOOL_WORD_PIN))
		put_off(pool, handle);
}
EXPORT_SYMBOL_GPL(zspool_free);

/* Carry out a free if nobody has yet. A pinned handle is its holder's to do. */
static void carry_out(struct zspool *pool, zspool_handle_t handle, u64 *word)
{
	if (READ_ONCE(*word) & ZSPOOL_WORD_DEFER && zs_word_trypin(word))
		zs_word_unpin(pool, handle, word);
}

static void carry_out_all(struct zspool *pool)
{
	unsigned long i;

	for (i = 0; i < pool->words.nr; i++) {
		u64 *word = zs_table_entry(&pool->words, i);

		if (!word) {
			i |= ZS_CHUNK_MASK;
			continue;
		}
		if (!(i & ZS_CHUNK_MASK))
			cond_resched();
		carry_out(pool, i, word);
	}
}

/**
 * zs_defer_work() - carry out the frees that were put off
 * @work: the pool's defer_work
 *
 * Those that are listed, and all words only if some could not be.
 *
 * Context: the worker.
 */
void zs_defer_work(struct work_struct *work)
{
	struct zspool *pool = container_of(to_delayed_work(work),
					   struct zspool, defer_work);
	unsigned int nr, i;
	bool walk;

	if (READ_ONCE(pool->dying))
		return;
	walk = xchg(&pool->put_off_walk, false);
	nr = min_t(unsigned int, atomic_xchg(&pool->nr_put_off, 0),
		   ZS_PUT_OFF_MAX);
	for (i = 0; i < nr; i++) {
		u32 handle = xchg(&pool->put_off[i], 0);

		if (handle)
			carry_out(pool, handle - 1,
				  zs_table_at(&pool->words, handle - 1));
		else
			walk = true;
	}
	if (walk)
		carry_out_all(pool);
}
