// SPDX-License-Identifier: GPL-2.0-only
/*
 * tidy.c - compaction by itself, where much has come free
 *
 * When a process ends its pages go, and leave holes in zspages that others still have
 * objects in: long chains, which waste little, are seldom empty. So a free that
 * finds a fifth of its class's pages to be freeable asks for a worker, which comes
 * when nobody has asked for a second, or after ten: what is moved while more comes
 * free is moved in vain. It compacts the classes that are so by then. Nobody waits
 * for it, and it holds no more than compaction always holds.
 */
#define pr_fmt(fmt) "zspool: " fmt

#include <linux/kstrtox.h>
#include <linux/module.h>
#include "internal.h"

/* How long to wait for more frees: a process that ends, or comes back, has many. */
#define TIDY_DELAY	HZ
#define TIDY_WAITS	10
/* As few pages as this are not worth it. */
#define TIDY_LEAST	2

static unsigned int compact_at = 20;

static int compact_at_set(const char *words, const struct kernel_param *kp)
{
	unsigned int percent;

	if (kstrtouint(words, 0, &percent) || percent > 100) {
		pr_err("compact_at is in percent, 0 to 100\n");
		return -EINVAL;
	}
	WRITE_ONCE(compact_at, percent);
	return 0;
}

static const struct kernel_param_ops compact_at_ops = {
	.set = compact_at_set,
	.get = param_get_uint,
};
module_param_cb(compact_at, &compact_at_ops, &compact_at, 0644);
MODULE_PARM_DESC(compact_at, "compact a size class by itself if so many percent of its pages would come free (default: 20; 0: never)");

/* Not zs_wq, which reclaim may need: here somebody may be at it for long. */
static struct workqueue_struct *tidy_wq;

static bool is_untidy(const struct size_class *class)
{
	unsigned int percent = READ_ONCE(compact_at);
	unsigned long freeable = zs_class_freeable(class);

	return percent && freeable >= TIDY_LEAST &&
	       (u64)freeable * 100 >= (u64)READ_ONCE(class->nr_pages) * percent;
}

/**
 * zs_tidy_ask() - have a class compacted if that is worth while
 * @class: where something was freed
 *
 * Context: any but irq, hard or soft.
 */
void zs_tidy_ask(struct size_class *class)
{
	struct zspool *pool = class->pool;

	if (!is_untidy(class) || READ_ONCE(pool->dying))
		return;
	WRITE_ONCE(pool->tidy_asked, true);
	queue_delayed_work(tidy_wq, &pool->tidy_work, TIDY_DELAY);
}

/* Has somebody asked again since the worker came last? Then it waits, but not for ever. */
static bool is_early(struct zspool *pool)
{
	bool asked = READ_ONCE(pool->tidy_asked);

	WRITE_ONCE(pool->tidy_asked, false);
	if (asked && pool->tidy_waits++ < TIDY_WAITS)
		return true;
	pool->tidy_waits = 0;
	return false;
}

/**
 * zs_tidy_work() - compact the classes that are worth it
 * @work: the pool's tidy_work
 *
 * Context: the worker.
 */
void zs_tidy_work(struct work_struct *work)
{
	struct zspool *pool = container_of(to_delayed_work(work),
					   struct zspool, tidy_work);
	unsigned long freed = 0;
	unsigned int i;

	if (is_early(pool))
		goto again;
	for (i = 0; i < zs_nr_classes; i++) {
		struct size_class *class = &pool->classes[i];

		if (READ_ONCE(pool->dying))
			return;
		if (!is_untidy(class))
			continue;
		/*
		 * Not held for long: reclaim only tries for it. Who has it may have
		 * passed this class already.
		 */
		if (!mutex_trylock(&pool->compact_lock))
			goto again;
		freed += zs_compact_class(class);
		mutex_unlock(&pool->compact_lock);
	}
	/* that is as much as folding may find; for less it is not worth it */
	if (freed < zs_nr_classes)
		return;
	if (mutex_trylock(&pool->compact_lock)) {
		zs_fold_classes(pool);
		mutex_unlock(&pool->compact_lock);
	}
	return;
again:
	queue_delayed_work(tidy_wq, &pool->tidy_work, TIDY_DELAY);
}

/**
 * zs_tidy_init() - make what the worker runs on
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM
 */
int __init zs_tidy_init(void)
{
	tidy_wq = alloc_workqueue("zspool_tidy", WQ_UNBOUND, 0);
	return tidy_wq ? 0 : -ENOMEM;
}

/**
 * zs_tidy_exit() - the end of zs_tidy_init(); no pool is left
 *
 * Context: process; sleeps.
 */
void zs_tidy_exit(void)
{
	destroy_workqueue(tidy_wq);
}
