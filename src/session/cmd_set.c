/*
 * SET and SET GLOBAL (spec: Settings).
 *
 * A closed list.  Without a word all settings are shown, with a name one, with
 * name=value it is changed and shown.
 */
#include "base/utf8.h"
#include "session/session_priv.h"

static enum step
unknown(struct session *s, struct cmd *c)
{
	return cmd_answer_text(s, c, ST_PARAM, "No such setting or value.");
}

static void
show(struct session *s, struct cmd *c, const char *name, struct str value)
{
	struct reply r;

	cmd_begin(s, c, &r, ST_SETTING, true);
	reply_field(&r, name, value);
	cmd_end(s, &r);
}

static struct str
yes_no(bool v)
{
	return v ? STR("yes") : STR("no");
}

static int
parse_yes(struct str v, bool *ret)
{
	if (!str_eqi(v, STR("yes")) && !str_eqi(v, STR("no")))
		return ERR_VALUE;
	*ret = str_eqi(v, STR("yes"));
	return 0;
}

/* The word, split.  Returns whether there is one. */
static bool
setting_word(struct cmd *c, struct str *ret_name, struct str *ret_value,
	     bool *ret_change)
{
	const struct command_param *p = command_param(&c->args, "setting");

	if (p == NULL || p->n == 0)
		return false;
	*ret_change = p->v[0].eq > 0;
	if (*ret_change) {
		*ret_name = str_sub(p->v[0].text, 0, (size_t)p->v[0].eq);
		*ret_value = str_from(p->v[0].text, (size_t)p->v[0].eq + 1);
	} else {
		*ret_name = p->v[0].text;
	}
	return true;
}

/* --- SET --- */

static enum step
set_check(struct session *s, struct cmd *c)
{
	static const char *const names[] = { "json", "peek" };
	bool *const at[] = { &s->set_json, &s->set_peek };
	struct str name, value = STR("");
	bool change, given, known = false;

	given = setting_word(c, &name, &value, &change);
	for (size_t i = 0; i < 2; i++) {
		if (given && !str_eqi(name, str_c(names[i])))
			continue;
		if (given && change && parse_yes(value, at[i]) < 0)
			return unknown(s, c);
		known = true;
		show(s, c, names[i], yes_no(*at[i]));
	}
	if (!known)
		return unknown(s, c);
	return cmd_answer(s, c, ST_SETTING);
}

const struct cmd_ops cmd_ops_SET = { .check = set_check };

/* --- SET GLOBAL --- */

struct global {
	struct str name, value;
	bool given, change;
	struct store_account acc;
	struct store_account_edit w;
};

#define DISPLAY_MAX 200

static enum step
global_check(struct session *s, struct cmd *c)
{
	struct global *g = cmd_data(s, c, sizeof(*g));

	if (g == NULL)
		return STEP_DONE;
	/* The account is its owner's, not a scoped device's. */
	if (c->who->scopes != SCOPE_ALL)
		return cmd_answer(s, c, ST_DENIED);
	g->given = setting_word(c, &g->name, &g->value, &g->change);
	if (!g->given || !g->change)
		return STEP_READ;
	g->w.job.op = STORE_ACCOUNT_SET;
	g->w.account_id = c->who->account_id;
	g->w.at = s->unix_ms;
	if (str_eqi(g->name, STR("name")) && g->value.n <= DISPLAY_MAX &&
	    !utf8_has_unsafe(g->value)) {
		g->w.fields = STORE_SET_DISPLAY;
		g->w.display = text_nfc(&c->arena, g->value);
	} else if (str_eqi(g->name, STR("proof-only")) &&
		   parse_yes(g->value, &g->w.proof_only) == 0) {
		g->w.fields = STORE_SET_PROOF_ONLY;
	} else {
		return unknown(s, c);
	}
	c->job.write = &g->w.job;
	return STEP_WRITE;
}

static void
global_work(struct cmd *c, struct store_reader *r)
{
	struct global *g = c->data;

	c->err = store_account_find(r, &c->arena, c->who->key, &g->acc);
}

static enum step
global_finish(struct session *s, struct cmd *c)
{
	struct global *g = c->data;
	bool any = false;

	if (c->job.write != NULL) {
		if (g->w.job.err < 0)
			return cmd_answer_err(s, c, g->w.job.err);
		return STEP_READ;
	}
	if (c->err < 0)
		return cmd_answer_err(s, c, c->err);
	if (!g->given || str_eqi(g->name, STR("name"))) {
		show(s, c, "name", g->acc.display);
		any = true;
	}
	if (!g->given || str_eqi(g->name, STR("proof-only"))) {
		show(s, c, "proof-only", yes_no(g->acc.proof_only));
		any = true;
	}
	if (!any)
		return unknown(s, c);
	if (sess_rename(s, &g->acc) < 0)
		sess_no_memory(s);
	return cmd_answer(s, c, ST_SETTING);
}

const struct cmd_ops cmd_ops_SET_GLOBAL = {
	.check = global_check, .work = global_work, .finish = global_finish,
};
