/* What exported mail is called, and its lines. */
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "immp/export/name.h"
#include "immp/export/seen.h"
#include "immp/export/text.h"
#include "immp/export/words.h"
#include "lib/test.h"

static const struct folder_case {
	const char *path, *maildir, *tree;
} folder_cases[] = {
	{ "INBOX", "", "INBOX" },
	{ "SENT", ".SENT", "SENT" },
	{ "Lists", ".Lists", "Lists" },
	{ "a.b", ".a%2Eb", "a.b" },
	{ "a%25b", ".a%25b", "a%25b" },
	{ ".hidden", ".%2Ehidden", "%2Ehidden" },
	{ "..", ".%2E%2E", "%2E." },
	{ "a%2Fb", ".a%2Fb", "a%2Fb" },
	{ "x%00y", ".x%00y", "x%00y" },
	{ "x\ny", ".x%0Ay", "x%0Ay" },
	{ "x\xe2\x80\xaey", ".x%E2%80%AEy", "x%E2%80%AEy" },
	{ "Gr\xc3\xb6\xc3\x9f" "e", ".Gr\xc3\xb6\xc3\x9f" "e",
	  "Gr\xc3\xb6\xc3\x9f" "e" },
	{ "\xff", ".%FF", "%FF" },
	{ "%C3%B6", ".%C3%B6", "%C3%B6" },
	{ "x.mbox", ".x%2Embox", "x%2Embox" },
	{ "x.MBOX.immp", ".x%2EMBOX%2Eimmp", "x%2EMBOX%2Eimmp" },
	{ "x%2Eeml", ".x%2Eeml", "x%2Eeml" },
	{ "a%3Ab%20", ".a:b ", "a:b " },
};

static void
test_folders(void **state)
{
	TEST_EACH(c, folder_cases) {
		char name[EXPORT_NAME + 1];

		export_maildir_folder(str_c(c->path), name);
		CHECK_STR(c->path, str_c(name), c->maildir);
		export_tree_name(str_c(c->path), name);
		CHECK_STR(c->path, str_c(name), c->tree);
	}
}

static void
test_deep_folder(void **state)
{
	char name[EXPORT_NAME + 1];

	export_maildir_folder(STR("INBOX/Lists/c.dev"), name);
	assert_str(str_c(name), ".INBOX.Lists.c%2Edev");
	export_tree_name(STR(""), name);
	assert_str(str_c(name), "_");
}

/* Long names stay apart, whole characters, and short enough. */
static void
test_long_folder(void **state)
{
	char path[800], a[EXPORT_NAME + 1], b[EXPORT_NAME + 1];
	size_t n = 0;

	while (n + 3 < sizeof(path) - 1) {
		memcpy(path + n, "\xe6\x97\xa5", 3);
		n += 3;
	}
	path[n] = '\0';
	export_maildir_folder(str_c(path), a);
	path[n - 1] = '\xa6';
	export_maildir_folder(str_c(path), b);
	assert_true(strlen(a) <= EXPORT_NAME && strlen(a) > EXPORT_NAME - 4);
	assert_true(utf8_valid(str_c(a)));
	assert_true(strcmp(a, b) != 0);
}

#define ID "01a20c82-5f57-7a59-ad06-60b7ab2d73f3"

static const struct file_case {
	unsigned flags;
	const char *letters, *name;
} file_cases[] = {
	{ 0, "", "1795506200." ID ".immp,S=917" },
	{ EXPORT_READ, "", "1795506200." ID ".immp,S=917:2,S" },
	{ EXPORT_FLAGGED, "", "1795506200." ID ".immp,S=917:2,F" },
	{ 0, "ac", "1795506200." ID ".immp,S=917:2,ac" },
	{ EXPORT_READ | EXPORT_FLAGGED | EXPORT_ANSWERED | EXPORT_DRAFT |
	  EXPORT_FORWARDED | EXPORT_DELETED, "b",
	  "1795506200." ID ".immp,S=917:2,DFPRSTb" },
};

static void
test_files(void **state)
{
	struct uuid id, found;

	assert_rc(uuid_parse(STR(ID), &id), 0);
	TEST_EACH(c, file_cases) {
		char name[EXPORT_FILE];
		uint64_t size;

		CHECK(c->name, export_maildir_file(&id, 1795506200123, 917,
						   c->flags, c->letters,
						   name) ==
				       (c->flags || *c->letters));
		CHECK_STR(c->name, str_c(name), c->name);
		CHECK(c->name, export_maildir_uuid(str_c(name), &found) &&
				       uuid_eq(&id, &found));
		CHECK(c->name, export_maildir_size(str_c(name), &size) &&
				       size == 917);
	}
	assert_false(export_maildir_uuid(STR("1.M1P2.host,S=3"), &found));
	assert_true(export_maildir_uuid(STR("x." ID ":2,"), &found));
}

static const struct line_case {
	const char *in, *lf, *quoted;	/* lf NULL: has bare line ends */
} line_cases[] = {
	{ "", "", "" },
	{ "a\r\nb", "a\nb", "a\nb" },
	{ "a\r\nb\r\n", "a\nb\n", "a\nb\n" },
	{ "a\nb\r\n", NULL, "a\nb\r\n" },
	{ "a\rb\r\n", NULL, "a\rb\r\n" },
	{ "a\r\n\n", NULL, "a\r\n\n" },
	{ "a\r", NULL, "a\r" },
	{ "\n", NULL, "\n" },
	{ "a\r\r\n", NULL, "a\r\r\n" },
	{ "From x\r\n", "From x\n", ">From x\n" },
	{ ">From x\r\n>>From \r\n", ">From x\n>>From \n",
	  ">>From x\n>>>From \n" },
	{ "> From x\r\nFrom\r\nfrom x\r\n", "> From x\nFrom\nfrom x\n",
	  "> From x\nFrom\nfrom x\n" },
	{ "a From x\r\n", "a From x\n", "a From x\n" },
	{ "x\nFrom y\n", NULL, "x\n>From y\n" },
	{ "F", "F", "F" },
	{ ">>", ">>", ">>" },
	{ "x\r\n\r\nFrom ", "x\n\nFrom ", "x\n\n>From " },
	{ "FFrom x\r\n>F>From x\r\n", "FFrom x\n>F>From x\n",
	  "FFrom x\n>F>From x\n" },
};

/* Each whole and in pieces of every size. */
static void
test_lines(void **state)
{
	TEST_EACH(c, line_cases) {
		struct str in = str_c(c->in);

		for (size_t step = 1; step <= in.n + 1; step++) {
			CLEANUP_BUF struct buf plain = { 0 }, quoted = { 0 };
			struct export_ends e = { 0 };
			struct export_lines l = { .lf = true };
			struct export_lines q = { .quote = true };

			buf_init(&plain, 100);
			buf_init(&quoted, 100);
			for (size_t i = 0; i < in.n; i += step)
				export_ends_add(&e, str_sub(in, i, step));
			CHECK(c->in, export_ends_crlf(&e) == (c->lf != NULL));
			q.lf = c->lf != NULL;
			for (size_t i = 0; i < in.n; i += step) {
				struct str p = str_sub(in, i, step);

				CHECK_RC(c->in, export_lines_add(&l, &plain, p),
					 0);
				CHECK_RC(c->in,
					 export_lines_add(&q, &quoted, p), 0);
			}
			CHECK_RC(c->in, export_lines_end(&q, &quoted), 0);
			if (c->lf)
				CHECK_STR(c->in, buf_str(&plain), c->lf);
			CHECK_STR(c->in, buf_str(&quoted), c->quoted);
			if (in.n)
				CHECK(c->in, q.last == in.p[in.n - 1]);
		}
	}
}

/* What an mbox says of a message is not the message's. */
static const struct line_case field_cases[] = {
	{ "A: b\r\nStatus: RO\r\nC: d\r\n\r\nStatus: x\r\n",
	  "A: b\nC: d\n\nStatus: x\n", NULL },
	{ "STATUS: R\r\n\tO\r\n O\r\nx-status : A\r\nX-Statuses: A\r\n\r\n",
	  "X-Statuses: A\n\n", NULL },
	{ "X-Keywords: a b\r\nContent-Length: 12\r\nLines: 1\r\n"
	  "Content-Length-Of-It: 3\r\nContent-Type: x\r\n y\r\n\r\nLines: 1",
	  "Content-Length-Of-It: 3\nContent-Type: x\n y\n\nLines: 1", NULL },
	{ "From x\r\nStatus: O\r\nLines", ">From x\nLines", NULL },
	{ "Status: O\n\nStatus: a\r\n", "\nStatus: a\r\n", NULL },
	{ "Status: O", "", NULL },
	{ "no field\r\nStatus\r\n\r\n", "no field\nStatus\n\n", NULL },
};

static void
test_fields(void **state)
{
	TEST_EACH(c, field_cases) {
		struct str in = str_c(c->in);

		for (size_t step = 1; step <= in.n + 1; step++) {
			CLEANUP_BUF struct buf b = { 0 };
			struct export_lines l = { .quote = true,
						  .fields = true };
			struct export_ends e = { 0 };

			buf_init(&b, 300);
			export_ends_add(&e, in);
			l.lf = export_ends_crlf(&e);
			for (size_t i = 0; i < in.n; i += step)
				CHECK_RC(c->in,
					 export_lines_add(&l, &b,
							  str_sub(in, i, step)),
					 0);
			CHECK_RC(c->in, export_lines_end(&l, &b), 0);
			CHECK_STR(c->in, buf_str(&b), c->lf);
		}
	}
}

static const struct from_case {
	const char *addr;
	uint64_t at;
	const char *line;
} from_cases[] = {
	{ "alice@a.test", 1795506200123,
	  "From alice@a.test Tue Nov 24 07:43:20 2026\n" },
	{ "", 0, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n" },
	{ "a b@c", 951782400000,
	  "From MAILER-DAEMON Tue Feb 29 00:00:00 2000\n" },
};

static const struct status_case {
	unsigned flags;
	const char *words, *lines;
} status_cases[] = {
	{ 0, "", "" },
	{ EXPORT_READ, "", "Status: RO\n" },
	{ EXPORT_FLAGGED, "", "Status: O\nX-Status: F\n" },
	{ EXPORT_FORWARDED, "", "Status: O\nX-Keywords: $forwarded\n" },
	{ 0, "$a $b", "Status: O\nX-Keywords: $a $b\n" },
	{ EXPORT_READ | EXPORT_FORWARDED, "$a",
	  "Status: RO\nX-Keywords: $forwarded $a\n" },
	{ EXPORT_READ | EXPORT_ANSWERED | EXPORT_FLAGGED | EXPORT_DRAFT |
	  EXPORT_DELETED, "", "Status: RO\nX-Status: ADFT\n" },
};

static void
test_mbox_lines(void **state)
{
	TEST_EACH(c, from_cases) {
		CLEANUP_BUF struct buf b = { 0 };

		buf_init(&b, 200);
		CHECK_RC(c->line,
			 export_from_line(&b, str_c(c->addr), c->at), 0);
		CHECK_STR(c->line, buf_str(&b), c->line);
	}
	TEST_EACH(s, status_cases) {
		CLEANUP_BUF struct buf b = { 0 };

		buf_init(&b, 200);
		CHECK_RC(s->lines, export_status(&b, s->flags, str_c(s->words),
					    false), 0);
		CHECK_STR(s->lines, buf_str(&b), s->lines);
	}
}

/* In order, in one folder that Dovecot made. */
static const struct words_case {
	const char *words, *letters;
} words_cases[] = {
	{ "", "" },
	{ "$later", "b" },
	{ "$work", "a" },
	{ "$new $work", "ac" },
	{ "$new", "c" },
	{ "$x $new $x", "cd" },
};

static void
test_words(void **state)
{
	struct export_words w;
	char letters[MAILDIR_LETTERS + 1], word[8];

	export_words_init(&w);
	assert_rc(export_words_set(&w, STR("0 Work\n1 $later")), 0);
	TEST_EACH(c, words_cases) {
		CHECK_RC(c->words, export_words_letters(&w, str_c(c->words),
							letters), 0);
		CHECK_STR(c->words, str_c(letters), c->letters);
		CHECK(c->words, w.changed == (strchr(c->letters, 'c') != NULL ||
					      c > &words_cases[3]));
	}
	assert_str(buf_str(&w.text), "0 Work\n1 $later\n2 $new\n3 $x\n");
	for (int i = 4; i < 40; i++) {
		snprintf(word, sizeof(word), "$w%d", i);
		assert_rc(export_words_letters(&w, str_c(word), letters), 0);
		assert_int_equal(letters[0], i < 26 ? 'a' + i : '\0');
	}
	assert_rc(export_words_set(&w, STR("")), 0);
	assert_false(w.changed);
	assert_rc(export_words_letters(&w, STR("$x"), letters), 0);
	assert_str(buf_str(&w.text), "0 $x\n");
	export_words_done(&w);
}

static void
test_seen(void **state)
{
	struct export_seen s = { 0 };
	struct uuid u = { { 0 } };

	assert_int_equal(export_seen_get(&s, &u), EXPORT_ABSENT);
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(u.b, &i, sizeof(i));
		assert_rc(export_seen_put(&s, &u, EXPORT_THERE), 0);
	}
	for (unsigned i = 0; i < 10000; i++) {
		memcpy(u.b, &i, sizeof(i));
		assert_int_equal(export_seen_get(&s, &u),
				 i < 5000 ? EXPORT_THERE : EXPORT_ABSENT);
	}
	memset(&u, 0, sizeof(u));
	assert_rc(export_seen_put(&s, &u, EXPORT_DAMAGED), 0);
	assert_int_equal(export_seen_get(&s, &u), EXPORT_DAMAGED);
	assert_int_equal(s.n, 5000);
	export_seen_done(&s);
	assert_int_equal(mem_held(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_deep_folder),
		cmocka_unit_test(test_long_folder),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_mbox_lines),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
