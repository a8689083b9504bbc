#include "lib/engine/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/list.h"
#include "base/mem.h"
#include "crypt/crypt.h"
#include "proto/reply.h"
#include "store/mem/mem_store.h"

/* What the port keeps of a job, in its room. */
struct queued {
	struct session_job *job;
	struct queued *next;
};

struct engine {
	struct limits limits;
	struct session_env env;
	struct store *store;
	struct store_reader *reader;
	struct server_key *key;
	uint64_t now, unix_ms, next_id, inline_octets;
	struct queued *first, **last;
	size_t njobs;
	bool hold, running;
	struct list peers;
	char postmaster[64];
};

struct peer {
	struct list link;
	struct engine *e;
	struct session *s;
	struct buf out, in;
	bool block, closed, secured;
};

#define PEER(n) LIST_ENTRY(n, struct peer, link)

/* --- ports --- */

static void
submit(void *ctx, struct session_job *job)
{
	struct peer *p = ctx;
	struct queued *q;

	assert(sizeof(*q) <= sizeof(job->room));
	q = (struct queued *)job->room;
	q->job = job;
	q->next = NULL;
	*p->e->last = q;
	p->e->last = &q->next;
	p->e->njobs++;
}

static void
kick(void *ctx, enum session_kick what, uint64_t account_id,
     struct str device_key, uint64_t but)
{
	struct peer *p = ctx;

	LIST_EACH(it, &p->e->peers) {
		struct session *s = PEER(it)->s;

		if (s == NULL || session_id(s) == but ||
		    !session_concerns(s, what, account_id, device_key))
			continue;
		session_stop(s, p->e->now);
	}
}

static int
exporter(void *ctx, const char *label, uint8_t ret[static 32])
{
	(void)ctx;
	(void)label;
	for (int i = 0; i < 32; i++)
		ret[i] = (uint8_t)(0x20 + i);
	return 0;
}

static void
event(void *ctx, const char *what, struct str account, const char *detail)
{
	(void)ctx;
	(void)what;
	(void)account;
	(void)detail;
}

static const struct session_ports ports = { submit, kick, exporter, event };

/* --- the engine --- */

struct engine *
engine_new(void)
{
	struct engine *e = mem_zalloc(sizeof(*e));

	if (e == NULL || crypt_init() < 0)
		goto fail;
	limits_init(&e->limits);
	list_init(&e->peers);
	e->last = &e->first;
	e->now = 1000000;
	e->unix_ms = 1700000000000;
	e->key = server_key_random();
	e->env.limits = &e->limits;
	e->env.key = e->key;
	e->env.domain = STR("a.test");
	e->env.methods = STR("TLS2 TLS3");
	e->env.tls2 = true;
	e->env.inline_octets = &e->inline_octets;
	if (e->key == NULL ||
	    secret_auth_init(&e->env.auth, e->key, true) < 0 ||
	    throttle_new(1000, 60000, &e->env.failures) < 0 ||
	    throttle_new(1000, 3600000, &e->env.unknown) < 0 ||
	    reserve_new(&e->env.reserve) < 0 ||
	    mem_store_open(&e->limits, &e->store) < 0 ||
	    store_reader_new(e->store, &e->reader) < 0)
		goto fail;
	e->env.store = e->store;
	return e;
fail:
	engine_free(e);
	return NULL;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	if (e->peers.next != NULL)
		LIST_EACH(it, &e->peers)
			peer_free(PEER(it));
	while (engine_step(e))
		;
	store_reader_free(e->reader);
	store_close(e->store);
	reserve_free(e->env.reserve);
	throttle_free(e->env.failures);
	throttle_free(e->env.unknown);
	server_key_free(e->key);
	mem_free(e);
}

struct limits *
engine_limits(struct engine *e)
{
	return &e->limits;
}

struct session_env *
engine_env(struct engine *e)
{
	return &e->env;
}

struct store *
engine_store(struct engine *e)
{
	return e->store;
}

struct store_reader *
engine_reader(struct engine *e)
{
	return e->reader;
}

int
engine_write(struct engine *e, struct store_job *job)
{
	int err = store_write(e->store, &job, 1);

	return err < 0 ? err : job->err;
}

static const struct kdf_params test_kdf = {
	.salt = "0123456789abcde", .t = KDF_T_MIN, .m = KDF_M_MIN,
};

static int
add_account(struct engine *e, const char *imid, const struct key_text *h)
{
	struct store_domain_edit d = { .job.op = STORE_DOMAIN_ADD };
	struct store_account_add a = { .job.op = STORE_ACCOUNT_ADD };
	int err;

	d.domain = str_from(str_c(strchr(imid, '@')), 1);
	err = engine_write(e, &d.job);
	if (err < 0 && err != ERR_EXISTS)
		return err;
	err = secret_auth_cred(e->key, h, &test_kdf, false, &a.cred);
	if (err < 0)
		return err;
	a.has_cred = true;
	a.name = a.key = str_c(imid);
	a.domain = d.domain;
	a.at = e->unix_ms;
	return engine_write(e, &a.job);
}

int
engine_account(struct engine *e, const char *imid, const char *password)
{
	CLEANUP_KEY struct key_text h;
	int err = kdf_argon2id(str_c(password), &test_kdf, &h);

	return err < 0 ? err : add_account(e, imid, &h);
}

int
engine_account_h(struct engine *e, const char *imid, const char *hex)
{
	CLEANUP_KEY struct key_text h;

	return str_copy(str_c(hex), h.hex, sizeof(h.hex)) < 0 ? ERR_VALUE :
	       add_account(e, imid, &h);
}

uint64_t
engine_now(const struct engine *e)
{
	return e->now;
}

void
engine_hold_jobs(struct engine *e, bool hold)
{
	e->hold = hold;
}

size_t
engine_jobs(const struct engine *e)
{
	return e->njobs;
}

/* --- what a connection does --- */

/* A failing allocation is meant for the session, not for us: try again. */
static void
add(struct buf *b, struct str s)
{
	if (buf_add_str(b, s) < 0 && buf_add_str(b, s) < 0)
		abort();
}

/* Pass output on, look at what the session wishes; true if it went on. */
static bool
settle(struct peer *p)
{
	struct engine *e = p->e;
	struct str out;
	unsigned wish;
	bool any = false;

	if (p->s == NULL)
		return false;
	out = session_output(p->s);
	wish = session_wish(p->s);
	if (out.n > 0 && !p->block && !(wish & WISH_ABORT)) {
		add(&p->out, out);
		session_sent(p->s, out.n, e->now);
		any = true;
	}
	wish = session_wish(p->s);
	if ((wish & WISH_UPGRADE) && !p->secured &&
	    session_output(p->s).n == 0) {
		p->secured = true;
		session_secured(p->s, STR(""), e->now);
		return true;
	}
	if ((wish & WISH_ABORT) ||
	    ((wish & WISH_CLOSE) && session_output(p->s).n == 0)) {
		session_free(p->s);
		p->s = NULL;
		p->closed = true;
		return false;
	}
	if ((wish & WISH_READ) && p->in.n > 0) {
		size_t n = session_input(p->s, buf_str(&p->in), e->now,
					 e->unix_ms);

		buf_consume(&p->in, n);
		any = any || n > 0;
	}
	return any;
}

static struct peer *
peer_by_id(struct engine *e, uint64_t id)
{
	LIST_EACH(it, &e->peers)
		if (PEER(it)->s != NULL && session_id(PEER(it)->s) == id)
			return PEER(it);
	return NULL;
}

bool
engine_step(struct engine *e)
{
	struct queued *q = e->first;
	struct session_job *job;
	struct peer *p;

	if (q == NULL)
		return false;
	e->first = q->next;
	if (e->first == NULL)
		e->last = &e->first;
	e->njobs--;
	job = q->job;
	if (job->write != NULL)
		(void)engine_write(e, job->write);
	else
		job->work(job, e->reader);
	p = peer_by_id(e, job->session_id);
	if (p == NULL)
		session_job_drop(job);
	else
		session_job_done(p->s, job, e->now, e->unix_ms);
	return true;
}

static void
run(struct engine *e)
{
	bool any = true;

	while (any) {
		any = false;
		LIST_EACH(it, &e->peers)
			while (settle(PEER(it)))
				any = true;
		if (!e->hold && engine_step(e))
			any = true;
	}
}

void
engine_pass(struct engine *e, uint64_t ms)
{
	uint64_t until = e->now + ms, d, at;

	do {
		at = until;
		LIST_EACH(it, &e->peers) {
			if (PEER(it)->s == NULL)
				continue;
			d = session_deadline(PEER(it)->s);
			if (d != 0 && d > e->now && d < at)
				at = d;
		}
		e->unix_ms += at - e->now;
		e->now = at;
		LIST_EACH(it, &e->peers)
			if (PEER(it)->s != NULL)
				session_tick(PEER(it)->s, e->now, e->unix_ms);
		run(e);
	} while (e->now < until);
}

int
peer_new(struct engine *e, bool tls, struct peer **ret)
{
	const struct session_peer from = { STR("192.0.2.1"),
					   STR("192.0.2.1:1") };
	struct peer *p = mem_zalloc(sizeof(*p));
	int err;

	if (p == NULL)
		return ERR_NOMEM;
	p->e = e;
	buf_init(&p->out, 1u << 30);
	buf_init(&p->in, 1u << 30);
	list_init(&p->link);
	err = session_new(&e->env, &ports, p, ++e->next_id, &from, tls, e->now,
			  e->unix_ms, &p->s);
	if (err < 0) {
		peer_free(p);
		return err;
	}
	list_add_tail(&e->peers, &p->link);
	*ret = p;
	run(e);
	return 0;
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	session_free(p->s);
	list_del(&p->link);
	buf_done(&p->out);
	buf_done(&p->in);
	mem_free(p);
}

void
peer_send(struct peer *p, struct str octets, size_t n)
{
	struct str part;

	do {
		part = n == 0 ? octets : str_sub(octets, 0, n);
		octets = str_from(octets, part.n);
		add(&p->in, part);
		run(p->e);
	} while (octets.n > 0);
}

struct buf *
peer_output(struct peer *p)
{
	return &p->out;
}

void
peer_block(struct peer *p, bool block)
{
	p->block = block;
	run(p->e);
}

bool
peer_closed(const struct peer *p)
{
	return p->closed;
}

struct session *
peer_session(struct peer *p)
{
	return p->s;
}

size_t
peer_unsent(const struct peer *p)
{
	return p->in.n;
}

static int
login(struct peer *p, const char *imid, const struct key_text *h)
{
	char binding[9 + 65] = "exporter:", line[256], hex[65] = "";
	struct proof_input in = { .account = str_c(imid),
		.nonce = STR("00112233445566778899aabbccddeeff") };
	uint8_t ekm[32], response[32], v[32];
	ptrdiff_t at, end;

	buf_clear(&p->out);
	(void)snprintf(line, sizeof(line), "AUTH SECRET %s +PROOF\n", imid);
	peer_send(p, str_c(line), 0);
	at = str_find(buf_str(&p->out), STR("n1="));
	if (at < 0)
		return ERR_AUTH;
	in.challenge = str_from(buf_str(&p->out), (size_t)at);
	end = str_chr(in.challenge, '\n', 0);
	in.challenge = str_sub(in.challenge, 0, (size_t)end);
	(void)exporter(NULL, "", ekm);
	hex_encode(ekm, 32, binding + 9);
	in.binding = str_n(binding, 9 + 64);
	if (proof_answer(h, &in, response, v) < 0)
		return ERR_AUTH;
	hex_encode(response, 32, hex);
	(void)snprintf(line, sizeof(line), "AUTH RESPONSE %s %.*s\n", hex,
		       STR_ARG(in.nonce));
	buf_clear(&p->out);
	peer_send(p, str_c(line), 0);
	if (!str_starts(buf_str(&p->out), STR("210")))
		return ERR_AUTH;
	buf_clear(&p->out);
	return 0;
}

int
peer_login(struct peer *p, const char *imid, const char *password)
{
	CLEANUP_KEY struct key_text h;
	int err = kdf_argon2id(str_c(password), &test_kdf, &h);

	return err < 0 ? err : login(p, imid, &h);
}

int
peer_login_h(struct peer *p, const char *imid, const char *hex)
{
	CLEANUP_KEY struct key_text h;

	return str_copy(str_c(hex), h.hex, sizeof(h.hex)) < 0 ? ERR_VALUE :
	       login(p, imid, &h);
}
