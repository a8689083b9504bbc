/*
 * mime_decode and mime_utf8: each encoding and character set, in pieces.
 */
#include "lib/guard.h"
#include "lib/test.h"
#include "mime/mime.h"

static struct guard page;

#define OCTETS(lit) \
	{ \
		lit, sizeof(lit) - 1 \
	}
#define FFFD "\xef\xbf\xbd"
#define UU45 "M86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A86%A\n"
#define A45 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	enum mime_encoding encoding;
	struct str in, want;
} cases[] = {
	{ "identity", MIME_IDENTITY, OCTETS("a\0b\r\n"), OCTETS("a\0b\r\n") },
	{ "base64", MIME_BASE64, OCTETS("AAEC\r\n/w==\r\n"),
	  OCTETS("\0\1\2\xff") },
	{ "base64 empty", MIME_BASE64, OCTETS(""), OCTETS("") },
	{ "base64 rubbish", MIME_BASE64, OCTETS("e!H\n l\xff""6 "),
	  OCTETS("xyz") },
	{ "base64 no padding", MIME_BASE64, OCTETS("eHl6eA"), OCTETS("xyzx") },
	{ "base64 one too many", MIME_BASE64, OCTETS("eHl6A"), OCTETS("xyz") },
	{ "base64 behind padding", MIME_BASE64, OCTETS("eA==eHl6"),
	  OCTETS("x") },
	{ "base64 half a padding", MIME_BASE64, OCTETS("eA=l6"),
	  OCTETS("x\x09z") },
	{ "base64 padding in front", MIME_BASE64, OCTETS("=e==Hl6"),
	  OCTETS("xyz") },
	{ "quoted", MIME_QUOTED, OCTETS("a=3D=c3=A4\r\nb=\r\nc"),
	  OCTETS("a=\xc3\xa4\r\nbc") },
	{ "quoted blanks", MIME_QUOTED, OCTETS("a \nb= \t\nc"),
	  OCTETS("a \nbc") },
	{ "quoted CR", MIME_QUOTED, OCTETS("a=\rb"), OCTETS("ab") },
	{ "quoted rubbish", MIME_QUOTED, OCTETS("a=b =zz == =4"),
	  OCTETS("a=b =zz == =4") },
	{ "quoted end", MIME_QUOTED, OCTETS("a="), OCTETS("a") },
	{ "uu", MIME_UUENCODE,
	  OCTETS("x\nbegin 644 a b\n" UU45 "#86%A\n`\nend\nrest"),
	  OCTETS(A45 "aaa") },
	{ "uu CRLF", MIME_UUENCODE, OCTETS("begin 644 a\r\n#86%A\r\nend\r\n"),
	  OCTETS("aaa") },
	{ "uu cut off", MIME_UUENCODE, OCTETS("begin 644 a\n#86\n"),
	  OCTETS("a`\0") },
	{ "uu without begin", MIME_UUENCODE, OCTETS("#86%A\n"),
	  OCTETS("#86%A\n") },
	{ "uu without mode", MIME_UUENCODE, OCTETS("begin the\n#86%A\n"),
	  OCTETS("begin the\n#86%A\n") },
};

static void
test_decode(void **state)
{
	TEST_EACH(c, cases) {
		struct mime_part p = { .encoding = c->encoding };

		p.raw = guard_put(&page, c->in);
		CHECK(c->name, mime_decoded_length(&p) == c->want.n);
		for (size_t cap = 1; cap < 80; cap++) {
			struct mime_decode d;
			char out[256];
			size_t n = 0, got;

			mime_decode_init(&d, &p);
			do {
				got = mime_decode(&d, out + n, cap);
				CHECK(c->name, got <= cap);
				n += got;
			} while (got > 0);
			CHECK(c->name, n == c->want.n &&
					       !memcmp(out, c->want.p, n));
		}
	}
}

/* The same in pieces as in one, at every place that a piece can end. */
static void
test_pieces(void **state)
{
	static const char *const seeds[] = { "eHl6\r\n", "=3D=\r\nab= \n",
					     "AAAA", "e\nH l=6" };
	static char text[3000], one[4000], many[4000];

	TEST_EACH(s, seeds) {
		size_t n = strlen(*s), at = 0, whole;

		for (; at + n <= sizeof(text); at += n)
			memcpy(text + at, *s, n);
		for (int e = MIME_IDENTITY; e <= MIME_UUENCODE; e++) {
			struct mime_part p = {
				.raw = { text, at },
				.encoding = (enum mime_encoding)e,
			};
			struct mime_decode d;

			mime_decode_init(&d, &p);
			whole = mime_decode(&d, one, sizeof(one));
			CHECK(*s, mime_decode(&d, one, sizeof(one)) == 0);
			for (size_t cap = 1; cap < 200; cap++) {
				size_t got = 1, sum = 0;

				mime_decode_init(&d, &p);
				for (; got > 0; sum += got)
					got = mime_decode(&d, many + sum, cap);
				CHECK(*s, sum == whole);
			}
		}
	}
}

static const struct {
	const char *name, *charset;
	struct str in;
	const char *want;
} texts[] = {
	{ "utf-8", "UTF-8", OCTETS("J\xc3\xb6"), "J\xc3\xb6" },
	{ "broken utf-8", "utf8", OCTETS("a\xe2\x82z\xff"),
	  "a" FFFD "z" FFFD },
	{ "none, utf-8", "", OCTETS("J\xc3\xb6"), "J\xc3\xb6" },
	{ "none, not utf-8", "", OCTETS("J\xf6 \x80"),
	  "J\xc3\xb6 \xe2\x82\xac" },
	{ "us-ascii with more", "us-ascii", OCTETS("\xf6"), "\xc3\xb6" },
	{ "unknown", "x-unknown", OCTETS("\xf6"), "\xc3\xb6" },
	{ "not a name", "../x//TRANSLIT", OCTETS("\xf6"), "\xc3\xb6" },
	{ "latin1", "ISO-8859-1", OCTETS("\xf6\x93"),
	  "\xc3\xb6\xe2\x80\x9c" },
	{ "latin2", " iso-8859-2 ", OCTETS("\xb1"), "\xc4\x85" },
	{ "koi8-r", "koi8-r", OCTETS("\xc1"), "\xd0\xb0" },
	{ "mac", "x-mac-cyrillic", OCTETS("\xe0"), "\xd0\xb0" },
	{ "gb2312", "gb2312", OCTETS("\xd6\xd0\x82\x41"),
	  "\xe4\xb8\xad\xe4\xbe\xab" },
	{ "korean", "ks_c_5601-1987", OCTETS("\xb0\xa1"), "\xea\xb0\x80" },
	{ "shift_jis", "Shift_JIS", OCTETS("\x82\xa0\x5c"),
	  "\xe3\x81\x82\\" },
	{ "iso-2022-jp", "iso-2022-jp", OCTETS("\x1b$B$\"\x1b(Ba"),
	  "\xe3\x81\x82" "a" },
	{ "utf-7", "unicode-1-1-utf-7", OCTETS("a+AOQ-b"), "a\xc3\xa4" "b" },
	{ "utf-16", "utf-16le", OCTETS("a\0\xe4\0"), "a\xc3\xa4" },
	{ "half a character", "utf-16le", OCTETS("a\0b"), "a" FFFD },
	{ "undefined", "windows-1252", OCTETS("a\x81" "b"), "a" FFFD "b" },
	{ "empty", "koi8-r", OCTETS(""), "" },
};

static void
test_utf8(void **state)
{
	TEST_EACH(t, texts) {
		CLEANUP_BUF struct buf b = { 0 };

		buf_init(&b, 64);
		CHECK_RC(t->name,
			 mime_utf8(str_c(t->charset), guard_put(&page, t->in),
				   &b),
			 0);
		CHECK_STR(t->name, buf_str(&b), t->want);
	}
}

/* The ceiling of the buffer, and text that grows. */
static void
test_ceiling(void **state)
{
	static char text[10000];
	CLEANUP_BUF struct buf b = { 0 };

	memset(text, '\xc1', sizeof(text));
	buf_init(&b, 20000);
	assert_rc(mime_utf8(STR("koi8-r"), str_n(text, sizeof(text)), &b), 0);
	assert_int_equal(b.n, 20000);
	buf_done(&b);
	buf_init(&b, 19999);
	assert_rc(mime_utf8(STR("koi8-r"), str_n(text, sizeof(text)), &b),
		  ERR_LIMIT);
	buf_done(&b);
	buf_init(&b, 100);
	assert_rc(mime_utf8(STR("utf-8"), str_n(text, sizeof(text)), &b),
		  ERR_LIMIT);
}

static int
setup(void **state)
{
	mime_init();
	guard_init(&page, 4096);
	return 0;
}

static int
teardown(void **state)
{
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
