/* What is shown: times, sizes, the text of HTML. */
#include <stdlib.h>
#include <time.h>

#include "immp/html.h"
#include "immp/when.h"
#include "lib/test.h"

#define NOW 1795492800000ull	/* 2026-11-24T04:00:00Z */
#define MINUTE 60000ull
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void
test_relative(void **state)
{
	static const struct {
		uint64_t t;
		const char *text;
	} cases[] = {
		{ NOW, "now" }, { NOW - 59999, "now" },
		{ NOW - MINUTE, "1 min" }, { NOW - 59 * MINUTE, "59 min" },
		{ NOW - HOUR, "1 h" }, { NOW - 23 * HOUR, "23 h" },
		{ NOW - DAY, "1 d" }, { NOW - 6 * DAY, "6 d" },
		{ NOW - 7 * DAY, "17 Nov" }, { NOW - 300 * DAY, "28 Jan" },
		{ NOW - 365 * DAY, "2025-11-24" }, { 0, "1970-01-01" },
		{ NOW + MINUTE, "now" }, { NOW + DAY, "2026-11-25" },
		{ UINT64_MAX / 2, NULL },
	};

	TEST_EACH(c, cases) {
		char dst[16];

		when_relative(c->t, NOW, dst);
		if (c->text)
			CHECK_STR(c->text, str_c(dst), c->text);
		CHECK(dst, strlen(dst) <= 10);
	}
}

static void
test_full(void **state)
{
	char dst[48];

	when_full(NOW, dst);
	assert_string_equal(dst, "Tue, 24 Nov 2026 04:00:00 +0000");
	when_full(UINT64_MAX, dst);
	assert_true(strlen(dst) < sizeof(dst));
}

static void
test_size(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1.0K" }, { 1024, "1.0K" },
		{ 4300, "4.2K" }, { 10240, "10K" }, { 1023 * 1024, "1023K" },
		{ 52428800, "50M" }, { 1ull << 30, "1.0G" },
		{ UINT64_MAX, "16E" },
	};

	TEST_EACH(c, cases) {
		char dst[16];

		when_size(c->n, dst);
		CHECK(dst, strlen(dst) <= 5);
		if (c->n != 1023 * 1024)
			CHECK_STR(c->text, str_c(dst), c->text);
	}
}

static const struct html_case {
	const char *name, *in, *out;
} html_cases[] = {
	{ "nothing", "", "" },
	{ "text", "a b", "a b\n" },
	{ "blanks fold", " a \n\t b ", "a b\n" },
	{ "paragraphs", "<p>a</p><p>b</p>", "a\n\nb\n" },
	{ "breaks", "a<br>b<br/><br>c", "a\nb\n\nc\n" },
	{ "blocks", "<div>a</div><div>b</div>", "a\nb\n" },
	{ "lists", "<ul><li>a<li>b</ul>c", "* a\n* b\n\nc\n" },
	{ "entities", "a&amp;b &lt;&#65;&#x42;&gt; &euro; &unknown; &",
	  "a&b <AB> \xe2\x82\xac &unknown; &\n" },
	{ "bad numbers", "&#0;&#xd800;&#x110000;x",
	  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\n" },
	{ "script", "a<script>if (1 < 2) b();</script>c", "ac\n" },
	{ "style in head", "<html><head><style>p {}</style></head><body>a",
	  "a\n" },
	{ "comment", "a<!-- <p> -->b", "ab\n" },
	{ "link", "<a href=\"https://x.test/\">here</a>!",
	  "here <https://x.test/>!\n" },
	{ "link that shows itself", "<a href='https://x'>https://x</a>",
	  "https://x\n" },
	{ "link of a picture",
	  "<a href='https://x'><img src=y></a> a <a href='https://z'> </a>",
	  "a\n" },
	{ "link of a picture with a name",
	  "<a href='https://x'><img src=y alt=z></a>", "[z] <https://x>\n" },
	{ "unquoted", "<a class=q href=https://x>y</a>", "y <https://x>\n" },
	{ "image", "<img src=x alt=\"a &amp; b\">", "[a & b]\n" },
	{ "pre", "<pre>a  b\n c</pre>d", "a  b\n c\n\nd\n" },
	{ "no tag", "1 < 2, a<b", "1 < 2, a\n" },
	{ "open at the end", "a<p", "a\n" },
	{ "open comment", "a<!-- b", "a\n" },
	{ "open script", "a<script>b", "a\n" },
	{ "table", "<table><tr><td>a<td>b</tr><tr><td>c</table>", "a | b\nc\n" },
	{ "table of blocks",
	  "<table><tr><td><div>a</div></td><td><p>b</td></tr></table>",
	  "a\n\nb\n" },
	{ "empty cells", "<table><tr><td>&nbsp;<td>a<td> <td>b</table>",
	  "a | b\n" },
	{ "numbers", "<ol><li> a<li><p>b</p></ol>", "1. a\n2. b\n" },
	{ "list in list", "<ul><li>a<ul><li>b</ul><li>c</ul>",
	  "* a\n  * b\n* c\n" },
	{ "quotation", "a<blockquote>b<p>c</blockquote>d",
	  "a\n\n> b\n>\n> c\n\nd\n" },
	{ "hidden", "<p style='color:red; DISPLAY : none'>a</p>"
	  "<p hidden>b</p><p style='display:block'>c", "c\n" },
	{ "padding", "a&zwnj;&nbsp;&#847;&zwnj;&nbsp;b&shy;c", "a bc\n" },
	{ "mail link", "<a href='mailto:a@b.test'>a@b.test</a>",
	  "a@b.test\n" },
	{ "place in the page", "<a href='#x'>a</a>", "a\n" },
	{ "link around blocks",
	  "<a href='https://x'><div>a</div></a><div>b</div>",
	  "a\n<https://x>\nb\n" },
	{ "all entities", "&hearts;&Auml;&thinsp;x",
	  "\xe2\x99\xa5\xc3\x84\xe2\x80\x89x\n" },
	{ "doctype", "<!DOCTYPE html><p>a", "a\n" },
	{ "rule", "a<hr>b", "a\n----\nb\n" },
	{ "many breaks", "a<p><p><div></div><p>b", "a\n\nb\n" },
};

static void
test_html(void **state)
{
	TEST_EACH(c, html_cases) {
		struct buf b;

		buf_init(&b, 10000);
		CHECK_RC(c->name, html_text(&b, str_c(c->in)), 0);
		CHECK_STR(c->name, buf_str(&b), c->out);
		/* Cut anywhere, it still ends. */
		for (size_t n = 0; n < strlen(c->in); n++) {
			buf_clear(&b);
			CHECK_RC(c->name,
				 html_text(&b, str_sub(str_c(c->in), 0, n)), 0);
		}
		buf_done(&b);
	}
}

/* What is too deep for a tree is shown without its tags. */
static void
test_html_deep(void **state)
{
	struct buf in, out;

	buf_init(&in, 2u << 20);
	buf_init(&out, 2u << 20);
	assert_rc(buf_add_cstr(&in, "<style>no</style>a &lt; &#66;"), 0);
	for (size_t i = 0; i < 100000; i++)
		assert_rc(buf_add_cstr(&in, "<div>"), 0);
	assert_rc(buf_add_cstr(&in, "deep<br>down"), 0);
	assert_rc(html_text(&out, buf_str(&in)), 0);
	assert_str(buf_str(&out), "a < B\ndeep\ndown\n");
	buf_done(&in);
	buf_done(&out);
}

/* A megabyte of any one thing must not cost more than its length. */
static void
test_html_cost(void **state)
{
	static const char *const units[] = { "<", "<a", "&", "<!", "<a href=x>",
					     "<!--", "<script", "</", "<br>",
					     "<p ", "'", "<a href='",
					     "<div>", "<b>", "<table>",
					     "<li><ul>", "<a href=x><div>",
					     "<ol><li>", "<b><p>" };
	struct buf in, out;

	buf_init(&in, 2u << 20);
	buf_init(&out, 64u << 20);
	for (size_t i = 0; i < TEST_COUNT(units); i++) {
		buf_clear(&in);
		buf_clear(&out);
		while (in.n < 1u << 20)
			assert_rc(buf_add_cstr(&in, units[i]), 0);
		assert_rc(html_text(&out, buf_str(&in)), 0);
	}
	buf_done(&in);
	buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relative), cmocka_unit_test(test_full),
		cmocka_unit_test(test_size),	 cmocka_unit_test(test_html),
		cmocka_unit_test(test_html_deep),
		cmocka_unit_test(test_html_cost),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
