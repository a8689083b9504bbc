/*
 * Octets to commands.
 *
 * Lines are taken while nothing stands in the way: room for output, room for
 * commands, no block that waits for its DATA to start, no UPGRADE or QUIT that
 * has not answered.  What is not taken stays with the caller, so a peer that
 * writes without reading is stopped by its own socket.
 */
#include <assert.h>

#include "base/mem.h"
#include "session/cmd_data.h"
#include "session/session_priv.h"

#define LINE_ARENA_MAX (1u << 20)

bool
intake_stalled(const struct session *s)
{
	const struct limits *l = s->env->limits;

	if (s->state == SS_CLOSING || s->state == SS_UPGRADING || s->no_more)
		return true;
	if (s->out.n >= l->output || s->hold != NULL)
		return true;
	if (s->block != NULL)
		return s->block->phase != CP_BLOCK || data_full(s->block);
	return s->nheld + s->nqueued >= l->ahead;
}

static struct lineref *
lineref_new(struct session *s)
{
	struct lineref *lr;
	struct arena a;

	arena_init(&a, LINE_ARENA_MAX, 2048);
	lr = ARENA_NEW(&a, struct lineref);
	if (lr == NULL)
		return NULL;
	lr->arena = a;	/* it lies in its own arena */
	lr->no = ++s->line_no;
	return lr;
}

static void
lineref_unref(struct lineref *lr)
{
	struct arena a;

	if (--lr->refs > 0)
		return;
	a = lr->arena;
	arena_done(&a);
}

static const char *
bind_why(const struct bind_error *e)
{
	switch (e->problem) {
	case BIND_DOUBLED: return "This is given twice.";
	case BIND_MISSING: return "Something is missing.";
	default: return "Unknown or bad parameter.";
	}
}

/* Fill in which command it is and what it is called with. */
static int
bind_words(struct session *s, struct cmd *c, const struct line_cmd *lc,
	   bool alone)
{
	struct bind_error be = { 0 };
	const struct command_def *def;
	size_t used = 0;
	int err;

	def = command_find(lc->words, lc->n, &used);
	c->args.def = def;
	c->alone = alone;
	if (def == NULL) {
		c->verdict = ST_UNKNOWN;
		return 0;
	}
	if (def->flags & CF_LATER) {
		c->verdict = ST_UNKNOWN;
		c->why = "Not in this version.";
		return 0;
	}
	c->ops = cmd_ops_of(def->id);
	err = command_bind(&c->line->arena, def, lc->words + used,
			   lc->n - used, &c->args, &be);
	if (err == ERR_NOMEM)
		return err;
	if (err < 0) {
		c->verdict = ST_PARAM;
		c->why = bind_why(&be);
	} else if ((def->flags & CF_NO_AS) && c->plname.n > 0) {
		c->verdict = ST_PARAM;
		c->why = "This command takes no AS.";
	} else if ((def->flags & CF_ALONE) && !alone) {
		c->verdict = ST_PARAM;
		c->why = "This command stands alone on its line.";
	}
	if (def->id == CMD_DATA)
		data_prepare(s, c, err < 0 ? &be : NULL);
	return 0;
}

static void
hand_over(struct session *s, struct cmd *c)
{
	if (c->fatal)
		s->no_more = true;
	else if (c->args.def != NULL && c->args.def->id == CMD_DATA)
		s->block = c;
	else if (c->args.def != NULL && (c->args.def->flags & CF_ALONE))
		s->hold = c;
	sched_add(s, c);
}

/* A line that has no commands to run: one reply for all of it. */
static int
bad_line(struct session *s, struct lineref *lr, struct str pipeline,
	 enum status st, const char *why, bool fatal)
{
	struct cmd *c = cmd_new(s, lr);

	if (c == NULL)
		return ERR_NOMEM;
	c->plname = pipeline;
	c->verdict = st;
	c->why = why;
	c->fatal = fatal;
	c->broken = true;
	hand_over(s, c);
	return 0;
}

/* DATA is the last command of its line and the only one (spec: DATA). */
static bool
data_misplaced(const struct line *l)
{
	for (size_t i = 0; i + 1 < l->n; i++)
		if (command_is_data(l->cmds[i].words, l->cmds[i].n))
			return true;
	return false;
}

static int
add_commands(struct session *s, struct lineref *lr, const struct line *l)
{
	struct cmd *c;
	int err;

	for (size_t i = 0; i < l->n; i++) {
		c = cmd_new(s, lr);
		if (c == NULL)
			return ERR_NOMEM;
		c->plname = l->cmds[i].pipeline;
		err = bind_words(s, c, &l->cmds[i], l->n == 1);
		if (err < 0) {
			cmd_free(c);
			return err;
		}
		hand_over(s, c);
	}
	return 0;
}

static int
line_to_commands(struct session *s, struct lineref *lr, struct str text)
{
	const struct limits *lim = s->env->limits;
	const struct line_limits ll = { lim->line, lim->words, lim->commands };
	struct line_error le = { 0 };
	struct line l;
	int err;

	text = arena_str(&lr->arena, text);
	if (text.p == NULL)
		return ERR_NOMEM;
	err = line_parse(&lr->arena, text, &ll, &l, &le);
	if (err == ERR_NOMEM)
		return err;
	if (err < 0)
		return bad_line(s, lr, le.pipeline, ST_SYNTAX, le.why,
				line_mentions_data(text));
	if (data_misplaced(&l))
		return bad_line(s, lr, l.cmds[0].pipeline, ST_SYNTAX,
				"DATA stands last on its line, once.", true);
	return add_commands(s, lr, &l);
}

static void
take_text(struct session *s, struct str text, bool too_long)
{
	struct lineref *lr = lineref_new(s);
	int err;

	if (lr == NULL) {
		sess_no_memory(s);
		return;
	}
	lr->refs++;
	if (too_long)
		err = bad_line(s, lr, STR(""), ST_LINE_LONG,
			       status_text(ST_LINE_LONG), true);
	else
		err = line_to_commands(s, lr, text);
	lineref_unref(lr);
	if (err < 0)
		sess_no_memory(s);
}

/* Go on with a line whose beginning came earlier. */
static size_t
continue_line(struct session *s, struct str in)
{
	const char *lf = memchr(in.p, '\n', in.n);
	size_t n = lf != NULL ? (size_t)(lf - in.p) + 1 : in.n;
	size_t room = s->line.max - s->line.n;
	struct str text = { NULL, 0 };
	ptrdiff_t r;

	if (n > room)
		n = room;
	if (buf_add(&s->line, in.p, n) < 0) {
		sess_no_memory(s);
		return in.n;
	}
	r = line_find(buf_str(&s->line), s->env->limits->line, &s->line_from,
		      &text);
	if (r == ERR_MORE)
		return n;
	take_text(s, text, r < 0);
	buf_done(&s->line);
	s->line_from = 0;
	return n;
}

static size_t
take_line(struct session *s, struct str in)
{
	struct str text;
	size_t from = 0;
	ptrdiff_t r;

	if (s->line.n > 0)
		return continue_line(s, in);
	r = line_find(in, s->env->limits->line, &from, &text);
	if (r >= 0) {
		take_text(s, text, false);
		return (size_t)r;
	}
	if (r != ERR_MORE) {
		take_text(s, text, true);
		return in.n;
	}
	if (buf_add_str(&s->line, in) < 0) {
		sess_no_memory(s);
		return in.n;
	}
	s->line_from = from;
	return in.n;
}

size_t
intake(struct session *s, struct str in)
{
	size_t used = 0, n;

	while (used < in.n && !intake_stalled(s)) {
		if (s->block != NULL)
			n = data_take(s, s->block, str_from(in, used));
		else
			n = take_line(s, str_from(in, used));
		if (n == 0)
			break;
		used += n;
		/* One line at a time: what it says may end the intake. */
		if (s->block == NULL || s->block->phase != CP_BLOCK)
			break;
	}
	return used;
}

struct cmd *
intake_internal(struct session *s, enum command_id id)
{
	struct lineref *lr = lineref_new(s);
	struct cmd *c;

	if (lr == NULL)
		return NULL;
	lr->refs++;
	c = cmd_new(s, lr);
	if (c != NULL) {
		c->args.def = command_by_id(id);
		c->ops = cmd_ops_of(id);
	}
	lineref_unref(lr);
	return c;
}
