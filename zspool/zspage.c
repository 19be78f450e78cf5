// SPDX-License-Identifier: GPL-2.0-only
/*
 * zspage.c - chains of pages, their free objects, and their fullness groups
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include "internal.h"

static u32 *sole_headers(struct zspage *zspage)
{
	return (u32 *)(zs_used_map(zspage) + BITS_TO_LONGS(zspage->class->objs));
}

static void *obj_map(struct zspage *zspage, unsigned int index)
{
	unsigned int offset = index * zspage->class->size;

	return kmap_local_page(zspage->pages[offset >> PAGE_SHIFT]) +
	       offset_in_page(offset);
}

/**
 * zs_obj_handle() - whose an object is
 * @zspage: the zspage
 * @index: an object that is in use
 *
 * Context: class->lock held. A header never lies across two pages: classes
 * are multiples of ZS_STEP.
 * Return: its handle
 */
zspool_handle_t zs_obj_handle(struct zspage *zspage, unsigned int index)
{
	u32 *addr;
	u32 header;

	lockdep_assert_held(&zspage->class->lock);
	if (zs_class_sole(zspage->class))
		return sole_headers(zspage)[index];
	addr = obj_map(zspage, index);
	header = *addr;
	kunmap_local(addr);
	return header;
}
EXPORT_SYMBOL_FOR_TEST(zs_obj_handle);

static void set_header(struct zspage *zspage, unsigned int index, u32 header)
{
	u32 *addr;

	if (zs_class_sole(zspage->class)) {
		sole_headers(zspage)[index] = header;
		return;
	}
	addr = obj_map(zspage, index);
	*addr = header;
	kunmap_local(addr);
}

/* Pages that the objects below @end lie in. */
static unsigned int pages_below(const struct size_class *class,
				unsigned int end)
{
	return DIV_ROUND_UP(end * class->size, PAGE_SIZE);
}

/**
 * zs_zspage_has_room() - can an object be taken without another page?
 * @zspage: the zspage
 *
 * Context: class->lock held.
 * Return: true if so
 */
bool zs_zspage_has_room(const struct zspage *zspage)
{
	const struct size_class *class = zspage->class;

	lockdep_assert_held(&class->lock);
	if (zspage->free == class->objs)
		return false;
	if (zs_class_sole(class))
		return zspage->pages[zspage->free];
	return pages_below(class, zspage->free + 1) <= zspage->nr_pages;
}

/**
 * zs_zspage_grow() - lengthen a chain by a page
 * @zspage: a FRESH or linked zspage that is not full and has no room
 * @page: from zs_page_get()
 *
 * One page is enough for one more object: none is larger than a page.
 *
 * Context: class->lock held.
 */
void zs_zspage_grow(struct zspage *zspage, struct page *page)
{
	struct size_class *class = zspage->class;
	unsigned int at = zspage->nr_pages++;

	lockdep_assert_held(&class->lock);
	zs_set_private(page, (unsigned long)zspage);
	/* as all of pages[], read by who has looked at a stale page */
	WRITE_ONCE(zspage->pages[zs_class_sole(class) ? zspage->free : at],
		   page);
	WRITE_ONCE(class->nr_pages, class->nr_pages + 1);
}
EXPORT_SYMBOL_FOR_TEST(zs_zspage_grow);

/**
 * zs_zspage_cut() - shorten a chain to the last object in use
 * @zspage: a linked zspage that is not being moved
 * @pages: room for ZS_CHAIN_MAX pages
 *
 * Context: class->lock held.
 * Return: number of pages cut off, which are the caller's now
 */
unsigned int zs_zspage_cut(struct zspage *zspage, struct page **pages)
{
	struct size_class *class = zspage->class;
	unsigned int keep = 0, nr = 0;

	lockdep_assert_held(&class->lock);
	if (zspage->inuse)
		keep = pages_below(class, find_last_bit(zs_used_map(zspage),
							class->objs) + 1);
	/* those the VM has isolated stay, and what is before them */
	keep = max_t(unsigned int, keep, fls(zspage->isolated));
	while (zspage->nr_pages > keep) {
		struct page *page = zspage->pages[--zspage->nr_pages];

		WRITE_ONCE(zspage->pages[zspage->nr_pages], NULL);
		zs_set_private(page, 0);
		pages[nr++] = page;
	}
	WRITE_ONCE(class->nr_pages, class->nr_pages - nr);
	return nr;
}

static struct page *take_out(struct zspage *zspage, unsigned int nth)
{
	struct size_class *class = zspage->class;
	struct page *page = zspage->pages[nth];

	WRITE_ONCE(zspage->pages[nth], NULL);
	zspage->nr_pages--;
	WRITE_ONCE(class->nr_pages, class->nr_pages - 1);
	return page;
}

/**
 * zs_zspage_hand_over() - move a whole page to another zspage of its class
 * @from: its zspage
 * @nth: which page, and object; pinned, and not isolated
 * @to: a zspage that is not full and has no page for its next object
 *
 * The object is for the caller to take in @to and to put in @from.
 *
 * Context: class->lock held.
 */
void zs_zspage_hand_over(struct zspage *from, unsigned int nth,
			 struct zspage *to)
{
	lockdep_assert_held(&from->class->lock);
	zs_zspage_grow(to, take_out(from, nth));
}

/**
 * zs_zspage_vacate() - take out the page of a whole-page object that is free
 * @zspage: a zspage
 * @nth: which page, and object
 *
 * A page that is isolated stays, for zs_putback() or zs_move_end().
 *
 * Context: class->lock held.
 * Return: the page, now the caller's; NULL if there is none to take out, as
 * always in classes of smaller objects
 */
struct page *zs_zspage_vacate(struct zspage *zspage, unsigned int nth)
{
	struct size_class *class = zspage->class;
	struct page *page = zspage->pages[nth];

	lockdep_assert_held(&class->lock);
	if (!zs_class_sole(class) || !page || zspage->isolated & BIT(nth))
		return NULL;
	if (test_bit(nth, zs_used_map(zspage)))
		return NULL;
	zs_set_private(page, 0);
	return take_out(zspage, nth);
}

/*
 * Is the page in this zspage, and the zspage in the class that we have locked? The
 * descriptor may be another class's by now, or be on its way through several
 * lives while we look, and have its bitmap where our class has pages. But of those
 * in our class, none becomes LINKED or DEAD without the lock: so what is seen as
 * LINKED in it before and after a look at the pages, was all the time.
 */
static bool holds_page(const struct zspage *zspage,
		       const struct size_class *class,
		       const struct page *page, unsigned int *nth)
{
	unsigned int i;

	lockdep_assert_held(&class->lock);
	if (!zs_zspage_linked_in(zspage, class))
		return false;
	for (i = 0; i < class->pages; i++) {
		if (READ_ONCE(zspage->pages[i]) != page)
			continue;
		*nth = i;
		/* the page was looked at before the second time */
		smp_rmb();
		return zs_zspage_linked_in(zspage, class);
	}
	return false;
}

/**
 * zs_zspage_of_page() - from a page that the VM asks about to its zspage
 * @page: the page; its folio lock is held
 * @block: wait for class->lock, else try
 *
 * Context: any the VM calls from; never waits unless @block.
 * Return: the zspage with class->lock held, and which page of the chain it is; NULL if
 * the page is in none now, or the lock was taken
 */
struct zs_move zs_zspage_of_page(struct page *page, bool block)
{
	struct zs_move found = { NULL };
	struct size_class *class;
	struct zspage *zspage;
	unsigned long private;

	/*
	 * From here on the page may leave the zspage, and the zspage become
	 * another, even of another pool: but neither its memory nor, as
	 * zspool_destroy() waits for us, its class or pool go while we look.
	 */
	rcu_read_lock();
	private = READ_ONCE(page_private(page));
	if (!private || private & ZS_PRIVATE_TAGS)
		goto out;
	zspage = (struct zspage *)private;
	class = READ_ONCE(zspage->class);
	if (block) {
		zs_lock(&class->lock);
	} else if (!spin_trylock(&class->lock)) {
		zs_count(class->pool, ZS_WHY_LOCK);
		goto out;
	}
	if (holds_page(zspage, class, page, &found.nth)) {
		found.zspage = zspage;
		/* kept, if a zspage is returned: see zs_keep_lock() */
		__release(&class->lock);
	} else {
		zs_count(class->pool, ZS_WHY_STATE);
		spin_unlock(&class->lock);
	}
out:
	rcu_read_unlock();
	return found;
}

static enum zs_group group_of(const struct zspage *zspage)
{
	unsigned int quarters = zspage->inuse * 4;
	unsigned int objs = zspage->class->objs;

	/* inuse * 4 / objs, without the division */
	return (quarters >= objs) + (quarters >= 2 * objs) +
	       (quarters >= 3 * objs) + (quarters >= 4 * objs);
}

/**
 * zs_zspage_link() - make a zspage known
 * @zspage: FRESH, or one that zs_zspage_unlink() has taken off its list
 *
 * Context: class->lock held.
 */
void zs_zspage_link(struct zspage *zspage)
{
	struct size_class *class = zspage->class;
	enum zs_group group = group_of(zspage);

	lockdep_assert_held(&class->lock);
	/* holds_page() may be looking, with another class's lock */
	WRITE_ONCE(zspage->state, ZS_LINKED);
	zspage->group = group;
	list_add(&zspage->link, &class->group[group]);
	WRITE_ONCE(class->zspages[group], class->zspages[group] + 1);
}
EXPORT_SYMBOL_FOR_TEST(zs_zspage_link);

/**
 * zs_zspage_unlink() - take a zspage off its list
 * @zspage: a linked zspage
 *
 * Context: class->lock held.
 */
void zs_zspage_unlink(struct zspage *zspage)
{
	unsigned int *nr = &zspage->class->zspages[zspage->group];

	lockdep_assert_held(&zspage->class->lock);
	list_del_init(&zspage->link);
	WRITE_ONCE(*nr, *nr - 1);
}

/**
 * zs_zspage_regroup() - put a zspage where its fullness belongs, after inuse changed
 * @zspage: the zspage; one that is being moved is on no list and stays so
 *
 * Context: class->lock held.
 */
void zs_zspage_regroup(struct zspage *zspage)
{
	lockdep_assert_held(&zspage->class->lock);
	if (zspage->moving || zspage->group == group_of(zspage))
		return;
	zs_zspage_unlink(zspage);
	zs_zspage_link(zspage);
}

/**
 * zs_obj_take() - take the lowest free object for a handle
 * @zspage: a zspage that has room
 * @handle: goes into the header
 *
 * The object is in flight until a word names it.
 *
 * Context: class->lock held.
 * Return: the object's index
 */
unsigned int zs_obj_take(struct zspage *zspage, zspool_handle_t handle)
{
	unsigned long *map = zs_used_map(zspage);
	unsigned int index = zspage->free;

	lockdep_assert_held(&zspage->class->lock);
	set_header(zspage, index, handle);
	__set_bit(index, map);
	zspage->free = find_next_zero_bit(map, zspage->class->objs, index + 1);
	zspage->inuse++;
	WRITE_ONCE(zspage->class->inuse, zspage->class->inuse + 1);
	return index;
}

/**
 * zs_obj_put() - put back an object that no word names any more
 * @zspage: its zspage
 * @index: the object
 *
 * Freeing the object is apart from what becomes of its page and its zspage:
 * zs_zspage_vacate() and then zs_zspage_settle() follow.
 *
 * Context: class->lock held.
 */
void zs_obj_put(struct zspage *zspage, unsigned int index)
{
	lockdep_assert_held(&zspage->class->lock);
	__clear_bit(index, zs_used_map(zspage));
	if (index < zspage->free)
		zspage->free = index;
	zspage->inuse--;
	WRITE_ONCE(zspage->class->inuse, zspage->class->inuse - 1);
}

/**
 * zs_zspage_settle() - after objects were put: regroup, or bury if empty
 * @zspage: a linked zspage
 *
 * An empty zspage whose page the VM has isolated or is moving stays until the
 * last of them is put back or moved, and is settled again then.
 *
 * Context: class->lock held.
 * Return: true if the zspage is gone; see zs_release_dead()
 */
bool zs_zspage_settle(struct zspage *zspage)
{
	lockdep_assert_held(&zspage->class->lock);
	if (zspage->inuse || zspage->moving || zspage->isolated) {
		zs_zspage_regroup(zspage);
		return false;
	}
	zs_zspage_unlink(zspage);
	zs_bury(zspage);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(zs_zspage_settle);
