/*
 * engine: session engines in one process, without sockets, threads or clock.
 *
 * An engine is what a server is to its sessions: shared environment, a store,
 * and a queue of jobs that run when engine_run() is called, in order.  Time
 * stands still until it is moved.
 */
#ifndef LIB_ENGINE_ENGINE_H
#define LIB_ENGINE_ENGINE_H

#include "session/session.h"

struct engine;
struct peer;	/* one connection */

/* Such an h. */
#define ENGINE_H \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"

/* A store in memory; hosted: a.test and b.test.  NULL without memory. */
struct engine *engine_new(void);
void engine_free(struct engine *e);
/* To be changed before the first peer. */
struct limits *engine_limits(struct engine *e);
struct session_env *engine_env(struct engine *e);
struct store *engine_store(struct engine *e);
struct store_reader *engine_reader(struct engine *e);
/* Domain and account, with the password.  The KDF is real but weak in tests
 * only by its parameters.  0 or an error. */
int engine_account(struct engine *e, const char *imid, const char *password);
/* The same with an h that no password has, which costs no KDF; and the login
 * with it. */
int engine_account_h(struct engine *e, const char *imid, const char *h);
int peer_login_h(struct peer *p, const char *imid, const char *h);
/* Run a write job at once. */
int engine_write(struct engine *e, struct store_job *job);

uint64_t engine_now(const struct engine *e);
void engine_pass(struct engine *e, uint64_t ms);
/* Let jobs come back one at a time only when told (default: all at once). */
void engine_hold_jobs(struct engine *e, bool hold);
size_t engine_jobs(const struct engine *e);
/* Run the oldest job, and hand it back.  False without one. */
bool engine_step(struct engine *e);

/* A connection; tls: encrypted from the start. */
int peer_new(struct engine *e, bool tls, struct peer **ret);
/* The connection is lost. */
void peer_free(struct peer *p);
/* Octets to the server, n at a time (0: all at once); runs what follows. */
void peer_send(struct peer *p, struct str octets, size_t n);
/* What the server has said and nobody has taken yet. */
struct buf *peer_output(struct peer *p);
/* The peer takes no output. */
void peer_block(struct peer *p, bool block);
bool peer_closed(const struct peer *p);
struct session *peer_session(struct peer *p);
/* Octets the server has not taken. */
size_t peer_unsent(const struct peer *p);
/* Log in with the password and a proof; 0 or ERR_AUTH. */
int peer_login(struct peer *p, const char *imid, const char *password);

#endif
