/*
 * inner: the message inside a part that came whole.
 *
 * Signed mail is stored as it came, a part of type multipart/signed with all
 * its octets, for a signature holds only over these; and who forwards a message
 * may write nothing himself.  What a reader wants lies in it.  A part there is
 * called ID/NAME, ID being the part around it.
 */
#ifndef IMMP_INNER_H
#define IMMP_INNER_H

#include "base/arena.h"
#include "immp/message.h"
#include "mime/mime.h"

struct inner {
	char id[300];		/* of the part around it */
	bool message;		/* which is a message: it has a head */
	struct buf octets;
	struct arena a;
	struct mime_mail mail;
};

/* Is the content of m such a part? */
bool inner_of(const json_t *m, struct part_view *ret);
/*
 * Fetch it, whole.  0 or an exit code, said.  Then for inner_done(), also after
 * an error.
 */
int inner_get(struct immp *c, const char *target, const struct part_view *p,
	      bool peek, struct inner *ret);
void inner_done(struct inner *i);

/* Its parts, mail.nparts of them, for mem_free().  0 or an exit code, said. */
int inner_views(const struct inner *i, struct part_view **ret);
/* The one part if it calls itself a multipart and cannot be cut; or NULL. */
const struct mime_part *inner_broken(const struct inner *i);
/* Something to list and to save. */
bool inner_is_attachment(const struct inner *i, const struct mime_part *p);
/* By name, ID/NAME; NULL. */
const struct mime_part *inner_find(const struct inner *i, struct str name);
/* Its decoded octets, at most out's ceiling; true if that is all. */
bool inner_decode(const struct mime_part *p, struct buf *out);

#endif
