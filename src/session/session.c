/*
 * The session as its owner sees it: creation, states, login, time-outs, end.
 * Octets become commands in intake.c; commands run in schedule.c; each verb
 * family has its file cmd_*.c.
 */
#include "session/session.h"

#include <assert.h>

#include "base/mem.h"
#include "session/draft.h"
#include "session/session_priv.h"

/* Which state may follow which. */
static const uint8_t legal[SS_COUNT] = {
	[SS_PLAIN] = 1 << SS_UPGRADING | 1 << SS_CLOSING,
	[SS_UPGRADING] = 1 << SS_OPEN | 1 << SS_CLOSING,
	[SS_OPEN] = 1 << SS_LOCAL | 1 << SS_REMOTE | 1 << SS_CLOSING,
	[SS_LOCAL] = 1 << SS_CLOSING,
	[SS_REMOTE] = 1 << SS_CLOSING,
	[SS_CLOSING] = 0,
};

void
sess_set_state(struct session *s, enum sess_state to)
{
	if (s->state == to)
		return;
	assert(legal[s->state] & (1 << to));
	s->state = to;
	s->since = s->now;
}

void
sess_no_memory(struct session *s)
{
	s->no_mem = s->abort = true;
	if (s->state != SS_CLOSING)
		sess_set_state(s, SS_CLOSING);
}

static int
keep(struct str from, struct str *ret)
{
	char *p = mem_strndup(from.p ? from.p : "", from.n);

	if (p == NULL)
		return ERR_NOMEM;
	*ret = str_n(p, from.n);
	return 0;
}

static void
greet(struct session *s)
{
	struct reply r;

	reply_begin(&r, &s->out, STR(""), ST_GREETING, true);
	reply_fmt(&r, "IMMP/1.0 Server at %.*s.", STR_ARG(s->env->domain));
	cmd_end(s, &r);
	reply_begin(&r, &s->out, STR(""), ST_GREETING, true);
	reply_lit(&r, "Please upgrade the connection to one of the following:");
	cmd_end(s, &r);
	reply_begin(&r, &s->out, STR(""), ST_GREETING, false);
	reply_fmt(&r, " %.*s", STR_ARG(s->env->methods));
	cmd_end(s, &r);
	reply_begin(&r, &s->out, STR(""), ST_SERVER, false);
	reply_field(&r, "p", STR("IMMP"));
	reply_field(&r, "v", STR("1.0"));
	reply_field(&r, "d", s->env->domain);
	cmd_end(s, &r);
}

int
session_new(const struct session_env *env, const struct session_ports *p,
	    void *ctx, uint64_t id, const struct session_peer *peer, bool tls,
	    uint64_t now, uint64_t unix_ms, struct session **ret)
{
	struct session *s = mem_zalloc(sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	s->magic = SESSION_MAGIC;
	s->env = env;
	s->ports = p;
	s->ctx = ctx;
	s->id = id;
	s->now = s->since = s->progress = now;
	s->unix_ms = unix_ms;
	list_init(&s->pipelines);
	list_init(&s->held);
	list_init(&s->unnamed.queue);
	list_add_tail(&s->pipelines, &s->unnamed.link);
	buf_init(&s->line, env->limits->line + 2);
	/* Room for the answers of all jobs that may be under way at once. */
	buf_init(&s->out, env->limits->output +
			  (env->limits->pipelines + 2) * 2 * LIMIT_REPLY);
	if (keep(peer->prefix, &s->peer_prefix) < 0 ||
	    keep(peer->addr, &s->peer_addr) < 0)
		goto fail;
	if (tls)
		s->state = SS_UPGRADING;
	else
		greet(s);
	s->greeted_tls = !tls;
	if (s->no_mem)
		goto fail;
	*ret = s;
	return 0;
fail:
	session_free(s);
	return ERR_NOMEM;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	assert(s->magic == SESSION_MAGIC);
	s->abort = true;
	sched_drop_all(s);
	ident_unref(s->who);
	ident_unref(s->candidate);
	if (s->challenge != NULL)
		secret_wipe(s->challenge, sizeof(*s->challenge));
	mem_free(s->challenge);
	mem_free((void *)s->challenge_account.p);
	mem_free((void *)s->server_name.p);
	mem_free((void *)s->peer_prefix.p);
	mem_free((void *)s->peer_addr.p);
	buf_done(&s->line);
	buf_done(&s->out);
	s->magic = 0;
	mem_free(s);
}

uint64_t
session_id(const struct session *s)
{
	return s->id;
}

/* All that may follow from one event: intake and commands in turn, until
 * neither goes on.  Octets that came in are taken as far as they can be. */
static size_t
turn(struct session *s, struct str in)
{
	size_t used = 0, n;

	for (;;) {
		n = intake(s, str_from(in, used));
		used += n;
		sched_run(s);
		if (n == 0 || used == in.n)
			break;
	}
	/* Whoever has said its last word closes once all has answered. */
	if (s->stopping && s->state != SS_CLOSING && !sched_busy(s)) {
		sess_say(s, ST_STOPPING, status_text(ST_STOPPING));
		sess_set_state(s, SS_CLOSING);
	}
	if (s->out.n == 0)
		s->out_since = 0;
	return used;
}

size_t
session_input(struct session *s, struct str in, uint64_t now, uint64_t unix_ms)
{
	size_t used;

	assert(s->magic == SESSION_MAGIC);
	s->now = now;
	s->unix_ms = unix_ms;
	if (s->state == SS_CLOSING)
		return in.n;
	used = turn(s, in);
	/* Octets behind a granted UPGRADE are an attack (spec: Connection). */
	if (s->state == SS_UPGRADING && used < in.n) {
		s->abort = true;
		sess_set_state(s, SS_CLOSING);
	}
	if (used > 0)
		s->progress = now;
	return s->state == SS_CLOSING ? in.n : used;
}

void
session_lost(struct session *s)
{
	s->abort = true;
	sched_drop_all(s);
	if (s->state != SS_CLOSING)
		sess_set_state(s, SS_CLOSING);
}

struct str
session_output(const struct session *s)
{
	return buf_str(&s->out);
}

void
session_sent(struct session *s, size_t n, uint64_t now)
{
	s->now = now;
	buf_consume(&s->out, n);
	s->out_since = s->out.n > 0 ? now : 0;
	if (s->out.n == 0)
		buf_release(&s->out, 0);
	(void)turn(s, STR(""));	/* takes no input */
}

unsigned
session_wish(const struct session *s)
{
	if (s->abort)
		return WISH_ABORT;
	if (s->state == SS_CLOSING)
		return WISH_CLOSE;
	if (s->state == SS_UPGRADING)
		return WISH_UPGRADE;
	return intake_stalled(s) ? 0 : WISH_READ;
}

bool
session_wants_tls3(const struct session *s)
{
	return s->tls3;
}

void
session_secured(struct session *s, struct str server_name, uint64_t now)
{
	struct cmd *c;

	s->now = s->progress = now;
	if (s->state != SS_UPGRADING)
		return;
	sess_set_state(s, SS_OPEN);
	if (server_name.n > 0 && server_name.n <= 255)
		(void)keep(server_name, &s->server_name); /* else our own */
	if (s->greeted_tls)
		return;
	/* The TLS-first port greets with the line that HELLO answers. */
	s->greeted_tls = true;
	c = intake_internal(s, CMD_HELLO);
	if (c == NULL)
		sess_no_memory(s);
	else
		sched_add(s, c);
	(void)turn(s, STR(""));
}

void
session_job_done(struct session *s, struct session_job *job, uint64_t now,
		 uint64_t unix_ms)
{
	struct cmd *c = (struct cmd *)job;

	assert(job->magic == CMD_MAGIC);
	if (c->detached) {
		cmd_free(c);
		return;
	}
	s->now = s->progress = now;
	s->unix_ms = unix_ms;
	sched_resume(s, c);
	(void)turn(s, STR(""));
}

void
session_job_drop(struct session_job *job)
{
	struct cmd *c = (struct cmd *)job;

	assert(job->magic == CMD_MAGIC && c->detached);
	cmd_free(c);
}

/* --- time --- */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return a < b ? a : b;
}

/* What the peer owes us by when, with the reason in limits.def. */
static uint64_t
peer_deadline(const struct session *s)
{
	const struct limits *l = s->env->limits;
	uint64_t d = 0;

	switch (s->state) {
	case SS_PLAIN:
	case SS_UPGRADING:
		return s->since + l->handshake_time;
	case SS_OPEN:
		d = s->since + l->login_time;
		break;
	case SS_LOCAL:
	case SS_REMOTE:
		if (!sched_busy(s))
			d = s->progress + l->idle_time;
		break;
	default:
		break;
	}
	if (s->line.n > 0 || (s->block != NULL && s->block->phase == CP_BLOCK))
		d = earlier(d, s->progress + l->stall_time);
	if (s->out_since != 0)
		d = earlier(d, s->out_since + l->stall_time);
	return d;
}

static uint64_t
delay_deadline(const struct session *s)
{
	const struct cmd *c = s->barrier;

	return c != NULL && c->phase == CP_DELAY ? c->until : 0;
}

uint64_t
session_deadline(const struct session *s)
{
	if (s->state == SS_CLOSING)
		return s->now + 1;
	return earlier(peer_deadline(s), delay_deadline(s));
}

void
session_tick(struct session *s, uint64_t now, uint64_t unix_ms)
{
	uint64_t d;

	s->now = now;
	s->unix_ms = unix_ms;
	if (s->state == SS_CLOSING)
		return;
	d = delay_deadline(s);
	if (d != 0 && d <= now)
		sched_resume(s, s->barrier);
	d = peer_deadline(s);
	if (s->state != SS_CLOSING && d != 0 && d <= now) {
		if (s->out_since != 0 &&
		    s->out_since + s->env->limits->stall_time <= now)
			s->abort = true;
		sess_say(s, ST_TOO_SLOW, status_text(ST_TOO_SLOW));
		sess_set_state(s, SS_CLOSING);
	}
	(void)turn(s, STR(""));
}

void
session_stop(struct session *s, uint64_t now)
{
	s->now = now;
	s->stopping = s->no_more = true;
	(void)turn(s, STR(""));
}

/* --- who --- */

struct ident *
ident_new(const struct store_account *acc, struct str device, unsigned scopes,
	  uint64_t password_at)
{
	const struct str from[4] = { acc->name, acc->key, acc->display, device };
	struct str *to[4];
	struct ident *i;
	size_t n = 0;

	for (int k = 0; k < 4; k++)
		n += from[k].n;
	i = mem_zalloc(sizeof(*i) + n + 1);
	if (i == NULL)
		return NULL;
	i->refs = 1;
	i->account_id = acc->account_id;
	i->mailbox_id = acc->mailbox_id;
	i->scopes = scopes;
	i->password_at = password_at;
	to[0] = &i->name;
	to[1] = &i->key;
	to[2] = &i->display;
	to[3] = &i->device;
	n = 0;
	for (int k = 0; k < 4; k++) {
		if (from[k].n > 0)
			memcpy(i->text + n, from[k].p, from[k].n);
		*to[k] = str_n(i->text + n, from[k].n);
		n += from[k].n;
	}
	return i;
}

struct ident *
ident_ref(struct ident *i)
{
	if (i != NULL)
		i->refs++;
	return i;
}

void
ident_unref(struct ident *i)
{
	if (i != NULL && --i->refs == 0)
		mem_free(i);
}

void
sess_login(struct session *s, struct ident *who)
{
	ident_unref(s->who);
	s->who = who;
	if (s->state == SS_OPEN)
		sess_set_state(s, SS_LOCAL);
}

int
sess_rename(struct session *s, const struct store_account *acc)
{
	struct ident *i = ident_new(acc, s->who->device, s->who->scopes,
				    s->who->password_at);

	if (i == NULL)
		return ERR_NOMEM;
	ident_unref(s->who);
	s->who = i;
	return 0;
}

uint64_t
session_account(const struct session *s)
{
	return s->who != NULL ? s->who->account_id : 0;
}

struct str
session_device(const struct session *s)
{
	return s->who != NULL ? s->who->device : STR("");
}

static bool
ident_is(const struct ident *i, enum session_kick what, uint64_t account_id,
	 struct str device_key)
{
	return i != NULL && i->account_id == account_id &&
	       (what == KICK_ACCOUNT || str_eq(i->device, device_key));
}

bool
session_concerns(const struct session *s, enum session_kick what,
		 uint64_t account_id, struct str device_key)
{
	return ident_is(s->who, what, account_id, device_key) ||
	       ident_is(s->candidate, what, account_id, device_key);
}

bool
session_idle(const struct session *s)
{
	return !sched_busy(s) && s->out.n == 0 && s->line.n == 0;
}
