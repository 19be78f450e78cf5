/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * codec.h - what compresses a unit of data
 *
 * Three parts, by lifetime:
 *
 *   struct zblock_codec_ops      an algorithm: constant, one file each
 *   struct zblock_codec_params   how a device uses it: constant once set up,
 *                                shared by all CPUs
 *   cctx, dctx                   working memory to compress and to decompress
 *                                with, behind a mutex each, so that codecs run
 *                                preemptible
 *
 * Contexts come on first use: see context.c.
 */
#ifndef _ZBLOCK_CODEC_H
#define _ZBLOCK_CODEC_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* A parameter that nobody has given. */
#define ZBLOCK_PARAM_DEFAULT	INT_MIN

/* Which parameters an algorithm takes. */
#define ZBLOCK_TAKES_LEVEL	BIT(0)
#define ZBLOCK_TAKES_DICT	BIT(1)
#define ZBLOCK_TAKES_WINBITS	BIT(2)

/**
 * struct zblock_range - a part of a unit
 * @from: its first byte
 * @to: the byte after its last
 */
struct zblock_range {
	size_t from;
	size_t to;
};

/**
 * struct zblock_codec_params - how to use an algorithm
 * @level: the algorithm's own; ZBLOCK_PARAM_DEFAULT is replaced by setup
 * @winbits: of deflate; the same
 * @dict: a dictionary; NULL if there is none. The device owns it
 * @dict_size: bytes of it
 * @unit: bytes of a unit, at most
 * @data: what the algorithm prepared from these
 * @data_size: bytes of that
 */
struct zblock_codec_params {
	int level;
	int winbits;
	const void *dict;
	size_t dict_size;
	size_t unit;
	void *data;
	size_t data_size;
};

/**
 * struct zblock_codec_ops - an algorithm
 * @name: as in comp_algorithm
 * @takes: ZBLOCK_TAKES_…; setup is not asked about others
 * @setup: check the parameters, replace defaults, prepare @data. May sleep.
 *	0, -EINVAL for a bad parameter, -EOPNOTSUPP for one that this kernel's
 *	library cannot have, -ENOMEM. May be NULL
 * @release: undo setup. May be NULL
 * @cctx_by_unit: a compressor is good for units of its own size only. (A
 *	decompressor is for all sizes, and has no dictionary in it.)
 * @cctx_size: bytes of memory to compress with
 * @init_cctx: make a context in that memory, which starts with zeros: the
 *	context, NULL if that fails. May be NULL: the memory is the context
 * @dctx_size: bytes of memory to decompress with; NULL: none is needed; 0:
 *	with these parameters none is needed
 * @init_dctx: as @init_cctx
 * @compress: @dst_len is the room, and then the size. Preemptible. 0, or -EINVAL
 *	if it does not fit
 * @decompress: fills all of @dst, and writes nowhere else whatever is in @src.
 *	Preemptible. 0, or -EINVAL if @src is broken
 * @decompress_some: as @decompress, but no more than @range, a page, is wanted,
 *	which becomes what there is around it, each byte at its place; @dst has
 *	room for the whole unit, and @src may be changed. NULL if it takes as long
 *	as all of it
 */
struct zblock_codec_ops {
	const char *name;
	unsigned int takes;
	int (*setup)(struct zblock_codec_params *params);
	void (*release)(struct zblock_codec_params *params);
	bool cctx_by_unit;
	size_t (*cctx_size)(const struct zblock_codec_params *params);
	void *(*init_cctx)(const struct zblock_codec_params *params,
			   void *mem, size_t size);
	size_t (*dctx_size)(const struct zblock_codec_params *params);
	void *(*init_dctx)(const struct zblock_codec_params *params,
			   void *mem, size_t size);
	int (*compress)(const struct zblock_codec_params *params, void *ctx,
			const void *src, size_t src_len,
			void *dst, size_t *dst_len);
	int (*decompress)(const struct zblock_codec_params *params, void *ctx,
			  const void *src, size_t src_len,
			  void *dst, size_t dst_len);
	int (*decompress_some)(const struct zblock_codec_params *params,
			       void *ctx, void *src, size_t src_len,
			       void *dst, struct zblock_range *range);
};

/* What a context is for. */
enum zblock_role {
	ZBLOCK_CCTX,	/* to compress with */
	ZBLOCK_DCTX,	/* to decompress with */
	ZBLOCK_ROLES
};

/**
 * struct zblock_context - a compressor or a decompressor
 * @lock: taken by zblock_context_get()
 * @codec: whose it is; constant
 * @role: constant
 * @mem: what @ctx was made in
 * @ctx: the algorithm's, NULL if it needs none
 * @buf: where compressed data goes: zblock_codec_room() bytes; or, to decompress, room
 *	for a unit: for what lies across pages
 * @unit: room for a unit that does not lie in one piece, or is wanted in part; NULL for
 *	units of a page
 * @seq: which unit is in @unit, decompressed
 * @have: which bytes of it; none: @have.to is 0
 * @next: the page after the one that was last wanted of a unit
 */
struct zblock_context {
	struct mutex lock;	/* of this context */
	struct zblock_codec *codec;
	enum zblock_role role;
	void *mem;
	void *ctx;
	void *buf;
	void *unit;
	u64 seq;
	struct zblock_range have;
	unsigned long next;
};

/**
 * struct zblock_codec_cpu - one CPU's contexts
 * @context: NULL until the worker has made it, or for good
 * @want: the worker has been asked for it
 */
struct zblock_codec_cpu {
	struct zblock_context *context[ZBLOCK_ROLES];
	bool want[ZBLOCK_ROLES];
};

/**
 * struct zblock_codec - an algorithm at work for one device
 * @ops: constant
 * @params: constant
 * @cpu: contexts of each CPU
 * @from: whose contexts it uses: its own, or those of one of the same
 *	algorithm for larger units, which is there as long
 * @first_lock: who makes the first ones
 * @first: what CPUs without one of their own use; first_lock to set
 * @worker: makes contexts for CPUs that want them
 */
struct zblock_codec {
	const struct zblock_codec_ops *ops;
	struct zblock_codec_params params;
	struct zblock_codec_cpu __percpu *cpu;
	struct zblock_codec *from[ZBLOCK_ROLES];
	struct mutex first_lock;	/* see above */
	struct zblock_context *first[ZBLOCK_ROLES];
	struct delayed_work worker;
};

/*
 * Room for what a unit may become: an incompressible one grows a little (LZO by a
 * sixteenth and 67 bytes, 842 by five bits for each eight bytes), and a codec is
 * faster when it knows that its output fits.
 */
static inline size_t zblock_codec_room(const struct zblock_codec *codec)
{
	return codec->params.unit + codec->params.unit / 8 + 128;
}

static inline size_t zblock_codec_dctx_size(const struct zblock_codec *codec)
{
	return codec->ops->dctx_size ?
	       codec->ops->dctx_size(&codec->params) : 0;
}

/* Some algorithms decompress without; their dctx is a bounce buffer only. */
static inline bool zblock_codec_needs_dctx(const struct zblock_codec *codec)
{
	return codec->ops->dctx_size;
}

extern const struct zblock_codec_ops zblock_codec_lzo;
extern const struct zblock_codec_ops zblock_codec_lzo_rle;
extern const struct zblock_codec_ops zblock_codec_lz4;
extern const struct zblock_codec_ops zblock_codec_lz4hc;
extern const struct zblock_codec_ops zblock_codec_zstd;
extern const struct zblock_codec_ops zblock_codec_deflate;
extern const struct zblock_codec_ops zblock_codec_842;

/* codec.c */
const struct zblock_codec_ops *zblock_codec_default(void);
const struct zblock_codec_ops *zblock_codec_find(const char *name);
ssize_t zblock_codec_list(const struct zblock_codec_ops *chosen, char *buf,
			  ssize_t at);
int zblock_codec_check(const struct zblock_codec_ops *ops,
		       const struct zblock_codec_params *params);
struct zblock_codec *
zblock_codec_create(const struct zblock_codec_ops *ops,
		    const struct zblock_codec_params *params, size_t unit);
void zblock_codec_destroy(struct zblock_codec *codec);
int zblock_compress(struct zblock_codec *codec, struct zblock_context *cctx,
		    const void *src, size_t len, size_t *size);
int zblock_decompress(struct zblock_codec *codec, struct zblock_context *dctx,
		      const void *src, size_t size, void *dst, size_t len);

/* context.c */
int zblock_contexts_init(struct zblock_codec *codec);
void zblock_contexts_free(struct zblock_codec *codec);
int zblock_contexts_reserve(struct zblock_codec *codec, gfp_t gfp);
size_t zblock_contexts_size(struct zblock_codec *codec);
struct zblock_context *zblock_context_get(struct zblock_codec *codec,
					  enum zblock_role role);
struct zblock_context *zblock_dctx_tryget(struct zblock_codec *codec);

static inline struct zblock_context *zblock_cctx_get(struct zblock_codec *codec)
{
	return zblock_context_get(codec, ZBLOCK_CCTX);
}

static inline struct zblock_context *zblock_dctx_get(struct zblock_codec *codec)
{
	return zblock_context_get(codec, ZBLOCK_DCTX);
}

static inline void zblock_context_put(struct zblock_context *context)
{
	mutex_unlock(&context->lock);
}

#endif /* _ZBLOCK_CODEC_H */
