// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate.c - isolate, migrate, put back: the state machine
 *
 * Independent of how pages are made movable: each route calls these with the
 * page's folio lock held and does the VM's part between begin and end. The
 * table of a page's life is in internal.h. That the owner gives the VM three
 * callbacks is the design of Minchan Kim's "non-LRU page migration" (2016).
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <zspool_compat.h>
#include "internal.h"

/* The objects that have a byte in page @nth. */
static void objects_of_page(const struct zspage *zspage, unsigned int nth,
			    unsigned int *first, unsigned int *end)
{
	unsigned int size = zspage->class->size;

	*first = nth * PAGE_SIZE / size;
	*end = min_t(unsigned int, zspage->class->objs,
		     ((nth + 1) * PAGE_SIZE - 1) / size + 1);
}

static u64 *word_of(struct zspage *zspage, unsigned int index)
{
	return zs_table_at(&zspage->class->pool->words,
			   zs_obj_handle(zspage, index));
}

/* Give back the pins of the objects from @first up to @end. */
static void unpin_objects(struct zspage *zspage, unsigned int first,
			  unsigned int end)
{
	struct zspool *pool = zspage->class->pool;
	unsigned int i = first;

	for_each_set_bit_from(i, zs_used_map(zspage), end)
		zs_word_unpin_locked(pool, zs_obj_handle(zspage, i),
				     word_of(zspage, i));
}

/* All or none; -EAGAIN says that somebody is at an object of this page. */
static int pin_objects(struct zspage *zspage, unsigned int nth)
{
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	unsigned int first, end, i;

	objects_of_page(zspage, nth, &first, &end);
	i = first;
	for_each_set_bit_from(i, zs_used_map(zspage), end) {
		u64 *word = word_of(zspage, i);

		if (!zs_word_trypin(word)) {
			zs_count(pool, ZS_WHY_PINNED);
			goto undo;
		}
		if (!zs_word_names(READ_ONCE(*word), zspage, i)) {
			/* allocated but not published, or freed but not put */
			zs_word_unpin_locked(pool, zs_obj_handle(zspage, i),
					     word);
			zs_count(pool, ZS_WHY_FLIGHT);
			goto undo;
		}
	}
	return 0;
undo:
	unpin_objects(zspage, first, i);
	return -EAGAIN;
}

/**
 * zs_isolate() - the VM wants to move a page: may it?
 * @page: the page, its folio lock held
 *
 * Refuses a page that is isolated already or in no linked zspage. The zspage
 * stays in use; it is not freed before zs_putback() or zs_move_end().
 *
 * Context: any the VM calls from, async compaction too: never waits.
 * Return: true if the page is isolated now
 */
bool zs_isolate(struct page *page)
{
	struct zs_move at = zs_zspage_of_page(page, false);
	struct zspage *zspage = at.zspage;
	bool taken;

	if (!zspage)
		return false;
	zs_keep_lock(zspage);
	taken = !(zspage->isolated & BIT(at.nth));
	if (taken) {
		zspage->isolated |= BIT(at.nth);
		zs_count(zspage->class->pool, ZS_ISOLATED);
	}
	spin_unlock(&zspage->class->lock);
	return taken;
}
EXPORT_SYMBOL_FOR_TEST(zs_isolate);

/*
 * A zspage is gone, and one of its pages is the one that the VM has locked. That
 * lock keeps the pool: nothing may leave the pool's lists in our hands.
 */
static void release_later(struct zspool *pool)
{
	queue_delayed_work(zs_wq, &pool->release_work, 0);
}

/**
 * zs_putback() - the VM did not move an isolated page
 * @page: the page, its folio lock held
 *
 * Everything is as before zs_isolate(); if the zspage was emptied meanwhile
 * and no other page of it is isolated, it is freed now. So is the page, if a
 * whole-page object in it was freed: its own folio lock, which is held, keeps
 * the pool until it is in the stock or an orphan.
 *
 * Context: process.
 */
void zs_putback(struct page *page)
{
	struct zs_move at = zs_zspage_of_page(page, true);
	struct zspage *zspage = at.zspage;
	struct size_class *class;
	struct page *vacant;
	struct zspool *pool;
	bool gone;

	if (WARN_ON_ONCE(!zspage))
		return;
	zs_keep_lock(zspage);
	/* the zspage may be gone after this, its class is not */
	class = zspage->class;
	pool = class->pool;
	zs_count(pool, ZS_PUTBACK);
	zspage->isolated &= ~BIT(at.nth);
	vacant = zs_zspage_vacate(zspage, at.nth);
	gone = zs_zspage_settle(zspage);
	spin_unlock(&class->lock);
	if (vacant)
		zs_page_put(pool, vacant);
	if (gone)
		release_later(pool);
}
EXPORT_SYMBOL_FOR_TEST(zs_putback);

/**
 * zs_move_begin() - get a page ready to be copied
 * @move: filled in for zs_move_end()
 * @src: the page, its folio lock held
 * @mode: the VM's; for MIGRATE_ASYNC, locks are only tried for
 *
 * On success all objects that touch the page are pinned and none can be
 * allocated in the zspage; nothing writes to the page until zs_move_end().
 * Objects on the zspage's other pages may be read, written and freed.
 *
 * Context: process; no lock is held on return.
 * Return: 0; -EAGAIN if somebody is at an object of this page (the VM comes
 * again soon); -EINVAL for a mode that does not copy, for good
 */
int zs_move_begin(struct zs_move *move, struct page *src,
		  enum migrate_mode mode)
{
	struct zspage *zspage;
	struct size_class *class;
	int err;

	*move = zs_zspage_of_page(src, mode != MIGRATE_ASYNC);
	zspage = move->zspage;
	if (!zspage)
		/* taken, or freed under the VM: either way worth another look */
		return -EAGAIN;

	zs_keep_lock(zspage);
	class = zspage->class;
	if (zs_compat_mode_no_copy(mode)) {
		zs_count(class->pool, ZS_WHY_NOCOPY);
		zs_count(class->pool, ZS_FAILED);
		err = -EINVAL;
		goto unlock;
	}
	err = pin_objects(zspage, move->nth);
	if (err) {
		zs_count(class->pool, ZS_AGAIN);
		goto unlock;
	}
	if (!zspage->moving++) {
		zs_zspage_unlink(zspage);
		zs_class_moving(class, 1);
	}
unlock:
	spin_unlock(&class->lock);
	return err;
}
EXPORT_SYMBOL_FOR_TEST(zs_move_begin);

/**
 * zs_move_end() - the page was copied, or not
 * @move: from zs_move_begin()
 * @dst: the copy, which the caller has made ours and whose folio lock is held;
 *	NULL if the VM's part failed and the page stays where it is
 * @err: why, then
 *
 * Context: process.
 */
void zs_move_end(struct zs_move *move, struct page *dst, int err)
{
	struct zspage *zspage = move->zspage;
	struct size_class *class = zspage->class;
	struct zspool *pool = class->pool;
	struct page *vacant = NULL;
	unsigned int first, end;
	bool gone = false;

	zs_lock(&class->lock);
	if (dst) {
		/* this is all that says where the objects are */
		WRITE_ONCE(zspage->pages[move->nth], dst);
		zspage->isolated &= ~BIT(move->nth);
		zs_count(pool, ZS_MIGRATED);
	} else {
		zs_count(pool, ZS_WHY_VM);
		zs_count(pool, err == -EAGAIN ? ZS_AGAIN : ZS_FAILED);
	}
	objects_of_page(zspage, move->nth, &first, &end);
	unpin_objects(zspage, first, end);
	if (dst)
		vacant = zs_zspage_vacate(zspage, move->nth);
	if (!--zspage->moving) {
		zs_class_moving(class, -1);
		zs_zspage_link(zspage);
		gone = zs_zspage_settle(zspage);
	}
	spin_unlock(&class->lock);
	if (vacant)
		zs_page_put(pool, vacant);
	if (gone)
		release_later(pool);
}
EXPORT_SYMBOL_FOR_TEST(zs_move_end);
