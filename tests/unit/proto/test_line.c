/*
 * line: every rule of the grammar once as it should be and once broken.
 *
 * A parsed line is compared as text: commands apart by " ; ", `id> ` before
 * the words of a named pipeline, words apart by `|`, quoted ones in quotes,
 * and `name:=value` where a word has the form name=value.
 */
#include "base/buf.h"
#include "base/limits.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "proto/line.h"

/* Where inputs lie, each at the end of a page. */
static struct guard page;

static const struct line_limits lim = { 8192, 160, 16 };

static void
dump_word(struct buf *out, const struct word *w)
{
	const char *q = w->quoted ? "\"" : "";
	struct str head = w->text, tail = { NULL, 0 };

	if (w->eq >= 0) {
		head = str_sub(w->text, 0, (size_t)w->eq);
		tail = str_from(w->text, (size_t)w->eq + 1);
	}
	assert_int_equal(buf_addf(out, "%s%.*s%s%.*s%s", q, STR_ARG(head),
				  w->eq >= 0 ? ":=" : "", STR_ARG(tail), q), 0);
}

static void
dump_line(struct buf *out, const struct line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct line_cmd *c = &l->cmds[i];

		if (i)
			assert_int_equal(buf_add_cstr(out, " ; "), 0);
		if (c->pipeline.n)
			assert_int_equal(buf_addf(out, "%.*s> ",
						  STR_ARG(c->pipeline)), 0);
		assert_true(c->n > 0);
		for (size_t k = 0; k < c->n; k++) {
			if (k)
				assert_int_equal(buf_add_c(out, '|'), 0);
			dump_word(out, &c->words[k]);
		}
	}
}

struct good {
	const char *name, *line, *want;
};

static const struct good goods[] = {
	{ "one word", "NOOP", "NOOP" },
	{ "words", "MBOX LIST /inbox", "MBOX|LIST|/inbox" },
	{ "blanks", " \t MBOX \t LIST\t/inbox  ", "MBOX|LIST|/inbox" },
	{ "utf-8", "SET name=J\xc3\xb6rg \xe2\x82\xac\xf0\x9f\x98\x80",
	  "SET|name:=J\xc3\xb6rg|\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "empty", "", "" },
	{ "only blanks", " \t ", "" },
	{ "chain", "A b;C d ; E", "A|b ; C|d ; E" },
	{ "semicolon ends a quoted word", "A \"b\";C", "A|\"b\" ; C" },
	{ "semicolon in quotes", "A \"b;c\" d", "A|\"b;c\"|d" },
	{ "semicolon in a value", "A b=\"c;d\";E", "A|b:=c;d ; E" },
	{ "semicolon behind equals", "A b=;C", "A|b:= ; C" },
	{ "quoted", "A \"b c\td\"", "A|\"b c\td\"" },
	{ "quoted empty", "A \"\" \"\"", "A|\"\"|\"\"" },
	{ "escapes", "A \"b\\\"c\\\\d\" \"\\\\\"", "A|\"b\"c\\d\"|\"\\\"" },
	{ "backslash outside quotes", "A b\\c \\", "A|b\\c|\\" },
	{ "quoted first word", "\"NOOP\"", "\"NOOP\"" },
	{ "quoted utf-8", "A \"\xc3\xa4\"", "A|\"\xc3\xa4\"" },
	{ "value", "A b=c b.c_1=d", "A|b:=c|b.c_1:=d" },
	{ "value with equals", "A b=c=d =e f==", "A|b:=c=d|=e|f:==" },
	{ "no name before equals", "A /b=c \xc3\xa4=d b-c=d",
	  "A|/b=c|\xc3\xa4=d|b-c=d" },
	{ "quoted word with equals", "A \"b=c\"", "A|\"b=c\"" },
	{ "quoted value", "A subject=\"Re: a b\" x",
	  "A|subject:=Re: a b|x" },
	{ "quoted value empty", "A b=\"\"", "A|b:=" },
	{ "quoted value with escapes", "A b=\"c\\\"\\\\d\" e=\"f\"",
	  "A|b:=c\"\\d|e:=f" },
	{ "switches", "A +B -C \"+D\"", "A|+B|-C|\"+D\"" },
	{ "as", "AS f9ca MBOX LIST", "f9ca> MBOX|LIST" },
	{ "as of any case", "as a X;aS b Y;As c Z", "a> X ; b> Y ; c> Z" },
	{ "as only where it stands", "AS a X; Y", "a> X ; Y" },
	{ "as of 32", "AS 0123456789_-abcdefghijABCDEFGHIJ X",
	  "0123456789_-abcdefghijABCDEFGHIJ> X" },
	{ "as with a dash first", "AS -a X", "-a> X" },
	{ "as quoted is a word", "\"AS\" a X", "\"AS\"|a|X" },
	{ "as not first", "X AS a", "X|AS|a" },
	{ "second as is a word", "AS a AS b", "a> AS|b" },
	{ "id quoted", "AS \"a\" X", "a> X" },
	{ "id case kept", "AS aB X", "aB> X" },
	{ "c1 control", "A \xc2\x85", "A|\xc2\x85" },
};

struct bad {
	const char *name, *line;
	size_t n;		/* 0: strlen */
	size_t at;
	const char *pipeline;
};

static const struct bad bads[] = {
	{ "nul", "A b\0c", 5, 3, "" },
	{ "nul in quotes", "A \"\0\"", 5, 3, "" },
	{ "bare cr", "A b\rc", 0, 3, "" },
	{ "cr at the end", "A b\r", 0, 3, "" },
	{ "lf", "A\nB", 0, 1, "" },
	{ "c0", "A \x01", 0, 2, "" },
	{ "vertical tab", "A\vB", 0, 1, "" },
	{ "c0 in quotes", "A \"\x1f\"", 0, 3, "" },
	{ "del", "A \x7f", 0, 2, "" },
	{ "del in quotes", "A \"\x7f\"", 0, 3, "" },
	{ "utf-8 broken", "A \xc3", 0, 2, "" },
	{ "utf-8 overlong", "A \xc0\x80", 0, 2, "" },
	{ "utf-8 surrogate", "A \xed\xa0\x80", 0, 2, "" },
	{ "utf-8 alone", "A \x80", 0, 2, "" },
	{ "utf-8 cut in quotes", "A \"\xe2\x82\"", 0, 3, "" },
	{ "utf-8 past the end", "A \xf4\x90\x80\x80", 0, 2, "" },
	{ "quote in a word", "A b\"c", 0, 3, "" },
	{ "quote behind a word", "A b\"", 0, 3, "" },
	{ "quote behind no name", "A /b=\"c\"", 0, 5, "" },
	{ "quote behind equals alone", "A =\"c\"", 0, 3, "" },
	{ "quote later in a value", "A b=c\"d\"", 0, 5, "" },
	{ "quote behind second equals", "A b=c=\"d\"", 0, 6, "" },
	{ "word behind a quote", "A \"b\"c", 0, 5, "" },
	{ "quote behind a quote", "A \"b\"\"c\"", 0, 5, "" },
	{ "word behind a quoted value", "A b=\"c\"d", 0, 7, "" },
	{ "quote open", "A \"b", 0, 2, "" },
	{ "quote open, alone", "A \"", 0, 2, "" },
	{ "quote open behind escape", "A \"b\\\"", 0, 2, "" },
	{ "quote open at backslash", "A \"b\\", 0, 2, "" },
	{ "value open", "A b=\"c", 0, 4, "" },
	{ "escape unknown", "A \"b\\n\"", 0, 4, "" },
	{ "escape unknown in a value", "A b=\"\\ \"", 0, 5, "" },
	{ "semicolon alone", ";", 0, 0, "" },
	{ "semicolon first", " ; A", 0, 1, "" },
	{ "semicolon last", "A;", 0, 2, "" },
	{ "semicolon and blanks last", "A; ", 0, 3, "" },
	{ "semicolon twice", "A;;B", 0, 2, "" },
	{ "semicolon and blanks twice", "A; ;B", 0, 3, "" },
	{ "as alone", "AS", 0, 2, "" },
	{ "as without id", "AS;A", 0, 2, "" },
	{ "as without command", "AS a", 0, 4, "a" },
	{ "as without command, chain", "AS a;B", 0, 4, "a" },
	{ "id too long", "AS 0123456789012345678901234567890123 A", 0, 3, "" },
	{ "id empty", "AS \"\" A", 0, 3, "" },
	{ "id with other octets", "AS a.b A", 0, 3, "" },
	{ "id with utf-8", "AS \xc3\xa4 A", 0, 3, "" },
	{ "id unreadable", "AS a\"b A", 0, 4, "" },
	{ "id cut by a control", "AS a\x01", 0, 4, "" },
	{ "error behind as", "AS a B c\"d", 0, 8, "a" },
	{ "error behind later as", "A; AS b C; D \x01", 0, 13, "b" },
	{ "first of two as", "AS a B; AS c D;", 0, 15, "a" },
	{ "second as bad", "AS a B; AS ! D", 0, 11, "a" },
	{ "first as bad", "AS ! B; AS c D", 0, 3, "" },
	{ "error before as", "A \"b\"c; AS d E", 0, 5, "" },
};

static int
parse(struct arena *a, struct str text, struct line *ret,
      struct line_error *reterr)
{
	int r = line_parse(a, text, &lim, ret, reterr);

	if (r == ERR_SYNTAX) {
		assert_non_null(reterr->why);
		assert_true(reterr->at <= text.n);
	}
	return r;
}

static void
test_good(void **state)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		const struct good *g = &goods[i];
		struct arena a;
		struct buf out;
		struct line l;
		struct line_error e;
		struct str in_page = guard_put(&page, str_c(g->line));

		arena_init(&a, 1 << 20, 0);
		buf_init(&out, 1 << 20);
		if (parse(&a, in_page, &l, &e) != 0)
			fail_msg("%s: %s at %zu", g->name, e.why, e.at);
		dump_line(&out, &l);
		if (!str_eq(buf_str(&out), str_c(g->want)))
			fail_msg("%s: got %.*s", g->name,
				 STR_ARG(buf_str(&out)));
		buf_done(&out);
		arena_done(&a);
	}
}

static void
test_bad(void **state)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		const struct bad *b = &bads[i];
		struct arena a;
		struct line l;
		struct line_error e;
		struct str text = b->n ? str_n(b->line, b->n) : str_c(b->line);
		struct str in_page = guard_put(&page, text);

		arena_init(&a, 1 << 20, 0);
		if (parse(&a, in_page, &l, &e) != ERR_SYNTAX)
			fail_msg("%s: taken", b->name);
		if (e.at != b->at)
			fail_msg("%s: at %zu", b->name, e.at);
		if (!str_eq(e.pipeline, str_c(b->pipeline)))
			fail_msg("%s: pipeline %.*s", b->name,
				 STR_ARG(e.pipeline));
		arena_done(&a);
	}
}

/* Every prefix of every line either parses or is refused, and never reads a
 * byte behind itself. */
static void
each_prefix(struct str s)
{
	for (size_t n = 0; n <= s.n; n++) {
		struct arena a;
		struct line l;
		struct line_error e;
		int r;
		struct str in_page = guard_put(&page, str_sub(s, 0, n));

		arena_init(&a, 1 << 20, 0);
		r = parse(&a, in_page, &l, &e);
		assert_true(r == 0 || r == ERR_SYNTAX);
		arena_done(&a);
	}
}

static void
test_prefixes(void **state)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++)
		each_prefix(str_c(goods[i].line));
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++)
		each_prefix(str_c(bads[i].line));
}

static int
parse_repeated(const char *head, const char *piece, size_t times, size_t *ret)
{
	struct buf b;
	struct arena a;
	struct line l = { 0 };
	struct line_error e;
	int r;

	buf_init(&b, 1 << 20);
	arena_init(&a, 1 << 20, 0);
	assert_int_equal(buf_add_cstr(&b, head), 0);
	for (size_t i = 0; i < times; i++)
		assert_int_equal(buf_add_cstr(&b, piece), 0);
	r = parse(&a, buf_str(&b), &l, &e);
	*ret = l.n ? l.cmds[0].n : 0;
	arena_done(&a);
	buf_done(&b);
	return r;
}

static void
test_limits(void **state)
{
	size_t n;

	assert_int_equal(parse_repeated("A", " b", 159, &n), 0);
	assert_int_equal(n, 160);
	assert_int_equal(parse_repeated("A", " b", 160, &n), ERR_SYNTAX);
	assert_int_equal(parse_repeated("A", " \"b\"", 160, &n), ERR_SYNTAX);
	/* AS and its id are words of the line. */
	assert_int_equal(parse_repeated("AS a B", " c", 157, &n), 0);
	assert_int_equal(n, 158);
	assert_int_equal(parse_repeated("AS a B", " c", 158, &n), ERR_SYNTAX);
	assert_int_equal(parse_repeated("A", ";B", 15, &n), 0);
	assert_int_equal(parse_repeated("A", ";B", 16, &n), ERR_SYNTAX);
	assert_int_equal(parse_repeated("A", "b", 8191, &n), 0);
	assert_int_equal(parse_repeated("A", "b", 8192, &n), ERR_SYNTAX);
	assert_int_equal(parse_repeated("A", " ", 8191, &n), 0);
	assert_int_equal(n, 1);
}

static void
test_nomem(void **state)
{
	struct str text = STR("A b=\"\\\"c\" \"\\\\d\"");

	for (size_t max = 0; max < 200; max += 8) {
		struct arena a;
		struct line l;
		struct line_error e;
		int r;

		arena_init(&a, max, 0);
		r = line_parse(&a, text, &lim, &l, &e);
		assert_true(r == ERR_NOMEM || r == 0);
		arena_done(&a);
	}
}

struct found {
	const char *name, *in;
	size_t max;
	ptrdiff_t want;
	const char *line;
};

static const struct found founds[] = {
	{ "lf", "NOOP\nX", 10, 5, "NOOP" },
	{ "crlf", "NOOP\r\nX", 10, 6, "NOOP" },
	{ "only lf", "\n", 10, 1, "" },
	{ "only crlf", "\r\n", 10, 2, "" },
	{ "two crs keep one", "A\r\r\n", 10, 4, "A\r" },
	{ "bare cr is content", "A\rB\n", 10, 4, "A\rB" },
	{ "as long as may be", "NOOP\n", 4, 5, "NOOP" },
	{ "as long as may be, crlf", "NOOP\r\n", 4, 6, "NOOP" },
	{ "one too long", "NOOPS\n", 4, ERR_TOOLONG, NULL },
	{ "one too long, crlf", "NOOPS\r\n", 4, ERR_TOOLONG, NULL },
	{ "too long without end", "NOOPS", 4, ERR_TOOLONG, NULL },
	{ "cr past the limit, no lf", "NOOP\rX", 4, ERR_TOOLONG, NULL },
	{ "may still end", "NOOP", 4, ERR_MORE, NULL },
	{ "may still end with lf", "NOOP\r", 4, ERR_MORE, NULL },
	{ "nothing", "", 4, ERR_MORE, NULL },
	{ "long, end far away", "NOOPNOOPNOOP\n", 4, ERR_TOOLONG, NULL },
};

/* Whole, and octet by octet with one `from` throughout: the same answer. */
static void
test_find(void **state)
{
	for (size_t i = 0; i < sizeof(founds) / sizeof(*founds); i++) {
		const struct found *f = &founds[i];
		struct str in = str_c(f->in), line;
		size_t from = 0, n;
		ptrdiff_t r;
		struct str in_page = guard_put(&page, in);

		r = line_find(in_page, f->max, &from, &line);
		if (r != f->want)
			fail_msg("%s: %td", f->name, r);
		if (r > 0)
			assert_true(str_eq(line, str_c(f->line)));

		for (from = 0, n = 0, r = ERR_MORE; n <= in.n && r == ERR_MORE;
		     n++)
			r = line_find(str_sub(in, 0, n), f->max, &from, &line);
		if (r != f->want)
			fail_msg("%s by octets: %td", f->name, r);
	}
}

static void
test_mentions(void **state)
{
	assert_true(line_mentions_data(STR("DATA")));
	assert_true(line_mentions_data(STR("xdAtAx")));
	assert_true(line_mentions_data(STR("dDATA")));
	assert_true(line_mentions_data(STR("A \"\0data")));
	assert_false(line_mentions_data(STR("DAT")));
	assert_false(line_mentions_data(STR("")));
	assert_false(line_mentions_data(STR("DA TA")));
	assert_false(line_mentions_data((struct str){ NULL, 0 }));
}

static int
open_page(void **state)
{
	guard_init(&page, LIMIT_REPLY + 1);
	return 0;
}

static int
close_page(void **state)
{
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nomem),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_mentions),
	};

	return cmocka_run_group_tests(tests, open_page, close_page);
}
