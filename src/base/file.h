/*
 * file: small files that are whole or not there, and writing all of it.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

/*
 * Make the file path with content: written beside its place, synced, then
 * given its name, and the folder synced.  Never replaces a file: of two that
 * try at once one wins.  A crash leaves no file, the whole file, or at worst
 * one beside it that nobody reads.  Returns 0, ERR_EXISTS, ERR_SYNC, ERR_VALUE
 * (the path is too long), or what err_from_errno() says.
 */
int file_create(const char *path, mode_t mode, struct str content) WARN_UNUSED;

/* All octets to a descriptor that blocks, whatever write() says of signals.
 * Returns 0 or what err_from_errno() says; some may have been written then. */
int file_write(int fd, struct str s) WARN_UNUSED;

/*
 * Add the content of an ordinary file to b, up to its ceiling.  private: the
 * file may not be a symbolic link, nor have rights for others than its owner
 * (ERR_DENIED).  Returns 0, ERR_NOTFOUND, ERR_DENIED, ERR_LIMIT, ERR_NOMEM, or
 * what err_from_errno() says; b may then hold a part.
 */
int file_read(const char *path, bool private, struct buf *b) WARN_UNUSED;
/* The same; a path that is relative begins at the folder of that descriptor. */
int file_read_at(int dir, const char *path, bool private,
		 struct buf *b) WARN_UNUSED;

#endif
