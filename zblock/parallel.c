// SPDX-License-Identifier: GPL-2.0-only
/*
 * parallel.c - one submitter, several CPUs
 *
 * A bio of several chunks becomes a job in the device's queue. Its submitter takes
 * chunk after chunk from it, and so do helpers: works for other CPUs (helper.c), woken by
 * the submitter. Whoever is done last ends the bio.
 *
 * Where somebody waits for the bio (REQ_SYNC, and any read), its submitter does
 * all that no helper has taken by then, so that none is waited for to begin. He
 * looks out for the end for a moment, and then is the one who ends the bio: its
 * owner, often himself, need not go to sleep and be woken. Where nobody waits, he
 * leaves some chunks to the helpers that he knows to be up, and goes on to submit
 * more: so they do not run out of work.
 *
 * What is no larger than a chunk has nothing to be shared, but its pages may be copied,
 * and stored when the write has ended: late.c. So may the last chunk of a larger bio
 * that is waited for, as nobody has another one to do meanwhile, helpers' too; and that of
 * one which is not, if its submitter leaves no chunks: else helpers would run out of
 * work while he is at it.
 *
 * A job is freed by who gives back its last reference: each chunk has one, and
 * the submitter.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "zblock.h"

/* What is handed out at a time, unless a unit is larger. */
#define CHUNK_BYTES	max_t(unsigned int, SZ_16K, PAGE_SIZE)

/* Chunks of a bio that a submitter leaves to each helper. */
#define SPARE_CHUNKS	2

/**
 * struct zblock_job - a bio that is shared out
 * @link: in the queue while there are chunks to take; queue->lock
 * @dev: constant
 * @bio: constant
 * @start: constant; from bio_start_io_acct()
 * @chunk: constant; bytes
 * @nr: constant; chunks
 * @next: the next to take; queue->lock
 * @left: chunks that are not yet done; and one of its submitter's if he waits
 * @refs: see the top of this file
 * @err: the first error
 * @wait: constant; its submitter does what nobody has taken
 * @reclaim: constant; the submitter may use memory reserves, so may we
 */
struct zblock_job {
	struct list_head link;
	struct zblock *dev;
	struct bio *bio;
	unsigned long start;
	unsigned int chunk;
	unsigned int nr;
	unsigned int next;
	atomic_t left;
	refcount_t refs;
	int err;
	bool wait;
	bool reclaim;
};

static void put_job(struct zblock_job *job)
{
	if (refcount_dec_and_test(&job->refs))
		kfree(job);
}

/* Bytes from the bio's beginning to that of chunk @i: chunks are aligned. */
static unsigned int chunk_start(const struct zblock_job *job, unsigned int i)
{
	unsigned int skew = (job->bio->bi_iter.bi_sector << SECTOR_SHIFT) &
			    (job->chunk - 1);

	return i ? i * job->chunk - skew : 0;
}

/* The last one ends the bio. */
static void part_done(struct zblock_job *job)
{
	/* orders all that was done before the end of the bio */
	if (atomic_dec_and_test(&job->left))
		zblock_end_bio(job->dev, job->bio, job->start,
			       READ_ONCE(job->err));
}

/* Chunk @i of the job; it may be @late if it is one of the last so many. */
static void do_chunk(struct zblock_job *job, unsigned int i, unsigned int late)
{
	unsigned int from = chunk_start(job, i);
	unsigned int to = i + 1 < job->nr ? chunk_start(job, i + 1) :
					    job->bio->bi_iter.bi_size;
	struct bvec_iter iter = job->bio->bi_iter;
	int err;

	bio_advance_iter(job->bio, &iter, from);
	iter.bi_size = to - from;
	err = zblock_transfer(job->dev, job->bio, iter, i + late >= job->nr);
	if (unlikely(err))
		cmpxchg(&job->err, 0, err);
	part_done(job);
	put_job(job);
}

/* Chunks come or go; queue->lock is held. */
static void count_chunks(struct zblock_queue *queue,
			 const struct zblock_job *job, int n)
{
	WRITE_ONCE(queue->nr, queue->nr + n);
	if (!job->wait)
		WRITE_ONCE(queue->owed, queue->owed + n);
}

/* Take the next chunk of @job, which has one; queue->lock is held. */
static unsigned int next_chunk(struct zblock_queue *queue,
			       struct zblock_job *job)
{
	count_chunks(queue, job, -1);
	if (job->next + 1 == job->nr)
		list_del(&job->link);
	return job->next++;
}

/* Take a chunk of @job; false if there are no more. */
static bool take_chunk(struct zblock_queue *queue, struct zblock_job *job,
		       unsigned int *i)
{
	bool taken;

	cond_resched();
	spin_lock(&queue->lock);
	taken = job->next < job->nr;
	if (taken)
		*i = next_chunk(queue, job);
	spin_unlock(&queue->lock);
	return taken;
}

/* The oldest job there is; if @owed, of those that nobody waits for. */
static struct zblock_job *find_job(struct zblock_queue *queue, bool owed)
{
	struct zblock_job *job;

	list_for_each_entry(job, &queue->jobs, link)
		if (!owed || !job->wait)
			return job;
	return NULL;
}

/* Take a chunk of that job. */
static struct zblock_job *take_any(struct zblock_queue *queue, bool owed,
				   unsigned int *i)
{
	struct zblock_job *job;

	spin_lock(&queue->lock);
	job = find_job(queue, owed);
	if (job)
		*i = next_chunk(queue, job);
	spin_unlock(&queue->lock);
	return job;
}

/* But for the submitter's own part, which is to end the bio. */
static bool is_done(const void *job)
{
	return atomic_read(&((const struct zblock_job *)job)->left) == 1;
}

/**
 * zblock_help_with_job() - do a chunk of somebody's job
 * @queue: a device's jobs
 * @owed: only of one that its submitter does not wait for
 *
 * Context: process, a helper; may sleep.
 * Return: false if there is none
 */
bool zblock_help_with_job(struct zblock_queue *queue, bool owed)
{
	struct zblock_job *job;
	unsigned int flags, i;
	bool reclaim;

	job = take_any(queue, owed, &i);
	if (!job)
		return false;
	/* as the submitter would: what it writes is to free memory */
	reclaim = job->reclaim;
	if (reclaim)
		flags = memalloc_noreclaim_save();
	/* those that others may be at when the submitter is done, and has to wait for */
	do_chunk(job, i, job->wait ? 1 + zblock_helpers(queue) : 0);
	if (reclaim)
		memalloc_noreclaim_restore(flags);
	return true;
}

static unsigned int chunk_bytes(const struct zblock *dev)
{
	return max_t(unsigned int, CHUNK_BYTES, PAGE_SIZE << dev->unit_shift);
}

static unsigned int nr_chunks(const struct bio *bio, unsigned int chunk)
{
	unsigned int skew = (bio->bi_iter.bi_sector << SECTOR_SHIFT) &
			    (chunk - 1);

	/* of a power of two, and the sum may be more than 32 bits */
	return ((u64)skew + bio->bi_iter.bi_size + chunk - 1) >> ilog2(chunk);
}

/* Is there something to share, and somebody to share it with? */
static bool is_shared(const struct zblock *dev, const struct bio *bio,
		      unsigned int chunk)
{
	enum zblock_write_mode mode = READ_ONCE(dev->write_mode);

	if (mode == ZBLOCK_MODE_SYNC || num_online_cpus() == 1)
		return false;
	return bio->bi_iter.bi_size > chunk;
}

/* NULL if there is nothing to share, or no memory for it. */
static struct zblock_job *new_job(struct zblock *dev, struct bio *bio,
				  unsigned long start)
{
	unsigned int chunk = chunk_bytes(dev);
	struct zblock_job *job;

	if (!is_shared(dev, bio, chunk))
		return NULL;
	job = kmalloc(sizeof(*job), GFP_NOWAIT | __GFP_NOWARN);
	if (!job)
		return NULL;
	job->dev = dev;
	job->bio = bio;
	job->start = start;
	job->chunk = chunk;
	job->nr = nr_chunks(bio, chunk);
	job->next = 0;
	job->wait = op_is_sync(bio->bi_opf);
	atomic_set(&job->left, job->nr + job->wait);
	refcount_set(&job->refs, job->nr + 1);
	job->err = 0;
	/* swap's, too, where dm-crypt has handed it to a worker */
	job->reclaim = current->flags & PF_MEMALLOC ||
		       (op_is_write(bio->bi_opf) && bio->bi_opf & REQ_SWAP);
	return job;
}

/**
 * zblock_share_bio() - carry out a read or a write, with the help of other CPUs
 * @dev: the device
 * @bio: the bio; ended on return, or soon after by a helper
 * @start: from bio_start_io_acct()
 *
 * Context: process, reclaim too; may sleep.
 * Return: false if it is to be carried out without: there is nothing to share, or
 * no memory to do it
 */
bool zblock_share_bio(struct zblock *dev, struct bio *bio, unsigned long start)
{
	struct zblock_job *job = new_job(dev, bio, start);
	struct zblock_queue *queue = dev->queue;
	unsigned int i, spare;

	if (!job)
		return false;
	spin_lock(&queue->lock);
	list_add_tail(&job->link, &queue->jobs);
	count_chunks(queue, job, job->nr);
	spin_unlock(&queue->lock);
	zblock_call_helpers(queue, job->wait ? job->nr - 1 : job->nr);

	if (job->wait) {
		while (take_chunk(queue, job, &i))
			do_chunk(job, i, 1);
		/*
		 * Better here than to have its owner go to sleep for it; and
		 * then it is ended here, so that he is not woken either.
		 */
		zblock_look_out_for(is_done, job);
		part_done(job);
		put_job(job);
		return true;
	}
	/* helpers see what we have added, or we see that they have gone */
	smp_mb();
	/*
	 * A helper may be waiting: for memory, so reclaim relies on none; or for the
	 * backing device, which may never answer, and is not to hold up other pages.
	 */
	spare = job->reclaim || dev->backing ?
		0 : SPARE_CHUNKS * atomic_read(&queue->active);
	while (READ_ONCE(queue->nr) > spare && take_chunk(queue, job, &i))
		do_chunk(job, i, !spare);
	put_job(job);
	return true;
}
