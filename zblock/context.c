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

/* Room for a unit; none is needed where that is a page. */
static bool new_unit(struct zblock_codec *codec, void **unit, gfp_t gfp,
		     int node)
{
	if (codec->params.unit <= PAGE_SIZE)
		return true;
	*unit = new_mem(codec->params.unit, gfp, node);
	return *unit;
}

static size_t cctx_size(const struct zblock_codec *codec)
{
	return codec->ops->cctx_size(&codec->params);
}

static void free_cctx(struct zblock_codec *codec, struct zblock_cctx *cctx)
{
	free_mem(cctx->src, codec->params.unit);
	free_mem(cctx->mem, cctx_size(codec));
	free_mem(cctx->buf, zblock_codec_room(codec));
	kfree(cctx);
}

static struct zblock_cctx *new_cctx(struct zblock_codec *codec, gfp_t gfp,
				    int node)
{
	size_t size = cctx_size(codec);
	struct zblock_cctx *cctx;

	cctx = kzalloc_node(sizeof(*cctx), gfp, node);
	if (!cctx)
		return NULL;
	mutex_init(&cctx->lock);
	cctx->buf = new_mem(zblock_codec_room(codec), gfp, node);
	cctx->mem = new_mem(size, gfp | __GFP_ZERO, node);
	cctx->ctx = cctx->mem;
	if (cctx->mem && codec->ops->init_cctx)
		cctx->ctx = codec->ops->init_cctx(&codec->params, cctx->mem,
						  size);
	if (!new_unit(codec, &cctx->src, gfp, node) || !cctx->buf ||
	    !cctx->ctx) {
		free_cctx(codec, cctx);
		return NULL;
	}
	return cctx;
}

static void free_dctx(struct zblock_dctx *dctx)
{
	struct zblock_codec *codec = dctx->codec;

	free_mem(dctx->out, codec->params.unit);
	free_mem(dctx->mem, zblock_codec_dctx_size(codec));
	free_mem(dctx->bounce, codec->params.unit);
	kfree(dctx);
}

static struct zblock_dctx *new_dctx(struct zblock_codec *codec, gfp_t gfp,
				    int node)
{
	size_t size = zblock_codec_dctx_size(codec);
	struct zblock_dctx *dctx;

	dctx = kzalloc_node(sizeof(*dctx), gfp, node);
	if (!dctx)
		return NULL;
	mutex_init(&dctx->lock);
	dctx->codec = codec;
	dctx->bounce = new_mem(codec->params.unit, gfp, node);
	if (size)
		dctx->mem = new_mem(size, gfp | __GFP_ZERO, node);
	dctx->ctx = dctx->mem;
	if (dctx->mem && codec->ops->init_dctx)
		dctx->ctx = codec->ops->init_dctx(&codec->params, dctx->mem,
						  size);
	if (!new_unit(codec, &dctx->out, gfp, node) || !dctx->bounce ||
	    (size && !dctx->ctx)) {
		free_dctx(dctx);
		return NULL;
	}
	return dctx;
}

/* Show a context to those who look without a lock: see the top of this file. */
static void show_cctx(struct zblock_cctx **where, struct zblock_cctx *cctx)
{
	/* pairs with see_cctx() */
	smp_store_release(where, cctx);
}

static struct zblock_cctx *see_cctx(struct zblock_cctx **where)
{
	/* pairs with show_cctx() */
	return smp_load_acquire(where);
}

static void show_dctx(struct zblock_dctx **where, struct zblock_dctx *dctx)
{
	/* pairs with see_dctx() */
	smp_store_release(where, dctx);
}

static struct zblock_dctx *see_dctx(struct zblock_dctx **where)
{
	/* pairs with show_dctx() */
	return smp_load_acquire(where);
}

static bool fill_cpu(struct zblock_codec *codec, unsigned int cpu)
{
	struct zblock_codec_cpu *own = per_cpu_ptr(codec->cpu, cpu);
	int node = cpu_to_node(cpu);

	if (READ_ONCE(own->want_cctx) && !own->cctx)
		show_cctx(&own->cctx, new_cctx(codec, GFP_WORKER, node));
	if (READ_ONCE(own->want_dctx) && !own->dctx)
		show_dctx(&own->dctx, new_dctx(codec, GFP_WORKER, node));
	return (own->cctx || !READ_ONCE(own->want_cctx)) &&
	       (own->dctx || !READ_ONCE(own->want_dctx));
}

static void fill_cpus(struct work_struct *work)
{
	struct zblock_codec *codec = container_of(to_delayed_work(work),
						  struct zblock_codec, worker);
	bool done = true;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		done &= fill_cpu(codec, cpu);
	if (!done)
		schedule_delayed_work(&codec->worker, TRY_AGAIN);
}

/* Ask for a context of this CPU, once. */
static void ask_worker(struct zblock_codec *codec, bool *want)
{
	if (READ_ONCE(*want))
		return;
	WRITE_ONCE(*want, true);
	schedule_delayed_work(&codec->worker, 0);
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
	unsigned int cpu;

	cancel_delayed_work_sync(&codec->worker);
	for_each_possible_cpu(cpu) {
		struct zblock_codec_cpu *own = per_cpu_ptr(codec->cpu, cpu);

		if (own->cctx && own->cctx != codec->first_cctx)
			free_cctx(codec, own->cctx);
		if (own->dctx && own->dctx != codec->first_dctx)
			free_dctx(own->dctx);
	}
	if (codec->first_cctx)
		free_cctx(codec, codec->first_cctx);
	if (codec->first_dctx)
		free_dctx(codec->first_dctx);
	free_percpu(codec->cpu);
}

/* This CPU, which is the first to want a compressor, need not have another. */
static struct zblock_cctx *first_cctx(struct zblock_codec *codec, gfp_t gfp)
{
	struct zblock_codec_cpu *own = raw_cpu_ptr(codec->cpu);
	struct zblock_cctx *cctx = see_cctx(&codec->first_cctx);

	if (cctx)
		return cctx;
	mutex_lock(&codec->first_lock);
	cctx = codec->first_cctx;
	if (!cctx) {
		cctx = new_cctx(codec, gfp, NUMA_NO_NODE);
		/* no CPU asks for its own before there is a first: no race for @own */
		show_cctx(&own->cctx, cctx);
		show_cctx(&codec->first_cctx, cctx);
	}
	mutex_unlock(&codec->first_lock);
	return cctx;
}

/* As first_cctx(). */
static struct zblock_dctx *first_dctx(struct zblock_codec *codec, gfp_t gfp)
{
	struct zblock_codec_cpu *own = raw_cpu_ptr(codec->cpu);
	struct zblock_dctx *dctx = see_dctx(&codec->first_dctx);

	if (dctx)
		return dctx;
	mutex_lock(&codec->first_lock);
	dctx = codec->first_dctx;
	if (!dctx) {
		dctx = new_dctx(codec, gfp, NUMA_NO_NODE);
		show_dctx(&own->dctx, dctx);
		show_dctx(&codec->first_dctx, dctx);
	}
	mutex_unlock(&codec->first_lock);
	return dctx;
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
	return first_cctx(codec->compressor, gfp) &&
	       first_dctx(codec->decompressor, gfp) ? 0 : -ENOMEM;
}

static size_t cctx_bytes(const struct zblock_codec *codec,
			 const struct zblock_cctx *cctx)
{
	if (!cctx)
		return 0;
	return ksize(cctx) + mem_bytes(cctx->buf, zblock_codec_room(codec)) +
	       mem_bytes(cctx->mem, cctx_size(codec)) +
	       mem_bytes(cctx->src, codec->params.unit);
}

static size_t dctx_bytes(const struct zblock_codec *codec,
			 const struct zblock_dctx *dctx)
{
	if (!dctx)
		return 0;
	return ksize(dctx) + mem_bytes(dctx->bounce, codec->params.unit) +
	       mem_bytes(dctx->mem, zblock_codec_dctx_size(codec)) +
	       mem_bytes(dctx->out, codec->params.unit);
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
	const struct zblock_cctx *first_cctx = see_cctx(&codec->first_cctx);
	const struct zblock_dctx *first_dctx = see_dctx(&codec->first_dctx);
	size_t sum = sizeof(*codec) + codec->params.data_size;
	unsigned int cpu;

	sum += cctx_bytes(codec, first_cctx) + dctx_bytes(codec, first_dctx);
	for_each_possible_cpu(cpu) {
		struct zblock_codec_cpu *own = per_cpu_ptr(codec->cpu, cpu);
		const struct zblock_cctx *cctx = see_cctx(&own->cctx);
		const struct zblock_dctx *dctx = see_dctx(&own->dctx);

		sum += sizeof(*own);
		if (cctx != first_cctx)
			sum += cctx_bytes(codec, cctx);
		if (dctx != first_dctx)
			sum += dctx_bytes(codec, dctx);
	}
	return sum;
}

static struct zblock_cctx *borrow_cctx(struct zblock_codec *codec,
				       struct zblock_codec_cpu *own)
{
	struct zblock_cctx *cctx = first_cctx(codec, GFP_NOIO | __GFP_NOWARN);

	if (cctx && !READ_ONCE(own->cctx))
		ask_worker(codec, &own->want_cctx);
	return cctx;
}

static struct zblock_dctx *borrow_dctx(struct zblock_codec *codec,
				       struct zblock_codec_cpu *own)
{
	struct zblock_dctx *dctx = first_dctx(codec, GFP_NOIO | __GFP_NOWARN);

	if (dctx && !READ_ONCE(own->dctx))
		ask_worker(codec, &own->want_dctx);
	return dctx;
}

/**
 * zblock_cctx_get() - borrow a compressor, this CPU's if it has one
 * @codec: the codec
 *
 * Context: process; may sleep. Reclaim comes here, so allocate nothing that
 * may reclaim before zblock_cctx_put(). May not be called with a pin held.
 * Return: the compressor; NULL if there is none yet, and no memory for one
 */
struct zblock_cctx *zblock_cctx_get(struct zblock_codec *codec)
{
	struct zblock_codec *from = codec->compressor;
	struct zblock_codec_cpu *own = raw_cpu_ptr(from->cpu);
	struct zblock_cctx *cctx = see_cctx(&own->cctx);

	if (unlikely(!cctx))
		cctx = borrow_cctx(from, own);
	/* the task may move to another CPU now: that costs speed, no more */
	if (likely(cctx))
		mutex_lock(&cctx->lock);
	return cctx;
}

/**
 * zblock_cctx_put() - give a compressor back
 * @cctx: from zblock_cctx_get()
 */
void zblock_cctx_put(struct zblock_cctx *cctx)
{
	mutex_unlock(&cctx->lock);
}

/**
 * zblock_dctx_get() - borrow a decompressor, this CPU's if it has one
 * @codec: the codec
 *
 * Context, Return: as zblock_cctx_get().
 */
struct zblock_dctx *zblock_dctx_get(struct zblock_codec *codec)
{
	struct zblock_codec *from = codec->decompressor;
	struct zblock_codec_cpu *own = raw_cpu_ptr(from->cpu);
	struct zblock_dctx *dctx = see_dctx(&own->dctx);

	if (unlikely(!dctx))
		dctx = borrow_dctx(from, own);
	if (likely(dctx))
		mutex_lock(&dctx->lock);
	return dctx;
}

/**
 * zblock_dctx_tryget() - borrow this CPU's decompressor, if nobody has it
 * @codec: the codec
 *
 * Context: process; does not sleep, so that it may be called with a pin held.
 * Return: the decompressor, or NULL
 */
struct zblock_dctx *zblock_dctx_tryget(struct zblock_codec *codec)
{
	struct zblock_codec_cpu *own = raw_cpu_ptr(codec->decompressor->cpu);
	struct zblock_dctx *dctx = see_dctx(&own->dctx);

	return dctx && mutex_trylock(&dctx->lock) ? dctx : NULL;
}

/**
 * zblock_dctx_put() - give a decompressor back
 * @dctx: from zblock_dctx_get() or zblock_dctx_tryget()
 */
void zblock_dctx_put(struct zblock_dctx *dctx)
{
	mutex_unlock(&dctx->lock);
}
