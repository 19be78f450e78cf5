// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_zstd.c - Zstandard, by the kernel's library
 *
 * The parameters are chosen for data of one unit, which makes the tables much
 * smaller than those for a stream of unknown length. Contexts are made inside of
 * memory of ours, so that the library never allocates during I/O; only the
 * tables of a dictionary are its own, made once.
 *
 * A large unit is one frame after another, each of several blocks, and a block may
 * refer to those before it in its frame: so a page is had by decompressing the
 * blocks of its frame up to its own. A frame ends with the block whose header says
 * so (RFC 8878, 3.1.1.2), and so its beginning becomes a frame by one bit.
 *
 * Of a page's own block no more is decompressed than up to the page's end: the library
 * is given room for that and a little more, and fails when it is full. It has
 * carried out all sequences in order then, each as a whole, but the one that did not
 * fit; where that began is seen by the marks that were put behind the page. (Nothing
 * else gets there: literals wait in the destination only where that is larger than
 * the window, which is as large as the frame.)
 */
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/zstd.h>
#include <zblock_compat.h>
#include "zblock.h"

/* Bytes of a block, where a unit has several, and of a frame, at most. */
#define BLOCK_BYTES	SZ_16K
#define FRAME_BYTES	SZ_32K

/* From this size on a unit is to be small rather than fast to write. */
#define SMALL_UNIT	SZ_64K

/* The header of a block: is it the last, its type, and its size. */
#define BLOCK_HEADER	3
#define BLOCK_LAST	BIT(0)
#define BLOCK_TYPE(h)	((h) >> 1 & 3)
#define BLOCK_RLE	1	/* one byte, which is repeated size times */
#define BLOCK_LENGTH(h)	((h) >> 3)

/*
 * Room behind a page for the sequence that crosses its end, and how far behind a
 * sequence the library may write: no more than WILDCOPY_OVERLENGTH, which is 32.
 */
#define CROSSING	512
#define OVERLENGTH	64
#define MARK		0xa7

/**
 * struct zstd_setup - what all contexts share
 * @params: how to compress
 * @cdict: the dictionary, digested; NULL without one
 * @ddict: the same to decompress with
 */
struct zstd_setup {
	zstd_parameters params;
	void *cdict;
	void *ddict;
};

/*
 * Has a unit several blocks? Then contexts are streams. Without large bios there are
 * no units of several pages, nor code for them.
 */
static bool has_blocks(const struct zblock_codec_params *params)
{
	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) && !params->dict &&
	       params->unit > PAGE_SIZE && params->unit > BLOCK_BYTES;
}

static size_t frame_bytes(const struct zblock_codec_params *params)
{
	return has_blocks(params) ? min_t(size_t, params->unit, FRAME_BYTES) :
				    params->unit;
}

static void zstd_release(struct zblock_codec_params *params)
{
	struct zstd_setup *zs = params->data;

	zblock_zstd_free_cdict(zs->cdict);
	zblock_zstd_free_ddict(zs->ddict);
	kfree(zs);
}

/* The window has to reach over the dictionary, and the tables over the window. */
static int digest_dict(struct zblock_codec_params *params,
		       struct zstd_setup *zs, size_t *size)
{
	zs->params.cParams = zblock_zstd_get_cparams(params->level,
						     params->unit,
						     params->dict_size);
	zs->cdict = zblock_zstd_create_cdict(params->dict, params->dict_size,
					     zs->params.cParams, size);
	zs->ddict = zblock_zstd_create_ddict(params->dict, params->dict_size,
					     size);
	if (zs->cdict && zs->ddict)
		return 0;
	return *size == SIZE_MAX ? -ENOMEM : -EINVAL;
}

/*
 * How units of several pages are compressed where nobody has named a level. The
 * library's own choice finds matches in two tables of 64 and 128 KiB; with one of
 * 32, a unit of 16 KiB of process memory takes nine tenths of the time to write
 * and 0.8 % more memory. Whoever sets large units wants memory before speed: a
 * lazy search takes 5 % less of it, and two and a half times the time.
 */
static void choose_params(const struct zblock_codec_params *params,
			  zstd_compression_parameters *how)
{
	how->windowLog = ilog2(frame_bytes(params));
	if (params->unit < SMALL_UNIT) {
		how->strategy = ZSTD_fast;
		how->hashLog = 13;
		how->minMatch = 6;
		how->targetLength = 0;
	} else {
		how->strategy = ZSTD_lazy;
		how->hashLog = 14;
		how->chainLog = 14;
		how->searchLog = 4;
		how->minMatch = 4;
		how->targetLength = 8;
	}
}

static int zstd_setup(struct zblock_codec_params *params)
{
	bool choose = IS_ENABLED(CONFIG_ZBLOCK_LARGE) &&
		      params->level == ZBLOCK_PARAM_DEFAULT &&
		      params->unit > PAGE_SIZE;
	struct zstd_setup *zs;
	int err = 0;

	if (params->level == ZBLOCK_PARAM_DEFAULT)
		params->level = zblock_zstd_default_level();
	if (params->level < zstd_min_clevel() ||
	    params->level > zstd_max_clevel())
		return -EINVAL;
	if (params->dict && !ZBLOCK_ZSTD_DICT)
		return -EOPNOTSUPP;

	zs = kzalloc(sizeof(*zs), GFP_KERNEL);
	if (!zs)
		return -ENOMEM;
	params->data = zs;
	params->data_size = sizeof(*zs);
	zs->params = zstd_get_params(params->level, frame_bytes(params));
	if (choose)
		choose_params(params, &zs->params.cParams);
	/* the beginning of a frame is not as long as all of it */
	zs->params.fParams.contentSizeFlag = !has_blocks(params);
	if (params->dict)
		err = digest_dict(params, zs, &params->data_size);
	if (err)
		zstd_release(params);
	return err;
}

static size_t zstd_cctx_size(const struct zblock_codec_params *params)
{
	const struct zstd_setup *zs = params->data;

	return has_blocks(params) ?
	       zstd_cstream_workspace_bound(&zs->params.cParams) :
	       zstd_cctx_workspace_bound(&zs->params.cParams);
}

static void *zstd_make_cctx(const struct zblock_codec_params *params,
			    void *mem, size_t size)
{
	const struct zstd_setup *zs = params->data;

	/* 0: of no known size */
	return has_blocks(params) ?
	       zstd_init_cstream(&zs->params, 0, mem, size) :
	       zstd_init_cctx(mem, size);
}

static size_t zstd_dctx_size(const struct zblock_codec_params *params)
{
	return zstd_dctx_workspace_bound();
}

static void *zstd_make_dctx(const struct zblock_codec_params *params,
			    void *mem, size_t size)
{
	return zstd_init_dctx(mem, size);
}

/* A frame with a block for each BLOCK_BYTES. Return: 0, or what is left of it. */
static size_t compress_frame(zstd_cstream *stream, zstd_out_buffer *out,
			     const void *src, size_t len)
{
	zstd_in_buffer in = { .src = src };
	size_t left = zstd_reset_cstream(stream, 0);

	while (!left && in.size < len) {
		in.size = min_t(size_t, in.size + BLOCK_BYTES, len);
		left = zstd_compress_stream(stream, out, &in);
		if (zstd_is_error(left))
			return left;
		left = in.size < len ? zstd_flush_stream(stream, out) :
				       zstd_end_stream(stream, out);
	}
	return left;
}

/* As zstd_compress_cctx(), in frames and blocks. */
static size_t compress_frames(zstd_cstream *stream, void *dst, size_t room,
			      const void *src, size_t len)
{
	zstd_out_buffer out = { .dst = dst, .size = room };
	size_t at;

	for (at = 0; at < len; at += FRAME_BYTES)
		/* what is left did not fit */
		if (compress_frame(stream, &out, src + at,
				   min_t(size_t, len - at, FRAME_BYTES)))
			return -EINVAL;
	return out.pos;
}

static int zstd_compress(const struct zblock_codec_params *params, void *ctx,
			 const void *src, size_t src_len,
			 void *dst, size_t *dst_len)
{
	const struct zstd_setup *zs = params->data;
	size_t size;

	if (zs->cdict)
		size = zblock_zstd_compress_dict(ctx, dst, *dst_len, src,
						 src_len, zs->cdict);
	else if (has_blocks(params))
		size = compress_frames(ctx, dst, *dst_len, src, src_len);
	else
		size = zstd_compress_cctx(ctx, dst, *dst_len, src, src_len,
					  &zs->params);
	if (zstd_is_error(size))
		return -EINVAL;
	*dst_len = size;
	return 0;
}

static int zstd_decompress(const struct zblock_codec_params *params, void *ctx,
			   const void *src, size_t src_len,
			   void *dst, size_t dst_len)
{
	const struct zstd_setup *zs = params->data;
	size_t size;

	if (zs->ddict)
		size = zblock_zstd_decompress_dict(ctx, dst, dst_len, src,
						   src_len, zs->ddict);
	else
		size = zstd_decompress_dctx(ctx, dst, dst_len, src, src_len);

	/* an error is a size no unit has */
	return size == dst_len ? 0 : -EINVAL;
}

/*
 * Find the end of a frame, or of its first @blocks: then the last of these is made
 * the frame's last. Nothing in @src can be relied on. Return: bytes up to there, 0
 * if it is no frame.
 */
static size_t cut_frame(u8 *src, size_t src_len, unsigned int blocks)
{
	zstd_frame_header frame;
	size_t at;

	if (zstd_get_frame_header(&frame, src, src_len))
		return 0;
	at = frame.headerSize;
	for (;;) {
		u32 header, size;

		if (at + BLOCK_HEADER > src_len)
			return 0;
		header = src[at] | src[at + 1] << 8 | src[at + 2] << 16;
		size = BLOCK_TYPE(header) == BLOCK_RLE ? 1 : BLOCK_LENGTH(header);
		if (size > src_len - at - BLOCK_HEADER)
			return 0;
		if (!--blocks)
			src[at] |= BLOCK_LAST;
		at += BLOCK_HEADER + size;
		if (!blocks || header & BLOCK_LAST)
			return at;
	}
}

/* A broken one may say anything. */
static bool has_window(const void *src, size_t src_len, size_t bytes)
{
	zstd_frame_header frame;

	return !zstd_get_frame_header(&frame, src, src_len) &&
	       frame.windowSize >= bytes;
}

/*
 * Decompress a frame of @len bytes up to @want, or further. Return: how far, or the
 * library's error.
 */
static size_t decompress_beginning(void *ctx, const void *src, size_t src_len,
				   void *dst, size_t want, size_t len)
{
	size_t size;

	if (want + CROSSING < len && has_window(src, src_len, want + CROSSING)) {
		memset(dst + want, MARK, CROSSING);
		size = zstd_decompress_dctx(ctx, dst, want + CROSSING, src,
					    src_len);
		if (!zstd_is_error(size))
			return size;
		if (zstd_get_error_code(size) == ZSTD_error_dstSize_tooSmall &&
		    memchr_inv(dst + want + OVERLENGTH, MARK,
			       CROSSING - OVERLENGTH))
			return want;
	}
	return zstd_decompress_dctx(ctx, dst, len, src, src_len);
}

/* What is wanted lies in one frame, as a page does. */
static int zstd_decompress_some(const struct zblock_codec_params *params,
				void *ctx, void *src, size_t src_len,
				void *dst, struct zblock_range *range)
{
	size_t room = frame_bytes(params);
	size_t start = 0, size;

	if (has_blocks(params)) {
		for (; range->from >= start + room; start += room) {
			size = cut_frame(src, src_len, 0);
			if (!size)
				return -EINVAL;
			src += size;
			src_len -= size;
		}
		src_len = cut_frame(src, src_len,
				    DIV_ROUND_UP(range->to - start, BLOCK_BYTES));
	}
	size = decompress_beginning(ctx, src, src_len, dst + start,
				    range->to - start, room);
	if (zstd_is_error(size) || start + size < range->to)
		return -EINVAL;
	range->from = start;
	range->to = start + size;
	return 0;
}

const struct zblock_codec_ops zblock_codec_zstd = {
	.name		= "zstd",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_DICT,
	.setup		= zstd_setup,
	.release	= zstd_release,
	.cctx_by_unit	= true,
	.cctx_size	= zstd_cctx_size,
	.init_cctx	= zstd_make_cctx,
	.dctx_size	= zstd_dctx_size,
	.init_dctx	= zstd_make_dctx,
	.compress	= zstd_compress,
	.decompress	= zstd_decompress,
	.decompress_some = IS_ENABLED(CONFIG_ZBLOCK_LARGE) ?
			   zstd_decompress_some : NULL,
};
