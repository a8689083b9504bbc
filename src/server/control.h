/*
 * control: the socket of the administrator, in a running server.
 *
 * immpctl sends a command, a line of JSON, and gets lines of answer
 * (admin/admin_wire.h).  The socket is for its owner and root only: mode 0600,
 * and the kernel is asked who connects.
 *
 * Threads of its own, none of a loop: one takes connections, and each command
 * has one while it runs, with a store_reader of its own; writes go through the
 * server's writer.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct server;
struct control;

/*
 * Answer at path from now on, for s, which must outlive it.  A socket that a
 * dead server left is replaced, one that answers is ERR_LOCKED.  reterr (cap
 * octets) gets one line.
 */
int control_start(struct server *s, const char *path, struct control **ret,
		  char *reterr, size_t cap) WARN_UNUSED;
/*
 * Take no more, wait up to ms for what runs, and free it; takes NULL.  Best
 * after server_stop(), and before server_wait().  ERR_TIMEOUT: a command still
 * reads the store (verify does for long).  The server may be waited for, but
 * the store not be closed: end the process.
 */
int control_stop(struct control *c, uint64_t ms) WARN_UNUSED;

#endif
