/*
 * rig: a loop with a listener in the test's thread, a client in another.
 *
 * The client is a function that talks over a blocking socket; when it returns
 * the loop stops.  In the client's thread cmocka's checks must not be used:
 * NEED() notes the first that fails, and rig_run() fails the test with it.
 */
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include "lib/test.h"

#include "net/net.h"

#include <pthread.h>
#include <sys/types.h>

struct rig;

/* The server's side of a connection. */
struct side {
	struct rig *rig;
	struct net_stream *stream; /* NULL when it has ended */
	int closed;		   /* calls of closed() */
	int err;		   /* what it said */
	int secured, drained;
	struct buf got; /* all octets that were taken */
	void *arg;	/* the test's */
};

/* A client's side. */
struct peer {
	int fd;
	struct tls *tls;
	struct buf plain, out;
	bool ended; /* the server's close_notify has come */
	struct rig *rig;
};

struct rig {
	struct net_loop *loop;
	struct net_listener *listener;
	struct net_addr bound;
	const struct net_stream_ops *ops; /* ctx: struct side */
	void (*accepted)(struct side *s); /* may be NULL */
	struct side sides[64];
	size_t nsides;
	struct tls_ctx *server_ctx, *client_ctx;
	void (*client)(struct rig *r, void *arg);
	void *client_arg;
	pthread_t thread;
	struct net_msg stop;
	bool wait_ends; /* stop only when all sides have ended */
	bool stopping;
	const char *failed; /* the client's first failure */
	int failed_line;
	void *arg;		 /* the test's */
	struct net_timer *timer; /* the test's; rig_run() frees it */
};

#define NEED(rig, cond) \
	do { \
		if (!(cond)) { \
			if (!(rig)->failed) { \
				(rig)->failed = #cond; \
				(rig)->failed_line = __LINE__; \
			} \
			return; \
		} \
	} while (0)

/* Contexts are made once for a test program. */
int rig_setup(void **state);
int rig_teardown(void **state);

void rig_init(struct rig *r, const struct net_stream_ops *ops);
/* Run the client against the loop until it returns (see wait_ends); then free
 * it all. */
void rig_run(struct rig *r, void (*client)(struct rig *r, void *arg),
	     void *arg);

/* The usual callbacks, for tests that replace some of them. */
size_t rig_take(void *ctx, struct str in); /* keeps all in got */
size_t rig_echo(void *ctx, struct str in);
/* Line by line: UPGRADE begins TLS, QUIT closes, others come back. */
size_t rig_lines(void *ctx, struct str in);
void rig_secured(void *ctx);
void rig_drained(void *ctx);
void rig_closed(void *ctx, int err);

/* --- clients: false and 0 are failures --- */

bool peer_connect(struct peer *p, struct rig *r);
bool peer_send(struct peer *p, struct str s); /* through TLS if there is */
bool peer_send_raw(struct peer *p, struct str s);
/* Receive exactly the text. */
bool peer_expect(struct peer *p, struct str s);
/* Receive up to cap octets: their count, 0 at the end, -1 on an error. */
ssize_t peer_recv(struct peer *p, void *dst, size_t cap);
/* "UPGRADE TLS3" or TLS2, its 204, the handshake. */
bool peer_upgrade(struct peer *p, enum tls_version v);
bool peer_handshake(struct peer *p, enum tls_version v);
/* close_notify, without closing. */
bool peer_farewell(struct peer *p);
/* The server's end: with TLS after its close_notify. */
bool peer_expect_end(struct peer *p);
void peer_close(struct peer *p);
void rig_sleep(unsigned ms);

#endif
