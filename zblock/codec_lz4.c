// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_lz4.c - LZ4 and LZ4HC, by the kernel's libraries
 *
 * The level of lz4 is what LZ4 calls acceleration: 1 is the best and the default. Those
 * of lz4hc, which compresses slowly and well, are 1 to 16, 9 by default. Both make the
 * same format; decompression needs no memory of its own.
 *
 * A dictionary is hashed once, into a stream that each compression starts from
 * a copy of (of 256 KiB for lz4hc: that costs, but less than to hash it each time).
 */
#include <linux/lz4.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "zblock.h"

static void lz4_release(struct zblock_codec_params *params)
{
	kvfree(params->data);
}

/* @taken: bytes of the dictionary, less for one that is too short or too long for LZ4. */
static int keep_stream(struct zblock_codec_params *params, void *stream,
		       size_t size, int taken)
{
	if (taken != params->dict_size) {
		kvfree(stream);
		return -EINVAL;
	}
	params->data = stream;
	params->data_size = size;
	return 0;
}

/* LZ4 counts in int. */
static_assert(ZBLOCK_DICT_MAX <= INT_MAX);

static int lz4_decompress(const struct zblock_codec_params *params, void *ctx,
			  const void *src, size_t src_len,
			  void *dst, size_t dst_len)
{
	int size;

	if (params->dict)
		size = LZ4_decompress_safe_usingDict(src, dst, src_len, dst_len,
						     params->dict,
						     params->dict_size);
	else
		size = LZ4_decompress_safe(src, dst, src_len, dst_len);
	return size == (int)dst_len ? 0 : -EINVAL;
}

#ifdef CODEC_lz4
/* More is taken for this, as in LZ4 itself: 2^26 would wrap 32 bits of addresses. */
#define LEVEL_MAX	65537

static int lz4_load_dict(struct zblock_codec_params *params)
{
	LZ4_stream_t *stream = kvzalloc(sizeof(*stream), GFP_KERNEL);

	if (!stream)
		return -ENOMEM;
	return keep_stream(params, stream, sizeof(*stream),
			   LZ4_loadDict(stream, params->dict,
					params->dict_size));
}

static int lz4_setup(struct zblock_codec_params *params)
{
	if (params->level == ZBLOCK_PARAM_DEFAULT)
		params->level = LZ4_ACCELERATION_DEFAULT;
	if (params->level < LZ4_ACCELERATION_DEFAULT)
		return -EINVAL;
	params->level = min(params->level, LEVEL_MAX);
	return params->dict ? lz4_load_dict(params) : 0;
}

/* Both are LZ4_STREAMSIZE bytes. */
static_assert(sizeof(LZ4_stream_t) <= LZ4_MEM_COMPRESS);

static size_t lz4_cctx_size(const struct zblock_codec_params *params)
{
	return LZ4_MEM_COMPRESS;
}

static int lz4_compress(const struct zblock_codec_params *params, void *ctx,
			const void *src, size_t src_len,
			void *dst, size_t *dst_len)
{
	int size;

	if (params->dict) {
		memcpy(ctx, params->data, sizeof(LZ4_stream_t));
		size = LZ4_compress_fast_continue(ctx, src, dst, src_len,
						  *dst_len, params->level);
	} else {
		size = LZ4_compress_fast(src, dst, src_len, *dst_len,
					 params->level, ctx);
	}
	if (size <= 0)
		return -EINVAL;
	*dst_len = size;
	return 0;
}

static int lz4_decompress_some(const struct zblock_codec_params *params,
			       void *ctx, void *src, size_t src_len,
			       void *dst, struct zblock_range *range)
{
	/* it may write a little more than it is asked for */
	int size = LZ4_decompress_safe_partial(src, dst, src_len, range->to,
					       params->unit);

	if (size < (int)range->to)
		return -EINVAL;
	range->from = 0;
	range->to = size;
	return 0;
}

const struct zblock_codec_ops zblock_codec_lz4 = {
	.name		= "lz4",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_DICT,
	.setup		= lz4_setup,
	.release	= lz4_release,
	.cctx_size	= lz4_cctx_size,
	.compress	= lz4_compress,
	.decompress	= lz4_decompress,
	.decompress_some = IS_ENABLED(CONFIG_ZBLOCK_LARGE) ?
			   lz4_decompress_some : NULL,
};
#endif

#ifdef CODEC_lz4hc
static int lz4hc_load_dict(struct zblock_codec_params *params)
{
	LZ4_streamHC_t *stream = kvzalloc(sizeof(*stream), GFP_KERNEL);

	if (!stream)
		return -ENOMEM;
	/* what LZ4_resetStreamHC() does, which 6.1 does not export */
	stream->internal_donotuse.base = NULL;
	stream->internal_donotuse.compressionLevel = params->level;
	return keep_stream(params, stream, sizeof(*stream),
			   LZ4_loadDictHC(stream, params->dict,
					  params->dict_size));
}

static int lz4hc_setup(struct zblock_codec_params *params)
{
	if (params->level == ZBLOCK_PARAM_DEFAULT)
		params->level = LZ4HC_DEFAULT_CLEVEL;
	if (params->level < 1 || params->level > LZ4HC_MAX_CLEVEL)
		return -EINVAL;
	return params->dict ? lz4hc_load_dict(params) : 0;
}

/* Both are LZ4_STREAMHCSIZE bytes. */
static_assert(sizeof(LZ4_streamHC_t) <= LZ4HC_MEM_COMPRESS);

static size_t lz4hc_cctx_size(const struct zblock_codec_params *params)
{
	return LZ4HC_MEM_COMPRESS;
}

static int lz4hc_compress(const struct zblock_codec_params *params, void *ctx,
			  const void *src, size_t src_len, void *dst,
			  size_t *dst_len)
{
	int size;

	if (params->dict) {
		memcpy(ctx, params->data, sizeof(LZ4_streamHC_t));
		size = LZ4_compress_HC_continue(ctx, src, dst, src_len,
						*dst_len);
	} else {
		size = LZ4_compress_HC(src, dst, src_len, *dst_len,
				       params->level, ctx);
	}
	if (size <= 0)
		return -EINVAL;
	*dst_len = size;
	return 0;
}

const struct zblock_codec_ops zblock_codec_lz4hc = {
	.name		= "lz4hc",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_DICT,
	.setup		= lz4hc_setup,
	.release	= lz4_release,
	.cctx_size	= lz4hc_cctx_size,
	.compress	= lz4hc_compress,
	.decompress	= lz4_decompress,
};
#endif
