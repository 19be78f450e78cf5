// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs.c - what debugfs shows, for each pool, in zspool/POOL/
 *
 *   classes    the size classes in use: a line each
 *   counters   what the pool holds, and what the VM and we did with it
 *   pages      each zspage's objects' size and its page frames
 *   check      walks the pool: how many invariants do not hold
 *
 * Figures are read as they go by, without a lock: reading them stops nobody,
 * and those that belong together may differ by what happened in between.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "internal.h"

static struct dentry *zs_root;

static int classes_show(struct seq_file *m, void *v)
{
	struct zspool *pool = m->private;
	unsigned int i;

	seq_puts(m, "class  size pages objs zspages   objects      used     pages freeable    <25%    <50%    <75%   <100%    full\n");
	for (i = 0; i < zs_nr_classes; i++) {
		struct size_class *class = &pool->classes[i];
		unsigned long zspages = zs_class_zspages(class);
		unsigned long inuse = READ_ONCE(class->inuse);
		int g;

		if (!zspages)
			continue;
		seq_printf(m, "%5u %5u %5u %4u %7lu %9lu %9lu %9lu %8lu",
			   i, class->size, class->pages, class->objs, zspages,
			   zspages * class->objs, inuse,
			   READ_ONCE(class->nr_pages),
			   zs_class_freeable(class));
		for (g = 0; g < ZS_GROUPS; g++)
			seq_printf(m, " %7u", READ_ONCE(class->zspages[g]));
		seq_putc(m, '\n');
	}
	return 0;
}

static const char * const counter_name[ZS_COUNTERS] = {
	[ZS_ISOLATED] = "isolated",
	[ZS_MIGRATED] = "migrated",
	[ZS_AGAIN] = "again",
	[ZS_PUTBACK] = "putback",
	[ZS_FAILED] = "failed",
	[ZS_WHY_LOCK] = "why_lock",
	[ZS_WHY_PINNED] = "why_pinned",
	[ZS_WHY_FLIGHT] = "why_flight",
	[ZS_WHY_STATE] = "why_state",
	[ZS_WHY_NOCOPY] = "why_nocopy",
	[ZS_WHY_VM] = "why_vm",
	[ZS_STOCK_RELEASED] = "stock_released",
	[ZS_DEFERRED] = "free_deferred",
	[ZS_COMPACTED] = "pages_compacted",
	[ZS_PIN_WAITS] = "pin_waits",
};

/**
 * zs_count() - count something for the file counters
 * @pool: the pool
 * @which: what has happened
 *
 * Context: any.
 */
void zs_count(struct zspool *pool, enum zs_counter which)
{
	atomic_long_inc(&pool->count[which]);
}

static int counters_show(struct seq_file *m, void *v)
{
	struct zspool *pool = m->private;
	struct zspool_stats stats;
	unsigned int i;

	zspool_get_stats(pool, &stats);
	seq_printf(m, "route %s\n", pool->route->name);
	seq_printf(m, "pages %lu\n", stats.pages);
	seq_printf(m, "stock %lu\n", stats.stock);
	seq_printf(m, "objects %lu\n", stats.objects);
	seq_printf(m, "stored_bytes %llu\n", stats.stored);
	seq_printf(m, "zspages %lu\n", stats.zspages);
	seq_printf(m, "meta_bytes %llu\n", stats.meta);
	seq_printf(m, "freeable_pages %lu\n", zs_compact_estimate(pool));
	for (i = 0; i < ZS_COUNTERS; i++)
		seq_printf(m, "%s %ld\n", counter_name[i],
			   atomic_long_read(&pool->count[i]));
	seq_printf(m, "longest_pin_wait_ns %ld\n",
		   atomic_long_read(&pool->longest_wait));
	seq_printf(m, "longest_pin_ns %ld\n",
		   atomic_long_read(&pool->longest_pin));
	return 0;
}

/* The zspage that has an id now, or NULL; under rcu_read_lock(): it may become another. */
static struct zspage *zspage_peek(struct zspool *pool, unsigned long id)
{
	u64 *entry = zs_table_entry(&pool->zspages, id);
	unsigned long at = entry ? READ_ONCE(*entry) : 0;

	return at & ZS_FREE_ID ? NULL : (struct zspage *)at;
}

/*
 * Where the pages of a zspage are at this moment: how many, their frames, and the bytes
 * of the zspage's objects. 0: no linked zspage has this id now.
 */
static unsigned int zspage_pages(struct zspool *pool, unsigned long id,
				 unsigned int *size,
				 unsigned long pfn[ZS_CHAIN_MAX])
{
	struct size_class *class;
	struct zspage *zspage;
	struct page *pages[ZS_CHAIN_MAX];
	unsigned int i, n = 0;

	/* as in zs_zspage_of_page(): it may become another while we look */
	rcu_read_lock();
	zspage = zspage_peek(pool, id);
	if (!zspage) {
		rcu_read_unlock();
		return 0;
	}
	class = READ_ONCE(zspage->class);
	zs_lock(&class->lock);
	if (class->pool == pool && zs_zspage_linked_in(zspage, class)) {
		*size = class->size;
		for (i = 0; i < class->pages; i++) {
			pages[n] = READ_ONCE(zspage->pages[i]);
			n += !!pages[n];
		}
		/* the pages were looked at before the second time */
		smp_rmb();
		if (!zs_zspage_linked_in(zspage, class) || zspage->id != id)
			n = 0;
		/* now they are pages, and none of another's bitmap */
		for (i = 0; i < n; i++)
			pfn[i] = page_to_pfn(pages[i]);
	}
	spin_unlock(&class->lock);
	rcu_read_unlock();
	return n;
}

/* A line for each id there may be; one that is free now has none. */
static void *pages_start(struct seq_file *m, loff_t *pos)
{
	struct zspool *pool = m->private;

	return *pos < READ_ONCE(pool->id_next) ? pos : NULL;
}

static void *pages_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return pages_start(m, pos);
}

static void pages_stop(struct seq_file *m, void *v)
{
}

static int pages_show(struct seq_file *m, void *v)
{
	unsigned long pfn[ZS_CHAIN_MAX];
	unsigned int size, n, i;

	n = zspage_pages(m->private, *(loff_t *)v, &size, pfn);
	if (!n)
		return SEQ_SKIP;
	seq_printf(m, "%u", size);
	for (i = 0; i < n; i++)
		seq_printf(m, " %lu", pfn[i]);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations pages_sops = {
	.start = pages_start,
	.next = pages_next,
	.stop = pages_stop,
	.show = pages_show,
};
DEFINE_SEQ_ATTRIBUTE(pages);

/* Reading it walks the pool; says how many invariants do not hold. */
static int check_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", zspool_check(m->private));
	return 0;
}

static int route_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", zs_route->name);
	return 0;
}

/* The files that one call shows; an entry costs less than its own operations would. */
static const struct {
	const char *name;
	int (*show)(struct seq_file *m, void *v);
} files[] = {
	{ "route", route_show },	/* of all pools: the others are each one's */
	{ "classes", classes_show },
	{ "counters", counters_show },
	{ "check", check_show },
};

static int file_open(struct inode *inode, struct file *file)
{
	const unsigned char *name = file_dentry(file)->d_name.name;
	unsigned int i;

	for (i = 0; strcmp(name, files[i].name); i++)
		;
	return single_open(file, files[i].show, inode->i_private);
}

static const struct file_operations file_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * zs_debugfs_add() - show a pool in debugfs
 * @pool: the pool, complete
 *
 * Context: process; sleeps.
 */
void zs_debugfs_add(struct zspool *pool)
{
	struct dentry *dir = debugfs_create_dir(pool->name, zs_root);

	unsigned int i;

	pool->debugfs = dir;
	for (i = 1; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, 0400, dir, pool, &file_fops);
	debugfs_create_file("pages", 0400, dir, pool, &pages_fops);
}

/**
 * zs_debugfs_remove() - the end of zs_debugfs_add()
 * @pool: the pool
 *
 * Context: process; waits for readers.
 */
void zs_debugfs_remove(struct zspool *pool)
{
	debugfs_remove_recursive(pool->debugfs);
}

/**
 * zs_debugfs_init() - make zspool's folder in debugfs
 *
 * Context: process; sleeps.
 */
void __init zs_debugfs_init(void)
{
	zs_root = debugfs_create_dir("zspool", NULL);
	debugfs_create_file(files[0].name, 0400, zs_root, NULL, &file_fops);
}

/**
 * zs_debugfs_exit() - the end of zs_debugfs_init()
 *
 * Context: process; sleeps.
 */
void zs_debugfs_exit(void)
{
	debugfs_remove_recursive(zs_root);
}
