/*
 * rcpt_cache: who gets mail for an address, as the store told it lately.
 *
 * A DELIVER looks each recipient up; mail comes to the same ones again and
 * again, and a look into the store is a way to another thread and back.  What
 * stands here is what the store would say, but for octets used: they may be a
 * little behind, and the writer checks the quota again.
 *
 * Whatever changes an answer is a write job, so store_write() tells the cache
 * before anybody is told that the job is done.  What was read before a change
 * and comes after it is not taken: rcpt_cache_put() wants the age that
 * rcpt_cache_age() gave before the reading.
 *
 * Any thread may call; one lock, held for some hundred instructions.  At most
 * RCPT_CACHE_SLOTS addresses; one that falls on another's slot replaces it.
 */
#ifndef STORE_RCPT_CACHE_H
#define STORE_RCPT_CACHE_H

#include "store/store.h"

#define RCPT_CACHE_SLOTS 8192

struct rcpt_cache;

int rcpt_cache_new(struct rcpt_cache **ret) WARN_UNUSED;
/* Takes NULL. */
void rcpt_cache_free(struct rcpt_cache *c);

uint64_t rcpt_cache_age(struct rcpt_cache *c);
/* Without memory it is not kept. */
void rcpt_cache_put(struct rcpt_cache *c, uint64_t age, struct str key,
		    struct str folder_key, const struct store_rcpt *box);
/* Texts are copied to a.  False: ask the store. */
bool rcpt_cache_get(struct rcpt_cache *c, struct arena *a, struct str key,
		    struct str folder_key, struct store_rcpt *ret);

/* These jobs of a batch have been committed, or refused. */
void rcpt_cache_wrote(struct rcpt_cache *c, struct store_job *const *jobs,
		      size_t n);

#endif
