/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compact.pml - zspool/compact.c: one class, once
 */

/* A whole page comes with its object: there has to be none in its place. */
#ifndef SOLE
#define IS_TARGET(z)	((listed & BIT(z)) && HAS_ROOM(z))
#elif defined(BREAK_TARGET_HAS_PAGE)
#define IS_TARGET(z)	((listed & BIT(z)) && inuse[z] < OBJS)
#else
#define IS_TARGET(z)	((listed & BIT(z)) && inuse[z] < OBJS && \
			 !HAS_ROOM(z))
#endif

/* find_target(): any on the lists that has room as it is */
inline find_target(z)
{
	if
	:: IS_TARGET(0) -> z = 0
	:: IS_TARGET(1) -> z = 1
	:: IS_TARGET(2) -> z = 2
	:: !IS_TARGET(0) && !IS_TARGET(1) && !IS_TARGET(2) -> z = NONE
	fi
}

/* A whole page must stay where the VM will look for it. */
#if defined(SOLE) && !defined(BREAK_HAND_OVER_ISOLATED)
#define MUST_STAY(z, i)	(isolated[z] & BIT(i))
#else
#define MUST_STAY(z, i)	false
#endif

/* zs_zspage_hand_over(); f is the page on its way */
inline zs_zspage_hand_over(z, i, to, f)
{
	take_out(z, i, f);
	zs_zspage_grow(to, f)
}

/* move_object(): class->lock is held; to may be z */
inline move_object(z, i, to, at, h, v, ok)
{
	h = HDR(z, i);
#ifdef BREAK_COMPACT_NO_PIN
	ok = 1;
#else
	zs_word_trypin(h, ok);
#endif
	if
	:: ok ->
		atomic {
			v = word[h];
			ok = NAMES(v, z, i) && !(v & DEFER) && !MUST_STAY(z, i)
		}
		if
		:: ok ->
			d_step {
#ifdef SOLE
				zs_zspage_hand_over(z, i, to, at);
				zs_obj_take(to, h, at)
#else
				zs_obj_take(to, h, at);
				/* zs_obj_copy() */
				data[HEAD(to, at)] = data[HEAD(z, i)];
				data[TAIL(to, at)] = data[TAIL(z, i)]
#endif
			}
			d_step { word[h] = (word[h] & SYNC) | LOCATE(to, at) }
			d_step { zs_obj_put(z, i, h) }
		:: else
		fi;
#ifndef BREAK_COMPACT_NO_PIN
		unpin(h, v);
		unpin_locked_rest(h, v)
#endif
	:: else
	fi
}

/* zs_zspage_cut(): the pages that come off are the mask off */
inline zs_zspage_cut(z, i, off)
{
	d_step {
		i = OBJS;
		do
		:: i && !IS_USED(z, i - 1) -> i--
		:: else -> break
		od;
		i = PAGES_BELOW(i);
#ifndef BREAK_CUT_ISOLATED
		if
		:: isolated[z] & 2 -> i = 2
		:: isolated[z] == 1 && i == 0 -> i = 1
		:: else
		fi;
#endif
		do
		:: nr_pages[z] > i ->
			nr_pages[z]--;
			off = off | BIT(pages[z * 2 + nr_pages[z]]);
			private[pages[z * 2 + nr_pages[z]]] = 0;
			pages[z * 2 + nr_pages[z]] = NONE
		:: else -> break
		od
	}
}

/* zspool_compact() of one class: empty_zspage() once, squeeze() once */
proctype compact()
{
	byte z, i, to, at, h, v, off;
	bit ok, gone;

	atomic {
		LOCK_CLASS;
		find_open(z);
		if
		:: z != NONE ->
			/* empty_zspage() */
			listed = listed & ~BIT(z);
#ifndef BREAK_COMPACT_UNMARKED
			moving[z]++;
#endif
			i = 0
		:: else -> UNLOCK_CLASS
		fi
	}
	if
	:: z != NONE ->
		do
		:: atomic { i < OBJS ->
			ok = IS_USED(z, i) != 0;
			if
			:: ok -> find_target(to)
			:: else -> i++
			fi
		   }
			if
			:: ok && to == NONE -> break
			:: ok && to != NONE ->
				move_object(z, i, to, at, h, v, ok);
#ifdef BREAK_PRIVATE_LATE
				if
				:: ok -> atomic {
					off = pages[to * 2 + at];
					private[off] = z + 1;
					UNLOCK_CLASS
				   }
					private[off] = to + 1;
					atomic { LOCK_CLASS }
				:: else
				fi;
#endif
				i++;
				/* need_resched(), or somebody waits */
				if
				:: UNLOCK_CLASS; atomic { LOCK_CLASS }
				:: true
				fi
			:: else
			fi
		:: else -> break
		od;
		atomic {
#ifndef BREAK_COMPACT_UNMARKED
			moving[z]--;
#endif
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
		if
		:: gone -> bury_and_unlock(z, i, ok); release_work = 1
		:: else
		fi
	:: else
	fi;
#ifdef SQUEEZE
	/* squeeze_zspages() */
	gone = 0;
	off = 0;
	atomic { LOCK_CLASS; find_open(z) }
	if
	:: z != NONE && inuse[z] == 0 ->
		zs_zspage_settle(z, gone)
	:: z != NONE && inuse[z] ->
		ok = 1;
		do
		:: ok ->
			d_step {
				i = OBJS - 1;
				do
				:: !IS_USED(z, i) -> i--
				:: else -> break
				od;
				to = z
			}
			if
			:: FREE(z) < i -> move_object(z, i, to, at, h, v, ok)
			:: else -> ok = 0
			fi
		:: else -> break
		od
	:: else
	fi;
	if
	:: z != NONE && !gone -> zs_zspage_cut(z, i, off)
	:: else
	fi;
	if
	:: gone -> bury_and_unlock(z, i, ok); release_work = 1
	:: else -> UNLOCK_CLASS
	fi;
	for (z : 0 .. NF - 1) {
		if
		:: off & BIT(z) -> zs_page_put(z, ok)
		:: else
		fi
	}
#endif
	/* zs_stock_drain() */
	atomic {
		z = 0;
		do
		:: z < NF && !(stock & BIT(z)) -> z++
		:: else -> break
		od;
		if
		:: z < NF -> stock = 0; private[z] = 0
		:: else
		fi
	}
	if
	:: z < NF -> give_back(z, ok)
	:: else
	fi;
	atomic {
		z = 0; i = 0; to = 0; at = 0; h = 0; v = 0; off = 0;
		ok = 0; gone = 0;
		ended++
	}
}
