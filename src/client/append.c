/*
 * Filing messages, many at once.
 *
 *	AS fN MBOX APPEND ...; (HEADER ...)*  (DATA ... <octets>)*  DONE
 *
 * Each message has a pipeline of its own, so that the server commits those
 * that end together in one go.  A slot is a pipeline and what it still owes;
 * when the last reply has come its owner is told and it is free again.
 *
 * The first error of a pipeline is the reason of those behind it: a refused
 * APPEND makes its DATA and DONE 402.
 */
#include "client/front_priv.h"

#include <stdio.h>

#include "base/mem.h"
#include "client/compose.h"

/* Fewer than the pipelines of a session: the caller may have his own. */
#define SLOTS 24
#define APPEND_LINE 16384

struct append_slot {
	struct immp *c;
	bool busy;
	bool ended;		/* its last command is sent */
	struct front_call call;	/* of all its commands together */
	immp_filed_fn filed;
	void *ctx;
	char pipeline[8];
	char id[IMMP_UUID_SIZE];
};

/* --- slots --- */

static void
settle(struct append_slot *s)
{
	const struct front_call *k = &s->call;

	if (!s->busy || !s->ended || k->owed)
		return;
	s->busy = false;
	if (s->filed)
		s->filed(s->ctx, s->id, k->error, k->error ? k->code : 0,
			 k->text);
}

static int
hear(void *ctx, const struct immp_reply *r)
{
	struct append_slot *s = ctx;

	(void)front_call_hear(&s->call, r);
	settle(s);
	return 0;
}

static struct append_slot *
free_slot(struct immp *c)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (!c->slots[i].busy)
			return &c->slots[i];
	return NULL;
}

static bool
has_free_slot(void *ctx)
{
	struct immp *c = ctx;

	return c->fd < 0 || free_slot(c) != NULL;
}

/* Wait for a slot; NULL with *reterr where the connection is lost. */
static struct append_slot *
take_slot(struct immp *c, int *reterr)
{
	struct append_slot *s;
	int rc;

	if (!c->slots) {
		c->slots = mem_calloc(SLOTS, sizeof(*c->slots));
		if (!c->slots) {
			*reterr = front_error_plain(c, IMMP_E_MEMORY);
			return NULL;
		}
		for (size_t i = 0; i < SLOTS; i++)
			snprintf(c->slots[i].pipeline,
				 sizeof(c->slots[i].pipeline), "f%zu", i);
	}
	rc = front_run(c, has_free_slot, c);
	if (rc == 0)
		rc = front_open(c);
	s = rc == 0 ? free_slot(c) : NULL;
	if (!s) {
		*reterr = rc < 0 ? rc : front_error_plain(c, IMMP_E_CLOSED);
		return NULL;
	}
	s->c = c;
	s->busy = true;
	s->ended = false;
	s->filed = NULL;
	front_call_init(&s->call, c, NULL, NULL);
	return s;
}

void
append_done(struct immp *c)
{
	mem_free(c->slots);
	c->slots = NULL;
}

/* --- sending --- */

static int
start_line(const struct append_slot *s, struct buf *b)
{
	buf_clear(b);
	return buf_addf(b, "AS %s ", s->pipeline) < 0 ? IMMP_E_MEMORY : 0;
}

static int
send_line(struct append_slot *s, struct buf *b, int rc)
{
	const char *why = NULL;

	if (rc == 0)
		rc = engine_command(s->c->e, buf_str(b), hear, s, &why);
	if (rc < 0)
		return front_error(s->c, rc, "%s",
				   why ? why : immp_strerror(rc));
	s->call.owed++;
	return 0;
}

static int
send_header(struct append_slot *s, struct buf *b, const char *name,
	    const char *value)
{
	const struct immp_header h = { name, value };
	int rc = start_line(s, b);

	return send_line(s, b, rc == 0 ? compose_header(b, &h) : rc);
}

static int
send_begin(struct append_slot *s, const struct immp_append *a, struct buf *b)
{
	const struct immp_mail *m = a->mail;
	size_t to = 0, cc = 0;
	int rc = start_line(s, b);

	if (rc == 0)
		rc = compose_append(b, a, s->id, &to, &cc);
	rc = send_line(s, b, rc);
	for (; rc == 0 && m->to && m->to[to]; to++)
		rc = send_header(s, b, "To", m->to[to]);
	for (; rc == 0 && m->cc && m->cc[cc]; cc++)
		rc = send_header(s, b, "Cc", m->cc[cc]);
	for (size_t i = 0; rc == 0 && i < m->nheaders; i++)
		rc = send_header(s, b, m->headers[i].name, m->headers[i].value);
	return rc;
}

static int
send_part(struct append_slot *s, const struct immp_part *p, struct buf *b,
	  char *chunk, int *error)
{
	int rc = start_line(s, b);

	if (rc == 0)
		rc = compose_data(b, p);
	if (rc == 0)
		rc = engine_data(s->c->e, buf_str(b), p->length, hear, s);
	if (rc < 0)
		return front_error(s->c, rc, "%s: part %s cannot be announced",
				   immp_strerror(rc), p->name ? p->name : "");
	s->call.owed++;
	return front_block(s->c, p, chunk, error, NULL, NULL);
}

static int
send_all(struct append_slot *s, const struct immp_append *a, struct buf *b,
	 char *chunk, int *error)
{
	const struct immp_mail *m = a->mail;
	int rc = send_begin(s, a, b);

	for (size_t i = 0; rc == 0 && *error == 0 && i < m->nparts; i++)
		rc = send_part(s, &m->parts[i], b, chunk, error);
	return rc;
}

/* The end of a pipeline: DONE, or RESET where the message is not to be. */
static int
send_end(struct append_slot *s, struct buf *b, const char *verb)
{
	int rc = start_line(s, b);

	if (rc == 0 && buf_add_cstr(b, verb) < 0)
		rc = IMMP_E_MEMORY;
	rc = send_line(s, b, rc);
	s->ended = true;
	if (rc < 0 && !s->call.error) {
		s->call.error = rc;
		snprintf(s->call.text, sizeof(s->call.text), "%.299s",
			 s->c->message);
	}
	settle(s);
	return rc == 0 ? front_drain(s->c) : rc;
}

static int
check(struct immp *c, const struct immp_append *a)
{
	uint64_t total;
	int rc = front_open(c);

	if (rc < 0)
		return rc;
	if (a->size != sizeof(*a) || !a->folder || !a->filed || !a->mail ||
	    a->mail->size != sizeof(*a->mail) || a->mail->nparts == 0 ||
	    !a->mail->parts)
		return front_error(c, IMMP_E_USAGE,
				   "a message has a folder and a part");
	return front_parts(c, a->mail, &total);
}

int
immp_append(struct immp *c, const struct immp_append *a)
{
	CLEANUP_BUF struct buf b = { 0 };
	CLEANUP_MEM char *chunk = NULL;
	struct append_slot *s;
	int rc = check(c, a), error = 0;

	if (rc < 0)
		return rc;
	chunk = mem_alloc(FRONT_CHUNK);
	if (!chunk)
		return front_error_plain(c, IMMP_E_MEMORY);
	s = take_slot(c, &rc);
	if (!s)
		return rc;
	if (front_uuid(a->mail->id, s->id) < 0) {
		s->busy = false;
		return front_error(c, IMMP_E_USAGE, "the id is no UUID");
	}
	buf_init(&b, APPEND_LINE);
	rc = send_all(s, a, &b, chunk, &error);
	if (rc == 0 && error == 0) {
		s->filed = a->filed;
		s->ctx = a->ctx;
		/* Whatever comes of it, its owner has been told or will be. */
		(void)send_end(s, &b, "DONE");
		return 0;
	}
	/* What has been sent of it is forgotten; nobody is told. */
	(void)send_end(s, &b, "RESET");
	return rc < 0 ? rc : front_error_plain(c, error);
}
