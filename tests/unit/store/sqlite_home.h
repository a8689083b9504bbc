/*
 * sqlite_home: a store in a folder of its own, for tests of the embedded
 * backend: what only it has, under what is shared with all backends
 * (tests/contract).
 */
#ifndef STORE_SQLITE_HOME_H
#define STORE_SQLITE_HOME_H

#include "lib/test.h"
#include "store/sqlite/sqlite_store.h"

#define HOME_PEOPLE 4

struct home {
	char path[256];
	struct limits limits;
	struct store *s;
	struct store_reader *r;
	struct arena a;
	uint64_t mailbox[HOME_PEOPLE];	/* p0@a.test, p1@a.test ... */
	uint64_t now;
	char why[256];			/* of the last home_open() */
};

/* An empty folder, no store in it yet. */
void home_init(struct home *h);
/* Closes, and removes the folder. */
void home_done(struct home *h);
/* Open, making it if it is not there; and close. */
int home_try(struct home *h);
void home_open(struct home *h);
void home_close(struct home *h);
/* The domain and HOME_PEOPLE accounts. */
void home_people(struct home *h);

/* One job; its error. */
int home_run(struct home *h, struct store_job *job);

/* A letter for person `to`: ID and body are made from n, the body (trailer
 * included) is about `octets` long. */
struct home_letter {
	struct store_deliver d;
	struct store_deliver_to to;
	struct buf body, env;
};
void home_letter_init(struct home *h, struct home_letter *l, unsigned to,
		      uint64_t n, size_t octets);
void home_letter_done(struct home_letter *l);
int home_send(struct home *h, unsigned to, uint64_t n, size_t octets);
/* The same as a large body. */
int home_send_big(struct home *h, unsigned to, uint64_t n, size_t octets);
/* Is letter n there, whole?  0, ERR_NOTFOUND, or what was wrong. */
int home_has(struct home *h, unsigned to, uint64_t n);
struct uuid home_id(uint64_t n);

/* store_verify() finds nothing. */
void home_verify(struct home *h);
/* How many it finds; they are kept in h->why (the last). */
int home_findings(struct home *h);

/* A path in the folder; valid until the next call. */
const char *home_path(struct home *h, const char *name);
/* Copy a folder and what is in it, two levels deep; remove one. */
void home_copy(const char *from, const char *to);
void home_remove(const char *path);

#endif
