/*
 * fuzz_client: a whole client engine against a server that says anything.
 *
 * The first octet chooses: bit 0 TLS first, bit 1 a login by device, bit 2 a
 * login by the draft's key, bits 3-4 the size of the pieces.  The rest is what
 * the server says; where the engine asks for TLS it gets it, and once it is
 * ready it has commands under way, some of which stop or submit more.
 *
 * Checked: every command is told its end exactly once, whatever comes; text is
 * terminated; an engine that failed stays so; no piece passes its total.
 */
#include <stdlib.h>
#include <string.h>

#include "client/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(bool good)
{
	if (!good)
		abort();
}

struct told {
	struct engine *e;
	size_t sent, ended;
	bool more;	/* submit another at each line */
};

static int
hear(void *ctx, const struct immp_reply *r)
{
	struct told *t = ctx;

	check(strlen(r->text) == r->length && r->pipeline);
	check(strlen(r->pipeline) <= 32);
	if (r->octets) {
		check(!r->last && r->offset <= r->total);
		check(r->noctets <= r->total - r->offset);
		return 0;
	}
	t->ended += r->last != 0;
	if (t->more && r->code > 0 && t->sent < 64 &&
	    engine_command(t->e, STR("AS more NOOP"), hear, t, NULL) == 0)
		t->sent++;
	return 0;
}

static int
stop(void *ctx, const struct immp_reply *r)
{
	return 1;
}

static void
submit(struct told *t, const char *line, size_t commands)
{
	if (engine_command(t->e, str_c(line), hear, t, NULL) == 0)
		t->sent += commands;
}

static void
begin(struct told *t, struct login *l, uint8_t how)
{
	if (how & 2) {
		if (login_start(l) < 0)
			l->done = true;
		return;
	}
	l->done = true;
	submit(t, "MBOX INDEX /inbox +JSON", 1);
	submit(t, "AS f MBOX FETCH /inbox; AS g MBOX LIST; NOOP", 3);
	submit(t, "CANCEL f", 1);
	if (engine_command(t->e, STR("AS s HELP"), stop, NULL, NULL) < 0)
		return;
	if (engine_data(t->e, STR("DATA x LENGTH 3"), 3, hear, t) == 0)
		t->sent++;
	(void)!engine_block(t->e, STR("abc")); /* fails only where all has */
}

static void
feed(struct told *t, struct login *l, uint8_t how, struct str in)
{
	static const size_t sizes[4] = { 1, 7, 100, 100000 };
	size_t size = sizes[how >> 3 & 3];
	bool begun = false;

	while (in.n) {
		struct str piece = str_sub(in, 0, size);
		int rc;

		in = str_from(in, piece.n);
		if (engine_phase(t->e) == ENGINE_HANDSHAKE)
			check(engine_secured(t->e) == 0);
		rc = engine_feed(t->e, piece);
		check((rc < 0) == (engine_phase(t->e) == ENGINE_FAILED));
		check(rc == engine_error(t->e));
		if (!begun && engine_phase(t->e) == ENGINE_READY) {
			begun = true;
			begin(t, l, how);
		}
		buf_clear(engine_out(t->e));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct told t = { .more = true };
	struct key_text key;
	struct login l;
	uint8_t how;

	if (n == 0)
		return 0;
	how = data[0];
	t.e = engine_new(how & 1, IMMP_TLS2);
	if (!t.e)
		return 0;
	login_init(&l);
	l.e = t.e;
	l.account = STR("alice@a.test");
	l.device = STR("pc");
	memset(key.hex, 'a', 64);
	key.hex[64] = '\0';
	/* A password would make every challenge cost a derivation. */
	l.key = &key;
	l.may_1_0 = how & 4;
	memset(l.nonce, '0', LOGIN_NONCE);
	memcpy(l.binding, "none", 5);

	feed(&t, &l, how, str_n(data + 1, n - 1));
	engine_fail(t.e, IMMP_E_CLOSED, "the end");
	check(engine_phase(t.e) == ENGINE_FAILED && engine_pending(t.e) == 0);
	check(t.sent == t.ended);
	check(engine_why(t.e)[0] != '\0');
	login_done(&l);
	engine_free(t.e);
	return 0;
}
