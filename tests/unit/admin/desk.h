/*
 * desk: an administrator's desk for tests: a store in memory, and a paper on
 * which everything that happens is written down, a line each.
 *
 *     {..}		an object or item of the answer
 *     note: ..		a note		progress: ..
 *     kick 1 phone	sessions of account 1 were ended, of its device phone
 *     why: ..		it failed
 */
#ifndef ADMIN_DESK_H
#define ADMIN_DESK_H

#include "admin/admin.h"
#include "store/mem/mem_store.h"

struct desk {
	struct limits limits;
	struct store *store;
	struct store_reader *reader;
	struct server_key *key;
	struct admin_env env;
	struct buf paper;
	struct admin_secret secret;
	int put_err;		/* what the next put() gives */
	uint64_t kicks;
};

void desk_init(struct desk *d);
void desk_done(struct desk *d);
/* Run words, divided by blanks; the paper is cleared first.  Returns the exit
 * code. */
int desk_run(struct desk *d, const char *words);
/* Split words; returns how many. */
size_t desk_words(const char *words, struct str *ret, size_t max);

struct desk_step {
	const char *words;
	int code;
	const char *paper;	/* NULL: not looked at */
};
/* Run steps in order, and compare. */
void desk_steps(struct desk *d, const struct desk_step *v, size_t n);

#endif
