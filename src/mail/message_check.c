/*
 * message_check: do the parts of a message fit together, and which headers
 * may travel with it (spec: Delivery).
 */
#include "mail/message.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mail/message_priv.h"

/* Up to so many parts, names are looked up one by one. */
#define FEW_PARTS 16
#define HEADER_NAME_MAX 127

/* --- which part holds which --- */

static int
compare_ids(const void *a, const void *b)
{
	const struct message_part *const *x = a, *const *y = b;
	int order = str_cmp((*x)->id, (*y)->id);

	/* Of parts with one id the first of the message stays the first. */
	return order ? order : (*x > *y) - (*x < *y);
}

/* The first part with this id in a sorted list, or NULL. */
static const struct message_part *
find_sorted(const struct message_part *const *sorted, size_t n, struct str id)
{
	size_t low = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (str_cmp(sorted[low + half]->id, id) < 0) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return str_eq(sorted[low]->id, id) ? sorted[low] : NULL;
}

/* All parts in the order of their ids; NULL without memory. */
static const struct message_part **
sort_parts(const struct message *m)
{
	const struct message_part **sorted;

	/* One more, at which a search that finds nothing ends. */
	sorted = mem_calloc(m->nparts + 1, sizeof(*sorted));
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < m->nparts; i++)
		sorted[i] = &m->parts[i];
	qsort(sorted, m->nparts, sizeof(*sorted), compare_ids);
	sorted[m->nparts] = &m->parts[0];
	return sorted;
}

static bool
same_id_twice(const struct message *m, const struct message_part **sorted)
{
	if (sorted) {
		for (size_t i = 1; i < m->nparts; i++) {
			if (str_eq(sorted[i - 1]->id, sorted[i]->id))
				return true;
		}
		return false;
	}
	for (size_t i = 1; i < m->nparts; i++) {
		if (message_part_by_id(m, m->parts[i].id) != &m->parts[i])
			return true;
	}
	return false;
}

int
message_parents(const struct message *m, int32_t *parent, bool *ret_twice)
{
	CLEANUP_MEM const struct message_part **sorted = NULL;

	if (m->nparts > FEW_PARTS) {
		sorted = sort_parts(m);
		if (!sorted)
			return ERR_NOMEM;
	}
	for (size_t i = 0; i < m->nparts; i++) {
		const struct message_part *holder;
		struct str in = m->parts[i].in;

		parent[i] = PARENT_TOP;
		if (in.n == 0)
			continue;
		holder = sorted ? find_sorted(sorted, m->nparts, in) :
				  message_part_by_id(m, in);
		if (holder && message_is_container(holder))
			parent[i] = (int32_t)(holder - m->parts);
		else
			parent[i] = PARENT_BAD;
	}
	*ret_twice = same_id_twice(m, sorted);
	return 0;
}

/* --- the check --- */

/* A way up that is longer than MESSAGE_DEPTH is a circle, or as bad. */
static bool
too_deep(const int32_t *parent, size_t part)
{
	int32_t at = parent[part];

	for (int depth = 0; at >= 0; depth++) {
		if (depth == MESSAGE_DEPTH)
			return true;
		at = parent[at];
	}
	return false;
}

/* May a part of a multipart type have octets?  A signature or cipher text
 * may come whole, because its octets must not change; so may whatever was
 * imported, because it may be broken. */
static bool
multipart_octets_ok(const struct message *m, const struct message_part *p)
{
	return p->length == 0 || m->imported ||
	       !message_type_is(p->type, "multipart", NULL) ||
	       message_type_is_sealed(p->type);
}

/* The content is a leaf; of imported mail also a multipart that is empty. */
static const char content_held[] = "the content part is a multipart";

static int
check_parts(const struct message *m, const int32_t *parent,
	    const char **reterr_why)
{
	for (size_t i = 0; i < m->nparts; i++) {
		const char *why = NULL;

		if (parent[i] >= 0 && m->parts[parent[i]].content)
			why = content_held;
		else if (!multipart_octets_ok(m, &m->parts[i]))
			why = "a multipart has octets of its own";
		else if (parent[i] == PARENT_BAD)
			why = "IN names no multipart of this message";
		else if (too_deep(parent, i))
			why = "multiparts hold each other, or too deep";
		if (why) {
			*reterr_why = why;
			return ERR_VALUE;
		}
	}
	return 0;
}

int
message_check(const struct message *m, const char **reterr_why)
{
	CLEANUP_MEM int32_t *parent = NULL;
	size_t contents = 0;
	bool twice;
	int err;

	for (size_t i = 0; i < m->nparts; i++)
		contents += m->parts[i].content;
	if (contents != 1) {
		*reterr_why = contents == 0 ? "there is no content part" :
					      "there are two content parts";
		return ERR_VALUE;
	}
	if (!m->multipart && m->nparts != 1) {
		*reterr_why = "several parts without +MULTIPART";
		return ERR_VALUE;
	}
	if (!m->imported && message_is_container(message_content(m))) {
		*reterr_why = content_held;
		return ERR_VALUE;
	}

	parent = mem_calloc(m->nparts, sizeof(*parent));
	if (!parent)
		return ERR_NOMEM;
	err = message_parents(m, parent, &twice);
	if (err < 0)
		return err;
	if (twice) {
		*reterr_why = "two parts have one name";
		return ERR_VALUE;
	}
	return check_parts(m, parent, reterr_why);
}

/* --- headers --- */

static bool
field_name(struct str name)
{
	if (name.n == 0 || name.n > HEADER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return false;
	}
	return true;
}

bool
message_header_is_mime(struct str name)
{
	return str_eqi(str_sub(name, 0, 8), STR("Content-")) ||
	       str_eqi(name, STR("MIME-Version"));
}

bool
message_header_imported(struct str name)
{
	return field_name(name) && !message_header_is_mime(name);
}

bool
message_header_allowed(struct str name)
{
	static const char *const owned[] = {
		"To",	  "Cc",	     "Date",	   "Via",	   "From",
		"Sender", "Subject", "Message-ID", "Received",
	};

	if (!message_header_imported(name))
		return false;
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (str_eqi(name, str_c(owned[i])))
			return false;
	}
	return true;
}

int
message_header_check(struct str name, struct str value)
{
	if (!field_name(name) || !utf8_valid(value))
		return ERR_VALUE;
	for (size_t i = 0; i < value.n;) {
		uint32_t cp;
		int n = utf8_decode(str_from(value, i), &cp);

		/* A direction mark may stand in a name of a person. */
		if (n <= 0 || utf8_is_control(cp))
			return ERR_VALUE;
		i += (size_t)n;
	}
	return 0;
}
