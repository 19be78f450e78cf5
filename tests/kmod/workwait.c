// SPDX-License-Identifier: GPL-2.0-only
/*
 * workwait - how long works of high priority wait for their CPU's turn, as others'
 * would: those of block drivers, which the kernel keeps in the same pools as ours.
 *
 * One file, /sys/kernel/debug/workwait/run. Write for how many milliseconds, read
 * how many works there were, how many of them waited for more than a millisecond,
 * and the longest wait:
 *
 *   # echo 2000 >/sys/kernel/debug/workwait/run
 *   # cat /sys/kernel/debug/workwait/run
 *   works 3712 late 12 max_us 3902
 *
 * The write returns when it is over; a fatal signal ends it early. On each CPU there
 * is one work at a time, the next comes half a millisecond after it.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

#define LATE_NS		NSEC_PER_MSEC
#define PAUSE_US	500
#define LONGEST_MS	600000

struct waiter {
	struct work_struct work;
	u64 queued;
	u64 max;
	unsigned long works;
	unsigned long late;
};

/* Serialises requests, and protects all but what a waiter's own work writes. */
static DEFINE_MUTEX(run_lock);
static DEFINE_PER_CPU(struct waiter, waiters);
static struct dentry *dir;

static void waiter_work(struct work_struct *work)
{
	struct waiter *w = container_of(work, struct waiter, work);
	u64 waited = ktime_get_ns() - w->queued;

	w->works++;
	w->late += waited > LATE_NS;
	w->max = max(w->max, waited);
}

static void wait_for_all(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		flush_work(&per_cpu(waiters, cpu).work);
}

static void run(u64 ms)
{
	u64 end = ktime_get_ns() + ms * NSEC_PER_MSEC;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct waiter *w = &per_cpu(waiters, cpu);

		w->max = 0;
		w->works = 0;
		w->late = 0;
	}
	while (ktime_get_ns() < end && !fatal_signal_pending(current)) {
		cpus_read_lock();
		for_each_online_cpu(cpu) {
			struct waiter *w = &per_cpu(waiters, cpu);

			/* who runs has read when he was queued, or may do so anew */
			if (work_busy(&w->work))
				continue;
			w->queued = ktime_get_ns();
			queue_work_on(cpu, system_highpri_wq, &w->work);
		}
		cpus_read_unlock();
		usleep_range(PAUSE_US, PAUSE_US + 50);
	}
	wait_for_all();
}

static ssize_t workwait_write(struct file *file, const char __user *ubuf,
			      size_t len, loff_t *pos)
{
	unsigned long ms;
	int err;

	err = kstrtoul_from_user(ubuf, len, 0, &ms);
	if (err)
		return err;
	if (!ms || ms > LONGEST_MS)
		return -EINVAL;
	err = mutex_lock_interruptible(&run_lock);
	if (err)
		return err;
	run(ms);
	mutex_unlock(&run_lock);
	return len;
}

static int workwait_show(struct seq_file *m, void *unused)
{
	unsigned long works = 0, late = 0;
	u64 longest = 0;
	unsigned int cpu;
	int err;

	err = mutex_lock_interruptible(&run_lock);
	if (err)
		return err;
	for_each_possible_cpu(cpu) {
		const struct waiter *w = &per_cpu(waiters, cpu);

		works += w->works;
		late += w->late;
		longest = max(longest, w->max);
	}
	mutex_unlock(&run_lock);
	seq_printf(m, "works %lu late %lu max_us %llu\n", works, late,
		   div_u64(longest, NSEC_PER_USEC));
	return 0;
}

static int workwait_open(struct inode *inode, struct file *file)
{
	return single_open(file, workwait_show, NULL);
}

static const struct file_operations workwait_fops = {
	.owner = THIS_MODULE,
	.open = workwait_open,
	.read = seq_read,
	.write = workwait_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init workwait_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu(waiters, cpu).work, waiter_work);
	dir = debugfs_create_dir("workwait", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &workwait_fops);
	return 0;
}

static void __exit workwait_exit(void)
{
	debugfs_remove(dir);
	wait_for_all();
}

module_init(workwait_init);
module_exit(workwait_exit);

MODULE_DESCRIPTION("Measures how long works of high priority wait");
MODULE_LICENSE("GPL");
