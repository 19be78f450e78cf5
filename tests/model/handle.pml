/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handle.pml - zspool/handle.c: the word and its pin
 *
 * One step for each atomic operation on a word. A value that is read under the
 * pin changes in its synchronisation bits only, so where these are not looked at
 * the reading is part of the step before.
 */

/* test_and_set_bit_lock() */
inline zs_word_trypin(h, ok)
{
	d_step { ok = !(word[h] & PIN); word[h] = word[h] | PIN }
}

/* wake_up_var(): everybody who is queued for this word */
inline wake_up_var(h)
{
	d_step {
		if :: queued[0] == h + 1 -> queued[0] = 0 :: else fi;
		if :: queued[1] == h + 1 -> queued[1] = 0 :: else fi
	}
}

/* unpin() is these two: the waiter is woken after the word has changed */
inline unpin(h, old)
{
	d_step {
		old = word[h];
		assert(old & PIN);
		word[h] = word[h] & ~(PIN | WAIT)
	}
}

inline unpin_wake(h, old)
{
	if
	:: old & WAIT -> wake_up_var(h)
	:: else
	fi
}

/* zs_word_pin(), wait_var_event() and pin_or_mark(); the short spin is no more */
inline zs_word_pin(me, h, ok)
{
	zs_word_trypin(h, ok);
	do
	:: ok -> break
	:: else ->
#ifdef BREAK_MARK_BEFORE_QUEUE
		d_step { ok = !(word[h] & PIN); word[h] = word[h] | PIN | WAIT }
		if :: !ok -> queued[me] = h + 1 :: else fi;
#else
		queued[me] = h + 1;
		d_step { ok = !(word[h] & PIN); word[h] = word[h] | PIN | WAIT }
#endif
		if
		:: ok -> queued[me] = 0
		:: else -> queued[me] == 0	/* schedule() */
		fi
	od
}

/* free_pinned(): takes class->lock, with the pin held */
inline free_pinned(h, v)
{
	v = word[h];
#ifdef PLAIN
	assert(v & OBJ);	/* WARN_ON_ONCE() */
#endif
	d_step { word[h] = word[h] & (PIN | WAIT) };	/* word_replace() */
	if
	:: v & OBJ -> zspool_drop(h, v)
	:: else
	fi
}

/* zs_word_unpin() */
inline zs_word_unpin(h, v, ok, freed)
{
	freed = 0;
	do
	:: true ->
		if
		:: word[h] & DEFER -> free_pinned(h, v); freed = 1
		:: else
		fi;
		unpin(h, v);
		unpin_wake(h, v);
#ifdef BREAK_UNPIN_LOOKS_ONCE
		break
#else
		if
		:: v & DEFER -> zs_word_trypin(h, ok)
		:: else -> ok = 0
		fi;
		if
		:: ok
		:: else -> break
		fi
#endif
	od;
#ifdef PLAIN
	if
	:: freed -> zs_handle_put(h)
	:: else
	fi
#endif
}

/*
 * zs_word_unpin_locked() after its unpin(): the free is the worker's to do. It is listed
 * as zspool_free_irq() does; here the worker always walks, which has fewer states.
 */
inline unpin_locked_rest(h, old)
{
	unpin_wake(h, old);
#ifndef BREAK_UNPIN_LOCKED_FORGETS
	if
	:: old & DEFER -> put_off_walk = 1; defer_work = 1
	:: else
	fi
#endif
}

/*
 * plain.c: the handle is free, or taken again. Who has seen DEFER may yet have its
 * pin, and find that there is nothing to do.
 */
#ifdef BREAK_PUT_FORGETS_PIN
#define OF_FREE(word)	0
#else
#define OF_FREE(word)	((word) & SYNC)		/* zs_word_set() */
#endif
inline zs_handle_put(h)
{
	d_step {
		handle_puts[h]++;
		assert(handle_puts[h] == 1);
		word[h] = OF_FREE(word[h])
	}
}

inline handle_take(h)
{
	d_step { handle_puts[h] == 1 -> word[h] = OF_FREE(word[h]) }
}

/* zspool_free() where it may take locks: who has the pin, or we, sees DEFER */
inline zspool_free(h, v, ok, freed)
{
#ifdef BREAK_FREE_LOOKS_FIRST
	v = word[h];
	word[h] = word[h] | DEFER | PIN;
#else
	d_step { v = word[h]; word[h] = word[h] | DEFER | PIN }
#endif
	if
	:: v & PIN -> skip
	:: else -> zs_word_unpin(h, v, ok, freed)
	fi
}

/* zspool_free() from irq: put_off() */
inline zspool_free_irq(h, at, ok)
{
	word[h] = word[h] | DEFER;
	d_step { at = nr_put_off; nr_put_off++ }
	d_step {
		ok = at == 0 && put_off == 0;
		if
		:: ok -> put_off = h + 1
		:: else -> put_off_walk = 1
		fi
	}
#ifndef BREAK_PUT_OFF_LATE
	/* a worker may have taken the list, with this place and who was there */
	if
	:: ok && nr_put_off <= at -> put_off_walk = 1
	:: else
	fi;
#endif
	defer_work = 1
}

/* carry_out() */
inline carry_out(h, v, ok, freed)
{
	if
	:: word[h] & DEFER ->
		zs_word_trypin(h, ok);
		if
		:: ok -> zs_word_unpin(h, v, ok, freed)
		:: else
		fi
	:: else
	fi
}

/* zs_defer_work() */
proctype defer_worker()
{
	byte v, h, n, z, i, vacant;
	bit ok, freed, gone, walk;

end:	do
	:: atomic { defer_work -> defer_work = 0; working++ }
		d_step { walk = put_off_walk; put_off_walk = 0 }
		d_step { n = nr_put_off; nr_put_off = 0 }
		d_step {
			/* the one that is listed, if it is there already */
			if
			:: n && put_off -> n = put_off; h = n - 1
			:: n && !put_off -> h = 0; n = 0; walk = 1
			:: else -> h = 0
			fi;
			put_off = (n -> 0 : put_off)
		}
		do
		:: h < n -> carry_out(h, v, ok, freed); h++
		:: h >= n && walk -> walk = 0; h = 0; n = NH
		:: h >= n && !walk -> break
		od;
		atomic {
			h = 0; n = 0; v = 0; z = 0; i = 0;
			ok = 0; freed = 0; gone = 0;
			working--
		}
	od
}
