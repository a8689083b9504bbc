/*
 * shape: what was read of a message as one text, to compare with.
 */
#ifndef MIME_SHAPE_H
#define MIME_SHAPE_H

#include "lib/guard.h"
#include "mime/mime.h"

/*
 * A line for each part: its id, `<` and the part it is in, its type, then
 * `*` for the content, `+` inline, `file=`, `cid=`, and the decoded octets in
 * [], line ends as \n and \r; a container has none.  In a.
 */
struct str shape_parts(struct arena *a, const struct mime_mail *m);
/* A line each: subject, from, to, cc, date, importance, ids, headers; only
 * those that are there. */
struct str shape_envelope(struct arena *a, const struct mime_mail *m);

/* Read `in`, and each beginning of it, and compare its shape with want.  read
 * is given a struct mime_mail, and a is cleared. */
typedef struct str shape_fn(struct arena *a, const struct mime_mail *m);
void shape_case(struct arena *a, const char *name, const char *in,
		guard_fn *read, shape_fn *shape, const char *want);

#endif
