/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zspage.pml - zspool/zspage.c, stock.c and pool.c: objects, zspages, pages
 *
 * With class->lock held what only that lock protects takes no step of its own.
 * A section of stock_lock or id_lock is one step, as the list of the dead is: none has a
 * lock or a wait inside. The pool keeps one page in its stock (ZS_STOCK_MAX).
 */

/* zs_obj_take(); that the object was free is what the model knows */
inline zs_obj_take(z, h, i)
{
	i = FREE(z);
	assert(i < OBJS && owner[z * 3 + i] == 0);
	HDR(z, i) = h;
	used[z] = used[z] | BIT(i);
	had = had | BIT(z);
	owner[z * 3 + i] = h + 1;
	inuse[z]++
}

/* zs_obj_put(); nobody may read its bytes from here on */
inline zs_obj_put(z, i, h)
{
	assert(state[z] == LINKED && owner[z * 3 + i] == h + 1);
	assert(IS_USED(z, i) && HDR(z, i) == h);
	data[HEAD(z, i)] = POISON;
	data[TAIL(z, i)] = POISON;
	/* it stays as it is; here whoever looks shall be found out */
	HDR(z, i) = NIL;
	used[z] = used[z] & ~BIT(i);
	owner[z * 3 + i] = 0;
	inuse[z]--
}

#if defined(BREAK_FREE_ISOLATED)
#define BUSY(z)	moving[z]
#elif defined(BREAK_FREE_MOVING)
#define BUSY(z)	isolated[z]
#else
#define BUSY(z)	(moving[z] || isolated[z])
#endif

/* zs_zspage_settle() up to zs_bury(), whose pages are bury_pages() */
inline zs_zspage_settle(z, gone)
{
	gone = !(inuse[z] || BUSY(z));
	if
	:: gone ->
		assert(state[z] == LINKED && (listed & BIT(z)));
		listed = listed & ~BIT(z);
		state[z] = DEAD
	:: else
	fi
}

/* stock_put(): the page goes without its folio lock */
inline stock_put(f, ok)
{
	d_step {
		ok = !stock;
		if
		:: ok -> private[f] = STOCK; stock = BIT(f)
		:: else
		fi
	}
}

/* zs_zspage_free_desc() */
inline zs_zspage_free_desc(z)
{
	d_step {
		pages[z * 2] = NONE; pages[z * 2 + 1] = NONE;
		nr_pages[z] = 0; used[z] = 0; had = had & ~BIT(z);
		state[z] = FREED
	}
}

/* The rest of zs_bury(), class->lock held; then it is let go. */
inline bury_and_unlock(z, i, ok)
{
	i = z * 2;
	do
	:: atomic { i < z * 2 + 2 ->
		if
		:: pages[i] != NONE ->
			stock_put(pages[i], ok);
			pages[i] = (ok -> NONE : pages[i])
		:: else
		fi;
		i++
	   }
	:: else -> break
	od;
	atomic {
		if
		:: pages[z * 2] == NONE && pages[z * 2 + 1] == NONE ->
			zs_zspage_free_desc(z)
		:: else -> dead = dead | BIT(z)
		fi;
		i = 0;
		UNLOCK_CLASS
	}
}

/* take_out(): f is the page */
inline take_out(z, nth, f)
{
	f = pages[z * 2 + nth];
	pages[z * 2 + nth] = NONE;
	nr_pages[z]--
}

/* The page is the object's, or the VM's. */
#if defined(BREAK_VACATE_ISOLATED)
#define STAYS(z, nth)	IS_USED(z, nth)
#elif defined(BREAK_VACATE_USED)
#define STAYS(z, nth)	(isolated[z] & BIT(nth))
#else
#define STAYS(z, nth)	((isolated[z] & BIT(nth)) || IS_USED(z, nth))
#endif

/* zs_zspage_vacate(): f is NONE if there is no page to take out */
inline zs_zspage_vacate(z, nth, f)
{
#ifdef SOLE
	d_step {
		f = NONE;
		if
		:: pages[z * 2 + nth] == NONE || STAYS(z, nth)
		:: else ->
			private[pages[z * 2 + nth]] = 0;
			take_out(z, nth, f)
		fi
	}
#else
	skip
#endif
}

/*
 * What follows zs_zspage_settle(): zs_page_put() for the page that is vacant,
 * and zs_release_dead(). What is left of the zspage is the worker's here, who
 * does what the caller does where that may sleep.
 */
inline settled(z, i, gone, ok)
{
	if
	:: gone -> bury_and_unlock(z, i, ok); release_work = 1
	:: else
	fi
#ifdef SOLE
	;
	if
	:: vacant != NONE -> zs_page_put(vacant, ok)
	:: else
	fi;
	vacant = 0
#endif
}

/* zspool_drop() */
inline zspool_drop(h, v)
{
	atomic {
		LOCK_CLASS;
		z = ID(v); i = INDEX(v);
		zs_obj_put(z, i, h);
		zs_zspage_vacate(z, i, vacant);
		zs_zspage_settle(z, gone);
		if
		:: gone
		:: else -> UNLOCK_CLASS
		fi
	}
	settled(z, i, gone, ok)
}

/*
 * zs_zspage_of_page(): class->lock is held if z is not NONE. Without block it
 * may fail at any time: the lock may have been taken and given back.
 */
inline zs_zspage_of_page(f, block, z, nth)
{
	z = private[f];
	if
	:: z == 0 || z >= STOCK -> z = NONE
	:: else ->
		z--;
		if
		:: atomic {
			LOCK_CLASS;
			/* holds_page() */
			if
#ifdef BREAK_LOOK_ONCE
			:: pages[z * 2] == f || pages[z * 2 + 1] != f -> nth = 0
			:: pages[z * 2 + 1] == f -> nth = 1
#else
			:: state[z] == LINKED && pages[z * 2] == f -> nth = 0
			:: state[z] == LINKED && pages[z * 2 + 1] == f -> nth = 1
			:: else -> z = NONE; UNLOCK_CLASS
#endif
			fi
		   }
		:: !block -> z = NONE
		fi
	fi
}

/* zs_page_get(): from the stock or the kernel */
inline zs_page_get(f)
{
	d_step {
		if
		:: stock ->
			f = 0;
			do :: !(stock & BIT(f)) -> f++ :: else -> break od;
			stock = 0
		:: else ->
			alloc_page(f);
			if :: f < NF -> ours = ours | BIT(f) :: else fi
		fi;
		if :: f < NF -> private[f] = 0 :: else fi
	}
}

/* orphan() */
inline orphan(f)
{
	d_step { private[f] = ORPHAN; orphans = orphans | BIT(f) }
	release_work = 1
}

/* zs_page_put() */
inline zs_page_put(f, ok)
{
	stock_put(f, ok);
	if
	:: ok
	:: else -> give_back(f, ok)
	fi
}

/* route->release(): the folio lock is tried for, never waited for */
inline release(f, ok)
{
	d_step {
#ifdef BREAK_RELEASE_UNLOCKED
		ok = 1;
#else
		ok = !(folio_lock & BIT(f));
#endif
		if
		:: ok -> free_page(f)
		:: else
		fi
	}
}

/* give_back() */
inline give_back(f, ok)
{
	release(f, ok);
	if
	:: ok
	:: else -> orphan(f)
	fi
}

/* zs_zspage_grow(): class->lock is held */
inline zs_zspage_grow(z, f)
{
	private[f] = z + 1;
#ifdef SOLE
	pages[z * 2 + FREE(z)] = f;
#else
	pages[z * 2 + nr_pages[z]] = f;
#endif
	nr_pages[z]++;
	f = NONE
}

/* find_open(), find_source(): any of those on the lists that are not full */
inline find_open(z)
{
	if
	:: (listed & BIT(0)) && inuse[0] < OBJS -> z = 0
	:: (listed & BIT(1)) && inuse[1] < OBJS -> z = 1
	:: (listed & BIT(2)) && inuse[2] < OBJS -> z = 2
	:: !((listed & BIT(0)) && inuse[0] < OBJS) &&
	   !((listed & BIT(1)) && inuse[1] < OBJS) &&
	   !((listed & BIT(2)) && inuse[2] < OBJS) -> z = NONE
	fi
}

/*
 * take_object(): try_take(), get_spare(), add_zspage() and around again. The
 * object is z, i; z is NONE if there is no memory.
 */
inline take_object(h, f, z, i, ok)
{
	f = NONE;
	do
	:: atomic {
		LOCK_CLASS;
		find_open(z);
		ok = 0;
		if
		:: z != NONE ->
			if
			:: !HAS_ROOM(z) && f != NONE -> zs_zspage_grow(z, f)
			:: else
			fi;
			if
			:: HAS_ROOM(z) -> zs_obj_take(z, h, i); ok = 1
			:: else
			fi
		:: else
		fi;
		UNLOCK_CLASS
	   }
		if
		:: ok -> break
		:: !ok && f == NONE ->
			zs_page_get(f);
			if
			:: f == NF -> z = NONE; break
			:: else
			fi
		:: else
		fi;
		if
		:: z == NONE ->
			/* zs_zspage_new(), add_zspage() */
			d_step {
				z = 0;
				do
				:: z < NZ && state[z] != FREED -> z++
				:: else -> break
				od;
				if :: z < NZ -> state[z] = FRESH :: else fi
			}
			if
			:: z == NZ -> z = NONE; break
			:: else
			fi;
			atomic {
				LOCK_CLASS;
				zs_zspage_grow(z, f);
				state[z] = LINKED;
				listed = listed | BIT(z);
				UNLOCK_CLASS
			}
		:: else
		fi
	od;
	if
	:: f < NF -> zs_page_put(f, ok)
	:: else
	fi
}

/* The lowest of a mask that is not empty. */
inline first_of(mask, n)
{
	n = 0;
	do
	:: !(mask & BIT(n)) -> n++
	:: else -> break
	od
}

/* zs_release_work() and release_all(), without waiting */
proctype release_worker()
{
	byte f, z, mine, left;
	bit ok;

end:	do
	:: atomic { release_work -> release_work = 0; working++;
		mine = orphans; orphans = 0;
	   }
		/* release_orphans() */
		do
		:: mine ->
			atomic {
				first_of(mine, f);
				mine = mine & ~BIT(f);
				private[f] = 0
			}
			give_back(f, ok)
		:: else -> break
		od;
		atomic { mine = dead; dead = 0; f = 0 }
		do
		:: mine ->
			/* release_zspage() */
			atomic {
				first_of(mine, z);
				mine = mine & ~BIT(z);
				f = z * 2; left = 0
			}
			do
			:: atomic { f < z * 2 + 2 ->
				if
				:: pages[f] != NONE ->
					release(pages[f], ok);
					pages[f] = (ok -> NONE : pages[f]);
					left = left | !ok
				:: else
				fi;
				f++
			   }
			:: else -> break
			od;
			atomic {
				f = 0;
				if
				:: left -> dead = dead | BIT(z);
					release_work = 1
				:: else -> zs_zspage_free_desc(z)
				fi;
				z = 0; left = 0; ok = 0
			}
		:: else -> break
		od;
		atomic { f = 0; ok = 0; working-- }
	od
}
