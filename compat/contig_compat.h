/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels for tests/kmod/contig.c. HAVE_ flags come from
 * Kbuild.probe beside this file.
 */
#ifndef _CONTIG_COMPAT_H
#define _CONTIG_COMPAT_H

#include <linux/gfp.h>
#include <linux/mmzone.h>

/* From 6.16 it takes flags; before, a migrate type. Goes with 6.12. */
static inline int contig_compat_range(unsigned long start, unsigned long end)
{
#ifdef HAVE_ACR_FLAGS
	return alloc_contig_range(start, end, ACR_FLAGS_NONE, GFP_KERNEL);
#else
	return alloc_contig_range(start, end, MIGRATE_MOVABLE, GFP_KERNEL);
#endif
}

/* From 7.0 modules may use CMA areas directly. Goes with the kernels before. */
#ifdef HAVE_CMA_EXPORTED
#include <linux/cma.h>
#include <linux/dma-map-ops.h>

static inline int contig_compat_cma(unsigned long pages)
{
	struct cma *area = dev_get_cma_area(NULL);
	struct page *page;

	if (!area)
		return -EOPNOTSUPP;
	page = cma_alloc(area, pages, 0, false);
	if (!page)
		return -ENOMEM;
	return cma_release(area, page, pages) ? 0 : -EIO;
}
#else
static inline int contig_compat_cma(unsigned long pages)
{
	return -EOPNOTSUPP;
}
#endif

#endif /* _CONTIG_COMPAT_H */
