/* cmd_data: what the intake asks of DATA, the one command with a block. */
#ifndef SESSION_CMD_DATA_H
#define SESSION_CMD_DATA_H

#include "session/session_priv.h"

/* While parsing: is it known whether and how long a block follows?  Sets
 * c->verdict, and c->fatal where it is not.  be: what binding found wrong. */
void data_prepare(struct session *s, struct cmd *c,
		  const struct bind_error *be);
/* Take octets of the block; ends it when it is complete. */
size_t data_take(struct session *s, struct cmd *c, struct str in);
/* The message's buffer is full and its file is being written. */
bool data_full(const struct cmd *c);

/* A refused DATA: is there a block still to be read and dropped? */
bool data_owes(const struct cmd *c);
/* It is cancelled: so is the message whose part it was taking. */
void data_cancelled(struct cmd *c);
/* Octets decoded at a time. */
#define DATA_STEP 32768

#endif
