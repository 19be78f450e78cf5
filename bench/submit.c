// SPDX-License-Identifier: GPL-2.0-only
/*
 * submit.c - a submitter: bios as swap makes them
 *
 * A submitter has `depth` bios, and submits each again as soon as it is back.
 * With one bio that is synchronous swap; with more, swap-out to a device that is
 * not synchronous: go on submitting, wait at the end.
 *
 * A bio that is back puts itself on a list and wakes the submitter if it sleeps.
 * A completion would do, but its lock disables interrupts, and that costs two
 * system calls of the host in User-Mode Linux: more than a small read does.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include "zbload.h"

struct ring;

struct slot {
	struct bio bio;
	struct bio_vec vecs[ZBLOAD_PAGES_MAX];
	struct llist_node node;
	struct ring *ring;
	struct page *scratch;	/* where reads go to */
	u32 index;		/* its first page on the device */
	bool used;
	bool elsewhere;		/* ended by another than its submitter */
	u64 started;
	u64 ended;
};

/**
 * struct ring - the bios of one submitter
 * @free: those that are back; taken from by the submitter alone
 * @wait: the submitter sleeps here when all are under way
 * @ending: ends of bios that are being told; the last thing such one touches
 * @submitter: whose it is
 * @pages: of each bio
 * @nr: slots
 * @slots: the bios
 */
struct ring {
	struct llist_head free;
	wait_queue_head_t wait;
	atomic_t ending;
	struct zbload_submitter *submitter;
	unsigned int pages;
	unsigned int nr;
	struct slot slots[] __counted_by(nr);
};

static void slot_end_io(struct bio *bio)
{
	struct slot *slot = container_of(bio, struct slot, bio);
	struct ring *ring = slot->ring;

	slot->ended = ktime_get_ns();
	slot->elsewhere = current != ring->submitter->task;
	atomic_inc(&ring->ending);
	llist_add(&slot->node, &ring->free);
	if (wq_has_sleeper(&ring->wait))
		wake_up(&ring->wait);
	atomic_dec_return_release(&ring->ending);
}

static void free_ring(struct ring *ring)
{
	unsigned int i;

	/*
	 * One that has put its slot on the list may still look at ours. It may wait for
	 * this CPU, and a loop that runs is not preempted everywhere: sleep.
	 */
	while (atomic_read_acquire(&ring->ending))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < ring->nr; i++) {
		bio_uninit(&ring->slots[i].bio);
		if (ring->slots[i].scratch)
			__free_pages(ring->slots[i].scratch,
				     get_order(ring->pages << PAGE_SHIFT));
	}
	kvfree(ring);
}

static struct ring *make_ring(struct zbload_submitter *submitter)
{
	const struct zbload_request *req = submitter->run->req;
	unsigned int i, order = get_order(req->bs);
	struct ring *ring;

	ring = kvzalloc(struct_size(ring, slots, req->depth), GFP_KERNEL);
	if (!ring)
		return NULL;
	init_llist_head(&ring->free);
	init_waitqueue_head(&ring->wait);
	ring->submitter = submitter;
	ring->pages = zbload_bio_pages(req);
	ring->nr = req->depth;
	for (i = 0; i < ring->nr; i++) {
		struct slot *slot = &ring->slots[i];

		slot->ring = ring;
		bio_init(&slot->bio, NULL, slot->vecs, ZBLOAD_PAGES_MAX, 0);
		slot->scratch = alloc_pages(GFP_KERNEL |
					    (order ? __GFP_COMP : 0), order);
		if (!slot->scratch) {
			free_ring(ring);
			return NULL;
		}
		llist_add(&slot->node, &ring->free);
	}
	return ring;
}

static struct slot *take_slot(struct ring *ring)
{
	struct llist_node *node = llist_del_first(&ring->free);

	while (!node) {
		wait_event(ring->wait, !llist_empty(&ring->free));
		node = llist_del_first(&ring->free);
	}
	return llist_entry(node, struct slot, node);
}

/* Is page @i of what has been read what it should be? */
static bool page_is_right(struct slot *slot, unsigned int i)
{
	struct zbload_run *run = slot->ring->submitter->run;
	u32 expect = run->target->expect[slot->index + i];
	void *mem = page_address(slot->scratch + i);

	if (expect == ZBLOAD_ZERO)
		return !memchr_inv(mem, 0, PAGE_SIZE);
	return !memcmp(mem, page_address(run->corpus->pages[expect]),
		       PAGE_SIZE);
}

/* Note what a bio that is back has to tell. */
static void reap(struct slot *slot)
{
	struct zbload_submitter *submitter = slot->ring->submitter;
	struct zbload_answer *answer = &submitter->answer;
	unsigned int i;

	if (!slot->used)
		return;
	slot->used = false;
	zbload_histogram_add(&answer->histogram, slot->ended - slot->started);
	answer->elsewhere += slot->elsewhere;
	if (slot->bio.bi_status) {
		answer->errors++;
		return;
	}
	answer->bytes += slot->ring->pages << PAGE_SHIFT;
	if (submitter->run->req->op != ZBLOAD_VERIFY)
		return;
	for (i = 0; i < slot->ring->pages; i++) {
		if (page_is_right(slot, i))
			continue;
		if (!answer->wrong++)
			answer->first_wrong = slot->index + i;
	}
}

/* One bio at a time is somebody who waits for it, as submit_bio_wait() does. */
static blk_opf_t bio_flags(const struct zbload_request *req)
{
	switch (req->op) {
	case ZBLOAD_WRITE:
		return REQ_OP_WRITE | REQ_SWAP |
		       (req->depth == 1 ? REQ_SYNC : 0);
	case ZBLOAD_DISCARD:
		return REQ_OP_DISCARD;
	default:
		return REQ_OP_READ;
	}
}

/* Pages that lie one behind the other make one segment, as those of a folio do. */
static void add_written(struct slot *slot)
{
	struct zbload_run *run = slot->ring->submitter->run;
	unsigned int i;

	for (i = 0; i < slot->ring->pages; i++) {
		u32 source = zbload_source(run, slot->index + i);

		/* there is room for as many segments as pages */
		WARN_ON_ONCE(bio_add_page(&slot->bio,
					  run->corpus->pages[source],
					  PAGE_SIZE, 0) != PAGE_SIZE);
		run->target->expect[slot->index + i] = source;
	}
}

/* What a bio of this run is about. */
static void fill_bio(struct slot *slot, u32 index)
{
	struct ring *ring = slot->ring;
	struct zbload_run *run = ring->submitter->run;
	struct bio *bio = &slot->bio;
	unsigned int i;

	slot->index = index;
	slot->used = true;
	bio_reset(bio, run->target->bdev, bio_flags(run->req));
	bio->bi_iter.bi_sector = (sector_t)index * ZBLOAD_PAGE_SECTORS;
	bio->bi_end_io = slot_end_io;
	switch (run->req->op) {
	case ZBLOAD_WRITE:
		add_written(slot);
		break;
	case ZBLOAD_DISCARD:
		bio->bi_iter.bi_size = ring->pages << PAGE_SHIFT;
		for (i = 0; i < ring->pages; i++)
			run->target->expect[index + i] = ZBLOAD_ZERO;
		break;
	default:
		__bio_add_page(bio, slot->scratch, ring->pages << PAGE_SHIFT,
			       0);
	}
}

/**
 * zbload_submit() - do a submitter's part of the run
 * @submitter: what part, and where the answer goes to
 *
 * Context: process, the submitter's own thread; may sleep.
 * Return: 0, or -ENOMEM; a failed bio is counted and is no error
 */
int zbload_submit(struct zbload_submitter *submitter)
{
	struct zbload_run *run = submitter->run;
	struct ring *ring = make_ring(submitter);
	unsigned int i, n;

	if (!ring)
		return -ENOMEM;
	submitter->started = ktime_get_ns();
	for (n = 0; n < run->req->repeat; n++) {
		for (i = submitter->first; i < submitter->end; i++) {
			struct slot *slot = take_slot(ring);

			reap(slot);
			fill_bio(slot, run->order[i] * ring->pages);
			slot->started = ktime_get_ns();
			submit_bio(&slot->bio);
			cond_resched();
		}
	}
	for (i = 0; i < ring->nr; i++)
		reap(take_slot(ring));
	submitter->ended = ktime_get_ns();
	free_ring(ring);
	return 0;
}
