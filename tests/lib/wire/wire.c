#include "lib/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "lib/test.h"

#define BUFFER (8u << 20)

/* --- octets --- */

static bool
wait_for(struct wire *w, short events, uint64_t end)
{
	struct pollfd p = { .fd = w->fd, .events = events };
	uint64_t now = clock_mono_ms();

	if (now >= end)
		return false;
	return poll(&p, 1, (int)(end - now)) > 0;
}

static int
flush(struct wire *w)
{
	uint64_t end = clock_mono_ms() + WIRE_PATIENCE;
	ssize_t n;

	while (w->out.n > 0) {
		n = send(w->fd, buf_data(&w->out), w->out.n, MSG_NOSIGNAL);
		if (n > 0)
			buf_consume(&w->out, (size_t)n);
		else if (errno != EAGAIN || !wait_for(w, POLLOUT, end))
			return ERR_CLOSED;
	}
	return 0;
}

static int
take(struct wire *w, struct str in)
{
	size_t used;
	int err;

	if (w->tls == NULL)
		return buf_add_str(&w->in, in);
	err = tls_feed(w->tls, in, &used, &w->in, &w->out);
	if (err == 0 || err == ERR_CLOSED)
		(void)flush(w);	/* seen when it matters */
	return err;
}

/* Read what there is, waiting until `end` for something. */
static int
fill(struct wire *w, uint64_t end)
{
	char octets[65536];
	ssize_t n;
	int err;

	if (w->closed)
		return ERR_CLOSED;
	for (;;) {
		n = recv(w->fd, octets, sizeof(octets), 0);
		if (n >= 0 || errno != EAGAIN)
			break;
		if (!wait_for(w, POLLIN, end))
			return ERR_TIMEOUT;
	}
	err = n > 0 ? take(w, str_n(octets, (size_t)n)) : ERR_CLOSED;
	w->closed = err == ERR_CLOSED;
	/* What came before the end is still to be read. */
	return w->closed && w->in.n > 0 ? 0 : err;
}

int
wire_fill(struct wire *w)
{
	return fill(w, clock_mono_ms() + WIRE_PATIENCE);
}

int
wire_send(struct wire *w, struct str octets)
{
	int err;

	if (w->tls != NULL)
		err = tls_write(w->tls, octets, &w->out);
	else
		err = buf_add_str(&w->out, octets);
	return err < 0 ? err : flush(w);
}

int
wire_say(struct wire *w, const char *line)
{
	CLEANUP_BUF struct buf b = { 0 };
	int err;

	buf_init(&b, BUFFER);
	err = buf_addf(&b, "%s\n", line);
	return err < 0 ? err : wire_send(w, buf_str(&b));
}

int
wire_line(struct wire *w)
{
	uint64_t end = clock_mono_ms() + WIRE_PATIENCE;
	ptrdiff_t lf;
	int err;

	while ((lf = str_chr(buf_str(&w->in), '\n', 0)) < 0) {
		err = fill(w, end);
		if (err < 0)
			return err;
		if (w->closed && str_chr(buf_str(&w->in), '\n', 0) < 0)
			return ERR_CLOSED;
	}
	buf_clear(&w->text);
	err = buf_add(&w->text, buf_data(&w->in), (size_t)lf);
	if (err == 0)
		err = buf_add_c(&w->text, '\0');
	if (err < 0)
		return err;
	buf_consume(&w->in, (size_t)lf + 1);
	if (w->in.n == 0)
		buf_release(&w->in, 0);
	w->line = buf_data(&w->text);
	return 0;
}

int
wire_octets(struct wire *w, void *dst, size_t n)
{
	uint64_t end = clock_mono_ms() + WIRE_PATIENCE;
	int err = 0;

	while (w->in.n < n && err == 0)
		err = fill(w, end);
	if (w->in.n < n)
		return err;
	memcpy(dst, buf_data(&w->in), n);
	buf_consume(&w->in, n);
	return 0;
}

void
wire_expect(struct wire *w, const char *prefix)
{
	int err;

	do {
		err = wire_line(w);
		if (err < 0)
			fail_msg("waiting for \"%s\": %s", prefix,
				 err_text(err));
	} while (!str_starts(str_c(w->line), str_c(prefix)));
}

void
wire_must_close(struct wire *w)
{
	int err;

	while ((err = wire_line(w)) == 0)
		;
	assert_rc(err, ERR_CLOSED);
}

/* --- the connection --- */

int
wire_open(struct wire *w, const char *addr)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	ptrdiff_t colon = str_rchr(str_c(addr), ':');
	char host[64];
	uint64_t port;
	int on = 1;

	*w = (struct wire){ .fd = -1 };
	buf_init(&w->in, BUFFER);
	buf_init(&w->out, BUFFER);
	buf_init(&w->text, BUFFER);
	if (colon < 0 || str_u64(str_c(addr + colon + 1), 65535, &port) < 0 ||
	    str_copy(str_sub(str_c(addr), 0, (size_t)colon), host,
		     sizeof(host)) < 0 ||
	    inet_pton(AF_INET, host, &a.sin_addr) != 1)
		return ERR_VALUE;
	a.sin_port = htons((uint16_t)port);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0 ||
	    connect(w->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return ERR_CONNECT;
	(void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fcntl(w->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : ERR_IO;
}

void
wire_close(struct wire *w)
{
	tls_free(w->tls);
	buf_done(&w->in);
	buf_done(&w->out);
	buf_done(&w->text);
	if (w->fd >= 0)
		(void)close(w->fd);	/* a test's */
	w->fd = -1;
	w->tls = NULL;
}

/* One for all: a context costs more than a connection. */
static struct tls_ctx *shared_ctx;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_ctx(void)
{
	if (tls_ctx_client(TLS_1_2, &shared_ctx) < 0)
		shared_ctx = NULL;
}

int
wire_tls(struct wire *w, enum tls_version minimum)
{
	uint64_t end = clock_mono_ms() + WIRE_PATIENCE;
	int err;

	(void)pthread_once(&once, make_ctx);	/* cannot fail */
	if (shared_ctx == NULL)
		return ERR_NOMEM;
	w->tls = tls_new_client(shared_ctx, minimum, "a.test");
	if (w->tls == NULL)
		return ERR_NOMEM;
	err = take(w, STR(""));	/* says the first word */
	while (err == 0 && !tls_ready(w->tls))
		err = fill(w, end);
	return err;
}

void
wire_must_open(struct wire *w, const char *addr)
{
	assert_rc(wire_open(w, addr), 0);
	wire_expect(w, "101 ");
	assert_rc(wire_say(w, "UPGRADE TLS3"), 0);
	wire_expect(w, "204 ");
	assert_rc(wire_tls(w, TLS_1_3), 0);
}

/* --- login --- */

/* The n1= and what follows in the 303 line, answered. */
static int
answer(struct wire *w, const char *account, const char *h)
{
	static const char nonce[] = "00112233445566778899aabbccddeeff";
	char text[1024], binding[9 + 64 + 1] = "exporter:", line[256];
	uint8_t ekm[32], response[32], v[32];
	struct proof_input in;
	struct key_text key;
	int err;

	err = str_copy(str_c(w->line + 4), text, sizeof(text));
	if (err == 0)
		err = tls_exporter(w->tls, "EXPORTER-IMMP-Auth", ekm);
	if (err < 0)
		return err;
	hex_encode(ekm, sizeof(ekm), binding + 9);
	in = (struct proof_input){
		str_c(account), str_c(text), str_c(nonce),
		str_n(binding, sizeof(binding) - 1),
	};
	memcpy(key.hex, h, sizeof(key.hex));
	err = proof_answer(&key, &in, response, v);
	if (err < 0)
		return err;
	memcpy(line, "AUTH RESPONSE ", 14);
	hex_encode(response, sizeof(response), line + 14);
	(void)snprintf(line + 14 + 64, sizeof(line) - 14 - 64, " %s", nonce);
	return wire_say(w, line);
}

int
wire_login(struct wire *w, const char *account, const char *device,
	   const char *h)
{
	char line[512];
	int err;

	(void)snprintf(line, sizeof(line), "AUTH SECRET %s %s%s+PROOF",
		       account, device != NULL ? device : "",
		       device != NULL ? " +DEVICE " : "");
	err = wire_say(w, line);
	do {
		if (err == 0)
			err = wire_line(w);
		if (err < 0)
			return err;
	} while (!str_starts(str_c(w->line), STR("303 ")) &&
		 !str_starts(str_c(w->line), STR("4")));
	if (w->line[0] == '4')
		return ERR_AUTH;
	err = answer(w, account, h);
	if (err == 0)
		err = wire_line(w);
	if (err < 0)
		return err;
	return str_starts(str_c(w->line), STR("210 ")) ? 0 : ERR_AUTH;
}
