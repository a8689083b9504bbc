/*
 * Which reply belongs to which command.
 *
 * Replies of one pipeline come in the order of its commands, those of
 * different pipelines in any order.  So what is owed is one list in the order
 * of sending, and a reply line belongs to the first entry with its pipeline.
 * The entry is taken off with the line that closes the reply, before its
 * function hears of it, so that the function may submit more.
 *
 * A line with several commands owes a reply for each, with one exception: a
 * line that the server cannot parse gets a single 400.  No single command is
 * ever answered so, hence a 400 ends every reply that is owed for its line.
 *
 * 408, 702 and 710 without a pipeline are the server's last words.
 *
 * Input is gathered into one buffer up to the end of the line, which bounds
 * what a server can make us hold; the octets of blocks pass by it.
 */
#include "client/engine_priv.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "proto/status.h"

/* Output that may wait: one line, or what its owner gives of a block. */
#define ENGINE_OUT (4u << 20)
#define ENGINE_ARENA (256u << 10)

struct engine *
engine_new(bool tls_first, enum immp_tls minimum)
{
	struct engine *e = mem_zalloc(sizeof(*e));

	if (!e)
		return NULL;
	e->phase = tls_first ? ENGINE_HANDSHAKE : ENGINE_GREETING;
	e->upgraded = !tls_first;
	e->minimum = minimum;
	e->ops_tail = &e->ops;
	buf_init(&e->out, ENGINE_OUT);
	buf_init(&e->line, LIMIT_REPLY + 2);
	arena_init(&e->arena, ENGINE_ARENA, 0);
	return e;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	while (e->ops) {
		struct engine_op *op = e->ops;

		e->ops = op->next;
		mem_free(op);
	}
	buf_done(&e->out);
	buf_done(&e->line);
	arena_done(&e->arena);
	mem_free(e);
}

/* --- what ended --- */

int
engine_error_of(int code)
{
	if (code < 0)
		return code;
	if (!status_failed(code))
		return 0;
	if (status_temporary(code))
		return IMMP_E_LATER;
	switch (code) {
	case ST_NOT_FOUND:
		return IMMP_E_NOT_FOUND;
	case ST_AUTH_REFUSED:
		return IMMP_E_AUTH;
	case ST_TOO_LARGE:
		return IMMP_E_TOO_LARGE;
	default:
		return IMMP_E_REFUSED;
	}
}

/* Tell every command under way; functions may find others gone already. */
static void
drop_all(struct engine *e)
{
	struct immp_reply r = { .code = e->error, .last = 1, .pipeline = "",
				.text = e->why, .length = strlen(e->why) };

	e->block_op = NULL;
	e->block_left = 0;
	e->owed = 0;
	while (e->ops) {
		struct engine_op *op = e->ops;

		e->ops = op->next;
		if (!e->ops)
			e->ops_tail = &e->ops;
		e->nops--;
		if (op->fn)
			(void)op->fn(op->ctx, &r); /* nothing left to stop */
		mem_free(op);
	}
}

int
engine_fail(struct engine *e, enum immp_error error, const char *why)
{
	if (e->phase == ENGINE_FAILED)
		return e->error;
	e->phase = ENGINE_FAILED;
	e->error = error;
	snprintf(e->why, sizeof(e->why), "%s", why);
	buf_clear(&e->out);
	drop_all(e);
	return e->error;
}

int
engine_fail_reply(struct engine *e, int error, const struct reply_line *l)
{
	char why[sizeof(e->why)];

	e->code = l->code;
	snprintf(why, sizeof(why), "%d %.*s", l->code, STR_ARG(l->text));
	return engine_fail(e, error, why);
}

/* --- what is owed --- */

int
engine_expect(struct engine *e, struct str pipeline, immp_reply_fn fn,
	      void *ctx)
{
	struct engine_op *op;

	if (pipeline.n > sizeof(op->pipeline))
		return IMMP_E_USAGE;
	op = mem_zalloc(sizeof(*op));
	if (!op)
		return IMMP_E_MEMORY;
	op->line = e->lines;
	op->npipeline = pipeline.n;
	if (pipeline.n)
		memcpy(op->pipeline, pipeline.p, pipeline.n);
	op->fn = fn;
	op->ctx = ctx;
	*e->ops_tail = op;
	e->ops_tail = &op->next;
	e->nops++;
	return 0;
}

/* Where the first reply owed to a pipeline hangs, or NULL. */
static struct engine_op **
find_op(struct engine *e, struct str pipeline)
{
	for (struct engine_op **pp = &e->ops; *pp; pp = &(*pp)->next)
		if (str_eq(str_n((*pp)->pipeline, (*pp)->npipeline), pipeline))
			return pp;
	return NULL;
}

struct engine_op *
engine_unhook(struct engine *e, struct engine_op **pp)
{
	struct engine_op *op = *pp;

	*pp = op->next;
	if (!op->next)
		e->ops_tail = pp;
	op->next = NULL;
	e->nops--;
	return op;
}

void
engine_mute(struct engine *e, const void *ctx)
{
	for (struct engine_op *op = e->ops; op; op = op->next)
		if (op->ctx == ctx)
			op->fn = NULL;
}

/* A NUL-terminated pipeline name for a reply function. */
static const char *
pipeline_text(struct str pipeline, char dst[static LIMIT_PIPELINE + 1])
{
	memcpy(dst, pipeline.n ? pipeline.p : "", pipeline.n);
	dst[pipeline.n] = '\0';
	return dst;
}

/*
 * Call the function of op.  It may fail the engine, which frees all that is
 * hooked: op is then touched no more.
 */
static void
call(struct engine *e, struct engine_op *op, const struct immp_reply *r)
{
	if (op->fn && op->fn(op->ctx, r) != 0 && e->phase != ENGINE_FAILED)
		op->fn = NULL;
}

/* Tell op a line; last if it is closed by it (op is then unhooked). */
static void
tell(struct engine *e, struct engine_op *op, const struct reply_line *l,
     bool last)
{
	char pipeline[LIMIT_PIPELINE + 1];
	struct immp_reply r = {
		.code = l->code, .last = last,
		.pipeline = pipeline_text(l->pipeline, pipeline),
		.text = l->text.p ? l->text.p : "", .length = l->text.n,
		.offset = l->offset, .total = l->total,
	};

	call(e, op, &r);
}

/* The line of the reply just heard did not parse: nothing else on it runs. */
static void
drop_line(struct engine *e, uint64_t line, const struct reply_line *l)
{
	struct engine_op **pp = &e->ops;

	while (*pp) {
		if ((*pp)->line != line) {
			pp = &(*pp)->next;
			continue;
		}
		struct engine_op *op = engine_unhook(e, pp);
		tell(e, op, l, true);
		mem_free(op);
		/* The function may have submitted: start over. */
		pp = &e->ops;
	}
}

static bool
is_last_word(const struct reply_line *l)
{
	return l->pipeline.n == 0 && !l->dash &&
	       (l->code == ST_TOO_SLOW || l->code == ST_PROTOCOL ||
		l->code == ST_STOPPING);
}

static int
take_reply(struct engine *e, const struct reply_line *l)
{
	struct engine_op **pp, *op;
	uint64_t line;

	if (is_last_word(l))
		return engine_fail_reply(e, IMMP_E_CLOSED, l);
	pp = find_op(e, l->pipeline);
	if (!pp)
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "the server answered what nobody asked");
	if (l->dash || !status_closes(l->code)) {
		op = *pp;
		tell(e, op, l, false);
		if (e->phase == ENGINE_FAILED)
			return e->error;
		if (l->has_block) {
			e->block_op = op;
			e->block_left = l->block;
			e->reply = *l;
		}
		return 0;
	}
	op = engine_unhook(e, pp);
	line = op->line;
	tell(e, op, l, true);
	mem_free(op);
	if (l->code == ST_SYNTAX && e->phase != ENGINE_FAILED)
		drop_line(e, line, l);
	return e->phase == ENGINE_FAILED ? e->error : 0;
}

/* --- input --- */

/* Hand a piece of the open block to its command. */
static void
take_piece(struct engine *e, struct str piece)
{
	struct engine_op *op = e->block_op;
	char pipeline[LIMIT_PIPELINE + 1];
	struct immp_reply r = {
		.code = e->reply.code,
		.pipeline = pipeline_text(e->reply.pipeline, pipeline),
		.text = e->reply.text.p, .length = e->reply.text.n,
		.octets = piece.p, .noctets = piece.n,
		.offset = e->reply.offset + (e->reply.block - e->block_left),
		.total = e->reply.total,
	};

	e->block_left -= piece.n;
	if (e->block_left == 0)
		e->block_op = NULL;
	call(e, op, &r);
}

static int
take_line(struct engine *e)
{
	struct str text = buf_str(&e->line);
	struct reply_line l;
	int rc;

	/* LF, and one CR before it; then a NUL in their place. */
	assert(text.p && text.n);
	text.n--;
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	buf_truncate(&e->line, text.n);
	if (buf_add_c(&e->line, '\0') < 0)
		return engine_fail(e, IMMP_E_MEMORY, "out of memory");
	text.p = buf_data(&e->line);
	rc = reply_parse(text, &l);
	if (rc < 0)
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "the server sent what is no reply");
	if (l.text.n == 0)
		l.text.p = text.p + text.n;

	switch (e->phase) {
	case ENGINE_GREETING:
		return engine_greeting(e, &l);
	case ENGINE_UPGRADE:
		return engine_upgrade(e, &l);
	case ENGINE_HELLO:
	case ENGINE_READY:
		rc = take_reply(e, &l);
		/* An empty block is one piece of no octets. */
		if (rc == 0 && l.has_block && l.block == 0)
			take_piece(e, str_n("", 0));
		return rc;
	case ENGINE_HANDSHAKE:
	case ENGINE_FAILED:
		break;
	}
	return e->error;
}

/* Take one line, or what is there of it, off *in. */
static int
feed_line(struct engine *e, struct str *in)
{
	ptrdiff_t lf = str_chr(*in, '\n', 0);
	size_t n = lf < 0 ? in->n : (size_t)lf + 1;
	int rc;

	/* The line of the last reply or block is no longer needed. */
	if (e->line.n && buf_data(&e->line)[e->line.n - 1] == '\0')
		buf_clear(&e->line);
	if (memchr(in->p, '\0', n))
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "the server sent what is no reply");
	rc = buf_add(&e->line, in->p, n);
	if (rc == ERR_LIMIT)
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "the server sent too long a line");
	if (rc < 0)
		return engine_fail(e, IMMP_E_MEMORY, "out of memory");
	*in = str_from(*in, n);
	return lf < 0 ? 0 : take_line(e);
}

int
engine_feed(struct engine *e, struct str in)
{
	while (in.n) {
		int rc = 0;

		if (e->phase == ENGINE_FAILED)
			return e->error;
		/* Octets before TLS are nobody's: see engine_upgrade(). */
		if (e->phase == ENGINE_HANDSHAKE)
			return 0;
		if (e->raw) {
			e->raw(e->raw_ctx, in);
			return 0;
		}
		if (e->block_left) {
			struct str piece = str_sub(in, 0,
				e->block_left < in.n ? e->block_left : in.n);

			in = str_from(in, piece.n);
			take_piece(e, piece);
		} else {
			rc = feed_line(e, &in);
		}
		if (rc < 0)
			return rc;
	}
	return e->phase == ENGINE_FAILED ? e->error : 0;
}

/* --- looking --- */

struct buf *
engine_out(struct engine *e)
{
	return &e->out;
}

enum engine_phase
engine_phase(const struct engine *e)
{
	return e->phase;
}

size_t
engine_pending(const struct engine *e)
{
	return e->nops;
}

uint64_t
engine_owed(const struct engine *e)
{
	return e->owed;
}

int
engine_error(const struct engine *e)
{
	return e->error;
}

const char *
engine_why(const struct engine *e)
{
	return e->why;
}

int
engine_code(const struct engine *e)
{
	return e->code;
}

const struct engine_info *
engine_info(const struct engine *e)
{
	return &e->info;
}
