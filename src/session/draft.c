#include "session/draft.h"

#include "base/mem.h"

#define DRAFT_ARENA_MAX (8u << 20)

struct draft *
draft_new(const struct session_env *env, struct ident *who, uint64_t unix_ms)
{
	struct draft *d = mem_zalloc(sizeof(*d));

	if (d == NULL)
		return NULL;
	d->refs = 1;
	d->env = env;
	d->who = ident_ref(who);
	d->unix_ms = unix_ms;
	arena_init(&d->arena, DRAFT_ARENA_MAX, 4096);
	/* What arrives while a file is written, and the trailer. */
	buf_init(&d->body, env->limits->inline_part +
			   env->limits->header_octets + DRAFT_ARENA_MAX);
	return d;
}

struct draft *
draft_ref(struct draft *d)
{
	d->refs++;
	return d;
}

/* A mailbox that two addresses name is one. */
static bool
named_before(const struct draft *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (d->rcpts[k].box.mailbox_id == d->rcpts[i].box.mailbox_id)
			return true;
	return false;
}

static void
release_reserved(struct draft *d)
{
	for (size_t i = 0; i < d->nrcpts && d->reserved > 0; i++)
		if (!named_before(d, i))
			reserve_sub(d->env->reserve,
				    d->rcpts[i].box.mailbox_id, d->reserved);
	d->reserved = 0;
}

void
draft_unref(struct draft *d)
{
	if (d == NULL || --d->refs > 0)
		return;
	release_reserved(d);
	buf_done(&d->body);
	(void)draft_count(d);	/* gives back only */
	store_big_free(d->big);
	sha256_free(d->sha);
	ident_unref(d->who);
	arena_done(&d->arena);
	mem_free(d);
}

void
draft_spoil(struct draft *d, enum status st, const char *why)
{
	if (d->spoiled != ST_NONE)
		return;
	d->spoiled = st;
	d->why = why;
	/* Nothing of it will be kept. */
	buf_done(&d->body);
	(void)draft_count(d);	/* gives back only */
}

int
draft_reserve(struct draft *d, uint64_t octets)
{
	size_t i;
	int err = 0;

	for (i = 0; i < d->nrcpts; i++) {
		const struct store_rcpt *b = &d->rcpts[i].box;

		if (named_before(d, i))
			continue;
		err = reserve_add(d->env->reserve, b->mailbox_id, b->used,
				  b->quota, octets);
		if (err < 0)
			break;
	}
	if (err == 0) {
		d->reserved += octets;
		return 0;
	}
	while (i-- > 0)
		if (!named_before(d, i))
			reserve_sub(d->env->reserve,
				    d->rcpts[i].box.mailbox_id, octets);
	return err;
}

bool
draft_count(struct draft *d)
{
	uint64_t total;

	if (d->body.n >= d->counted)
		total = __atomic_add_fetch(d->env->inline_octets,
					   d->body.n - d->counted,
					   __ATOMIC_RELAXED);
	else
		total = __atomic_sub_fetch(d->env->inline_octets,
					   d->counted - d->body.n,
					   __ATOMIC_RELAXED);
	d->counted = d->body.n;
	return total <= d->env->limits->inline_total;
}

/* Room for one more element; the old array stays in the arena. */
static void *
grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	size_t to = *cap == 0 ? 4 : *cap * 2;
	void *p;

	if (n < *cap)
		return v;
	p = arena_calloc(a, to, size);
	if (p == NULL)
		return NULL;
	if (n > 0)
		memcpy(p, v, n * size);
	*cap = to;
	return p;
}

struct message_part *
draft_part(struct draft *d)
{
	void *v = grow(&d->arena, d->parts, d->m.nparts, &d->cap_parts,
		       sizeof(*d->parts));

	if (v == NULL)
		return NULL;
	d->parts = v;
	d->m.parts = d->parts;
	memset(&d->parts[d->m.nparts], 0, sizeof(*d->parts));
	return &d->parts[d->m.nparts++];
}

int
draft_header(struct draft *d, struct str name, struct str value)
{
	struct message_header *h;

	if (d->m.nheaders >= d->env->limits->headers)
		return ERR_LIMIT;
	d->header_octets += name.n + value.n;
	if (d->header_octets > d->env->limits->header_octets)
		return ERR_LIMIT;
	h = grow(&d->arena, d->headers, d->m.nheaders, &d->cap_headers,
		 sizeof(*d->headers));
	if (h == NULL)
		return ERR_NOMEM;
	d->headers = h;
	d->m.headers = h;
	h += d->m.nheaders;
	h->name = arena_str(&d->arena, name);
	h->value = arena_str(&d->arena, value);
	if (h->name.p == NULL || h->value.p == NULL)
		return ERR_NOMEM;
	d->m.nheaders++;
	return 0;
}

int
draft_shown(struct draft *d, bool cc, struct str addr)
{
	size_t *n = cc ? &d->m.ncc : &d->m.nto;
	struct str *v;

	if (d->m.nto + d->m.ncc >= d->env->limits->headers)
		return ERR_LIMIT;
	v = grow(&d->arena, cc ? d->cc : d->to, *n,
		 cc ? &d->cap_cc : &d->cap_to, sizeof(*v));
	if (v == NULL)
		return ERR_NOMEM;
	v[(*n)++] = addr;
	if (cc)
		d->m.cc = d->cc = v;
	else
		d->m.to = d->to = v;
	return 0;
}

int
draft_name(struct draft *d, struct str addr, struct str name)
{
	struct message_header *h = grow(&d->arena, d->names, d->m.nnames,
					&d->cap_names, sizeof(*h));

	if (h == NULL)
		return ERR_NOMEM;
	d->names = h;
	d->m.names = h;
	h[d->m.nnames++] = (struct message_header){ addr, name };
	return 0;
}

static int
uuid_of(const struct command *args, const char *name, bool *ret_given,
	struct uuid *ret)
{
	struct str v = command_value(args, name, ret_given);

	return *ret_given ? uuid_parse(v, ret) : 0;
}

int
draft_envelope(struct draft *d, const struct command *args, uint64_t unix_ms)
{
	struct message *m = &d->m;
	uint8_t rnd[10];

	if (uuid_of(args, "ID", &d->id_given, &m->id) < 0 ||
	    uuid_of(args, "REPLY", &m->has_reply, &m->reply) < 0)
		return ERR_VALUE;
	if (!d->id_given) {
		secret_random(rnd, sizeof(rnd));
		m->id = uuid_v7(unix_ms, rnd);
	}
	m->date = unix_ms;
	m->important = command_switch(args, "IMPORTANT");
	m->multipart = command_switch(args, "MULTIPART") > 0;
	m->subject = arena_str(&d->arena, command_value(args, "SUBJECT", NULL));
	return m->subject.p == NULL ? ERR_NOMEM : 0;
}

int
draft_own(struct draft *d)
{
	d->m.from = d->who->name;
	return d->who->display.n == 0 ? 0 :
	       draft_name(d, d->who->name, d->who->display);
}
