/*
 * pump: two ends of TLS in one process, their octets carried by the test.
 */
#ifndef TESTS_UNIT_TLS_PUMP_H
#define TESTS_UNIT_TLS_PUMP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "tls/tls.h"

/* Two pairs in a folder of their own: a.test and b.test. */
struct pump_files {
	char folder[32];
	char certificate[2][64], key[2][64];
};

void pump_files_make(struct pump_files *f);
void pump_files_remove(struct pump_files *f);
/* Default a.test; b.test for its name. */
struct tls_ctx *pump_server_ctx(const struct pump_files *f,
				enum tls_version minimum);
struct tls_ctx *pump_client_ctx(enum tls_version minimum);

struct pump_end {
	struct tls *tls;
	struct buf plain; /* what it has received */
	struct buf out;	  /* what it wants to send */
	int err;	  /* the last result */
};

/* Plaintext up to ceiling. */
void pump_end_init(struct pump_end *e, struct tls *t, size_t ceiling);
void pump_end_done(struct pump_end *e);

/* Feed octets in pieces of at most `piece`; stops at an error.  All must be
 * taken as long as there is none and plain is not full. */
void pump_feed(struct pump_end *e, struct str octets, size_t piece);
/* Carry from one to the other once; and both ways until nothing moves. */
void pump_once(struct pump_end *from, struct pump_end *to, size_t piece);
void pump_all(struct pump_end *a, struct pump_end *b, size_t piece);

#endif
