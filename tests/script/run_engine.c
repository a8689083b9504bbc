/* run_engine: play transcripts against session engines in this process.
 * Each file is played whole, and again with every octet sent by itself. */
#include <stdio.h>

#include "base/mem.h"
#include "lib/engine/engine.h"
#include "script/transcript.h"

struct world {
	struct engine *e;
	size_t chunk;
	char domain[100];
};

static int
do_account(void *ctx, const char *imid, const char *password)
{
	return engine_account(((struct world *)ctx)->e, imid, password);
}

static int
do_limit(void *ctx, const char *name, uint64_t value)
{
	char *l = (char *)engine_limits(((struct world *)ctx)->e);
	const struct limit_row *rows;
	size_t n;

	rows = limits_rows(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0) {
			memcpy(l + rows[i].offset, &value, sizeof(value));
			return 0;
		}
	return ERR_NOTFOUND;
}

static int
do_host(void *ctx, const char *name)
{
	struct store_domain_edit d = { .job.op = STORE_DOMAIN_ADD };
	int err;

	d.domain = str_c(name);
	err = engine_write(((struct world *)ctx)->e, &d.job);
	return err == ERR_EXISTS ? 0 : err;
}

static int
do_domain(void *ctx, const char *name)
{
	struct world *w = ctx;

	if (str_copy(str_c(name), w->domain, sizeof(w->domain)) < 0)
		return ERR_LIMIT;
	engine_env(w->e)->domain = str_c(w->domain);
	return do_host(ctx, name);
}

static int
do_connect(void *ctx, void **ret)
{
	return peer_new(((struct world *)ctx)->e, false, (struct peer **)ret);
}

static int
do_tls(void *ctx, void *conn)
{
	(void)ctx;
	(void)conn;
	return 0;
}

static int
do_send(void *ctx, void *conn, struct str octets)
{
	peer_send(conn, octets, ((struct world *)ctx)->chunk);
	return 0;
}

static int
do_login(void *ctx, void *conn, const char *imid, const char *password)
{
	int err = do_send(ctx, conn, STR("UPGRADE TLS3\n"));

	return err < 0 ? err : peer_login(conn, imid, password);
}

static struct buf *
do_input(void *ctx, void *conn)
{
	(void)ctx;
	return peer_output(conn);
}

static int
do_more(void *ctx, void *conn, bool *ret_closed)
{
	(void)ctx;
	*ret_closed = peer_closed(conn);
	/* All that can happen has happened. */
	return ERR_TIMEOUT;
}

static void
do_lost(void *ctx, void *conn)
{
	(void)ctx;
	session_lost(peer_session(conn));
}

static int
do_pass(void *ctx, uint64_t ms)
{
	engine_pass(((struct world *)ctx)->e, ms);
	return 0;
}

static const struct transcript_ops ops = {
	"engine", do_account, do_limit, do_domain, do_host, do_connect, do_tls,
	do_login, do_send, do_input, do_more, do_lost, do_pass,
};

static int
play(const char *path, size_t chunk)
{
	struct world w = { .chunk = chunk };
	int64_t held = mem_held();
	int err;

	w.e = engine_new();
	if (w.e == NULL)
		return ERR_NOMEM;
	err = transcript_play(&ops, &w, path);
	engine_free(w.e);
	if (err == 0 && mem_held() != held) {
		(void)fprintf(stderr, "%s: %lld blocks are left\n", path,
			      (long long)(mem_held() - held));
		return ERR_NOMEM;
	}
	return err;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		if (play(argv[i], 0) < 0 || play(argv[i], 1) < 0)
			failed++;
	return failed > 0;
}
