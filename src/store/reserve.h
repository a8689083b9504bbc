/*
 * reserve: octets that unfinished messages have been promised in a mailbox.
 *
 * Each DATA reserves its length in every recipient's mailbox; DONE, RESET and
 * a lost connection release it (spec: Delivery).  What is reserved lives in
 * memory only, for a message that is not finished does not outlive the
 * process, and beside the store: the quota is checked again when the message
 * is written.
 *
 * Any thread may call; mailboxes are spread over locks of their own, so that
 * two sessions meet only where they write to the same few mailboxes.
 */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include <stdint.h>

#include "base/err.h"

struct reserve;

/* Returns 0 or ERR_NOMEM. */
int reserve_new(struct reserve **ret) WARN_UNUSED;
/* Takes NULL.  What is still reserved is forgotten. */
void reserve_free(struct reserve *r);

/*
 * Promise octets in a mailbox that holds `used` of its `quota`.  Returns 0,
 * ERR_QUOTA (nothing is promised) if used, what is reserved already and octets
 * together pass the quota, or ERR_NOMEM.
 */
int reserve_add(struct reserve *r, uint64_t mailbox_id, uint64_t used,
		uint64_t quota, uint64_t octets) WARN_UNUSED;
/* Give back what reserve_add() promised; all of it or a part. */
void reserve_sub(struct reserve *r, uint64_t mailbox_id, uint64_t octets);
/* What is reserved in a mailbox now. */
uint64_t reserve_get(struct reserve *r, uint64_t mailbox_id);

#endif
