#include "admin/admin.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin/admin_priv.h"
#include "base/clock.h"
#include "base/utf8.h"

/* --- failing --- */

/* What a terminal should not be sent becomes a question mark. */
static void
clean(char *text)
{
	struct str s = str_c(text);
	size_t at = 0;

	while (at < s.n) {
		uint32_t cp;
		int n = utf8_decode(str_from(s, at), &cp);
		bool bad = n <= 0 || utf8_is_control(cp) || utf8_is_bidi(cp);

		if (n <= 0)
			n = 1;
		if (bad)
			memset(text + at, '?', (size_t)n);
		at += (size_t)n;
	}
}

int
admin_fail(struct admin_fail *f, int code, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
	if (n < 0)
		f->why[0] = '\0';
	else if ((size_t)n >= sizeof(f->why))
		f->why[utf8_clip(str_c(f->why), sizeof(f->why) - 1)] = '\0';
	clean(f->why);
	return code;
}

int
admin_exit_of(int err)
{
	switch (err) {
	case ERR_USAGE:
		return ADMIN_USAGE;
	case ERR_NOTFOUND:
	case ERR_EXISTS:
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_LIMIT:
	case ERR_QUOTA:
	case ERR_VALUE:
	case ERR_UTF8:
	case ERR_TOOLONG:
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_UNSUPPORTED:
	case ERR_INTERNAL:
		return ADMIN_REFUSED;
	default:
		return err < 0 ? ADMIN_LATER : ADMIN_DONE;
	}
}

int
admin_no_err(struct admin_run *r, int err)
{
	return admin_no(r, admin_exit_of(err), "%s", err_text(err));
}

/* --- answering --- */

struct json *
admin_begin(struct admin_run *r)
{
	buf_clear(&r->doc);
	json_init(&r->json, &r->doc);
	json_object_begin(&r->json);
	return &r->json;
}

static int
put(struct admin_run *r, enum admin_kind kind, struct str text)
{
	int err = r->out->put(r->out->ctx, kind, text);

	return err < 0 ? admin_no_err(r, err) : ADMIN_DONE;
}

int
admin_end(struct admin_run *r, enum admin_kind kind)
{
	int err;

	json_object_end(&r->json);
	err = json_err(&r->json);
	if (err < 0)
		return admin_no_err(r, err);
	return put(r, kind, buf_str(&r->doc));
}

int
admin_done(struct admin_run *r, const char *how, const char *what,
	   struct str name)
{
	struct json *j = admin_begin(r);

	json_key(j, "done");
	json_cstr(j, how);
	json_kv_str(j, what, name);
	return admin_end(r, ADMIN_OBJECT);
}

int
admin_note(struct admin_run *r, const char *fmt, ...)
{
	char text[480];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return admin_no_err(r, ERR_INTERNAL);
	text[utf8_clip(str_c(text), sizeof(text) - 1)] = '\0';
	clean(text);
	return put(r, ADMIN_NOTE, str_c(text));
}

int
admin_progress(struct admin_run *r, const char *text)
{
	return put(r, ADMIN_PROGRESS, str_c(text));
}

void
admin_kv_time(struct json *j, const char *key, uint64_t unix_ms)
{
	char text[CLOCK_TEXT + 1];

	clock_format(unix_ms, text);
	json_kv_str(j, key, str_n(text, CLOCK_TEXT));
}

/* --- parameters --- */

int
admin_domain_arg(struct admin_run *r, size_t n, struct str *ret)
{
	struct str s = r->call->param[n];
	int err = imid_domain(&r->arena, s, ret);

	if (err == ERR_NOMEM)
		return admin_no_err(r, err);
	if (err < 0)
		return admin_no(r, ADMIN_USAGE, "'%.*s' is no domain",
				STR_ARG(s));
	return ADMIN_DONE;
}

int
admin_imid_arg(struct admin_run *r, size_t n, struct imid *ret)
{
	struct str s = r->call->param[n];
	int err = imid_parse_address(&r->arena, s, ret);

	if (err == ERR_NOMEM)
		return admin_no_err(r, err);
	if (err < 0 || ret->folder.n > 0)
		return admin_no(r, ADMIN_USAGE,
				"'%.*s' is no address of an account "
				"(NAME@DOMAIN)", STR_ARG(s));
	return ADMIN_DONE;
}

int
admin_account_arg(struct admin_run *r, size_t n, struct store_account *ret)
{
	struct imid i;
	struct str key;
	int err, rc = admin_imid_arg(r, n, &i);

	if (rc != ADMIN_DONE)
		return rc;
	key = imid_key(&r->arena, &i);
	if (!key.p)
		return admin_no_err(r, ERR_NOMEM);
	err = store_account_find(r->env->reader, &r->arena, key, ret);
	if (err == ERR_NOTFOUND)
		return admin_no(r, ADMIN_REFUSED, "no account %.*s",
				STR_ARG(key));
	return err < 0 ? admin_no_err(r, err) : ADMIN_DONE;
}

/* --- running --- */

static admin_cmd_fn
handler(enum admin_id id)
{
	switch (id) {
#define IMMP_ADMIN(id, words, params, options, flags, help) \
	case ADMIN_CMD_##id: \
		return admin_cmd_##id;
#define IMMP_ADMIN_LOCAL(id, words, params, options, flags, help)
#include "admin/admin_commands.def"
#undef IMMP_ADMIN
#undef IMMP_ADMIN_LOCAL
	default:
		return NULL;
	}
}

/* Is what it needs beside its words there? */
static int
check_call(struct admin_run *r)
{
	const struct admin_row *row = r->call->row;

	if (row->flags & ADMIN_LOCAL)
		return admin_no(r, ADMIN_REFUSED, "%s: not while the server "
				"runs", row->words);
	if (row->flags & ADMIN_CONFIRM && !admin_option(r->call, "--yes", NULL))
		return admin_no(r, ADMIN_USAGE, "%s wants --yes", row->words);
	if (row->flags & ADMIN_PASSWORD &&
	    (!r->secret || !r->secret->has_kdf || !r->secret->has_key))
		return admin_no(r, ADMIN_USAGE, "%s wants a password",
				row->words);
	if (row->flags & ADMIN_DEVICE_KEY &&
	    (!r->secret || !r->secret->has_key))
		return admin_no(r, ADMIN_USAGE, "%s wants a key", row->words);
	return ADMIN_DONE;
}

int
admin_run(const struct admin_env *env, const struct admin_call *call,
	  const struct admin_secret *secret, const struct admin_out *out,
	  struct admin_fail *reterr)
{
	struct admin_run r = {
		.env = env,
		.call = call,
		.secret = secret,
		.out = out,
		.fail = reterr,
	};
	int rc = check_call(&r);

	if (rc != ADMIN_DONE)
		return rc;
	arena_init(&r.arena, ADMIN_MEMORY, 0);
	buf_init(&r.doc, ADMIN_DOC);
	/* What has been done is told: the room for it is there before. */
	rc = buf_reserve(&r.doc, ADMIN_SMALL);
	if (rc < 0)
		rc = admin_no_err(&r, rc);
	else
		rc = handler(call->row->id)(&r);
	buf_done(&r.doc);
	arena_done(&r.arena);
	return rc;
}

int
admin_own_domain(const struct admin_env *env)
{
	struct store_domain_edit job = {
		.job.op = STORE_DOMAIN_ADD,
		.domain = env->domain,
		.at = env->now,
	};
	uint64_t id;
	int err = store_domain_find(env->reader, env->domain, &id);

	if (err != ERR_NOTFOUND)
		return err;
	err = env->write(env->ctx, &job.job);
	return err == ERR_EXISTS ? 0 : err;
}
