/*
 * wire: a blocking client for tests of servers over real sockets.
 *
 * It says what it is told, octet for octet, also what no client would say, and
 * waits at most WIRE_PATIENCE for an answer.  Nothing here is asserted but
 * what wire_expect() and wire_must_*() say: they end the test.
 */
#ifndef LIB_WIRE_WIRE_H
#define LIB_WIRE_WIRE_H

#include "base/buf.h"
#include "crypt/crypt.h"
#include "tls/tls.h"

#define WIRE_PATIENCE 20000	/* ms */

struct wire {
	int fd;
	struct tls *tls;
	bool closed;		/* the server has ended it */
	struct buf in, out;	/* decrypted, not yet read; to be sent */
	struct buf text;
	const char *line;	/* the last one */
};

/* addr: "127.0.0.1:1025".  0, or ERR_CONNECT. */
int wire_open(struct wire *w, const char *addr) WARN_UNUSED;
void wire_close(struct wire *w);
/* Octets as they are.  0 or ERR_CLOSED. */
int wire_send(struct wire *w, struct str octets);
/* Wait for more in w->in.  0, ERR_CLOSED, ERR_TIMEOUT, ERR_TLS. */
int wire_fill(struct wire *w) WARN_UNUSED;
/* A line with its end. */
int wire_say(struct wire *w, const char *line);
/* The next line, without its end, in w->line; 0, ERR_CLOSED, ERR_TIMEOUT. */
int wire_line(struct wire *w) WARN_UNUSED;
/* Exactly n octets to dst. */
int wire_octets(struct wire *w, void *dst, size_t n) WARN_UNUSED;
/* Read lines until one begins with `prefix`; it must come. */
void wire_expect(struct wire *w, const char *prefix);
/* The server must end the connection; what it still says is read. */
void wire_must_close(struct wire *w);

/* The handshake.  0, ERR_TLS, ERR_CLOSED or ERR_TIMEOUT. */
int wire_tls(struct wire *w, enum tls_version minimum) WARN_UNUSED;
/* Open, and be through with greeting, UPGRADE and handshake. */
void wire_must_open(struct wire *w, const char *addr);
/* Log in with a proof.  device: its name, whose key h is; NULL: the account's
 * h.  0 or ERR_AUTH. */
int wire_login(struct wire *w, const char *account, const char *device,
	       const char *h) WARN_UNUSED;

#endif
