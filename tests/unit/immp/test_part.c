/* Which parts of a message are shown. */
#include <stdio.h>

#include "immp/part.h"
#include "lib/test.h"

#define A "multipart/alternative"
#define M "multipart/mixed"

/* Parts are called by their place, 0 to 9; `*` marks the content. */
static const struct texts_case {
	const char *name;
	struct {
		const char *type, *in, *file;
	} parts[8];
	size_t content;
	const char *shown, *other;	/* other form of the first */
} cases[] = {
	{ "one", { { "text/plain" } }, 0, "0", "" },
	{ "no text", { { "image/png" } }, 0, "", "" },
	{ "behind what came whole",
	  { { M }, { "multipart/signed", "0" }, { "text/plain", "0" } }, 1, "2",
	  "" },
	{ "HTML", { { "text/html" } }, 0, "0", "" },
	{ "plain rather", { { A }, { "text/html", "0" }, { "text/plain", "0" } },
	  1, "2", "1" },
	{ "and its other form",
	  { { A }, { "text/plain", "0" }, { "text/html", "0" } }, 1, "1", "2" },
	{ "form further down",
	  { { A }, { "text/plain", "0" }, { "multipart/related", "0" },
	    { "text/html", "2" }, { "image/png", "2" } },
	  1, "1", "3" },
	{ "footer",
	  { { M }, { A, "0" }, { "text/plain", "1" }, { "text/html", "1" },
	    { "text/plain", "0" }, { "text/plain", "0", "a.txt" } },
	  2, "24", "3" },
	{ "text behind what is attached",
	  { { M }, { "text/plain", "0" }, { "image/png", "0" },
	    { "text/html", "0" } },
	  1, "13", "" },
	{ "a preface and two forms",
	  { { M }, { "text/plain", "0" }, { A, "0" }, { "text/html", "2" },
	    { "text/plain", "2" } },
	  1, "14", "" },
	{ "pieces of HTML",
	  { { A }, { "text/plain", "0" }, { M, "0" }, { "text/html", "2" },
	    { "application/pdf", "2" }, { "text/html", "2" } },
	  1, "1", "3" },
	{ "a circle", { { M, "1" }, { A, "0" }, { "text/html", "1" },
			{ "text/plain", "1" } },
	  2, "3", "2" },
	{ "the content has a file name", { { "text/plain", "", "a.txt" } }, 0,
	  "0", "" },
	{ "header", { { "text/plain" }, { "text/rfc822-headers" } }, 0, "0",
	  "" },
};

static void
test_texts(void **state)
{
	TEST_EACH(c, cases) {
		static const char ids[] = "01234567";
		struct part_view v[8] = { 0 };
		size_t found[PART_TEXTS], n = 0, count, other;
		char shown[9] = "", form[2] = "";

		for (; n < 8 && c->parts[n].type; n++) {
			v[n].id = str_n(ids + n, 1);
			v[n].type = str_c(c->parts[n].type);
			v[n].in = str_c(c->parts[n].in ? c->parts[n].in : "");
			v[n].file = str_c(c->parts[n].file ? c->parts[n].file
							   : "");
			v[n].length = str_starts(v[n].type, STR("multipart/")) ?
					      0 : 5;
		}
		v[c->content].content = true;
		count = part_texts(v, n, found);
		for (size_t i = 0; i < count; i++)
			shown[i] = ids[found[i]];
		CHECK_STR(c->name, str_c(shown), c->shown);
		if (count == 0)
			continue;
		other = part_other_form(v, n, found[0]);
		if (other < n)
			form[0] = ids[other];
		CHECK_STR(c->name, str_c(form), c->other);
	}
}

static void
test_param(void **state)
{
	const struct part_view p = {
		.type = STR("text/plain; Charset=\"UTF-8\"; format=Flowed"),
	};
	char value[16], small[4];

	part_param(&p, "charset", value, sizeof(value));
	assert_string_equal(value, "utf-8");
	part_param(&p, "format", value, sizeof(value));
	assert_string_equal(value, "flowed");
	part_param(&p, "format", small, sizeof(small));
	assert_string_equal(small, "");
	part_param(&p, "delsp", value, sizeof(value));
	assert_string_equal(value, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_param),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
