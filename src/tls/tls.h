/*
 * tls: TLS as a transformer of octets, over memory, without a socket.
 *
 * The only user of openssl/ssl.h.  A struct tls holds nothing between calls
 * but OpenSSL's own object with its buffers released: input is read straight
 * from the slice that is given, output goes to the buf that is given (both
 * belong to the loop).  A tls belongs to one thread; a tls_ctx may be shared.
 *
 * No renegotiation, no early data, no compression; TLS 1.2 only with extended
 * master secret; ALPN immp/1: none is taken, another ends the handshake.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/buf.h"
#include "base/err.h"

struct tls_ctx;
struct tls;

enum tls_version { TLS_1_2 = 2, TLS_1_3 = 3 };	/* as in TLS2, TLS3 */

/* --- contexts --- */

struct tls_pair {
	const char *domain;		/* SNI; NULL for the default pair */
	const char *certificate;	/* PEM files: chain, key */
	const char *key;
};

/* Without a default pair the first is it.  0, ERR_VALUE (no pair), ERR_CERT,
 * ERR_EXISTS (a domain twice), ERR_NOMEM, ERR_TLS; reterr gets one line that
 * says which file and why. */
int tls_ctx_server(const struct tls_pair *pairs, size_t n,
		   enum tls_version minimum, struct tls_ctx **ret,
		   char *reterr, size_t cap) WARN_UNUSED;
/* No verification of its own: the caller judges by tls_peer_*(). */
int tls_ctx_client(enum tls_version minimum, struct tls_ctx **ret) WARN_UNUSED;
struct tls_ctx *tls_ctx_ref(struct tls_ctx *c);
void tls_ctx_unref(struct tls_ctx *c);

/* Make a self-signed pair for domain (P-256, ten years), files written 0600,
 * synced; existing ones are left alone, and a key without certificate gets
 * one.  0; ERR_VALUE for what is no domain; ERR_CONFLICT for a certificate
 * without key; ERR_CERT for a key that cannot be read; errors of files. */
int tls_make_pair(const char *domain, const char *certificate, const char *key)
	WARN_UNUSED;
/* SHA-256 of the SubjectPublicKeyInfo of a certificate file, lower-case hex.
 * 0, ERR_CERT, or an error of the file. */
int tls_file_fingerprint(const char *certificate, char ret[static 65])
	WARN_UNUSED;

/* --- one connection --- */

/* minimum: for UPGRADE TLS3 on a context that would take TLS 1.2 too. */
struct tls *tls_new_server(struct tls_ctx *c, enum tls_version minimum);
/* server_name: SNI, NUL-terminated. */
struct tls *tls_new_client(struct tls_ctx *c, enum tls_version minimum,
			   const char *server_name);
void tls_free(struct tls *t);

/*
 * Take octets of the network; put plaintext to plain, octets to send to out.
 * All of in is taken, unless plain reaches its ceiling: *ret_used tells, the
 * rest (and what is pending inside) comes with the next call, also with empty
 * input.  Returns 0; ERR_CLOSED after the peer's close_notify; ERR_TLS on any
 * failure (out then may hold an alert to send); ERR_NOMEM; ERR_LIMIT if out is
 * full.  *ret_used is set, and plain may have grown, in every case: what came
 * before a close_notify counts.  Any error but ERR_CLOSED is final.
 */
int tls_feed(struct tls *t, struct str in, size_t *ret_used, struct buf *plain,
	     struct buf *out) WARN_UNUSED;
/* Encrypt all of plain to out.  0; ERR_STATE before the handshake is finished;
 * after any other error (ERR_LIMIT, ERR_NOMEM, ERR_TLS) the connection is lost,
 * for the peer misses a record. */
int tls_write(struct tls *t, struct str plain, struct buf *out) WARN_UNUSED;
/* Say close_notify. */
void tls_shutdown(struct tls *t, struct buf *out);

bool tls_ready(const struct tls *t);	/* handshake finished */
enum tls_version tls_version(const struct tls *t);
const char *tls_version_text(const struct tls *t);	/* "TLSv1.3" */
/* The name the client asked for (NULL: none). */
const char *tls_server_name(const struct tls *t);
/* Keying material of RFC 5705 without context, 32 octets. */
int tls_exporter(struct tls *t, const char *label, uint8_t ret[static 32])
	WARN_UNUSED;
/* What went wrong last on this thread, one line without secrets. */
const char *tls_error(void);

/* --- the peer's certificate, for clients --- */

/* SPKI SHA-256, lower-case hex.  ERR_CERT if there is none. */
int tls_peer_fingerprint(struct tls *t, char ret[static 65]) WARN_UNUSED;
/* Does the chain lead to a CA of the system for this name?  0 or ERR_CERT. */
int tls_peer_vouched(struct tls *t, const char *name) WARN_UNUSED;

#endif
