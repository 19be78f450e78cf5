// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn.c - overwrites and discards single pages at random, until told to stop
 *
 * Two of three pages are overwritten, each with another page of the corpus.
 * Others read the device meanwhile, so the time it takes is not looked at.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/sched.h>
#include "zbload.h"

static int overwrite(struct zbload_run *run, u32 index, u32 source)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, run->target->bdev, &vec, 1, REQ_OP_WRITE | REQ_SWAP);
	bio.bi_iter.bi_sector = (sector_t)index * ZBLOAD_PAGE_SECTORS;
	__bio_add_page(&bio, run->corpus->pages[source], PAGE_SIZE, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int discard(struct zbload_run *run, u32 index)
{
	struct bio bio;
	int err;

	bio_init(&bio, run->target->bdev, NULL, 0, REQ_OP_DISCARD);
	bio.bi_iter.bi_sector = (sector_t)index * ZBLOAD_PAGE_SECTORS;
	bio.bi_iter.bi_size = PAGE_SIZE;
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

/**
 * zbload_churn() - the thread that disturbs the others
 * @submitter: its run, and where it counts what it did
 *
 * Context: process, a thread of its own; may sleep.
 * Return: 0; a failed bio is counted and is no error
 */
int zbload_churn(struct zbload_submitter *submitter)
{
	struct zbload_run *run = submitter->run;
	struct zbload_answer *answer = &submitter->answer;
	u32 *expect = run->target->expect;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, run->req->seed + 1);
	while (!READ_ONCE(run->stop)) {
		u32 index = prandom_u32_state(&rnd) % run->target->nr;
		u32 source = ZBLOAD_ZERO;
		int err;

		if (prandom_u32_state(&rnd) % 3) {
			source = prandom_u32_state(&rnd) % run->corpus->nr;
			err = overwrite(run, index, source);
		} else {
			err = discard(run, index);
		}
		if (err) {
			answer->errors++;
		} else {
			expect[index] = source;
			answer->churned++;
		}
		cond_resched();
	}
	return 0;
}
