/*
 * imid_priv: what the files of IMIDs, targets and folders share.
 */
#ifndef MAIL_IMID_PRIV_H
#define MAIL_IMID_PRIV_H

#include "mail/imid.h"

bool text_is_ascii(struct str s);

/* What may follow an address: [/path|:path][::filter][#uuid,..][?options]. */
struct imid_tail {
	char lead;	 /* '/' or ':'; 0 without a path */
	struct str path; /* canonical */
	size_t path_end; /* octets of the tail that are lead and path */
	bool has_filter;
	struct str filter_text; /* as asked, without "::" */
	struct filter filter;
	const struct uuid *ids;
	size_t nids;
	struct str options;
};

/* Parse all of s.  Returns 0, ERR_NOMEM or ERR_VALUE. */
int imid_tail_parse(struct arena *a, struct str s, struct imid_tail *ret)
	WARN_UNUSED;

/* Octets of s, from `from` on, before the first of "/:#?". */
size_t imid_domain_end(struct str s, size_t from);

#endif
