/* SPDX-License-Identifier: GPL-2.0-only */
/* objects.h - a pool of objects of one size, each filled with one byte */
#ifndef _ZSPOOL_TEST_OBJECTS_H
#define _ZSPOOL_TEST_OBJECTS_H

#include <kunit/test.h>
#include "../../zspool/internal.h"

struct zspool *objects_start(struct kunit *test, const char *name, size_t size,
			     unsigned int nr);
void objects_finish(struct kunit *test);
void put_object(struct kunit *test, zspool_handle_t h, u8 fill);
void expect_object(struct kunit *test, zspool_handle_t h, u8 fill);
struct zspage *zspage_of(zspool_handle_t h);

#endif
