#include "immp/args.h"

#include "immp/settings.h"
#include "immp/shell.h"
#include "lib/test.h"

static int
run(struct app *a)
{
	return 0;
}

static const struct opt send_opts[] = {
	{ 's', "subject", "TEXT", "x" }, { 'a', "attach", "FILE", "x" },
	{ 0, "html", NULL, "x" },	 { 0, NULL, NULL, NULL },
};

static const struct cmd table[] = {
	{ "send IMID...", "x", send_opts, run, 0 },
	{ "list [PATH]", "x", NULL, run, 0 },
	{ "devices", "x", NULL, run, 0 },
	{ "devices revoke NAME", "x", NULL, run, 0 },
	{ "mark UUID...", "x", NULL, run, CMD_SWITCHES },
	{ 0 },
};

static const struct args_case {
	const char *line;	/* words with blanks between them */
	const char *pattern;	/* NULL: wrong usage */
	const char *words;
} args_cases[] = {
	{ "list", "list [PATH]", "" },
	{ "list /inbox", "list [PATH]", "/inbox" },
	{ "list a b", NULL, NULL },
	{ "-a me list", "list [PATH]", "" },
	{ "--account=me --json list", "list [PATH]", "" },
	{ "send", NULL, NULL },
	{ "send b@b c@c", "send IMID...", "b@b c@c" },
	{ "send -s hi b@b -a f --html", "send IMID...", "b@b" },
	{ "send -shi b@b", "send IMID...", "b@b" },
	{ "send b@b -s", NULL, NULL },
	{ "send b@b --subject", NULL, NULL },
	{ "send b@b --html=1", NULL, NULL },
	{ "send b@b --no", NULL, NULL },
	{ "send b@b -x", NULL, NULL },
	{ "send -- -b@b", "send IMID...", "-b@b" },
	{ "devices", "devices", "" },
	{ "devices revoke pc", "devices revoke NAME", "pc" },
	{ "devices revoke", NULL, NULL },
	{ "devices what", NULL, NULL },
	{ "mark u +read -flagged", "mark UUID...", "u +read -flagged" },
	{ "mark u --json", "mark UUID...", "u" },
	{ "lists", NULL, NULL },
	{ "", NULL, NULL },
	{ "--no list", NULL, NULL },
};

static int
split(const char *line, char *copy, char **argv)
{
	char *save = copy, *word;
	static char prog[] = "immp";
	int n = 0;

	argv[n++] = prog;
	memcpy(copy, line, strlen(line) + 1);
	while ((word = strsep(&save, " ")))
		if (*word)
			argv[n++] = word;
	return n;
}

static void
test_args(void **state)
{
	TEST_EACH(c, args_cases) {
		static struct app a;
		char copy[200], words[200] = "", why[200] = "";
		char *argv[32];
		int argc = split(c->line, copy, argv);
		int rc = args_parse(table, argc, argv, &a, why, sizeof(why));

		CHECK_RC(c->line, rc, c->pattern ? 0 : APP_USAGE);
		CHECK(c->line, (rc == 0) == (why[0] == '\0'));
		if (rc)
			continue;
		CHECK_STR(c->line, str_c(a.cmd->pattern), c->pattern);
		for (size_t i = 0; i < a.nwords; i++) {
			strncat(words, i ? " " : "", 2); /* lint-ok strncat: a test */
			strncat(words, a.word[i], 100); /* lint-ok strncat: a test */
		}
		CHECK_STR(c->line, str_c(words), c->words);
	}
}

static void
test_values(void **state)
{
	static struct app a;
	char copy[200], why[200];
	char *argv[32];
	size_t at = 0;
	int argc = split("-a me --json send -a 1 --attach=2 -a3 b@b --version",
			 copy, argv);

	assert_int_equal(args_parse(table, argc, argv, &a, why, sizeof(why)),
			 0);
	assert_string_equal(a.account, "me");
	assert_true(a.json && a.version && !a.help);
	assert_string_equal(app_next(&a, "attach", &at), "1");
	assert_string_equal(app_next(&a, "attach", &at), "2");
	assert_string_equal(app_next(&a, "attach", &at), "3");
	assert_null(app_next(&a, "attach", &at));
	assert_false(app_has(&a, "html"));
	assert_null(app_value(&a, "subject"));
}

/* --- the account's file --- */

#define HEX "a45bf5dc0c02d1acf7576dfedb984ee08536cc13260699c5d34dacbaaed5e55a"

static void
test_account(void **state)
{
	struct account a = { .name = "alice@a.test", .server = "h:1",
			     .fingerprint = HEX, .vouched = true,
			     .device = "my = pc", .key = HEX }, b;
	static const char *const bad[] = {
		"", "x\n", "account = a@b\n",
		"account = a@b\nserver = h\nfingerprint = 12\ndevice = d\n"
		"key = " HEX "\n",
		"account = a@b\nserver = h\nfingerprint = " HEX "\n"
		"device = d\nkey = short\n",
	};
	struct buf text;

	buf_init(&text, 4096);
	assert_rc(account_format(&a, &text), 0);
	assert_rc(account_parse(buf_str(&text), &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_rc(buf_add_cstr(&text, "# a note\n\nlater = 1\n"), 0);
	assert_rc(account_parse(buf_str(&text), &b), 0);
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_rc(account_parse(str_c(bad[i]), &b), ERR_CORRUPT);
	buf_done(&text);
}

/* --- completion --- */

static void
test_complete(void **state)
{
	static const struct {
		const char *line, *words;
		size_t from;
	} cases[] = {
		{ "no", "NOOP\n", 0 },
		{ "MBOX IND", "INDEX\n", 5 },
		{ "mbox d", "DELETE\n", 5 },
		{ "NOOP; he", "HELLO\nHELP\nHEADER\n", 6 },
		{ "DEVICE ", "ADD\nLIST\nREVOKE\n", 7 },
		{ "MBOX INDEX /in", "", 11 },
		{ "xyz", "", 0 },
	};

	TEST_EACH(c, cases) {
		struct buf b;
		size_t from = 99;

		buf_init(&b, 4096);
		CHECK(c->line, shell_complete(str_c(c->line), &b, &from) >= 0);
		CHECK_STR(c->line, buf_str(&b), c->words);
		CHECK(c->line, from == c->from);
		buf_done(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
