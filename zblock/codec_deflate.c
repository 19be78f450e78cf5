// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_deflate.c - deflate, by the kernel's zlib
 *
 * Levels are -1 (zlib's default, 6) to 9. winbits, the logarithm of the window,
 * is 9 to 15, or negative for the same without zlib's header and checksum; -11
 * is the default, a window of 2 KiB, as zram's and the crypto API's.
 */
#include <linux/string.h>
#include <linux/zlib.h>
#include "zblock.h"

#define DEFAULT_WINBITS	(-11)

/* A stream, and then its workspace. */
struct deflate_ctx {
	struct z_stream_s stream;
	u64 workspace[];
};

static int deflate_setup(struct zblock_codec_params *params)
{
	if (params->level == ZBLOCK_PARAM_DEFAULT)
		params->level = Z_DEFAULT_COMPRESSION;
	if (params->level < Z_DEFAULT_COMPRESSION ||
	    params->level > Z_BEST_COMPRESSION)
		return -EINVAL;

	if (params->winbits == ZBLOCK_PARAM_DEFAULT)
		params->winbits = DEFAULT_WINBITS;
	if (params->winbits < -MAX_WBITS || params->winbits > MAX_WBITS ||
	    abs(params->winbits) < 9)
		return -EINVAL;
	return 0;
}

static size_t deflate_cctx_size(const struct zblock_codec_params *params)
{
	return sizeof(struct deflate_ctx) +
	       zlib_deflate_workspacesize(params->winbits, MAX_MEM_LEVEL);
}

static void *deflate_init_cctx(const struct zblock_codec_params *params,
			       void *mem, size_t size)
{
	struct deflate_ctx *ctx = mem;

	ctx->stream.workspace = ctx->workspace;
	if (zlib_deflateInit2(&ctx->stream, params->level, Z_DEFLATED,
			      params->winbits, MAX_MEM_LEVEL,
			      Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	return ctx;
}

static size_t deflate_dctx_size(const struct zblock_codec_params *params)
{
	return sizeof(struct deflate_ctx) + zlib_inflate_workspacesize();
}

static void *deflate_init_dctx(const struct zblock_codec_params *params,
			       void *mem, size_t size)
{
	struct deflate_ctx *ctx = mem;

	ctx->stream.workspace = ctx->workspace;
	if (zlib_inflateInit2(&ctx->stream, params->winbits) != Z_OK)
		return NULL;
	return ctx;
}

static int deflate_compress(const struct zblock_codec_params *params, void *ctx,
			    const void *src, size_t src_len,
			    void *dst, size_t *dst_len)
{
	struct z_stream_s *stream = &((struct deflate_ctx *)ctx)->stream;

	if (zlib_deflateReset(stream) != Z_OK)
		return -EINVAL;
	stream->next_in = src;
	stream->avail_in = src_len;
	stream->next_out = dst;
	stream->avail_out = *dst_len;
	if (zlib_deflate(stream, Z_FINISH) != Z_STREAM_END)
		return -EINVAL;
	*dst_len = stream->total_out;
	return 0;
}

static int deflate_decompress(const struct zblock_codec_params *params,
			      void *ctx, const void *src, size_t src_len,
			      void *dst, size_t dst_len)
{
	struct z_stream_s *stream = &((struct deflate_ctx *)ctx)->stream;

	if (zlib_inflateReset(stream) != Z_OK)
		return -EINVAL;
	stream->next_in = src;
	stream->avail_in = src_len;
	stream->next_out = dst;
	stream->avail_out = dst_len;
	if (zlib_inflate(stream, Z_FINISH) != Z_STREAM_END)
		return -EINVAL;
	return stream->total_out == dst_len ? 0 : -EINVAL;
}

const struct zblock_codec_ops zblock_codec_deflate = {
	.name		= "deflate",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_WINBITS,
	.setup		= deflate_setup,
	.cctx_size	= deflate_cctx_size,
	.init_cctx	= deflate_init_cctx,
	.dctx_size	= deflate_dctx_size,
	.init_dctx	= deflate_init_dctx,
	.compress	= deflate_compress,
	.decompress	= deflate_decompress,
};
