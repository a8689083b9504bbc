/* target: messages as a user names them. */
#ifndef IMMP_TARGET_H
#define IMMP_TARGET_H

#include "base/buf.h"

/*
 * A UUID alone is that message wherever it lies (`#uuid`); anything with a `#`
 * or a filter is taken as it is.  Appends to b, NUL-terminated.  0, ERR_VALUE
 * (neither), ERR_LIMIT.
 */
int target_text(struct buf *b, const char *word) WARN_UNUSED;
/* Is it exactly one message? */
bool target_is_one(const char *word);

#endif
