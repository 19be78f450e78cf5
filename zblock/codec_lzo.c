// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_lzo.c - LZO1X-1, and the same with run lengths, by the kernel's library
 *
 * They have no parameters and decompress without memory of its own. The
 * compressor does not look at how much room there is: zblock_codec_room() is
 * more than the worst case.
 */
#include <linux/types.h>
#include <linux/lzo.h>
#include "zblock.h"

static size_t lzo_cctx_size(const struct zblock_codec_params *params)
{
	return LZO1X_1_MEM_COMPRESS;
}

static int lzo_decompress(const struct zblock_codec_params *params, void *ctx,
			  const void *src, size_t src_len,
			  void *dst, size_t dst_len)
{
	size_t size = dst_len;
	int err = lzo1x_decompress_safe(src, src_len, dst, &size);

	return err == LZO_E_OK && size == dst_len ? 0 : -EINVAL;
}

#ifdef CODEC_lzo
static int lzo_compress(const struct zblock_codec_params *params, void *ctx,
			const void *src, size_t src_len,
			void *dst, size_t *dst_len)
{
	if (*dst_len < lzo1x_worst_compress(src_len))
		return -EINVAL;
	return lzo1x_1_compress(src, src_len, dst, dst_len, ctx) == LZO_E_OK ?
	       0 : -EINVAL;
}

const struct zblock_codec_ops zblock_codec_lzo = {
	.name		= "lzo",
	.cctx_size	= lzo_cctx_size,
	.compress	= lzo_compress,
	.decompress	= lzo_decompress,
};
#endif

#ifdef CODEC_lzo_rle
static int lzo_rle_compress(const struct zblock_codec_params *params, void *ctx,
			    const void *src, size_t src_len, void *dst,
			    size_t *dst_len)
{
	if (*dst_len < lzo1x_worst_compress(src_len))
		return -EINVAL;
	return lzorle1x_1_compress(src, src_len, dst, dst_len, ctx) == LZO_E_OK ?
	       0 : -EINVAL;
}

const struct zblock_codec_ops zblock_codec_lzo_rle = {
	.name		= "lzo-rle",
	.cctx_size	= lzo_cctx_size,
	.compress	= lzo_rle_compress,
	.decompress	= lzo_decompress,
};
#endif
