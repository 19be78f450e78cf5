// SPDX-License-Identifier: GPL-2.0-only
/*
 * access.c - the bytes of an object, which may lie across two pages
 */
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include "internal.h"

/* Where an object's bytes are: @head of them from @offset in the first page. */
struct place {
	struct page *page[2];
	unsigned int offset;
	unsigned int head;
};

static __always_inline void find_place(struct zspool *pool, zspool_word_t word,
				       unsigned int len, struct place *p)
{
	struct zspage *zspage = zs_zspage_find(pool, zs_word_id(word));
	struct size_class *class = zspage->class;
	unsigned int at = zs_word_index(word) * class->size;

	if (!zs_class_sole(class))
		at += ZS_HEADER;
	p->offset = offset_in_page(at);
	p->head = min_t(unsigned int, len, PAGE_SIZE - p->offset);
	/* The pin, or being in flight, keeps these pages where they are. */
	p->page[0] = READ_ONCE(zspage->pages[at >> PAGE_SHIFT]);
	p->page[1] = p->head < len ?
		READ_ONCE(zspage->pages[(at >> PAGE_SHIFT) + 1]) : NULL;
}

/**
 * zspool_map() - see an object's bytes
 * @pool: a numbered pool
 * @word: the word of a handle that the caller has pinned
 * @buf: room for zspool_word_size(@word) bytes, used only if the object lies
 *	across two pages; NULL to be told so
 *
 * Context: any but irq. Between map and unmap the task may not leave its CPU
 * on highmem machines; maps nest like kmap_local_page().
 * Return: the bytes, in place or in @buf; NULL if @buf was needed and NULL
 */
const void *zspool_map(struct zspool *pool, zspool_word_t word, void *buf)
{
	unsigned int len = zspool_word_size(word);
	struct place p;

	find_place(pool, word, len, &p);
	if (!p.page[1])
		return kmap_local_page(p.page[0]) + p.offset;
	if (buf) {
		memcpy_from_page(buf, p.page[0], p.offset, p.head);
		memcpy_from_page(buf + p.head, p.page[1], 0, len - p.head);
	}
	return buf;
}
EXPORT_SYMBOL_GPL(zspool_map);

#ifdef CONFIG_HIGHMEM
/**
 * zspool_unmap() - the end of zspool_map()
 * @pool: the pool
 * @word: as for zspool_map()
 * @addr: what zspool_map() returned
 *
 * Context: as zspool_map().
 */
void zspool_unmap(struct zspool *pool, zspool_word_t word, const void *addr)
{
	struct place p;

	find_place(pool, word, zspool_word_size(word), &p);
	if (!p.page[1])
		kunmap_local(addr);
}
EXPORT_SYMBOL_GPL(zspool_unmap);
#endif

/**
 * zspool_fill() - write into an object
 * @pool: a numbered pool
 * @obj: from zspool_new() and not yet given to zspool_swap(), or a pinned word
 * @src: the bytes, zspool_word_size(@obj) of them
 *
 * Context: any but irq.
 */
void zspool_fill(struct zspool *pool, zspool_word_t obj, const void *src)
{
	unsigned int len = zspool_word_size(obj);
	struct place p;

	find_place(pool, obj, len, &p);
	memcpy_to_page(p.page[0], p.offset, src, p.head);
	if (p.page[1])
		memcpy_to_page(p.page[1], 0, src + p.head, len - p.head);
}
EXPORT_SYMBOL_GPL(zspool_fill);

#ifdef ZSPOOL_PLAIN
/**
 * zs_obj_sg() - describe where an object's bytes are
 * @pool: the pool
 * @word: a word that the caller has pinned
 * @sg: two entries
 *
 * Context: any but irq.
 * Return: how many entries are used, the last of them marked
 */
int zs_obj_sg(struct zspool *pool, zspool_word_t word, struct scatterlist *sg)
{
	unsigned int len = zspool_word_size(word);
	struct place p;

	find_place(pool, word, len, &p);
	sg_init_table(sg, p.page[1] ? 2 : 1);
	sg_set_page(&sg[0], p.page[0], p.head, p.offset);
	if (p.page[1])
		sg_set_page(&sg[1], p.page[1], len - p.head, 0);
	return p.page[1] ? 2 : 1;
}
#endif

/**
 * zs_obj_copy() - copy an object's bytes, headers apart
 * @to: zspage
 * @to_index: object
 * @from: zspage, of any class
 * @from_index: object
 * @bytes: of data
 *
 * Context: class->lock held; nobody else uses either object.
 */
void zs_obj_copy(struct zspage *to, unsigned int to_index,
		 struct zspage *from, unsigned int from_index,
		 unsigned int bytes)
{
	unsigned int d = to_index * to->class->size + ZS_HEADER;
	unsigned int s = from_index * from->class->size + ZS_HEADER;

	while (bytes) {
		unsigned int n = bytes;

		n = min_t(unsigned int, n, PAGE_SIZE - offset_in_page(d));
		n = min_t(unsigned int, n, PAGE_SIZE - offset_in_page(s));
		memcpy_page(to->pages[d >> PAGE_SHIFT], offset_in_page(d),
			    from->pages[s >> PAGE_SHIFT], offset_in_page(s), n);
		d += n;
		s += n;
		bytes -= n;
	}
}
