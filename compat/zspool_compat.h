/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels 6.1 and newest, for zspool. Each entry names
 * the release that changed the interface, and when it can go. HAVE_ flags come
 * from Kbuild.probe beside this file.
 */
#ifndef _ZSPOOL_COMPAT_H
#define _ZSPOOL_COMPAT_H

#include <linux/fs.h>
#include <linux/migrate.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

/*
 * Driver callbacks for migration. Up to 6.16 a page carries a pointer to its
 * owner's movable_operations, set and cleared under the page lock. From 6.17
 * a page has a type, and a type one owner in the system; once so marked the
 * page stays marked until it is freed. Can go never: the two have to be told
 * apart as long as 6.1 to 6.16 are supported.
 */
#if !defined(CONFIG_MIGRATION)
#error "zspool: this kernel has no CONFIG_MIGRATION"
#elif defined(HAVE_SET_PAGE_MOVABLE)
#define ZS_COMPAT_OPS_NAME	"movable_ops"
#define ZS_COMPAT_OPS_SHARED	true

static inline int zs_compat_ops_claim(const struct movable_operations *ops)
{
	return 0;
}

static inline void zs_compat_ops_yield(void)
{
}

static inline void zs_compat_page_arm(struct page *page,
				      const struct movable_operations *ops)
{
	__SetPageMovable(page, ops);
}

static inline void zs_compat_page_disarm(struct page *page)
{
	__ClearPageMovable(page);
}
#elif defined(HAVE_SET_MOVABLE_OPS)
#define ZS_COMPAT_OPS_NAME	"page_type"
/* Whoever takes the type shuts zsmalloc out, and with it the in-tree zram. */
#define ZS_COMPAT_OPS_SHARED	(!IS_ENABLED(CONFIG_ZSMALLOC))

static inline int zs_compat_ops_claim(const struct movable_operations *ops)
{
	return set_movable_ops(ops, PGTY_zsmalloc);
}

static inline void zs_compat_ops_yield(void)
{
	/* who has found one of our last pages may not have looked for these yet */
	synchronize_rcu_tasks();
	set_movable_ops(NULL, PGTY_zsmalloc);
}

static inline void zs_compat_page_arm(struct page *page,
				      const struct movable_operations *ops)
{
	__SetPageZsmalloc(page);
	SetPageMovableOps(page);
}

/* Both marks stay until the page is freed. */
static inline void zs_compat_page_disarm(struct page *page)
{
}

#else
#error "zspool: this kernel has neither __SetPageMovable nor set_movable_ops"
#endif

/* MIGRATE_SYNC_NO_COPY went in 6.11 (a device's DMA copied the page). */
static inline bool zs_compat_mode_no_copy(enum migrate_mode mode)
{
#ifdef HAVE_MIGRATE_SYNC_NO_COPY
	return mode == MIGRATE_SYNC_NO_COPY;
#else
	return false;
#endif
}

/* error_remove_page became error_remove_folio in 6.8. */
#ifdef HAVE_ERROR_REMOVE_FOLIO
#define zs_compat_remove_folio	generic_error_remove_folio
#define ZS_COMPAT_ERROR_REMOVE(fn)	.error_remove_folio = fn
#define zs_compat_error_t	struct folio
#else
static inline int zs_compat_remove_folio(struct address_space *mapping,
					 struct folio *folio)
{
	return generic_error_remove_page(mapping, &folio->page);
}

#define ZS_COMPAT_ERROR_REMOVE(fn)	.error_remove_page = fn
#define zs_compat_error_t	struct page
#endif

/* Shrinkers are allocated from 6.7; before, they were embedded and named. */
#ifdef HAVE_SHRINKER_ALLOC
static inline struct shrinker *zs_compat_shrinker_alloc(void)
{
	return shrinker_alloc(0, "zspool");
}

static inline int zs_compat_shrinker_register(struct shrinker *shrinker)
{
	shrinker_register(shrinker);
	return 0;
}

static inline void zs_compat_shrinker_free(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}

static inline void zs_compat_shrinker_discard(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}
#else
static inline struct shrinker *zs_compat_shrinker_alloc(void)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

static inline int zs_compat_shrinker_register(struct shrinker *shrinker)
{
	return register_shrinker(shrinker, "zspool");
}

static inline void zs_compat_shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}

static inline void zs_compat_shrinker_discard(struct shrinker *shrinker)
{
	kfree(shrinker);
}
#endif

#endif /* _ZSPOOL_COMPAT_H */
