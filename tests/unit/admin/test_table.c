/* The list of commands, and how words are matched to it. */
#include "desk.h"

#include "lib/test.h"

static const struct match_case {
	const char *words;
	enum admin_id id;	/* ADMIN_NONE: no row */
	const char *why;	/* NULL: it matches */
} match_cases[] = {
	{ "domain list", ADMIN_CMD_DOMAIN_LIST, NULL },
	{ "account add a@b", ADMIN_CMD_ACCOUNT_ADD, NULL },
	{ "account add --generate a@b", ADMIN_CMD_ACCOUNT_ADD, NULL },
	{ "account add a@b --quota 5M --generate", ADMIN_CMD_ACCOUNT_ADD,
	  NULL },
	{ "account add a@b --quota=5M", ADMIN_CMD_ACCOUNT_ADD, NULL },
	{ "account add -- --generate", ADMIN_CMD_ACCOUNT_ADD, NULL },
	{ "account list", ADMIN_CMD_ACCOUNT_LIST, NULL },
	{ "account list a.test", ADMIN_CMD_ACCOUNT_LIST, NULL },
	{ "account proof-only a@b", ADMIN_CMD_ACCOUNT_PROOF_ONLY, NULL },
	{ "account proof-only a@b no", ADMIN_CMD_ACCOUNT_PROOF_ONLY, NULL },
	{ "status", ADMIN_CMD_STATUS, NULL },

	{ "", ADMIN_NONE, "no command" },
	{ "foo", ADMIN_NONE, "no command 'foo'" },
	{ "foo bar", ADMIN_NONE, "no command 'foo'" },
	{ "domain", ADMIN_NONE, "domain what? add, remove, list" },
	{ "domain foo", ADMIN_NONE,
	  "no command 'domain foo': add, remove, list" },
	{ "Domain list", ADMIN_NONE, "no command 'Domain'" },
	{ "account add", ADMIN_CMD_ACCOUNT_ADD, "account add wants IMID" },
	{ "account quota a@b", ADMIN_CMD_ACCOUNT_QUOTA,
	  "account quota wants SIZE" },
	{ "account add a@b c@d", ADMIN_CMD_ACCOUNT_ADD,
	  "account add wants no 'c@d'" },
	{ "status now", ADMIN_CMD_STATUS, "status wants no 'now'" },
	{ "status a b c d e", ADMIN_CMD_STATUS, "too many words" },
	{ "account add a@b --yes", ADMIN_CMD_ACCOUNT_ADD,
	  "account add has no option --yes" },
	{ "account add a@b -x", ADMIN_CMD_ACCOUNT_ADD,
	  "account add has no option -x" },
	{ "account add a@b --generate --generate", ADMIN_CMD_ACCOUNT_ADD,
	  "--generate twice" },
	{ "account add a@b --generate --password-stdin", ADMIN_CMD_ACCOUNT_ADD,
	  "either --generate or --password-stdin, not both" },
	{ "account add a@b --generate=1", ADMIN_CMD_ACCOUNT_ADD,
	  "--generate takes no value" },
	{ "account add a@b --quota", ADMIN_CMD_ACCOUNT_ADD,
	  "--quota wants a value" },
	{ "account proof-only a@b YES", ADMIN_CMD_ACCOUNT_PROOF_ONLY,
	  "'YES' is not one of yes|no" },
};

static void
test_match(void **state)
{
	TEST_EACH(c, match_cases) {
		struct str v[ADMIN_WORDS];
		struct admin_fail fail = { "" };
		struct admin_call call;
		size_t n = desk_words(c->words, v, ADMIN_WORDS);
		int rc = admin_match(v, n, &call, &fail);

		CHECK(c->words, rc == (c->why ? ADMIN_USAGE : ADMIN_DONE));
		CHECK_STR(c->words, str_c(fail.why), c->why ? c->why : "");
		CHECK(c->words, (call.row ? call.row->id : ADMIN_NONE) ==
				c->id);
	}
}

static void
test_options(void **state)
{
	struct str v[ADMIN_WORDS + 1], value = STR("untouched");
	struct admin_fail fail;
	struct admin_call call;
	size_t n = desk_words("device add --scope read a@b -- --phone", v,
			      ADMIN_WORDS);

	assert_int_equal(admin_match(v, n, &call, &fail), 0);
	assert_false(admin_option(&call, "--yes", &value));
	assert_str(value, "untouched");
	assert_true(admin_option(&call, "--scope", &value));
	assert_str(value, "read");
	assert_int_equal(call.nparams, 2);
	assert_str(call.param[0], "a@b");
	assert_str(call.param[1], "--phone");

	/* An empty value is a value, an empty word none. */
	v[2] = STR("--scope=");
	v[3] = STR("");
	assert_int_equal(admin_match(v, 4, &call, &fail), ADMIN_USAGE);
	assert_string_equal(fail.why, "an empty IMID");
	for (size_t i = 0; i <= ADMIN_WORDS; i++)
		v[i] = STR("x");
	assert_int_equal(admin_match(v, ADMIN_WORDS + 1, &call, &fail),
			 ADMIN_USAGE);
	assert_null(call.row);
}

static const struct synopsis_case {
	enum admin_id id;
	const char *text;
} synopsis_cases[] = {
	{ ADMIN_CMD_STATUS, "status" },
	{ ADMIN_CMD_ACCOUNT_ADD, "account add IMID [--quota SIZE] "
	  "[--password-stdin|--generate]" },
	{ ADMIN_CMD_ACCOUNT_PROOF_ONLY, "account proof-only IMID [yes|no]" },
	{ ADMIN_CMD_DEVICE_ADD, "device add IMID DEVICE [--scope LIST]" },
};

static void
test_synopsis(void **state)
{
	size_t n;
	const struct admin_row *rows = admin_rows(&n);

	TEST_EACH(c, synopsis_cases) {
		CLEANUP_BUF struct buf b = { 0 };
		const struct admin_row *row = rows;

		while (row->id != c->id)
			row++;
		buf_init(&b, 512);
		CHECK_RC(c->text, admin_synopsis(row, &b), 0);
		CHECK_STR(c->text, buf_str(&b), c->text);
		b.max = 3;
		buf_clear(&b);
		CHECK_RC(c->text, admin_synopsis(row, &b), ERR_LIMIT);
	}
}

/* Nobody finds a row by another one's words, and help is one clean line. */
static void
test_rows(void **state)
{
	size_t n;
	const struct admin_row *rows = admin_rows(&n);

	for (size_t i = 0; i < n; i++) {
		struct str v[ADMIN_WORDS];
		struct admin_fail fail = { "" };
		struct admin_call call;
		size_t k = desk_words(rows[i].words, v, ADMIN_WORDS);

		int rc = admin_match(v, k, &call, &fail);

		CHECK(rows[i].words, call.row == &rows[i]);
		CHECK(rows[i].words, rc == ADMIN_USAGE || fail.why[0] == '\0');
		CHECK(rows[i].words, rows[i].id == (enum admin_id)(i + 1));
		CHECK(rows[i].words, strlen(rows[i].help) > 5);
		CHECK(rows[i].words, rows[i].help[strlen(rows[i].help) - 1] !=
				     '.');
		CHECK(rows[i].words, !(rows[i].flags & ADMIN_CONFIRM) ||
				     strstr(rows[i].options, "--yes"));
	}
}

/* A reason is one clean line, cut between characters. */
static void
test_reason(void **state)
{
	struct admin_fail f;
	char longest[600];

	assert_int_equal(7, admin_fail(&f, 7, "a\nb\x1b\xff%s",
				       "\xe2\x80\xae" "c"));
	assert_string_equal(f.why, "a?b?????c");
	for (size_t i = 0; i + 2 < sizeof(longest); i += 2)
		memcpy(longest + i, "\xc3\xa9", 2);
	longest[598] = '\0';
	(void)admin_fail(&f, 1, "x%s", longest);
	assert_int_equal(strlen(f.why), sizeof(f.why) - 1);
	(void)admin_fail(&f, 1, "%s", longest);
	assert_int_equal(strlen(f.why), sizeof(f.why) - 2);
	assert_null(strchr(f.why, '?'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_synopsis),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
