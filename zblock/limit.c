// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit.c - mem_limit, and to see it coming
 *
 * At mem_limit writes fail, and for a swap device that is too late to be told.
 * So limit_state says ok, near (so many percent of the limit, limit_near) or
 * full; a change of it wakes who polls the attribute, and is a uevent of the
 * disk with ZBLOCK_LIMIT in its environment.
 *
 * I/O only looks for the way up, at each allocation. The way down, and telling,
 * are a worker's, who looks once in a while as long as the state is not ok.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include "zblock.h"

/* How often to look whether it has become better. */
#define LOOK_AGAIN	(HZ / 2)

static const char * const state_name[] = {
	[ZBLOCK_LIMIT_OK] = "ok",
	[ZBLOCK_LIMIT_NEAR] = "near",
	[ZBLOCK_LIMIT_FULL] = "full",
};

/* Pages from which it is near; ULONG_MAX without a limit. */
static unsigned long near_pages(struct zblock *dev)
{
	unsigned long limit = READ_ONCE(dev->limit_pages);

	if (!limit)
		return ULONG_MAX;
	/* up: nothing at all is near to nothing */
	return div_u64((u64)limit * READ_ONCE(dev->limit_near) + 99, 100);
}

static enum zblock_limit_state state_of(struct zblock *dev,
					unsigned long pages)
{
	unsigned long limit = READ_ONCE(dev->limit_pages);

	if (limit && pages >= limit)
		return ZBLOCK_LIMIT_FULL;
	return pages >= near_pages(dev) ? ZBLOCK_LIMIT_NEAR : ZBLOCK_LIMIT_OK;
}

static enum zblock_limit_state state_now(struct zblock *dev)
{
	enum zblock_limit_state state = ZBLOCK_LIMIT_OK;

	down_read(&dev->init_lock);
	if (dev->pool)
		state = state_of(dev, zspool_total_pages(dev->pool));
	up_read(&dev->init_lock);
	return state;
}

static void tell(struct zblock *dev, enum zblock_limit_state state)
{
	char env[sizeof("ZBLOCK_LIMIT=near")];
	char *envp[2] = { env };

	snprintf(env, sizeof(env), "ZBLOCK_LIMIT=%s", state_name[state]);
	if (dev->limit_dirent)
		sysfs_notify_dirent(dev->limit_dirent);
	kobject_uevent_env(&disk_to_dev(dev->disk)->kobj, KOBJ_CHANGE, envp);
}

static void limit_work(struct work_struct *work)
{
	struct zblock *dev = container_of(to_delayed_work(work), struct zblock,
					  limit_work);
	enum zblock_limit_state state;

	if (READ_ONCE(dev->limit_stopped))
		return;
	state = state_now(dev);
	if (state != READ_ONCE(dev->limit_state)) {
		WRITE_ONCE(dev->limit_state, state);
		tell(dev, state);
	}
	if (state != ZBLOCK_LIMIT_OK)
		queue_delayed_work(zblock_lazy_wq, &dev->limit_work,
				   LOOK_AGAIN);
}

/**
 * zblock_limit_look() - so many pages are in use, or the limit is another
 * @dev: the device
 * @pages: in use
 *
 * Context: any.
 */
void zblock_limit_look(struct zblock *dev, unsigned long pages)
{
	if (likely(!READ_ONCE(dev->limit_pages)))
		return;
	if (unlikely(state_of(dev, pages) > READ_ONCE(dev->limit_state)))
		mod_delayed_work(zblock_lazy_wq, &dev->limit_work, 0);
}

/**
 * zblock_limit_init() - before the disk is there
 * @dev: the device
 */
void zblock_limit_init(struct zblock *dev)
{
	dev->limit_near = ZBLOCK_LIMIT_PERCENT;
	INIT_DELAYED_WORK(&dev->limit_work, limit_work);
}

/**
 * zblock_limit_start() - the disk is there
 * @dev: the device
 *
 * Context: process; may sleep.
 */
void zblock_limit_start(struct zblock *dev)
{
	dev->limit_dirent = sysfs_get_dirent(disk_to_dev(dev->disk)->kobj.sd,
					     "limit_state");
}

/**
 * zblock_limit_clear() - no limit
 * @dev: nobody has it open, or can
 *
 * Who was told of one is told that it is over by zblock_limit_changed(), if the disk
 * stays.
 *
 * Context: process; may sleep.
 */
void zblock_limit_clear(struct zblock *dev)
{
	WRITE_ONCE(dev->limit_pages, 0);
	cancel_delayed_work_sync(&dev->limit_work);
}

/**
 * zblock_limit_changed() - look, and tell
 * @dev: has its disk
 *
 * Context: any.
 */
void zblock_limit_changed(struct zblock *dev)
{
	mod_delayed_work(zblock_lazy_wq, &dev->limit_work, 0);
}

/**
 * zblock_limit_stop() - the disk is about to go
 * @dev: the device
 *
 * It is not to change, for udev, once it has been removed. Attributes may call the work
 * until they have gone: zblock_clear() comes after that.
 *
 * Context: process; may sleep.
 */
void zblock_limit_stop(struct zblock *dev)
{
	WRITE_ONCE(dev->limit_stopped, true);
	cancel_delayed_work_sync(&dev->limit_work);
	sysfs_put(dev->limit_dirent);
}

static ssize_t mem_limit_store(struct device *d, struct device_attribute *attr,
			       const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	u64 bytes, pages;
	int err;

	err = zblock_parse_size(buf, &bytes);
	if (err)
		return zblock_refuse(dev, attr->attr.name, buf, err);
	pages = (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK);
	/* so that it fits a long, and in bytes 64 bits: else it would be none */
	pages = min3(pages, (u64)LONG_MAX, U64_MAX >> PAGE_SHIFT);
	down_write(&dev->init_lock);
	WRITE_ONCE(dev->limit_pages, pages);
	if (dev->pool)
		zspool_set_limit(dev->pool, pages);
	up_write(&dev->init_lock);
	zblock_limit_changed(dev);
	return len;
}
ZBLOCK_ATTR_WO(mem_limit);

static ssize_t limit_state_show(struct device *d,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", state_name[state_now(zblock_of(d))]);
}
ZBLOCK_ATTR_RO(limit_state);

static ssize_t limit_near_show(struct device *d, struct device_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(zblock_of(d)->limit_near));
}

static ssize_t limit_near_store(struct device *d,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	unsigned int percent;

	if (kstrtouint(buf, 10, &percent) || !percent || percent > 100)
		return zblock_refuse(dev, attr->attr.name, buf, -EINVAL);
	WRITE_ONCE(dev->limit_near, percent);
	zblock_limit_changed(dev);
	return len;
}
ZBLOCK_ATTR_RW(limit_near);
