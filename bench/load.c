// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - a run: makes the submitters, lets them go, adds up what they found
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/math.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "zbload.h"

/**
 * zbload_make_order() - the numbers 0 to @nr - 1
 * @nr: how many
 * @random: shuffled, else ascending
 * @seed: which shuffle
 *
 * Context: process; may sleep.
 * Return: an array for vfree(), or NULL
 */
u32 *zbload_make_order(unsigned int nr, bool random, unsigned int seed)
{
	u32 *order = vmalloc_array(nr, sizeof(*order));
	struct rnd_state rnd;
	unsigned int i;

	if (!order)
		return NULL;
	for (i = 0; i < nr; i++)
		order[i] = i;
	prandom_seed_state(&rnd, seed);
	for (i = nr; random && i > 1; i--) {
		unsigned int j = prandom_u32_state(&rnd) % i;

		swap(order[i - 1], order[j]);
	}
	return order;
}

/* Keep a share of a shuffled order; in ascending order again if asked for. */
static void keep_share(struct zbload_run *run)
{
	const struct zbload_request *req = run->req;
	unsigned int all = run->nr_bios, keep, i, n = 0;
	unsigned long *kept;

	keep = mult_frac(all, req->percent, 100U);
	run->nr_bios = keep;
	if (req->random)
		return;
	kept = bitmap_zalloc(all, GFP_KERNEL);
	if (!kept)
		return;
	for (i = 0; i < keep; i++)
		__set_bit(run->order[i], kept);
	for_each_set_bit(i, kept, all)
		run->order[n++] = i;
	bitmap_free(kept);
}

static int thread(void *arg)
{
	struct zbload_submitter *s = arg;

	s->err = s->work(s);
	kthread_complete_and_exit(&s->done, 0);
}

/* The last one of @s, if there is churn, disturbs the others. */
static void share_out(struct zbload_run *run, struct zbload_submitter *s)
{
	unsigned int i, threads = run->req->threads;

	for (i = 0; i < threads + run->req->churn; i++) {
		s[i].run = run;
		s[i].work = i < threads ? zbload_submit : zbload_churn;
		init_completion(&s[i].done);
		s[i].first = mult_frac(run->nr_bios, i, threads);
		s[i].end = mult_frac(run->nr_bios, i + 1, threads);
	}
}

static int make_threads(struct zbload_submitter *s, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		s[i].task = kthread_create(thread, &s[i], "zbload/%u", i);
		if (IS_ERR(s[i].task))
			break;
	}
	if (i == nr)
		return 0;
	/* these have not begun, and now never will */
	while (i--)
		kthread_stop(s[i].task);
	return -ENOMEM;
}

/*
 * Who disturbs has the last CPU, and the others do not run there: what is
 * measured shall be waiting for the device, and not for a CPU.
 */
static void keep_apart(struct zbload_submitter *s, unsigned int threads)
{
	unsigned int i, last = num_online_cpus() - 1;

	for (i = 0; last && i < threads; i++)
		kthread_bind(s[i].task, i % last);
	kthread_bind(s[threads].task, last);
}

static void run_threads(struct zbload_run *run, struct zbload_submitter *s)
{
	unsigned int i, threads = run->req->threads;

	if (run->req->churn) {
		keep_apart(s, threads);
		wake_up_process(s[threads].task);
	}
	for (i = 0; i < threads; i++)
		wake_up_process(s[i].task);
	for (i = 0; i < threads; i++)
		wait_for_completion(&s[i].done);
	WRITE_ONCE(run->stop, true);
	if (run->req->churn)
		wait_for_completion(&s[threads].done);
}

static int add_up(const struct zbload_submitter *s, unsigned int threads,
		  unsigned int all, struct zbload_answer *answer)
{
	u64 started = U64_MAX, ended = 0;
	unsigned int i;

	for (i = 0; i < all; i++) {
		const struct zbload_answer *a = &s[i].answer;

		if (s[i].err)
			return s[i].err;
		if (a->wrong && !answer->wrong)
			answer->first_wrong = a->first_wrong;
		answer->bytes += a->bytes;
		answer->errors += a->errors;
		answer->wrong += a->wrong;
		answer->elsewhere += a->elsewhere;
		answer->churned += a->churned;
		zbload_histogram_merge(&answer->histogram, &a->histogram);
		if (i < threads) {
			started = min(started, s[i].started);
			ended = max(ended, s[i].ended);
		}
	}
	answer->ns = ended - started;
	return 0;
}

static int run_on_target(struct zbload_run *run, struct zbload_answer *answer)
{
	unsigned int all = run->req->threads + run->req->churn;
	struct zbload_submitter *s;
	int err;

	s = kvcalloc(all, sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	share_out(run, s);
	err = make_threads(s, all);
	if (!err) {
		run_threads(run, s);
		err = add_up(s, run->req->threads, all, answer);
	}
	kvfree(s);
	return err;
}

/**
 * zbload_run() - carry out a request on a block device
 * @req: a request that has been checked
 * @corpus: the data
 * @answer: all 0; filled in
 *
 * Context: process; may sleep.
 * Return: 0, or an error if it could not be done; bios that failed and wrong
 * pages are in @answer
 */
int zbload_run(const struct zbload_request *req,
	       const struct zbload_corpus *corpus,
	       struct zbload_answer *answer)
{
	struct zbload_run run = { .req = req, .corpus = corpus };
	int err;

	run.target = zbload_target_find(req->path, corpus->nr);
	if (IS_ERR(run.target))
		return PTR_ERR(run.target);
	run.nr_bios = corpus->nr / zbload_bio_pages(req);
	run.order = zbload_make_order(run.nr_bios,
				      req->random || req->percent < 100,
				      req->seed);
	if (!run.order)
		return -ENOMEM;
	if (req->percent < 100)
		keep_share(&run);
	err = zbload_target_open(run.target);
	if (!err) {
		err = run_on_target(&run, answer);
		zbload_target_close(run.target);
	}
	vfree(run.order);
	return err;
}
