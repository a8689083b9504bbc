/* mark, delete, restore: one command of the protocol for each message named. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/target.h"

struct change {
	const struct app *a;
	const char *verb;	/* "MBOX MARK" */
	struct buf switches;	/* " +READ", NUL-terminated */
	uint64_t n;		/* messages changed */
};

static int
hear(void *ctx, const struct immp_reply *r)
{
	struct change *ch = ctx;
	char n[24];
	uint64_t count;

	if (r->last && r->code > 0 &&
	    immp_field(r->text, "n", n, sizeof(n)) > 0 &&
	    str_u64(str_c(n), UINT64_MAX, &count) == 0)
		ch->n += count;
	return 0;
}

static int
no_target(const char *word)
{
	return app_error(APP_USAGE, "%s is neither a UUID nor PATH#UUID", word);
}

static int
change_one(struct change *ch, struct immp *c, const char *word)
{
	CLEANUP_BUF struct buf target = { 0 }, line = { 0 };
	char quoted[4200];
	int rc;

	buf_init(&target, 2000);
	buf_init(&line, 8192);
	if (target_text(&target, word) < 0 ||
	    immp_quote(buf_data(&target), quoted, sizeof(quoted)) < 0)
		return no_target(word);
	if (buf_addf(&line, "%s %s%s", ch->verb, quoted,
		     buf_data(&ch->switches)) < 0 || buf_add_c(&line, '\0') < 0)
		return app_error(APP_USAGE, "too many flags");
	rc = immp_command(c, buf_data(&line), hear, ch);
	if (rc == IMMP_E_NOT_FOUND)
		return app_error(APP_REFUSED, "there is no message %s", word);
	return rc < 0 ? app_fail(c, rc) : 0;
}

static bool
is_switch(const char *word)
{
	return word[0] == '+' || word[0] == '-';
}

static int
run(struct change *ch)
{
	const struct app *a = ch->a;
	struct immp *c;
	int rc = conn_login(a, &c), worst = 0;

	if (rc)
		return rc;
	for (size_t i = 0; i < a->nwords; i++) {
		if (is_switch(a->word[i]))
			continue;
		rc = change_one(ch, c, a->word[i]);
		if (rc)
			worst = rc;
		/* The others still have their turn, but on a lost line. */
		if (rc == APP_LATER)
			break;
	}
	if (worst == 0 && a->json)
		printf("{\"n\":%" PRIu64 "}\n", ch->n);
	immp_free(c);
	return worst;
}

static int
change(struct app *a, const char *verb)
{
	struct change ch = { .a = a, .verb = verb };
	CLEANUP_BUF struct buf target = { 0 };
	size_t targets = 0;
	int rc = 0;

	buf_init(&target, 2000);

	buf_init(&ch.switches, 4096);
	for (size_t i = 0; i < a->nwords && rc == 0; i++) {
		if (!is_switch(a->word[i])) {
			targets++;
			buf_clear(&target);
			if (target_text(&target, a->word[i]) < 0)
				rc = no_target(a->word[i]);
			continue;
		}
		if (strpbrk(a->word[i], " \t\n\r\";\\") || !a->word[i][1])
			rc = app_error(APP_USAGE, "%s is no flag", a->word[i]);
		else if (buf_addf(&ch.switches, " %s", a->word[i]) < 0)
			rc = app_error(APP_USAGE, "too many flags");
	}
	if (rc == 0 && targets == 0)
		rc = app_error(APP_USAGE, "which message?");
	if (rc == 0 && strcmp(verb, "MBOX MARK") == 0 && ch.switches.n == 0)
		rc = app_error(APP_USAGE, "which flags? as in: mark UUID +read");
	if (rc == 0 && buf_add_c(&ch.switches, '\0') == 0)
		rc = run(&ch);
	buf_done(&ch.switches);
	return rc;
}

int
cmd_mark(struct app *a)
{
	return change(a, "MBOX MARK");
}

int
cmd_delete(struct app *a)
{
	return change(a, "MBOX DELETE");
}

int
cmd_restore(struct app *a)
{
	return change(a, "MBOX RESTORE");
}
