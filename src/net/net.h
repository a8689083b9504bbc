/*
 * net: event loops, streams, listeners, timers, a pool of working threads.
 *
 * The only user of uv.h.  Promises: every start has a cancel or a close; after
 * it the callback never comes; a callback never fires inside the call that
 * asked for it.  Everything belongs to the thread of its loop but
 * net_loop_post() and net_pool_submit(), which any thread may call.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "tls/tls.h"

/* --- loops --- */

struct net_loop;
int net_loop_new(struct net_loop **ret) WARN_UNUSED;
void net_loop_free(struct net_loop *l);	/* all its handles must be closed */
void net_loop_run(struct net_loop *l);	/* until net_loop_stop */
void net_loop_stop(struct net_loop *l);	/* from its own thread */
uint64_t net_loop_now(struct net_loop *l);	/* monotonic ms, cached */

/* A message to a loop: embedded in what it is about, which the receiver owns
 * from then on.  Order of one sender is kept. */
struct net_msg {
	struct net_msg *next;
	void (*fn)(struct net_loop *l, struct net_msg *m);
};
void net_loop_post(struct net_loop *l, struct net_msg *m);
/* Called once per turn of the loop after all events of that turn. */
void net_loop_on_turn(struct net_loop *l, void (*fn)(void *ctx), void *ctx);

/* --- timers: embedded, one shot --- */

struct net_timer;
struct net_timer *net_timer_new(struct net_loop *l, void (*fn)(void *ctx),
				void *ctx);
void net_timer_start(struct net_timer *t, uint64_t ms);	/* again: moves it */
void net_timer_cancel(struct net_timer *t);
void net_timer_free(struct net_timer *t);

/* --- addresses --- */

struct net_addr {
	char host[64];	/* literal IPv4 or IPv6, without brackets */
	uint16_t port;
};
/* "1.2.3.4:1025", "[::1]:1025".  0 or ERR_VALUE. */
int net_addr_parse(struct str s, struct net_addr *ret) WARN_UNUSED;
void net_addr_format(const struct net_addr *a, char dst[static 80]);
/* Its prefix for limits: the IPv4 /32 or IPv6 /64 as text. */
void net_addr_prefix(const struct net_addr *a, char dst[static 64]);

/* --- listeners --- */

/* fd: a connected, non-blocking socket, the receiver's to close. */
typedef void (*net_accept_fn)(void *ctx, int fd, const struct net_addr *peer);
struct net_listener;
/* *ret_bound gets the real port where port is 0.  ERR_IO: reterr_errno. */
int net_listen(struct net_loop *l, const struct net_addr *a, net_accept_fn fn,
	       void *ctx, struct net_listener **ret, struct net_addr *ret_bound,
	       int *reterr_errno) WARN_UNUSED;
/* No descriptors left: pause accepting for a while (done by the listener). */
void net_listener_close(struct net_listener *li);

/* --- streams: a socket, plain at first, TLS from a moment on --- */

struct net_stream;

struct net_stream_ops {
	/*
	 * Octets have come (decrypted where TLS is on).  Returns how many
	 * were taken.  What is not taken stays and is given again, with what
	 * follows, after net_stream_resume(); reading pauses until then.
	 */
	size_t (*data)(void *ctx, struct str in);
	/* The handshake is finished. */
	void (*secured)(void *ctx);
	/* Output has drained to below the low mark. */
	void (*drained)(void *ctx);
	/* The stream has ended: 0 by the peer, or an error.  Called once; no
	 * callback comes later; the stream frees itself after it returns. */
	void (*closed)(void *ctx, int err);
};

/* Takes over fd. */
int net_stream_new(struct net_loop *l, int fd, const struct net_stream_ops *ops,
		   void *ctx, struct net_stream **ret) WARN_UNUSED;
/* Write: takes a copy, sends as much as it can at once at the end of the
 * loop's turn.  After close it does nothing. */
int net_stream_write(struct net_stream *s, struct str octets) WARN_UNUSED;
/* Octets accepted and not yet given to the kernel. */
size_t net_stream_pending(const struct net_stream *s);
void net_stream_resume(struct net_stream *s);
/* Begin TLS as server, after what was written so far has been sent in clear.
 * Clear octets that have already arrived behind the line are an attack:
 * *ret is ERR_PROTOCOL and nothing was begun. */
int net_stream_start_tls(struct net_stream *s, struct tls_ctx *c,
			 enum tls_version minimum) WARN_UNUSED;
struct tls *net_stream_tls(struct net_stream *s);	/* NULL: plain */
/* Send what is pending, say close_notify, then close; or at once (abort).
 * closed() is not called for either. */
void net_stream_close(struct net_stream *s);
void net_stream_abort(struct net_stream *s);
/* Give buffers back; the next octets take new ones. */
void net_stream_idle(struct net_stream *s);

/* --- the pool --- */

struct net_pool;
struct net_work {
	struct net_work *next;
	/* thread: what thread_start returned for the thread that runs it. */
	void (*run)(struct net_work *w, void *thread);
};
/* thread_start runs in each new thread; its result (NULL is an error) goes to
 * run and at the end to thread_stop. */
int net_pool_new(size_t threads, void *(*thread_start)(void *ctx),
		 void (*thread_stop)(void *ctx, void *thread), void *ctx,
		 struct net_pool **ret) WARN_UNUSED;
void net_pool_submit(struct net_pool *p, struct net_work *w);
/* Waits for what was submitted. */
void net_pool_free(struct net_pool *p);

#endif
