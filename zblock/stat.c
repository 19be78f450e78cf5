// SPDX-License-Identifier: GPL-2.0-only
/*
 * stat.c - what a device counts
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include "zblock.h"

/**
 * zblock_count() - count so many more, or less
 * @dev: the device
 * @which: which count
 * @n: how many
 *
 * Not inline: an atomic is some 60 bytes where machines have either kind of it.
 *
 * Context: any.
 */
noinline void zblock_count(struct zblock *dev, enum zblock_stat which, s64 n)
{
	atomic64_add(n, &raw_cpu_ptr(dev->stats)->n[which]);
}

/**
 * zblock_stat_sum() - a count, over all CPUs
 * @dev: the device
 * @which: which count
 *
 * A page stored on one CPU and freed on another shows up in two places; seen in
 * the wrong order they may add up to less than nothing, which we do not tell.
 *
 * Context: any.
 * Return: the count
 */
u64 zblock_stat_sum(struct zblock *dev, enum zblock_stat which)
{
	s64 sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += atomic64_read(&per_cpu_ptr(dev->stats, cpu)->n[which]);
	return max_t(s64, sum, 0);
}

/**
 * zblock_stat_clear() - start to count afresh
 * @dev: a device that does no I/O and holds nothing
 *
 * Context: any.
 */
void zblock_stat_clear(struct zblock *dev)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < ZBLOCK_STATS; i++)
			atomic64_set(&per_cpu_ptr(dev->stats, cpu)->n[i], 0);
	atomic_long_set(&dev->max_used, 0);
}

/* Bytes that count as compressed data: a same-filled page has none. */
static unsigned int stored_bytes(zspool_word_t word)
{
	if (zblock_word_is_late(word))
		return PAGE_SIZE;
	if (!zspool_word_is_obj(word) ||
	    zspool_word_flags(word) & ZBLOCK_SAME)
		return 0;
	return zspool_word_size(word);
}

static int has_flag(zspool_word_t word, unsigned int flag)
{
	return !!(zspool_word_flags(word) & flag);
}

/*
 * On the backing device it takes no more memory than others; and of one that is
 * yet to be compressed nobody knows.
 */
static int is_huge(zspool_word_t word)
{
	return has_flag(word, ZBLOCK_HUGE) && zspool_word_is_obj(word);
}

static void count_change(struct zblock *dev, enum zblock_stat which, int n)
{
	if (n)
		zblock_count(dev, which, n);
}

/**
 * zblock_account() - count that a slot's word has changed
 * @dev: the device
 * @old: the word before
 * @new: the word after
 *
 * Context: any; must not sleep, as zspool calls it with a pin held.
 */
void zblock_account(struct zblock *dev, zspool_word_t old, zspool_word_t new)
{
	count_change(dev, ZBLOCK_PAGES, zspool_word_is_empty(old) -
					zspool_word_is_empty(new));
	count_change(dev, ZBLOCK_COMPRESSED, (int)stored_bytes(new) -
					     (int)stored_bytes(old));
	count_change(dev, ZBLOCK_SAME_PAGES, has_flag(new, ZBLOCK_SAME) -
					     has_flag(old, ZBLOCK_SAME));
	count_change(dev, ZBLOCK_HUGE_PAGES, is_huge(new) - is_huge(old));
	count_change(dev, ZBLOCK_UNIT_PAGES, has_flag(new, ZBLOCK_UNIT) -
					     has_flag(old, ZBLOCK_UNIT));
	if (is_huge(new))
		zblock_count(dev, ZBLOCK_HUGE_SINCE, 1);
}

/**
 * zblock_note_used() - remember the most pages the pool has had
 * @dev: the device
 * @pages: what it has now
 *
 * Context: any.
 */
void zblock_note_used(struct zblock *dev, unsigned long pages)
{
	long max = atomic_long_read(&dev->max_used);

	while ((long)pages > max &&
	       !atomic_long_try_cmpxchg(&dev->max_used, &max, pages))
		;
	zblock_limit_look(dev, pages);
}

#if defined(CONFIG_ZBLOCK_WRITEBACK) || defined(ZSPOOL_DEBUGFS)
/**
 * zblock_incompressible() - has every algorithm been tried on a page, in vain?
 * @dev: a device that has its size
 * @word: the page's slot's
 *
 * Context: any.
 */
bool zblock_incompressible(struct zblock *dev, zspool_word_t word)
{
	unsigned int prio = zblock_word_prio(word);

	if (!(zspool_word_flags(word) & ZBLOCK_HUGE) || prio == ZBLOCK_PRIMARY)
		return false;
	while (++prio < ZBLOCK_ALGORITHMS)
		if (dev->codec[prio])
			return false;
	return true;
}
#endif
