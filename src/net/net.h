/*
 * net: event loops, streams, listeners, timers, a pool of working threads.
 *
 * The only user of uv.h.  Promises: every start has a cancel or a close; after
 * it the callback never comes; a callback never fires inside the call that
 * asked for it.  Any call is allowed in any callback.  Everything belongs to
 * the thread of its loop but net_loop_post() and net_pool_submit(), which any
 * thread may call.
 *
 * A turn of a loop: first the events (messages, sockets, timers); then its end:
 * streams that were resumed, on_turn(), and the output of all streams.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "tls/tls.h"

/* --- loops --- */

struct net_loop;
/* 0, ERR_NOMEM, or ERR_LIMIT (no descriptors). */
int net_loop_new(struct net_loop **ret) WARN_UNUSED;
/* Listeners must be closed and timers freed before; streams that are left are
 * aborted.  No other thread may post any more. */
void net_loop_free(struct net_loop *l);
/* Until net_loop_stop(); what was posted or written before it is still run and
 * sent. */
void net_loop_run(struct net_loop *l);
void net_loop_stop(struct net_loop *l);	/* from its own thread */
uint64_t net_loop_now(struct net_loop *l);	/* monotonic ms, cached */

/* A message to a loop: embedded in what it is about, which the receiver owns
 * from then on.  Order of one sender is kept. */
struct net_msg {
	struct net_msg *next;
	void (*fn)(struct net_loop *l, struct net_msg *m);
};
void net_loop_post(struct net_loop *l, struct net_msg *m);
/* Called once per turn of the loop after all events of that turn, and before
 * output is sent.  One fn a loop; NULL: none. */
void net_loop_on_turn(struct net_loop *l, void (*fn)(void *ctx), void *ctx);

/* --- timers: one shot --- */

struct net_timer;
/* NULL without memory.  Starting, moving and cancelling need none and are
 * cheap; moving to a later time and cancelling cost next to nothing. */
struct net_timer *net_timer_new(struct net_loop *l, void (*fn)(void *ctx),
				void *ctx);
/* Again: moves it.  0 ms is the next turn. */
void net_timer_start(struct net_timer *t, uint64_t ms);
void net_timer_cancel(struct net_timer *t);
/* Takes NULL; allowed in its own callback. */
void net_timer_free(struct net_timer *t);

/* --- addresses --- */

struct net_addr {
	char host[64];	/* literal IPv4 or IPv6, without brackets */
	uint16_t port;
};
/* "1.2.3.4:1025", "[::1]:1025".  0 or ERR_VALUE. */
int net_addr_parse(struct str s, struct net_addr *ret) WARN_UNUSED;
void net_addr_format(const struct net_addr *a, char dst[static 80]);
/* Its prefix for limits as text: "192.0.2.1/32", "2001:db8:1:2::/64"; an IPv4
 * address mapped to IPv6 counts as that. */
void net_addr_prefix(const struct net_addr *a, char dst[static 64]);

/* --- listeners --- */

/* fd: a connected, non-blocking socket, the receiver's to close. */
typedef void (*net_accept_fn)(void *ctx, int fd, const struct net_addr *peer);
struct net_listener;
/* *ret_bound gets the real port where port is 0.  0; ERR_NOMEM; ERR_IO: then
 * reterr_errno tells why (EINVAL: a.host is no literal address). */
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
	 * were taken.  What is not taken stays, and reading pauses until
	 * net_stream_resume(), upon which it is given again at the end of the
	 * turn, and if none of it is taken then, together with what follows.
	 * Resuming inside data() means that more is needed at once: what was
	 * left is given again with what follows.  64 KiB left while more is
	 * needed end the stream with ERR_LIMIT.
	 */
	size_t (*data)(void *ctx, struct str in);
	/* The handshake is finished.  May be NULL. */
	void (*secured)(void *ctx);
	/* Output that had reached the low mark (64 KiB), or that the kernel
	 * would not take, has drained to below it.  May be NULL. */
	void (*drained)(void *ctx);
	/*
	 * The stream has ended: 0 by the peer, else an error (ERR_CLOSED: the
	 * connection was lost, or TLS was cut off without close_notify;
	 * ERR_TLS; ERR_PROTOCOL: see net_stream_start_tls(); ERR_LIMIT;
	 * ERR_NOMEM; ERR_TIMEOUT; ERR_IO).  Called once; no callback comes
	 * later; the stream frees itself after it returns.  Output that is
	 * pending is still sent, if there may be somebody who reads it.
	 */
	void (*closed)(void *ctx, int err);
};

/* Takes over fd, unless it fails: ERR_NOMEM, ERR_IO.  ops lives as long as the
 * stream. */
int net_stream_new(struct net_loop *l, int fd, const struct net_stream_ops *ops,
		   void *ctx, struct net_stream **ret) WARN_UNUSED;
/* Write: takes a copy, sends as much as it can at once at the end of the
 * loop's turn.  After close it does nothing.  0; ERR_NOMEM; ERR_LIMIT (64 MiB
 * are pending: an owner stops long before). */
int net_stream_write(struct net_stream *s, struct str octets) WARN_UNUSED;
/* Octets accepted and not yet given to the kernel. */
size_t net_stream_pending(const struct net_stream *s);
void net_stream_resume(struct net_stream *s);
/*
 * Begin TLS as server: what was written so far goes out in clear, what is
 * written from now on waits for the handshake.
 *
 * Clear octets that have arrived behind the UPGRADE line are an attack.
 * Inside data() the judgement comes when that returns, for only then it is
 * known what it took: if it left anything, or more lies in the socket, pending
 * output (the 204) is dropped and the stream ends with closed(ERR_PROTOCOL).
 * Outside data(): if anything was left or lies in the socket, pending output is
 * dropped, ERR_PROTOCOL is returned and nothing was begun; close the stream.
 * What arrives later is the handshake.  On a stream that has received nothing
 * yet (TLS from the first octet) all is the handshake.
 *
 * 0; ERR_PROTOCOL; ERR_STATE (has TLS already, or is closed); ERR_NOMEM.
 */
int net_stream_start_tls(struct net_stream *s, struct tls_ctx *c,
			 enum tls_version minimum) WARN_UNUSED;
struct tls *net_stream_tls(struct net_stream *s);	/* NULL: plain */
/* Send what is pending, say close_notify and FIN, and let the peer take leave
 * (all that for at most 5 s); or end it at once (abort).  closed() is not
 * called for either.  The stream frees itself: do not touch it any more. */
void net_stream_close(struct net_stream *s);
void net_stream_abort(struct net_stream *s);
/* Give buffers back; the next octets take new ones.  (A stream at rest has none
 * anyway: those of its output are freed when it is sent.) */
void net_stream_idle(struct net_stream *s);

/* --- the pool --- */

struct net_pool;
struct net_work {
	struct net_work *next;
	/* thread: what thread_start returned for the thread that runs it. */
	void (*run)(struct net_work *w, void *thread);
};
/* thread_start runs in each new thread; its result goes to run and at the end
 * to thread_stop.  Returns when all have started: 0; ERR_INTERNAL if one gave
 * NULL, ERR_NOMEM, ERR_LIMIT (no more threads): then all have ended. */
int net_pool_new(size_t threads, void *(*thread_start)(void *ctx),
		 void (*thread_stop)(void *ctx, void *thread), void *ctx,
		 struct net_pool **ret) WARN_UNUSED;
/* Runs them in the order they came, as threads get free. */
void net_pool_submit(struct net_pool *p, struct net_work *w);
/* Waits for what was submitted. */
void net_pool_free(struct net_pool *p);

#endif
