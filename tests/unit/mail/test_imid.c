/*
 * imid: the whole grammar, good and bad, each input at the end of a page.
 */
#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/imid.h"

#define UUID1 "619b982c-f9b4-4263-bbc7-755afc7710dd"
#define UUID2 "716e9a9e-7a48-4fd0-aa80-a1ac52f13cb2"
#define TEN "aaaaaaaaaa"
#define N64 TEN TEN TEN TEN TEN TEN "aaaa"
#define N63 TEN TEN TEN TEN TEN TEN "aaa"
#define N60 TEN TEN TEN TEN TEN TEN

static struct arena arena;
static struct guard page;

/* local[+folder]@domain, and the rest in the order of the grammar. */
static const struct good {
	const char *name, *in, *text, *key;
	const char *path, *options;
	size_t nids;
} goods[] = {
	{ "plain", "alice@a.test", "alice@a.test", "alice@a.test" },
	{ "case", "Alice@A.Test", "Alice@a.test", "alice@a.test" },
	{ "one letter", "a@b", "a@b", "a@b" },
	{ "digits and marks", "1.a_b-c.@d1.test", "1.a_b-c.@d1.test",
	  "1.a_b-c.@d1.test" },
	{ "subnode", "helpdesk/alice@domain.com", "helpdesk/alice@domain.com",
	  "helpdesk/alice@domain.com" },
	{ "four nodes", "a/b/c/D@e", "a/b/c/D@e", "a/b/c/d@e" },
	{ "folder", "alice+mailinglists@domain.com",
	  "alice+mailinglists@domain.com", "alice@domain.com" },
	{ "folder with a plus", "alice+a+b@d", "alice+a%2Bb@d", "alice@d" },
	{ "folder with an at", "alice+a%40b@d", "alice+a%40b@d", "alice@d" },
	{ "folder of a subnode", "h/alice+x@d", "h/alice+x@d", "h/alice@d" },
	{ "64 octets", N64 "@d", N64 "@d", N64 "@d" },
	{ "umlaut", "J\xc3\x96RG@d", "J\xc3\x96RG@d", "j\xc3\xb6rg@d" },
	{ "normal form", "Jo\xcc\x88rg@d", "J\xc3\xb6rg@d", "j\xc3\xb6rg@d" },
	{ "sharp s is ss",
	  "stra\xc3\x9f"
	  "e@d",
	  "stra\xc3\x9f"
	  "e@d",
	  "strasse@d" },
	{ "mark inside", "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7@d",
	  "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7@d",
	  "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7@d" },
	{ "arabic digits", "\xd9\xa1\xd9\xa2@d", "\xd9\xa1\xd9\xa2@d",
	  "\xd9\xa1\xd9\xa2@d" },
	{ "idn",
	  "a@B\xc3\xbc"
	  "cher.Example",
	  "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "idn as A-label", "a@XN--BCHER-KVA.example",
	  "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "idn decomposed",
	  "a@bu\xcc\x88"
	  "cher.example",
	  "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "idn, not transitional", "a@fa\xc3\x9f.de", "a@xn--fa-hia.de",
	  "a@xn--fa-hia.de" },
	{ "ideographic dot",
	  "a@b\xe3\x80\x82"
	  "c",
	  "a@b.c", "a@b.c" },
	{ "label of 63", "a@" N63 ".b", "a@" N63 ".b", "a@" N63 ".b" },
	{ "number in the first label", "a@127.a", "a@127.a", "a@127.a" },
	{ "imid:", "imid:a@b", "a@b", "a@b" },
	{ "immp:", "IMMP:a@b", "a@b", "a@b" },
	{ "immp://", "immp://newsletter/updates@website.com?subscribe",
	  "newsletter/updates@website.com", "newsletter/updates@website.com",
	  "", "subscribe" },
	{ "path", "alice@domain.com/INBOX#" UUID1, "alice@domain.com",
	  "alice@domain.com", "INBOX", "", 1 },
	{ "path with colon", "alice@d:inbox/Lists", "alice@d", "alice@d",
	  "INBOX/Lists" },
	{ "only a slash", "alice@d/", "alice@d", "alice@d" },
	{ "node behind the domain", "newsletter@website.com/updates",
	  "newsletter@website.com", "newsletter@website.com", "updates" },
	{ "two ids", "a@b#" UUID1 "," UUID2, "a@b", "a@b", "", "", 2 },
	{ "everything", "immp:a+f@b/x%2Fy::unread,important#" UUID1 "?a=b&c",
	  "a+f@b", "a@b", "x%2Fy", "a=b&c", 1 },
	{ "filter alone", "a@b::*", "a@b", "a@b" },
	{ "options alone", "a@b?", "a@b", "a@b" },
	{ "options with anything", "a@b?x#y?z/::", "a@b", "a@b", "",
	  "x#y?z/::" },
};

static void
test_good(void **state)
{
	TEST_EACH(c, goods) {
		struct str in = guard_put(&page, str_c(c->in)), text, key;
		struct imid i, again;

		CHECK_RC(c->name, imid_parse(&arena, in, &i), 0);
		text = imid_text_folder(&arena, &i);
		key = imid_key(&arena, &i);
		CHECK_STR(c->name, text, c->text);
		CHECK_STR(c->name, key, c->key);
		CHECK_STR(c->name, i.path, c->path ? c->path : "");
		CHECK_STR(c->name, i.options, c->options ? c->options : "");
		CHECK(c->name, i.nids == c->nids);

		/* Text and key read again are the same. */
		CHECK_RC(c->name, imid_parse_address(&arena, text, &again), 0);
		CHECK(c->name, str_eq(imid_key(&arena, &again), key));
		CHECK(c->name, str_eq(imid_text_folder(&arena, &again), text));
		CHECK_RC(c->name, imid_parse_address(&arena, key, &again), 0);
		CHECK(c->name, str_eq(imid_key(&arena, &again), key));
	}
}

static const struct {
	const char *name, *in;
	int rc;
} bads[] = {
	{ "empty", "", ERR_VALUE },
	{ "no at", "alice", ERR_VALUE },
	{ "no local", "@d", ERR_VALUE },
	{ "no domain", "a@", ERR_VALUE },
	{ "two ats", "a@b@c", ERR_VALUE },
	{ "only a scheme", "imid:", ERR_VALUE },
	{ "unknown scheme", "mailto:a@b", ERR_VALUE },
	{ "imid://", "imid://a@b", ERR_VALUE },
	{ "blank", "a b@c", ERR_VALUE },
	{ "blank first", " a@c", ERR_VALUE },
	{ "empty node", "a//b@c", ERR_VALUE },
	{ "slash first", "/a@c", ERR_VALUE },
	{ "slash last", "a/@c", ERR_VALUE },
	{ "dot first", ".a@c", ERR_VALUE },
	{ "dot first in a subnode", "a/.b@c", ERR_VALUE },
	{ "hyphen first", "-a@c", ERR_VALUE },
	{ "underscore first", "_a@c", ERR_VALUE },
	{ "mark first",
	  "\xcc\x88"
	  "a@c",
	  ERR_VALUE },
	{ "65 octets", N64 "a@d", ERR_VALUE },
	{ "64 octets folded", "\xc5\x89" N60 "b@d", 0 },
	{ "65 octets folded", "\xc5\x89" N60 "bb@d", ERR_VALUE },
	{ "quotes", "\"a\"@c", ERR_VALUE },
	{ "percent", "a%41@c", ERR_VALUE },
	{ "exclamation", "a!b@c", ERR_VALUE },
	{ "emoji", "\xf0\x9f\x98\x80@c", ERR_VALUE },
	{ "superscript", "a\xc2\xb2@c", ERR_VALUE },
	{ "bidi", "a\xe2\x80\xae@c", ERR_VALUE },
	{ "zero width", "a\xe2\x80\x8b@c", ERR_VALUE },
	{ "control", "a\x01@c", ERR_VALUE },
	{ "empty folder", "a+@c", ERR_VALUE },
	{ "folder with a slash", "a+b/c@d", ERR_VALUE },
	{ "folder dot", "a+.@d", ERR_VALUE },
	{ "no local but a folder", "+a@d", ERR_VALUE },
	{ "underscore in the domain", "a@b_c.test", ERR_VALUE },
	{ "wide underscore",
	  "a@b\xef\xbc\xbf"
	  "c.test",
	  ERR_VALUE },
	{ "sign that maps to a slash", "a@\xe2\x84\x80.test", ERR_VALUE },
	{ "hyphen first in a label", "a@-b.test", ERR_VALUE },
	{ "hyphen last in a label", "a@b-.test", ERR_VALUE },
	{ "empty label", "a@b..test", ERR_VALUE },
	{ "dot at the end", "a@b.test.", ERR_VALUE },
	{ "dot first", "a@.test", ERR_VALUE },
	{ "label of 64", "a@" N64 ".b", ERR_VALUE },
	{ "domain of 255", "a@" N63 "." N63 "." N63 "." N63, ERR_VALUE },
	{ "address", "a@192.0.2.1", ERR_VALUE },
	{ "number", "a@1", ERR_VALUE },
	{ "address literal", "a@[192.0.2.1]", ERR_VALUE },
	{ "hyphens at 3 and 4", "a@ab--c.test", ERR_VALUE },
	{ "bad A-label", "a@xn--a.test", ERR_VALUE },
	{ "A-label of ascii", "a@xn--fass-.test", ERR_VALUE },
	{ "snowman", "a@\xe2\x98\x83.test", ERR_VALUE },
	{ "blank in the domain", "a@b c", ERR_VALUE },
	{ "past 320", N64 "/" N64 "/" N64 "/" N64 "@" N63, ERR_TOOLONG },
	{ "exactly 320", N64 "/" N64 "/" N64 "/" N64 "@" N60, 0 },
	{ "empty name in the path", "a@b//c", ERR_VALUE },
	{ "path ends in a slash", "a@b/c/", ERR_VALUE },
	{ "dots in the path", "a@b/..", ERR_VALUE },
	{ "lone colon", "a@b:", ERR_VALUE },
	{ "empty filter", "a@b::", ERR_VALUE },
	{ "unknown filter", "a@b::new", ERR_VALUE },
	{ "comma last", "a@b::read,", ERR_VALUE },
	{ "two threads", "a@b::thread=" UUID1 ",thread=" UUID2, ERR_VALUE },
	{ "bad thread", "a@b::thread=1", ERR_VALUE },
	{ "no id", "a@b#", ERR_VALUE },
	{ "bad id", "a@b#1", ERR_VALUE },
	{ "comma last in ids", "a@b#" UUID1 ",", ERR_VALUE },
	{ "ids without comma", "a@b#" UUID1 ";" UUID2, ERR_VALUE },
	{ "filter behind ids", "a@b#" UUID1 "::*", ERR_VALUE },
	{ "control in options", "a@b?\x7f", ERR_VALUE },
	{ "bad utf-8", "a\xff@b", ERR_UTF8 },
	{ "bad utf-8 in options", "a@b?\xc3", ERR_UTF8 },
};

static void
test_bad(void **state)
{
	TEST_EACH(c, bads) {
		struct str in = guard_put(&page, str_c(c->in));
		struct imid i;

		CHECK_RC(c->name, imid_parse(&arena, in, &i), c->rc);
	}
}

static void
test_address(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} cases[] = {
		{ "a@b", 0 },
		{ "a+f@b", 0 },
		{ "immp:a@b", 0 },
		{ "a@b/", ERR_VALUE },
		{ "a@b/c", ERR_VALUE },
		{ "a@b:c", ERR_VALUE },
		{ "a@b::*", ERR_VALUE },
		{ "a@b?", ERR_VALUE },
		{ "a@b?x", ERR_VALUE },
		{ "a@b#" UUID1, ERR_VALUE },
		{ "a", ERR_VALUE },
		{ "a\xff@b", ERR_UTF8 },
	};

	TEST_EACH(c, cases) {
		struct str in = guard_put(&page, str_c(c->in));
		struct imid i;

		CHECK_RC(c->in, imid_parse_address(&arena, in, &i), c->rc);
	}
}

static void
test_filter(void **state)
{
	struct imid i;
	char thread[UUID_TEXT + 1];

	assert_rc(imid_parse(&arena, STR("a@b::UNREAD,flagged,thread=" UUID1),
			     &i),
		  0);
	assert_true(i.has_filter);
	assert_int_equal(i.filter.bits,
			 FILTER_UNREAD | FILTER_FLAGGED | FILTER_THREAD);
	uuid_format(&i.filter.thread, thread);
	assert_string_equal(thread, UUID1);
	assert_rc(imid_parse(&arena, STR("a@b::*"), &i), 0);
	assert_true(i.has_filter && i.filter.bits == 0);
	assert_rc(imid_parse(&arena, STR("a@b"), &i), 0);
	assert_true(!i.has_filter && i.filter.bits == 0);
}

static void
test_accounts(void **state)
{
	static const struct {
		const char *in;
		bool may;
	} cases[] = {
		{ "alice@d", true },	     { "helpdesk/alice@d", true },
		{ "postmaster2@d", true },   { "anonymou@d", true },
		{ "h/postmaster@d", true },  { "alice+f@d", false },
		{ "Postmaster@d", false },   { "MAILER-DAEMON@d", false },
		{ "anonymous@d", false },    { "Anonymous-1@d", false },
		{ "postmaster/a@d", false }, { "anonymous-1/a@d", false },
		{ UUID1 "@d", false },	     { UUID1 "/a@d", false },
	};

	TEST_EACH(c, cases) {
		struct imid i;

		CHECK_RC(c->in, imid_parse(&arena, str_c(c->in), &i), 0);
		CHECK(c->in, imid_may_be_account(&i) == c->may);
	}
}

static int
use_imid(void *arg)
{
	struct arena a;
	struct imid i;
	int err;

	arena_init(&a, 1 << 20, 64);
	err = imid_parse(
		&a,
		STR("J\xc3\xb6rg+a%40b@d\xc3\xa4.test/x%2Fy/z::read#" UUID1
		    "?o"),
		&i);
	if (err == 0 && (!imid_text_folder(&a, &i).p || !imid_key(&a, &i).p))
		err = ERR_NOMEM;
	arena_done(&a);
	return err;
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_imid, NULL) >= 5);
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
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_bad),
		cmocka_unit_test(test_address),	 cmocka_unit_test(test_filter),
		cmocka_unit_test(test_accounts), cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
