/*
 * mem_net: what an idle TLS stream costs the server, its socket included.
 *
 *	mem_net [connections [at-once]]
 *
 * As mem_tls, but with real sockets and the event loop: each connection shakes
 * hands, says one line, is answered, and rests; so many of them at once, each
 * step of all before the next step of any (default 1).  Printed is the growth
 * of the server's proportional set size per connection, which leaves out what
 * the kernel holds.
 */
#include "base/mem.h"
#include "net/net.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM 50

static struct {
	struct net_loop *loop;
	struct tls_ctx *ctx;
	size_t count, answered;
	size_t before;
} env;

static void
die(const char *what)
{
	fprintf(stderr, "mem_net: %s: %s\n", what, tls_error());
	exit(1);
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

/* --- the clients, in a process of their own --- */

static void
send_all(int fd, struct buf *b)
{
	while (b->n > 0) {
		ssize_t n = send(fd, buf_data(b), b->n, 0);

		if (n <= 0)
			die("send");
		buf_consume(b, (size_t)n);
	}
}

struct visitor {
	int fd;
	struct tls *tls;
	struct buf plain, out;
	bool asked;
};

static void
visit(struct visitor *v, struct tls_ctx *c, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	size_t used;

	buf_init(&v->plain, 65536);
	buf_init(&v->out, 65536);
	v->asked = false;
	v->tls = tls_new_client(c, TLS_1_3, "b.test");
	v->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (v->fd < 0 || connect(v->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("connect");
	if (!v->tls || tls_feed(v->tls, STR(""), &used, &v->plain, &v->out) < 0)
		die("client");
}

/* Send, receive, once.  False when the answer is there. */
static bool
step(struct visitor *v)
{
	char text[16384];
	size_t used;
	ssize_t n;

	send_all(v->fd, &v->out);
	n = recv(v->fd, text, sizeof(text), 0);
	if (n <= 0 || tls_feed(v->tls, str_n(text, (size_t)n), &used, &v->plain,
			       &v->out) < 0)
		die("client");
	if (tls_ready(v->tls) && !v->asked)
		v->asked = tls_write(v->tls, STR("HELLO\n"), &v->out) == 0;
	return v->plain.n == 0;
}

static void
leave(struct visitor *v)
{
	/* The socket stays open as long as this process lives. */
	tls_free(v->tls);
	buf_done(&v->plain);
	buf_done(&v->out);
}

static void
come(struct tls_ctx *c, size_t n, uint16_t port)
{
	struct visitor *v = mem_calloc(n, sizeof(*v));
	size_t left = n;

	if (!v)
		die("memory");
	for (size_t i = 0; i < n; i++)
		visit(&v[i], c, port);
	while (left > 0)
		for (size_t i = 0; i < n; i++)
			if (v[i].plain.n == 0 && !step(&v[i]))
				left--;
	for (size_t i = 0; i < n; i++)
		leave(&v[i]);
	mem_free(v);
}

static void
clients(size_t count, size_t at_once, uint16_t port)
{
	struct tls_ctx *c;

	if (tls_ctx_client(TLS_1_3, &c) < 0)
		die("client");
	/* What the first ones set up once for all is not theirs. */
	for (size_t i = 0; i < WARM; i++)
		come(c, 1, port);
	for (size_t done = 0; done < count; done += at_once)
		come(c, count - done < at_once ? count - done : at_once, port);
	pause();
}

/* --- the server --- */

static size_t
on_data(void *ctx, struct str in)
{
	struct net_stream **s = ctx;

	if (net_stream_write(*s, STR("200 Hello.\n")) < 0)
		die("write");
	if (++env.answered == WARM) {
		malloc_trim(0);
		env.before = pss();
	}
	if (env.answered == env.count + WARM)
		net_loop_stop(env.loop);
	return in.n;
}

static void
on_closed(void *ctx, int err)
{
}

static const struct net_stream_ops ops = {
	.data = on_data,
	.closed = on_closed,
};

static void
on_accept(void *ctx, int fd, const struct net_addr *peer)
{
	/* The least that an owner is. */
	struct net_stream **s = mem_zalloc(sizeof(*s));

	if (!s || net_stream_new(env.loop, fd, &ops, s, s) < 0 ||
	    net_stream_start_tls(*s, env.ctx, TLS_1_2) < 0)
		die("stream");
}

static void
set_up(struct net_addr *ret_bound)
{
	char folder[] = "/tmp/immp-mem-XXXXXX", certificate[64], key[64];
	const struct net_addr any = { "127.0.0.1", 0 };
	struct tls_pair pair = { NULL, certificate, key };
	struct net_listener *li;
	char why[256];
	int errnum;

	if (!mkdtemp(folder))
		die("folder");
	snprintf(certificate, sizeof(certificate), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	if (tls_make_pair("b.test", certificate, key) < 0 ||
	    tls_ctx_server(&pair, 1, TLS_1_2, &env.ctx, why, sizeof(why)) < 0)
		die("pair");
	unlink(certificate);
	unlink(key);
	rmdir(folder);
	if (net_loop_new(&env.loop) < 0 ||
	    net_listen(env.loop, &any, on_accept, NULL, &li, ret_bound,
		       &errnum) < 0)
		die("listen");
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	struct net_addr bound;
	size_t after, trimmed;
	size_t at_once = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	pid_t pid;

	env.count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	set_up(&bound);
	pid = fork();
	if (pid == 0)
		clients(env.count, at_once, bound.port);

	net_loop_run(env.loop);
	after = pss();
	malloc_trim(0);
	trimmed = pss();
	printf("%zu idle streams with TLS 1.3: %zu octets each, "
	       "%zu after malloc_trim\n",
	       env.count, (after - env.before) / env.count,
	       (trimmed - env.before) / env.count);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return 0;
}
