// SPDX-License-Identifier: GPL-2.0-only
/*
 * plain.c - pools that pick their handles: an allocator like any other
 *
 * Built from the parts of the numbered pools. A free handle's word holds the
 * next free handle + 1, so that the list of them needs no memory. Its pin may still
 * be taken, for a moment, by who has seen DEFER and finds the free carried out.
 */
#include <linux/err.h>
#include <linux/export.h>
#include "internal.h"

/* A free handle, or else the next, if the table reaches so far. */
static bool handle_take(struct zspool *pool, zspool_handle_t *handle)
{
	u64 *word;

	lockdep_assert_held(&pool->handle_lock);
	if (pool->handle_free) {
		*handle = pool->handle_free - 1;
		word = zs_table_at(&pool->words, *handle);
		pool->handle_free = zspool_word_value(READ_ONCE(*word));
		zs_word_set(word, 0);
		return true;
	}
	*handle = pool->handle_next;
	if (!zs_table_entry(&pool->words, *handle))
		return false;
	pool->handle_next++;
	return true;
}

static int handle_get(struct zspool *pool, gfp_t gfp, zspool_handle_t *handle)
{
	bool taken;
	int err;

	do {
		zs_lock(&pool->handle_lock);
		taken = handle_take(pool, handle);
		spin_unlock(&pool->handle_lock);
		if (taken)
			return 0;
		/* what others do meanwhile, they do to the same end */
		err = zs_table_grow(&pool->words, *handle, gfp);
	} while (!err);
	return err == -EINVAL ? -ENOSPC : err;
}

/**
 * zs_handle_put() - put a handle on the free list
 * @pool: a plain pool
 * @handle: the handle; its word is empty
 *
 * Context: any but irq, hard or soft.
 */
void zs_handle_put(struct zspool *pool, zspool_handle_t handle)
{
	u64 *word = zs_table_at(&pool->words, handle);

	zs_lock(&pool->handle_lock);
	zs_word_set(word, zspool_word_make(0, 0, pool->handle_free));
	pool->handle_free = (unsigned long)handle + 1;
	spin_unlock(&pool->handle_lock);
}

/**
 * zspool_alloc() - allocate an object
 * @pool: a plain pool
 * @size: bytes, 1 to PAGE_SIZE
 * @gfp: how to allocate; __GFP_HIGHMEM and __GFP_MOVABLE are for the pages
 * @nid: node to allocate new pages from, or NUMA_NO_NODE
 * @handle: set to the object's handle
 *
 * The object's content is undefined until it is written.
 *
 * Context: as @gfp says, but not from irq, hard or soft.
 * Return: 0; -EINVAL for size 0; -ENOSPC for a size over PAGE_SIZE, a pool
 * out of handles or at its limit; -ENOMEM
 */
int zspool_alloc(struct zspool *pool, size_t size, gfp_t gfp, int nid,
		 zspool_handle_t *handle)
{
	zspool_word_t obj;
	int err;

	err = handle_get(pool, gfp, handle);
	if (err)
		return err;
	err = zspool_new(pool, *handle, size, gfp, nid, false, &obj);
	if (err) {
		zs_handle_put(pool, *handle);
		return err;
	}
	/* nobody else knows the handle: no need to pin it to publish */
	zs_word_set(zs_table_at(&pool->words, *handle), obj);
	return 0;
}
EXPORT_SYMBOL_GPL(zspool_alloc);

/* The word of an allocated handle, pinned, or NULL. */
static u64 *pin_obj(struct zspool *pool, zspool_handle_t handle,
		    zspool_word_t *value)
{
	u64 *word = zs_table_entry(&pool->words, handle);

	if (!word)
		return NULL;
	zs_word_pin(pool, word);
	*value = READ_ONCE(*word);
	if (zspool_word_is_obj(*value) && !(*value & ZSPOOL_WORD_DEFER))
		return word;
	zs_word_unpin(pool, handle, word);
	return NULL;
}

/**
 * zspool_write() - write an object from its beginning
 * @pool: a plain pool
 * @handle: the object
 * @src: the bytes
 * @len: how many
 *
 * Context: process; waits while another has the object pinned.
 * Return: 0; -EINVAL if @handle is not allocated or @len is more than its size
 */
int zspool_write(struct zspool *pool, zspool_handle_t handle, const void *src,
		 size_t len)
{
	zspool_word_t value;
	u64 *word = pin_obj(pool, handle, &value);
	int err = -EINVAL;

	if (!word)
		return err;
	if (len <= zspool_word_size(value)) {
		zspool_fill(pool, zspool_word_set_size(value, len), src);
		err = 0;
	}
	zs_word_unpin(pool, handle, word);
	return err;
}
EXPORT_SYMBOL_GPL(zspool_write);

/**
 * zspool_read_begin() - pin an object and see its bytes
 * @pool: a plain pool
 * @handle: the object
 * @buf: room for a page, used only if the object lies across two pages
 * @len: set to the object's size; may be NULL
 *
 * Until zspool_read_end() the object stays where it is; the caller must not
 * allocate memory, take a mutex, or pin another.
 *
 * Context: process; waits while another has the object pinned.
 * Return: the bytes, in place without a copy where they are contiguous;
 * ERR_PTR(-EINVAL) if @handle is not allocated
 */
const void *zspool_read_begin(struct zspool *pool, zspool_handle_t handle,
			      void *buf, size_t *len)
{
	zspool_word_t value;

	if (!pin_obj(pool, handle, &value))
		return ERR_PTR(-EINVAL);
	if (len)
		*len = zspool_word_size(value);
	return zspool_map(pool, value, buf);
}
EXPORT_SYMBOL_GPL(zspool_read_begin);

/**
 * zspool_read_end() - the end of zspool_read_begin()
 * @pool: the pool
 * @handle: the object
 * @addr: what zspool_read_begin() returned
 *
 * Context: process.
 */
void zspool_read_end(struct zspool *pool, zspool_handle_t handle,
		     const void *addr)
{
	zspool_unmap(pool, zspool_peek(pool, handle), addr);
	zspool_unpin(pool, handle);
}
EXPORT_SYMBOL_GPL(zspool_read_end);

/**
 * zspool_read_sg_begin() - pin an object and describe where its bytes are
 * @pool: a plain pool
 * @handle: the object
 * @sg: two entries, of which one or two are used and the last marked
 * @len: set to the object's size; may be NULL
 *
 * Context: process; waits while another has the object pinned.
 * Return: number of entries, or -EINVAL if @handle is not allocated
 */
int zspool_read_sg_begin(struct zspool *pool, zspool_handle_t handle,
			 struct scatterlist *sg, size_t *len)
{
	zspool_word_t value;

	if (!pin_obj(pool, handle, &value))
		return -EINVAL;
	if (len)
		*len = zspool_word_size(value);
	return zs_obj_sg(pool, value, sg);
}
EXPORT_SYMBOL_GPL(zspool_read_sg_begin);

/**
 * zspool_read_sg_end() - the end of zspool_read_sg_begin()
 * @pool: the pool
 * @handle: the object
 *
 * Context: process.
 */
void zspool_read_sg_end(struct zspool *pool, zspool_handle_t handle)
{
	zspool_unpin(pool, handle);
}
EXPORT_SYMBOL_GPL(zspool_read_sg_end);
