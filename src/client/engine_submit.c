/*
 * Sending commands.
 *
 * A line is parsed by the same code that a server uses before it is sent: so
 * the replies that it owes are known, and what no server could read is told to
 * the caller instead.
 */
#include "client/engine_priv.h"

#include "base/mem.h"
#include "proto/line.h"

/* What a server surely takes. */
static const struct line_limits engine_limits = { 8192, 160, 16 };

static int
add_line(struct engine *e, struct str line)
{
	if (buf_reserve(&e->out, line.n + 1) < 0 ||
	    buf_add_str(&e->out, line) < 0 || buf_add_c(&e->out, '\n') < 0)
		return IMMP_E_MEMORY;
	return 0;
}

/* May a caller use this command as a line of its own? */
static bool
is_free(const struct line_cmd *c)
{
	struct str verb = c->words[0].text;

	return c->words[0].quoted ||
	       (!str_eqi(verb, STR("DATA")) && !str_eqi(verb, STR("QUIT")) &&
		!str_eqi(verb, STR("UPGRADE")));
}

/* CANCEL is answered as the last line of the pipeline it names. */
static struct str
answers_in(const struct line_cmd *c)
{
	if (c->n > 1 && !c->words[0].quoted &&
	    str_eqi(c->words[0].text, STR("CANCEL")))
		return c->words[1].text;
	return c->pipeline;
}

/* Take back what was expected of a line that is not sent after all. */
static void
unexpect(struct engine *e, uint64_t line)
{
	for (struct engine_op **pp = &e->ops; *pp;) {
		if ((*pp)->line == line)
			mem_free(engine_unhook(e, pp));
		else
			pp = &(*pp)->next;
	}
}

/* Parse and expect; anything goes on if free is set, else only DATA. */
static int
expect_line(struct engine *e, struct str text, bool free_only,
	    immp_reply_fn fn, void *ctx, const char **reterr_why)
{
	struct line_error err = { 0 };
	struct line line;
	int rc;

	rc = line_parse(&e->arena, text, &engine_limits, &line, &err);
	if (rc == ERR_SYNTAX) {
		*reterr_why = err.why;
		return IMMP_E_USAGE;
	}
	if (rc < 0)
		return IMMP_E_MEMORY;
	if (line.n == 0) {
		*reterr_why = "an empty line";
		return IMMP_E_USAGE;
	}
	for (size_t i = 0; free_only && i < line.n; i++)
		if (!is_free(&line.cmds[i])) {
			*reterr_why = "this command has a call of its own";
			return IMMP_E_USAGE;
		}
	e->lines++;
	for (size_t i = 0; i < line.n; i++) {
		rc = engine_expect(e, answers_in(&line.cmds[i]), fn, ctx);
		if (rc < 0) {
			unexpect(e, e->lines);
			*reterr_why = "no such pipeline";
			return rc;
		}
	}
	return 0;
}

static int
submit(struct engine *e, struct str text, bool free_only, immp_reply_fn fn,
       void *ctx, const char **reterr_why)
{
	const char *why = NULL;
	int rc;

	if (e->phase == ENGINE_FAILED || e->phase < ENGINE_HELLO || e->quit)
		return IMMP_E_CLOSED;
	if (e->owed || e->raw || str_chr(text, '\n', 0) >= 0) {
		if (reterr_why)
			*reterr_why = e->owed ? "a block is not finished"
					      : "a line end inside";
		return IMMP_E_USAGE;
	}
	rc = expect_line(e, text, free_only, fn, ctx, &why);
	arena_clear(&e->arena);
	if (rc == 0) {
		rc = add_line(e, text);
		if (rc < 0)
			unexpect(e, e->lines);
	}
	if (rc < 0 && reterr_why)
		*reterr_why = why ? why : "out of memory";
	return rc;
}

int
engine_command(struct engine *e, struct str line, immp_reply_fn fn, void *ctx,
	       const char **reterr_why)
{
	return submit(e, line, true, fn, ctx, reterr_why);
}

int
engine_data(struct engine *e, struct str line, uint64_t n, immp_reply_fn fn,
	    void *ctx)
{
	int rc = submit(e, line, false, fn, ctx, NULL);

	if (rc == 0)
		e->owed = n;
	return rc;
}

int
engine_block(struct engine *e, struct str octets)
{
	if (e->phase == ENGINE_FAILED)
		return e->error;
	if (octets.n > e->owed)
		return IMMP_E_USAGE;
	if (buf_add_str(&e->out, octets) < 0)
		return IMMP_E_MEMORY;
	e->owed -= octets.n;
	return 0;
}

int
engine_quit(struct engine *e)
{
	int rc = submit(e, STR("QUIT"), false, NULL, NULL, NULL);

	e->quit = true;
	return rc;
}

int
engine_raw(struct engine *e, engine_raw_fn fn, void *ctx)
{
	if (e->phase != ENGINE_READY || e->nops || e->owed)
		return IMMP_E_USAGE;
	e->raw = fn;
	e->raw_ctx = ctx;
	return 0;
}

int
engine_raw_write(struct engine *e, struct str octets)
{
	if (e->phase == ENGINE_FAILED)
		return e->error;
	if (!e->raw)
		return IMMP_E_USAGE;
	return buf_add_str(&e->out, octets) < 0 ? IMMP_E_MEMORY : 0;
}
