// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmprobe - asks the page allocator for blocks of some order and says how many
 * it got: how fragmented memory is, as seen by whoever needs such a block.
 *
 * One file, /sys/kernel/debug/vmprobe/run. Write a request, read the answer:
 *
 *   # echo "order 2 count 256 mode kernel" >/sys/kernel/debug/vmprobe/run
 *   # cat /sys/kernel/debug/vmprobe/run
 *   order 2 mode kernel tried 256 failed 3 held 253 usecs 8125
 *
 * A request is pairs of words in any order, on one line:
 *
 *   order N    blocks of 1 << N pages; required
 *   count M    try M times, whatever fails; or "max": try until the first
 *              failure, which finds how many there are at once (default 1);
 *              of a low order this drains memory, for a moment
 *   hold H     hold at most H blocks, giving back the oldest; 0, the default,
 *              holds them all, so that no attempt is helped by the one before
 *   mode MODE  how hard the allocator tries:
 *      atomic    takes what is free now: no reclaim, no compaction, as in
 *                a network receive path
 *      kernel    one round of reclaim and compaction, then gives up, as for
 *                a kernel stack or a socket buffer (default)
 *      huge      movable, with compaction, as a page fault that would like
 *                a huge page
 *
 * The answer counts the attempts, those that failed, and the most blocks that
 * were held at the same time. Every block is given back before the write
 * returns. No mode wakes the OOM killer, and none prints a failure. A fatal
 * signal ends a request early; the answer is then about what was tried.
 *
 * One request runs at a time; there is one answer, the last one.
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* The page allocator's own largest order, on the kernels we run on. */
#define VMPROBE_ORDER_MAX	10

struct vmprobe_mode {
	const char *name;
	gfp_t gfp;
};

static const struct vmprobe_mode modes[] = {
	{ "kernel", GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN },
	{ "atomic", GFP_NOWAIT | __GFP_NOWARN },
	{ "huge", GFP_TRANSHUGE | __GFP_NORETRY },
};

struct vmprobe_request {
	const struct vmprobe_mode *mode;
	unsigned long order;
	unsigned long count;	/* ULONG_MAX: until the first failure */
	unsigned long hold;
};

struct vmprobe_answer {
	struct vmprobe_request req;
	unsigned long tried;
	unsigned long failed;
	unsigned long held;
	s64 usecs;
};

/* Serialises requests, and protects @answer. */
static DEFINE_MUTEX(vmprobe_lock);
static struct vmprobe_answer answer;
static struct dentry *vmprobe_dir;

static void give_back(struct list_head *blocks, unsigned int order)
{
	struct page *page = list_first_entry(blocks, struct page, lru);

	list_del(&page->lru);
	__free_pages(page, order);
}

static void vmprobe_run(const struct vmprobe_request *req)
{
	ktime_t start = ktime_get();
	unsigned long held = 0;
	LIST_HEAD(blocks);

	lockdep_assert_held(&vmprobe_lock);
	memset(&answer, 0, sizeof(answer));
	answer.req = *req;

	while (answer.tried < req->count && !fatal_signal_pending(current)) {
		struct page *page = alloc_pages(req->mode->gfp, req->order);

		answer.tried++;
		if (page) {
			/* Ours alone, so the list head in it is, too. */
			list_add_tail(&page->lru, &blocks);
			held++;
			answer.held = max(answer.held, held);
		} else {
			answer.failed++;
			if (req->count == ULONG_MAX)
				break;
		}
		if (req->hold && held == req->hold) {
			give_back(&blocks, req->order);
			held--;
		}
		cond_resched();
	}
	answer.usecs = ktime_us_delta(ktime_get(), start);
	while (!list_empty(&blocks)) {
		give_back(&blocks, req->order);
		cond_resched();
	}
}

static int parse_pair(struct vmprobe_request *req, const char *key,
		      const char *value)
{
	size_t i;

	if (!strcmp(key, "order"))
		return kstrtoul(value, 0, &req->order);
	if (!strcmp(key, "hold"))
		return kstrtoul(value, 0, &req->hold);
	if (!strcmp(key, "count")) {
		if (!strcmp(value, "max")) {
			req->count = ULONG_MAX;
			return 0;
		}
		return kstrtoul(value, 0, &req->count);
	}
	if (strcmp(key, "mode"))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(value, modes[i].name)) {
			req->mode = &modes[i];
			return 0;
		}
	}
	return -EINVAL;
}

/* Bends @line. */
static int parse_request(struct vmprobe_request *req, char *line)
{
	char *key, *value;
	int err;

	*req = (struct vmprobe_request) {
		.mode = &modes[0],
		.order = ULONG_MAX,
		.count = 1,
	};
	line = strim(line);
	while (line && *line) {
		key = strsep(&line, " ");
		value = strsep(&line, " ");
		if (!value)
			return -EINVAL;
		err = parse_pair(req, key, value);
		if (err)
			return err;
	}
	if (req->order > VMPROBE_ORDER_MAX)
		return -EINVAL;
	/* What is given back at once can be had again for ever. */
	if (req->hold && req->count == ULONG_MAX)
		return -EINVAL;
	return 0;
}

static ssize_t vmprobe_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *pos)
{
	struct vmprobe_request req;
	char line[96];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	line[len] = '\0';
	err = parse_request(&req, line);
	if (err)
		return err;

	err = mutex_lock_interruptible(&vmprobe_lock);
	if (err)
		return err;
	vmprobe_run(&req);
	mutex_unlock(&vmprobe_lock);
	return len;
}

static int vmprobe_show(struct seq_file *m, void *unused)
{
	int err;

	err = mutex_lock_interruptible(&vmprobe_lock);
	if (err)
		return err;
	if (answer.req.mode)
		seq_printf(m, "order %lu mode %s tried %lu failed %lu held %lu usecs %lld\n",
			   answer.req.order, answer.req.mode->name,
			   answer.tried, answer.failed, answer.held,
			   answer.usecs);
	mutex_unlock(&vmprobe_lock);
	return 0;
}

static int vmprobe_open(struct inode *inode, struct file *file)
{
	return single_open(file, vmprobe_show, NULL);
}

static const struct file_operations vmprobe_fops = {
	.owner = THIS_MODULE,
	.open = vmprobe_open,
	.read = seq_read,
	.write = vmprobe_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init vmprobe_init(void)
{
	vmprobe_dir = debugfs_create_dir("vmprobe", NULL);
	debugfs_create_file("run", 0600, vmprobe_dir, NULL, &vmprobe_fops);
	return 0;
}

static void __exit vmprobe_exit(void)
{
	debugfs_remove(vmprobe_dir);
}

module_init(vmprobe_init);
module_exit(vmprobe_exit);

MODULE_DESCRIPTION("Counts the blocks of an order that the page allocator gives");
MODULE_LICENSE("GPL");
