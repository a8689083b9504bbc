#include "immp/format/maildir.h"

#include "lib/test.h"

static const struct flag_case {
	const char *name, *flags;
} flag_cases[] = {
	{ "1700000000.M1P2.host,S=5:2,FS", "flagged read" },
	{ "1700000000.M1P2.host:2,", "" },
	{ "1700000000.M1P2.host", "" },
	{ "1700000000.M1P2.host;2,R", "answered" },
	{ "1.2,x:2,DPT", "draft $forwarded $deleted" },
	{ "1.2:2,SSS", "read" },
	{ "1.2:2,aZbc", "$work $maildir-b $c" },
	{ "1.2:1,S", "" },
};

static void
test_flags(void **state)
{
	char keywords[MAILDIR_LETTERS][MAILDIR_WORD];
	char words[MAILDIR_FLAGS][MAILDIR_WORD];
	const char *list[MAILDIR_FLAGS + 1];

	maildir_keywords(STR("0 $Work\n2 C\n26 x\nrubbish\n"), keywords);
	TEST_EACH(c, flag_cases) {
		char got[1000] = "";

		maildir_flags(maildir_info(str_c(c->name)), keywords, words,
			      list);
		for (size_t i = 0; list[i]; i++) {
			if (i)
				strcat(got, " "); /* lint-ok strcat: a test */
			strcat(got, list[i]); /* lint-ok strcat: a test */
		}
		CHECK_STR(c->name, str_c(got), c->flags);
	}
}

static const struct folder_case {
	const char *name, *folder;
} folder_cases[] = {
	{ ".Sent", "Sent" },
	{ ".Lists.c", "Lists/c" },
	{ "..Lists..c.", "Lists/c" },
	{ ".Entw&APw-rfe", "Entw\xc3\xbcrfe" },
	{ ".&ZeVnLIqe-", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ ".&2D3eAA-", "\xf0\x9f\x98\x80" },
	{ ".Tom &- Jerry", "Tom & Jerry" },
	{ ".Tom & Jerry", "Tom & Jerry" },
	{ ".&AAA-", "&AAA-" },
	{ ".a/b", "a%2Fb" },
	{ ".50%", "50%25" },
	{ ".\xff", "_" },
};

static void
test_folder(void **state)
{
	TEST_EACH(c, folder_cases) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(maildir_folder(str_c(c->name), &b), 0);
		CHECK_STR(c->name, buf_str(&b), c->folder);
		buf_done(&b);
	}
}

static const struct folder_case ours_cases[] = {
	{ ".INBOX.a%2Eb", "INBOX/a.b" },
	{ ".SENT", "SENT" },
	{ ".Tom &Jerry-Co", "Tom &Jerry-Co" },
	{ ".50%25", "50%25" },
	{ ".a%2Fb+c", "a%2Fb%2Bc" },
	{ ".a%E9b", "a%E9b" },
	{ ".a%2", "a%252" },
	{ ".Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe" },
	{ ".a%00", "a%00" },
	{ ".\xff", "_" },
};

static void
test_ours(void **state)
{
	TEST_EACH(c, ours_cases) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(maildir_ours(str_c(c->name), &b), 0);
		CHECK_STR(c->name, buf_str(&b), c->folder);
		buf_done(&b);
	}
	assert_true(maildir_is_ours(STR("17.018bcfe5.immp,S=5:2,S")));
	assert_false(maildir_is_ours(STR("17.M1P2.host,S=5:2,S")));
}

static void
test_time(void **state)
{
	assert_int_equal(maildir_time(STR("1700000000.M1P2.host:2,")),
			 1700000000000);
	assert_int_equal(maildir_time(STR("x.y")), 0);
	assert_int_equal(maildir_time(STR("99999999999999999999.x")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
