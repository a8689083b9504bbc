/*
 * run_daemon IMMPD IMMPCTL FILE...: play transcripts against the real daemon,
 * over TLS, each with a server of its own in a folder of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "lib/wire/wire.h"
#include "script/transcript.h"

#define MAX 64

struct world {
	const char *immpd, *immpctl;
	char dir[64], conf[96], addr[80];
	char domain[100], limits[2000];
	char accounts[MAX][2][300], hosts[MAX][300];
	size_t naccounts, nhosts;
	pid_t pid;
	int err_fd;
	struct wire *wires[MAX];
	size_t nwires;
};

/* --- programs --- */

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Run immpctl with a line of input. */
static int
ctl(struct world *w, const char *const *args, const char *input)
{
	const char *argv[12] = { w->immpctl, "-c", w->conf };
	int in[2], n = 3;
	pid_t pid;

	while (*args != NULL)
		argv[n++] = *args++;
	if (pipe(in) < 0)
		return ERR_IO;
	pid = fork();
	if (pid == 0) {
		(void)dup2(in[0], 0);
		(void)close(in[0]);
		(void)close(in[1]);
		(void)dup2(open("/dev/null", O_WRONLY), 1);
		(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	(void)close(in[0]);
	(void)!write(in[1], input, strlen(input));
	(void)close(in[1]);
	return wait_for(pid) == 0 ? 0 : ERR_USAGE;
}

static int
write_conf(struct world *w)
{
	FILE *f = fopen(w->conf, "w");

	if (f == NULL)
		return ERR_IO;
	(void)fprintf(f, "[server]\ndomain = %s\ndata = data\n"
			 "listen = 127.0.0.1:0\n[limits]\n%s",
		      w->domain, w->limits);
	return fclose(f) == 0 ? 0 : ERR_IO;
}

static int
spawn(struct world *w)
{
	int out[2];

	if (pipe(out) < 0)
		return ERR_IO;
	w->pid = fork();
	if (w->pid == 0) {
		const char *argv[] = { w->immpd, "-c", w->conf,
			getuid() == 0 ? "--allow-root" : NULL, NULL };

		(void)dup2(out[1], 2);
		(void)close(out[0]);
		(void)close(out[1]);
		(void)execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	(void)close(out[1]);
	w->err_fd = out[0];
	return 0;
}

/* Read what it says until it is ready. */
static int
wait_ready(struct world *w)
{
	static const char ready[] = "immpd ready listen=";
	char text[16384];
	size_t n = 0;
	char *at;
	ssize_t r;

	while (n < sizeof(text) - 1) {
		r = read(w->err_fd, text + n, sizeof(text) - 1 - n);
		if (r <= 0)
			break;
		n += (size_t)r;
		text[n] = '\0';
		at = strstr(text, ready);
		if (at != NULL && strchr(at, '\n') != NULL) {
			at += sizeof(ready) - 1;
			at[strcspn(at, " ,\n")] = '\0';
			return str_copy(str_c(at), w->addr, sizeof(w->addr));
		}
	}
	(void)fprintf(stderr, "immpd did not start: %.*s\n", (int)n, text);
	return ERR_IO;
}

/* The server's log must not fill its pipe. */
static void
drain(struct world *w)
{
	struct pollfd p = { .fd = w->err_fd, .events = POLLIN };
	char text[8192];

	while (poll(&p, 1, 0) > 0 && (p.revents & POLLIN))
		if (read(w->err_fd, text, sizeof(text)) <= 0)
			break;
}

static int
start(struct world *w)
{
	int err = write_conf(w);

	if (err == 0)
		err = spawn(w);
	if (err == 0)
		err = wait_ready(w);
	for (size_t i = 0; err == 0 && i < w->nhosts; i++) {
		const char *args[] = { "domain", "add", w->hosts[i], NULL };

		if (strcmp(w->hosts[i], w->domain) != 0)
			err = ctl(w, args, "");
	}
	for (size_t i = 0; err == 0 && i < w->naccounts; i++) {
		const char *args[] = { "account", "add", w->accounts[i][0],
				       "--password-stdin", NULL };
		char input[302];

		(void)snprintf(input, sizeof(input), "%s\n",
			       w->accounts[i][1]);
		err = ctl(w, args, input);
	}
	return err;
}

/* --- steps --- */

static int
do_host(void *ctx, const char *name)
{
	struct world *w = ctx;

	for (size_t i = 0; i < w->nhosts; i++)
		if (strcmp(w->hosts[i], name) == 0)
			return 0;
	return str_copy(str_c(name), w->hosts[w->nhosts++], 300);
}

static int
do_account(void *ctx, const char *imid, const char *password)
{
	struct world *w = ctx;
	char(*a)[300] = w->accounts[w->naccounts++];

	if (str_copy(str_c(imid), a[0], 300) < 0 ||
	    str_copy(str_c(password), a[1], 300) < 0)
		return ERR_LIMIT;
	return do_host(ctx, strchr(imid, '@') + 1);
}

static int
do_limit(void *ctx, const char *name, uint64_t value)
{
	struct world *w = ctx;
	size_t n = strlen(w->limits);

	(void)snprintf(w->limits + n, sizeof(w->limits) - n, "%s = %llu\n",
		       name, (unsigned long long)value);
	return 0;
}

static int
do_domain(void *ctx, const char *name)
{
	struct world *w = ctx;

	return str_copy(str_c(name), w->domain, sizeof(w->domain));
}

static int
do_connect(void *ctx, void **ret)
{
	struct world *w = ctx;
	struct wire *c = mem_zalloc(sizeof(*c));
	int err = 0;

	if (c == NULL)
		return ERR_NOMEM;
	w->wires[w->nwires++] = c;
	if (w->pid == 0)
		err = start(w);
	if (err == 0)
		err = wire_open(c, w->addr);
	*ret = c;
	return err;
}

static int
do_tls(void *ctx, void *conn)
{
	(void)ctx;
	return wire_tls(conn, TLS_1_2);
}

static int
do_send(void *ctx, void *conn, struct str octets)
{
	drain(ctx);
	/* Whoever was cut off may still say what it likes. */
	(void)wire_send(conn, octets);
	return 0;
}

static int
do_login(void *ctx, void *conn, const char *imid, const char *password)
{
	CLEANUP_KEY struct key_text h;
	struct kdf_params k = { 0 };
	struct wire *w = conn;
	char line[400], *at;
	size_t n;
	int err;

	(void)ctx;
	if (wire_say(w, "UPGRADE TLS3") < 0)
		return ERR_CLOSED;
	wire_expect(w, "204 ");
	err = wire_tls(w, TLS_1_3);
	if (err < 0)
		return err;
	/* What the password's h is, the server's salt says. */
	(void)snprintf(line, sizeof(line), "AUTH SECRET %s +PROOF", imid);
	if (wire_say(w, line) < 0)
		return ERR_CLOSED;
	wire_expect(w, "303 ");
	at = strstr(w->line, " s=");
	if (at == NULL || b64_decode(str_n(at + 3, 24), k.salt, 16, &n) < 0)
		return ERR_AUTH;
	k.t = KDF_T;
	k.m = KDF_M;
	err = kdf_argon2id(str_c(password), &k, &h);
	return err < 0 ? err : wire_login(w, imid, NULL, h.hex);
}

static struct buf *
do_input(void *ctx, void *conn)
{
	(void)ctx;
	return &((struct wire *)conn)->in;
}

static int
do_more(void *ctx, void *conn, bool *ret_closed)
{
	struct wire *w = conn;
	int err;

	drain(ctx);
	err = wire_fill(w);
	*ret_closed = w->closed;
	return err;
}

static void
do_lost(void *ctx, void *conn)
{
	(void)ctx;
	wire_close(conn);
}

static int
do_pass(void *ctx, uint64_t ms)
{
	(void)ctx;
	(void)ms;
	return ERR_UNSUPPORTED;
}

static const struct transcript_ops ops = {
	"daemon", do_account, do_limit, do_domain, do_host, do_connect, do_tls,
	do_login, do_send, do_input, do_more, do_lost, do_pass,
};

static int
end(struct world *w)
{
	char cmd[128];
	int code = 0;

	for (size_t i = 0; i < w->nwires; i++) {
		wire_close(w->wires[i]);
		mem_free(w->wires[i]);
	}
	if (w->pid > 0) {
		(void)kill(w->pid, SIGTERM);
		code = wait_for(w->pid);
		(void)close(w->err_fd);
	}
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", w->dir);
	if (system(cmd) != 0)
		return ERR_IO;
	return code == 0 ? 0 : ERR_IO;
}

static int
play(const char *immpd, const char *immpctl, const char *path)
{
	struct world *w = mem_zalloc(sizeof(*w));
	int err, ended;

	if (w == NULL)
		return ERR_NOMEM;
	w->immpd = immpd;
	w->immpctl = immpctl;
	(void)snprintf(w->domain, sizeof(w->domain), "a.test");
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/immp-script-XXXXXX");
	if (mkdtemp(w->dir) == NULL)
		return ERR_IO;
	(void)snprintf(w->conf, sizeof(w->conf), "%s/immpd.conf", w->dir);
	err = transcript_play(&ops, w, path);
	ended = end(w);
	if (err == 0 && ended < 0)
		(void)fprintf(stderr, "%s: immpd did not end well\n", path);
	mem_free(w);
	return err < 0 ? err : ended;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 4 || crypt_init() < 0)
		return 2;
	for (int i = 3; i < argc; i++)
		failed += play(argv[1], argv[2], argv[i]) < 0;
	return failed > 0;
}
