/*
 * shell: the bare protocol, after TLS and a login.
 *
 * Without a terminal it is a pipe: standard input goes to the server as it is,
 * blocks included, and what the server says comes out as it is.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "client/front.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/shell.h"
#include "immp/term.h"
#include "immp/text.h"

#define SHELL_SILENCE 120000	/* ms from the end of input to the last word */

const struct opt cmd_shell_opts[] = {
	{ 0, "no-login", NULL, "do not log in" },
	{ 0, "server", "HOST:PORT", "connect there, without an account" },
	{ 0, "accept", "FINGERPRINT", "go on with a server of this key" },
	{ 0, "accept-new", NULL, "go on with the key of a server not known "
				 "yet" },
	{ 0, NULL, NULL, NULL },
};

void
shell_show(void *ctx, struct str octets)
{
	struct shell *s = ctx;
	CLEANUP_BUF struct buf out = { 0 };
	size_t used;

	buf_init(&out, 8u << 20);
	if (!term_out()) {
		fwrite(octets.p, 1, octets.n, stdout);
		return;
	}
	if (s->editing && s->fresh)
		fputs("\r\033[K", stdout);
	if (buf_add_str(&s->rest, octets) < 0)
		return;
	used = text_stream(&out, buf_str(&s->rest), false);
	buf_consume(&s->rest, used);
	fwrite(buf_data(&out), 1, out.n, stdout);
	if (out.n)
		s->fresh = buf_data(&out)[out.n - 1] == '\n';
}

int
shell_ended(const struct shell *s, int error)
{
	if (s->quit && error == IMMP_E_CLOSED)
		return APP_DONE;
	return app_fail(s->c, error);
}

/* --- the pipe --- */

/* Say QUIT behind everything, and hear the rest. */
static int
finish(struct shell *s, bool at_line_start)
{
	int rc;

	s->quit = true;
	rc = front_write(s->c, at_line_start ? STR("QUIT\n")
					     : STR("\nQUIT\n"));
	while (rc >= 0) {
		rc = immp_wait(s->c, SHELL_SILENCE);
		if (rc == 0)
			return app_error(APP_LATER, "the server is too slow");
	}
	return shell_ended(s, rc);
}

int
shell_pipe(struct shell *s)
{
	char chunk[65536];
	bool at_line_start = true;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = immp_fd(s->c), .events = POLLIN },
		};
		ssize_t n;
		int rc = poll(p, 2, -1);

		if (rc < 0 && errno == EINTR)
			continue;
		if (p[1].revents) {
			rc = immp_wait(s->c, 0);
			if (rc < 0)
				return shell_ended(s, rc);
		}
		if (!p[0].revents)
			continue;
		n = read(STDIN_FILENO, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return finish(s, at_line_start);
		at_line_start = chunk[n - 1] == '\n';
		rc = front_write(s->c, str_n(chunk, (size_t)n));
		if (rc < 0)
			return shell_ended(s, rc);
	}
}

/* --- the connection --- */

static int
connect_to(struct app *a, const char *server, struct immp **ret)
{
	struct conn_trust t = { .accept = app_value(a, "accept"),
				.accept_new = app_has(a, "accept-new"),
				.may_ask = true };
	char host[300];
	uint16_t port;

	if (conn_parse(server, host, sizeof(host), &port) < 0)
		return app_error(APP_USAGE, "%s is no HOST:PORT", server);
	return conn_open(server, a->account ? conn_domain(a->account) : host,
			 &t, ret);
}

static int
connect_account(struct app *a, struct immp **ret)
{
	struct account acc;
	struct conn_trust t = { .known = &acc };
	int rc = conn_account(a, &acc);

	if (rc)
		return rc;
	if (app_has(a, "no-login"))
		rc = conn_open(acc.server, conn_domain(acc.name), &t, ret);
	else
		rc = conn_login_as(&acc, ret);
	account_wipe(&acc);
	return rc;
}

int
cmd_shell(struct app *a)
{
	struct shell s = { .fresh = true };
	const char *server = app_value(a, "server");
	int rc = server ? connect_to(a, server, &s.c)
			: connect_account(a, &s.c);

	if (rc)
		return rc;
	buf_init(&s.rest, 1u << 20);
	rc = front_raw(s.c, shell_show, &s);
	if (rc < 0)
		rc = app_fail(s.c, rc);
	else
		rc = isatty(STDIN_FILENO) ? shell_edit(&s) : shell_pipe(&s);
	buf_done(&s.rest);
	immp_free(s.c);
	return rc;
}
