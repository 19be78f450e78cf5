// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec.c - the codec alone: what no device on one core can do better than
 *
 * Compresses the corpus, unit after unit, with the kernel's library and the
 * levels that the drivers have by default for a page, and decompresses the units
 * again, in random order if asked for, into memory that nobody reads. (For units of
 * several pages zblock has parameters of its own: zblock/codec_zstd.c.)
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/lz4.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/zstd.h>
#include "zbload.h"

/* What the library calls its default, and both drivers take. */
#define ZSTD_LEVEL	3

/**
 * struct codec - a codec set up
 * @ops: which
 * @unit: bytes of a unit
 * @work: the compressor's memory
 * @dwork: the decompressor's
 * @params: zstd's parameters
 * @cctx: in @work
 * @dctx: in @dwork
 */
struct codec {
	const struct codec_ops *ops;
	size_t unit;
	void *work;
	void *dwork;
	zstd_parameters params;
	zstd_cctx *cctx;
	zstd_dctx *dctx;
};

struct codec_ops {
	const char *name;
	int (*init)(struct codec *codec);
	/* the bytes it took; 0: they do not fit into @room */
	size_t (*compress)(struct codec *codec, const void *src, void *dst,
			   size_t room);
	bool (*decompress)(struct codec *codec, const void *src, size_t size,
			   void *dst);
};

static int init_lz4(struct codec *codec)
{
	codec->work = vmalloc(LZ4_MEM_COMPRESS);
	return codec->work ? 0 : -ENOMEM;
}

static size_t compress_lz4(struct codec *codec, const void *src, void *dst,
			   size_t room)
{
	return LZ4_compress_fast(src, dst, codec->unit, room,
				 LZ4_ACCELERATION_DEFAULT, codec->work);
}

static bool decompress_lz4(struct codec *codec, const void *src, size_t size,
			   void *dst)
{
	return LZ4_decompress_safe(src, dst, size, codec->unit) ==
	       (int)codec->unit;
}

static int init_zstd(struct codec *codec)
{
	size_t room, droom = zstd_dctx_workspace_bound();

	codec->params = zstd_get_params(ZSTD_LEVEL, codec->unit);
	room = zstd_cctx_workspace_bound(&codec->params.cParams);
	codec->work = vzalloc(room);
	codec->dwork = vzalloc(droom);
	if (!codec->work || !codec->dwork)
		return -ENOMEM;
	codec->cctx = zstd_init_cctx(codec->work, room);
	codec->dctx = zstd_init_dctx(codec->dwork, droom);
	return codec->cctx && codec->dctx ? 0 : -EINVAL;
}

static size_t compress_zstd(struct codec *codec, const void *src, void *dst,
			    size_t room)
{
	size_t size = zstd_compress_cctx(codec->cctx, dst, room, src,
					 codec->unit, &codec->params);

	return zstd_is_error(size) ? 0 : size;
}

static bool decompress_zstd(struct codec *codec, const void *src, size_t size,
			    void *dst)
{
	return zstd_decompress_dctx(codec->dctx, dst, codec->unit, src,
				    size) == codec->unit;
}

static const struct codec_ops codecs[] = {
	{ "lz4", init_lz4, compress_lz4, decompress_lz4 },
	{ "zstd", init_zstd, compress_zstd, decompress_zstd },
};

/**
 * struct packed - the corpus, compressed
 * @mem: the units, one after the other
 * @start: where each begins, and, one more, where the last ends
 * @nr: how many
 * @out: room for one unit
 */
struct packed {
	void *mem;
	u64 *start;
	unsigned int nr;
	void *out;
};

static const void *unit_data(const struct codec *codec,
			     const struct zbload_corpus *corpus,
			     unsigned int unit)
{
	return page_address(corpus->pages[unit * (codec->unit >> PAGE_SHIFT)]);
}

static void pack(struct codec *codec, const struct zbload_corpus *corpus,
		 struct packed *p)
{
	unsigned int i;
	u64 at = 0;

	for (i = 0; i < p->nr; i++) {
		const void *src = unit_data(codec, corpus, i);
		size_t size;

		/* one that does not shrink is kept as it is, as drivers do */
		size = codec->ops->compress(codec, src, p->mem + at,
					    codec->unit - 1);
		if (!size) {
			size = codec->unit;
			memcpy(p->mem + at, src, size);
		}
		p->start[i] = at;
		at += size;
		cond_resched();
	}
	p->start[i] = at;
}

static int unpack(struct codec *codec, const struct packed *p,
		  const u32 *order)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		u64 at = p->start[order[i]];
		size_t size = p->start[order[i] + 1] - at;

		if (size == codec->unit)
			memcpy(p->out, p->mem + at, size);
		else if (!codec->ops->decompress(codec, p->mem + at, size,
						 p->out))
			return -EIO;
		cond_resched();
	}
	return 0;
}

/* Without a clock: that every unit comes back as it was. */
static int compare(struct codec *codec, const struct zbload_corpus *corpus,
		   const struct packed *p)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		size_t size = p->start[i + 1] - p->start[i];

		if (size == codec->unit)
			continue;
		if (!codec->ops->decompress(codec, p->mem + p->start[i], size,
					    p->out) ||
		    memcmp(p->out, unit_data(codec, corpus, i), codec->unit))
			return -EIO;
		cond_resched();
	}
	return 0;
}

static int measure(struct codec *codec, const struct zbload_corpus *corpus,
		   struct packed *p, const u32 *order,
		   struct zbload_answer *answer)
{
	u64 began, packed, unpacked;
	int err;

	pack(codec, corpus, p);		/* touches all memory it needs */
	began = ktime_get_ns();
	pack(codec, corpus, p);
	packed = ktime_get_ns();
	err = unpack(codec, p, order);
	unpacked = ktime_get_ns();
	answer->bytes = (u64)p->nr * codec->unit;
	answer->packed = p->start[p->nr];
	answer->ns = packed - began;
	answer->unpack_ns = unpacked - packed;
	return err ?: compare(codec, corpus, p);
}

static const struct codec_ops *find_codec(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(codecs[i].name, name))
			return &codecs[i];
	return NULL;
}

/**
 * zbload_codec() - measure a codec
 * @req: a request that has been checked
 * @corpus: the data; its blocks are at least as large as a unit
 * @answer: all 0; filled in
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL: no such codec; -EIO: it does not give back what it got;
 * -ENOMEM
 */
int zbload_codec(const struct zbload_request *req,
		 const struct zbload_corpus *corpus,
		 struct zbload_answer *answer)
{
	struct codec codec = {
		.ops = find_codec(req->algorithm), .unit = req->bs,
	};
	struct packed p = { .nr = corpus->nr / zbload_bio_pages(req) };
	u32 *order;
	int err;

	if (!codec.ops || req->bs > PAGE_SIZE << corpus->order)
		return -EINVAL;
	order = zbload_make_order(p.nr, req->random, req->seed);
	p.mem = vmalloc((u64)corpus->nr << PAGE_SHIFT);
	p.start = vmalloc_array(p.nr + 1, sizeof(*p.start));
	p.out = vmalloc(req->bs);
	err = order && p.mem && p.start && p.out ? codec.ops->init(&codec) :
						   -ENOMEM;
	if (!err)
		err = measure(&codec, corpus, &p, order, answer);
	vfree(codec.work);
	vfree(codec.dwork);
	vfree(p.out);
	vfree(p.start);
	vfree(p.mem);
	vfree(order);
	return err;
}
