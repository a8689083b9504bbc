#include "immp/names.h"

#include "base/utf8.h"
#include "immp/target.h"
#include "lib/test.h"

static const struct name_case {
	const char *peer, *safe;
} name_cases[] = {
	{ "report.pdf", "report.pdf" },
	{ "", "part2" }, { "   ", "part2" },
	{ "../../etc/passwd", "passwd" },
	{ "/etc/passwd", "passwd" },
	{ "C:\\Windows\\evil.exe", "evil.exe" },
	{ "a/", "part2" }, { "..", "_." }, { ".", "_" }, { ".bashrc", "_bashrc" },
	{ "-rf", "_rf" }, { "~root", "_root" },
	{ "a\nb", "a_b" }, { "a\x1b[2J", "a_[2J" },
	{ "gpj\xe2\x80\xae.exe", "gpj_.exe" },
	{ "\xff\xfe", "__" },
	{ "B\xc3\xa4r.txt", "B\xc3\xa4r.txt" },
	{ " x ", "x" },
};

static void
test_safe(void **state)
{
	TEST_EACH(c, name_cases) {
		char dst[NAME_MAX_OCTETS + 1];

		name_safe(str_c(c->peer), "part2", dst);
		CHECK_STR(c->peer, str_c(dst), c->safe);
	}
}

/* Long names are cut inside no character, and keep their suffix. */
static void
test_long(void **state)
{
	char in[1000], dst[NAME_MAX_OCTETS + 1];

	memset(in, 'a', sizeof(in));
	memcpy(in + 900, ".tar.gz", 8);
	name_safe(str_c(in), "x", dst);
	assert_int_equal(strlen(dst), NAME_MAX_OCTETS);
	assert_true(str_ends(str_c(dst), STR("a.gz")));
	for (size_t shift = 0; shift < 3; shift++) {
		memset(in, 'a', sizeof(in));
		for (size_t i = shift; i + 3 < 900; i += 3)
			memcpy(in + i, "\xe6\x97\xa5", 3);
		in[900] = '\0';
		name_safe(str_c(in), "x", dst);
		assert_true(strlen(dst) <= NAME_MAX_OCTETS);
		assert_true(strlen(dst) > NAME_MAX_OCTETS - 4);
		assert_true(utf8_valid(str_c(dst)));
	}
}

static void
test_numbered(void **state)
{
	static const struct {
		const char *name;
		unsigned n;
		const char *out;
	} cases[] = {
		{ "a.txt", 0, "a.txt" }, { "a.txt", 1, "a-1.txt" },
		{ "a.txt", 12, "a-12.txt" }, { "Makefile", 3, "Makefile-3" },
		{ "a.tar.gz", 1, "a.tar-1.gz" }, { "_hidden", 1, "_hidden-1" },
		{ "a.", 1, "a-1." },
	};

	TEST_EACH(c, cases) {
		char dst[NAME_MAX_OCTETS + 16];

		name_numbered(c->name, c->n, dst);
		CHECK_STR(c->name, str_c(dst), c->out);
	}
}

static void
test_shown(void **state)
{
	char dst[NAME_MAX_OCTETS + 1];

	name_shown("/home/alice/a b.txt", dst);
	assert_string_equal(dst, "a b.txt");
	name_shown(".profile", dst);
	assert_string_equal(dst, ".profile");
	name_shown("x/a\nb\xe2\x80\xae", dst);
	assert_string_equal(dst, "a_b_");
	name_shown("x/", dst);
	assert_string_equal(dst, "file");
}

static void
test_type(void **state)
{
	assert_string_equal(name_type("a/b.PDF"), "application/pdf");
	assert_string_equal(name_type("b.jpg"), "image/jpeg");
	assert_string_equal(name_type("b.txt"), "text/plain; charset=utf-8");
	assert_string_equal(name_type("dir.txt/b"), "application/octet-stream");
	assert_string_equal(name_type("b"), "application/octet-stream");
	assert_string_equal(name_type("b."), "application/octet-stream");
	assert_string_equal(name_type("b.xyzzy"), "application/octet-stream");
}

#define UUID "01890f2a-0000-7000-8000-000000000001"

static void
test_target(void **state)
{
	static const struct {
		const char *word, *text;
		bool one;
	} cases[] = {
		{ UUID, "#" UUID, true },
		{ "/inbox#" UUID, "/inbox#" UUID, true },
		{ "bob@b.test/inbox#" UUID, "bob@b.test/inbox#" UUID, true },
		{ "/inbox#" UUID "," UUID, "/inbox#" UUID "," UUID, false },
		{ "/inbox::unread", "/inbox::unread", false },
		{ "/inbox", NULL, false },
		{ "01890f2a", NULL, false },
		{ "", NULL, false },
	};

	TEST_EACH(c, cases) {
		struct buf b;

		buf_init(&b, 200);
		CHECK_RC(c->word, target_text(&b, c->word),
			 c->text ? 0 : ERR_VALUE);
		if (c->text)
			CHECK_STR(c->word, str_c(buf_data(&b)), c->text);
		CHECK(c->word, target_is_one(c->word) == c->one);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),	 cmocka_unit_test(test_long),
		cmocka_unit_test(test_numbered), cmocka_unit_test(test_shown),
		cmocka_unit_test(test_type),	 cmocka_unit_test(test_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
