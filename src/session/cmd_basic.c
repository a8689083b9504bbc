/* UPGRADE, HELLO, HELP, NOOP, QUIT, CANCEL. */
#include "session/session_priv.h"

/* --- UPGRADE --- */

static enum step
upgrade_check(struct session *s, struct cmd *c)
{
	struct str m = command_value(&c->args, "method", NULL);
	struct reply r;

	/* spec: Connection */
	if (str_eqi(m, STR("TLS3"))) {
		s->tls3 = true;
	} else if (!s->env->tls2 || !str_eqi(m, STR("TLS2"))) {
		cmd_begin(s, c, &r, ST_NOT_OFFERED, false);
		reply_fmt(&r, "Not offered. We speak: %.*s",
			  STR_ARG(s->env->methods));
		cmd_end(s, &r);
		return STEP_DONE;
	}
	cmd_begin(s, c, &r, ST_UPGRADING, false);
	reply_fmt(&r, "Upgrading to %s.", s->tls3 ? "TLS3" : "TLS2");
	cmd_end(s, &r);
	sess_set_state(s, SS_UPGRADING);
	return STEP_DONE;
}

const struct cmd_ops cmd_ops_UPGRADE = { .check = upgrade_check };

/* --- HELLO --- */

struct hello {
	struct str name;
	bool hosted;
};

static void
hello_work(struct cmd *c, struct store_reader *r)
{
	struct hello *h = c->data;
	uint64_t id;

	h->hosted = store_domain_find(r, h->name, &id) == 0;
}

static enum step
hello_finish(struct session *s, struct cmd *c)
{
	struct hello *h = c->data;
	struct reply r;

	cmd_begin(s, c, &r, ST_SERVER, false);
	reply_field(&r, "p", STR("IMMP"));
	reply_field(&r, "v", STR("1.0"));
	reply_field(&r, "d", h != NULL && h->hosted ? h->name : s->env->domain);
	reply_field(&r, "f", STR("proof,device"));
	reply_field_u64(&r, "max", s->env->limits->message);
	reply_field(&r, "methods", s->env->tls2 ? STR("TLS2,TLS3") : STR("TLS3"));
	cmd_end(s, &r);
	return STEP_DONE;
}

/* The server's name is the SNI's domain where it hosts that, else its own. */
static enum step
hello_check(struct session *s, struct cmd *c)
{
	struct hello *h;

	if (s->server_name.n == 0 || str_eqi(s->server_name, s->env->domain))
		return hello_finish(s, c);
	h = cmd_data(s, c, sizeof(*h));
	if (h == NULL)
		return STEP_DONE;
	if (imid_domain(&c->arena, s->server_name, &h->name) < 0)
		return hello_finish(s, c);
	return STEP_READ;
}

const struct cmd_ops cmd_ops_HELLO = {
	.check = hello_check, .work = hello_work, .finish = hello_finish,
};

/* --- HELP --- */

static bool
help_wanted(const struct command_def *d, const struct command_param *topic)
{
	if (d->flags & CF_LATER)
		return false;
	if (topic == NULL || topic->n == 0)
		return true;
	if (!str_eqi(topic->v[0].text, str_c(d->verb)))
		return d->sub[0] != '\0' && topic->n == 1 &&
		       str_eqi(topic->v[0].text, str_c(d->sub));
	return topic->n == 1 || str_eqi(topic->v[1].text, str_c(d->sub));
}

static void
help_line(struct session *s, struct cmd *c, const struct command_def *d)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct reply r;

	buf_init(&b, 1024);
	if (command_syntax(d, &b) < 0) {
		sess_no_memory(s);
		return;
	}
	cmd_begin(s, c, &r, ST_GREETING, true);
	reply_fmt(&r, "%.*s - %s", STR_ARG(buf_str(&b)), d->help);
	cmd_end(s, &r);
}

static enum step
help_check(struct session *s, struct cmd *c)
{
	const struct command_param *topic = command_param(&c->args, "topic");
	size_t n = 0;

	for (int id = CMD_NONE + 1; id < CMD_COUNT; id++) {
		const struct command_def *d = command_by_id(id);

		if (!help_wanted(d, topic))
			continue;
		help_line(s, c, d);
		n++;
	}
	if (n == 0)
		return cmd_answer_text(s, c, ST_NOT_FOUND,
				       "No help on that.");
	return cmd_answer(s, c, ST_DONE);
}

const struct cmd_ops cmd_ops_HELP = { .check = help_check };

/* --- NOOP, QUIT, CANCEL --- */

static enum step
noop_check(struct session *s, struct cmd *c)
{
	return cmd_answer(s, c, ST_DONE);
}

const struct cmd_ops cmd_ops_NOOP = { .check = noop_check };

static enum step
quit_check(struct session *s, struct cmd *c)
{
	(void)cmd_answer(s, c, ST_CLOSING);
	sess_set_state(s, SS_CLOSING);
	return STEP_DONE;
}

const struct cmd_ops cmd_ops_QUIT = { .check = quit_check };

/* Only where writes were under way, behind them; else it never gets here. */
const struct cmd_ops cmd_ops_CANCEL = { .check = noop_check };
