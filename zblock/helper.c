// SPDX-License-Identifier: GPL-2.0-only
/*
 * helper.c - a device's helpers: works, one for each CPU
 *
 * None is bound to its CPU: a real-time task may take the one a helper is on in the
 * middle of a chunk, and keep it, and the helper goes on elsewhere. (Not while it has a
 * spinlock on PREEMPT_RT, or a page of high memory mapped: both keep it where it is.)
 *
 * A wake-up costs as much as the compression of a page or two. So a helper looks
 * out for more work for a moment before it goes, one that came too late as well;
 * and a helper that was in vain is left alone for the next bios, the more of
 * them the more often in a row that was so. A helper whose CPU another task wants
 * takes nothing more from a submitter who waits, as he would wait for that task,
 * too; but what was left to helpers it does. It was in vain then: two who want the
 * same CPU are no faster for it. For the same reason none is called by who shares his
 * own CPU, and nothing is left to it: what is free is for the tasks that wait there.
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "zblock.h"

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
 * struct zblock_helper - a device's, called for one CPU: it runs where there is room
 * @work: constant
 * @queue: constant
 * @up: it is there, and need not be called; its own
 * @alone: nobody else wants the CPU it is on; its own
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

/* Helpers and nothing else. They take a CPU for long, and no work waits for one to end. */
static struct workqueue_struct *helper_wq;

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

/**
 * zblock_look_out_for() - wait for something, running
 * @it: has it come?
 * @where: for @it
 *
 * For a moment, and no longer than nobody else wants the CPU.
 *
 * Context: process.
 * Return: true if it has come
 */
bool zblock_look_out_for(bool (*it)(const void *), const void *where)
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
	bool alone = single_task_running() && !need_resched() &&
		     ktime_get_ns() < helper->until;

	set_alone(helper, alone);
	return alone;
}

/*
 * Do what has waited for longest, or would: what is left to helpers, what has been
 * written and can be read, and only then what its submitter does, too.
 */
static bool do_something(struct zblock_queue *queue, bool alone)
{
	return (READ_ONCE(queue->owed) && zblock_help_with_job(queue, true)) ||
	       zblock_late_store(queue->dev) ||
	       zblock_help_with_job(queue, !alone);
}

/* Do all there is; false if that was nothing, or somebody else's CPU was taken. */
static bool help(struct zblock_helper *helper)
{
	struct zblock_queue *queue = helper->queue;
	bool alone = is_alone(helper);
	bool helped = false;

	while (do_something(queue, alone)) {
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
		more = zblock_look_out_for(has_work, queue);
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
	bool stayed;

	WRITE_ONCE(helper->up, true);
	do {
		bool helped;

		helper->until = ktime_get_ns() + STAY_NS;
		atomic_inc(&queue->active);
		helped = help(helper);
		/* who came too late for this bio is there for the next */
		if (helped || is_alone(helper))
			helped |= stay(helper);
		stayed = helped && ktime_get_ns() >= helper->until;
		set_alone(helper, false);
		if (helped) {
			helper->vain = 0;
		} else {
			helper->vain = min(helper->vain + 1, VAIN_MAX);
			WRITE_ONCE(helper->skip, 1U << helper->vain);
		}
		atomic_dec(&queue->active);
		/* who has it in hand may want this CPU to go on */
		cond_resched();
		/* who has seen us active before this may have left us work */
		smp_mb__after_atomic();
	} while (is_owed(queue));
	WRITE_ONCE(helper->up, false);
	/* who wanted its CPU may have it now; the next write may call it back */
	WRITE_ONCE(queue->again, stayed);
}

/*
 * Not one that was set apart (isolcpus=, or of late by a cpuset): unbound works do not get
 * it, so a helper called for it would have to share another's.
 */
static bool is_for_helpers(unsigned int cpu)
{
	bool yes;

	/* the mask of them may be another soon */
	rcu_read_lock();
	yes = housekeeping_cpu(cpu, HK_TYPE_DOMAIN);
	rcu_read_unlock();
	return yes;
}

/**
 * zblock_call_helpers() - wake helpers, unless enough look out already
 * @queue: a device's jobs
 * @nr: how many, at most
 *
 * Context: process.
 * Return: does one come?
 */
bool zblock_call_helpers(struct zblock_queue *queue, unsigned int nr)
{
	unsigned int self = raw_smp_processor_id();
	unsigned int lookouts = atomic_read(&queue->lookouts);
	bool comes = false;
	unsigned int cpu;

	if (lookouts >= nr || !single_task_running())
		return false;
	nr -= lookouts;
	for_each_cpu_wrap(cpu, cpu_online_mask, self + 1) {
		struct zblock_helper *helper = per_cpu_ptr(queue->helper, cpu);
		unsigned int skip = READ_ONCE(helper->skip);

		if (cpu == self || !is_for_helpers(cpu) ||
		    READ_ONCE(helper->up) || work_pending(&helper->work))
			continue;
		if (skip) {
			/* of two submitters one may count for both */
			WRITE_ONCE(helper->skip, skip - 1);
			continue;
		}
		if (queue_work_on(cpu, helper_wq, &helper->work)) {
			comes = true;
			if (!--nr)
				break;
		}
	}
	return comes;
}

/* Is one called that is not there yet? It sees whatever is there before it comes. */
static bool helper_comes(const struct zblock *dev)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (work_pending(&per_cpu_ptr(dev->queue->helper, cpu)->work))
			return true;
	return false;
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
	return !atomic_read(&dev->queue->active) && !helper_comes(dev);
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
 * @queue: of a device that has done no I/O since zblock_queue_flush(); may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_queue_destroy(struct zblock_queue *queue)
{
	if (!queue)
		return;
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

/**
 * zblock_helpers_init() - make the workers
 *
 * Return: 0 or -ENOMEM
 */
int __init zblock_helpers_init(void)
{
	helper_wq = alloc_workqueue("zblock_helper",
				    WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	return helper_wq ? 0 : -ENOMEM;
}

/**
 * zblock_helpers_exit() - the reverse
 *
 * Context: process; sleeps; no device is left.
 */
void zblock_helpers_exit(void)
{
	destroy_workqueue(helper_wq);
}
