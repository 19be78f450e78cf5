// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec_zstd.c - Zstandard, by the kernel's library
 *
 * The parameters are chosen for data of one unit, which makes the tables much
 * smaller than those for a stream of unknown length. Contexts are made inside of
 * memory of ours, so that the library never allocates during I/O; only the
 * tables of a dictionary are its own, made once.
 */
#include <linux/slab.h>
#include <linux/zstd.h>
#include <zblock_compat.h>
#include "zblock.h"

/**
 * struct zstd_setup - what all contexts share
 * @params: for zstd_compress_cctx()
 * @cdict: the dictionary, digested; NULL without one
 * @ddict: the same to decompress with
 */
struct zstd_setup {
	zstd_parameters params;
	void *cdict;
	void *ddict;
};

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
	return zs->cdict && zs->ddict ? 0 : -EINVAL;
}

static int zstd_setup(struct zblock_codec_params *params)
{
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
	zs->params = zstd_get_params(params->level, params->unit);
	if (params->dict)
		err = digest_dict(params, zs, &params->data_size);
	if (err)
		zstd_release(params);
	return err;
}

static size_t zstd_cctx_size(const struct zblock_codec_params *params)
{
	const struct zstd_setup *zs = params->data;

	return zstd_cctx_workspace_bound(&zs->params.cParams);
}

static void *zstd_make_cctx(const struct zblock_codec_params *params,
			    void *mem, size_t size)
{
	return zstd_init_cctx(mem, size);
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

static int zstd_compress(const struct zblock_codec_params *params, void *ctx,
			 const void *src, size_t src_len,
			 void *dst, size_t *dst_len)
{
	const struct zstd_setup *zs = params->data;
	size_t size;

	if (zs->cdict)
		size = zblock_zstd_compress_dict(ctx, dst, *dst_len, src,
						 src_len, zs->cdict);
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

const struct zblock_codec_ops zblock_codec_zstd = {
	.name		= "zstd",
	.takes		= ZBLOCK_TAKES_LEVEL | ZBLOCK_TAKES_DICT,
	.setup		= zstd_setup,
	.release	= zstd_release,
	.cctx_size	= zstd_cctx_size,
	.init_cctx	= zstd_make_cctx,
	.dctx_size	= zstd_dctx_size,
	.init_dctx	= zstd_make_dctx,
	.compress	= zstd_compress,
	.decompress	= zstd_decompress,
};
