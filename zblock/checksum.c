// SPDX-License-Identifier: GPL-2.0-only
/*
 * checksum.c - the attribute checksum: what is stored is checked when it is read
 *
 * The sum of an object's bytes is kept apart from it, in a column: a page that
 * is stored as it is leaves no room for one, and an object that is whole but
 * another slot's does not pass. It is written and read with the slot pinned, so
 * it is always that of what the slot's word names.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/xxhash.h>
#include <zblock_compat.h>
#include "zblock.h"

/**
 * struct zblock_checksum - a way to make sums
 * @name: as in the attribute
 * @sum: of so many bytes
 */
struct zblock_checksum {
	const char *name;
	u32 (*sum)(const void *data, size_t len);
};

#ifdef CHECKSUM_crc32c
static u32 sum_crc32c(const void *data, size_t len)
{
	return crc32c(~0, data, len);
}

static const struct zblock_checksum checksum_crc32c = { "crc32c", sum_crc32c };
#endif

#ifdef CHECKSUM_xxh32
static u32 sum_xxh32(const void *data, size_t len)
{
	return xxh32(data, len, 0);
}

static const struct zblock_checksum checksum_xxh32 = { "xxh32", sum_xxh32 };
#endif

/* Those that the kernel has: see Kbuild. */
static const struct zblock_checksum *const checksums[] = {
#ifdef CHECKSUM_crc32c
	&checksum_crc32c,
#endif
#ifdef CHECKSUM_xxh32
	&checksum_xxh32,
#endif
	NULL
};

/**
 * zblock_sum_prepare() - get ready to store a page
 * @dev: the device
 * @index: which
 *
 * Context: process, reclaim too; no pin held.
 * Return: false if there is no memory for its sum
 */
bool zblock_sum_prepare(struct zblock *dev, unsigned long index)
{
	return !dev->sums || zblock_column_prepare(dev->sums, index);
}

/**
 * zblock_sum() - the sum of an object's bytes
 * @dev: the device
 * @data: the bytes
 * @len: how many
 *
 * Context: any.
 * Return: the sum; 0 if the device keeps none
 */
u32 zblock_sum(struct zblock *dev, const void *data, size_t len)
{
	return dev->sums ? dev->checksum->sum(data, len) : 0;
}

/**
 * zblock_sum_set() - remember the sum of what a slot holds from now on
 * @dev: the device
 * @index: which; pinned
 * @sum: from zblock_sum()
 *
 * Context: any.
 */
void zblock_sum_set(struct zblock *dev, unsigned long index, u32 sum)
{
	if (dev->sums)
		zblock_column_set(dev->sums, index, sum);
}

/**
 * zblock_sum_get() - the sum of what a slot holds
 * @dev: the device
 * @index: which; pinned
 *
 * Context: any.
 * Return: the sum; 0 if the device keeps none
 */
u32 zblock_sum_get(struct zblock *dev, unsigned long index)
{
	return dev->sums ? zblock_column_get(dev->sums, index) : 0;
}

/**
 * zblock_sum_ok() - are these the bytes that were stored?
 * @dev: the device
 * @index: which slot; pinned
 * @data: an object's bytes
 * @len: how many
 *
 * Context: any.
 * Return: false if they are not; true if that is not known
 */
bool zblock_sum_ok(struct zblock *dev, unsigned long index,
		   const void *data, size_t len)
{
	return !dev->sums || zblock_column_get(dev->sums, index) ==
			     zblock_sum(dev, data, len);
}

static ssize_t checksum_show(struct device *d, struct device_attribute *attr,
			     char *buf)
{
	const struct zblock_checksum *chosen = READ_ONCE(zblock_of(d)->checksum);
	const struct zblock_checksum *const *one;
	ssize_t at = sysfs_emit(buf, chosen ? "none" : "[none]");

	for (one = checksums; *one; one++)
		at += sysfs_emit_at(buf, at, *one == chosen ? " [%s]" : " %s",
				    (*one)->name);
	return at + sysfs_emit_at(buf, at, "\n");
}

static int find(const char *name, const struct zblock_checksum **found)
{
	const struct zblock_checksum *const *one;

	*found = NULL;
	if (sysfs_streq(name, "none"))
		return 0;
	for (one = checksums; *one; one++) {
		if (sysfs_streq(name, (*one)->name)) {
			*found = *one;
			return 0;
		}
	}
	return -EINVAL;
}

static ssize_t checksum_store(struct device *d, struct device_attribute *attr,
			      const char *buf, size_t len)
{
	struct zblock *dev = zblock_of(d);
	const struct zblock_checksum *checksum;
	int err;

	err = find(buf, &checksum);
	if (err)
		return zblock_refuse(dev, attr->attr.name, buf, err);
	err = zblock_begin_change(dev, attr->attr.name);
	if (err)
		return err;
	WRITE_ONCE(dev->checksum, checksum);
	mutex_unlock(&dev->op_lock);
	return len;
}
ZBLOCK_ATTR_RW(checksum);
