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
#include <linux/seq_file.h>
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
DEFINE_SHOW_ATTRIBUTE(classes);

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
DEFINE_SHOW_ATTRIBUTE(counters);

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

	n = zs_zspage_pages(m->private, *(loff_t *)v, &size, pfn);
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
DEFINE_SHOW_ATTRIBUTE(check);

static int route_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", zs_route->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(route);

/**
 * zs_debugfs_add() - show a pool in debugfs
 * @pool: the pool, complete
 *
 * Context: process; sleeps.
 */
void zs_debugfs_add(struct zspool *pool)
{
	struct dentry *dir = debugfs_create_dir(pool->name, zs_root);

	pool->debugfs = dir;
	debugfs_create_file("classes", 0400, dir, pool, &classes_fops);
	debugfs_create_file("counters", 0400, dir, pool, &counters_fops);
	debugfs_create_file("pages", 0400, dir, pool, &pages_fops);
	debugfs_create_file("check", 0400, dir, pool, &check_fops);
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
void zs_debugfs_init(void)
{
	zs_root = debugfs_create_dir("zspool", NULL);
	debugfs_create_file("route", 0400, zs_root, NULL, &route_fops);
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
