/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parallel.h - several CPUs for one submitter
 *
 * A bio of several chunks becomes a job (parallel.c), and the pages of a smaller one
 * copies to be compressed when its write has ended (late.c). Both are done by helpers
 * (helper.c), which are works for other CPUs, and by the submitter where there are none.
 */
#ifndef _ZBLOCK_PARALLEL_H
#define _ZBLOCK_PARALLEL_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <zspool.h>

struct bio;
struct page;
struct zblock;
struct zblock_helper;
struct zblock_late;

/**
 * struct zblock_queue - a device's jobs
 * @dev: constant
 * @lock: of @jobs and what is in them
 * @jobs: with chunks to take, oldest first
 * @nr: chunks to take, of all of them; @lock to write
 * @owed: those of them whose submitters do not wait; @lock to write
 * @active: helpers that are up
 * @alone: those of them whose CPUs nobody else wants
 * @lookouts: those of them that look at @nr
 * @again: one that had work to do has gone only because it had stayed for long; lossy
 * @helper: constant
 */
struct zblock_queue {
	struct zblock *dev;
	spinlock_t lock;		/* of @jobs and what is in them */
	struct list_head jobs;
	unsigned int nr;
	unsigned int owed;
	atomic_t active;
	atomic_t alone;
	atomic_t lookouts;
	bool again;
	struct zblock_helper __percpu *helper;
};

/* parallel.c */
bool zblock_share_bio(struct zblock *dev, struct bio *bio, unsigned long start);
bool zblock_help_with_job(struct zblock_queue *queue, bool owed);

/* How many helpers are there for work that comes? */
static inline unsigned int zblock_helpers(const struct zblock_queue *queue)
{
	return atomic_read(&queue->alone);
}

/* helper.c */
int zblock_helpers_init(void);
void zblock_helpers_exit(void);
bool zblock_look_out_for(bool (*it)(const void *), const void *where);
bool zblock_call_helpers(struct zblock_queue *queue, unsigned int nr);
bool zblock_helpers_gone(const struct zblock *dev);
struct zblock_queue *zblock_queue_create(struct zblock *dev);
void zblock_queue_flush(struct zblock_queue *queue);
void zblock_queue_destroy(struct zblock_queue *queue);
size_t zblock_queue_bytes(void);

/* late.c */
void *zblock_late_take(struct zblock *dev, unsigned long index,
		       unsigned int order, int nid, zspool_word_t *word);
void zblock_late_go(struct zblock *dev, zspool_word_t word);
bool zblock_late_waits(const struct zblock *dev);
bool zblock_late_store(struct zblock *dev);
void zblock_late_load(struct zblock *dev, zspool_word_t word, void *mem);
void zblock_late_drop(struct zblock *dev);
struct zblock_late *zblock_late_create(struct zblock *dev);
size_t zblock_late_bytes(const struct zblock *dev);
#ifdef CONFIG_ZBLOCK_LARGE
void zblock_late_flush(struct zblock *dev);
#else
static inline void zblock_late_flush(struct zblock *dev)
{
}
#endif

#endif /* _ZBLOCK_PARALLEL_H */
