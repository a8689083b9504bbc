/*
 * Which command runs when (spec: Pipelines).
 *
 * Commands come in wire order.  They wait in `held` while a barrier runs or is
 * first and has to wait for all before it; else they go to the queue of their
 * pipeline.  The head of each queue runs; queues run side by side, and one that
 * has put out something goes behind the others, so none starves.
 */
#include <assert.h>

#include "base/mem.h"
#include "session/cmd_data.h"
#include "session/draft.h"
#include "session/session_priv.h"

#define C(node) LIST_ENTRY(node, struct cmd, link)
#define P(node) LIST_ENTRY(node, struct pipeline, link)

bool
sched_has_room(const struct session *s)
{
	return s->out.n < s->env->limits->output / 2;
}

bool
sched_busy(const struct session *s)
{
	return s->nheld + s->nqueued > 0;
}

/* --- pipelines --- */

static struct str
pipeline_name(const struct pipeline *pl)
{
	return str_n(pl->name, pl->n);
}

struct pipeline *
sched_pipeline(struct session *s, struct str name)
{
	LIST_EACH(it, &s->pipelines)
		if (str_eq(pipeline_name(P(it)), name))
			return P(it);
	return NULL;
}

static struct pipeline *
pipeline_new(struct session *s, struct str name)
{
	struct pipeline *pl = mem_zalloc(sizeof(*pl));

	if (pl == NULL)
		return NULL;
	list_init(&pl->queue);
	memcpy(pl->name, name.p, name.n);
	pl->n = (uint8_t)name.n;
	list_add_tail(&s->pipelines, &pl->link);
	s->npipelines++;
	return pl;
}

/* A named pipeline lives while it has a command or an open message. */
static void
pipeline_settle(struct session *s, struct pipeline *pl)
{
	if (pl == &s->unnamed || !list_empty(&pl->queue) || pl->draft != NULL)
		return;
	list_del(&pl->link);
	s->npipelines--;
	mem_free(pl);
}

/* --- the life of a command --- */

static void
complete(struct session *s, struct cmd *c)
{
	struct pipeline *pl = c->pl;

	assert(c->code != 0 || s->no_mem);
	if (status_failed(c->code) && !c->broken)
		pl->failed_line = c->line->no;
	if (c->fatal && s->state != SS_CLOSING)
		sess_set_state(s, SS_CLOSING);
	if (s->barrier == c)
		s->barrier = NULL;
	if (s->hold == c)
		s->hold = NULL;
	if (s->block == c)
		s->block = NULL;
	s->nqueued--;
	cmd_free(c);
	pipeline_settle(s, pl);
}

static void
run_work(struct session_job *j, struct store_reader *r)
{
	struct cmd *c = (struct cmd *)j;

	assert(j->magic == CMD_MAGIC);
	c->ops->work(c, r);
}

void
sched_submit(struct session *s, struct cmd *c, enum step step)
{
	c->in_job = true;
	c->job.work = step == STEP_READ ? run_work : NULL;
	if (step == STEP_READ)
		c->job.write = NULL;
	s->ports->submit(s->ctx, &c->job);
}

void
sched_apply(struct session *s, struct cmd *c, enum step step)
{
	switch (step) {
	case STEP_DONE:
		/* A refused DATA still owes its block. */
		if (s->block == c && !c->fatal && data_owes(c))
			c->phase = CP_BLOCK;
		else
			complete(s, c);
		break;
	case STEP_READ:
	case STEP_WRITE:
		c->phase = CP_JOB;
		sched_submit(s, c, step);
		break;
	case STEP_BLOCK:
		c->phase = CP_BLOCK;
		break;
	case STEP_MORE:
		c->phase = CP_READY;
		break;
	case STEP_DELAY:
		c->phase = CP_DELAY;
		break;
	}
}

static unsigned
state_bit(const struct session *s)
{
	switch (s->state) {
	case SS_PLAIN: return CS_PLAIN;
	case SS_OPEN: return CS_OPEN;
	case SS_LOCAL: return CS_LOCAL;
	case SS_REMOTE: return CS_REMOTE;
	default: return 0;
	}
}

/* First the state, also for unknown commands in states 1 and 2; then whether
 * the command is known, then its parameters (spec: Line). */
static enum status
state_verdict(const struct session *s, const struct cmd *c)
{
	const struct command_def *def = c->args.def;

	if (c->broken)
		return c->verdict;
	if (def == NULL ? s->state == SS_PLAIN || s->state == SS_OPEN
			: !(def->states & state_bit(s)))
		return s->state == SS_OPEN && (def == NULL ||
			!(def->states & CS_PLAIN)) ? ST_AUTH_FIRST : ST_STATE;
	return c->verdict;
}

#define FRESH_MS (5 * 60 * 1000)

static enum status
right_verdict(const struct session *s, const struct cmd *c)
{
	const struct command_def *def = c->args.def;

	if (s->who == NULL)
		return ST_NONE;
	if (def->scope != 0 && !(def->scope & s->who->scopes))
		return ST_DENIED;
	if ((def->flags & CF_FRESH) &&
	    s->who->password_at + FRESH_MS <= s->unix_ms)
		return ST_DENIED;
	return ST_NONE;
}

/* An error on HEADER or DATA spoils the message (spec: DATA). */
static void
spoil_message(struct session *s, struct cmd *c, enum status st)
{
	const struct command_def *def = c->args.def;
	struct draft *d = c->pl->draft;

	if (def == NULL || (def->id != CMD_HEADER && def->id != CMD_DATA))
		return;
	if (d == NULL && def->id == CMD_DATA)
		d = s->unnamed.draft;
	if (d != NULL)
		draft_spoil(d, st, c->why);
}

static void
start(struct session *s, struct cmd *c)
{
	enum status st;
	bool own;

	c->unix_ms = s->unix_ms;
	/* A CANCEL behind a write has it already. */
	if (c->who == NULL)
		c->who = ident_ref(s->who);
	if (c->cancelled || c->pl->failed_line == c->line->no) {
		spoil_message(s, c, ST_NOT_RUN);
		sched_apply(s, c, cmd_answer(s, c, ST_NOT_RUN));
		return;
	}
	st = state_verdict(s, c);
	own = st != ST_NONE && st == c->verdict;
	if (st == ST_NONE)
		st = right_verdict(s, c);
	if (st != ST_NONE) {
		if (s->state == SS_PLAIN && c->args.def != NULL &&
		    c->args.def->id == CMD_DATA)
			c->fatal = true;
		spoil_message(s, c, st);
		sched_apply(s, c, cmd_answer_text(s, c, st, own && c->why != NULL ?
					    c->why : status_text(st)));
		return;
	}
	/* Whoever is none of ours has got 405 above. */
	assert(c->ops != NULL);
	sched_apply(s, c, c->ops->check(s, c));
}

/* Start or continue the head of a pipeline, as far as it goes by itself.
 * Returns whether anything happened. */
static bool
run_head(struct session *s, struct pipeline *pl)
{
	struct cmd *c;

	if (list_empty(&pl->queue) || !sched_has_room(s))
		return false;
	c = C(pl->queue.next);
	if (c->phase == CP_READY) {
		list_del(&pl->link);
		list_add_tail(&s->pipelines, &pl->link);
		sched_apply(s, c, c->ops->finish(s, c));
		return true;
	}
	if (c->phase != CP_QUEUED)
		return false;
	if (c->ops != NULL && c->ops->ready != NULL && !c->cancelled &&
	    !c->ops->ready(s, c))
		return false;
	start(s, c);
	return true;
}

void
sched_resume(struct session *s, struct cmd *c)
{
	enum step step;

	c->in_job = false;
	step = c->ops->finish(s, c);
	/* Cancelled while it wrote: that has been done, nothing more is. */
	if (c->cancelled && step != STEP_DONE)
		step = cmd_answer(s, c, ST_NOT_RUN);
	sched_apply(s, c, step);
}

/* --- wire order --- */

static bool
is_barrier(const struct cmd *c)
{
	return c->fatal || (c->args.def != NULL && c->plname.n == 0 &&
			    (c->args.def->flags & CF_BARRIER));
}

static void
enqueue(struct session *s, struct cmd *c)
{
	struct pipeline *pl = sched_pipeline(s, c->plname);

	if (is_barrier(c)) {
		/* All before it is done: its place is nobody else's. */
		pl = &s->unnamed;
		s->barrier = c;
	} else if (pl == NULL && s->npipelines >= s->env->limits->pipelines) {
		c->verdict = ST_BUSY;
		c->why = NULL;
		c->broken = true;
		pl = &s->unnamed;
	} else if (pl == NULL) {
		pl = pipeline_new(s, c->plname);
		if (pl == NULL) {
			sess_no_memory(s);
			pl = &s->unnamed;
		}
	}
	list_del(&c->link);
	s->nheld--;
	list_add_tail(&pl->queue, &c->link);
	s->nqueued++;
	c->pl = pl;
	c->phase = CP_QUEUED;
}

static bool
dispatch(struct session *s)
{
	bool any = false;
	struct cmd *c;

	while (!list_empty(&s->held) && s->barrier == NULL) {
		c = C(s->held.next);
		if (is_barrier(c) && s->nqueued > 0)
			break;
		enqueue(s, c);
		any = true;
	}
	return any;
}

void
sched_run(struct session *s)
{
	bool again = true;

	while (again && s->state != SS_CLOSING && s->state != SS_UPGRADING) {
		again = dispatch(s);
		LIST_EACH(it, &s->pipelines) {
			while (run_head(s, P(it))) {
				again = true;
				if (s->state == SS_CLOSING ||
				    s->state == SS_UPGRADING)
					return;
				/* it may be gone, or another's turn */
				break;
			}
		}
	}
}

/* --- CANCEL --- */

static void
drop(struct session *s, struct cmd *c)
{
	if (s->block == c)
		s->block = NULL;
	if (s->barrier == c)
		s->barrier = NULL;
	if (s->hold == c)
		s->hold = NULL;
	if (c->pl != NULL)
		s->nqueued--;
	else
		s->nheld--;
	if (c->args.def != NULL && c->args.def->id == CMD_DATA)
		data_cancelled(c);
	list_del(&c->link);
	c->pl = NULL;
	if (c->in_job)
		c->detached = true;
	else
		cmd_free(c);
}

/* Returns false if a write under way holds the pipeline up. */
static bool
cancel_queue(struct session *s, struct pipeline *pl)
{
	bool writing = false;

	LIST_EACH(it, &pl->queue) {
		struct cmd *c = C(it);

		if (c->in_job && c->job.write != NULL) {
			c->cancelled = writing = true;
		} else if (writing) {
			/* An earlier CANCEL still answers for itself. */
			c->cancelled = c->args.def == NULL ||
				       !(c->args.def->flags & CF_NOW);
		} else {
			(void)cmd_answer(s, c, ST_NOT_RUN);
			drop(s, c);
		}
	}
	return !writing;
}

static bool
cancel_now(struct session *s, struct cmd *c)
{
	struct pipeline *pl;

	LIST_EACH(it, &s->held) {
		struct cmd *h = C(it);

		if (h != c && str_eq(h->plname, c->plname)) {
			(void)cmd_answer(s, h, ST_NOT_RUN);
			drop(s, h);
		}
	}
	pl = sched_pipeline(s, c->plname);
	if (pl == NULL)
		return true;
	draft_unref(pl->draft);
	pl->draft = NULL;
	if (cancel_queue(s, pl)) {
		pipeline_settle(s, pl);
		return true;
	}
	/* Its 200 comes behind the write that is under way. */
	list_add_tail(&pl->queue, &c->link);
	s->nqueued++;
	c->pl = pl;
	c->phase = CP_QUEUED;
	return false;
}

static bool
pipeline_id_ok(struct str id)
{
	if (id.n == 0 || id.n > LIMIT_PIPELINE)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		unsigned char ch = (unsigned char)id.p[i];

		if (!((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') ||
		      (ch >= 'a' && ch <= 'z') || ch == '-' || ch == '_'))
			return false;
	}
	return true;
}

void
sched_add(struct session *s, struct cmd *c)
{
	const struct command_def *def = c->args.def;
	struct str id;

	if (def != NULL && (def->flags & CF_NOW) && c->verdict == ST_NONE &&
	    (def->states & state_bit(s))) {
		id = command_value(&c->args, "id", NULL);
		if (pipeline_id_ok(id)) {
			c->plname = id;
			c->who = ident_ref(s->who);
			if (cancel_now(s, c)) {
				(void)cmd_answer(s, c, ST_DONE);
				cmd_free(c);
			}
			return;
		}
		c->verdict = ST_PARAM;
		c->why = "This is no pipeline id.";
	}
	c->phase = CP_HELD;
	list_add_tail(&s->held, &c->link);
	s->nheld++;
}

void
sched_drop_all(struct session *s)
{
	LIST_EACH(it, &s->held)
		drop(s, C(it));
	LIST_EACH(pit, &s->pipelines) {
		struct pipeline *pl = P(pit);

		LIST_EACH(it, &pl->queue)
			drop(s, C(it));
		draft_unref(pl->draft);
		pl->draft = NULL;
		pipeline_settle(s, pl);
	}
}

/* --- the unnamed pipeline's message and the DATA of others --- */

static bool
settles_message(const struct cmd *c)
{
	if (c->args.def == NULL)
		return false;
	switch (c->args.def->id) {
	case CMD_DELIVER:
	case CMD_MBOX_APPEND:
	case CMD_DONE:
	case CMD_RESET:
		return true;
	default:
		return false;
	}
}

bool
sched_unnamed_unsettled(const struct session *s, uint64_t seq)
{
	const struct list *q = &s->unnamed.queue;

	for (const struct list *it = q->next; it != q; it = it->next) {
		const struct cmd *c = C(it);

		if (c->seq < seq && settles_message(c))
			return true;
	}
	return false;
}

bool
sched_foreign_data(const struct session *s, uint64_t seq)
{
	for (const struct list *pit = s->pipelines.next; pit != &s->pipelines;
	     pit = pit->next) {
		const struct pipeline *pl = P(pit);

		if (pl == &s->unnamed || pl->draft != NULL)
			continue;
		for (const struct list *it = pl->queue.next; it != &pl->queue;
		     it = it->next) {
			const struct cmd *c = C(it);

			if (c->seq < seq && c->args.def != NULL &&
			    c->args.def->id == CMD_DATA)
				return true;
		}
	}
	return false;
}
