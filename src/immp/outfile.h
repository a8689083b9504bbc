/*
 * outfile: a new file in a folder, whole or not there at all.
 */
#ifndef IMMP_OUTFILE_H
#define IMMP_OUTFILE_H

#include "base/buf.h"
#include "immp/names.h"

struct outfile {
	int dir, fd;		/* -1: not open */
	char temp[40];		/* its name until it is whole */
	char name[NAME_MAX_OCTETS + 16]; /* its name, once outfile_keep() */
};

/* Open the folder dir (made if it is missing: one level).  0 or an error. */
int outfile_folder(const char *dir, int *ret) WARN_UNUSED;
/* Begin a file in the folder dir (not closed by it), mode 0666 & ~umask. */
int outfile_begin(struct outfile *o, int dir) WARN_UNUSED;
int outfile_write(struct outfile *o, struct str octets) WARN_UNUSED;
/*
 * It is whole: sync it, and give it the first free of name, name-1, ...; never
 * replaces a file.  o->name is what it got.
 */
int outfile_keep(struct outfile *o, const char *name) WARN_UNUSED;
/* Let it vanish; nothing after outfile_keep(). */
void outfile_drop(struct outfile *o);

#endif
