/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * move.pml - zspool/migrate.c, and the VM that calls it
 */

/* objects_of_page() */
#ifdef SOLE
#define LAST(nth)	(nth)
#else
#define LAST(nth)	((nth) + 1)
#endif
#define FIRST(nth)	(nth)
#define END(nth)	(LAST(nth) + 1)

/* unpin_objects(): i is the first, up to end */
inline unpin_objects(z, i, end, h, v)
{
	do
	:: atomic { i < end ->
		v = 0;
		if
		:: IS_USED(z, i) -> h = HDR(z, i); unpin(h, v)
		:: else
		fi;
		i++
	   }
		unpin_locked_rest(h, v)
	:: else -> break
	od
}

/* pin_objects(): class->lock is held. Not ok: -EAGAIN, and no pin is kept. */
inline pin_objects(z, nth, i, end, h, v, ok)
{
	atomic { i = FIRST(nth); end = END(nth); ok = 1 }
#ifndef BREAK_NO_PIN
	do
	:: atomic { ok && i < end ->
		if
		:: IS_USED(z, i) ->
			h = HDR(z, i);
#ifdef BREAK_PIN_WAITS
			(word[h] & PIN) == 0;
#endif
			v = word[h];
			word[h] = v | PIN;
			ok = !(v & PIN)
		:: else -> v = LOCATE(z, i)
		fi
	   }
#ifndef BREAK_NO_FLIGHT
		if
		:: ok && !NAMES(v, z, i) ->
			ok = 0;
			unpin(h, v);
			unpin_locked_rest(h, v)
		:: else
		fi;
#endif
		if
		:: ok -> i++
		:: else -> end = i; i = FIRST(nth);
			unpin_objects(z, i, end, h, v)
		fi
	:: else -> break
	od
#endif
}

/* zs_isolate(): an async caller's, the lock is tried for */
inline zs_isolate(f, z, nth, ok)
{
	ok = 0;
	atomic {
		zs_zspage_of_page(f, false, z, nth);
		if
		:: z != NONE ->
			assert(ours & BIT(f));
			ok = !(isolated[z] & BIT(nth));
			isolated[z] = isolated[z] | BIT(nth);
			UNLOCK_CLASS
		:: else
		fi
	}
}

/* zs_putback() */
inline zs_putback(f, z, nth, i, gone, ok)
{
	zs_zspage_of_page(f, true, z, nth);
	assert(z != NONE);	/* WARN_ON_ONCE() */
	atomic {
		isolated[z] = isolated[z] & ~BIT(nth);
#ifdef BREAK_PUTBACK_KEEPS
		vacant = NONE;
#else
		zs_zspage_vacate(z, nth, vacant);
#endif
		zs_zspage_settle(z, gone);
		if
		:: gone
		:: else -> UNLOCK_CLASS
		fi
	}
	settled(z, i, gone, ok)
}

/* zs_move_begin(); not ok: -EAGAIN */
inline zs_move_begin(f, z, nth, i, end, h, v, ok)
{
	zs_zspage_of_page(f, false, z, nth);	/* or -EAGAIN */
	ok = 0;
	if
	:: z != NONE ->
		assert(ours & BIT(f));
		pin_objects(z, nth, i, end, h, v, ok);
		atomic {
			if
			:: ok ->
#ifndef BREAK_STAYS_LISTED
				listed = listed & ~BIT(z);
#endif
				moving[z]++
			:: else
			fi;
			UNLOCK_CLASS
		}
	:: else
	fi
}

/* zs_move_end(); to is NONE if the VM's part failed */
inline zs_move_end(f, to, z, nth, i, end, h, v, ok)
{
	atomic {
		LOCK_CLASS;
		assert(state[z] == LINKED && moving[z] && pages[z * 2 + nth] == f);
		i = FIRST(nth);
		end = END(nth);
#ifndef BREAK_ISOLATED_STAYS
		if
		:: to != NONE -> isolated[z] = isolated[z] & ~BIT(nth)
		:: else
		fi;
#endif
#ifndef BREAK_UNPIN_FIRST
		pages[z * 2 + nth] = (to != NONE -> to : f)
#endif
	}
#ifndef BREAK_NO_PIN
	unpin_objects(z, i, end, h, v);
#endif
	atomic {
#ifdef BREAK_UNPIN_FIRST
		pages[z * 2 + nth] = (to != NONE -> to : f);
#endif
		vacant = NONE;
#ifndef BREAK_MOVED_KEEPS
		if
		:: to != NONE -> zs_zspage_vacate(z, nth, vacant)
		:: else
		fi;
#endif
		moving[z]--;
		gone = 0;
		if
		:: !moving[z] ->
			listed = listed | BIT(z);
			zs_zspage_settle(z, gone)
		:: else
		fi;
		if
		:: gone
		:: else -> UNLOCK_CLASS
		fi
	}
	settled(z, i, gone, ok)
}

#define FOLIO_LOCK(f)	(folio_lock & BIT(f)) == 0 -> \
			folio_lock = folio_lock | BIT(f)
#define FOLIO_UNLOCK(f)	folio_lock = folio_lock & ~BIT(f)

/* zs_stock_steal() with its release; the lock is tried for: may fail */
inline zs_stock_steal(f, ok)
{
	atomic {
		ok = 0;
		if
		:: stock & BIT(f) -> stock = 0; free_page(f); ok = 1
		:: true
		fi
	}
}

/*
 * The VM moves the page f, or gives up: it asks as often as it likes. With
 * movable_ops it isolates first (isolate_movable_page(), ops_isolate()), moves
 * (ops_migrate()) and puts back what it could not. From the page cache it comes
 * with the folio lock only (cache_migrate_folio()), and its part may fail.
 */
proctype vm(bit ops)
{
	byte f, to, z, nth, i, end, h, v, vacant;
	bit ok, gone, taken;

	/* any page that is ours at this moment */
	atomic {
		do
		:: f < NF - 1 -> f++
		:: ours & BIT(f) -> ref = ref | BIT(f); break
		:: f = NONE; break
		od
	}
	if
	:: f != NONE && ops ->
		atomic {
			FOLIO_LOCK(f);
			ok = 1;
			if
			:: ours & BIT(f) -> zs_stock_steal(f, ok)
			:: else
			fi
		}
		if
		:: !ok -> zs_isolate(f, z, nth, taken);
			assert(ours & BIT(f))
		:: else
		fi;
		atomic { z = 0; nth = 0; ok = 0; FOLIO_UNLOCK(f) }
	:: else -> taken = !ops && f != NONE
	fi;
	do
	:: taken ->
		atomic {
			FOLIO_LOCK(f);
			if
			:: ops -> assert(ours & BIT(f))
			:: !ops && (ours & BIT(f)) ->
				zs_stock_steal(f, ok);
				taken = !ok
			:: else -> taken = 0	/* it has no mapping */
			fi
		}
		if
		:: taken -> atomic {
			alloc_page(to);
			if
			:: to < NF -> ref = ref | BIT(to);
				folio_lock = folio_lock | BIT(to)
			:: else -> goto give_up
			fi
		   }
		:: taken -> goto give_up
		:: else -> goto unlock
		fi;
		zs_move_begin(f, z, nth, i, end, h, v, ok);
		assert(ours & BIT(f));
		if
		:: ok ->
			/* copy_highpage(), filemap_migrate_folio() */
			d_step { hdr[to * 2] = hdr[f * 2]; data[to * 2] = data[f * 2] }
			d_step {
				hdr[to * 2 + 1] = hdr[f * 2 + 1];
				data[to * 2 + 1] = data[f * 2 + 1]
			}
			d_step { private[to] = z + 1; ours = ours | BIT(to) }
			zs_move_end(f, to, z, nth, i, end, h, v, ok);
			d_step { free_page(f); taken = 0 }
		:: ok && !ops ->
			/* migrate_folio() fails: somebody has a reference */
			zs_move_end(f, NONE, z, nth, i, end, h, v, ok)
		:: !ok
		fi;
		d_step {
			folio_lock = folio_lock & ~BIT(to);
			ref = ref & ~BIT(to);
			if
			:: ours & BIT(to)
			:: else -> hdr[to * 2] = NIL; hdr[to * 2 + 1] = NIL
			fi
		}
		goto unlock;
give_up:
		if
		:: ops -> zs_putback(f, z, nth, i, gone, ok)
		:: else
		fi;
		taken = 0;
		assert(ours & BIT(f));
unlock:
		atomic {
			z = 0; nth = 0; i = 0; end = 0; h = 0; v = 0; to = 0;
			ok = 0; gone = 0;
			FOLIO_UNLOCK(f)
		}
	:: else -> break
	od;
	atomic {
		if
		:: f != NONE -> ref = ref & ~BIT(f)
		:: else
		fi;
		f = 0;
		ended++
	}
}
