/*
 * names: names of files, ours to a peer and a peer's to us.  Pure.
 */
#ifndef IMMP_NAMES_H
#define IMMP_NAMES_H

#include "base/buf.h"

/* Octets of a file name here. */
#define NAME_MAX_OCTETS 200

/*
 * A peer's file name as one that is safe to make: one path component, without
 * control and bidi characters, without a leading dot or dash, not empty, short;
 * what is not allowed becomes '_', what has no name at all is `fallback`.
 * NUL-terminated.
 */
void name_safe(struct str peer, const char *fallback,
	       char dst[static NAME_MAX_OCTETS + 1]);
/* The n-th way to call it where that is taken: name.ext, name-1.ext, ... */
void name_numbered(const char *name, unsigned n,
		   char dst[static NAME_MAX_OCTETS + 16]);
/* What a reader is to see of a path of ours: its last component, as the
 * protocol allows it.  NUL-terminated. */
void name_shown(const char *path, char dst[static NAME_MAX_OCTETS + 1]);

/* The media type that a file's name suggests. */
const char *name_type(const char *path);

#endif
