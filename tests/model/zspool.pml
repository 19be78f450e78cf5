/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zspool.pml - the protocol of zspool/internal.h, for the model checker spin
 *
 * A model of the code as it is, in its order of steps: trylocks are tried, what
 * is deferred is deferred, a waiter sleeps and has to be woken. Names are the
 * code's. tests/t/40_model.t runs every scene to its end, and then variants with
 * one thing broken (-DBREAK_...), each of which has to be found out.
 *
 *   here           there
 *   handle.pml     handle.c: the word, its pin, frees that are put off
 *   zspage.pml     zspage.c, stock.c, zspool_new() and zspool_drop() of pool.c
 *   move.pml       migrate.c, movable_ops.c and movable_cache.c, and the VM
 *   compact.pml    compact.c
 *   state.pml      internal.h: the structures
 *   scenes.pml     what there is at first, and who does what
 *
 * With -DSOLE the class is that of whole pages: another layout, the same scenes.
 *
 * What must hold, and where that is asserted:
 *
 *   who holds a pin reads the object's own bytes, in a page of
 *   ours: no old place, no half of a copy                      reader, check()
 *   an object is taken once and put once        zs_obj_take(), zs_obj_put()
 *   a handle of a plain pool is put once                       zs_handle_put()
 *   a free that returned is carried out         check(), CHECK of the scene
 *   a zspage goes when it is empty, neither isolated nor moving: then and
 *   not before                                  zs_zspage_settle(), check()
 *   what the VM has isolated it can put back                   zs_putback()
 *   a whole page goes with its object, or when the VM lets it go        check()
 *   a page does not go while the VM has its folio lock         vm
 *   no page, zspage or object is lost or in two places         check()
 *   what was given back to the kernel is left alone            check()
 *   nobody waits for ever for a lock, a pin or to be woken     spin itself
 *
 * What is one step: an atomic operation on a word; a cell of a page copied or
 * read; all that class->lock alone protects between two of these. Class lock
 * and folio lock are held across steps; the inner locks, which nest nothing,
 * are the step itself.
 *
 * More may happen here than there: any zspage that is not full may be chosen,
 * and a trylock may fail for nothing. Left out: two classes, and so a descriptor
 * that comes to life again in another, and the fold of compaction, which is
 * move_object() with both locks held; zspool_destroy(); the order of memory,
 * which is the processor's.
 */
#include "scenes.pml"
#include "state.pml"
#include "zspage.pml"
#include "handle.pml"
#include "move.pml"
#include "compact.pml"

/* what is dead is 0, or states differ for nothing */
#define RESET	ok = 0; freed = 0; gone = 0

/* find_place(), then the bytes, of a pinned object */
inline read_pinned(h, v)
{
	z = ID(v); i = INDEX(v);
	p = HEAD(z, i);
	if
	:: i == 1 -> q = TAIL(z, i)
	:: else -> q = p
	fi;
	assert((ours & BIT(p / 2)) && data[p] == content[h]);
	assert((ours & BIT(q / 2)) && data[q] == content[h]);
	atomic { p = 0; q = 0; z = 0; i = 0 }
}

/* zspool_pin(), zspool_map() and the reading, zspool_unpin() */
proctype reader(byte me; byte h)
{
	byte v, z, i, p, q, vacant;
	bit ok, freed, gone;

	zs_word_pin(me, h, ok);
	v = word[h];
#ifndef PLAIN
	if
	:: v & DEFER -> free_pinned(h, v); v = 0
	:: else
	fi;
#else
	/* pin_obj() */
	if
	:: v & DEFER -> v = 0
	:: else
	fi;
#endif
	if
	:: v & OBJ -> read_pinned(h, v)
	:: else
	fi;
	zs_word_unpin(h, v, ok, freed);
	atomic { v = 0; z = 0; i = 0; RESET; ended++ }
}

/* zspool_new(), zspool_fill(), zspool_pin(), _swap(), _unpin(), _drop() */
proctype writer(byte me; byte h)
{
	byte v, z, i, p, q, new, vacant;
	bit ok, freed, gone;

	take_object(h, p, z, i, ok);
	if
	:: z != NONE ->
		new = LOCATE(z, i);
		p = HEAD(z, i);
		if
		:: i == 1 -> q = TAIL(z, i)
		:: else -> q = p
		fi;
		data[p] = 1 + NH + h;
		data[q] = 1 + NH + h;
		zs_word_pin(me, h, ok);
		v = word[h];
		if
		:: v & DEFER -> free_pinned(h, v); v = 0
		:: else
		fi;
		/* zspool_swap() */
		d_step {
			v = word[h];
			word[h] = (v & SYNC) | new;
			content[h] = 1 + NH + h;
			new = v
		}
		zs_word_unpin(h, v, ok, freed);
		if
		:: new & OBJ -> zspool_drop(h, new)
		:: else
		fi
	:: else
	fi;
	atomic { v = 0; z = 0; i = 0; p = 0; q = 0; new = 0; RESET; ended++ }
}

/* plain.c: zspool_alloc() of the handle that a freer puts; then it is read */
proctype taker(byte me; byte h)
{
	byte v, z, i, p, q, vacant;
	bit ok, freed, gone;

	handle_take(h);
	take_object(h, p, z, i, ok);
	if
	:: z != NONE ->
		data[HEAD(z, i)] = 1 + NH + h;
		data[TAIL(z, i)] = 1 + NH + h;
		d_step {
			word[h] = (word[h] & SYNC) | LOCATE(z, i);
			content[h] = 1 + NH + h
		}
		zs_word_pin(me, h, ok);
		v = word[h];
		read_pinned(h, v);
		zs_word_unpin(h, v, ok, freed)
	:: else
	fi;
	atomic { v = 0; z = 0; i = 0; p = 0; q = 0; RESET; ended++ }
}

proctype freer(byte h)
{
	byte v, z, i, vacant;
	bit ok, freed, gone;

	zspool_free(h, v, ok, freed);
	atomic { v = 0; z = 0; i = 0; RESET; ended++ }
}

proctype freer_irq(byte h)
{
	byte at;
	bit ok;

	zspool_free_irq(h, at, ok);
	atomic { at = 0; ok = 0; ended++ }
}

/* An object as the scene finds it. */
inline put_object(h, z, i)
{
#ifdef SOLE
	/* its page comes with it */
	nr_pages[z]++;
	pages[z * 2 + i] = z * 2 + i;
	private[z * 2 + i] = z + 1;
	ours = ours | BIT(z * 2 + i);
#endif
	owner[z * 3 + i] = h + 1;
	used[z] = used[z] | BIT(i);
	inuse[z]++;
	HDR(z, i) = h;
	word[h] = LOCATE(z, i);
	content[h] = 1 + h;
	data[HEAD(z, i)] = 1 + h;
	data[TAIL(z, i)] = 1 + h
}

/* A zspage of two pages. */
inline put_zspage(z, f)
{
	state[z] = LINKED;
	listed = listed | BIT(z);
	had = had | BIT(z);
#ifndef SOLE
	nr_pages[z] = 2;
	pages[z * 2] = f; pages[z * 2 + 1] = f + 1;
	private[f] = z + 1; private[f + 1] = z + 1;
	ours = ours | BIT(f) | BIT(f + 1)
#endif
}

/* zspool_check(), when nobody is at the pool any more */
inline check()
{
	assert(!class_lock && !folio_lock && !ref && !orphans && !dead);
	n = 0;
	for (i : 0 .. NH - 1) {
		assert(!(word[i] & SYNC));
		if
		:: word[i] & OBJ ->
			z = ID(word[i]); k = INDEX(word[i]);
			assert(state[z] == LINKED && owner[z * 3 + k] == i + 1);
			assert(IS_USED(z, k) && HDR(z, k) == i);
			assert(data[HEAD(z, k)] == content[i]);
			assert(data[TAIL(z, k)] == content[i]);
			n++
		:: else
		fi
	}
	for (z : 0 .. NZ - 1) {
		if
		:: state[z] == LINKED ->
			assert((listed & BIT(z)) && (inuse[z] || !(had & BIT(z))));
			assert(!moving[z] && !isolated[z]);
			assert(nr_pages[z] == (pages[z * 2] != NONE) +
					      (pages[z * 2 + 1] != NONE));
#ifdef SOLE
			/* an object in use has a page, one that is free none */
			for (k : 0 .. OBJS - 1) {
				assert(!(had & BIT(z)) || (owner[z * 3 + k] != 0) ==
				       (pages[z * 2 + k] != NONE))
			}
#endif
			assert(n >= inuse[z]);
			n = n - inuse[z]
		:: else -> assert(state[z] == FREED && !(listed & BIT(z)))
		fi
	}
	assert(n == 0);		/* no object that no word names */
	for (i : 0 .. NF - 1) {
		if
		:: ours & BIT(i) ->
			k = 0;
			for (z : 0 .. NZ * 2 - 1) {
				if
				:: pages[z] == i ->
					k++;
					assert(private[i] == z / 2 + 1)
				:: else
				fi
			}
			if
			:: stock & BIT(i) -> k++; assert(private[i] == STOCK)
			:: else
			fi;
			assert(k == 1)
		:: else -> assert(private[i] == 0)
		fi
	}
}

init {
	byte i, z, k, n;

	atomic {
		d_step {
		i = 0;
		do
		:: i < NZ * 2 -> pages[i] = NONE; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < NF * 2 -> hdr[i] = NIL; i++
		:: else -> break
		od;
		PUT
		}
		RUN; run defer_worker(); run release_worker();
	}
	(ended == NPROC && !defer_work && !release_work && !working);
	d_step { check(); CHECK }
}
