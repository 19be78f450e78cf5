// SPDX-License-Identifier: GPL-2.0-only
/*
 * corpus.c - the data: a file's pages, kept in memory
 *
 * They lie in blocks of contiguous pages, as the pages of a large folio do: a
 * bio of a block's pages then has one segment, as when swap writes the folio.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include "zbload.h"

static int read_block(struct file *file, struct page *block,
		      unsigned int order, loff_t *pos)
{
	size_t want = PAGE_SIZE << order, got = 0;

	while (got < want) {
		ssize_t n = kernel_read(file, page_address(block) + got,
					want - got, pos);

		if (n <= 0)
			return n ? n : -EIO;
		got += n;
	}
	return 0;
}

static int read_all(struct zbload_corpus *corpus, struct file *file,
		    unsigned int nr)
{
	unsigned int i, step = 1U << corpus->order;
	gfp_t gfp = GFP_KERNEL | (corpus->order ? __GFP_COMP : 0);
	loff_t pos = 0;
	int err;

	while (corpus->nr < nr) {
		struct page *block = alloc_pages(gfp, corpus->order);

		if (!block)
			return -ENOMEM;
		for (i = 0; i < step; i++)
			corpus->pages[corpus->nr + i] = block + i;
		corpus->nr += step;
		err = read_block(file, block, corpus->order, &pos);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * zbload_corpus_load() - read a file into memory
 * @corpus: empty
 * @path: the file; what does not fill a block at its end is left out
 * @order: pages of a block, as a power of two
 *
 * Context: process; may sleep.
 * Return: 0, or an error: then @corpus is empty
 */
int zbload_corpus_load(struct zbload_corpus *corpus, const char *path,
		       unsigned int order)
{
	struct file *file = filp_open(path, O_RDONLY | O_LARGEFILE, 0);
	unsigned int nr;
	int err = -ENOMEM;

	if (IS_ERR(file))
		return PTR_ERR(file);
	nr = i_size_read(file_inode(file)) >> PAGE_SHIFT;
	nr = round_down(nr, 1U << order);
	corpus->order = order;
	corpus->pages = vmalloc_array(nr, sizeof(*corpus->pages));
	if (corpus->pages)
		err = read_all(corpus, file, nr);
	fput(file);
	if (err)
		zbload_corpus_free(corpus);
	return err;
}

/**
 * zbload_corpus_free() - give the pages back
 * @corpus: becomes empty; may be so before
 *
 * Context: process; may sleep.
 */
void zbload_corpus_free(struct zbload_corpus *corpus)
{
	unsigned int i;

	for (i = 0; i < corpus->nr; i += 1U << corpus->order)
		__free_pages(corpus->pages[i], corpus->order);
	vfree(corpus->pages);
	memset(corpus, 0, sizeof(*corpus));
}
