/*
 * tls_priv: what the files of this folder share.
 */
#ifndef TLS_TLS_PRIV_H
#define TLS_TLS_PRIV_H

#include "base/map.h"
#include "tls/openssl_priv.h"
#include "tls/tls.h"

#include <pthread.h>
#include <stdatomic.h>

#define TLS_ALPN "immp/1"

/* --- contexts --- */

#define TLS_CTX_MAGIC 0x746c7343u

struct tls_ctx {
	uint32_t magic;
	atomic_uint refs;
	bool server;
	enum tls_version minimum;
	SSL_CTX *main;	      /* the default pair; a client's only one */
	struct map by_domain; /* lower-case domain -> SSL_CTX */
	pthread_mutex_t ca_lock;
	X509_STORE *ca; /* the system's, once it was asked for */
};

/* --- the first message --- */

/* A ClientHello of today has 0.5 KiB, with post-quantum keys 2 to 4 KiB. */
#define TLS_HELLO_MAX 16384

/*
 * Looks at the messages that a client sends in clear, before OpenSSL, which
 * makes room for 128 KiB on the mere word of the first nine octets.
 */
struct tls_hello {
	bool done; /* nothing is left to look at */
	uint8_t nrecord, nmessage;
	uint8_t record[5];  /* header of the current record */
	uint8_t message[4]; /* header of the current message */
	uint16_t record_left;
	uint32_t message_left;
};

/* 0, or ERR_TLS for a ClientHello of more than TLS_HELLO_MAX. */
int tls_hello_check(struct tls_hello *h, struct str in) WARN_UNUSED;

/* --- the transport of one call --- */

#define TLS_IO_MAGIC 0x746c7349u

struct tls_io {
	uint32_t magic;
	struct str in; /* not yet read */
	struct buf *out;
	int err; /* what went wrong with out */
};

/* The BIO of this thread, reading and writing io; NULL without memory.  It
 * belongs to the thread: take a reference to keep it. */
BIO *tls_bio(struct tls_io *io);

/* --- errors --- */

/* Set what tls_error() tells, and empty OpenSSL's queue. */
void tls_error_set(const char *what);
/* As tls_error_set, with OpenSSL's own reason.  Returns ERR_NOMEM if that is
 * why, else ERR_TLS. */
int tls_error_take(const char *what);

/* SHA-256 of the public key of x in lower-case hex.  0 or ERR_NOMEM. */
int tls_x509_fingerprint(X509 *x, char ret[static 65]) WARN_UNUSED;

/* --- one connection --- */

struct tls {
	SSL *ssl;
	struct tls_ctx *ctx;
	bool ready;
	bool failed; /* nothing but tls_free() makes sense */
	struct tls_hello hello;
};

#endif
