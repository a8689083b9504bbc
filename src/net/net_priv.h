/*
 * net_priv: what the files of this folder share.
 */
#ifndef NET_NET_PRIV_H
#define NET_NET_PRIV_H

#include "base/heap.h"
#include "net/net.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

/* The checked cast of what libuv or a caller gives back as void *. */
#define NET_CHECK(p, m) \
	do { \
		if (!(p) || (p)->magic != (m)) \
			abort(); \
	} while (0)

/* Octets read from a socket at once; one buffer a loop. */
#define NET_READ 65536
/* Plaintext of what was read at once: never more than that, and the rest of a
 * record that had come before. */
#define NET_PLAIN (NET_READ + 16384)
/* Octets encrypted at once, and what their records cost. */
#define NET_ENCRYPT 65536
#define NET_CIPHER (NET_ENCRYPT + 1024)
/* Octets that a stream keeps because data() did not take them: past this an
 * owner who asks for more will never make anything of it. */
#define NET_KEEP 65536
/* drained() comes below this; see net.h. */
#define NET_LOW 65536
/* Past this nothing is read: with TLS a peer could have us answer without the
 * session's knowing. */
#define NET_HIGH 1048576
/* The ceiling of pending output.  The session stops long before. */
#define NET_OUT_MAX (64u * 1024 * 1024)
/* A closed stream has this long to send what is pending, and for the peer to
 * take leave; it takes no more than so many octets meanwhile. */
#define NET_CLOSE_MS 5000
#define NET_DISCARD 262144
/* Pause of a listener that got no descriptor. */
#define NET_PAUSE_MS 100

#define NET_LOOP_MAGIC 0x6e65744cu
#define NET_TIMER_MAGIC 0x6e657454u
#define NET_LISTENER_MAGIC 0x6e657441u
#define NET_STREAM_MAGIC 0x6e657453u
#define NET_POOL_MAGIC 0x6e657450u

struct net_loop {
	uint32_t magic;
	bool again; /* something happened at the end of the turn */
	uv_loop_t uv;
	uv_async_t wake;   /* posted messages */
	uv_prepare_t end;  /* the end of a turn */
	uv_idle_t idle;	   /* running: do not wait for events */
	uv_timer_t clock;  /* the earliest of timers */
	uint64_t clock_at; /* when clock fires; UINT64_MAX: never */
	struct heap timers;
	_Atomic(struct net_msg *) posted; /* newest first */
	void (*on_turn)(void *ctx);
	void *on_turn_ctx;
	struct list streams; /* all */
	struct list flush;   /* with output to send at the end of the turn */
	struct list resume;  /* to be given again what they kept */
	char *read;	     /* NET_READ octets */
	struct buf plain, cipher;
};

/* Timers that are due; and set the loop's clock to the earliest. */
void net_timer_run(struct net_loop *l);
void net_timer_arm(struct net_loop *l);

/* Streams to be resumed; streams with output. */
void net_stream_resume_all(struct net_loop *l);
void net_stream_flush_all(struct net_loop *l);

/* --- a stream --- */

struct net_stream {
	uint32_t magic;
	int fd;
	struct net_loop *loop;
	const struct net_stream_ops *ops;
	void *ctx;
	struct tls *tls;
	struct list all, flush, resume;
	struct buf out;	       /* written, as the owner wrote it */
	struct buf wire;       /* what goes before it, as the peer sees it */
	struct buf kept;       /* received, not taken by the owner */
	struct net_timer *cap; /* of closing */
	size_t discarded;      /* octets, when lingering */
	int events;	       /* that uv waits for */
	bool heard : 1;	       /* anything has been received */
	bool in_data : 1;      /* data() is running */
	bool paused : 1;       /* data() left something */
	bool resumed : 1;      /* net_stream_resume() inside data() */
	bool upgraded : 1;     /* net_stream_start_tls() inside data() */
	bool secured : 1;      /* secured() was called */
	bool finished : 1;     /* the peer has said that no more comes */
	bool blocked : 1;      /* the kernel takes no more for now */
	bool full : 1;	       /* drained() is owed */
	bool closing : 1;      /* no callback any more */
	bool farewell : 1;     /* close_notify was said */
	bool lingering : 1;    /* all is sent, FIN too */
	bool dead : 1;	       /* only to be freed */
	uv_poll_t poll;
};

/* Wait for what the state of s wants. */
void net_stream_poll(struct net_stream *s);
/* Have s flushed at the end of the turn. */
void net_stream_queue(struct net_stream *s);
/* Send as much as goes.  May end the stream. */
void net_stream_flush(struct net_stream *s);
/* Take what the socket has.  May end the stream. */
void net_stream_read(struct net_stream *s);
/* Tell the owner; then close softly where that makes sense. */
void net_stream_end(struct net_stream *s, int err);
/* Give `in`, behind what was kept, to the owner. */
void net_stream_give(struct net_stream *s, struct str in);
/* Are there octets in the socket? */
bool net_stream_has_input(const struct net_stream *s);

#endif
