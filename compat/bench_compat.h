/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bench's modules need and kernels do in different ways.
 */
#ifndef _BENCH_COMPAT_H
#define _BENCH_COMPAT_H

#include <linux/numa.h>
#include <linux/zsmalloc.h>

/*
 * 6.16: zs_malloc() takes a node. Can go when 6.16 is the oldest kernel.
 */
#ifdef HAVE_ZS_MALLOC_NODE
#define bench_compat_zs_malloc(pool, size, gfp) \
	zs_malloc(pool, size, gfp, NUMA_NO_NODE)
#else
#define bench_compat_zs_malloc(pool, size, gfp) zs_malloc(pool, size, gfp)
#endif

#endif /* _BENCH_COMPAT_H */
