// SPDX-License-Identifier: GPL-2.0-only
/*
 * movable_cache.c - movable as pages in the cache of a private inode
 *
 * Any module may have an inode, and the VM moves the pages of its cache by the
 * inode's own migrate_folio. The mapping is unevictable, so that reclaim never
 * wants the pages; they carry private data, so that soft offline does not take
 * them for clean cache to be thrown away.
 *
 * A page's index in the mapping means nothing to us, but low ones are used
 * again first: a node of the mapping's tree serves 64 of them.
 *
 * The VM isolates such pages from its LRU without asking: there is no isolate
 * and no put back here, and zspage->isolated stays 0.
 */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/memcontrol.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <zspool_compat.h>
#include "internal.h"

#define ZSPOOL_FS_MAGIC	0x7a73706c	/* "zspl" */

static struct vfsmount *cache_mnt;
static struct mem_cgroup *cache_root_memcg;

/* route_data of a pool */
struct cache {
	struct inode *inode;
	struct ida index;
};

static int cache_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, ZSPOOL_FS_MAGIC) ? 0 : -ENOMEM;
}

/* No .owner: the mount would keep the module from ever being unloaded. */
static struct file_system_type cache_fs_type = {
	.name = "zspool",
	.init_fs_context = cache_init_fs_context,
	.kill_sb = kill_anon_super,
};

/*
 * Take a page out of the cache; the caller gets its reference. The index may be used
 * again.
 */
static void cache_leave(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping = folio->mapping;
	struct cache *cache = mapping->host->i_private;
	pgoff_t index = folio->index;

	folio_get(folio);
	folio_detach_private(folio);
	zs_compat_remove_folio(mapping, folio);
	ida_free(&cache->index, index);
}

static int cache_migrate_folio(struct address_space *mapping,
			       struct folio *dst, struct folio *src,
			       enum migrate_mode mode)
{
	struct zs_move move;
	int err;

	if (zs_stock_steal(&src->page))
		return -EAGAIN;
	err = zs_move_begin(&move, &src->page, mode);
	if (err)
		return err;
	zs_count(move.zspage->class->pool, ZS_ISOLATED);
	err = filemap_migrate_folio(mapping, dst, src, mode);
	zs_move_end(&move, err ? NULL : &dst->page, err);
	return err;
}

/* Never: the page is in use. */
static bool cache_release_folio(struct folio *folio, gfp_t gfp)
{
	return false;
}

/* Only comes from truncate_inode_pages() when the pool goes. */
static void cache_invalidate_folio(struct folio *folio, size_t offset,
				   size_t len)
{
	folio_detach_private(folio);
}

/* Memory failure: the data is lost, and we cannot do without the page. */
static int cache_error_remove(struct address_space *mapping,
			      zs_compat_error_t *folio)
{
	return -EBUSY;
}

static const struct address_space_operations cache_aops = {
	.migrate_folio = cache_migrate_folio,
	.release_folio = cache_release_folio,
	.invalidate_folio = cache_invalidate_folio,
	.dirty_folio = noop_dirty_folio,
	ZS_COMPAT_ERROR_REMOVE(cache_error_remove),
};

static int __init cache_init(void)
{
	cache_mnt = kern_mount(&cache_fs_type);
	if (IS_ERR(cache_mnt))
		return PTR_ERR(cache_mnt);
	/* init never leaves the root group, and that never goes */
	rcu_read_lock();
	cache_root_memcg = mem_cgroup_from_task(&init_task);
	rcu_read_unlock();
	return 0;
}

static void cache_exit(void)
{
	kern_unmount(cache_mnt);
}

static int cache_pool_init(struct zspool *pool)
{
	struct address_space *mapping;
	struct cache *cache;
	struct inode *inode;

	cache = kzalloc(sizeof(*cache), GFP_KERNEL);
	if (!cache)
		return -ENOMEM;
	inode = alloc_anon_inode(cache_mnt->mnt_sb);
	if (IS_ERR(inode)) {
		kfree(cache);
		return PTR_ERR(inode);
	}
	/* generic_error_remove_folio() wants a regular file */
	inode->i_mode |= S_IFREG;
	mapping = inode->i_mapping;
	mapping->a_ops = &cache_aops;
	inode->i_private = cache;
	mapping_set_unevictable(mapping);
	mapping_set_gfp_mask(mapping, GFP_HIGHUSER_MOVABLE);
	ida_init(&cache->index);
	cache->inode = inode;
	pool->route_data = cache;
	return 0;
}

static void cache_pool_exit(struct zspool *pool)
{
	struct cache *cache = pool->route_data;

	truncate_inode_pages(cache->inode->i_mapping, 0);
	iput(cache->inode);
	ida_destroy(&cache->index);
	kfree(cache);
}

/*
 * Add to the cache for nobody's account: the pages and the tree's nodes would
 * be charged to the task that swaps, which could then be killed for them.
 */
static int add_uncharged(struct address_space *mapping, struct folio *folio,
			 pgoff_t index, gfp_t gfp)
{
	struct mem_cgroup *old = set_active_memcg(cache_root_memcg);
	int err;

	err = filemap_add_folio(mapping, folio, index, gfp);
	set_active_memcg(old);
	return err;
}

static bool cache_enter(struct zspool *pool, struct page *page, gfp_t gfp)
{
	gfp_t meta = gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	struct cache *cache = pool->route_data;
	struct folio *folio = page_folio(page);
	int index = ida_alloc(&cache->index, meta);

	if (index < 0)
		return false;
	if (add_uncharged(cache->inode->i_mapping, folio, index, meta)) {
		ida_free(&cache->index, index);
		return false;
	}
	folio_mark_uptodate(folio);
	/* without a value so far: it is not in a chain */
	folio_attach_private(folio, NULL);
	folio_unlock(folio);
	/* the cache's reference keeps it */
	folio_put(folio);
	return true;
}

const struct zs_route zs_route_cache __refconst = {
	.name = "page_cache",
	.init = cache_init,
	.exit = cache_exit,
	.pool_init = cache_pool_init,
	.pool_exit = cache_pool_exit,
	.enter = cache_enter,
	.leave = cache_leave,
};
