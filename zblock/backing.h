/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * backing.h - the backing device: where cold pages go when they leave memory
 *
 * It is cut into blocks of a page. A block holds one page as it is, or several
 * compressed objects, each beginning at a multiple of 1/256 of the block; one
 * may go on into the next block. The word of a slot that is there says where:
 *
 *   WB | flags | size | <block, place>
 *
 * Only how many want a block is kept, in memory: its objects, who reads one
 * of them, who fills it. A block that nobody wants is free. So a free is one
 * atomic subtraction, in any context, and a block is not used anew under a
 * reader whose slot has gone meanwhile. What is left of a block whose objects
 * went one by one is not used until the last one goes.
 */
#ifndef _ZBLOCK_BACKING_H
#define _ZBLOCK_BACKING_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <zspool.h>

struct block_device;
struct file;
struct zblock_column;

#define ZBLOCK_PLACE_BITS	8
#define ZBLOCK_PLACES		((unsigned int)BIT(ZBLOCK_PLACE_BITS))	/* in a block */
#define ZBLOCK_PLACE_SIZE	(PAGE_SIZE >> ZBLOCK_PLACE_BITS)
#define ZBLOCK_BLOCKS_MAX	(1ULL << (ZSPOOL_VALUE_BITS - \
					  ZBLOCK_PLACE_BITS))

/**
 * struct zblock_backing - a backing device
 * @file: constant; keeps the device open and claimed
 * @bdev: constant
 * @nr_blocks: constant
 * @next: where to look for a free block; op_lock
 * @used: blocks that are not free
 * @wanted: by how many, for each block: no memory where none was ever written
 */
struct zblock_backing {
	struct file *file;
	struct block_device *bdev;
	unsigned long nr_blocks;
	unsigned long next;
	atomic_long_t used;
	struct zblock_column *wanted;
};

/* @place may be beyond @block: it counts on in the blocks after it. */
static inline zspool_word_t zblock_wb_word(unsigned int flags,
					   unsigned int size,
					   unsigned long block,
					   unsigned int place)
{
	return zspool_word_make(flags, size,
				((u64)block << ZBLOCK_PLACE_BITS) + place);
}

static inline unsigned long zblock_wb_block(zspool_word_t word)
{
	return zspool_word_value(word) >> ZBLOCK_PLACE_BITS;
}

/* Where in the block, in bytes. */
static inline unsigned int zblock_wb_offset(zspool_word_t word)
{
	return (zspool_word_value(word) & (ZBLOCK_PLACES - 1)) *
	       ZBLOCK_PLACE_SIZE;
}

/* How many blocks it lies in: one or two. */
static inline unsigned int zblock_wb_blocks(zspool_word_t word)
{
	return zblock_wb_offset(word) + zspool_word_size(word) > PAGE_SIZE ?
		2 : 1;
}

struct zblock_backing *zblock_backing_open(const char *path);
void zblock_backing_close(struct zblock_backing *backing);
ssize_t zblock_backing_path(struct zblock_backing *backing, char *buf);
size_t zblock_backing_bytes(const struct zblock_backing *backing);
int zblock_block_take(struct zblock_backing *backing, unsigned long *block);
int zblock_block_take_at(struct zblock_backing *backing, unsigned long block);
void zblock_block_get(struct zblock_backing *backing, unsigned long block);
void zblock_block_put(struct zblock_backing *backing, unsigned long block);

/* All blocks of an object. */
static inline void zblock_wb_get(struct zblock_backing *backing,
				 zspool_word_t word)
{
	unsigned int i;

	for (i = 0; i < zblock_wb_blocks(word); i++)
		zblock_block_get(backing, zblock_wb_block(word) + i);
}

static inline void zblock_wb_put(struct zblock_backing *backing,
				 zspool_word_t word)
{
	unsigned int i;

	for (i = 0; i < zblock_wb_blocks(word); i++)
		zblock_block_put(backing, zblock_wb_block(word) + i);
}

#endif /* _ZBLOCK_BACKING_H */
