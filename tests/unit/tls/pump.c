#include "pump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *domains[2] = { "a.test", "b.test" };

void
pump_files_make(struct pump_files *f)
{
	snprintf(f->folder, sizeof(f->folder), "/tmp/immp-tls-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	for (int i = 0; i < 2; i++) {
		snprintf(f->certificate[i], sizeof(f->certificate[i]),
			 "%s/cert-%d", f->folder, i);
		snprintf(f->key[i], sizeof(f->key[i]), "%s/key-%d", f->folder,
			 i);
		assert_int_equal(tls_make_pair(domains[i], f->certificate[i],
					       f->key[i]),
				 0);
	}
}

void
pump_files_remove(struct pump_files *f)
{
	for (int i = 0; i < 2; i++) {
		unlink(f->certificate[i]);
		unlink(f->key[i]);
	}
	assert_int_equal(rmdir(f->folder), 0);
}

struct tls_ctx *
pump_server_ctx(const struct pump_files *f, enum tls_version minimum)
{
	const struct tls_pair pairs[] = {
		{ NULL, f->certificate[0], f->key[0] },
		{ "b.TEST", f->certificate[1], f->key[1] },
	};
	struct tls_ctx *c = NULL;
	char why[256] = "";

	if (tls_ctx_server(pairs, 2, minimum, &c, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	return c;
}

struct tls_ctx *
pump_client_ctx(enum tls_version minimum)
{
	struct tls_ctx *c = NULL;

	assert_int_equal(tls_ctx_client(minimum, &c), 0);
	return c;
}

void
pump_end_init(struct pump_end *e, struct tls *t, size_t ceiling)
{
	assert_non_null(t);
	e->tls = t;
	e->err = 0;
	buf_init(&e->plain, ceiling);
	buf_init(&e->out, 1 << 22);
}

void
pump_end_done(struct pump_end *e)
{
	tls_free(e->tls);
	buf_done(&e->plain);
	buf_done(&e->out);
}

void
pump_feed(struct pump_end *e, struct str octets, size_t piece)
{
	while (octets.n > 0 && e->err == 0) {
		struct str in = str_sub(octets, 0, piece);
		size_t used = 0;

		e->err = tls_feed(e->tls, in, &used, &e->plain, &e->out);
		assert_true(used <= in.n);
		if (e->err == 0 && e->plain.n < e->plain.max)
			assert_int_equal(used, in.n);
		if (e->err == 0 && used == 0)
			return; /* full */
		octets = str_from(octets, used);
	}
}

void
pump_once(struct pump_end *from, struct pump_end *to, size_t piece)
{
	struct buf sent = from->out;

	buf_init(&from->out, sent.max);
	pump_feed(to, buf_str(&sent), piece);
	buf_done(&sent);
}

void
pump_all(struct pump_end *a, struct pump_end *b, size_t piece)
{
	size_t used;

	/* A client speaks first, without any input. */
	if (!tls_ready(a->tls) && a->out.n == 0 && a->err == 0)
		a->err = tls_feed(a->tls, STR(""), &used, &a->plain, &a->out);
	while (a->out.n > 0 || b->out.n > 0) {
		pump_once(a, b, piece);
		pump_once(b, a, piece);
	}
}
