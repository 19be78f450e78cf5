// SPDX-License-Identifier: GPL-2.0-only
/*
 * writeback.c - cold pages leave memory for the backing device
 *
 * One writeback at a time, under op_lock, which I/O never takes. It walks the
 * slots, large ones first: what is written is limited in blocks, and they save
 * most. A slot's data is copied under its pin into a block to be written, and
 * the slot is marked PEND. When the block is written, the slots that are still
 * marked get the word that says where it is, and their objects go. A slot used
 * meanwhile has lost the mark, and stays as it is.
 *
 * With compressed_writeback objects go as they are, one after the other. They
 * are gathered in extents, a few blocks that lie together and are one write.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "zblock.h"

/* Slots between two looks whether somebody wants the CPU, or us to end. */
#define AT_ONCE		1024
/* Blocks of an extent, and slots in it, at most. */
#define BLOCKS_MAX	16
#define SLOTS_MAX	512
/* Walks over the slots, each for larger ones than the next. */
static const unsigned int passes[] = {
	PAGE_SIZE, PAGE_SIZE - 1, PAGE_SIZE / 4 * 3, PAGE_SIZE / 2,
	PAGE_SIZE / 4, 0
};

struct run;

/**
 * struct extent - blocks on their way out
 * @run: whose
 * @link: in one of the lists of @run
 * @block: the first
 * @nr_blocks: how many
 * @used: places of them that are filled
 * @nr: slots in it
 * @index: which slots
 * @place: where each begins, from the first block on
 * @sum: of each as it is there
 * @page: the bytes of the blocks
 * @bvec: of @bio
 * @bio: to the backing device
 */
struct extent {
	struct run *run;
	struct list_head link;
	unsigned long block;
	unsigned int nr_blocks;
	unsigned int used;
	unsigned int nr;
	u32 index[SLOTS_MAX];
	u16 place[SLOTS_MAX];
	u32 sum[SLOTS_MAX];
	struct page *page[BLOCKS_MAX];
	struct bio_vec bvec[BLOCKS_MAX];
	struct bio bio;
};

static_assert(BLOCKS_MAX * ZBLOCK_PLACES <= U16_MAX);

/**
 * struct run - one writeback
 * @dev: the device
 * @what: what shall go
 * @packed: compressed_writeback
 * @extent_max: blocks of an extent, at most
 * @nr_max: the most struct extent there may be
 * @nr: how many there are
 * @blocks_left: that may still be written
 * @scratch: for a page of a unit
 * @open: being filled, or NULL
 * @idle: extents not in use
 * @in_flight: how many are being written
 * @lock: of @done
 * @done: extents written, or not, and to be settled
 * @wait: for @done
 * @err: the last one of a write
 */
struct run {
	struct zblock *dev;
	const struct zblock_wb_what *what;
	bool packed;
	unsigned int extent_max;
	unsigned int nr_max;
	unsigned int nr;
	unsigned long blocks_left;
	struct page *scratch;
	struct extent *open;
	struct list_head idle;
	unsigned int in_flight;
	spinlock_t lock;	/* of done */
	struct list_head done;
	wait_queue_head_t wait;
	int err;
};

/* How many places an object takes. */
static unsigned int places(unsigned int size)
{
	return DIV_ROUND_UP(size, ZBLOCK_PLACE_SIZE);
}

/* Does it hold an object that can go? */
static bool movable(zspool_word_t word)
{
	return zspool_word_is_obj(word) &&
	       !(zspool_word_flags(word) & (ZBLOCK_SAME | ZBLOCK_UNIT));
}

/* What a page takes; of one in a unit that is not known: call it half. */
static unsigned int size_of(zspool_word_t word)
{
	return zspool_word_flags(word) & ZBLOCK_UNIT ? PAGE_SIZE / 2 :
						       zspool_word_size(word);
}

static bool wanted(const struct run *run, unsigned long index,
		   zspool_word_t word)
{
	const struct zblock_wb_what *what = run->what;
	unsigned int flags = zspool_word_flags(word);

	if ((!movable(word) && !(flags & ZBLOCK_UNIT)) ||
	    (flags & what->flags) != what->flags ||
	    size_of(word) < what->min_size)
		return false;
	if (what->incompressible && !zblock_incompressible(run->dev, word))
		return false;
	return !what->min_age ||
	       zblock_slot_age(run->dev, index) >= what->min_age;
}

/* The limit counts in units of 4 KiB. */
static bool charge(struct zblock *dev)
{
	s64 cost = PAGE_SIZE / ZBLOCK_BLOCK_SIZE;
	s64 left = atomic64_read(&dev->wb_limit);

	if (!READ_ONCE(dev->wb_limit_enable))
		return true;
	do {
		if (left < cost)
			return false;
	} while (!atomic64_try_cmpxchg(&dev->wb_limit, &left, left - cost));
	return true;
}

static void refund(struct zblock *dev, unsigned int blocks)
{
	s64 cost = PAGE_SIZE / ZBLOCK_BLOCK_SIZE;

	if (READ_ONCE(dev->wb_limit_enable))
		atomic64_add(cost * blocks, &dev->wb_limit);
}

/* The slot goes where its copy went, unless it was used meanwhile. */
static void settle_slot(struct zblock *dev, struct extent *ext,
			unsigned int i, bool written)
{
	unsigned long index = ext->index[i];
	zspool_word_t word, old = 0, new = 0;
	unsigned int flags;

	if (!zspool_pin(dev->pool, index, &word))
		return;
	flags = zspool_word_flags(word);
	if (!(flags & ZBLOCK_PEND))
		goto out;
	flags &= ~ZBLOCK_PEND;
	if (written) {
		new = zblock_wb_word((flags & ~ZBLOCK_IDLE) | ZBLOCK_WB,
				     ext->run->packed ? zspool_word_size(word) :
							PAGE_SIZE,
				     ext->block, ext->place[i]);
		zblock_wb_get(dev->backing, new);
		old = zspool_swap(dev->pool, index, new);
		zblock_sum_set(dev, index, ext->sum[i]);
	} else {
		zspool_swap(dev->pool, index,
			    zspool_word_set_flags(word, flags));
	}
out:
	zspool_unpin(dev->pool, index);
	if (old) {
		zspool_drop(dev->pool, old);
		zblock_account(dev, old, new);
	}
}

/* What the slots want is theirs from now on. */
static void put_blocks(struct run *run, struct extent *ext)
{
	unsigned int i;

	for (i = 0; i < ext->nr_blocks; i++)
		zblock_block_put(run->dev->backing, ext->block + i);
	list_add(&ext->link, &run->idle);
}

static void settle(struct run *run, struct extent *ext, int err)
{
	unsigned int i;

	for (i = 0; i < ext->nr; i++)
		settle_slot(run->dev, ext, i, !err);
	if (err)
		refund(run->dev, ext->nr_blocks);
	else
		zblock_count(run->dev, ZBLOCK_BD_WRITES, ext->nr_blocks);
	put_blocks(run, ext);
}

static void end_write(struct bio *bio)
{
	struct extent *ext = bio->bi_private;
	struct run *run = ext->run;
	unsigned long flags;

	/* woken under the lock: with the last extent settled, run goes */
	spin_lock_irqsave(&run->lock, flags);
	list_add_tail(&ext->link, &run->done);
	wake_up(&run->wait);
	spin_unlock_irqrestore(&run->lock, flags);
}

static struct extent *pop_done(struct run *run)
{
	struct extent *ext;

	spin_lock_irq(&run->lock);
	ext = list_first_entry_or_null(&run->done, struct extent, link);
	if (ext)
		list_del(&ext->link);
	spin_unlock_irq(&run->lock);
	return ext;
}

static void settle_one(struct run *run)
{
	struct extent *ext;
	int err;

	wait_event(run->wait, (ext = pop_done(run)));
	run->in_flight--;
	err = blk_status_to_errno(ext->bio.bi_status);
	if (err) {
		pr_err_ratelimited("%s: cannot write %u blocks from %lu on of %pg: %d\n",
				   run->dev->disk->disk_name, ext->nr_blocks,
				   ext->block, run->dev->backing->bdev, err);
		run->err = err;
	}
	bio_uninit(&ext->bio);
	settle(run, ext, err);
}

/* The open extent is as full as it gets: write it. */
static void close_extent(struct run *run)
{
	struct extent *ext = run->open;
	unsigned int i;

	run->open = NULL;
	if (!ext)
		return;
	if (!ext->nr) {
		refund(run->dev, ext->nr_blocks);
		put_blocks(run, ext);
		return;
	}
	bio_init(&ext->bio, run->dev->backing->bdev, ext->bvec, BLOCKS_MAX,
		 run->what->background ? REQ_OP_WRITE | REQ_BACKGROUND :
					 REQ_OP_WRITE);
	ext->bio.bi_iter.bi_sector =
		(sector_t)ext->block << PAGE_SECTORS_SHIFT;
	ext->bio.bi_private = ext;
	ext->bio.bi_end_io = end_write;
	for (i = 0; i < ext->nr_blocks; i++)
		__bio_add_page(&ext->bio, ext->page[i], PAGE_SIZE, 0);
	run->in_flight++;
	submit_bio(&ext->bio);
}

static void free_extent(struct extent *ext)
{
	unsigned int i;

	for (i = 0; i < BLOCKS_MAX; i++)
		if (ext->page[i])
			__free_page(ext->page[i]);
	kfree(ext);
}

static struct extent *new_extent(struct run *run)
{
	struct extent *ext;
	unsigned int i;

	if (run->nr == run->nr_max)
		return NULL;
	ext = kzalloc(sizeof(*ext), GFP_KERNEL | __GFP_NOWARN);
	if (!ext)
		return NULL;
	ext->run = run;
	for (i = 0; i < run->extent_max; i++) {
		ext->page[i] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		if (!ext->page[i]) {
			free_extent(ext);
			return NULL;
		}
	}
	run->nr++;
	return ext;
}

/* An extent not in use; NULL if there is no memory for even one. */
static struct extent *get_extent(struct run *run)
{
	struct extent *ext;

	while (list_empty(&run->idle)) {
		ext = new_extent(run);
		if (ext || !run->nr)
			return ext;
		settle_one(run);
	}
	ext = list_first_entry(&run->idle, struct extent, link);
	list_del(&ext->link);
	return ext;
}

/*
 * One block more for an extent, its first one anywhere. -EIO: the limit is
 * reached, as zram says; -ENOSPC: there is none; -EDQUOT: what->max_blocks.
 */
static int add_block(struct run *run, struct extent *ext)
{
	struct zblock_backing *backing = run->dev->backing;
	int err;

	if (!run->blocks_left)
		return -EDQUOT;
	if (!charge(run->dev))
		return -EIO;
	if (!ext->nr_blocks)
		err = zblock_block_take(backing, &ext->block);
	else
		err = zblock_block_take_at(backing,
					   ext->block + ext->nr_blocks);
	if (err) {
		refund(run->dev, 1);
		return err;
	}
	/* nothing of what the page held before leaves memory */
	clear_highpage(ext->page[ext->nr_blocks++]);
	run->blocks_left--;
	return 0;
}

static int open_extent(struct run *run)
{
	struct extent *ext = get_extent(run);
	int err;

	if (!ext)
		return -ENOMEM;
	ext->nr_blocks = 0;
	ext->used = 0;
	ext->nr = 0;
	err = add_block(run, ext);
	if (err)
		list_add(&ext->link, &run->idle);
	else
		run->open = ext;
	return err;
}

/* Have room for so many places in the open extent. */
static int make_room(struct run *run, unsigned int room)
{
	struct extent *ext = run->open;
	int err = 0;

	/* whole pages are read back without a copy: each in one block */
	if (ext && room == ZBLOCK_PLACES)
		ext->used = round_up(ext->used, ZBLOCK_PLACES);
	if (ext && ext->nr < SLOTS_MAX) {
		if (ext->used + room <= ext->nr_blocks * ZBLOCK_PLACES)
			return 0;
		if (ext->nr_blocks < run->extent_max)
			err = add_block(run, ext);
		else
			err = -ENOSPC;
		/* not this one, perhaps another */
		if (err != -ENOSPC)
			return err;
	}
	close_extent(run);
	return open_extent(run);
}

static void fill(struct extent *ext, const void *from, unsigned int len)
{
	unsigned int at = ext->used * ZBLOCK_PLACE_SIZE;

	while (len) {
		unsigned int n = min_t(unsigned int, len,
				       PAGE_SIZE - offset_in_page(at));

		memcpy_to_page(ext->page[at >> PAGE_SHIFT],
			       offset_in_page(at), from, n);
		from += n;
		at += n;
		len -= n;
	}
}

/* The object as it is. */
static void copy_object(struct run *run, unsigned long index,
			zspool_word_t word, void *bounce)
{
	const void *from = zspool_map(run->dev->pool, word, bounce);

	fill(run->open, from, zspool_word_size(word));
	zspool_unmap(run->dev->pool, word, from);
	run->open->sum[run->open->nr] = zblock_sum_get(run->dev, index);
}

/* The page that it stands for: always a block of its own. */
static int copy_page_of(struct run *run, unsigned long index,
			zspool_word_t word, struct zblock_dctx *dctx)
{
	struct extent *ext = run->open;
	void *to = kmap_local_page(ext->page[ext->used / ZBLOCK_PLACES]);
	int err = zblock_load(run->dev, index, word, dctx, to);

	ext->sum[ext->nr] = zblock_sum(run->dev, to, PAGE_SIZE);
	kunmap_local(to);
	return err;
}

/* Put a slot into the open extent. -EAGAIN: it has changed meanwhile. */
static int write_pinned(struct run *run, unsigned long index,
			unsigned int room, struct zblock_dctx *dctx)
{
	struct zspool *pool = run->dev->pool;
	struct extent *ext = run->open;
	zspool_word_t word;
	unsigned int flags;
	int err = 0;

	if (!zspool_pin(pool, index, &word))
		return -EAGAIN;
	if (!movable(word) || !wanted(run, index, word) ||
	    (run->packed && places(zspool_word_size(word)) > room))
		err = -EAGAIN;
	else if (run->packed)
		copy_object(run, index, word, dctx->bounce);
	else
		err = copy_page_of(run, index, word, dctx);
	if (!err) {
		flags = zspool_word_flags(word) | ZBLOCK_PEND;
		zspool_swap(pool, index, zspool_word_set_flags(word, flags));
		ext->index[ext->nr] = index;
		ext->place[ext->nr++] = ext->used;
		ext->used += room;
	}
	zspool_unpin(pool, index);
	return err;
}

/*
 * A page of a unit goes by itself: it is first stored anew, alone. The unit
 * loses its pages one by one, and its memory goes with the last.
 */
static int leave_unit(struct run *run, unsigned long index,
		      zspool_word_t *word)
{
	int err;

	err = zblock_peek_unit_page(run->dev, run->scratch, index);
	if (!err)
		err = zblock_rewrite_page(run->dev, run->scratch, index, *word);
	*word = zspool_peek(run->dev->pool, index);
	return err;
}

/* A slot that was chosen by @word. */
static int write_chosen(struct run *run, unsigned long index,
			zspool_word_t word)
{
	unsigned int room = run->packed ? places(zspool_word_size(word)) :
					  ZBLOCK_PLACES;
	struct zblock_codec *codec = run->dev->codec[zblock_word_prio(word)];
	struct zblock_dctx *dctx;
	int err;

	err = make_room(run, room);
	if (err)
		return err;
	dctx = codec ? zblock_dctx_get(codec) : NULL;
	if (!dctx)
		return -ENOMEM;
	err = write_pinned(run, index, room, dctx);
	zblock_dctx_put(dctx);
	if (err && err != -EAGAIN) {
		pr_err_ratelimited("%s: cannot write page %lu back: %d\n",
				   run->dev->disk->disk_name, index, err);
		run->err = -EIO;
	}
	return 0;
}

static int write_slot(struct run *run, unsigned long index,
		      zspool_word_t word)
{
	int err;

	if (zspool_word_flags(word) & ZBLOCK_UNIT) {
		err = leave_unit(run, index, &word);
		if (err && err != -EAGAIN && err != -ESTALE)
			run->err = err;
		if (err || !movable(word))
			return 0;
	}
	return write_chosen(run, index, word);
}

static int write_range(struct run *run, const struct zblock_wb_range *range,
		       unsigned int above, unsigned int most)
{
	struct zspool *pool = run->dev->pool;
	unsigned long i;
	int err;

	for (i = range->from; i < range->to; i++) {
		zspool_word_t word = zspool_peek(pool, i);

		if (!(i % AT_ONCE)) {
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
		}
		if (zspool_word_flags(word) & ZBLOCK_PEND ||
		    size_of(word) <= above || size_of(word) > most ||
		    !wanted(run, i, word))
			continue;
		err = write_slot(run, i, word);
		if (err)
			return err;
	}
	return 0;
}

static int write_all(struct run *run, const struct zblock_wb_range *ranges,
		     unsigned int nr)
{
	unsigned int pass, i;
	int err;

	for (pass = 0; pass < ARRAY_SIZE(passes) - 1; pass++)
		for (i = 0; i < nr; i++) {
			err = write_range(run, &ranges[i], passes[pass + 1],
					  passes[pass]);
			if (err)
				return err;
		}
	return 0;
}

static void finish(struct run *run)
{
	struct extent *ext, *next;

	close_extent(run);
	while (run->in_flight)
		settle_one(run);
	list_for_each_entry_safe(ext, next, &run->idle, link)
		free_extent(ext);
}

/**
 * zblock_writeback() - write slots to the backing device, and wait for it
 * @dev: has its size and a backing device
 * @what: which slots
 * @ranges: where to look for them
 * @nr: number of @ranges
 *
 * A write that fails costs its slots nothing, and the others go on.
 *
 * Context: process; may sleep and reclaim; op_lock held.
 * Return: 0; the last error of a write; -EIO also at writeback_limit; -ENOSPC
 * if the backing device is full; -ENOMEM; -EINTR
 */
int zblock_writeback(struct zblock *dev, const struct zblock_wb_what *what,
		     const struct zblock_wb_range *ranges, unsigned int nr)
{
	unsigned int batch = READ_ONCE(dev->wb_batch);
	struct run run = {
		.dev = dev,
		.what = what,
		.packed = dev->wb_compressed,
		.extent_max = min_t(unsigned int, batch, BLOCKS_MAX),
		/* not rounded up by an addition: it may be UINT_MAX */
		.nr_max = (batch - 1) / BLOCKS_MAX + 1,
		.blocks_left = what->max_blocks,
	};
	struct blk_plug plug;
	int err;

	lockdep_assert_held(&dev->op_lock);
	INIT_LIST_HEAD(&run.idle);
	INIT_LIST_HEAD(&run.done);
	spin_lock_init(&run.lock);
	init_waitqueue_head(&run.wait);

	run.scratch = alloc_page(GFP_KERNEL);
	if (!run.scratch)
		return -ENOMEM;

	blk_start_plug(&plug);
	err = write_all(&run, ranges, nr);
	finish(&run);
	blk_finish_plug(&plug);
	__free_page(run.scratch);
	if (err == -EDQUOT)
		err = 0;
	return err ? err : run.err;
}
