/*
 * front: the blocking side of libimmp, shared by its files.
 *
 * One round (front_step) moves octets in both directions, so whoever writes
 * also reads: a server that answers while we send never stops us.
 */
#ifndef CLIENT_FRONT_PRIV_H
#define CLIENT_FRONT_PRIV_H

#include "base/buf.h"
#include "client/engine.h"
#include "tls/tls.h"

/* Ciphertext that may wait for the socket, and what is enough to go on. */
#define FRONT_WIRE (1u << 20)
#define FRONT_ENOUGH (128u << 10)
/* Octets of one read, and decrypted ones handed on at once. */
#define FRONT_READ 32768
#define FRONT_PLAIN 65536
/* Replies that may be owed before immp_submit() waits for some. */
#define FRONT_OWED 4096
/* Octets taken from a part's source at once. */
#define FRONT_CHUNK 65536

struct append_slot;

struct immp {
	struct engine *e;	/* NULL: never connected */
	struct tls_ctx *tls_ctx;
	struct tls *tls;	/* NULL: in clear */
	int fd;			/* -1: not connected */
	bool peer_closed;
	struct buf wire, plain;
	char *read_buf;		/* FRONT_READ octets */
	int timeout;		/* ms, -1: none */
	uint64_t heard;		/* decrypted octets so far */

	char *host, *domain;	/* of the options; domain as an A-label */
	char fingerprint[65];
	bool vouched;		/* by a CA */
	bool accepted;		/* by a pin or by the trust function */
	bool proved;
	struct immp_server server;

	struct append_slot *slots;	/* of append.c; NULL: none yet */

	int code;
	char message[512];
};

/* Set the message; returns error. */
int front_error(struct immp *c, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The phrase for an error as the message. */
int front_error_plain(struct immp *c, int error);
/* Forget the last error. */
void front_clear(struct immp *c);

/* Is there a connection that takes commands?  0 or IMMP_E_CLOSED. */
int front_open(struct immp *c);

/*
 * One round: encrypt, send, wait at most timeout ms (-1: for ever), receive,
 * hand on.  1 if octets moved, 0 at the timeout, or an error (the connection
 * is then closed and the message set).
 */
int front_step(struct immp *c, int timeout);
/* Rounds until done(ctx); silence for c->timeout is IMMP_E_TIMEOUT. */
typedef bool (*front_done_fn)(void *ctx);
int front_run(struct immp *c, front_done_fn done, void *ctx);
/* Rounds until output that waits is at most FRONT_ENOUGH. */
int front_drain(struct immp *c);
/* Close the socket and tell what is under way; the message stays. */
void front_close(struct immp *c);

/*
 * Give the octets that a DATA line of p has promised, by way of chunk
 * (FRONT_CHUNK octets).  *error: set (IMMP_E_SOURCE, or what moved says) where
 * p does not give them; the block is then made up with zeros, and so is one
 * for which it is set before.  moved is told how many went, and may be NULL.
 * 0, or the error of a connection that is lost.
 */
typedef int (*front_moved_fn)(void *ctx, uint64_t octets);
int front_block(struct immp *c, const struct immp_part *p, char *chunk,
		int *error, front_moved_fn moved, void *ctx);
/* Octets of all parts; _TOO_LARGE, said, for more than the server takes. */
int front_parts(struct immp *c, const struct immp_mail *m,
		uint64_t *ret_total);
/* A UUID as text: the given one, or where there is none a new one.  0 or
 * IMMP_E_USAGE. */
int front_uuid(const char *given, char dst[static IMMP_UUID_SIZE]);
/* Free what append.c keeps. */
void append_done(struct immp *c);

/* One blocking command: its function and what became of it. */
struct front_call {
	struct immp *c;
	immp_reply_fn fn;
	void *ctx;
	size_t owed;		/* replies still to come */
	int error, code;	/* of the first that failed */
	bool stopped;
	char text[300];		/* of the last reply, or the first failed */
};
void front_call_init(struct front_call *k, struct immp *c, immp_reply_fn fn,
		     void *ctx);
/* The reply function of a call; its ctx is the call. */
int front_call_hear(void *ctx, const struct immp_reply *r);
/* Submit a line for it; more than one is possible.  On an error the call is
 * over and must not be waited for. */
int front_call_send(struct front_call *k, struct str line);
/* Wait for it; 0 or the error, with code and message set. */
int front_call_wait(struct front_call *k);

#endif
