/*
 * sqlite_ops: things to do with the embedded store, one of whose allocations or
 * file calls fails.
 *
 * Each makes ready what it needs, then lets happen what sqlite_ops_armed says,
 * and calls the store.  It returns 0 or more, or the error.
 */
#ifndef FAULT_SQLITE_OPS_H
#define FAULT_SQLITE_OPS_H

#include "unit/store/sqlite_home.h"

/* What is to fail: the n-th allocation, or the n-th file call of some kinds. */
struct sqlite_ops_armed {
	uint64_t memory, file;
	unsigned calls;
	int errnum;
	bool sticky;
};
extern struct sqlite_ops_armed sqlite_ops_armed;
/* Did it fail?  Nothing does any more. */
bool sqlite_ops_disarm(void);

/* Letters: 0 if letter n was refused, else 1 + the person who has it. */
#define SQLITE_OPS_LETTERS 4096
extern uint8_t sqlite_ops_sent[SQLITE_OPS_LETTERS];
extern uint64_t sqlite_ops_next;

struct sqlite_ops {
	const char *name;
	int (*run)(struct home *h);
};
extern const struct sqlite_ops sqlite_ops[];
extern const size_t sqlite_ops_count;

int sqlite_ops_deliver(struct home *h);
int sqlite_ops_big(struct home *h);

/* Let SQLite's memory come from base/mem.h, so that it can fail too.  Before
 * anything else of SQLite. */
void sqlite_ops_memory(void);

#endif
