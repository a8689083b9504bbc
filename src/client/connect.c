/*
 * Making a connection: addresses one after another until one takes it, then
 * the engine's way from greeting to HELLO, with the certificate looked at
 * between TLS and the first word that is said inside it.
 */
#include "client/front_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypt/crypt.h"
#include "mail/imid.h"

#define PORT 1025
#define PORT_TLS 1026
#define CONNECT_TIMEOUT 20000
#define TIMEOUT 120000

/* --- TCP --- */

/* 0, or an errno. */
static int
connect_one(int fd, const struct addrinfo *ai, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int err = 0, rc;
	socklen_t n = sizeof(err);

	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	do {
		rc = poll(&p, 1, timeout);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ETIMEDOUT;
	if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0)
		return errno;
	return err;
}

static int
left_of(uint64_t deadline)
{
	uint64_t now = clock_mono_ms();

	return now < deadline ? (int)(deadline - now) : 0;
}

static int
connect_any(struct immp *c, const struct addrinfo *list, uint64_t deadline)
{
	int err = ETIMEDOUT, one = 1;
	char text[128];

	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		/* The last may take all the time, others half of it. */
		int left = left_of(deadline);
		int fd;

		if (left == 0)
			break;
		fd = socket(ai->ai_family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0) {
			err = errno;
			continue;
		}
		err = connect_one(fd, ai, ai->ai_next ? left / 2 : left);
		if (err == 0) {
			/* Replies to small commands should not wait. */
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
					 sizeof(one));
			c->fd = fd;
			return 0;
		}
		close(fd);
	}
	return front_error(c, err == ETIMEDOUT ? IMMP_E_TIMEOUT
					       : IMMP_E_CONNECT,
			   "cannot connect to %s: %s", c->host,
			   strerror_r(err, text, sizeof(text)));
}

static int
connect_tcp(struct immp *c, uint16_t port, uint64_t deadline)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char service[8];
	int rc;

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	rc = getaddrinfo(c->host, service, &hints, &list);
	if (rc == EAI_NONAME || rc == EAI_ADDRFAMILY) {
		/* Loopback addresses on a machine without a network. */
		hints.ai_flags &= ~AI_ADDRCONFIG;
		rc = getaddrinfo(c->host, service, &hints, &list);
	}
	if (rc != 0)
		return front_error(c, IMMP_E_CONNECT, "cannot find %s: %s",
				   c->host, gai_strerror(rc));
	rc = connect_any(c, list, deadline);
	freeaddrinfo(list);
	return rc;
}

/* --- TLS and the certificate --- */

static bool
is_address(const char *s)
{
	struct in6_addr a;

	return inet_pton(AF_INET, s, &a) == 1 ||
	       inet_pton(AF_INET6, s, &a) == 1;
}

static int
start_tls(struct immp *c)
{
	enum tls_version v = (enum tls_version)engine_tls(c->e);
	size_t used;

	c->tls = tls_new_client(c->tls_ctx, v,
				is_address(c->domain) ? NULL : c->domain);
	if (!c->tls)
		return front_error(c, IMMP_E_TLS, "%s", tls_error());
	if (tls_feed(c->tls, str_n(NULL, 0), &used, &c->plain, &c->wire) < 0)
		return front_error(c, IMMP_E_TLS, "%s", tls_error());
	return 0;
}

static int
check_certificate(struct immp *c, const struct immp_options *o)
{
	struct immp_certificate cert = {
		.host = c->host, .domain = c->domain,
		.fingerprint = c->fingerprint,
		.tls = tls_version_text(c->tls),
	};
	bool pinned;

	if (tls_peer_fingerprint(c->tls, c->fingerprint) < 0)
		return front_error(c, IMMP_E_CERTIFICATE,
				   "the server shows no certificate");
	c->vouched = tls_peer_vouched(c->tls, c->domain) == 0;
	cert.vouched = c->vouched;
	pinned = o->pin && strcmp(o->pin, c->fingerprint) == 0;
	if (o->pin && !pinned)
		return front_error(c, IMMP_E_CERTIFICATE,
				   "the key of %s has changed: its fingerprint "
				   "is %s", c->host, c->fingerprint);
	if (o->trust && !o->trust(o->trust_ctx, &cert))
		return front_error(c, IMMP_E_CERTIFICATE,
				   "the key of %s is not accepted (%s)",
				   c->host, c->fingerprint);
	if (!o->trust && !o->pin && !c->vouched)
		return front_error(c, IMMP_E_CERTIFICATE,
				   "no authority vouches for the key of %s "
				   "(fingerprint %s)", c->host, c->fingerprint);
	c->accepted = pinned || o->trust;
	return 0;
}

/* --- from greeting to HELLO --- */

static bool
greeted(void *ctx)
{
	const struct immp *c = ctx;

	return engine_phase(c->e) >= ENGINE_HANDSHAKE;
}

static bool
encrypted(void *ctx)
{
	const struct immp *c = ctx;

	return c->tls && tls_ready(c->tls);
}

static bool
welcomed(void *ctx)
{
	const struct immp *c = ctx;

	return engine_phase(c->e) >= ENGINE_READY;
}

/* front_run() until the deadline of the whole. */
static int
run_until(struct immp *c, uint64_t deadline, front_done_fn done)
{
	int rc;

	c->timeout = left_of(deadline);
	rc = front_run(c, done, c);
	if (rc == 0 && engine_phase(c->e) == ENGINE_FAILED) {
		rc = engine_error(c->e);
		c->code = engine_code(c->e);
		front_error(c, rc, "%s", engine_why(c->e));
	}
	return rc;
}

static int
say_hello(struct immp *c, const struct immp_options *o, uint64_t deadline)
{
	int rc = run_until(c, deadline, greeted);

	if (rc == 0)
		rc = start_tls(c);
	if (rc == 0)
		rc = run_until(c, deadline, encrypted);
	if (rc == 0)
		rc = check_certificate(c, o);
	if (rc == 0)
		rc = engine_secured(c->e);
	if (rc == 0)
		rc = run_until(c, deadline, welcomed);
	return rc;
}

/* The name to ask for, as the domain name system has it. */
static char *
ascii_domain(const char *name)
{
	struct arena a;
	struct str s = str_c(name);
	char *copy;

	arena_init(&a, 65536, 0);
	/* What is no domain stays as it was written. */
	if (is_address(name) || imid_domain(&a, s, &s) < 0)
		s = str_c(name);
	copy = mem_strndup(s.p, s.n);
	arena_done(&a);
	return copy;
}

static int
prepare(struct immp *c, const struct immp_options *o)
{
	c->host = mem_strndup(o->host, strlen(o->host));
	c->domain = ascii_domain(o->domain ? o->domain : o->host);
	c->e = engine_new(o->tls_first, o->minimum);
	if (!c->read_buf)
		c->read_buf = mem_alloc(FRONT_READ);
	if (crypt_init() < 0)
		return front_error(c, IMMP_E_TLS, "no random numbers");
	if (!c->tls_ctx &&
	    tls_ctx_client((enum tls_version)o->minimum, &c->tls_ctx) < 0)
		return front_error(c, IMMP_E_TLS, "%s", tls_error());
	if (!c->host || !c->domain || !c->e || !c->read_buf)
		return front_error_plain(c, IMMP_E_MEMORY);
	buf_init(&c->wire, FRONT_WIRE);
	buf_init(&c->plain, FRONT_PLAIN);
	return 0;
}

static void
forget(struct immp *c)
{
	front_close(c);
	engine_free(c->e);
	c->e = NULL;
	mem_free(c->host);
	mem_free(c->domain);
	c->host = c->domain = NULL;
	tls_ctx_unref(c->tls_ctx);
	c->tls_ctx = NULL;
	c->peer_closed = c->vouched = c->accepted = c->proved = false;
	c->fingerprint[0] = '\0';
}

static void
fill_server(struct immp *c)
{
	const struct engine_info *i = engine_info(c->e);

	c->server = (struct immp_server){
		.domain = i->domain, .version = i->version,
		.features = i->features, .max = i->max,
		.fingerprint = c->fingerprint, .vouched = c->vouched,
		.tls = tls_version_text(c->tls),
	};
}

int
immp_connect(struct immp *c, const struct immp_options *o)
{
	uint16_t port = o->port;
	uint64_t deadline;
	int rc;

	if (o->size != sizeof(*o) || !o->host || !*o->host)
		return front_error(c, IMMP_E_USAGE, "no host is given");
	if (o->minimum != IMMP_TLS2 && o->minimum != IMMP_TLS3)
		return front_error(c, IMMP_E_USAGE, "no such version of TLS");
	immp_disconnect(c);
	forget(c);
	front_clear(c);
	if (port == 0)
		port = o->tls_first ? PORT_TLS : PORT;
	deadline = clock_mono_ms() +
		   (uint64_t)(o->connect_timeout > 0 ? o->connect_timeout
						     : CONNECT_TIMEOUT);
	rc = prepare(c, o);
	if (rc == 0)
		rc = connect_tcp(c, port, deadline);
	if (rc == 0)
		rc = say_hello(c, o, deadline);
	if (rc < 0) {
		front_close(c);
		return rc;
	}
	c->timeout = o->timeout == 0 ? TIMEOUT : o->timeout;
	fill_server(c);
	return 0;
}

static bool
all_sent(void *ctx)
{
	const struct immp *c = ctx;

	return c->fd < 0 || (c->wire.n == 0 && engine_out(c->e)->n == 0);
}

void
immp_disconnect(struct immp *c)
{
	if (!c || c->fd < 0)
		return;
	/* Politeness only: nothing is waited for but room to say it. */
	if (engine_phase(c->e) == ENGINE_READY && engine_owed(c->e) == 0 &&
	    engine_quit(c->e) == 0) {
		c->timeout = 1000;
		if (front_run(c, all_sent, c) == 0 && c->fd >= 0) {
			tls_shutdown(c->tls, &c->wire);
			if (c->wire.n)
				(void)send(c->fd, buf_data(&c->wire), c->wire.n,
					   MSG_NOSIGNAL | MSG_DONTWAIT);
			shutdown(c->fd, SHUT_WR);
		}
	}
	front_clear(c);
	front_close(c);
}

struct immp *
immp_new(void)
{
	struct immp *c = mem_zalloc(sizeof(*c));

	if (c)
		c->fd = -1;
	return c;
}

void
immp_free(struct immp *c)
{
	if (!c)
		return;
	immp_disconnect(c);
	forget(c);
	append_done(c);
	mem_free(c->read_buf);
	mem_free(c);
}
