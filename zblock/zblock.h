/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zblock internals: the structures and the locks
 *
 * A device of N pages is a numbered zspool pool of N handles. The word of
 * handle n is all that is kept about page n: there is no other slot table. What it
 * says stands in word.h.
 *
 * Locks, outermost first
 * ----------------------
 *   index_lock            a mutex, disk.c: the list of devices; add and remove
 *    disk->open_mutex     the block layer's: dev->claims, and who may open
 *    dev->op_lock         a mutex, held for as long as an operation on the whole
 *                         device takes: disksize, reset, compact, idle,
 *                         writeback, recompress, what is done to cold pages by
 *                         itself, and each change of what disksize looks at
 *     dev->init_lock      a rw_semaphore, held for a moment. Write: the pool or
 *                         the codec comes or goes. Read: use them for a moment
 *
 *   dev->patch_lock[]     a mutex of one of N groups of slots, for pages larger
 *                         than a block: see patch below
 *    codec->first_lock    a mutex: the first contexts are made
 *    context->lock        a mutex: one compressor (cctx), or decompressor (dctx), and
 *                         its buffers; nobody takes two
 *     the pin             of one slot
 *
 * I/O takes none of the first group. It needs none, as the pool and the codec cannot go
 * while the device is open (claims). Who has one of them may take those of the second.
 *
 * Who takes what where
 * --------------------
 *   read        dctx->lock if the slot looks compressed, then the pin for the
 *               time of one decompression or copy. With the pin held, dctx->lock
 *               is only tried for
 *   write       cctx->lock to compress, allocate without reclaim and fill; the
 *               pin for the swap of one word. An allocation that may reclaim
 *               is made with nothing held: what it waits for may itself be a
 *               write to this device. A writer who leaves his page to a helper
 *               that has gone stores one of another slot: with nothing held.
 *   discard     zspool_free(), which waits for nothing; for the last page of a unit
 *               the pins of its pieces
 *   backing     a slot that is on the backing device: its block is wanted under
 *               the pin, and read with nothing held. Writeback copies a slot
 *               under its pin, writes with op_lock held, and changes the slot
 *               under its pin: see PEND in word.h
 *   swap's free notification: zspool_free() alone; called with spinlocks held
 *   patch       (a write of less than a page) patch_lock from the read of the
 *               old page to the swap of the new word; no reclaim between them. From
 *               the backing device the page is read before, and its word compared
 *               with patch_lock held. Whole writes, discards and
 *               write-zeroes take it for the swap, or the patch would bring back
 *               what they have replaced.
 *   statistics  init_lock for read at most: they wait neither for a compaction
 *               nor for a device that frees its pages
 *
 * Per-CPU counters are atomics of their own CPU's cache line, so that a reader,
 * a task that moves on, and a 32-bit machine see whole numbers; the sum of them
 * may be off by what is under way.
 */
#ifndef _ZBLOCK_H
#define _ZBLOCK_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <zspool.h>

#include "backing.h"
#include "checksum.h"
#include "codec.h"
#include "parallel.h"
#include "policy.h"
#include "word.h"
#include "writeback.h"

/* The block size towards the system, whatever the page size, as zram's. */
#define ZBLOCK_BLOCK_SIZE	4096U
#define ZBLOCK_BLOCK_SECTORS	(ZBLOCK_BLOCK_SIZE >> SECTOR_SHIFT)

/* Can there be a write of less than a page? */
#define ZBLOCK_PATCHES		(PAGE_SIZE > ZBLOCK_BLOCK_SIZE)
#define ZBLOCK_PATCH_LOCKS	(ZBLOCK_PATCHES ? 16 : 0)

/* Longest name of the driver: "-control" and a number come behind it. */
#define ZBLOCK_NAME_MAX		15

/* Algorithms of a device: the one that writes use, and those of recompress. */
#define ZBLOCK_PRIMARY		0
#define ZBLOCK_ALGORITHMS	(IS_ENABLED(CONFIG_ZBLOCK_RECOMPRESS) ? 4 : 1)

/* The largest dictionary. (Those that zstd trains have 110 KiB.) */
#define ZBLOCK_DICT_MAX		SZ_1M

struct zblock_column;
struct zblock_remote;

/* What may be compressed as one, in bytes: powers of two; see unit.h. */
#define ZBLOCK_UNIT_MAX		SZ_64K
#define ZBLOCK_UNIT_DEFAULT	SZ_16K

/* May other CPUs help the one that submits a bio? See parallel.c. */
enum zblock_write_mode {
	ZBLOCK_MODE_SYNC,	/* no: a bio is done when it has been submitted */
	ZBLOCK_MODE_PARALLEL,	/* yes; a small one may be done before it is compressed */
	ZBLOCK_MODE_ASYNC,	/* and swap is told so, to wait for no write */
	ZBLOCK_MODES
};

/*
 * Pages for objects: with a compressor held, and after it has been given back.
 * See store_packed() in store.c.
 */
#define GFP_EAGER	(__GFP_KSWAPD_RECLAIM | __GFP_NOWARN | \
			 __GFP_HIGHMEM | __GFP_MOVABLE)
#define GFP_PATIENT	(GFP_NOIO | __GFP_NOWARN | \
			 __GFP_HIGHMEM | __GFP_MOVABLE)

/* What is counted. */
enum zblock_stat {
	ZBLOCK_PAGES,		/* slots that hold something */
	ZBLOCK_COMPRESSED,	/* bytes that slots take, huge and late ones included */
	ZBLOCK_SAME_PAGES,
	ZBLOCK_HUGE_PAGES,
	ZBLOCK_HUGE_SINCE,	/* huge pages written since disksize */
	ZBLOCK_FAILED_READS,
	ZBLOCK_FAILED_WRITES,
	ZBLOCK_INVALID_IO,
	ZBLOCK_NOTIFY_FREE,	/* pages discarded, or freed by swap */
	ZBLOCK_BD_READS,	/* blocks of the backing device */
	ZBLOCK_BD_WRITES,
	ZBLOCK_WRITE_STALLS,	/* writes that had to allocate with reclaim */
	ZBLOCK_CORRUPTED,	/* reads that found broken data */
	ZBLOCK_UNITS,		/* units written since disksize */
	ZBLOCK_UNIT_PAGES,	/* slots that are in a unit */
	ZBLOCK_UNITS_REWRITTEN,	/* page by page, as few of theirs were left */
	ZBLOCK_LATE,		/* pages written, and compressed afterwards */
	ZBLOCK_STATS
};

enum zblock_limit_state {
	ZBLOCK_LIMIT_OK,
	ZBLOCK_LIMIT_NEAR,
	ZBLOCK_LIMIT_FULL
};

/* Percent of mem_limit that are near, if nobody says otherwise. */
#define ZBLOCK_LIMIT_PERCENT	90

struct zblock_stats {
	atomic64_t n[ZBLOCK_STATS];
} ____cacheline_aligned_in_smp;

/**
 * struct zblock_algorithm - an algorithm that a device shall use
 * @ops: NULL for none
 * @params: how; the dictionary is owned by this
 */
struct zblock_algorithm {
	const struct zblock_codec_ops *ops;
	struct zblock_codec_params params;
};

/**
 * struct zblock - a device
 * @disk: constant
 * @id: constant; also the minor number
 * @stats: constant
 * @op_lock: see above
 * @init_lock: see above
 * @algorithm: what the next disksize makes codecs of; op_lock and init_lock to
 *	write, either to read
 * @pool: NULL before disksize; as @algorithm, and I/O reads it
 * @codec: as @pool; by priority, NULL where @algorithm has none
 * @nr_pages: the size, 0 before disksize; op_lock to write, and init_lock to
 *	make it 0. Set after @pool and @codec and read before them
 * @claims: resets and removes under way: nobody may open; disk->open_mutex
 * @track_age: have @ages from the next disksize on; op_lock to write
 * @ages: when slots were last used, or NULL; as @pool
 * @checksum: how to make @sums from the next disksize on, or NULL; op_lock to
 *	write
 * @sums: of what slots hold, or NULL; as @pool
 * @auto_recompress: a policy
 * @debugfs: constant
 * @backing: where written-back slots are, or NULL; as @pool, but it is there
 *	before disksize
 * @wb_compressed: objects go there as they are; constant once there is a size,
 *	op_lock to write
 * @wb_limit_enable: @wb_limit counts; one writes, all read
 * @wb_limit: units of 4 KiB that may still be written to @backing
 * @wb_batch: the most blocks to be written at a time
 * @limit_pages: the most pages the pool may have, 0: any; kept before
 *	there is a pool too; init_lock to write, so that the pool's is the same
 * @limit_near: percent of it that are near; one writes, all read
 * @limit_state: as last told; @limit_work writes
 * @limit_work: tells
 * @limit_stopped: it is not to any more
 * @limit_dirent: of limit_state; constant
 * @auto_writeback: a policy
 * @max_used: the most pages the pool has had
 * @patch_lock: see above
 * @queue: constant
 * @late: constant
 * @write_mode: op_lock to write
 * @unit_size: bytes of a unit from the next disksize on; op_lock to write
 * @unit_shift: pages of a unit, as a power of two; 0: there are no units; as
 *	@pool, as are the others below
 * @nr_units: 0 if there are none
 * @unit_codec: NULL if there are no units
 * @unit_seq: how many units have been written
 * @unit_lost: a bit for each unit that has lost a page
 * @unit_stop: @unit_work is not to look at the pool any more
 * @unit_work: looks at @unit_lost
 */
struct zblock {
	struct gendisk *disk;
	int id;
	struct zblock_stats __percpu *stats;

	struct mutex op_lock;		/* see the top of this file */
	struct rw_semaphore init_lock;
	struct zblock_algorithm algorithm[ZBLOCK_ALGORITHMS];
	struct zspool *pool;
	struct zblock_codec *codec[ZBLOCK_ALGORITHMS];
	unsigned long nr_pages;
	unsigned int claims;
	bool track_age;
	struct zblock_column *ages;
	const struct zblock_checksum *checksum;
	struct zblock_column *sums;
	struct zblock_policy auto_recompress;
	struct dentry *debugfs;

	struct zblock_backing *backing;
	bool wb_compressed;
	bool wb_limit_enable;
	atomic64_t wb_limit;
	unsigned int wb_batch;

	unsigned long limit_pages;
	unsigned int limit_near;
	enum zblock_limit_state limit_state;
	struct delayed_work limit_work;
	bool limit_stopped;
	struct kernfs_node *limit_dirent;

	struct zblock_policy auto_writeback;

	atomic_long_t max_used;

	struct mutex patch_lock[ZBLOCK_PATCH_LOCKS];	/* the same */

	struct zblock_queue *queue;
	struct zblock_late *late;
	enum zblock_write_mode write_mode;

	unsigned int unit_size;
	unsigned int unit_shift;
	unsigned long nr_units;
	struct zblock_codec *unit_codec;
	atomic64_t unit_seq;
	unsigned long *unit_lost;
	bool unit_stop;
	struct delayed_work unit_work;
};

/* The slots of a unit share one. */
static inline struct mutex *zblock_patch_lock(struct zblock *dev,
					      unsigned long index)
{
	return &dev->patch_lock[(index >> dev->unit_shift) %
				(ZBLOCK_PATCH_LOCKS ?: 1)];
}

/*
 * See patch in the block above. Nothing to do where no write is partial.
 */
static inline void zblock_patch_begin(struct zblock *dev, unsigned long index)
{
	if (ZBLOCK_PATCHES)
		mutex_lock(zblock_patch_lock(dev, index));
}

static inline void zblock_patch_end(struct zblock *dev, unsigned long index)
{
	if (ZBLOCK_PATCHES)
		mutex_unlock(zblock_patch_lock(dev, index));
}

/*
 * What a slot holds, to be compared with later. Under its pin, as a look without would
 * not see a discard that is put off, and on 32 bits see half of a change.
 */
static inline zspool_word_t zblock_look(struct zblock *dev, unsigned long index)
{
	zspool_word_t word = zspool_pin(dev->pool, index);

	if (word)
		zspool_unpin(dev->pool, index);
	return word;
}

/* The device of a sysfs attribute. */
static inline struct zblock *zblock_of(struct device *d)
{
	return dev_to_disk(d)->private_data;
}

/* main.c */
extern char *zblock_name;
extern struct workqueue_struct *zblock_lazy_wq;

/* algorithm.c */
void zblock_algorithms_reset(struct zblock *dev);
int zblock_algorithm_prio(struct zblock *dev, const char *name,
			  unsigned int first);

/* recompress.c */
int zblock_recompress_cold(struct zblock *dev, unsigned long *at, u32 age,
			   u32 threshold, u32 max_pages);

/* auto_recompress.c */
extern const struct zblock_policy_ops zblock_auto_recompress;

/* column.c */
struct zblock_column *zblock_column_create(unsigned long nr_pages);
void zblock_column_destroy(struct zblock_column *column);
bool zblock_column_prepare(struct zblock_column *column, unsigned long index);
void zblock_column_set(struct zblock_column *column, unsigned long index,
		       u32 value);
u32 zblock_column_get(const struct zblock_column *column, unsigned long index);
atomic_t *zblock_column_counter(struct zblock_column *column,
				unsigned long index);
size_t zblock_column_bytes(const struct zblock_column *column);

/* flip.c */
#ifdef ZSPOOL_TESTS
void zblock_flip_add(struct zblock *dev);
#else
static inline void zblock_flip_add(struct zblock *dev)
{
}
#endif

/* control.c */
bool zblock_name_taken(const char *where, const char *name);
int zblock_control_init(void);
void zblock_control_exit(void);

/* disk.c */
int zblock_major_init(void);
void zblock_major_exit(void);
int zblock_add(void);
int zblock_remove(int id);
void zblock_remove_all(void);
int zblock_claim(struct zblock *dev, bool alone);
void zblock_unclaim(struct zblock *dev);
int zblock_must_end(const struct zblock *dev);

/* Slots between two looks whether somebody else wants the CPU, or us to end. */
#define ZBLOCK_AT_ONCE		1024
int zblock_walk(const struct zblock *dev, unsigned long index);

/* device.c */
int zblock_set_size(struct zblock *dev, u64 bytes);
int zblock_reset(struct zblock *dev);
void zblock_clear(struct zblock *dev);

/* sysfs.c */
int zblock_next_arg(struct zblock *dev, const char *attribute, char **args,
		    char **key, char **value);
int zblock_refuse(struct zblock *dev, const char *attribute, const char *value,
		  int err);
int zblock_refuse_arg(struct zblock *dev, const char *attribute,
		      const char *key, const char *value, int err);
int zblock_no_size(struct zblock *dev, const char *attribute);
int zblock_begin_op(struct zblock *dev);
int zblock_begin_change(struct zblock *dev, const char *attribute);
int zblock_parse_size(const char *text, u64 *bytes);
extern const struct attribute_group *zblock_groups[];

/* An attribute; sysfs.c has the table of them. */
#define ZBLOCK_ATTR_RW(name) \
	struct device_attribute zblock_attr_##name = __ATTR_RW(name)
#define ZBLOCK_ATTR_RO(name) \
	struct device_attribute zblock_attr_##name = __ATTR_RO(name)
#define ZBLOCK_ATTR_WO(name) \
	struct device_attribute zblock_attr_##name = __ATTR_WO(name)
extern struct device_attribute zblock_attr_disksize;
extern struct device_attribute zblock_attr_initstate;
extern struct device_attribute zblock_attr_reset;
extern struct device_attribute zblock_attr_compact;
extern struct device_attribute zblock_attr_mem_used_max;
extern struct device_attribute zblock_attr_max_comp_streams;
extern struct device_attribute zblock_attr_io_stat;
extern struct device_attribute zblock_attr_mm_stat;
extern struct device_attribute zblock_attr_debug_stat;
extern struct device_attribute zblock_attr_corrupted;
extern struct device_attribute zblock_attr_comp_algorithm;
extern struct device_attribute zblock_attr_recomp_algorithm;
extern struct device_attribute zblock_attr_algorithm_params;
extern struct device_attribute zblock_attr_idle;
extern struct device_attribute zblock_attr_track_age;
extern struct device_attribute zblock_attr_mem_limit;
extern struct device_attribute zblock_attr_limit_state;
extern struct device_attribute zblock_attr_limit_near;
extern struct device_attribute zblock_attr_mem_detail;
extern struct device_attribute zblock_attr_unit_size;
extern struct device_attribute zblock_attr_write_mode;
extern struct device_attribute zblock_attr_unit_stat;
extern struct device_attribute zblock_attr_checksum;
extern struct device_attribute zblock_attr_recompress;
extern struct device_attribute zblock_attr_auto_recompress;
extern struct device_attribute zblock_attr_backing_dev;
extern struct device_attribute zblock_attr_bd_stat;
extern struct device_attribute zblock_attr_compressed_writeback;
extern struct device_attribute zblock_attr_writeback_limit_enable;
extern struct device_attribute zblock_attr_writeback_limit;
extern struct device_attribute zblock_attr_writeback_batch_size;
extern struct device_attribute zblock_attr_writeback;
extern struct device_attribute zblock_attr_auto_writeback;

/* bio.c */
void zblock_copy_bio(struct bio *bio, struct bvec_iter *iter, void *mem,
		     unsigned int len);
int zblock_transfer(struct zblock *dev, struct bio *bio,
		    struct bvec_iter iter, bool late);
void zblock_end_bio(struct zblock *dev, struct bio *bio, unsigned long start,
		    int err);
void zblock_submit_bio(struct bio *bio);
void zblock_free_notify(struct block_device *bdev, unsigned long index);

/* store.c */
int zblock_write_page(struct zblock *dev, struct page *page,
		      unsigned long index, bool patch, bool late);
int zblock_rewrite_page(struct zblock *dev, struct page *page,
			unsigned long index, zspool_word_t word);
void zblock_discard_page(struct zblock *dev, unsigned long index);
void zblock_retire(struct zblock *dev, unsigned long index, zspool_word_t old,
		   zspool_word_t new);

/* load.c */
int zblock_fetch_page(struct zblock *dev, struct page *page,
		      unsigned long index, struct zblock_remote *remote);
int zblock_read_page(struct zblock *dev, struct page *page,
		     unsigned long index, struct bio *parent);
int zblock_load(struct zblock *dev, unsigned long index, zspool_word_t word,
		struct zblock_context *dctx, void *mem);
int zblock_broken(struct zblock *dev, unsigned long index, int err);

/* unit_sysfs.c */
void zblock_set_write_mode(struct zblock *dev, enum zblock_write_mode mode);

/* unit.c, unit_write.c, unit_read.c */
int zblock_units_create(struct zblock *dev, unsigned long nr_pages,
			struct zblock_codec *of_pages);
void zblock_units_stop(struct zblock *dev);
void zblock_units_destroy(struct zblock *dev);
unsigned long zblock_unit_handles(const struct zblock *dev,
				  unsigned long nr_pages);
int zblock_write_unit(struct zblock *dev, struct bio *bio,
		      struct bvec_iter iter, bool late);
int zblock_rewrite_unit(struct zblock *dev, struct page *page,
			unsigned long index, zspool_word_t word);
int zblock_read_unit(struct zblock *dev, struct bio *bio,
		     struct bvec_iter iter);
int zblock_read_unit_page(struct zblock *dev, struct page *page,
			  unsigned long index);
int zblock_peek_unit_page(struct zblock *dev, struct page *page,
			  unsigned long index);
unsigned int zblock_unit_share(struct zblock *dev, unsigned long index);

/* How many handles the pool has. */
static inline unsigned long zblock_handles(const struct zblock *dev,
					   unsigned long nr_pages)
{
	return IS_ENABLED(CONFIG_ZBLOCK_LARGE) ? zblock_unit_handles(dev, nr_pages) :
					  nr_pages;
}

/* What a slot's page takes; of one in a unit its share. */
static inline unsigned int zblock_slot_bytes(struct zblock *dev,
					     unsigned long index,
					     zspool_word_t word)
{
	return zspool_word_flags(word) & ZBLOCK_UNIT ?
	       zblock_unit_share(dev, index) : zspool_word_size(word);
}

void zblock_unit_lost(struct zblock *dev, unsigned long index);
void zblock_unit_settle(struct zblock *dev, unsigned long index);

/* age.c */
void zblock_ages_touch(struct zblock_column *ages, unsigned long index);

/* Have what zblock_touch() needs; false if there is no memory for it. */
static inline bool zblock_age_prepare(struct zblock *dev, unsigned long index)
{
	return !dev->ages || zblock_column_prepare(dev->ages, index);
}

/* A slot has been read or written. */
static inline void zblock_touch(struct zblock *dev, unsigned long index)
{
	if (dev->ages)
		zblock_ages_touch(dev->ages, index);
}

u32 zblock_slot_age(struct zblock *dev, unsigned long index);

/**
 * struct zblock_remote - a slot that is on the backing device, as it was pinned
 * @word: its word
 * @sum: the checksum of its bytes there
 */
struct zblock_remote {
	zspool_word_t word;
	u32 sum;
};

/* readback.c */
int zblock_readback_init(void);
void zblock_readback_exit(void);
int zblock_readback(struct zblock *dev, struct page *page,
		    unsigned long index, const struct zblock_remote *remote,
		    struct bio *parent);

/* sysfs_writeback.c */
#define ZBLOCK_WB_BATCH		32	/* as zram's */
void zblock_writeback_clear(struct zblock *dev);

/* A slot does not hold @word any more: its block may be free. Any context. */
static inline void zblock_forget(struct zblock *dev, zspool_word_t word)
{
	if (unlikely(zspool_word_flags(word) & ZBLOCK_WB))
		zblock_wb_put(dev->backing, word);
}

/* auto_writeback.c */
extern const struct zblock_policy_ops zblock_auto_writeback;

/* limit.c */
void zblock_limit_init(struct zblock *dev);
void zblock_limit_start(struct zblock *dev);
void zblock_limit_stop(struct zblock *dev);
void zblock_limit_clear(struct zblock *dev);
void zblock_limit_changed(struct zblock *dev);
void zblock_limit_look(struct zblock *dev, unsigned long pages);

/* block_state.c: left out of a small machine's build, see Kbuild */
#ifdef ZSPOOL_DEBUGFS
int zblock_debugfs_init(void);
void zblock_debugfs_exit(void);
void zblock_debugfs_add(struct zblock *dev);
void zblock_debugfs_remove(struct zblock *dev);
#else
static inline int zblock_debugfs_init(void)
{
	return 0;
}

static inline void zblock_debugfs_exit(void)
{
}

static inline void zblock_debugfs_add(struct zblock *dev)
{
}

static inline void zblock_debugfs_remove(struct zblock *dev)
{
}
#endif

/* stat.c */
void zblock_count(struct zblock *dev, enum zblock_stat which, s64 n);
u64 zblock_stat_sum(struct zblock *dev, enum zblock_stat which);
void zblock_stat_clear(struct zblock *dev);
void zblock_account(struct zblock *dev, zspool_word_t old, zspool_word_t new);
void zblock_note_used(struct zblock *dev, unsigned long pages);

/* fill.c */
bool zblock_same_filled(const void *mem, unsigned long *fill);
void zblock_fill(void *mem, unsigned long fill);
bool zblock_fill_encode(unsigned long fill, zspool_word_t *word);
unsigned long zblock_fill_decode(zspool_word_t word);

#endif /* _ZBLOCK_H */
