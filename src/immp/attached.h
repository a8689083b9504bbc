/* attached: the list of a message's attachments, on standard output. */
#ifndef IMMP_ATTACHED_H
#define IMMP_ATTACHED_H

#include "immp/inner.h"

/* Of message m, and of what is inside its content (i, or NULL).  Prints nothing
 * if there are none. */
void attached_print(const json_t *m, const struct inner *i);

#endif
