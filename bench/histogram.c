// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram.c - latencies, counted in buckets that are log-linear
 */
#include <linux/bitops.h>
#include <linux/math64.h>
#include "zbload.h"

static unsigned int bucket_of(u64 ns)
{
	unsigned int log;

	if (ns < BIT(ZBLOAD_SUB_BITS))
		return ns;
	log = fls64(ns) - 1;
	return ((log - ZBLOAD_SUB_BITS + 1) << ZBLOAD_SUB_BITS) +
	       ((ns >> (log - ZBLOAD_SUB_BITS)) & (BIT(ZBLOAD_SUB_BITS) - 1));
}

/* The first value that is past a bucket. */
static u64 bucket_end(unsigned int bucket)
{
	unsigned int group = bucket >> ZBLOAD_SUB_BITS;
	u64 sub = bucket & (BIT(ZBLOAD_SUB_BITS) - 1);

	if (!group)
		return sub + 1;
	return (BIT_ULL(ZBLOAD_SUB_BITS) + sub + 1) << (group - 1);
}

/**
 * zbload_histogram_add() - count one
 * @h: the histogram
 * @ns: how long it took
 *
 * Context: any; one caller at a time.
 */
void zbload_histogram_add(struct zbload_histogram *h, u64 ns)
{
	h->count++;
	h->sum += ns;
	h->max = max(h->max, ns);
	h->buckets[bucket_of(ns)]++;
}

/**
 * zbload_histogram_merge() - add up
 * @to: gets the sum
 * @from: is added
 *
 * Context: any.
 */
void zbload_histogram_merge(struct zbload_histogram *to,
			    const struct zbload_histogram *from)
{
	unsigned int i;

	to->count += from->count;
	to->sum += from->sum;
	to->max = max(to->max, from->max);
	for (i = 0; i < ZBLOAD_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

/**
 * zbload_histogram_percentile() - what so many of a thousand stay below
 * @h: the histogram
 * @per_mille: 500 for the median
 *
 * Context: any.
 * Return: ns, at most 1/64 too much; 0 of nothing
 */
u64 zbload_histogram_percentile(const struct zbload_histogram *h,
				unsigned int per_mille)
{
	u64 rank = div_u64(h->count * per_mille + 999, 1000);
	u64 seen = 0;
	unsigned int i;

	for (i = 0; i < ZBLOAD_BUCKETS && h->count; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			return min(bucket_end(i), h->max);
	}
	return 0;
}

/**
 * zbload_histogram_show() - as JSON: pairs of a bucket's end and its count
 * @m: where to
 * @h: the histogram
 *
 * Context: process.
 */
void zbload_histogram_show(struct seq_file *m,
			   const struct zbload_histogram *h)
{
	const char *comma = "";
	unsigned int i;

	seq_putc(m, '[');
	for (i = 0; i < ZBLOAD_BUCKETS; i++) {
		if (!h->buckets[i])
			continue;
		seq_printf(m, "%s[%llu,%u]", comma, bucket_end(i),
			   h->buckets[i]);
		comma = ",";
	}
	seq_putc(m, ']');
}
