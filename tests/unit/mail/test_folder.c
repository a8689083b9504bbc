/*
 * folder: names and paths to their canonical form, and the folders that every
 * mailbox has.
 */
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/imid.h"

static struct arena arena;
static struct guard page;

#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define N255 FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa"
#define DEEP15 "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o"

static const struct {
	const char *name, *in, *want; /* want NULL: ERR_VALUE */
} names[] = {
	{ "plain", "Lists", "Lists" },
	{ "blank inside", "My Lists", "My Lists" },
	{ "blank at the front", " a", "%20a" },
	{ "blank at the end", "a ", "a%20" },
	{ "only a blank", " ", "%20" },
	{ "escaped blank", "%20a%20b%20", "%20a b%20" },
	{ "escapes that need none", "%41%62%2d", "Ab-" },
	{ "escapes that stay", "%2f%3A%23%3f%2C%25%2B",
	  "%2F%3A%23%3F%2C%25%2B" },
	{ "comma and plus as they are", "a,b+c", "a%2Cb%2Bc" },
	{ "at", "a@b", "a@b" },
	{ "utf-8",
	  "B\xc3\xbc"
	  "cher",
	  "B\xc3\xbc"
	  "cher" },
	{ "utf-8 escaped", "B%C3%BCcher",
	  "B\xc3\xbc"
	  "cher" },
	{ "normal form",
	  "Bu\xcc\x88"
	  "cher",
	  "B\xc3\xbc"
	  "cher" },
	{ "three dots", "...", "..." },
	{ "dot first", ".a", ".a" },
	{ "255 octets", N255, N255 },
	{ "quote and backslash", "a\"b\\c", "a\"b\\c" },
	{ "empty", "", NULL },
	{ "256 octets", N255 "a", NULL },
	{ "dot", ".", NULL },
	{ "two dots", "..", NULL },
	{ "two dots escaped", "%2e%2E", NULL },
	{ "slash", "a/b", NULL },
	{ "colon", "a:b", NULL },
	{ "hash", "a#b", NULL },
	{ "question mark", "a?b", NULL },
	{ "cut escape", "a%2", NULL },
	{ "bare percent", "%", NULL },
	{ "bad escape", "a%2g", NULL },
	{ "NUL", "a%00", NULL },
	{ "tab", "a\tb", NULL },
	{ "escaped LF", "a%0Ab", NULL },
	{ "DEL", "a%7F", NULL },
	{ "C1", "a\xc2\x85", NULL },
	{ "bidi",
	  "a\xe2\x80\xae"
	  "b",
	  NULL },
	{ "line separator", "a\xe2\x80\xa8", NULL },
	{ "bad utf-8", "a\xc3", NULL },
	{ "bad utf-8 escaped", "a%C3", NULL },
};

static void
test_names(void **state)
{
	TEST_EACH(c, names) {
		struct str in = guard_put(&page, str_c(c->in)), out, again;

		CHECK_RC(c->name, folder_name(&arena, in, &out),
			 c->want ? 0 : ERR_VALUE);
		if (!c->want)
			continue;
		CHECK_STR(c->name, out, c->want);
		CHECK_RC(c->name, folder_name(&arena, out, &again), 0);
		CHECK(c->name, str_eq(out, again));
	}
}

static const struct {
	const char *name, *in, *want, *key;
} paths[] = {
	{ "one", "Lists", "Lists", "lists" },
	{ "role", "inbox", "INBOX", "inbox" },
	{ "role of any case", "/iNbOx/Lists", "INBOX/Lists", "inbox/lists" },
	{ "colon", ":sent", "SENT", "sent" },
	{ "role below", "a/inbox", "a/inbox", "a/inbox" },
	{ "role escaped", "%54rash", "TRASH", "trash" },
	{ "no role", "inbox2", "inbox2", "inbox2" },
	{ "escapes", "a%2Fb/c%2fd", "a%2Fb/c%2Fd", "a%2fb/c%2fd" },
	{ "umlaut", "\xc3\x84/B", "\xc3\x84/B", "\xc3\xa4/b" },
	{ "16 deep", DEEP15 "/p", DEEP15 "/p", DEEP15 "/p" },
	{ "17 deep", DEEP15 "/p/q", NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "only a slash", "/", NULL, NULL },
	{ "slash at the end", "a/", NULL, NULL },
	{ "two slashes", "a//b", NULL, NULL },
	{ "two slashes first", "//a", NULL, NULL },
	{ "dots", "a/../b", NULL, NULL },
};

static void
test_paths(void **state)
{
	TEST_EACH(c, paths) {
		struct str in = guard_put(&page, str_c(c->in)), out, again;

		CHECK_RC(c->name, folder_path(&arena, in, &out),
			 c->want ? 0 : ERR_VALUE);
		if (!c->want)
			continue;
		CHECK_STR(c->name, out, c->want);
		CHECK_STR(c->name, folder_key(&arena, out), c->key);
		CHECK_RC(c->name, folder_path(&arena, out, &again), 0);
		CHECK(c->name, str_eq(out, again));
	}
}

static void
test_roles(void **state)
{
	static const char *const order[] = { NULL, "INBOX", "DRAFTS",
					     "SENT", "JUNK", "TRASH" };

	assert_int_equal(TEST_COUNT(order), ROLE_COUNT);
	for (int r = 0; r < ROLE_COUNT; r++) {
		const char *path = folder_role_path((enum folder_role)r);

		assert_true(str_eq(str_c(path), str_c(order[r])));
		if (!path)
			continue;
		assert_int_equal(folder_role_of(
					 folder_key(&arena, str_c(path))),
				 r);
		assert_true(
			str_eqi(str_c(path),
				str_c(folder_role_name((enum folder_role)r))));
	}
	assert_string_equal(folder_role_name(ROLE_NONE), "");
	assert_int_equal(folder_role_of(STR("")), ROLE_NONE);
	assert_int_equal(folder_role_of(STR("inbox/a")), ROLE_NONE);
	assert_int_equal(folder_role_of(STR("INBOX")), ROLE_NONE);
}

static int
setup(void **state)
{
	arena_init(&arena, 1 << 20, 0);
	guard_init(&page, 4096);
	return 0;
}

static int
teardown(void **state)
{
	arena_done(&arena);
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
