/*
 * engine: the client's side of one connection (spec: States).
 *
 * Pure: octets of the server go in, octets for the server and calls of reply
 * functions come out.  No socket, no clock, no thread, and no TLS: where the
 * engine asks for it (ENGINE_HANDSHAKE) its owner encrypts the connection and
 * says engine_secured().  The blocking front and the relay drive the same
 * engine.
 *
 * Errors are enum immp_error.  One that ends the connection sticks: every
 * command under way is told with a negative code, once, and engine_error()
 * keeps it.  A reply function is never called inside the call that submits its
 * command; it may submit further commands, and must not free the engine.
 *
 * An engine belongs to one thread.
 */
#ifndef CLIENT_ENGINE_H
#define CLIENT_ENGINE_H

#include "base/buf.h"
#include "immp/immp.h"

struct engine;

enum engine_phase {
	ENGINE_GREETING,	/* in clear: waiting for the greeting */
	ENGINE_UPGRADE,		/* UPGRADE is sent */
	ENGINE_HANDSHAKE,	/* start TLS now, then engine_secured() */
	ENGINE_HELLO,		/* encrypted; HELLO is sent */
	ENGINE_READY,		/* takes commands */
	ENGINE_FAILED		/* the connection has ended, or must */
};

/* What HELLO told; "" or 0 where it did not. */
struct engine_info {
	char domain[256];
	char version[16];
	char features[1024];
	char methods[64];
	uint64_t max;
};

/* tls_first: encrypted from the first octet, begins in ENGINE_HANDSHAKE.
 * minimum: what UPGRADE may ask for at least.  NULL without memory. */
struct engine *engine_new(bool tls_first, enum immp_tls minimum);
void engine_free(struct engine *e);

/*
 * Octets of the server.  All are taken; what a server sent behind its 204 and
 * before TLS is dropped unread.  0, or the error that ended the connection.
 */
int engine_feed(struct engine *e, struct str in) WARN_UNUSED;
/* The connection is lost (or must end): tell every command under way.  The
 * first error stays; returns it. */
int engine_fail(struct engine *e, enum immp_error error, const char *why);
/* TLS is up. */
int engine_secured(struct engine *e) WARN_UNUSED;

/* What is to be sent: the owner consumes it. */
struct buf *engine_out(struct engine *e);

enum engine_phase engine_phase(const struct engine *e);
/* The minimum to ask of the handshake: IMMP_TLS3 if UPGRADE said so. */
enum immp_tls engine_tls(const struct engine *e);
const struct engine_info *engine_info(const struct engine *e);
bool engine_has(const struct engine *e, struct str feature);
/* Replies that are still owed. */
size_t engine_pending(const struct engine *e);
/* The error that ended the connection, or 0; its text and status code. */
int engine_error(const struct engine *e);
const char *engine_why(const struct engine *e);
int engine_code(const struct engine *e);

/*
 * Submit a line: one or more commands, each of which is answered to fn (which
 * may be NULL).  0; IMMP_E_USAGE with the reason in *reterr_why (a static
 * string; may be NULL) for what cannot be parsed, DATA, UPGRADE and QUIT;
 * IMMP_E_CLOSED; IMMP_E_MEMORY.
 */
int engine_command(struct engine *e, struct str line, immp_reply_fn fn,
		   void *ctx, const char **reterr_why) WARN_UNUSED;
/*
 * Submit a DATA line, which must say LENGTH n; the n octets are owed at once
 * and given with engine_block(), before any other command.
 */
int engine_data(struct engine *e, struct str line, uint64_t n,
		immp_reply_fn fn, void *ctx) WARN_UNUSED;
/* Octets of the open block, not more than are owed. */
int engine_block(struct engine *e, struct str octets) WARN_UNUSED;
uint64_t engine_owed(const struct engine *e);
/* Say QUIT; no command may follow. */
int engine_quit(struct engine *e) WARN_UNUSED;
/* Forget the function of all commands under way that have this ctx. */
void engine_mute(struct engine *e, const void *ctx);

/*
 * Pass everything through from now on: octets of the server go to fn as they
 * come, engine_raw_write() sends octets as they are, commands are refused.
 * Only in ENGINE_READY with nothing pending.
 */
typedef void (*engine_raw_fn)(void *ctx, struct str octets);
int engine_raw(struct engine *e, engine_raw_fn fn, void *ctx) WARN_UNUSED;
int engine_raw_write(struct engine *e, struct str octets) WARN_UNUSED;

/* The error that a final status code stands for; 0 for success. */
int engine_error_of(int code);

#endif
