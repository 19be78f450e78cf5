/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.pml - the structures of zspool/internal.h, as few bits as will do
 *
 * A zspage has two pages and three objects of two thirds of a page:
 *
 *   page 0: cell 0 = object 0         cell 1 = object 1, its head
 *   page 1: cell 0 = object 1, tail   cell 1 = object 2
 *
 * A cell is an object's header and its bytes in that page. Sets of pages and
 * of zspages are masks, so stock, orphans and dead are masks too.
 *
 * With SOLE it has two objects of a page each, or of none while they are free.
 * Cell 0 is the bytes; the headers are the zspage's.
 */

#define NF	7		/* page frames of the machine */
#define NZ	3		/* descriptors of zspages, which are reused */
#ifdef SOLE			/* zs_class_sole() */
#define OBJS	2
#else
#define OBJS	3		/* size_class->objs */
#endif
#define BIT(n)	(1 << (n))
#define NONE	NF		/* no page */

/* include/zspool.h: the word, in the order of its bits */
#define PIN	1
#define WAIT	2
#define DEFER	4
#define SYNC	7
#define OBJ	8
#define LOCATE(z, i)	(OBJ | (i) << 4 | (z) << 6)	/* zs_word_locate() */
#define ID(w)		((w) >> 6)			/* zs_word_id() */
#define INDEX(w)	(((w) >> 4) & 3)		/* zs_word_index() */
#define NAMES(w, z, i)	(((w) & ~SYNC) == LOCATE(z, i))	/* zs_word_names() */

#define NIL	7		/* a header that is not to be looked at */
#define POISON	0		/* bytes of a page or an object that is nobody's */

/* page->private: zspage + 1, or one of these */
#define STOCK	8		/* ZS_PRIVATE_STOCK */
#define ORPHAN	9		/* ZS_PRIVATE_ORPHAN */

/* enum zs_state; FREED: the descriptor is in the slab's hands */
#define FREED	0
#define DEAD	1
#define FRESH	2
#define LINKED	3

/* handles: pool->words */
byte word[NH];

/* struct zspage */
byte state[NZ];
byte inuse[NZ], nr_pages[NZ];
byte used[NZ];			/* zs_used_map() */
byte isolated[NZ];		/* a bit for each page */
byte moving[NZ];
byte pages[NZ * 2];
#ifdef SOLE
byte sole_headers[NZ * 2];
#endif
byte listed;			/* which are on a fullness list */

/* struct page, and what it holds */
byte folio_lock;
byte private[NF];
byte ours;			/* armed or in the mapping: the VM may call us */
byte ref;			/* the VM has a reference */
byte hdr[NF * 2 + 2], data[NF * 2 + 2];	/* the last two: NONE's */

/* struct size_class, struct zspool */
bit class_lock;
byte stock, orphans, dead;
bit put_off_walk;
byte nr_put_off, put_off;	/* ZS_PUT_OFF_MAX is 1: handle + 1 */
bit defer_work, release_work;	/* queued */

/*
 * The model's own. Waiters: what wait_var_event() keeps of each, handle + 1.
 */
byte queued[2];
byte owner[NZ * 3];		/* of an object: handle + 1 */
byte had;			/* zspages that an object has been taken of */
byte content[NH];		/* what a handle's bytes ought to be */
byte handle_puts[NH];			/* calls of zs_handle_put() */
byte ended;			/* processes that are done */
byte working;			/* workers under way */

/*
 * HEAD, TAIL: where an object's bytes begin and end. HDR: its header. FREE: the
 * lowest that is free.
 */
#ifdef SOLE

#define HEAD(z, i)	(pages[(z) * 2 + (i)] * 2)
#define TAIL(z, i)	HEAD(z, i)
#define HDR(z, i)	sole_headers[(z) * 2 + (i)]

#define FREE(z)		(!(used[z] & 1) -> 0 : (!(used[z] & 2) -> 1 : OBJS))

#define HAS_ROOM(z)	(FREE(z) < OBJS && pages[(z) * 2 + FREE(z)] != NONE)

#else

#define HEAD(z, i)	(pages[(z) * 2 + (i) / 2] * 2 + ((i) > 0))
#define TAIL(z, i)	(pages[(z) * 2 + ((i) + 1) / 2] * 2 + ((i) > 1))
#define HDR(z, i)	hdr[HEAD(z, i)]

/* pages_below() */
#define PAGES_BELOW(n)	((n) < 2 -> (n) : 2)

#define FREE(z)		(!(used[z] & 1) -> 0 : (!(used[z] & 2) -> 1 : \
						(!(used[z] & 4) -> 2 : OBJS)))

#define HAS_ROOM(z)	(FREE(z) < OBJS && \
			 PAGES_BELOW(FREE(z) + 1) <= nr_pages[z])

#endif

#define IS_USED(z, i)	(used[z] & BIT(i))

/* spin_lock() begins an atomic step, up to what others see without the lock. */
#define LOCK_CLASS	class_lock == 0 -> class_lock = 1
#define UNLOCK_CLASS	class_lock = 0

/* A new page of the kernel's; all that are free are alike. NONE: no memory. */
inline alloc_page(f)
{
	f = 0;
	do
	:: f < NF && ((ours | ref) & BIT(f)) -> f++
	:: else -> break
	od
}

/* What the kernel does with a page that it has back. */
inline free_page(f)
{
	assert(ours & BIT(f));
	ours = ours & ~BIT(f);
	private[f] = 0;
	hdr[f * 2] = NIL; hdr[f * 2 + 1] = NIL;
	data[f * 2] = POISON; data[f * 2 + 1] = POISON
}
