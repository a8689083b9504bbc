/*
 * server_priv: what the files of this folder share.
 *
 * Who touches what:
 *   - struct loopd and its conns: the loop's thread; others post messages.
 *   - struct server: read-only once the threads run, but for what is atomic,
 *     under a lock of its own, or said to be one thread's.
 *   - a session_job under way: whoever has it (loop, reader, writer, loop).
 * Every message says in itself which loop it is for; those with memory of
 * their own free it.
 */
#ifndef SERVER_SERVER_PRIV_H
#define SERVER_SERVER_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "net/net.h"
#include "server/care.h"
#include "server/gate.h"
#include "server/server.h"
#include "server/writer.h"
#include "session/session.h"

struct server_key;

#define CONN_MAGIC 0xc0449ec7u
#define LOOPD_MAGIC 0x100bd000u

/* What a connection counts as. */
enum conn_class { CONN_PLAIN, CONN_SECURED, CONN_LOGGED_IN, CONN_CLASSES };

struct loopd {
	uint32_t magic;
	uint32_t index;
	struct server *srv;
	struct net_loop *loop;
	pthread_t thread;
	bool running;		/* the thread exists */
	struct tls_ctx *tls;	/* for handshakes from now on */
	struct map conns;	/* by session id */
	struct list dirty;	/* conns to settle at the end of the turn */
	struct heap heap;	/* of conns, by deadline */
	struct net_timer *timer;
	uint64_t timer_at;	/* when it fires; 0: it does not */
	uint64_t ids;		/* sessions so far */
	uint64_t jobs;		/* under way elsewhere */
	bool stopping, drained;
	atomic_size_t nconns;	/* those on their way to us included */
	struct net_msg stop_msg, cut_msg, end_msg, room_msg, expel_msg;
	atomic_bool room_posted, expel_posted;
};

struct conn {
	uint32_t magic;
	bool upgrading;		/* TLS has been started */
	bool blocked;		/* the stream holds octets that were refused */
	bool progress;		/* output has drained since the last look */
	enum conn_class class;
	struct loopd *loop;
	struct net_stream *stream;
	struct session *session;
	struct list dirty;
	struct heap_node timer;
	size_t pending;		/* the stream's, after the last look */
	uint64_t stall_since;
	struct net_addr peer;
};

/* What a session_job carries through other threads, in its room. */
struct job_room {
	union {
		struct write_item item;
		struct net_work work;
	};
	struct loopd *loop;
	struct net_msg msg;
};
_Static_assert(sizeof(struct job_room) <=
	       sizeof(((struct session_job *)0)->room), "a job's room");

struct listener {
	struct server *srv;
	struct net_listener *li;	/* NULL: skipped, or closed */
	struct net_addr bound;
	bool tls, skipped;
};

struct server {
	struct arena arena;	/* all strings */
	struct store *store;
	const struct limits *limits;
	const char *data;
	uint64_t drain;
	bool tls2;
	struct session_env env;
	struct server_key *key;
	uint64_t inline_octets;	/* atomic */
	struct gate gate;
	struct writer *writer;
	struct net_pool *pool;
	struct care *care;
	struct loopd *loops;
	uint32_t nloops;
	struct listener *listeners;
	size_t nlisteners;
	struct tls_ctx *tls;	/* until the loops have it */
	uint64_t started;	/* Unix ms */
	uint64_t started_mono;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool stopping;
	uint32_t ndrained;
	/* counters */
	atomic_uint_fast64_t accepted, refused, logins, auth_failures,
		read_jobs, classes[CONN_CLASSES];
};

/* --- server.c --- */
/* The process cannot go on. */
void server_die(const char *event, int err) __attribute__((noreturn));
/* A loop has no sessions and no jobs any more, and gets none. */
void server_drained(struct server *s);

/* --- setup.c: from options to what all sessions share --- */
int setup_env(struct server *s, const struct server_options *o, char *reterr,
	      size_t cap) WARN_UNUSED;
void setup_done(struct server *s);
int setup_tls(const char *data, struct str domain,
	      const struct server_pair *pairs, size_t n, bool tls2,
	      struct tls_ctx **ret, char *reterr, size_t cap) WARN_UNUSED;

/* --- loopd.c: one loop and its sessions --- */
int loopd_init(struct loopd *l, struct server *s, uint32_t index) WARN_UNUSED;
int loopd_run(struct loopd *l) WARN_UNUSED;	/* starts the thread */
/* After the thread has ended, or was never started. */
void loopd_done(struct loopd *l);
void loopd_post_stop(struct loopd *l);
void loopd_post_cut(struct loopd *l);	/* end what has not ended yet */
void loopd_post_end(struct loopd *l);	/* drained: the thread may end */
void loopd_post_room(struct loopd *l);	/* the writer's queue has room */
/* Use c (a reference is taken) from now on.  ERR_NOMEM. */
int loopd_post_tls(struct loopd *l, struct tls_ctx *c) WARN_UNUSED;
/* Any loop's thread: end sessions on all loops (session_ports.kick). */
void loopd_kick(struct server *s, enum session_kick what, uint64_t account_id,
		struct str device, uint64_t but);
/* The accept callback; ctx is a struct listener. */
void loopd_accept(void *ctx, int fd, const struct net_addr *peer);
/* c has something to settle. */
void loopd_touch(struct loopd *l, struct conn *c);
/* Wake c at a time, or earlier.  ERR_NOMEM. */
int loopd_wake(struct loopd *l, struct conn *c, uint64_t at) WARN_UNUSED;

/* --- jobs.c: jobs of sessions, to other threads and back --- */
/* session_ports.submit; ctx is a struct conn. */
void jobs_submit(void *ctx, struct session_job *job);
extern const struct writer_ops jobs_writer_ops;	/* ctx: the server */
int jobs_pool_new(struct server *s) WARN_UNUSED;

/* --- conn.c: one stream and its session --- */
/* Takes over fd, which has entered the gate. */
void conn_open(struct loopd *l, int fd, const struct net_addr *peer, bool tls);
/* End it at once; the stream is aborted if it is still there. */
void conn_free(struct conn *c);
/* Move octets, fulfil wishes, set the next deadline. */
void conn_settle(struct conn *c);
/* Its deadline has passed. */
void conn_tick(struct conn *c);
/* The writer has room again. */
void conn_room(struct conn *c);

#endif
