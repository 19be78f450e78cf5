// SPDX-License-Identifier: GPL-2.0-only
/*
 * parallel.c - one submitter, several CPUs
 *
 * A bio of several chunks, or one that nobody waits for, becomes a job in the device's
 * queue. Its submitter takes chunk after chunk from it, and so do helpers: works of
 * other CPUs, woken by the submitter. Whoever is done last ends the bio.
 *
 * Where somebody waits for the bio (REQ_SYNC, and any read), its submitter does
 * all that no helper has taken by then, so that none is waited for to begin. He
 * looks out for the end for a moment, and then is the one who ends the bio: its
 * owner, often himself, need not go to sleep and be woken. Where nobody waits, he
 * leaves some chunks to the helpers that he knows to be up, and goes on to submit
 * more: so they do not run out of work.
 *
 * A wake-up costs as much as the compression of a page or two. So a helper looks
 * out for more work for a moment before it goes, one that came too late as well;
 * and a CPU whose helper was in vain is left alone for the next bios, the more of
 * them the more often in a row that was so. A helper whose CPU another task wants
 * takes nothing more from a submitter who waits, as he would wait for that task,
 * too; but what was left to helpers it does. It was in vain then: two who want the
 * same CPU are no faster for it.
 *
 * A single page that somebody waits for has nothing to be shared, but may be copied,
 * and stored when the write has ended: late.c. Helpers do that too.
 *
 * A job is freed by who gives back its last reference: each chunk has one, and
 * the submitter.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "zblock.h"

/* What is handed out at a time, unless a unit is larger. */
#define CHUNK_BYTES	max_t(unsigned int, SZ_16K, PAGE_SIZE)

/* Chunks of a large bio that a submitter leaves to each helper. */
#define SPARE_CHUNKS	2

/* For so many small bios more than one is left, and one in so many tries it. */
#define DEEP_MAX	8
#define DEEP_TRIAL	64

/* Under the sanitizers all takes longer, and shall go the same ways. */
#define SLOWER		(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ? 20 : 1)

/* How long a helper looks out for more work, and a submitter for the end. */
#define LOOKOUT_NS	(SLOWER * 50 * NSEC_PER_USEC)
/*
 * How long a helper stays in all. A task that could have its CPU may be waiting for
 * another one: the scheduler moves tasks to CPUs that have nothing to do.
 */
#define STAY_NS		(SLOWER * 4 * NSEC_PER_MSEC)
/* How often to look before reading the clock. */
#define LOOKS		64

/* A helper in vain is not called for so many bios, at the most: a power of two. */
#define VAIN_MAX	6

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

/**
 * struct zblock_helper - one CPU's part in a device
 * @work: constant
 * @queue: constant
 * @up: it is there, and need not be called; its own
 * @alone: nobody else wants its CPU; its own
 * @until: when it has stayed for long enough, in ns; its own
 * @vain: how often in a row it was, up to VAIN_MAX; its own
 * @skip: calls that it is to be left out of; lossy
 */
struct zblock_helper {
	struct work_struct work;
	struct zblock_queue *queue;
	bool up;
	bool alone;
	u64 until;
	unsigned int vain;
	unsigned int skip;
};

/**
 * struct zblock_queue - a device's jobs
 * @dev: constant
 * @lock: of @jobs and what is in them
 * @jobs: with chunks to take, oldest first
 * @nr: chunks to take, of all of them; @lock to write
 * @owed: those of them whose submitters do not wait; @lock to write
 * @deep: for how many more small bios to leave one more; lossy
 * @trial: small bios since it was tried to; lossy
 * @active: helpers that are up
 * @alone: those of them whose CPUs nobody else wants
 * @lookouts: those of them that look at @nr
 * @helper: constant
 */
struct zblock_queue {
	struct zblock *dev;
	spinlock_t lock;		/* of @jobs and what is in them */
	struct list_head jobs;
	unsigned int nr;
	unsigned int owed;
	unsigned int deep;
	unsigned int trial;
	atomic_t active;
	atomic_t alone;
	atomic_t lookouts;
	struct zblock_helper __percpu *helper;
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

static void do_chunk(struct zblock_job *job, unsigned int i)
{
	unsigned int from = chunk_start(job, i);
	unsigned int to = i + 1 < job->nr ? chunk_start(job, i + 1) :
					    job->bio->bi_iter.bi_size;
	struct bvec_iter iter = job->bio->bi_iter;
	int err;

	bio_advance_iter(job->bio, &iter, from);
	iter.bi_size = to - from;
	err = zblock_transfer(job->dev, job->bio, iter);
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

static bool has_work(const void *where)
{
	const struct zblock_queue *queue = where;

	return READ_ONCE(queue->nr) || zblock_late_waits(queue->dev);
}

/* Is there work that is left to helpers? */
static bool is_owed(const struct zblock_queue *queue)
{
	return READ_ONCE(queue->owed) || zblock_late_waits(queue->dev);
}

/* But for the submitter's own part, which is to end the bio. */
static bool is_done(const void *job)
{
	return atomic_read(&((const struct zblock_job *)job)->left) == 1;
}

/* Look out for a moment, but for no longer than nobody else wants the CPU. */
static bool look_out_for(bool (*it)(const void *), const void *where)
{
	unsigned int looks = 0;
	u64 end = 0;

	while (!it(where)) {
		if (need_resched())
			return false;
		cpu_relax();
		if (++looks % LOOKS)
			continue;
		if (!end)
			end = ktime_get_ns() + LOOKOUT_NS;
		else if (ktime_get_ns() > end)
			return false;
	}
	return true;
}

static void set_alone(struct zblock_helper *helper, bool alone)
{
	if (helper->alone == alone)
		return;
	helper->alone = alone;
	atomic_add(alone ? 1 : -1, &helper->queue->alone);
}

/* Is the CPU the helper's alone, and has it not stayed too long? */
static bool is_alone(struct zblock_helper *helper)
{
	set_alone(helper, single_task_running() && !need_resched() &&
			  ktime_get_ns() < helper->until);
	return helper->alone;
}

/* Do a chunk of a job; false if there is none. */
static bool help_with_job(struct zblock_queue *queue, bool owed)
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
	do_chunk(job, i);
	if (reclaim)
		memalloc_noreclaim_restore(flags);
	return true;
}

/* Do all there is; false if that was nothing, or somebody else's CPU was taken. */
static bool help(struct zblock_helper *helper)
{
	struct zblock_queue *queue = helper->queue;
	bool alone = is_alone(helper);
	bool helped = false;

	while (help_with_job(queue, !alone) || zblock_late_store(queue->dev)) {
		helped |= alone;
		cond_resched();
		alone = is_alone(helper);
	}
	return helped;
}

/*
 * Look out for work and do it, until there is none for a moment. That somebody
 * else was faster to take it is no reason to go.
 */
static bool stay(struct zblock_helper *helper)
{
	struct zblock_queue *queue = helper->queue;
	bool helped = false;
	bool more;

	do {
		atomic_inc(&queue->lookouts);
		more = look_out_for(has_work, queue);
		atomic_dec(&queue->lookouts);
		if (more)
			helped |= help(helper);
	} while (more && is_alone(helper));
	return helped;
}

static void helper_work(struct work_struct *work)
{
	struct zblock_helper *helper = container_of(work, struct zblock_helper,
						    work);
	struct zblock_queue *queue = helper->queue;

	WRITE_ONCE(helper->up, true);
	do {
		bool helped;

		helper->until = ktime_get_ns() + STAY_NS;
		atomic_inc(&queue->active);
		helped = help(helper);
		/* who came too late for this bio is there for the next */
		if (helped || is_alone(helper))
			helped |= stay(helper);
		set_alone(helper, false);
		if (helped) {
			helper->vain = 0;
		} else {
			helper->vain = min(helper->vain + 1, VAIN_MAX);
			WRITE_ONCE(helper->skip, 1U << helper->vain);
		}
		atomic_dec(&queue->active);
		/* who has seen us active before this may have left us work */
		smp_mb__after_atomic();
	} while (is_owed(queue));
	WRITE_ONCE(helper->up, false);
}

/* Wake helpers on up to @nr other CPUs, unless enough look out already. */
static void call_helpers(struct zblock_queue *queue, unsigned int nr)
{
	unsigned int self = raw_smp_processor_id();
	unsigned int lookouts = atomic_read(&queue->lookouts);
	unsigned int cpu;

	if (lookouts >= nr)
		return;
	nr -= lookouts;
	for_each_cpu_wrap(cpu, cpu_online_mask, self + 1) {
		struct zblock_helper *helper = per_cpu_ptr(queue->helper, cpu);
		unsigned int skip = READ_ONCE(helper->skip);

		if (cpu == self || READ_ONCE(helper->up) ||
		    work_pending(&helper->work))
			continue;
		if (skip) {
			/* of two submitters one may count for both */
			WRITE_ONCE(helper->skip, skip - 1);
			continue;
		}
		if (queue_work_on(cpu, zblock_wq, &helper->work) && !--nr)
			break;
	}
}

/**
 * zblock_helpers() - how many helpers are there for work that comes
 * @dev: the device
 *
 * Context: any.
 */
unsigned int zblock_helpers(const struct zblock *dev)
{
	return atomic_read(&dev->queue->alone);
}

/**
 * zblock_helpers_gone() - would none do what has been left to it?
 * @dev: the device
 *
 * Asked, and a full barrier before it, when something has been left.
 *
 * Context: any.
 */
bool zblock_helpers_gone(const struct zblock *dev)
{
	return !atomic_read(&dev->queue->active);
}

/**
 * zblock_call_helper() - one more would be of use
 * @dev: the device
 *
 * Context: process.
 */
void zblock_call_helper(struct zblock *dev)
{
	call_helpers(dev->queue, 1);
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
	return bio->bi_iter.bi_size > chunk || !op_is_sync(bio->bi_opf);
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
	job->reclaim = current->flags & PF_MEMALLOC;
	return job;
}

/*
 * How many bios of one chunk to leave to the helpers: one to each that looks out.
 * One more to each keeps it busy for as long as its submitter is with one of his
 * own; but a submitter who has no more than two under way would then do nothing,
 * and wait. So it is done where a submitter has been seen to come with the next
 * while one was left, and tried now and then. Lossy: others may be at it, too.
 */
static unsigned int small_to_spare(struct zblock_queue *queue)
{
	unsigned int deep = READ_ONCE(queue->deep);
	unsigned int trial = READ_ONCE(queue->trial);

	/* the submitter's own is one of them */
	if (READ_ONCE(queue->nr) > 1)
		deep = DEEP_MAX;
	else if (deep)
		deep--;
	WRITE_ONCE(queue->deep, deep);
	WRITE_ONCE(queue->trial, (trial + 1) % DEEP_TRIAL);
	return atomic_read(deep || !trial ? &queue->active : &queue->lookouts);
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
	call_helpers(queue, job->wait ? job->nr - 1 : job->nr);

	if (job->wait) {
		while (take_chunk(queue, job, &i))
			do_chunk(job, i);
		/*
		 * Better here than to have its owner go to sleep for it; and
		 * then it is ended here, so that he is not woken either.
		 */
		look_out_for(is_done, job);
		part_done(job);
		put_job(job);
		return true;
	}
	/* helpers see what we have added, or we see that they have gone */
	smp_mb();
	/* reclaim relies on nobody: a helper may be waiting for memory */
	if (job->reclaim)
		spare = 0;
	else if (job->nr > 1)
		spare = SPARE_CHUNKS * atomic_read(&queue->active);
	else
		spare = small_to_spare(queue);
	while (READ_ONCE(queue->nr) > spare && take_chunk(queue, job, &i))
		do_chunk(job, i);
	put_job(job);
	return true;
}

/**
 * zblock_queue_create() - what a device shares its bios out by
 * @dev: the device
 *
 * Context: process; may sleep.
 * Return: the queue, NULL if there is no memory
 */
struct zblock_queue *zblock_queue_create(struct zblock *dev)
{
	struct zblock_queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	unsigned int cpu;

	if (!queue)
		return NULL;
	queue->helper = alloc_percpu(struct zblock_helper);
	if (!queue->helper) {
		kfree(queue);
		return NULL;
	}
	queue->dev = dev;
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->jobs);
	for_each_possible_cpu(cpu) {
		struct zblock_helper *helper = per_cpu_ptr(queue->helper, cpu);

		INIT_WORK(&helper->work, helper_work);
		helper->queue = queue;
	}
	return queue;
}

/**
 * zblock_queue_flush() - wait until no helper is there
 * @queue: of a device that does no I/O any more
 *
 * Context: process; may sleep.
 */
void zblock_queue_flush(struct zblock_queue *queue)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(queue->helper, cpu)->work);
}

/**
 * zblock_queue_destroy() - the reverse of zblock_queue_create()
 * @queue: of a device that does no I/O any more; may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_queue_destroy(struct zblock_queue *queue)
{
	unsigned int cpu;

	if (!queue)
		return;
	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(queue->helper, cpu)->work);
	free_percpu(queue->helper);
	kfree(queue);
}

/**
 * zblock_queue_bytes() - memory of a device's jobs when there are none
 *
 * Context: any.
 * Return: bytes
 */
size_t zblock_queue_bytes(void)
{
	return sizeof(struct zblock_queue) +
	       num_possible_cpus() * sizeof(struct zblock_helper);
}
