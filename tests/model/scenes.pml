/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scenes.pml - PUT: which handle is where at first; RUN: who does what.
 */
#ifdef SOLE
#define PUT_ONE		put_zspage(0, 0); put_object(0, 0, 1)
#define PUT_PAIR	put_zspage(0, 0); put_object(0, 0, 0); put_object(1, 0, 1)
#define PUT_APART	put_zspage(0, 0); put_object(0, 0, 0); \
			put_zspage(1, 2); put_object(1, 1, 1)
#else
#define PUT_ONE		put_zspage(0, 0); put_object(0, 0, 2)
#define PUT_PAIR	put_zspage(0, 0); put_object(0, 0, 1); put_object(1, 0, 2)
#define PUT_APART	put_zspage(0, 0); put_object(0, 0, 1); \
			put_zspage(1, 2); put_object(1, 1, 1)
#endif
#if defined(SCENE_READ)
#define NPROC 3
#define PUT PUT_APART
#define RUN run reader(0, 0); run vm(OPS); run compact()
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_FREE)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run reader(0, 0); run vm(OPS); run freer(0)
#define CHECK assert(!(word[0] & OBJ))
#elif defined(SCENE_WRITE)
#define NPROC 2
#define PUT PUT_PAIR
#define RUN run writer(0, 0); run vm(OPS)
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_WRITE_COMPACT)
#define NPROC 2
#define PUT PUT_APART
#define RUN run writer(0, 0); run compact()
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_EMPTY)
#define NPROC 2
#define PUT PUT_ONE
#define RUN run freer(0); run vm(OPS)
#define CHECK assert(!(word[0] & OBJ))
#elif defined(SCENE_REUSE)
#define NPROC 2
#define PUT PUT_ONE
#define RUN run writer(0, 0); run vm(OPS)
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_TWO_MOVES)
#define NPROC 3
#define PUT PUT_ONE
#define RUN run freer(0); run vm(OPS); run vm(OPS)
#define CHECK assert(!(word[0] & OBJ))
#elif defined(SCENE_DEFER)
#define NPROC 3
#define NH 3
#define PUT PUT_PAIR; put_object(2, 0, 0)
#define RUN run freer_irq(0); run freer_irq(1); run freer_irq(2)
#define CHECK assert(!(word[0] & OBJ) && !(word[1] & OBJ) && !(word[2] & OBJ))
#elif defined(SCENE_DEFER_MOVE)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run freer_irq(0); run vm(OPS); run reader(0, 0)
#define CHECK assert(!(word[0] & OBJ))
#elif defined(SCENE_PLAIN)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run freer(0); run vm(OPS); run compact()
#define CHECK assert(!(word[0] & OBJ) && handle_puts[0] == 1)
#elif defined(SCENE_AGAIN)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run freer(0); run compact(); run taker(0, 0)
#define CHECK assert(handle_puts[0] == 1)
#elif defined(SCENE_WALK)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run freer(0); run freer_irq(1); run vm(OPS)
#define CHECK assert(handle_puts[0] == 1 && handle_puts[1] == 1)
#elif defined(SCENE_HOP)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run freer(1); run writer(0, 0); run vm(OPS)
#define CHECK assert((word[0] & OBJ) && !(word[1] & OBJ))
#elif defined(SCENE_OVERWRITE)
#define NPROC 3
#define PUT PUT_ONE
#define RUN run freer(0); run writer(0, 0); run reader(1, 0)
#define CHECK skip
#elif defined(SCENE_GROW)
#define SQUEEZE
#define NPROC 2
#define PUT PUT_ONE
#define RUN run writer(0, 0); run compact()
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_SQUEEZE)
#define SQUEEZE
#define NPROC 3
#define PUT PUT_ONE
#define RUN run reader(0, 0); run vm(OPS); run compact()
#define CHECK assert(word[0] & OBJ)
#elif defined(SCENE_WAIT)
#define NPROC 3
#define PUT PUT_PAIR
#define RUN run reader(0, 0); run reader(1, 0); run freer(0)
#define CHECK assert(!(word[0] & OBJ))
#elif defined(SCENE_FREE_COMPACT)
#define NPROC 3
#define PUT PUT_APART
#define RUN run freer(0); run vm(OPS); run compact()
#define CHECK assert(!(word[0] & OBJ) && (word[1] & OBJ))
#endif
#ifndef OPS
#define OPS 1
#endif
#ifndef NH
#define NH 2			/* handles */
#endif
