// SPDX-License-Identifier: GPL-2.0-only
/*
 * double.c - a stand-in for the VM; see double.h
 *
 * A page that lives has our mark in page->mapping. What the VM checks by
 * VM_BUG_ON is counted in vm.wrong here; so is what it does not: a page given
 * back twice, a page given back that is isolated, a private that does not fit.
 */
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include "double.h"

#define LIVES		0x11f0UL
#define ISOLATED	0x1500UL

struct double_vm vm;

#define RULE(cond) ({							\
	bool __ok = cond;						\
	if (!__ok) {							\
		atomic_inc(&vm.wrong);					\
		pr_err("double: %s:%d: %s\n", __func__, __LINE__, #cond); \
	}								\
	__ok;								\
})

static unsigned long *mark(struct page *page)
{
	return (unsigned long *)&page->mapping;
}

static void add(struct page *page)
{
	spin_lock(&vm.lock);
	if (RULE(vm.nr < DOUBLE_PAGES))
		vm.page[vm.nr++] = page;
	spin_unlock(&vm.lock);
}

static void del(struct page *page)
{
	unsigned int i;

	spin_lock(&vm.lock);
	for (i = 0; i < vm.nr && vm.page[i] != page; i++)
		;
	if (RULE(i < vm.nr))
		vm.page[i] = vm.page[--vm.nr];
	spin_unlock(&vm.lock);
}

static bool double_enter(struct zspool *pool, struct page *page, gfp_t gfp)
{
	if (vm.fail_allocs &&
	    atomic_inc_return(&vm.allocs) % vm.fail_allocs == 0)
		return false;
	*mark(page) = LIVES;
	add(page);
	return true;
}

static void double_leave(struct page *page)
{
	/* neither given back already nor in the VM's hands */
	RULE(*mark(page) == LIVES);
	*mark(page) = 0;
	del(page);
}

const struct zs_route double_route = {
	.name = "double",
	.enter = double_enter,
	.leave = double_leave,
};

/* Isolate as the VM does: under the folio lock, with a reference kept. */
bool double_isolate(struct page *page)
{
	bool taken = false;

	if (!trylock_page(page))
		return false;
	if (*mark(page) == LIVES && zs_isolate(page)) {
		*mark(page) = ISOLATED;
		get_page(page);
		vm.isolated++;
		taken = true;
	} else {
		vm.refused++;
	}
	unlock_page(page);
	return taken;
}

void double_putback(struct page *page)
{
	lock_page(page);
	if (RULE(*mark(page) == ISOLATED)) {
		/* as in the VM: the flag goes after the callback */
		zs_putback(page);
		*mark(page) = LIVES;
		vm.putback++;
	}
	unlock_page(page);
	put_page(page);
}

/* Migrate an isolated page; on failure it stays isolated. */
int double_migrate(struct page *src, enum migrate_mode mode)
{
	struct zs_move move;
	struct page *dst;
	int err;

	dst = alloc_page(GFP_KERNEL);
	if (!dst)
		return -ENOMEM;
	lock_page(src);
	lock_page(dst);
	RULE(*mark(src) == ISOLATED);
	err = zs_move_begin(&move, src, mode);
	if (err) {
		vm.again++;
		goto unlock;
	}
	copy_highpage(dst, src);
	/* what the owner still reads from here, it reads wrong */
	memset_page(src, 0, 0x5a, PAGE_SIZE);
	set_page_private(dst, page_private(src));
	*mark(dst) = LIVES;
	get_page(dst);
	add(dst);
	zs_move_end(&move, dst, 0);
	vm.moved++;
	del(src);
	*mark(src) = 0;
	set_page_private(src, 0);
unlock:
	unlock_page(dst);
	unlock_page(src);
	put_page(dst);
	if (!err) {
		put_page(src);		/* the owner's */
		put_page(src);		/* isolation's */
	}
	return err;
}

/* A page that lives, with a reference; NULL if there is none. */
struct page *double_random_page(u32 random)
{
	struct page *page = NULL;

	spin_lock(&vm.lock);
	if (vm.nr) {
		page = vm.page[random % vm.nr];
		get_page(page);
	}
	spin_unlock(&vm.lock);
	return page;
}

/* The page in which an object begins. */
struct page *double_page_of(struct zspool *pool, zspool_handle_t handle,
			    unsigned int *nth)
{
	zspool_word_t w = zspool_peek(pool, handle);
	struct zspage *zspage = zs_zspage_find(pool, zs_word_id(w));
	unsigned int n = zs_word_index(w) * zspage->class->size >> PAGE_SHIFT;

	if (nth)
		*nth = n;
	return zspage->pages[n];
}

void double_start(struct kunit *test)
{
	memset(&vm, 0, sizeof(vm));
	vm.test = test;
	spin_lock_init(&vm.lock);
}

void double_finish(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&vm.wrong), 0);
	KUNIT_EXPECT_EQ_MSG(test, vm.nr, 0, "pages not given back");
}
