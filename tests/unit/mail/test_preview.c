/*
 * message_preview: text and HTML, whole and cut off at every octet.
 */
#include "base/utf8.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/message.h"

static struct arena arena;
static struct guard page;

#define FIFTY "0123456789 123456789 123456789 123456789 123456789"
#define HTML "text/html; charset=utf-8"

static const struct {
	const char *name, *type, *in, *want;
} cases[] = {
	{ "empty", "text/plain", "", "" },
	{ "plain", "text/plain", "Hello Bob", "Hello Bob" },
	{ "blanks fold", "text/plain", "  a \t b\r\n\r\nc\n", "a b c" },
	{ "unicode blanks", "text/plain",
	  "a\xc2\xa0\xe2\x80\x83\xe3\x80\x80"
	  "b\xe2\x80\xa8"
	  "c",
	  "a b c" },
	{ "unsafe dropped", "text/plain",
	  "a\x01\xe2\x80\xae\xef\xbb\xbf\xc2\xad"
	  "b",
	  "ab" },
	{ "bad utf-8 dropped", "text/plain", "a\xff\xc3(\xe2\x82", "a(" },
	{ "160", "text/plain", FIFTY FIFTY FIFTY "0123456789",
	  FIFTY FIFTY FIFTY "0123456789" },
	{ "161", "text/plain", FIFTY FIFTY FIFTY "0123456789a",
	  FIFTY FIFTY FIFTY "0123456789" },
	{ "not inside a character", "text/plain",
	  FIFTY FIFTY FIFTY "012345678\xc3\xa4",
	  FIFTY FIFTY FIFTY "012345678" },
	{ "markdown", "text/markdown", "# A <b>", "# A <b>" },
	{ "other type", "image/png", "abc", "" },
	{ "signed", "multipart/signed; boundary=b",
	  "--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n Bob\r\n--b\r\n"
	  "\r\nsignature\r\n--b--\r\n",
	  "Hi Bob" },
	{ "signed, LF", "multipart/signed", "x\n--b\n\nHi --b\n--b\n",
	  "Hi --b" },
	{ "signed HTML", "multipart/signed",
	  "--b\ncontent-type: text/html; charset=iso-8859-1\n\n<p>J\xf6rg",
	  "J\xc3\xb6rg" },
	{ "signed multipart", "multipart/signed; boundary=b",
	  "--b\nContent-Type: multipart/mixed; boundary=c\n\npre\n--c\n"
	  "A: b\n\nHi\n--c--\n--b--\n",
	  "Hi" },
	{ "signed base64", "multipart/signed",
	  "--b\nContent-Transfer-Encoding: BASE64\n\nSGk=\n", "" },
	{ "signed image", "multipart/signed",
	  "--b\nContent-Type: image/png\n\nabc\n", "" },
	{ "signed nothing", "multipart/signed", "text", "" },
	{ "signed fields only", "multipart/signed", "--b\nA: b\n", "" },
	{ "too deep", "multipart/signed",
	  "--\nContent-Type: multipart/a\n\n--\nContent-Type: multipart/a"
	  "\n\n--\nContent-Type: multipart/a\n\n--\n"
	  "Content-Type: multipart/a\n\n--\n\nHi\n", "" },
	{ "latin1", "text/plain; charset=ISO-8859-1", "J\xf6rg\xa0!",
	  "J\xc3\xb6rg !" },
	{ "windows", "text/plain; charset=\"windows-1252\"", "\x80 \x93x\x94",
	  "\xe2\x82\xac \xe2\x80\x9cx\xe2\x80\x9d" },
	{ "unknown charset", "text/plain; charset=koi8-r", "\xc1\xc2", "" },
	{ "tags", HTML, "<html><body><p>Hi <b>B</b>ob</p><p>Bye</p>",
	  "Hi Bob Bye" },
	{ "br", HTML, "a<br>b<BR/>c", "a b c" },
	{ "style and script", HTML,
	  "<style>a{}</style>x<script>if (a<b) {}</SCRIPT >y", "x y" },
	{ "title", HTML, "<title>No</title>Yes", "Yes" },
	{ "comment", HTML, "a<!-- b > c -->d", "ad" },
	{ "conditional", HTML, "<!--[if mso]><b>x</b><![endif]-->a", "a" },
	{ "doctype", HTML, "<!DOCTYPE html><?xml?>a", "a" },
	{ "quoted greater", HTML, "<a title=\"1 > 2\" x='>'>b</a>", "b" },
	{ "unclosed quote", HTML, "<a href=\"x>b</a> c", "b c" },
	{ "lone less", HTML, "3 < 4 and 5<6", "3 < 4 and 5<6" },
	{ "entities", HTML, "&lt;&amp;&gt;&quot;&nbsp;&euro;&auml;&Auml;",
	  "<&>\" \xe2\x82\xac\xc3\xa4\xc3\x84" },
	{ "numeric", HTML, "&#65;&#x42;&#X43;&#8364;", "ABC\xe2\x82\xac" },
	{ "no entity", HTML, "a & b &x; &; &#; &#x; &#1114112; &amp",
	  "a & b &x; &; &#; &#x; &#1114112; &amp" },
	{ "bad numbers", HTML, "&#x@1;&#12a;&#xd800;", "&#x@1;&#12a;" },
	{ "unsafe entity", HTML, "a&#0;&#10;&#x202e;b&#847;&zwnj;", "a&#0; b" },
	{ "hidden first line", HTML,
	  "<div>Sale&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>Hi", "Sale Hi" },
	{ "unclosed style", HTML, "a<style>b", "a" },
	{ "unclosed tag", HTML, "a<b", "a" },
	{ "unclosed comment", HTML, "a<!-- b", "a" },
};

static void
test_cases(void **state)
{
	TEST_EACH(c, cases) {
		struct str in = str_c(c->in);

		CHECK_STR(c->name,
			  message_preview(&arena, str_c(c->type),
					  guard_put(&page, in)),
			  c->want);
		for (size_t n = 0; n < in.n; n++) {
			struct str cut = guard_put(&page, str_sub(in, 0, n));
			struct str out =
				message_preview(&arena, str_c(c->type), cut);

			CHECK(c->name, out.p && out.n <= 160);
			CHECK(c->name,
			      utf8_valid(out) && !utf8_has_unsafe(out));
		}
	}
}

/* What would be slow if a tag were searched for more than once. */
static void
test_linear(void **state)
{
	static const char *const seeds[] = { "<a href=\"", "<a '", "<!-",
					     "<", "&", "<style",
					     "<!--", "</style" };
	static char text[1 << 20];

	TEST_EACH(s, seeds) {
		size_t n = strlen(*s);

		for (size_t i = 0; i + n <= sizeof(text); i += n)
			memcpy(text + i, *s, n);
		CHECK(*s, message_preview(&arena, STR("text/html"),
					  str_n(text, sizeof(text)))
				  .p);
	}
}

static int
setup(void **state)
{
	arena_init(&arena, 8 << 20, 0);
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
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
