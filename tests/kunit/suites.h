/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ZSPOOL_TEST_SUITES_H
#define _ZSPOOL_TEST_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite class_suite;
extern struct kunit_suite handle_suite;
extern struct kunit_suite object_suite;
extern struct kunit_suite migrate_suite;
extern struct kunit_suite whole_page_suite;
extern struct kunit_suite check_suite;
extern struct kunit_suite model_suite;

#endif
