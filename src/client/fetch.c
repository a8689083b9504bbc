/*
 * Fetching: counted blocks to a sink, with everything a server says of them
 * checked, so that a sink sees whole messages in order or an error.
 */
#include "client/front_priv.h"

#include "client/compose.h"
#include "proto/status.h"

struct fetching {
	struct immp *c;
	const struct immp_fetch *f;
	bool open;		/* a message has begun and not ended */
	bool wrong;		/* the server's blocks do not fit together */
	char id[IMMP_UUID_SIZE];
	uint64_t next, total;
};

/* The message a block line names: its first word. */
static bool
same_message(const struct fetching *g, const struct immp_reply *r)
{
	size_t n = strcspn(r->text, " ");

	return n == strlen(g->id) && memcmp(r->text, g->id, n) == 0;
}

static bool
begin_message(struct fetching *g, const struct immp_reply *r)
{
	size_t n = strcspn(r->text, " ");

	if (n != IMMP_UUID_SIZE - 1 || r->offset != g->f->from)
		return false;
	memcpy(g->id, r->text, n);
	g->id[n] = '\0';
	g->next = r->offset;
	g->total = r->total;
	g->open = true;
	return true;
}

static int
hear_piece(void *ctx, const struct immp_reply *r)
{
	struct fetching *g = ctx;
	struct immp_piece p;

	if (!r->octets)
		return 0;
	if (!g->open && !begin_message(g, r))
		goto wrong;
	if (!same_message(g, r) || r->offset != g->next ||
	    r->total != g->total || r->noctets > g->total - g->next)
		goto wrong;
	p = (struct immp_piece){ .id = g->id, .octets = r->octets,
				 .noctets = r->noctets, .offset = r->offset,
				 .total = r->total };
	g->next += r->noctets;
	if (g->next == g->total)
		g->open = false;
	return g->f->sink(g->f->ctx, &p);
wrong:
	g->wrong = true;
	return 1;
}

int
immp_fetch(struct immp *c, const struct immp_fetch *f)
{
	struct fetching g = { .c = c, .f = f };
	struct front_call k;
	struct buf line;
	int rc = front_open(c);

	if (rc < 0)
		return rc;
	if (f->size != sizeof(*f) || !f->target || !f->sink)
		return front_error(c, IMMP_E_USAGE,
				   "nothing to fetch, or nowhere to put it");
	buf_init(&line, 16384);
	rc = compose_fetch(&line, f);
	front_call_init(&k, c, hear_piece, &g);
	if (rc == 0)
		rc = front_call_send(&k, buf_str(&line));
	else
		front_error_plain(c, rc);
	if (rc == 0)
		rc = front_call_wait(&k);
	buf_done(&line);
	if (g.wrong || (rc == 0 && g.open)) {
		rc = front_error(c, IMMP_E_PROTOCOL,
				 "the server sent pieces that do not fit");
		front_close(c);
	}
	return rc;
}
