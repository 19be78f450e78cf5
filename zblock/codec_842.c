// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_842.c - 842, by the kernel's library
 *
 * It has no parameters. The library checks data that it decompresses by a CRC
 * of its own, but only in the end. Until then broken data can, on older kernels
 * (6.1), make it read up to seven bytes before the place it writes to: so it
 * writes to memory of ours that has these bytes, and what it made is copied.
 */
#include <linux/string.h>
#include <linux/sw842.h>
#include "zblock.h"

#define HEADROOM	8

static size_t p842_cctx_size(const struct zblock_codec_params *params)
{
	return SW842_MEM_COMPRESS;
}

static size_t p842_dctx_size(const struct zblock_codec_params *params)
{
	return HEADROOM + params->unit;
}

static int p842_compress(const struct zblock_codec_params *params, void *ctx,
			 const void *src, size_t src_len,
			 void *dst, size_t *dst_len)
{
	unsigned int size = *dst_len;

	if (sw842_compress(src, src_len, dst, &size, ctx))
		return -EINVAL;
	*dst_len = size;
	return 0;
}

static int p842_decompress(const struct zblock_codec_params *params, void *ctx,
			   const void *src, size_t src_len,
			   void *dst, size_t dst_len)
{
	u8 *made = ctx + HEADROOM;
	unsigned int size = dst_len;

	if (sw842_decompress(src, src_len, made, &size) || size != dst_len)
		return -EINVAL;
	memcpy(dst, made, dst_len);
	return 0;
}

const struct zblock_codec_ops zblock_codec_842 = {
	.name		= "842",
	.cctx_size	= p842_cctx_size,
	.dctx_size	= p842_dctx_size,
	.compress	= p842_compress,
	.decompress	= p842_decompress,
};
