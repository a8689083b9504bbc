/*
 * session: the server's side of one connection (spec: States).
 *
 * An engine: octets and the time come in, octets, jobs and wishes go out.  It
 * does no I/O, reads no clock, starts no thread; all calls come from the one
 * thread that owns it, and a port is never called back into from inside.
 *
 * Use, after anything that may have changed it (input, a job's answer, a tick,
 * output taken): look at session_output(), session_wish() and
 * session_deadline().
 *
 * A job that is under way when the session is freed belongs to nobody: give
 * it to session_job_drop() when it comes back.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "auth/secret_auth.h"
#include "auth/throttle.h"
#include "base/limits.h"
#include "store/reserve.h"
#include "store/store.h"

struct session;

/* What all sessions of a server share; read-only but for what is thread-safe
 * by itself.  Outlives them. */
struct session_env {
	const struct limits *limits;
	struct secret_auth auth;
	const struct server_key *key;
	struct throttle *failures;	/* logins */
	struct throttle *unknown;	/* recipients that are not there */
	struct reserve *reserve;	/* octets of unfinished messages */
	struct store *store;		/* for large bodies only */
	struct str domain;		/* the server's own name */
	struct str postmaster;		/* key of its account; empty: none */
	struct str methods;		/* "TLS2 TLS3" as offered */
	bool tls2;			/* TLS 1.2 is taken */
	/* octets of unfinished messages in memory, all sessions together;
	 * atomic */
	uint64_t *inline_octets;
};

/*
 * A piece of work off the loop, embedded in the command it is for.  A read
 * job's work() runs in a thread that has a store_reader; a write job goes to
 * store_write() as it is.  Either touches nothing but the job's own memory.
 */
struct session_job {
	uint32_t magic;
	uint64_t session_id;
	void (*work)(struct session_job *j, struct store_reader *r);
	struct store_job *write;	/* set: a write job */
	uint64_t octets;		/* of a write job's body, for batches */
	uint64_t room[8];		/* the port's own */
};

enum session_kick { KICK_ACCOUNT, KICK_DEVICE };

/* How the engine reaches the world; ctx is session_new()'s. */
struct session_ports {
	/* Take a job; its answer comes by session_job_done() later, never
	 * inside this call.  Never blocks, never fails. */
	void (*submit)(void *ctx, struct session_job *job);
	/* End sessions of an account (of a device of it: its key) but the one
	 * with id `but`, on all loops, within a second. */
	void (*kick)(void *ctx, enum session_kick what, uint64_t account_id,
		     struct str device_key, uint64_t but);
	/* Keying material of the TLS session. */
	int (*exporter)(void *ctx, const char *label, uint8_t ret[static 32]);
	/* Something worth a log line. */
	void (*event)(void *ctx, const char *event, struct str account,
		      const char *detail);
};

struct session_peer {
	struct str prefix;	/* of its address, for throttles */
	struct str addr;	/* for the log */
};

/* id: unique in the process, never reused.  tls: the connection is encrypted
 * already (TLS-first port); else it greets and waits for UPGRADE.
 * now: monotonic ms; unix: Unix ms. */
int session_new(const struct session_env *env, const struct session_ports *p,
		void *ctx, uint64_t id, const struct session_peer *peer,
		bool tls, uint64_t now, uint64_t unix_ms, struct session **ret)
	WARN_UNUSED;
void session_free(struct session *s);
uint64_t session_id(const struct session *s);

/* Octets of the peer.  Returns how many were taken; the rest is to be given
 * again when session_wish() has WISH_READ. */
size_t session_input(struct session *s, struct str in, uint64_t now,
		     uint64_t unix_ms);
/* The peer has closed its side, or the connection is lost. */
void session_lost(struct session *s);

/* What is to be sent; and that n octets of it are on their way. */
struct str session_output(const struct session *s);
void session_sent(struct session *s, size_t n, uint64_t now);

/* The 204 is in the output: begin TLS once it has been sent. */
enum session_wish {
	WISH_READ = 1,		/* wants (more) input */
	WISH_UPGRADE = 2,	/* start TLS behind the output; then call
				 * session_secured() */
	WISH_CLOSE = 4,		/* end the connection behind the output */
	WISH_ABORT = 8		/* end it at once, output unsent */
};
unsigned session_wish(const struct session *s);
/* With WISH_UPGRADE: the version asked for is TLS 1.3 only. */
bool session_wants_tls3(const struct session *s);
void session_secured(struct session *s, struct str server_name, uint64_t now);

/* A job has come back. */
void session_job_done(struct session *s, struct session_job *job, uint64_t now,
		      uint64_t unix_ms);
void session_job_drop(struct session_job *job);

/* When session_tick() is due at the latest (monotonic ms); 0: never. */
uint64_t session_deadline(const struct session *s);
void session_tick(struct session *s, uint64_t now, uint64_t unix_ms);

/* The server stops: say 710 once all that runs has answered. */
void session_stop(struct session *s, uint64_t now);

/* Who it is: 0 while not logged in. */
uint64_t session_account(const struct session *s);
struct str session_device(const struct session *s);	/* key; empty: none */
/* Is it of this account (with KICK_DEVICE: of this device of it), or about to
 * log in as such? */
bool session_concerns(const struct session *s, enum session_kick what,
		      uint64_t account_id, struct str device_key);
bool session_idle(const struct session *s);	/* nothing runs, nothing waits */

#endif
