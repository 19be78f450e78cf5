// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c - block devices, and what they should hold
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "zbload.h"

#define TARGETS_MAX	8

static struct zbload_target targets[TARGETS_MAX];

static void free_target(struct zbload_target *target)
{
	vfree(target->expect);
	memset(target, 0, sizeof(*target));
}

static int init_target(struct zbload_target *target, const char *path,
		       unsigned int nr)
{
	target->expect = vmalloc_array(nr, sizeof(*target->expect));
	if (!target->expect)
		return -ENOMEM;
	/* ZBLOAD_ZERO: an untouched device */
	memset(target->expect, 0xff, nr * sizeof(*target->expect));
	strscpy(target->path, path, sizeof(target->path));
	target->nr = nr;
	return 0;
}

/**
 * zbload_target_find() - a device's record
 * @path: its name
 * @nr: pages that the record is about, if it is a new one
 *
 * Context: process; may sleep.
 * Return: the record, new if there is none: all zeros is expected then; or an
 * error pointer
 */
struct zbload_target *zbload_target_find(const char *path, unsigned int nr)
{
	struct zbload_target *t, *empty = NULL;
	int err;

	for (t = targets; t < targets + TARGETS_MAX; t++) {
		if (!strcmp(t->path, path))
			return t;
		if (!t->expect)
			empty = empty ?: t;
	}
	if (!empty)
		return ERR_PTR(-ENOSPC);
	err = init_target(empty, path, nr);
	return err ? ERR_PTR(err) : empty;
}

/**
 * zbload_target_forget() - a device has been reset
 * @path: its name; nothing happens if there is no record of it
 *
 * Context: process; may sleep.
 */
void zbload_target_forget(const char *path)
{
	struct zbload_target *t;

	for (t = targets; t < targets + TARGETS_MAX; t++)
		if (!strcmp(t->path, path))
			free_target(t);
}

/**
 * zbload_target_free_all() - forget all
 *
 * Context: process; may sleep.
 */
void zbload_target_free_all(void)
{
	struct zbload_target *t;

	for (t = targets; t < targets + TARGETS_MAX; t++)
		free_target(t);
}

/**
 * zbload_target_open() - open the device
 * @target: not open
 *
 * By its file, which is the same on every kernel.
 *
 * Context: process; may sleep.
 * Return: 0; -ENOTBLK; -ENOSPC if the device is too small; or why it cannot
 * be opened
 */
int zbload_target_open(struct zbload_target *target)
{
	struct file *file = filp_open(target->path, O_RDWR | O_LARGEFILE, 0);
	int err = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!S_ISBLK(file_inode(file)->i_mode))
		err = -ENOTBLK;
	else if (bdev_nr_sectors(I_BDEV(file->f_mapping->host)) <
		 (sector_t)target->nr * ZBLOAD_PAGE_SECTORS)
		err = -ENOSPC;
	if (err) {
		fput(file);
		return err;
	}
	target->file = file;
	target->bdev = I_BDEV(file->f_mapping->host);
	return 0;
}

/**
 * zbload_target_close() - close it
 * @target: is open
 *
 * It is closed before the task is back in user space.
 *
 * Context: process; may sleep.
 */
void zbload_target_close(struct zbload_target *target)
{
	fput(target->file);
	target->file = NULL;
	target->bdev = NULL;
}
