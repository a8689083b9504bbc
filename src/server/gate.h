/*
 * gate: how many connections there are, in all and from one address prefix.
 * Thread-safe.
 */
#ifndef SERVER_GATE_H
#define SERVER_GATE_H

#include "base/map.h"

#include <pthread.h>

struct gate {
	pthread_mutex_t lock;
	struct map peers;	/* prefix to its count, in the pointer */
	uint64_t n, max, max_peer;
};

void gate_init(struct gate *g, uint64_t max, uint64_t max_peer);
void gate_done(struct gate *g);
/* One more from prefix.  0, ERR_BUSY past a limit, ERR_NOMEM. */
int gate_enter(struct gate *g, struct str prefix) WARN_UNUSED;
/* One less; it has entered. */
void gate_leave(struct gate *g, struct str prefix);

#endif
