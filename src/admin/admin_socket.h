/*
 * admin_socket: the two ends of the control socket.
 *
 * A Unix stream socket, mode 0600.  Paths too long for an address of the
 * kernel (107 octets) are reached through a descriptor of their folder.
 */
#ifndef ADMIN_ADMIN_SOCKET_H
#define ADMIN_ADMIN_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Listen at path, non-blocking.  What a process that has ended left there is
 * replaced; a socket that answers never is: ERR_LOCKED.  ERR_EXISTS for
 * anything but a socket, ERR_VALUE for an impossible path, or what
 * err_from_errno() says.  *ret_ino: of the socket's place.
 */
int admin_socket_listen(const char *path, int *ret_fd, ino_t *ret_ino)
	WARN_UNUSED;
/* Take the socket's place away, if it still is the one of ino. */
void admin_socket_unlink(const char *path, ino_t ino);

/* Connect, blocking.  ERR_NOTFOUND: nobody is there (no socket, or one whose
 * process has ended); ERR_DENIED; ERR_VALUE; or what err_from_errno() says. */
int admin_socket_connect(const char *path, int *ret_fd) WARN_UNUSED;

#endif
