// SPDX-License-Identifier: GPL-2.0-only
/*
 * contig - asks for physically contiguous memory, as a driver for a camera
 * would, and gives it back.
 *
 * One file, /sys/kernel/debug/contig/run. Write a request, read the answer:
 *
 *   range PFN PAGES   those pages and no others, whoever has them now:
 *                     alloc_contig_range()
 *   cma PAGES         so many of the kernel's CMA area, where it has one that
 *                     modules may use; else -EOPNOTSUPP
 *
 *   # cat /sys/kernel/debug/contig/run
 *   pages 512 error 0 usecs 1042
 */
#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <contig_compat.h>

/* one request at a time, and what it got */
static DEFINE_MUTEX(contig_lock);
static unsigned long last_pages;
static int last_error;
static s64 last_usecs;
static struct dentry *contig_dir;

static int take_range(unsigned long pfn, unsigned long pages)
{
	int err;

	if (!pfn_valid(pfn) || !pfn_valid(pfn + pages - 1))
		return -EINVAL;
	err = contig_compat_range(pfn, pfn + pages);
	if (!err)
		free_contig_range(pfn, pages);
	return err;
}

static int request(const char *line)
{
	unsigned long pfn, pages;
	ktime_t start = ktime_get();
	int err;

	if (sscanf(line, "range %lu %lu", &pfn, &pages) == 2 && pages)
		err = take_range(pfn, pages);
	else if (sscanf(line, "cma %lu", &pages) == 1 && pages)
		err = contig_compat_cma(pages);
	else
		return -EINVAL;
	last_usecs = ktime_us_delta(ktime_get(), start);
	last_pages = pages;
	last_error = err;
	return 0;
}

static ssize_t contig_write(struct file *file, const char __user *ubuf,
			    size_t len, loff_t *pos)
{
	char line[64];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	line[len] = '\0';
	mutex_lock(&contig_lock);
	err = request(line);
	mutex_unlock(&contig_lock);
	return err ? err : len;
}

static int contig_show(struct seq_file *m, void *unused)
{
	mutex_lock(&contig_lock);
	seq_printf(m, "pages %lu error %d usecs %lld\n", last_pages,
		   last_error, last_usecs);
	mutex_unlock(&contig_lock);
	return 0;
}

static int contig_open(struct inode *inode, struct file *file)
{
	return single_open(file, contig_show, NULL);
}

static const struct file_operations contig_fops = {
	.owner = THIS_MODULE,
	.open = contig_open,
	.read = seq_read,
	.write = contig_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init contig_init(void)
{
	contig_dir = debugfs_create_dir("contig", NULL);
	debugfs_create_file("run", 0600, contig_dir, NULL, &contig_fops);
	return 0;
}

static void __exit contig_exit(void)
{
	debugfs_remove(contig_dir);
}

module_init(contig_init);
module_exit(contig_exit);

MODULE_DESCRIPTION("Takes contiguous ranges of memory from whoever has them");
MODULE_LICENSE("GPL");
