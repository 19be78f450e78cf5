/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zbload internals: a load for block devices, made in the kernel
 *
 * The corpus is real process memory, held in pages of the guest. A target is a
 * block device together with what every page of it should read as; so whatever
 * was written, overwritten and discarded, op "verify" can compare all of it. A
 * run is one request, carried out by one or more submitters (kernel threads).
 *
 * Runs are one at a time, under a mutex in main.c, which protects everything
 * here that does not say something else.
 */
#ifndef _ZBLOAD_H
#define _ZBLOAD_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* A large folio as the kernel swaps it; the largest bio that is submitted. */
#define ZBLOAD_ORDER_MAX	4
#define ZBLOAD_PAGES_MAX	BIT(ZBLOAD_ORDER_MAX)
#define ZBLOAD_PAGE_SECTORS	(PAGE_SIZE >> SECTOR_SHIFT)

#define ZBLOAD_THREADS_MAX	16
#define ZBLOAD_DEPTH_MAX	256
#define ZBLOAD_PATH_MAX		64

/* The expected content of a page: of the corpus, or zeros. */
#define ZBLOAD_ZERO		U32_MAX

/*
 * Latencies in ns, in buckets 1/64 wide: each power of two has 64 of them, and
 * what is below 64 ns one each.
 */
#define ZBLOAD_SUB_BITS		6
#define ZBLOAD_BUCKETS		((64 - ZBLOAD_SUB_BITS + 1) << ZBLOAD_SUB_BITS)

struct zbload_histogram {
	u64 count;
	u64 sum;
	u64 max;
	u32 buckets[ZBLOAD_BUCKETS];
};

/**
 * struct zbload_corpus - real data
 * @pages: its pages; each 1 << @order of them contiguous in memory
 * @nr: how many; a multiple of 1 << @order
 * @order: of the blocks
 */
struct zbload_corpus {
	struct page **pages;
	unsigned int nr;
	unsigned int order;
};

enum zbload_op {
	ZBLOAD_READ,
	ZBLOAD_WRITE,
	ZBLOAD_DISCARD,
	ZBLOAD_VERIFY,
	ZBLOAD_CODEC,
};

/**
 * struct zbload_request - what is to be done; see main.c for the words
 * @op: what to submit
 * @path: the block device
 * @algorithm: for ZBLOAD_CODEC
 * @bs: bytes of each bio, or of each unit of the codec
 * @threads: submitters; each has its own part of the bios
 * @depth: bios that one submitter has under way at most
 * @percent: do this share of the device's bios only
 * @random: in random order, else ascending; a share is chosen at random always
 * @seed: of everything random
 * @shift: page n is written with page (n + shift) of the corpus
 * @churn: another thread overwrites and discards single pages meanwhile
 * @repeat: do it all so many times
 */
struct zbload_request {
	enum zbload_op op;
	char path[ZBLOAD_PATH_MAX];
	char algorithm[16];
	unsigned int bs;
	unsigned int threads;
	unsigned int depth;
	unsigned int percent;
	bool random;
	unsigned int seed;
	unsigned int shift;
	bool churn;
	unsigned int repeat;
};

/**
 * struct zbload_target - a block device and its content
 * @path: the device's name
 * @file: open during a run only, so that the device can be reset between
 * @bdev: as @file
 * @expect: for each page, which of the corpus it holds, or ZBLOAD_ZERO. Written
 *	by the submitter whose page it is, or by churn, when no other writes
 * @nr: pages of @expect: as many as the corpus has
 */
struct zbload_target {
	char path[ZBLOAD_PATH_MAX];
	struct file *file;
	struct block_device *bdev;
	u32 *expect;
	unsigned int nr;
};

/**
 * struct zbload_answer - what a run found
 * @bytes: moved, by the submitters
 * @ns: wall time from the start of the first submitter to the end of the last
 * @errors: bios that failed
 * @wrong: pages that were not what they should be
 * @first_wrong: one of them
 * @elsewhere: bios that another than their submitter has ended
 * @churned: pages that churn overwrote or discarded
 * @packed: codec: bytes it made, a unit that did not shrink counting whole
 * @unpack_ns: codec: time to decompress everything; @ns is to compress it
 * @histogram: of the latencies of bios, or of units compressed
 */
struct zbload_answer {
	u64 bytes;
	u64 ns;
	u64 errors;
	u64 wrong;
	u32 first_wrong;
	u64 elsewhere;
	u64 churned;
	u64 packed;
	u64 unpack_ns;
	struct zbload_histogram histogram;
};

/**
 * struct zbload_run - a request under way
 * @req: the request
 * @corpus: the data
 * @target: the device; NULL for the codec
 * @order: the numbers of the bios, in the order they are submitted in
 * @nr_bios: how many
 * @stop: churn is to end
 */
struct zbload_run {
	const struct zbload_request *req;
	const struct zbload_corpus *corpus;
	struct zbload_target *target;
	u32 *order;
	unsigned int nr_bios;
	bool stop;
};

/**
 * struct zbload_submitter - a thread of a run, and its own part of it
 * @run: the run
 * @work: what the thread does
 * @task: the thread
 * @done: it has ended; before, nobody else looks at what follows
 * @first: of the run's bios, the first that is this thread's
 * @end: and the one behind the last
 * @started: when it began to submit, in ns
 * @ended: when its last bio had ended
 * @err: why it could not run
 * @answer: its part of the answer
 */
struct zbload_submitter {
	struct zbload_run *run;
	int (*work)(struct zbload_submitter *submitter);
	struct task_struct *task;
	struct completion done;
	unsigned int first;
	unsigned int end;
	u64 started;
	u64 ended;
	int err;
	struct zbload_answer answer;
};

static inline unsigned int zbload_bio_pages(const struct zbload_request *req)
{
	return req->bs >> PAGE_SHIFT;
}

/* Which page of the corpus a write of page @index takes. */
static inline u32 zbload_source(const struct zbload_run *run, u32 index)
{
	return (index + run->req->shift) % run->corpus->nr;
}

/* corpus.c */
int zbload_corpus_load(struct zbload_corpus *corpus, const char *path,
		       unsigned int order);
void zbload_corpus_free(struct zbload_corpus *corpus);

/* target.c */
struct zbload_target *zbload_target_find(const char *path, unsigned int nr);
void zbload_target_forget(const char *path);
void zbload_target_free_all(void);
int zbload_target_open(struct zbload_target *target);
void zbload_target_close(struct zbload_target *target);

/* load.c */
int zbload_run(const struct zbload_request *req,
	       const struct zbload_corpus *corpus,
	       struct zbload_answer *answer);
u32 *zbload_make_order(unsigned int nr, bool random, unsigned int seed);

/* submit.c */
int zbload_submit(struct zbload_submitter *submitter);

/* churn.c */
int zbload_churn(struct zbload_submitter *submitter);

/* codec.c */
int zbload_codec(const struct zbload_request *req,
		 const struct zbload_corpus *corpus,
		 struct zbload_answer *answer);

/* histogram.c */
void zbload_histogram_add(struct zbload_histogram *h, u64 ns);
void zbload_histogram_merge(struct zbload_histogram *to,
			    const struct zbload_histogram *from);
u64 zbload_histogram_percentile(const struct zbload_histogram *h,
				unsigned int per_mille);
void zbload_histogram_show(struct seq_file *m,
			   const struct zbload_histogram *h);

#endif /* _ZBLOAD_H */
