/* cmd_append: what DONE does with a message that APPEND has opened. */
#ifndef SESSION_CMD_APPEND_H
#define SESSION_CMD_APPEND_H

#include "session/draft.h"

/* The write job, but for row and octets. */
void append_job(const struct draft *d, uint64_t now, struct store_append *w);
/* Off the loop: the mailbox has a message with this ID.  0: it is the same
 * content (sha: SHA-256 of message_identity()); ERR_CONFLICT: another;
 * ERR_NOTFOUND: it has been purged meanwhile. */
int append_compare(struct store_reader *r, const struct store_append *w,
		   const uint8_t sha[static 32]) WARN_UNUSED;

#endif
