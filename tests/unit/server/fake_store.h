/*
 * fake_store: a store that does nothing but count, wait and fail as told.
 */
#ifndef UNIT_SERVER_FAKE_STORE_H
#define UNIT_SERVER_FAKE_STORE_H

#include <pthread.h>

#include "store/store_ops.h"

#define FAKE_BATCHES 64

struct fake_store {
	struct store s;		/* first */
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool hold;		/* writes wait */
	int err;		/* what write returns */
	int tend;		/* what tend returns */
	unsigned tended;
	size_t batch[FAKE_BATCHES];	/* jobs of each */
	size_t nbatches;
	unsigned purges;	/* purge jobs that still have more to do */
	unsigned purged;
};

void fake_store_init(struct fake_store *f);
void fake_store_done(struct fake_store *f);
void fake_store_hold(struct fake_store *f, bool hold);
/* Wait until n batches have come in (they may be held); false after 10 s. */
bool fake_store_wait(struct fake_store *f, size_t n);

#endif
