// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_test.c - random operations from several threads against a model
 *
 * Each worker owns some handles and knows what each must hold. Meanwhile two
 * others move pages as the VM would, and compact. A million operations, or as
 * many as the module is told: a kernel that is slow by nature does fewer.
 */
/* row: migration */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "double.h"
#include "suites.h"

#define WORKERS		2
#define PER_WORKER	4000

struct slot {
	zspool_handle_t handle;
	u16 size;
	u32 seed;
};

struct worker {
	struct slot slot[PER_WORKER];
	u8 buf[PAGE_SIZE], want[PAGE_SIZE];
	struct rnd_state rnd;
	unsigned long done, allocs, frees, reads, writes;
	unsigned long wrong;
	struct completion finished;
};

static unsigned int operations = 500000;
module_param(operations, uint, 0444);
MODULE_PARM_DESC(operations, "of each worker of the random model (default: 500000)");

static struct zspool *pool;
static struct worker *worker[WORKERS];
static bool stop;

static u32 below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

static void make_content(u8 *to, u32 seed, size_t size)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, seed);
	prandom_bytes_state(&rnd, to, size);
}

/* Sizes as compression yields them: mostly an eighth to half of a page. */
static size_t random_size(struct rnd_state *rnd)
{
	switch (below(rnd, 8)) {
	case 0:
		return 1 + below(rnd, PAGE_SIZE);
	case 1:
		return 1 + below(rnd, 200);
	case 2:
		return PAGE_SIZE - below(rnd, 8);
	default:
		return PAGE_SIZE / 8 + below(rnd, PAGE_SIZE / 2);
	}
}

static void write_slot(struct worker *w, struct slot *s)
{
	s->seed = prandom_u32_state(&w->rnd);
	make_content(w->want, s->seed, s->size);
	if (zspool_write(pool, s->handle, w->want, s->size))
		w->wrong++;
	w->writes++;
}

static void alloc_slot(struct worker *w, struct slot *s)
{
	size_t size = random_size(&w->rnd);

	if (zspool_alloc(pool, size, GFP_KERNEL | __GFP_NOWARN, NUMA_NO_NODE,
			 &s->handle))
		return;
	s->size = size;
	w->allocs++;
	write_slot(w, s);
}

static void read_slot(struct worker *w, struct slot *s)
{
	const void *addr;
	size_t len;

	make_content(w->want, s->seed, s->size);
	addr = zspool_read_begin(pool, s->handle, w->buf, &len);
	if (IS_ERR(addr)) {
		w->wrong++;
		return;
	}
	if (len != s->size || memcmp(addr, w->want, len))
		w->wrong++;
	zspool_read_end(pool, s->handle, addr);
	w->reads++;
}

static void free_slot(struct worker *w, struct slot *s)
{
	if (s->seed & 1) {
		zspool_free(pool, s->handle);
	} else {
		preempt_disable();
		zspool_free(pool, s->handle);
		preempt_enable();
	}
	s->size = 0;
	w->frees++;
}

static int work(void *data)
{
	struct worker *w = data;
	unsigned int i;

	for (; w->done < operations; w->done++) {
		struct slot *s = &w->slot[below(&w->rnd, PER_WORKER)];

		if (!s->size) {
			alloc_slot(w, s);
			continue;
		}
		switch (below(&w->rnd, 4)) {
		case 0:
			free_slot(w, s);
			break;
		case 1:
			write_slot(w, s);
			break;
		default:
			read_slot(w, s);
		}
		cond_resched();
	}
	for (i = 0; i < PER_WORKER; i++)
		if (w->slot[i].size)
			read_slot(w, &w->slot[i]);
	complete(&w->finished);
	return 0;
}

/* Move random pages; some stay isolated for a while, some are put back. */
static int move_pages(void *data)
{
	struct page *held[8] = {};
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 4711);
	while (!READ_ONCE(stop)) {
		struct page **at = &held[below(&rnd, ARRAY_SIZE(held))];
		int err = -EAGAIN;

		if (!*at) {
			struct page *page;

			page = double_random_page(prandom_u32_state(&rnd));
			if (page && double_isolate(page))
				*at = page;
			if (page)
				put_page(page);
		} else {
			if (below(&rnd, 4))
				err = double_migrate(*at, below(&rnd, 2) ?
						     MIGRATE_ASYNC :
						     MIGRATE_SYNC);
			if (err)
				double_putback(*at);
			*at = NULL;
		}
		cond_resched();
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i])
			double_putback(held[i]);
	return 0;
}

static int compact(void *data)
{
	while (!READ_ONCE(stop)) {
		zspool_compact(pool);
		if (zspool_check(pool))
			atomic_inc(&vm.wrong);
		schedule_timeout_uninterruptible(HZ / 20);
	}
	return 0;
}

static void start_worker(struct kunit *test, unsigned int i)
{
	worker[i] = kvzalloc(sizeof(*worker[i]), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, worker[i]);
	prandom_seed_state(&worker[i]->rnd, 42 + i);
	init_completion(&worker[i]->finished);
	kthread_run(work, worker[i], "zspool-model%u", i);
}

static void a_million_random_operations(struct kunit *test)
{
	struct task_struct *mover, *compactor;
	struct zspool_stats stats;
	unsigned int i;

	double_start(test);
	stop = false;
	pool = zs_pool_create("kunit-model", 100000, NULL, NULL, &double_route);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	mover = kthread_run(move_pages, NULL, "zspool-mover");
	compactor = kthread_run(compact, NULL, "zspool-compact");
	get_task_struct(mover);
	get_task_struct(compactor);
	for (i = 0; i < WORKERS; i++)
		start_worker(test, i);
	for (i = 0; i < WORKERS; i++)
		wait_for_completion(&worker[i]->finished);
	WRITE_ONCE(stop, true);
	kthread_stop_put(mover);
	kthread_stop_put(compactor);

	zspool_get_stats(pool, &stats);
	kunit_info(test, "%lu pages moved, %lu again, %lu put back, %lu refused, %lu compacted, %lu frees put off\n",
		   vm.moved, vm.again, vm.putback, vm.refused,
		   stats.compacted, stats.deferred);
	KUNIT_EXPECT_EQ(test, 0, zspool_check(pool));
	/* or it has shown nothing */
	KUNIT_EXPECT_GT(test, vm.moved, 1000);
	KUNIT_EXPECT_GT(test, vm.putback, 100);
	KUNIT_EXPECT_GT(test, stats.compacted, 0);
	for (i = 0; i < WORKERS; i++) {
		struct worker *w = worker[i];

		kunit_info(test, "worker %u: %lu operations: %lu allocs %lu frees %lu reads %lu writes\n",
			   i, w->done, w->allocs, w->frees, w->reads,
			   w->writes);
		KUNIT_EXPECT_EQ(test, w->wrong, 0);
		KUNIT_EXPECT_EQ(test, w->done, operations);
		kvfree(w);
	}
	zspool_destroy(pool);
	double_finish(test);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE_SLOW(a_million_random_operations),
	{}
};

struct kunit_suite model_suite = {
	.name = "zspool_model",
	.test_cases = model_cases,
};
