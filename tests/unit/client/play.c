#include "client/play.h"

#include <inttypes.h>

void
play_init(struct play *p, bool bytes)
{
	*p = (struct play){ .bytes = bytes };
	buf_init(&p->heard, 1u << 20);
	p->e = engine_new(false, IMMP_TLS2);
	assert_non_null(p->e);
}

void
play_done(struct play *p)
{
	engine_free(p->e);
	buf_done(&p->heard);
}

int
play_feed(struct play *p, struct str octets)
{
	int rc = 0;

	if (!p->bytes)
		return engine_feed(p->e, octets);
	for (size_t i = 0; i < octets.n && rc == 0; i++)
		rc = engine_feed(p->e, str_sub(octets, i, 1));
	return rc;
}

int
play_say(struct play *p, const char *text)
{
	return play_feed(p, str_c(text));
}

void
play_wrote(struct play *p, const char *want)
{
	struct buf *out = engine_out(p->e);

	assert_str(buf_str(out), want);
	buf_clear(out);
}

void
play_ready(struct play *p, bool bytes)
{
	play_init(p, bytes);
	assert_rc(play_say(p, "100- IMMP/1.0 Server at a.test.\n"
			      "100  TLS2 TLS3\n"
			      "101 p=IMMP v=1.0 d=a.test\n"), 0);
	play_wrote(p, "UPGRADE TLS3\n");
	assert_rc(play_say(p, "204 Upgrading to TLS3.\n"), 0);
	assert_rc(engine_secured(p->e), 0);
	play_wrote(p, "HELLO\n");
	assert_rc(play_say(p, "101 p=IMMP v=1.0 d=a.test f=proof,search "
			      "max=1000 methods=TLS2,TLS3\n"), 0);
	assert_int_equal(engine_phase(p->e), ENGINE_READY);
}

void
play_send(struct play *p, const char *line)
{
	const char *why = "";

	CHECK_RC(line, engine_command(p->e, str_c(line), play_hear, p, &why),
		 0);
}

static int
note_piece(struct play *p, const struct immp_reply *r)
{
	bool goes_on = p->open && r->offset == p->next;

	p->open = true;
	p->next = r->offset + r->noctets;
	if (!goes_on && buf_addf(&p->heard, "@%" PRIu64 "/%" PRIu64 " ", r->offset,
		     r->total) < 0)
		return ERR_LIMIT;
	return buf_add(&p->heard, r->octets, r->noctets);
}

int
play_hear(void *ctx, const struct immp_reply *r)
{
	struct play *p = ctx;
	int rc = 0;

	assert_int_equal(strlen(r->text), r->length);
	if (r->octets) {
		rc = note_piece(p, r);
	} else {
		if (p->open)
			rc = buf_add_c(&p->heard, '\n');
		p->open = false;
		if (rc == 0)
			rc = buf_addf(&p->heard, "%s%s%d%s %s\n", r->pipeline,
				      *r->pipeline ? ": " : "", r->code,
				      r->last ? "*" : "", r->text);
	}
	assert_rc(rc, 0);
	return ++p->calls == p->stop_at;
}

void
play_heard(struct play *p, const char *want)
{
	assert_str(buf_str(&p->heard), want);
	buf_clear(&p->heard);
}
