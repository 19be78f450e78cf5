// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - working memory of codecs, made on first use
 *
 * A context is some 20 KiB to a MiB, and there is one for each CPU that has
 * work for it; so a device that is not used has none. The first compressor and
 * decompressor are made when somebody opens the device to write. A CPU that has
 * none of its own uses these, behind their mutex, and asks a worker for one.
 *
 * So the I/O path, which may be the system's way out of having no memory,
 * allocates no context: but for the first ones, if by some way there are none
 * yet, and then a write may fail for want of memory.
 *
 * Contexts stay until the codec goes: whoever has looked one up may use it, and
 * the pointers to them need no lock, only an order: contents before pointer.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>
#include "zblock.h"

/* No memory for a context: there is the first one, so there is no hurry. */
#define TRY_AGAIN	HZ

/* Work can go on without, so nothing shall be killed for it. */
#define GFP_WORKER	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/*
 * Is memory of this size the slab allocator's? More than a page comes in whole pages, as
 * few as it takes: of the 157 KiB that zstd decompresses with the slab allocator would
 * make 256. But it has KASAN see who goes past the end.
 */
static bool is_slab_size(size_t size)
{
	return size <= PAGE_SIZE || IS_ENABLED(CONFIG_KASAN);
}

static void *new_mem(size_t size, gfp_t gfp, int node)
{
	const gfp_t easy = (gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_NORETRY |
			   __GFP_NOWARN;
	unsigned int order = get_order(size);
	struct page *page;
	unsigned long i;

	if (is_slab_size(size))
		return kvmalloc_node(size, gfp, node);
	/* in one piece, which takes fewer entries of the TLB */
	page = alloc_pages_node(node, easy, order);
	if (!page)
		return __vmalloc(size, gfp);
	split_page(page, order);
	for (i = PAGE_ALIGN(size) >> PAGE_SHIFT; i < BIT(order); i++)
		__free_page(page + i);
	return page_address(page);
}

static void free_mem(void *mem, size_t size)
{
	if (!mem || is_slab_size(size) || is_vmalloc_addr(mem))
		kvfree(mem);
	else
		free_pages_exact(mem, size);
}

/* What the kernel gave for @size. */
static size_t mem_bytes(const void *mem, size_t size)
{
	if (!mem)
		return 0;
	return is_slab_size(size) && !is_vmalloc_addr(mem) ? ksize(mem) :
							     PAGE_ALIGN(size);
}

/* A unit of several pages need not lie in one piece: there is to be room for it. */
static bool has_unit(const struct zblock_codec *codec)
{
	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) && codec->params.unit > PAGE_SIZE;
}

static size_t buf_size(const struct zblock_codec *codec, enum zblock_role role)
{
	return role == ZBLOCK_CCTX ? zblock_codec_room(codec) :
				     codec->params.unit;
}

static size_t mem_size(const struct zblock_codec *codec, enum zblock_role role)
{
	return role == ZBLOCK_CCTX ? codec->ops->cctx_size(&codec->params) :
				     zblock_codec_dctx_size(codec);
}

static void free_context(struct zblock_context *c)
{
	free_mem(c->unit, c->codec->params.unit);
	free_mem(c->mem, mem_size(c->codec, c->role));
	free_mem(c->buf, buf_size(c->codec, c->role));
	kfree(c);
}

static struct zblock_context *new_context(struct zblock_codec *codec,
					  enum zblock_role role, gfp_t gfp,
					  int node)
{
	const struct zblock_codec_ops *ops = codec->ops;
	void *(*init)(const struct zblock_codec_params *, void *, size_t) =
		role == ZBLOCK_CCTX ? ops->init_cctx : ops->init_dctx;
	size_t size = mem_size(codec, role);
	struct zblock_context *c;

	c = kzalloc_node(sizeof(*c), gfp, node);
	if (!c)
		return NULL;
	mutex_init(&c->lock);
	c->codec = codec;
	c->role = role;
	c->buf = new_mem(buf_size(codec, role), gfp, node);
	if (size)
		c->mem = new_mem(size, gfp | __GFP_ZERO, node);
	c->ctx = c->mem && init ? init(&codec->params, c->mem, size) : c->mem;
	if (has_unit(codec))
		c->unit = new_mem(codec->params.unit, gfp, node);
	if (!c->buf || (size && !c->ctx) || (has_unit(codec) && !c->unit)) {
		free_context(c);
		return NULL;
	}
	return c;
}

/* Show a context to those who look without a lock: see the top of this file. */
static void show(struct zblock_context **where, struct zblock_context *c)
{
	/* pairs with see() */
	smp_store_release(where, c);
}

static struct zblock_context *see(struct zblock_context **where)
{
	/* pairs with show() */
	return smp_load_acquire(where);
}

static void fill_cpus(struct work_struct *work)
{
	struct zblock_codec *codec = container_of(to_delayed_work(work),
						  struct zblock_codec, worker);
	enum zblock_role role;
	bool done = true;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct zblock_codec_cpu *own = per_cpu_ptr(codec->cpu, cpu);

		for (role = 0; role < ZBLOCK_ROLES; role++) {
			if (!READ_ONCE(own->want[role]) || own->context[role])
				continue;
			show(&own->context[role],
			     new_context(codec, role, GFP_WORKER,
					 cpu_to_node(cpu)));
			done &= !!own->context[role];
		}
	}
	if (!done)
		schedule_delayed_work(&codec->worker, TRY_AGAIN);
}

/**
 * zblock_contexts_init() - no contexts yet
 * @codec: to be
 *
 * Context: process; may sleep and reclaim.
 * Return: 0 or -ENOMEM
 */
int zblock_contexts_init(struct zblock_codec *codec)
{
	mutex_init(&codec->first_lock);
	INIT_DELAYED_WORK(&codec->worker, fill_cpus);
	codec->cpu = alloc_percpu(struct zblock_codec_cpu);
	return codec->cpu ? 0 : -ENOMEM;
}

/**
 * zblock_contexts_free() - the reverse of all the others
 * @codec: nobody uses it any more
 *
 * Context: process; may sleep.
 */
void zblock_contexts_free(struct zblock_codec *codec)
{
	enum zblock_role role;
	unsigned int cpu;

	cancel_delayed_work_sync(&codec->worker);
	for (role = 0; role < ZBLOCK_ROLES; role++) {
		struct zblock_context *first = codec->first[role], *c;

		for_each_possible_cpu(cpu) {
			c = per_cpu_ptr(codec->cpu, cpu)->context[role];
			if (c && c != first)
				free_context(c);
		}
		if (first)
			free_context(first);
	}
	free_percpu(codec->cpu);
}

/*
 * The context that CPUs without one of their own use. Made for this CPU, and so
 * on any node.
 */
static struct zblock_context *first_context(struct zblock_codec *codec,
					    enum zblock_role role, gfp_t gfp)
{
	struct zblock_codec_cpu *own = raw_cpu_ptr(codec->cpu);
	struct zblock_context *c = see(&codec->first[role]);

	if (c)
		return c;
	mutex_lock(&codec->first_lock);
	c = codec->first[role];
	if (!c) {
		c = new_context(codec, role, gfp, NUMA_NO_NODE);
		/* no CPU asks for its own before there is a first: no race for @own */
		show(&own->context[role], c);
		show(&codec->first[role], c);
	}
	mutex_unlock(&codec->first_lock);
	return c;
}

/**
 * zblock_contexts_reserve() - have a compressor and a decompressor
 * @codec: the codec
 * @gfp: how to allocate them
 *
 * They are shared by the CPUs that have none. Those of units are used for pages, too.
 *
 * Context: process; sleeps as @gfp says.
 * Return: 0 or -ENOMEM
 */
int zblock_contexts_reserve(struct zblock_codec *codec, gfp_t gfp)
{
	enum zblock_role role;

	for (role = 0; role < ZBLOCK_ROLES; role++)
		if (!first_context(codec->from[role], role, gfp))
			return -ENOMEM;
	return 0;
}

static size_t context_bytes(const struct zblock_context *c)
{
	if (!c)
		return 0;
	return ksize(c) + mem_bytes(c->buf, buf_size(c->codec, c->role)) +
	       mem_bytes(c->mem, mem_size(c->codec, c->role)) +
	       mem_bytes(c->unit, c->codec->params.unit);
}

/**
 * zblock_contexts_size() - memory of a codec's contexts and tables
 * @codec: the codec
 *
 * Its dictionary is its algorithm's.
 *
 * Context: any; the codec must not go.
 * Return: bytes
 */
size_t zblock_contexts_size(struct zblock_codec *codec)
{
	size_t sum = sizeof(*codec) + codec->params.data_size +
		     num_possible_cpus() * sizeof(struct zblock_codec_cpu);
	enum zblock_role role;
	unsigned int cpu;

	for (role = 0; role < ZBLOCK_ROLES; role++) {
		const struct zblock_context *first = see(&codec->first[role]), *c;

		sum += context_bytes(first);
		for_each_possible_cpu(cpu) {
			c = see(&per_cpu_ptr(codec->cpu, cpu)->context[role]);
			if (c != first)
				sum += context_bytes(c);
		}
	}
	return sum;
}

/* The first one; and ask, once, for one of this CPU. */
static struct zblock_context *borrow(struct zblock_codec *codec,
				     enum zblock_role role)
{
	struct zblock_codec_cpu *own = raw_cpu_ptr(codec->cpu);
	struct zblock_context *c = first_context(codec, role,
						 GFP_NOIO | __GFP_NOWARN);

	if (c && !READ_ONCE(own->context[role]) && !READ_ONCE(own->want[role])) {
		WRITE_ONCE(own->want[role], true);
		schedule_delayed_work(&codec->worker, 0);
	}
	return c;
}

/*
 * One that nobody has. Whoever has this CPU's may be preempted for long: an idle task's,
 * or one of a group that has used up its share.
 */
static struct zblock_context *find_free(struct zblock_codec *from,
					enum zblock_role role)
{
	unsigned int cpu;

	for_each_cpu_wrap(cpu, cpu_online_mask, raw_smp_processor_id() + 1) {
		struct zblock_context *c =
			see(&per_cpu_ptr(from->cpu, cpu)->context[role]);

		if (c && mutex_trylock(&c->lock))
			return c;
	}
	return NULL;
}

/**
 * zblock_context_get() - borrow a context, this CPU's if nobody has it
 * @codec: the codec
 * @role: to compress with, or to decompress
 *
 * Context: process; may sleep. Reclaim comes here, so allocate nothing that
 * may reclaim before zblock_context_put(). May not be called with a pin held.
 * Return: the context; NULL if there is none yet, and no memory for one
 */
struct zblock_context *zblock_context_get(struct zblock_codec *codec,
					  enum zblock_role role)
{
	struct zblock_codec *from = codec->from[role];
	struct zblock_context *c = see(&raw_cpu_ptr(from->cpu)->context[role]);
	struct zblock_context *other;

	if (unlikely(!c))
		c = borrow(from, role);
	/* the task may move to another CPU now: that costs speed, no more */
	if (unlikely(!c) || likely(mutex_trylock(&c->lock)))
		return c;
	other = find_free(from, role);
	if (other)
		return other;
	mutex_lock(&c->lock);
	return c;
}

/**
 * zblock_dctx_tryget() - borrow this CPU's decompressor, if nobody has it
 * @codec: the codec
 *
 * Context: process; does not sleep, so that it may be called with a pin held.
 * Return: the decompressor, or NULL
 */
struct zblock_context *zblock_dctx_tryget(struct zblock_codec *codec)
{
	struct zblock_codec *from = codec->from[ZBLOCK_DCTX];
	struct zblock_context *c = see(&raw_cpu_ptr(from->cpu)->context[ZBLOCK_DCTX]);

	return c && mutex_trylock(&c->lock) ? c : NULL;
}
