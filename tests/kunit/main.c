// SPDX-License-Identifier: GPL-2.0-only
/* main.c - zspool_kunit.ko: loading it runs the suites */
#include <kunit/test.h>
#include <linux/module.h>
#include "suites.h"

kunit_test_suites(&class_suite, &handle_suite, &object_suite, &migrate_suite,
		  &whole_page_suite, &check_suite, &model_suite);

MODULE_DESCRIPTION("KUnit tests of zspool");
MODULE_LICENSE("GPL");
