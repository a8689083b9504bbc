/*
 * Sending a message.
 *
 *	DELIVER ... (HEADER ...)*  (DATA ... <octets>)*  DONE
 *
 * A small message goes out whole without waiting.  For a large one DELIVER's
 * answer is awaited, so that octets nobody takes are not sent.
 *
 * A DATA line owes its block, whatever happens.  If a source runs dry, has too
 * much, or somebody stops, the block is made up with zeros and RESET forgets
 * the message: the connection goes on.  If the connection is lost behind DONE,
 * nobody here knows whether the message was delivered; the same id makes
 * asking again safe.
 */
#include "client/front_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "client/compose.h"
#include "proto/reply.h"
#include "proto/status.h"

/* Above this DELIVER is waited for. */
#define SEND_WHOLE 65536
#define SEND_LINE 16384

struct sending {
	struct immp *c;
	const struct immp_mail *m;
	struct buf line;
	char *chunk;
	struct front_call begin, parts, end;
	bool ended;		/* DONE is submitted */
	uint64_t total, done;
	int error;		/* IMMP_E_SOURCE, IMMP_E_STOPPED */
};

/* A dashed line names a recipient. */
static int
hear_recipient(void *ctx, const struct immp_reply *r)
{
	const struct sending *s = ctx;
	struct buf b;
	char imid[1024];

	if (r->last || r->code < 0 || !s->m->recipient)
		return 0;
	/* The first word, as if it were the value of a field. */
	buf_init(&b, LIMIT_REPLY + 16);
	if (buf_addf(&b, "i=%s", r->text) == 0 && buf_add_c(&b, '\0') == 0 &&
	    immp_field(buf_data(&b), "i", imid, sizeof(imid)) > 0)
		s->m->recipient(s->m->ctx, imid, r->code, r->text);
	buf_done(&b);
	return 0;
}

static int
begin(struct sending *s, const char *id)
{
	int rc = compose_deliver(&s->line, s->m, id);

	if (rc == 0)
		rc = front_call_send(&s->begin, buf_str(&s->line));
	for (size_t i = 0; i < s->m->nheaders && rc == 0; i++) {
		buf_clear(&s->line);
		rc = compose_header(&s->line, &s->m->headers[i]);
		if (rc == 0)
			rc = front_call_send(&s->begin, buf_str(&s->line));
	}
	return rc;
}

/* --- parts --- */

static int
report(void *ctx, uint64_t octets)
{
	struct sending *s = ctx;

	s->done += octets;
	if (s->m->progress &&
	    s->m->progress(s->m->ctx, s->done, s->total) != 0)
		return IMMP_E_STOPPED;
	return 0;
}

static int
send_part(struct sending *s, const struct immp_part *p)
{
	struct immp *c = s->c;
	int rc;

	buf_clear(&s->line);
	rc = compose_data(&s->line, p);
	if (rc == 0)
		rc = engine_data(c->e, buf_str(&s->line), p->length,
				 front_call_hear, &s->parts);
	if (rc < 0)
		return rc;
	s->parts.owed++;
	return front_block(c, p, s->chunk, &s->error, report, s);
}

/* --- the whole --- */

/* Forget a message that is open and not done; the answer does not matter. */
static void
reset(struct sending *s)
{
	struct front_call k;

	if (s->c->fd < 0 || s->ended)
		return;
	front_call_init(&k, s->c, NULL, NULL);
	if (front_call_send(&k, STR("RESET")) == 0)
		(void)front_call_wait(&k); /* all before it has answered then */
}

static int
run(struct sending *s, const char *id)
{
	int rc = begin(s, id);

	if (rc == 0 && s->total > SEND_WHOLE)
		rc = front_call_wait(&s->begin);
	for (size_t i = 0; i < s->m->nparts && rc == 0 && s->error == 0; i++)
		rc = send_part(s, &s->m->parts[i]);
	if (rc < 0 || s->error)
		return rc;
	rc = front_call_send(&s->end, STR("DONE"));
	s->ended = rc == 0;
	if (rc == 0)
		rc = front_call_wait(&s->end);
	return rc;
}

/* What to tell: the earliest refusal is the reason of those behind it. */
static int
outcome(struct sending *s, int rc)
{
	struct immp *c = s->c;
	const struct front_call *k = &s->end;

	if (s->parts.code && s->parts.error)
		k = &s->parts;
	if (s->begin.code && s->begin.error)
		k = &s->begin;
	if (k->code && k->error) {
		front_error(c, k->error, "%s", k->text);
		c->code = k->code;
		return k->error;
	}
	if (c->fd < 0 && s->ended && s->end.code == 0)
		return front_error_plain(c, IMMP_E_UNKNOWN);
	if (c->fd < 0)
		return rc < 0 ? rc : engine_error(c->e);
	if (s->error)
		return front_error_plain(c, s->error);
	if (rc < 0 && c->message[0] == '\0')
		front_error_plain(c, rc);
	return rc;
}

int
front_uuid(const char *given, char dst[static IMMP_UUID_SIZE])
{
	uint8_t rnd[10];
	struct uuid u;

	if (given && uuid_parse(str_c(given), &u) < 0)
		return IMMP_E_USAGE;
	if (!given) {
		secret_random(rnd, sizeof(rnd));
		u = uuid_v7(clock_unix_ms(), rnd);
	}
	uuid_format(&u, dst);
	return 0;
}

int
front_parts(struct immp *c, const struct immp_mail *m, uint64_t *ret_total)
{
	uint64_t total = 0;

	for (size_t i = 0; i < m->nparts; i++) {
		if (m->parts[i].length > UINT64_MAX - total)
			return front_error_plain(c, IMMP_E_TOO_LARGE);
		total += m->parts[i].length;
	}
	if (c->server.max && total > c->server.max)
		return front_error(c, IMMP_E_TOO_LARGE,
				   "the message has %llu octets, the server "
				   "takes %llu", (unsigned long long)total,
				   (unsigned long long)c->server.max);
	*ret_total = total;
	return 0;
}

static int
check(struct sending *s)
{
	struct immp *c = s->c;
	const struct immp_mail *m = s->m;

	if (m->size != sizeof(*m) || !m->to || !m->to[0] || m->nparts == 0 ||
	    !m->parts)
		return front_error(c, IMMP_E_USAGE,
				   "a message has a recipient and a part");
	return front_parts(c, m, &s->total);
}

int
immp_send(struct immp *c, const struct immp_mail *m, struct immp_sent *ret)
{
	struct sending s = { .c = c, .m = m };
	char id[IMMP_UUID_SIZE];
	int rc = immp_finish(c);

	if (rc == 0)
		rc = check(&s);
	if (rc == 0 && front_uuid(m->id, id) < 0)
		rc = front_error(c, IMMP_E_USAGE, "the id is no UUID");
	if (rc < 0)
		return rc;
	buf_init(&s.line, SEND_LINE);
	s.chunk = mem_alloc(FRONT_CHUNK);
	front_call_init(&s.begin, c, hear_recipient, &s);
	front_call_init(&s.parts, c, NULL, NULL);
	front_call_init(&s.end, c, hear_recipient, &s);
	if (s.chunk) {
		rc = run(&s, id);
		if (rc < 0 || s.error)
			reset(&s);
		rc = outcome(&s, rc);
	} else {
		rc = front_error_plain(c, IMMP_E_MEMORY);
	}
	/* Nothing that is still owed may find these functions. */
	engine_mute(c->e, &s.begin);
	engine_mute(c->e, &s.parts);
	engine_mute(c->e, &s.end);
	buf_done(&s.line);
	mem_free(s.chunk);
	if (ret) {
		memcpy(ret->id, id, sizeof(id));
		ret->queued = s.end.code == ST_QUEUED;
	}
	return rc;
}
