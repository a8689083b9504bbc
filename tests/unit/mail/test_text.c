/*
 * text: normal form and fold, and that the fold of a fold is itself for every
 * character there is.
 */
#include <stdio.h>

#include "base/utf8.h"
#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/imid.h"

static struct arena arena;

static const struct {
	const char *name, *in, *nfc, *fold;
} cases[] = {
	{ "empty", "", "", "" },
	{ "ascii", "Alice.B", "Alice.B", "alice.b" },
	{ "composed", "\xc3\x84", "\xc3\x84", "\xc3\xa4" },
	{ "decomposed", "A\xcc\x88", "\xc3\x84", "\xc3\xa4" },
	{ "order of marks", "a\xcc\x87\xcc\xa3", "\xe1\xba\xa1\xcc\x87",
	  "\xe1\xba\xa1\xcc\x87" },
	{ "sharp s",
	  "Stra\xc3\x9f"
	  "e",
	  "Stra\xc3\x9f"
	  "e",
	  "strasse" },
	{ "capital sharp s", "\xe1\xba\x9e", "\xe1\xba\x9e", "ss" },
	{ "kelvin", "\xe2\x84\xaa", "K", "k" },
	{ "final sigma", "\xce\xa3\xcf\x83\xcf\x82", "\xce\xa3\xcf\x83\xcf\x82",
	  "\xcf\x83\xcf\x83\xcf\x83" },
	{ "dotted I", "\xc4\xb0", "\xc4\xb0", "i\xcc\x87" },
	{ "apostrophe n", "\xc5\x89", "\xc5\x89", "\xca\xbcn" },
	{ "hangul", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c",
	  "\xed\x95\x9c" },
	{ "cherokee", "\xea\xad\xb0", "\xea\xad\xb0", "\xe1\x8e\xa0" },
	{ "plane 1", "\xf0\x90\x90\x80", "\xf0\x90\x90\x80",
	  "\xf0\x90\x90\xa8" },
};

static void
test_cases(void **state)
{
	struct guard g;

	guard_init(&g, 4096);
	TEST_EACH(c, cases) {
		struct str in = guard_put(&g, str_c(c->in));

		CHECK_STR(c->name, text_nfc(&arena, in), c->nfc);
		CHECK_STR(c->name, text_fold(&arena, in), c->fold);
	}
	guard_done(&g);
}

static void
test_bad(void **state)
{
	static const char *const bad[] = { "\x80", "a\xc3", "\xc0\x80",
					   "\xed\xa0\x80", "\xf5\x80\x80\x80" };

	TEST_EACH(s, bad) {
		CHECK(*s, !text_nfc(&arena, str_c(*s)).p);
		CHECK(*s, !text_fold(&arena, str_c(*s)).p);
	}
}

/* One character, and one with the marks that folding is known to move. */
static void
check_idempotent(const char *name, struct str s)
{
	struct str once = text_fold(&arena, s);
	struct str twice = text_fold(&arena, once);

	CHECK(name, once.p && twice.p && str_eq(once, twice));
	CHECK(name, str_eq(once, text_nfc(&arena, once)));
}

/* Where nothing has case or marks: a few of them stand for all. */
static bool
is_boring(uint32_t cp)
{
	return cp % 97 && ((cp >= 0x3400 && cp < 0xa000) ||
			   (cp >= 0xac00 && cp < 0xf900) || cp >= 0x1f000);
}

static void
test_idempotent(void **state)
{
	static const char *const marks[] = { "\xcd\x85", "\xcc\x81",
					     "\xcc\xa3\xcc\x87" };

	for (uint32_t cp = 1; cp < 0x110000; cp++) {
		char text[16], name[16];
		struct str s = { text, 0 };
		int n = utf8_encode(cp, text);

		if (n < 0 || is_boring(cp))
			continue;
		s.n = (size_t)n;
		snprintf(name, sizeof(name), "U+%04X", (unsigned)cp);
		check_idempotent(name, s);
		if (str_eq(text_fold(&arena, s), s)) {
			arena_clear(&arena);
			continue;
		}
		TEST_EACH(m, marks) {
			struct str mark = str_c(*m);

			memcpy(text + n, mark.p, mark.n);
			check_idempotent(name, str_n(text, s.n + mark.n));
		}
		arena_clear(&arena);
	}
}

/* Longer than what needs no memory of its own. */
static void
test_long(void **state)
{
	char text[2000], want[2000];

	for (size_t i = 0; i < sizeof(text); i += 2) {
		memcpy(text + i, "\xc3\x84", 2);
		memcpy(want + i, "\xc3\xa4", 2);
	}
	assert_true(str_eq(text_fold(&arena, str_n(text, sizeof(text))),
			   str_n(want, sizeof(want))));
	assert_true(str_eq(text_nfc(&arena, str_n(text, sizeof(text))),
			   str_n(text, sizeof(text))));
}

static int
use_text(void *arg)
{
	struct arena a;
	char text[1000];
	struct str s;

	memset(text, 'A', sizeof(text));
	memcpy(text, "\xc3\x84", 2);
	arena_init(&a, 1 << 20, 0);
	s = text_fold(&a, str_n(text, sizeof(text)));
	arena_done(&a);
	return s.p ? 0 : ERR_NOMEM;
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_text, NULL) >= 3);
}

static int
setup(void **state)
{
	arena_init(&arena, 64 << 20, 4096);
	return 0;
}

static int
teardown(void **state)
{
	arena_done(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),	   cmocka_unit_test(test_bad),
		cmocka_unit_test(test_idempotent), cmocka_unit_test(test_long),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
