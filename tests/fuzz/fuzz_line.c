/*
 * fuzz_line: octets from a peer as far as the proto layer goes: lines taken
 * off, split into words, found in the table and bound.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/command.h"

#define LINE_MAX 300

static const struct line_limits lim = { LINE_MAX, 40, 6 };

/* Write the words so that they are quoted wherever a word can be. */
static void
write_word(struct buf *out, const struct word *w)
{
	struct str value = w->text;
	int r = 0;

	if (w->eq >= 0) {
		r |= buf_add_str(out, str_sub(w->text, 0, (size_t)w->eq + 1));
		value = str_from(w->text, (size_t)w->eq + 1);
	} else if (!w->quoted) {
		FUZZ_CHECK(buf_add_str(out, w->text) == 0);
		return;
	}
	r |= buf_add_c(out, '"');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			r |= buf_add_c(out, '\\');
		r |= buf_add_c(out, value.p[i]);
	}
	r |= buf_add_c(out, '"');
	FUZZ_CHECK(r == 0);
}

static void
write_line(struct buf *out, const struct line *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct line_cmd *c = &l->cmds[i];

		if (i)
			FUZZ_CHECK(buf_add_cstr(out, " ;") == 0);
		if (c->pipeline.n)
			FUZZ_CHECK(buf_addf(out, "as %.*s ",
					    STR_ARG(c->pipeline)) == 0);
		for (size_t k = 0; k < c->n; k++) {
			if (k)
				FUZZ_CHECK(buf_add_c(out, ' ') == 0);
			write_word(out, &c->words[k]);
		}
	}
}

static void
check_same(const struct line *a, const struct line *b)
{
	FUZZ_CHECK(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct line_cmd *x = &a->cmds[i], *y = &b->cmds[i];

		FUZZ_CHECK(x->n == y->n && str_eq(x->pipeline, y->pipeline));
		for (size_t k = 0; k < x->n; k++) {
			const struct word *v = &x->words[k], *w = &y->words[k];

			FUZZ_CHECK(str_eq(v->text, w->text));
			FUZZ_CHECK(v->quoted == w->quoted && v->eq == w->eq);
		}
	}
}

/* Written out again, a line is the same line. */
static void
check_roundtrip(struct arena *a, const struct line *l)
{
	struct line_limits wide = { 8 * LINE_MAX, lim.words, lim.commands };
	struct line again;
	struct line_error e;
	struct buf text;

	buf_init(&text, 8 * LINE_MAX);
	write_line(&text, l);
	FUZZ_CHECK(line_parse(a, buf_str(&text), &wide, &again, &e) == 0);
	check_same(l, &again);
	buf_done(&text);
}

/* Values are words of the command, whole ones, and each in one place only. */
static void
check_bound(const struct command *c, size_t n)
{
	size_t used = c->non + c->noff + c->nfree;

	FUZZ_CHECK(c->nparam <= COMMAND_PARAMS && c->non <= COMMAND_PARAMS);
	FUZZ_CHECK(c->noff <= COMMAND_PARAMS);
	for (size_t i = 0; i < c->nparam; i++) {
		FUZZ_CHECK(c->param[i].n > 0 && c->param[i].v);
		FUZZ_CHECK(command_param(c, c->param[i].name) == &c->param[i]);
		used += c->param[i].n;
	}
	FUZZ_CHECK(used <= n && used * 2 + 2 >= n);
	for (size_t i = 0; i < c->nfree; i++)
		FUZZ_CHECK(!c->free[i].quoted && c->free[i].text.n > 1);
}

static void
run_command(struct arena *a, const struct line_cmd *l)
{
	size_t used = 0;
	const struct command_def *def = command_find(l->words, l->n, &used);
	enum block_form form;
	struct bind_error e;
	struct command c;
	uint64_t n;
	int r;

	if (!def)
		return;
	FUZZ_CHECK(used >= 1 && used <= 2 && used <= l->n);
	r = command_bind(a, def, l->words + used, l->n - used, &c, &e);
	FUZZ_CHECK(r == 0 || r == ERR_VALUE);
	FUZZ_CHECK((r == 0) == (e.problem == BIND_OK) && c.def == def);
	if (r == 0)
		check_bound(&c, l->n - used);
	FUZZ_CHECK((def->id == CMD_DATA) == command_is_data(l->words, l->n));
	if (def->id == CMD_DATA) {
		int b = command_data_block(&c, r < 0 ? &e : NULL, 1000, &form,
					   &n);
		FUZZ_CHECK(b < 0 || n <= 1000);
	}
}

static void
run_line(struct str text)
{
	struct line l;
	struct line_error e;
	struct arena a;
	size_t words = 0;
	int r;

	arena_init(&a, 1 << 20, 0);
	r = line_parse(&a, text, &lim, &l, &e);
	FUZZ_CHECK(r == 0 || r == ERR_SYNTAX);
	if (r < 0) {
		FUZZ_CHECK(e.why && e.at <= text.n && e.pipeline.n <= 32);
	} else {
		FUZZ_CHECK(l.n <= lim.commands);
		for (size_t i = 0; i < l.n; i++) {
			FUZZ_CHECK(l.cmds[i].n > 0);
			words += l.cmds[i].n;
			run_command(&a, &l.cmds[i]);
		}
		FUZZ_CHECK(words <= lim.words);
		check_roundtrip(&a, &l);
	}
	(void)line_mentions_data(text);	/* only reads */
	arena_done(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = str_n(p, n), line;

	for (;;) {
		size_t from = 0, slow = 0;
		ptrdiff_t r = line_find(in, LINE_MAX, &from, &line), s;

		/* Octet by octet the answer is the same. */
		s = ERR_MORE;
		for (size_t i = 0; i <= in.n && s == ERR_MORE; i++)
			s = line_find(str_sub(in, 0, i), LINE_MAX, &slow,
				      &line);
		FUZZ_CHECK(r == s);
		if (r < 0)
			break;
		FUZZ_CHECK(line.n <= LINE_MAX && line.n < (size_t)r);
		run_line(line);
		in = str_from(in, (size_t)r);
	}
	/* The rest may hold what no line can: parse it all the same. */
	run_line(in);
	return 0;
}
