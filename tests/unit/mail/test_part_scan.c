/*
 * part_scan: the shape of a part, fed whole and in pieces of every size.
 */
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/message.h"

/* A literal with its NULs, for a constant. */
#define OCTETS(lit) \
	{ \
		lit, sizeof(lit) - 1 \
	}

static struct guard page;

#define FIFTY "01234567890123456789012345678901234567890123456789"
#define HUNDRED FIFTY FIFTY
#define N900 \
	HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define N998 N900 FIFTY "012345678901234567890123456789012345678901234567"

static const struct scan_case {
	const char *name;
	struct str in;
	enum part_shape shape;
	uint64_t bare_lf;
	bool ends_lf;
} cases[] = {
	{ "empty", OCTETS(""), SHAPE_7BIT, 0, true },
	{ "no line end", OCTETS("abc"), SHAPE_7BIT, 0, false },
	{ "LF", OCTETS("abc\n"), SHAPE_7BIT, 1, true },
	{ "LF alone", OCTETS("\n"), SHAPE_7BIT, 1, true },
	{ "LFs", OCTETS("a\n\nb\nc"), SHAPE_7BIT, 3, false },
	{ "CRLF", OCTETS("a\r\nb\r\n"), SHAPE_7BIT, 0, true },
	{ "CRLF alone", OCTETS("\r\n"), SHAPE_7BIT, 0, true },
	{ "empty lines of CRLF", OCTETS("\r\n\r\na"), SHAPE_7BIT, 0, false },
	{ "8bit", OCTETS("\xc3\xa4\n"), SHAPE_8BIT, 1, true },
	{ "8bit in a longer run",
	  OCTETS("0123456789\xc3\xa4"
		 "0123456789\r\n"),
	  SHAPE_8BIT, 0, true },
	{ "tab and other controls", OCTETS("a\t\x01\x1b\x7f\n"), SHAPE_7BIT, 1,
	  true },
	{ "NUL", OCTETS("a\0b\n"), SHAPE_BINARY, 0, true },
	{ "NUL in a longer run",
	  OCTETS("0123456789\0"
		 "0123456789"),
	  SHAPE_BINARY, 0, false },
	{ "bare CR", OCTETS("a\rb\n"), SHAPE_BINARY, 0, true },
	{ "bare CR at the end", OCTETS("abc\r"), SHAPE_BINARY, 0, false },
	{ "CR CR LF", OCTETS("a\r\r\n"), SHAPE_BINARY, 0, true },
	{ "CR at the start", OCTETS("\rabcdefghijkl\r\n"), SHAPE_BINARY, 0,
	  true },
	{ "LF then CRLF", OCTETS("a\nb\r\n"), SHAPE_BINARY, 0, true },
	{ "CRLF then LF", OCTETS("a\r\nb\n"), SHAPE_BINARY, 0, true },
	{ "LF CR", OCTETS("a\n\r"), SHAPE_BINARY, 0, false },
	{ "998", OCTETS(N998 "\n" N998 "\n"), SHAPE_7BIT, 2, true },
	{ "998 without end", OCTETS(N998), SHAPE_7BIT, 0, false },
	{ "998 and CRLF", OCTETS(N998 "\r\n"), SHAPE_7BIT, 0, true },
	{ "999", OCTETS("x" N998 "\n"), SHAPE_BINARY, 0, true },
	{ "999 and CRLF", OCTETS("x" N998 "\r\n"), SHAPE_BINARY, 0, true },
	{ "999 without end", OCTETS("x" N998), SHAPE_BINARY, 0, false },
	{ "998 and CR at the end", OCTETS(N998 "\r"), SHAPE_BINARY, 0, false },
};

static void
check_fed(const struct scan_case *c, struct str in, size_t piece)
{
	struct part_scan s;
	struct message_part p = { 0 };

	part_scan_init(&s);
	for (size_t i = 0; i < in.n; i += piece)
		part_scan_feed(&s, str_sub(in, i, piece));
	part_scan_feed(&s, STR(""));
	part_scan_finish(&s, &p);
	CHECK(c->name, p.shape == c->shape);
	CHECK(c->name, p.length == in.n);
	CHECK(c->name, p.bare_lf == c->bare_lf);
	CHECK(c->name, p.ends_lf == c->ends_lf);
}

static void
test_cases(void **state)
{
	TEST_EACH(c, cases) {
		struct str in = guard_put(&page, c->in);

		check_fed(c, in, in.n + 1);
		for (size_t piece = 1; piece <= 20; piece++)
			check_fed(c, in, piece);
	}
}

/* A line end at every place around the size of a run. */
static void
test_runs(void **state)
{
	static char text[20000];

	for (size_t at = 8180; at < 8200; at++) {
		struct scan_case c = {
			"runs", { text, sizeof(text) }, SHAPE_7BIT, 0, false
		};
		size_t lf = 0;

		for (size_t i = 0; i < sizeof(text); i++) {
			text[i] = i % 500 == at % 500 ? '\n' : 'x';
			lf += text[i] == '\n';
		}
		c.bare_lf = lf;
		check_fed(&c, c.in, sizeof(text));
		check_fed(&c, c.in, 4097);

		for (size_t i = 1; i < sizeof(text); i++)
			text[i - 1] = text[i] == '\n' ? '\r' : text[i - 1];
		c.bare_lf = 0;
		check_fed(&c, c.in, sizeof(text));
		check_fed(&c, c.in, 4097);

		text[at - 1] = 'x';
		c.shape = SHAPE_BINARY;
		check_fed(&c, c.in, sizeof(text));
	}
}

static int
setup(void **state)
{
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
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
