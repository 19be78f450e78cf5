// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec.c - the algorithms there are, and one of them at work
 *
 * Kbuild decides which algorithms are built in: those that the kernel has the
 * library of, and that ZBLOCK_CODECS names. It defines CODEC_… for each.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "zblock.h"

/* The first is the default. */
static const struct zblock_codec_ops *const algorithms[] = {
#ifdef CODEC_lz4
	&zblock_codec_lz4,
#endif
#ifdef CODEC_lzo_rle
	&zblock_codec_lzo_rle,
#endif
#ifdef CODEC_lzo
	&zblock_codec_lzo,
#endif
#ifdef CODEC_lz4hc
	&zblock_codec_lz4hc,
#endif
#ifdef CODEC_zstd
	&zblock_codec_zstd,
#endif
#ifdef CODEC_deflate
	&zblock_codec_deflate,
#endif
#ifdef CODEC_842
	&zblock_codec_842,
#endif
	NULL
};

/**
 * zblock_codec_default() - the algorithm of a new device
 *
 * Return: NULL if the module was built without any
 */
const struct zblock_codec_ops *zblock_codec_default(void)
{
	return algorithms[0];
}

/**
 * zblock_codec_find() - look an algorithm up
 * @name: its name; a newline may follow
 *
 * Return: NULL if there is none of this name
 */
const struct zblock_codec_ops *zblock_codec_find(const char *name)
{
	const struct zblock_codec_ops *const *ops;

	for (ops = algorithms; *ops; ops++)
		if (sysfs_streq(name, (*ops)->name))
			return *ops;
	return NULL;
}

/**
 * zblock_codec_list() - print the names, the chosen one in brackets
 * @chosen: may be NULL
 * @buf: of sysfs
 * @at: where to begin in it
 *
 * Return: bytes printed
 */
ssize_t zblock_codec_list(const struct zblock_codec_ops *chosen, char *buf,
			  ssize_t at)
{
	const struct zblock_codec_ops *const *ops;
	ssize_t begin = at;

	for (ops = algorithms; *ops; ops++)
		at += sysfs_emit_at(buf, at, *ops == chosen ? "[%s] " : "%s ",
				    (*ops)->name);
	at += sysfs_emit_at(buf, at, "\n");
	return at - begin;
}

/* Parameters that the algorithm has no use for are refused, not ignored. */
static int setup(const struct zblock_codec_ops *ops,
		 struct zblock_codec_params *params)
{
	unsigned int given = 0;

	if (params->level != ZBLOCK_PARAM_DEFAULT)
		given |= ZBLOCK_TAKES_LEVEL;
	if (params->dict)
		given |= ZBLOCK_TAKES_DICT;
	if (params->winbits != ZBLOCK_PARAM_DEFAULT)
		given |= ZBLOCK_TAKES_WINBITS;
	if (given & ~ops->takes)
		return -EOPNOTSUPP;
	return ops->setup ? ops->setup(params) : 0;
}

static void release(const struct zblock_codec_ops *ops,
		    struct zblock_codec_params *params)
{
	if (ops->release)
		ops->release(params);
}

/**
 * zblock_codec_check() - would an algorithm take these parameters?
 * @ops: the algorithm
 * @params: the parameters; not changed
 *
 * Context: process; may sleep and reclaim.
 * Return: 0; -EOPNOTSUPP if it has no such parameter, -EINVAL for a value it
 * cannot have, -ENOMEM
 */
int zblock_codec_check(const struct zblock_codec_ops *ops,
		       const struct zblock_codec_params *params)
{
	struct zblock_codec_params trial = *params;
	int err;

	trial.unit = PAGE_SIZE;
	err = setup(ops, &trial);
	if (!err)
		release(ops, &trial);
	return err;
}

/**
 * zblock_codec_create() - put an algorithm to work
 * @ops: the algorithm
 * @params: how: its level, dictionary and so on; copied, but for the dictionary,
 *	which has to stay
 * @unit: the most bytes that are compressed together; a page at least
 *
 * Contexts come later: see context.c.
 *
 * Context: process; may sleep and reclaim.
 * Return: the codec, or ERR_PTR: as zblock_codec_check()
 */
struct zblock_codec *
zblock_codec_create(const struct zblock_codec_ops *ops,
		    const struct zblock_codec_params *params, size_t unit)
{
	struct zblock_codec *codec;
	int err;

	codec = kzalloc(sizeof(*codec), GFP_KERNEL);
	if (!codec)
		return ERR_PTR(-ENOMEM);
	codec->ops = ops;
	codec->from[ZBLOCK_CCTX] = codec;
	codec->from[ZBLOCK_DCTX] = codec;
	codec->params = *params;
	codec->params.unit = unit;

	err = setup(ops, &codec->params);
	if (err)
		goto out_free;
	err = zblock_contexts_init(codec);
	if (err)
		goto out_release;
	return codec;

out_release:
	release(ops, &codec->params);
out_free:
	kfree(codec);
	return ERR_PTR(err);
}

/**
 * zblock_codec_destroy() - the reverse of zblock_codec_create()
 * @codec: nobody uses it any more; may be NULL
 *
 * Context: process; may sleep.
 */
void zblock_codec_destroy(struct zblock_codec *codec)
{
	if (!codec)
		return;
	zblock_contexts_free(codec);
	release(codec->ops, &codec->params);
	kfree(codec);
}

/**
 * zblock_compress() - compress a unit into the compressor's buffer
 * @codec: the codec
 * @cctx: its compressor; the result is in its buf
 * @src: the unit
 * @len: bytes of it, no more than the codec was made for
 * @size: bytes of the result; may be more than @len
 *
 * Context: process; preemptible.
 * Return: 0, or the algorithm's error
 */
int zblock_compress(struct zblock_codec *codec, struct zblock_context *cctx,
		    const void *src, size_t len, size_t *size)
{
	*size = zblock_codec_room(codec);
	return codec->ops->compress(&codec->params, cctx->ctx, src, len,
				    cctx->buf, size);
}

/**
 * zblock_decompress() - make a unit again
 * @codec: the codec
 * @dctx: its decompressor; may be NULL if the algorithm needs none
 * @src: what zblock_compress() made
 * @size: of it
 * @dst: the unit
 * @len: bytes of it: what zblock_compress() was given
 *
 * Context: process; preemptible. Neither sleeps nor allocates, so it may run
 * with a pin held.
 * Return: 0, -EINVAL if @src is not what zblock_compress() made
 */
int zblock_decompress(struct zblock_codec *codec, struct zblock_context *dctx,
		      const void *src, size_t size, void *dst, size_t len)
{
	return codec->ops->decompress(&codec->params, dctx ? dctx->ctx : NULL,
				      src, size, dst, len);
}
