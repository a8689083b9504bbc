/* export_seen: a set of UUIDs, each with a mark; 17 octets and some each. */
#ifndef IMMP_EXPORT_SEEN_H
#define IMMP_EXPORT_SEEN_H

#include "base/err.h"
#include "base/uuid.h"

struct export_seen {
	struct export_seen_slot *slots;
	size_t nslots, n;	/* nslots: a power of 2, or 0 */
};

enum export_mark {
	EXPORT_ABSENT = 0,
	EXPORT_THERE = 1,
	EXPORT_DAMAGED = 2	/* there, but not all of it */
};

/* All zero is the empty set. */
void export_seen_done(struct export_seen *s);
/* Add or change.  0 or ERR_NOMEM. */
int export_seen_put(struct export_seen *s, const struct uuid *id,
		    enum export_mark mark) WARN_UNUSED;
enum export_mark export_seen_get(const struct export_seen *s,
				 const struct uuid *id);

#endif
