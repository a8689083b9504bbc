/*
 * mem_tls: what an idle TLS connection costs the server.
 *
 *	mem_tls [connections] [2|3]
 *
 * The clients live in a process of their own, which is forked first; one
 * socket between the two carries all connections, each flight behind its
 * length.  Printed is the growth of the server's proportional set size
 * (/proc/self/smaps_rollup) per connection: as the allocator leaves it, and
 * after malloc_trim().
 */
#include "base/mem.h"
#include "tls/tls.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/immp-mem-XXXXXX";
static char certificate[64], key[64];

static void
die(const char *what)
{
	fprintf(stderr, "mem_tls: %s: %s\n", what, tls_error());
	exit(1);
}

static void
send_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put <= 0)
			die("write");
		at += put;
		n -= (size_t)put;
	}
}

static void
recv_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got <= 0)
			die("read");
		at += got;
		n -= (size_t)got;
	}
}

static void
send_flight(int fd, struct buf *b)
{
	uint32_t n = (uint32_t)b->n;

	send_all(fd, &n, sizeof(n));
	if (n > 0)
		send_all(fd, buf_data(b), n);
	buf_clear(b);
}

/* Receive one flight and feed it. */
static void
recv_flight(int fd, struct tls *t, struct buf *plain, struct buf *out)
{
	static char text[65536];
	uint32_t n;
	size_t used;

	recv_all(fd, &n, sizeof(n));
	if (n > sizeof(text))
		die("flight");
	recv_all(fd, text, n);
	if (tls_feed(t, str_n(text, n), &used, plain, out) < 0)
		die("feed");
}

/* Handshake and one line each way. */
static void
client(int fd, size_t count, enum tls_version v)
{
	struct tls_ctx *c;
	struct buf plain, out;

	buf_init(&plain, 65536);
	buf_init(&out, 1 << 20);
	if (tls_ctx_client(TLS_1_2, &c) < 0)
		die("client");
	for (size_t i = 0; i < count; i++) {
		struct tls *t = tls_new_client(c, v, "b.test");
		size_t used;

		if (!t || tls_feed(t, STR(""), &used, &plain, &out) < 0)
			die("client");
		send_flight(fd, &out);
		while (!tls_ready(t)) {
			recv_flight(fd, t, &plain, &out);
			if (tls_ready(t) &&
			    tls_write(t, STR("HELLO\n"), &out) < 0)
				die("client write");
			send_flight(fd, &out);
		}
		recv_flight(fd, t, &plain, &out);
		if (plain.n == 0)
			die("no answer");
		buf_clear(&plain);
		tls_free(t);
	}
	exit(0);
}

static struct tls *
serve(int fd, struct tls_ctx *c, struct buf *plain, struct buf *out)
{
	struct tls *t = tls_new_server(c, TLS_1_2);

	if (!t)
		die("server");
	for (;;) {
		recv_flight(fd, t, plain, out);
		if (plain->n > 0)
			break;
		send_flight(fd, out);
	}
	buf_clear(plain);
	if (tls_write(t, STR("200 Hello.\n"), out) < 0)
		die("server write");
	send_flight(fd, out);
	return t;
}

static size_t
pss(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	size_t kib = 0;

	if (!f)
		die("smaps_rollup");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %zu", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}

static struct tls_ctx *
server_ctx(void)
{
	struct tls_pair pair = { NULL, certificate, key };
	struct tls_ctx *c;
	char why[256];

	if (!mkdtemp(folder))
		die("folder");
	snprintf(certificate, sizeof(certificate), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	if (tls_make_pair("b.test", certificate, key) < 0)
		die("pair");
	if (tls_ctx_server(&pair, 1, TLS_1_2, &c, why, sizeof(why)) < 0)
		die(why);
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	return c;
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	enum tls_version v = argc > 2 && *argv[2] == '2' ? TLS_1_2 : TLS_1_3;
	const size_t warm = 50;
	size_t before, after, trimmed;
	struct buf plain, out;
	struct tls_ctx *c;
	struct tls **all;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0)
		die("socketpair");
	if (fork() == 0)
		client(fd[1], count + warm, v);
	buf_init(&plain, 65536);
	buf_init(&out, 1 << 20);
	c = server_ctx();
	all = mem_calloc(count, sizeof(*all));
	if (!all)
		die("memory");
	/* What the first connections set up once for all is not theirs. */
	for (size_t i = 0; i < warm; i++)
		tls_free(serve(fd[0], c, &plain, &out));
	malloc_trim(0);

	before = pss();
	for (size_t i = 0; i < count; i++)
		all[i] = serve(fd[0], c, &plain, &out);
	after = pss();
	malloc_trim(0);
	trimmed = pss();
	printf("%s, %zu idle connections: %zu octets each, "
	       "%zu after malloc_trim\n",
	       tls_version_text(all[0]), count, (after - before) / count,
	       (trimmed - before) / count);

	for (size_t i = 0; i < count; i++)
		tls_free(all[i]);
	tls_ctx_unref(c);
	mem_free(all);
	wait(NULL);
	return 0;
}
