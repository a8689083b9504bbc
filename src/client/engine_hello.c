/*
 * How a connection begins: greeting, UPGRADE, TLS, HELLO.
 *
 *	ENGINE_GREETING --101--> ENGINE_UPGRADE --204--> ENGINE_HANDSHAKE
 *	ENGINE_HANDSHAKE --engine_secured()--> ENGINE_HELLO --101--> ENGINE_READY
 *
 * Of what is said in clear only the list of methods is kept, and only to be
 * compared with what HELLO says inside TLS: whoever stands between may have
 * shortened it (spec: Connection).
 */
#include "client/engine_priv.h"

#include <stdio.h>

#include "proto/status.h"

/* Lines of a greeting; ours has four. */
#define GREETING_LINES 64

static unsigned
method_of(struct str word)
{
	if (str_eq(word, STR("TLS2")))
		return METHOD_TLS2;
	if (str_eq(word, STR("TLS3")))
		return METHOD_TLS3;
	return 0;
}

static unsigned
methods_of(struct str text, char separator)
{
	unsigned methods = 0;
	struct str word;

	while (str_next(&text, separator, &word))
		methods |= method_of(word);
	return methods;
}

static int
send_upgrade(struct engine *e)
{
	if (e->offered & METHOD_TLS3)
		e->minimum = IMMP_TLS3;
	else if (!(e->offered & METHOD_TLS2) || e->minimum == IMMP_TLS3)
		return engine_fail(e, IMMP_E_TLS,
				   "the server offers no encryption we take");
	if (buf_addf(&e->out, "UPGRADE TLS%d\n", (int)e->minimum) < 0)
		return engine_fail(e, IMMP_E_MEMORY, "out of memory");
	e->phase = ENGINE_UPGRADE;
	return 0;
}

int
engine_greeting(struct engine *e, const struct reply_line *l)
{
	bool named = l->pipeline.n > 0;

	if (!named && status_failed(l->code))
		return engine_fail_reply(e, engine_error_of(l->code), l);
	if (!named && l->code == ST_SERVER && !l->dash)
		return send_upgrade(e);
	if (named || l->code != ST_GREETING ||
	    ++e->greeting_lines > GREETING_LINES)
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "this is no IMMP server");
	e->offered |= methods_of(l->text, ' ');
	return 0;
}

int
engine_upgrade(struct engine *e, const struct reply_line *l)
{
	bool named = l->pipeline.n > 0;

	if (!named && status_failed(l->code))
		return engine_fail_reply(e,
					 status_temporary(l->code)
						 ? IMMP_E_LATER : IMMP_E_TLS,
					 l);
	if (named || l->code != ST_UPGRADING || l->dash)
		return engine_fail(e, IMMP_E_PROTOCOL,
				   "the server did not answer UPGRADE");
	e->phase = ENGINE_HANDSHAKE;
	return 0;
}

enum immp_tls
engine_tls(const struct engine *e)
{
	return e->minimum;
}

/* Copy a field of the 101 line; what is too long counts as not said. */
static void
keep_field(struct engine *e, struct str text, const char *name, char *dst,
	   size_t cap)
{
	if (str_copy(reply_get(&e->arena, text, name), dst, cap) < 0)
		dst[0] = '\0';
}

/* The greeting of a TLS-first port repeats what HELLO will say. */
static int
first_greeting(void *ctx, const struct immp_reply *r)
{
	struct engine *e = ctx;
	struct reply_line l = { .code = r->code,
				.text = str_n(r->text, r->length) };

	if (r->code >= 0 && status_failed(r->code))
		engine_fail_reply(e, engine_error_of(r->code), &l);
	return 0;
}

/* spec: Connection */
static int
check_downgrade(struct engine *e)
{
	unsigned told = methods_of(str_c(e->info.methods), ',');

	if (e->upgraded && (told & ~e->offered))
		return engine_fail(e, IMMP_E_DOWNGRADE,
				   "somebody hid what the server offers");
	return 0;
}

static int
hear_hello(void *ctx, const struct immp_reply *r)
{
	struct engine *e = ctx;
	struct str text = str_n(r->text, r->length);
	struct reply_line l = { .code = r->code, .text = text };
	uint64_t max;

	if (r->code < 0 || !r->last)
		return 0;
	/* A server of the draft alone has no HELLO. */
	if (r->code == ST_UNKNOWN) {
		e->phase = ENGINE_READY;
		return 0;
	}
	if (status_failed(r->code)) {
		engine_fail_reply(e, engine_error_of(r->code), &l);
		return 0;
	}
	keep_field(e, text, "d", e->info.domain, sizeof(e->info.domain));
	keep_field(e, text, "v", e->info.version, sizeof(e->info.version));
	keep_field(e, text, "f", e->info.features, sizeof(e->info.features));
	keep_field(e, text, "methods", e->info.methods,
		   sizeof(e->info.methods));
	if (str_u64(reply_get(&e->arena, text, "max"), UINT64_MAX, &max) == 0)
		e->info.max = max;
	arena_clear(&e->arena);
	if (r->code != ST_SERVER || strncmp(e->info.version, "1.", 2) != 0) {
		engine_fail(e, IMMP_E_PROTOCOL, "the server is not IMMP/1.0");
		return 0;
	}
	if (check_downgrade(e) == 0)
		e->phase = ENGINE_READY;
	return 0;
}

int
engine_secured(struct engine *e)
{
	const char *why = "out of memory";
	int rc = 0;

	if (e->phase != ENGINE_HANDSHAKE)
		return e->error ? e->error : IMMP_E_USAGE;
	e->phase = ENGINE_HELLO;
	buf_clear(&e->line);
	if (!e->upgraded)
		rc = engine_expect(e, STR(""), first_greeting, e);
	if (rc == 0)
		rc = engine_command(e, STR("HELLO"), hear_hello, e, &why);
	return rc < 0 ? engine_fail(e, rc, why) : 0;
}

bool
engine_has(const struct engine *e, struct str feature)
{
	struct str rest = str_c(e->info.features), word;

	while (str_next(&rest, ',', &word))
		if (str_eq(word, feature))
			return true;
	return false;
}
