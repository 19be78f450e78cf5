// SPDX-License-Identifier: GPL-2.0-only
/*
 * zbload - drives block devices from inside the kernel, with real data, as swap
 * does, and says how long that took
 *
 * Three files in /sys/kernel/debug/zbload/:
 *
 *   corpus   write "PATH [ORDER]": load the file as data, in blocks of 2^ORDER
 *            pages (default 4). Read: how many pages there are
 *   forget   write a device's path: it has been reset, and reads as zeros
 *   run      write a request, read the answer, one line of JSON
 *
 * A request is pairs of words in any order, on one line:
 *
 *   op OP          read, write, discard; verify: read, and compare each page
 *                  with what was last written or discarded through this module;
 *                  codec: the codec alone, no device. Required
 *   device PATH    at least as large as the corpus. Required but for codec
 *   algorithm NAME lz4 or zstd, for codec (default lz4)
 *   bs BYTES       of each bio, or unit of the codec: 1 to 16 pages, a power of
 *                  two (default 4096)
 *   threads N      submitters; each does its part (default 1)
 *   depth N        bios each has under way at most (default 1)
 *   order ORDER    seq or random (default seq)
 *   percent N      only this share of the device, chosen at random (default 100)
 *   seed N         of what is random (default 1)
 *   shift N        write page n with page n + N of the corpus (default 0)
 *   churn N        1: another thread, on the last CPU, overwrites and discards
 *                  single pages until the others have done, who stay off that
 *                  CPU; with read only (default 0)
 *   repeat N       do it all N times (default 1)
 *
 * The answer: bytes, ns, errors (failed bios), wrong (pages), first_wrong,
 * elsewhere (bios that others than their submitters have ended), churned
 * (pages), the latencies p50, p99, p999, max and mean in ns and all of them as
 * [[ns, count], ...]; for codec: bytes, packed (bytes after), ns to compress,
 * unpack_ns.
 */
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "zbload.h"

#define LINE_MAX	512

/* Serialises everything, and protects what follows. */
static DEFINE_MUTEX(zbload_lock);
static struct zbload_corpus corpus;
static struct zbload_request request;
static struct zbload_answer *answer;
static bool answered;

static struct dentry *zbload_dir;

static const char * const op_name[] = {
	[ZBLOAD_READ] = "read",
	[ZBLOAD_WRITE] = "write",
	[ZBLOAD_DISCARD] = "discard",
	[ZBLOAD_VERIFY] = "verify",
	[ZBLOAD_CODEC] = "codec",
};

static const char * const order_name[] = { "seq", "random" };

static int parse_pair(struct zbload_request *req, const char *key,
		      const char *value)
{
	const struct {
		const char *key;
		unsigned int *to;
	} numbers[] = {
		{ "bs", &req->bs },
		{ "threads", &req->threads },
		{ "depth", &req->depth },
		{ "percent", &req->percent },
		{ "seed", &req->seed },
		{ "shift", &req->shift },
		{ "repeat", &req->repeat },
	};
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(key, numbers[i].key))
			return kstrtouint(value, 0, numbers[i].to);
	if (!strcmp(key, "churn"))
		return kstrtobool(value, &req->churn);
	if (!strcmp(key, "op")) {
		n = match_string(op_name, ARRAY_SIZE(op_name), value);
		req->op = n;
		return min(n, 0);
	}
	if (!strcmp(key, "order")) {
		n = match_string(order_name, ARRAY_SIZE(order_name), value);
		req->random = n;
		return min(n, 0);
	}
	if (!strcmp(key, "device"))
		return min(strscpy(req->path, value, sizeof(req->path)), 0);
	if (!strcmp(key, "algorithm"))
		return min(strscpy(req->algorithm, value,
				   sizeof(req->algorithm)), 0);
	return -EINVAL;
}

static bool valid(const struct zbload_request *req)
{
	return is_power_of_2(req->bs) && req->bs >= PAGE_SIZE &&
	       req->bs <= PAGE_SIZE << ZBLOAD_ORDER_MAX &&
	       req->threads && req->threads <= ZBLOAD_THREADS_MAX &&
	       req->depth && req->depth <= ZBLOAD_DEPTH_MAX &&
	       req->percent && req->percent <= 100 && req->repeat &&
	       (!req->churn || req->op == ZBLOAD_READ) &&
	       (req->op == ZBLOAD_CODEC || req->path[0]);
}

/* Bends @line. */
static int parse_request(struct zbload_request *req, char *line)
{
	bool has_op = false;
	char *key, *value;
	int err;

	*req = (struct zbload_request) {
		.bs = PAGE_SIZE, .threads = 1, .depth = 1, .percent = 100,
		.seed = 1, .repeat = 1, .algorithm = "lz4",
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
		has_op |= !strcmp(key, "op");
	}
	return has_op && valid(req) ? 0 : -EINVAL;
}

/* What user space wrote, as a string for kfree(). */
static char *get_line(const char __user *ubuf, size_t len)
{
	return len < LINE_MAX ? memdup_user_nul(ubuf, len) : ERR_PTR(-EINVAL);
}

static int carry_out(char *line)
{
	int err = parse_request(&request, line);

	lockdep_assert_held(&zbload_lock);
	answered = false;
	if (err)
		return err;
	if (!corpus.nr)
		return -ENODATA;
	memset(answer, 0, sizeof(*answer));
	if (request.op == ZBLOAD_CODEC)
		err = zbload_codec(&request, &corpus, answer);
	else
		err = zbload_run(&request, &corpus, answer);
	answered = !err;
	return err;
}

static ssize_t run_write(struct file *file, const char __user *ubuf,
			 size_t len, loff_t *pos)
{
	char *line = get_line(ubuf, len);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&zbload_lock);
	err = carry_out(line);
	mutex_unlock(&zbload_lock);
	kfree(line);
	return err ?: len;
}

static void show_latencies(struct seq_file *m,
			   const struct zbload_histogram *h)
{
	seq_printf(m, ",\"bios\":%llu,\"mean\":%llu,\"max\":%llu",
		   h->count, h->count ? div64_u64(h->sum, h->count) : 0,
		   h->max);
	seq_printf(m, ",\"p50\":%llu,\"p99\":%llu,\"p999\":%llu,\"latencies\":",
		   zbload_histogram_percentile(h, 500),
		   zbload_histogram_percentile(h, 990),
		   zbload_histogram_percentile(h, 999));
	zbload_histogram_show(m, h);
}

static int run_show(struct seq_file *m, void *unused)
{
	mutex_lock(&zbload_lock);
	if (answered) {
		seq_printf(m, "{\"op\":\"%s\",\"bytes\":%llu,\"ns\":%llu",
			   op_name[request.op], answer->bytes, answer->ns);
		seq_printf(m, ",\"errors\":%llu,\"wrong\":%llu",
			   answer->errors, answer->wrong);
		seq_printf(m, ",\"elsewhere\":%llu", answer->elsewhere);
		if (answer->wrong)
			seq_printf(m, ",\"first_wrong\":%u",
				   answer->first_wrong);
		if (request.churn)
			seq_printf(m, ",\"churned\":%llu", answer->churned);
		if (request.op == ZBLOAD_CODEC)
			seq_printf(m, ",\"packed\":%llu,\"unpack_ns\":%llu",
				   answer->packed, answer->unpack_ns);
		else
			show_latencies(m, &answer->histogram);
		seq_puts(m, "}\n");
	}
	mutex_unlock(&zbload_lock);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int load_corpus(char *line)
{
	char *path = strim(line), *number;
	unsigned int order = ZBLOAD_ORDER_MAX;
	int err;

	path = strsep(&line, " ");
	number = line;
	if (number) {
		err = kstrtouint(number, 0, &order);
		if (err)
			return err;
	}
	if (order > ZBLOAD_ORDER_MAX)
		return -EINVAL;
	zbload_target_free_all();
	zbload_corpus_free(&corpus);
	return zbload_corpus_load(&corpus, path, order);
}

static ssize_t corpus_write(struct file *file, const char __user *ubuf,
			    size_t len, loff_t *pos)
{
	char *line = get_line(ubuf, len);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&zbload_lock);
	err = load_corpus(line);
	mutex_unlock(&zbload_lock);
	kfree(line);
	return err ?: len;
}

static int corpus_show(struct seq_file *m, void *unused)
{
	mutex_lock(&zbload_lock);
	seq_printf(m, "%u\n", corpus.nr);
	mutex_unlock(&zbload_lock);
	return 0;
}

static int corpus_open(struct inode *inode, struct file *file)
{
	return single_open(file, corpus_show, NULL);
}

static const struct file_operations corpus_fops = {
	.owner = THIS_MODULE,
	.open = corpus_open,
	.read = seq_read,
	.write = corpus_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static ssize_t forget_write(struct file *file, const char __user *ubuf,
			    size_t len, loff_t *pos)
{
	char *line = get_line(ubuf, len);

	if (IS_ERR(line))
		return PTR_ERR(line);
	mutex_lock(&zbload_lock);
	zbload_target_forget(strim(line));
	mutex_unlock(&zbload_lock);
	kfree(line);
	return len;
}

static const struct file_operations forget_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = forget_write,
};

static int __init zbload_init(void)
{
	answer = vzalloc(sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	zbload_dir = debugfs_create_dir("zbload", NULL);
	debugfs_create_file("corpus", 0600, zbload_dir, NULL, &corpus_fops);
	debugfs_create_file("forget", 0200, zbload_dir, NULL, &forget_fops);
	debugfs_create_file("run", 0600, zbload_dir, NULL, &run_fops);
	return 0;
}

static void __exit zbload_exit(void)
{
	debugfs_remove(zbload_dir);
	zbload_target_free_all();
	zbload_corpus_free(&corpus);
	vfree(answer);
}

module_init(zbload_init);
module_exit(zbload_exit);

MODULE_DESCRIPTION("Drives block devices as swap does and measures them");
MODULE_LICENSE("GPL");
