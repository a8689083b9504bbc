#include "session/session_priv.h"

#include "base/mem.h"

/* Later commands have no handlers; all others must, or this does not link. */
#define IMMP_COMMAND_LATER(id, verb, sub, states, scope, flags, grammar, help)
#define IMMP_COMMAND(id, verb, sub, states, scope, flags, grammar, help) \
	extern const struct cmd_ops cmd_ops_##id;
#include "proto/commands.def"
#undef IMMP_COMMAND

static const struct cmd_ops *const ops_table[CMD_COUNT] = {
#define IMMP_COMMAND_LATER(id, verb, sub, states, scope, flags, grammar, help)
#define IMMP_COMMAND(id, verb, sub, states, scope, flags, grammar, help) \
	[CMD_##id] = &cmd_ops_##id,
#include "proto/commands.def"
#undef IMMP_COMMAND
};

#define CMD_ARENA_MAX (4u << 20)

const struct cmd_ops *
cmd_ops_of(enum command_id id)
{
	return ops_table[id];
}

struct cmd *
cmd_new(struct session *s, struct lineref *line)
{
	struct cmd *c;

	c = ARENA_NEW(&line->arena, struct cmd);
	if (c == NULL)
		return NULL;
	c->job.magic = CMD_MAGIC;
	c->job.session_id = s->id;
	c->line = line;
	line->refs++;
	list_init(&c->link);
	arena_init(&c->arena, CMD_ARENA_MAX, 2048);
	c->env = s->env;
	c->seq = ++s->seq;
	return c;
}

void
cmd_free(struct cmd *c)
{
	struct lineref *line = c->line;
	struct arena arena;

	if (c->ops != NULL && c->ops->release != NULL)
		c->ops->release(c);
	list_del(&c->link);
	ident_unref(c->who);
	arena_done(&c->arena);
	c->job.magic = 0;
	if (--line->refs == 0) {
		/* The line lies in its own arena. */
		arena = line->arena;
		arena_done(&arena);
	}
}

void *
cmd_data(struct session *s, struct cmd *c, size_t n)
{
	c->data = arena_alloc(&c->arena, n);
	if (c->data == NULL)
		(void)cmd_answer(s, c, ST_INTERNAL);
	return c->data;
}

void
cmd_begin(struct session *s, struct cmd *c, struct reply *r, enum status st,
	  bool dash)
{
	reply_begin(r, &s->out, c->plname, st, dash);
	if (!dash)
		c->code = st;
}

void
cmd_end(struct session *s, struct reply *r)
{
	int err;

	if (s->out_since == 0)
		s->out_since = s->now;
	err = reply_end(r);
	if (err < 0)
		sess_no_memory(s);
}

enum step
cmd_answer_text(struct session *s, struct cmd *c, enum status st,
		const char *text)
{
	struct reply r;

	cmd_begin(s, c, &r, st, false);
	reply_lit(&r, text);
	cmd_end(s, &r);
	return STEP_DONE;
}

enum step
cmd_answer(struct session *s, struct cmd *c, enum status st)
{
	return cmd_answer_text(s, c, st, status_text(st));
}

enum step
cmd_answer_err(struct session *s, struct cmd *c, int err)
{
	return cmd_answer(s, c, status_of_err(err));
}

void
sess_say(struct session *s, enum status st, const char *text)
{
	struct reply r;

	reply_begin(&r, &s->out, (struct str){ NULL, 0 }, st, false);
	reply_lit(&r, text);
	cmd_end(s, &r);
}
