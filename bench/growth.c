// SPDX-License-Identifier: GPL-2.0-only
/*
 * zbgrow - what an object costs, with few and with many of them in the pool
 *
 * One file, /sys/kernel/debug/zbgrow. Write "POOL OBJECTS", POOL being zspool
 * or zsmalloc; read one line of JSON: ns for an allocation while that many are
 * made, for a free while all are freed in the same order, for a pair of a free
 * of any and an allocation with all of them there, and the bytes that are kept
 * for an object beyond its own.
 *
 * Objects have 32 to 159 bytes, so that 10^7 of them fit into a guest; which
 * size comes when is the same for both pools.
 */
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/zsmalloc.h>
#include <zspool.h>
#include <bench_compat.h>

#define SIZE_MIN	32
#define SIZE_MASK	127
#define OBJECTS_MAX	20000000
#define PAIRS		200000
#define GROW_GFP	(GFP_KERNEL | __GFP_NOWARN)
#define GROW_PAGE_GFP	(GROW_GFP | __GFP_HIGHMEM | __GFP_MOVABLE)

struct grow_pool;

struct grow_ops {
	const char *name;
	int (*create)(struct grow_pool *pool);
	void (*destroy)(struct grow_pool *pool);
	int (*alloc)(struct grow_pool *pool, unsigned long i, size_t size);
	void (*free)(struct grow_pool *pool, unsigned long i);
	u64 (*bytes)(struct grow_pool *pool);
};

/**
 * struct grow_pool - a pool under measurement
 * @ops: which kind
 * @nr: objects
 * @zspool: one of these two
 * @zsmalloc: the other
 * @handles: of the objects, as the kind has them: one of the next two
 * @zspool_handles: zspool's
 * @zsmalloc_handles: zsmalloc's
 * @sizes: of the objects
 */
struct grow_pool {
	const struct grow_ops *ops;
	unsigned long nr;
	struct zspool *zspool;
	struct zs_pool *zsmalloc;
	union {
		void *handles;
		zspool_handle_t *zspool_handles;
		unsigned long *zsmalloc_handles;
	};
	u8 *sizes;
};

struct grow_answer {
	unsigned long objects;
	u64 alloc_ns;
	u64 free_ns;
	u64 pair_ns;
	u64 bytes;	/* that the pool had for all */
	u64 wanted;	/* that the objects have */
};

/* Serialises requests, and protects @answer. */
static DEFINE_MUTEX(grow_lock);
static struct grow_answer answer;
static struct dentry *grow_file;

static int zspool_grow_create(struct grow_pool *pool)
{
	pool->handles = vmalloc_array(pool->nr, sizeof(*pool->zspool_handles));
	if (!pool->handles)
		return -ENOMEM;
	pool->zspool = zspool_create("zbgrow", pool->nr, NULL, NULL);
	return PTR_ERR_OR_ZERO(pool->zspool);
}

static void zspool_grow_destroy(struct grow_pool *pool)
{
	if (!IS_ERR_OR_NULL(pool->zspool))
		zspool_destroy(pool->zspool);
}

static int zspool_grow_alloc(struct grow_pool *pool, unsigned long i,
			     size_t size)
{
	return zspool_alloc(pool->zspool, size, GROW_PAGE_GFP, NUMA_NO_NODE,
			    &pool->zspool_handles[i]);
}

static void zspool_grow_free(struct grow_pool *pool, unsigned long i)
{
	zspool_free(pool->zspool, pool->zspool_handles[i]);
}

static u64 zspool_grow_bytes(struct grow_pool *pool)
{
	struct zspool_stats stats;

	zspool_get_stats(pool->zspool, &stats);
	return ((u64)stats.pages << PAGE_SHIFT) + stats.meta;
}

static int zsmalloc_grow_create(struct grow_pool *pool)
{
	pool->handles = vmalloc_array(pool->nr,
				      sizeof(*pool->zsmalloc_handles));
	if (!pool->handles)
		return -ENOMEM;
	pool->zsmalloc = zs_create_pool("zbgrow");
	return pool->zsmalloc ? 0 : -ENOMEM;
}

static void zsmalloc_grow_destroy(struct grow_pool *pool)
{
	if (pool->zsmalloc)
		zs_destroy_pool(pool->zsmalloc);
}

static int zsmalloc_grow_alloc(struct grow_pool *pool, unsigned long i,
			       size_t size)
{
	unsigned long handle = bench_compat_zs_malloc(pool->zsmalloc, size,
						      GROW_PAGE_GFP);

	if (IS_ERR_VALUE(handle))
		return (long)handle;
	pool->zsmalloc_handles[i] = handle;
	return 0;
}

static void zsmalloc_grow_free(struct grow_pool *pool, unsigned long i)
{
	zs_free(pool->zsmalloc, pool->zsmalloc_handles[i]);
}

/* The pool's pages, and a handle of 8 bytes for each: zspages are not told. */
static u64 zsmalloc_grow_bytes(struct grow_pool *pool)
{
	return ((u64)zs_get_total_pages(pool->zsmalloc) << PAGE_SHIFT) +
	       pool->nr * sizeof(long);
}

static const struct grow_ops grow_kinds[] = {
	{
		.name = "zspool",
		.create = zspool_grow_create,
		.destroy = zspool_grow_destroy,
		.alloc = zspool_grow_alloc,
		.free = zspool_grow_free,
		.bytes = zspool_grow_bytes,
	}, {
		.name = "zsmalloc",
		.create = zsmalloc_grow_create,
		.destroy = zsmalloc_grow_destroy,
		.alloc = zsmalloc_grow_alloc,
		.free = zsmalloc_grow_free,
		.bytes = zsmalloc_grow_bytes,
	},
};

/* The first @nr but for one, which is not there; all of them: NONE. */
#define NONE	ULONG_MAX

static void free_objects(struct grow_pool *pool, unsigned long nr,
			 unsigned long missing)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (i != missing)
			pool->ops->free(pool, i);
		if (!(i % 1024))
			cond_resched();
	}
}

static int alloc_objects(struct grow_pool *pool)
{
	unsigned long i;
	int err;

	for (i = 0; i < pool->nr; i++) {
		err = pool->ops->alloc(pool, i, pool->sizes[i]);
		if (err) {
			free_objects(pool, i, NONE);
			return err;
		}
		if (!(i % 1024))
			cond_resched();
	}
	return 0;
}

/* Any object goes and one of the same size comes. */
static int pairs(struct grow_pool *pool)
{
	struct rnd_state rnd;
	unsigned long i, n;
	int err;

	prandom_seed_state(&rnd, 2);
	for (n = 0; n < PAIRS; n++) {
		i = prandom_u32_state(&rnd) % pool->nr;
		pool->ops->free(pool, i);
		err = pool->ops->alloc(pool, i, pool->sizes[i]);
		if (err) {
			free_objects(pool, pool->nr, i);
			return err;
		}
	}
	return 0;
}

static int measure(struct grow_pool *pool)
{
	u64 began, alloced, paired;
	unsigned long i;
	int err;

	began = ktime_get_ns();
	err = alloc_objects(pool);
	if (err)
		return err;
	alloced = ktime_get_ns();
	answer.bytes = pool->ops->bytes(pool);
	for (i = 0; i < pool->nr; i++)
		answer.wanted += pool->sizes[i];
	paired = ktime_get_ns();
	err = pairs(pool);
	if (err)
		return err;
	answer.pair_ns = ktime_get_ns() - paired;
	answer.alloc_ns = alloced - began;
	began = ktime_get_ns();
	free_objects(pool, pool->nr, NONE);
	answer.free_ns = ktime_get_ns() - began;
	answer.objects = pool->nr;
	return 0;
}

static int grow_run(const struct grow_ops *ops, unsigned long nr)
{
	struct grow_pool pool = { .ops = ops, .nr = nr };
	struct rnd_state rnd;
	unsigned long i;
	int err = -ENOMEM;

	lockdep_assert_held(&grow_lock);
	memset(&answer, 0, sizeof(answer));
	pool.sizes = vmalloc(nr);
	if (pool.sizes) {
		prandom_seed_state(&rnd, 1);
		for (i = 0; i < nr; i++)
			pool.sizes[i] = SIZE_MIN +
					(prandom_u32_state(&rnd) & SIZE_MASK);
		err = ops->create(&pool);
	}
	if (!err)
		err = measure(&pool);
	ops->destroy(&pool);
	vfree(pool.handles);
	vfree(pool.sizes);
	return err;
}

static ssize_t grow_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	char line[64], *kind, *number;
	unsigned long nr;
	size_t i;
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	line[len] = '\0';
	number = strim(line);
	kind = strsep(&number, " ");
	if (!number || kstrtoul(number, 0, &nr) || !nr || nr > OBJECTS_MAX)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(grow_kinds); i++) {
		if (strcmp(kind, grow_kinds[i].name))
			continue;
		mutex_lock(&grow_lock);
		err = grow_run(&grow_kinds[i], nr);
		mutex_unlock(&grow_lock);
		return err ?: len;
	}
	return -EINVAL;
}

static void show_ns(struct seq_file *m, const char *name, u64 ns, u64 nr)
{
	u64 tenths = div64_u64(ns * 10, nr);

	seq_printf(m, "\"%s\":%llu.%llu,", name, div_u64(tenths, 10),
		   tenths - div_u64(tenths, 10) * 10);
}

static int grow_show(struct seq_file *m, void *unused)
{
	mutex_lock(&grow_lock);
	if (answer.objects) {
		seq_putc(m, '{');
		show_ns(m, "alloc_ns", answer.alloc_ns, answer.objects);
		show_ns(m, "free_ns", answer.free_ns, answer.objects);
		show_ns(m, "pair_ns", answer.pair_ns, PAIRS);
		seq_printf(m, "\"bytes\":%llu,\"wanted\":%llu,\"objects\":%lu}\n",
			   answer.bytes, answer.wanted, answer.objects);
	}
	mutex_unlock(&grow_lock);
	return 0;
}

static int grow_open(struct inode *inode, struct file *file)
{
	return single_open(file, grow_show, NULL);
}

static const struct file_operations grow_fops = {
	.owner = THIS_MODULE,
	.open = grow_open,
	.read = seq_read,
	.write = grow_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init grow_init(void)
{
	grow_file = debugfs_create_file("zbgrow", 0600, NULL, NULL,
					&grow_fops);
	return 0;
}

static void __exit grow_exit(void)
{
	debugfs_remove(grow_file);
}

module_init(grow_init);
module_exit(grow_exit);

MODULE_DESCRIPTION("Measures what an object costs in a pool of many");
MODULE_LICENSE("GPL");
