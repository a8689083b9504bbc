/*
 * mime_read: what the head says, whole and cut off at every octet.
 */
#include "lib/guard.h"
#include "lib/test.h"
#include "unit/mime/shape.h"

static struct arena arena;

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing", "\nSubject: x", "" },
	/* subjects */
	{ "subject", "Subject: Hi Bob \n", "subject Hi Bob \n" },
	{ "the first", "Subject: a\nsubject: b\n", "subject a\n" },
	{ "folded", "Subject:  a\r\n  b\n\tc\n", "subject a  b\tc\n" },
	{ "word", "Subject: =?utf-8?Q?J=C3=B6rg_=5f?=\n",
	  "subject J\xc3\xb6rg _\n" },
	{ "base64 word", "Subject: =?UTF-8?b?SsO2cmc=?= x\n",
	  "subject J\xc3\xb6rg x\n" },
	{ "between words", "Subject: =?utf-8?q?a?= \n =?utf-8?q?b?= c\n",
	  "subject ab c\n" },
	{ "word in text", "Subject: (=?utf-8?q?a?=)x =?utf-8?q?b_c?=\n",
	  "subject (a)x b c\n" },
	{ "blanks in a word", "Subject: =?utf-8?q?a b?=\n", "subject a b\n" },
	{ "language", "Subject: =?utf-8*de?q?a?=\n", "subject a\n" },
	{ "a character in two words",
	  "Subject: =?utf-8?q?=C3?= =?utf-8?q?=B6?=\n", "subject \xc3\xb6\n" },
	{ "states", "Subject: =?iso-2022-jp?B?GyRCJEAbKEI=?= "
		    "=?iso-2022-jp?B?GyRCJEAbKEI=?=\n",
	  "subject \xe3\x81\xa0\xe3\x81\xa0\n" },
	{ "latin1", "Subject: =?ISO-8859-1?q?=E4=80?=\n",
	  "subject \xc3\xa4\xe2\x82\xac\n" },
	{ "no charset", "Subject: =?x-nothing?q?=E4?= =??q?=C3=A4?=\n",
	  "subject \xc3\xa4\xc3\xa4\n" },
	{ "no words", "Subject: =?utf-8?x?a?= =?utf-8?q?a =?\n",
	  "subject =?utf-8?x?a?= =?utf-8?q?a =?\n" },
	{ "raw UTF-8", "Subject: J\xc3\xb6rg\n", "subject J\xc3\xb6rg\n" },
	{ "raw octets", "Subject: a\xe4" "b\xe2\x82" "c\xf0\x80\n",
	  "subject a" FFFD "b" FFFD "c" FFFD FFFD "\n" },
	{ "control", "Subject: a\x01" "b\tc\x7f =?utf-8?q?=0A=C2=85?=\n",
	  "subject a" FFFD "b\tc" FFFD " " FFFD FFFD "\n" },
	/* people */
	{ "from", "From: a@b\n", "from |a@b\n" },
	{ "the first of two", "From: a@b, c@d\n", "from |a@b\n" },
	{ "nobody", "From: <>\n", "" },
	{ "a daemon", "From: MAILER DAEMON <>\n", "from MAILER DAEMON|\n" },
	{ "names", "To: A B <a@b>, \"Q, R\" <c@d>, e@f (g)\n",
	  "to A B|a@b\nto Q, R|c@d\nto g|e@f\n" },
	{ "words in names", "To: =?utf-8?q?J=C3=B6?= <a@b>, J\xc3\xb6 <c@d>\n",
	  "to J\xc3\xb6|a@b\nto J\xc3\xb6|c@d\n" },
	{ "quoted pair", "To: \"a\\\"b\" <a@b>\n", "to a\"b|a@b\n" },
	{ "tabs in a name and an address",
	  "To: =?utf-8?q?a=09b=09?= <a@b>, c:\td\t<e\tf>\n",
	  "to a b|a@b\nto d|e f\n" },
	{ "group", "To: g: a@b, C <c@d>;, e@f\nCc: Undisclosed recipients:;\n",
	  "to |a@b\nto C|c@d\nto |e@f\n" },
	{ "groups in groups", "To: a:b:c:d:e@f;;\n", "to |e@f\n" },
	{ "comments", "To: (nobody), a@b(x, y)\n", "to x, y|a@b\n" },
	{ "a comment that is not closed",
	  "To: a@[1.2] (b, c@d\nCc: (e\n", "to |a@[1.2]\nto |c@d\n" },
	{ "semicolons", "To: a@b; c@d\n", "to |a@b\nto |c@d\n" },
	{ "open quote", "To: \"a <a@b>, c@d\n", "to a|a@b\nto |c@d\n" },
	{ "an address as name", "To: x@y <a@b>\n", "to x@y|a@b\n" },
	{ "no domain", "To: %TO%, <you:@x;>\n", "to |%TO%\nto |you\n" },
	{ "words as local part", "From: Big Bug b@c.com\n",
	  "from |\"Big Bug b\"@c.com\n" },
	{ "domain literal", "To: a@[1.2.3.4]\n", "to |a@[1.2.3.4]\n" },
	/* dates */
	{ "date", "Date: Thu, 1 Jan 1970 01:00:01 +0100\n", "date 1000\n" },
	{ "date with comment",
	  "Date: Fri, 21 Nov 1997 09:55:06 -0600 (CST)\n",
	  "date 880127706000\n" },
	{ "before 1970", "Date: Thu, 1 Jan 1969 00:00:00 +0000\n", "" },
	{ "no date", "Date: soon\n", "" },
	/* importance */
	{ "high", "Importance: High\n", "importance 1\n" },
	{ "low", "Importance: low\nX-Priority: 1\n", "importance -1\n" },
	{ "normal", "Importance: normal\nX-Priority: 1\n", "" },
	{ "priority", "X-Priority: 1 (Highest)\n", "importance 1\n" },
	{ "priority 5", "X-Priority: 5\n", "importance -1\n" },
	{ "priority 3", "X-Priority: 3\n", "" },
	{ "priority 10", "X-Priority: 10\n", "" },
	/* ids and what is handed on */
	{ "ids",
	  "Message-ID: x <a@b> (c)\nIn-Reply-To: <c@d> <e@f>\n"
	  "References: <g@h>\n <i@j><k@l>\n",
	  "id <a@b>\nreply <c@d>\nlast <k@l>\n"
	  "header Message-ID=x <a@b> (c)\nheader In-Reply-To=<c@d> <e@f>\n"
	  "header References=<g@h> <i@j><k@l>\n" },
	{ "no ids", "Message-ID: a@b\nReferences: <a b> <> <c\n",
	  "header Message-ID=a@b\nheader References=<a b> <> <c\n" },
	{ "handed on",
	  "Reply-To: =?utf-8?q?a?= <b@c>\nX-A: b\nSender: d\nlist-id: <e>\n"
	  "List-: f\nAuto-Submitted: no\x01\nLista: g\nSender:\n",
	  "header Reply-To==?utf-8?q?a?= <b@c>\nheader Sender=d\n"
	  "header list-id=<e>\nheader Auto-Submitted=no" FFFD "\n" },
};

static int
read_one(struct str in, void *arg)
{
	static const struct mime_limits limits = MIME_LIMITS_INIT;
	const char *why = "";

	return mime_read(&arena, in, &limits, arg, &why);
}

static void
test_cases(void **state)
{
	TEST_EACH(c, cases) {
		shape_case(&arena, c->name, c->in, read_one, shape_envelope,
			   c->want);
	}
}

/* A NUL ends nothing. */
static void
test_nul(void **state)
{
	static const char text[] = "Subject: a\0b\nTo: \"a\0b\\c\" <d@e>, f@g\n"
				   "Date: Thu, 1 Jan 1970\0 00:00:02 +0000\n";
	struct mime_mail m;

	assert_rc(read_one(str_n(text, sizeof(text) - 1), &m), 0);
	assert_str(shape_envelope(&arena, &m),
		   "subject a" FFFD "b\nto a bc|d@e\nto |f@g\ndate 2000\n");
	arena_clear(&arena);
}

static void
test_limits(void **state)
{
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why;

	limits.addresses = 2;
	limits.headers = 1;
	assert_rc(mime_read(&arena, STR("To: a@b, c@d\n"), &limits, &m, &why),
		  0);
	assert_str(shape_envelope(&arena, &m), "to |a@b\nto |c@d\n");
	assert_rc(mime_read(&arena,
			    STR("To: a@b\nCc: c@d, e@f\nSender: x\n"
				"Reply-To: y\n"),
			    &limits, &m, &why),
		  0);
	assert_str(shape_envelope(&arena, &m),
		   "to |a@b\ncc |c@d\nmore!\nheader Sender=x\n");
	arena_clear(&arena);
}

/* What would be slow, or deep, if it were looked at more than once. */
static void
test_linear(void **state)
{
	static const char *const fields[] = { "To: ", "Subject: ", "Date: ",
					      "Content-Type: a/b;" };
	static const char *const seeds[] = {
		"(", "\"", "<", "[", "a:", "(,", "<>,", "\\", "=?", "=?a?q?",
		"=?utf-8?q?a?= ", ";a=\"", ";a*1*=b", "a@b,", "\"a\\b\" <c@d>,",
	};
	static char text[1 << 20];

	TEST_EACH(f, fields) {
		TEST_EACH(s, seeds) {
			struct mime_mail m;
			size_t at = strlen(*f), n = strlen(*s);

			memcpy(text, *f, at);
			for (; at + n <= sizeof(text); at += n)
				memcpy(text + at, *s, n);
			CHECK_RC(*s, read_one(str_n(text, at), &m), 0);
			arena_clear(&arena);
		}
	}
}

static int
setup(void **state)
{
	mime_init();
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
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
