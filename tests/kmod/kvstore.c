// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvstore - numbered values of up to a page, kept in a plain zspool pool
 *
 * A second user of the allocator, as a cache of compressed pages would be: it
 * lets the pool pick handles and keeps them in an xarray. /dev/kvstore:
 *
 *   pwrite(fd, value, length, key)   stores a value; of no bytes: deletes it
 *   pread(fd, value, length, key)    its length; -ENOENT if there is none
 *
 * Values of odd keys are read by scatterlist, of even keys in place. What the
 * pool answers is passed on: -ENOSPC for more than a page. Statistics are the
 * pool's, in /sys/kernel/debug/zspool/kvstore/; "compact" there is ours:
 * /sys/kernel/debug/kvstore/compact, whose reading says how many pages it freed.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <zspool.h>

#define KEYS	BIT(20)
#define LOCKS	64

static struct zspool *pool;
static DEFINE_XARRAY(handles);		/* key -> handle */
/* Keeps a key's handle while its value is read or replaced. */
static struct mutex key_lock[LOCKS];
static struct dentry *kv_dir;

static struct mutex *lock_of(unsigned long key)
{
	return &key_lock[key % LOCKS];
}

/* Free the value that a key had. */
static void forget(void *entry)
{
	if (entry)
		zspool_free(pool, xa_to_value(entry));
}

static int store(unsigned long key, const void *value, size_t len)
{
	zspool_handle_t handle;
	void *old;
	int err;

	err = zspool_alloc(pool, len, GFP_KERNEL | __GFP_HIGHMEM |
			   __GFP_MOVABLE | __GFP_NOWARN, NUMA_NO_NODE, &handle);
	if (err)
		return err;
	err = zspool_write(pool, handle, value, len);
	if (err)
		goto free;
	old = xa_store(&handles, key, xa_mk_value(handle), GFP_KERNEL);
	err = xa_err(old);
	if (err)
		goto free;
	forget(old);
	return 0;
free:
	zspool_free(pool, handle);
	return err;
}

static ssize_t load_in_place(zspool_handle_t handle, void *to)
{
	const void *value;
	size_t len;
	void *spare;

	/* allocated before the pin is taken */
	spare = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!spare)
		return -ENOMEM;
	value = zspool_read_begin(pool, handle, spare, &len);
	if (!IS_ERR(value)) {
		memcpy(to, value, len);
		zspool_read_end(pool, handle, value);
	}
	kfree(spare);
	return IS_ERR(value) ? PTR_ERR(value) : len;
}

static ssize_t load_by_sg(zspool_handle_t handle, void *to)
{
	struct scatterlist sg[2];
	size_t len;
	int n;

	n = zspool_read_sg_begin(pool, handle, sg, &len);
	if (n < 0)
		return n;
	sg_copy_to_buffer(sg, n, to, len);
	zspool_read_sg_end(pool, handle);
	return len;
}

static ssize_t load(unsigned long key, void *to)
{
	void *entry = xa_load(&handles, key);

	if (!entry)
		return -ENOENT;
	return key & 1 ? load_by_sg(xa_to_value(entry), to) :
			 load_in_place(xa_to_value(entry), to);
}

static ssize_t kv_write(struct file *file, const char __user *from, size_t len,
			loff_t *pos)
{
	unsigned long key = *pos;
	void *value = NULL;
	int err = 0;

	if (*pos < 0 || *pos >= KEYS)
		return -EINVAL;
	if (len) {
		/* of a value that is too large the pool shall say so */
		value = memdup_user(from, min_t(size_t, len, PAGE_SIZE));
		if (IS_ERR(value))
			return PTR_ERR(value);
	}
	mutex_lock(lock_of(key));
	if (len)
		err = store(key, value, len);
	else
		forget(xa_erase(&handles, key));
	mutex_unlock(lock_of(key));
	kfree(value);
	return err ? err : len;
}

static ssize_t kv_read(struct file *file, char __user *to, size_t len,
		       loff_t *pos)
{
	unsigned long key = *pos;
	ssize_t got;
	void *value;

	if (*pos < 0 || *pos >= KEYS)
		return -EINVAL;
	value = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	mutex_lock(lock_of(key));
	got = load(key, value);
	mutex_unlock(lock_of(key));
	if (got > 0 && len < got)
		got = -EMSGSIZE;
	if (got > 0 && copy_to_user(to, value, got))
		got = -EFAULT;
	kfree(value);
	return got;
}

static const struct file_operations kv_fops = {
	.owner = THIS_MODULE,
	.read = kv_read,
	.write = kv_write,
	.llseek = default_llseek,
};

static struct miscdevice kv_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvstore",
	.mode = 0600,
	.fops = &kv_fops,
};

static int kv_compact(void *data, u64 *freed)
{
	*freed = zspool_compact(pool);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(kv_compact_fops, kv_compact, NULL, "%llu\n");

static int __init kv_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < LOCKS; i++)
		mutex_init(&key_lock[i]);
	pool = zspool_create("kvstore", KEYS, NULL, NULL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = misc_register(&kv_device);
	if (err) {
		zspool_destroy(pool);
		return err;
	}
	kv_dir = debugfs_create_dir("kvstore", NULL);
	debugfs_create_file_unsafe("compact", 0400, kv_dir, NULL,
				   &kv_compact_fops);
	return 0;
}

static void __exit kv_exit(void)
{
	debugfs_remove(kv_dir);
	misc_deregister(&kv_device);
	xa_destroy(&handles);
	/* and the values with it */
	zspool_destroy(pool);
}

module_init(kv_init);
module_exit(kv_exit);

MODULE_DESCRIPTION("Values by number, in a zspool pool");
MODULE_LICENSE("GPL");
