/*
 * target: what MBOX commands name.
 */
#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/imid.h"

#define UUID1 "619b982c-f9b4-4263-bbc7-755afc7710dd"
#define UUID2 "716e9a9e-7a48-4fd0-aa80-a1ac52f13cb2"

static struct arena arena;
static struct guard page;

static const struct {
	const char *name, *in;
	const char *prefix, *path, *key, *asked, *filter;
	char lead;
	size_t nids;
} goods[] = {
	{ "draft's check", "/inbox::*", "", "INBOX", "inbox", "/inbox", "*",
	  '/', 0 },
	{ "path", "/inbox/Lists", "", "INBOX/Lists", "inbox/lists",
	  "/inbox/Lists", "*", '/', 0 },
	{ "colon", ":inbox/Lists", "", "INBOX/Lists", "inbox/lists",
	  ":inbox/Lists", "*", ':', 0 },
	{ "empty", "", "", "", "", "", "*", 0, 0 },
	{ "slash alone", "/", "", "", "", "/", "*", '/', 0 },
	{ "filter alone", "::unread", "", "", "", "", "unread", 0, 0 },
	{ "slash and filter", "/::unread,flagged", "", "", "", "/",
	  "unread,flagged", '/', 0 },
	{ "ids alone", "#" UUID1, "", "", "", "", "*", 0, 1 },
	{ "draft's fetch", "alice@domain.com/INBOX#" UUID1, "alice@domain.com",
	  "INBOX", "inbox", "alice@domain.com/INBOX", "*", '/', 1 },
	{ "account alone", "helpdesk/Alice@D.Test", "helpdesk/Alice@D.Test", "",
	  "", "helpdesk/Alice@D.Test", "*", 0, 0 },
	{ "account, colon, all", "a@d:sent::READ#" UUID1 "," UUID2, "a@d",
	  "SENT", "sent", "a@d:sent", "READ", ':', 2 },
	{ "scheme", "immp:a@d/x", "immp:a@d", "x", "x", "immp:a@d/x", "*", '/',
	  0 },
	{ "as asked", "/a%41/%2f", "", "aA/%2F", "aa/%2f", "/a%41/%2f", "*",
	  '/', 0 },
	{ "at in a name", "/a@b", "", "a@b", "a@b", "/a@b", "*", '/', 0 },
};

static void
test_good(void **state)
{
	TEST_EACH(c, goods) {
		struct target t;

		CHECK_RC(c->name,
			 target_parse(&arena, guard_put(&page, str_c(c->in)),
				      &t),
			 0);
		CHECK_STR(c->name, t.prefix, c->prefix);
		CHECK_STR(c->name, t.path, c->path);
		CHECK_STR(c->name, t.key, c->key);
		CHECK_STR(c->name, t.asked, c->asked);
		CHECK_STR(c->name, t.filter_text, c->filter);
		CHECK(c->name, t.lead == c->lead && t.nids == c->nids);
		CHECK(c->name, t.has_account == (t.prefix.n > 0));
		if (!t.has_account)
			continue;
		CHECK(c->name, t.account.local.n > 0);
		CHECK(c->name, t.account.path.n == 0 && t.account.nids == 0);
	}
}

static void
test_bad(void **state)
{
	static const char *const bads[] = {
		"inbox",
		"inbox/lists",
		"alice",
		"a+f@d/inbox",
		"a@/inbox",
		"@d/inbox",
		"/inbox/",
		"//inbox",
		":",
		"/inbox::",
		"/inbox::new",
		"/inbox#",
		"/inbox#x",
		"/inbox#" UUID1 ",",
		"/inbox#" UUID1 "," UUID1 "x",
		"/inbox?x",
		"/inbox/..",
		"/a:b",
		"/a\xff",
		"a@d_e/x",
		"/inbox#" UUID1 "#" UUID2,
		"/%",
		"/a\x01",
	};

	TEST_EACH(s, bads) {
		struct target t;

		CHECK_RC(*s,
			 target_parse(&arena, guard_put(&page, str_c(*s)), &t),
			 ERR_VALUE);
	}
}

static int
use_target(void *arg)
{
	struct arena a;
	struct target t;
	int err;

	arena_init(&a, 1 << 20, 64);
	err = target_parse(
		&a, STR("a@d/x y/\xc3\xa4::read,thread=" UUID2 "#" UUID1), &t);
	arena_done(&a);
	return err;
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_target, NULL) >= 3);
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
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
