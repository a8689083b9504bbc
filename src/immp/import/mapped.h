/*
 * mapped: a file that is read in memory while others may write to it.
 *
 * A file that gets shorter while it is mapped raises SIGBUS where it is read
 * behind its new end.  Zeros are put there instead, and mapped_whole() tells:
 * whoever used octets of it asks before he does something with them that
 * cannot be undone.  One file at a time in a process, in one thread.
 */
#ifndef IMMP_IMPORT_MAPPED_H
#define IMMP_IMPORT_MAPPED_H

#include "base/err.h"
#include "base/str.h"

struct mapped {
	char *p;
	size_t n;
	int fd;
	uint64_t mtime;		/* Unix ms */
};

/* Read-only.  0, or the error of the system. */
int mapped_open(struct mapped *m, const char *path) WARN_UNUSED;
/* Takes one that was not opened, too. */
void mapped_done(struct mapped *m);
/* Were all octets, so far, those of the file? */
bool mapped_whole(const struct mapped *m);
/* The first n octets are not needed any more; a hint. */
void mapped_forget(const struct mapped *m, size_t n);

#endif
