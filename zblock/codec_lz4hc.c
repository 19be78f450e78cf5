// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_lz4hc.c - LZ4, compressed slowly and well, by the kernel's library
 *
 * Levels are 1 to 16, 9 by default. What it makes is LZ4's format, so to
 * decompress is as fast.
 *
 * A dictionary is hashed once, into a stream that each compression starts from
 * a copy of (256 KiB: that costs, but less than to hash it each time).
 */
#include <linux/lz4.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "zblock.h"

static int lz4hc_load_dict(struct zblock_codec_params *params)
{
	LZ4_streamHC_t *stream = kvzalloc(sizeof(*stream), GFP_KERNEL);

	if (!stream)
		return -ENOMEM;
	/* what LZ4_resetStreamHC() does, which 6.1 does not export */
	stream->internal_donotuse.base = NULL;
	stream->internal_donotuse.compressionLevel = params->level;
	/* it takes less of one that is longer than 64 KiB */
	if (params->dict_size > INT_MAX ||
	    LZ4_loadDictHC(stream, params->dict, params->dict_size) !=
	    params->dict_size) {
		kvfree(stream);
		return -EINVAL;
	}
	params->data = stream;
	params->data_size = sizeof(*stream);
	return 0;
}

static int lz4hc_setup(struct zblock_codec_params *params)
{
	if (params->level == ZBLOCK_PARAM_DEFAULT)
		params->level = LZ4HC_DEFAULT_CLEVEL;
	if (params->level < 1 || params->level > LZ4HC_MAX_CLEVEL)
		return -EINVAL;
	return params->dict ? lz4hc_load_dict(params) : 0;
}

static void lz4hc_release(struct zblock_codec_params *params)
{
	kvfree(params->data);
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

static int lz4hc_decompress(const struct zblock_codec_params *params, void *ctx,
			    const void *src, size_t src_len, void *dst,
			    size_t dst_len)
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

const struct zblock_codec_ops zblock_codec_lz4hc = {
	.name		= "lz4hc",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_DICT,
	.setup		= lz4hc_setup,
	.release	= lz4hc_release,
	.cctx_size	= lz4hc_cctx_size,
	.compress	= lz4hc_compress,
	.decompress	= lz4hc_decompress,
};
