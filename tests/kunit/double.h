/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * double.h - a stand-in for the VM, stricter than the VM
 *
 * A route whose every page is known, so that a test can isolate, migrate and
 * put back what it likes when it likes, and sees what was done with a page.
 */
#ifndef _ZSPOOL_TEST_DOUBLE_H
#define _ZSPOOL_TEST_DOUBLE_H

#include <kunit/test.h>
#include "../../zspool/internal.h"

#define DOUBLE_PAGES	32768

struct double_vm {
	struct kunit *test;
	spinlock_t lock;			/* the pages */
	struct page *page[DOUBLE_PAGES];	/* lock: all pages that live */
	unsigned int nr;			/* lock */
	atomic_t wrong;		/* rules broken, each told in the log */
	unsigned long moved, again, isolated, refused, putback;
	int fail_allocs;	/* every so many-th page is not to be had */
	atomic_t allocs;
};

extern struct double_vm vm;
extern const struct zs_route double_route;

void double_start(struct kunit *test);
void double_finish(struct kunit *test);
int double_migrate(struct page *page, enum migrate_mode mode);
bool double_isolate(struct page *page);
void double_putback(struct page *page);
struct page *double_random_page(u32 random);
struct page *double_page_of(struct zspool *pool, zspool_handle_t handle,
			    unsigned int *nth);

#endif
