/* A connection: its socket, TLS, and the blocking half of its life. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define BUFFER ((size_t)256 << 20)

void
load_die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "immp-bench: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(1);
}

void
session_open(struct session *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)s->l->o.port) };
	int one = 1;

	buf_init(&s->in, BUFFER);
	buf_init(&s->out, BUFFER);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (inet_pton(AF_INET, s->l->o.host, &a.sin_addr) != 1)
		load_die("%s is no IPv4 address", s->l->o.host);
	if (s->fd < 0 ||
	    connect(s->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		load_die("cannot connect: %s", strerror(errno));
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (s->p->tls_first)
		session_tls(s);
}

void
session_close(struct session *s)
{
	if (s->ssl) {
		(void)SSL_shutdown(s->ssl); /* as far as it goes */
		SSL_free(s->ssl);
	}
	s->ssl = NULL;
	close(s->fd);
	buf_done(&s->in);
	buf_done(&s->out);
}

void
session_tls(struct session *s)
{
	s->ssl = SSL_new(s->l->tls);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 ||
	    SSL_connect(s->ssl) != 1)
		load_die("no TLS with the server");
}

int
session_send(struct session *s)
{
	int want = s->out.n > LOAD_PIECE ? LOAD_PIECE : (int)s->out.n;
	int n = s->ssl ? SSL_write(s->ssl, buf_data(&s->out), want) :
			 (int)send(s->fd, buf_data(&s->out), (size_t)want,
				   MSG_NOSIGNAL);

	if (n > 0)
		buf_consume(&s->out, (size_t)n);
	return n;
}

int
session_receive(struct session *s)
{
	static char piece[LOAD_PIECE];
	int n = s->ssl ? SSL_read(s->ssl, piece, sizeof(piece)) :
			 (int)recv(s->fd, piece, sizeof(piece), 0);

	if (n > 0 && buf_add(&s->in, piece, (size_t)n) < 0)
		load_die("out of memory");
	return n;
}

void
session_flush(struct session *s)
{
	while (s->out.n)
		if (session_send(s) <= 0)
			load_die("the server has gone");
}

void
session_fill(struct session *s)
{
	if (session_receive(s) <= 0)
		load_die("the server has gone");
}

char *
session_line(struct session *s)
{
	static char line[4096];
	struct str l;

	while (!load_line(s, &l))
		session_fill(s);
	snprintf(line, sizeof(line), "%.*s", STR_ARG(l));
	return line;
}

void
session_say(struct session *s, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    buf_add(&s->out, text, (size_t)n) < 0)
		load_die("too long a line");
	session_flush(s);
}

void
session_expect(struct session *s, const char *prefix, const char *bad)
{
	const char *line;

	do {
		line = session_line(s);
		if (bad && strncmp(line, bad, strlen(bad)) == 0)
			load_die("the server: %s", line);
	} while (strncmp(line, prefix, strlen(prefix)) != 0);
}

bool
load_line(struct session *s, struct str *ret)
{
	static char copy[1 << 17];
	struct str in = buf_str(&s->in);
	ptrdiff_t lf = str_chr(in, '\n', 0);
	size_t n;

	if (lf < 0)
		return false;
	n = (size_t)lf < sizeof(copy) ? (size_t)lf : sizeof(copy);
	memcpy(copy, in.p, n);
	if (n && copy[n - 1] == '\r')
		n--;
	buf_consume(&s->in, (size_t)lf + 1);
	*ret = str_n(copy, n);
	return true;
}

bool
load_skip(struct session *s)
{
	size_t n = s->skip < s->in.n ? (size_t)s->skip : s->in.n;

	buf_consume(&s->in, n);
	s->skip -= n;
	return s->skip == 0;
}
