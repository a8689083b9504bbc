/*
 * test: what every unit test includes: cmocka, and checks for our own types.
 *
 * A test that walks an array of named cases uses CHECK(), which tells the
 * name of the case that failed.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Walk an array of cases. */
#define TEST_EACH(it, array) \
	for (size_t it##_i = 0; it##_i < TEST_COUNT(array); it##_i++) \
		for (__typeof__(&(array)[0]) it = &(array)[it##_i]; it; \
		     it = NULL)

/* name: of the case (const char *). */
#define CHECK(name, cond) \
	do { \
		if (!(cond)) \
			test_fail((name), #cond, __FILE__, __LINE__); \
	} while (0)

/* rc, a result of ours, is want (0 or an error code). */
#define CHECK_RC(name, rc, want) \
	test_rc((name), (rc), (want), #rc, __FILE__, __LINE__)

/* s is the text want (a NUL-terminated string). */
#define CHECK_STR(name, s, want) \
	test_str((name), (s), str_c(want), __FILE__, __LINE__)

#define assert_rc(rc, want) CHECK_RC(NULL, rc, want)
#define assert_str(s, want) CHECK_STR(NULL, s, want)

void test_fail(const char *name, const char *what, const char *file, int line);
void test_rc(const char *name, int rc, int want, const char *what,
	     const char *file, int line);
void test_str(const char *name, struct str s, struct str want,
	      const char *file, int line);

#endif
