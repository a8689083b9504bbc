/*
 * message_party: who takes part in a message, told from its index row.
 *
 * An address takes part where any address of its domain does, so only domains
 * are compared: the sender's server answers for all of them.
 */
#include <jansson.h>

#include "base/mem.h"
#include "mail/message.h"

/* The domain of an IMID as rows have it; empty without one. */
static struct str
domain_of(struct str imid)
{
	ptrdiff_t at = str_chr(imid, '@', 0);
	struct str domain = str_from(imid, at < 0 ? imid.n : (size_t)at + 1);
	size_t n = 0;

	while (n < domain.n && !memchr("/:?#", domain.p[n], 4))
		n++;
	return str_sub(domain, 0, n);
}

static bool
is_of(const json_t *imid, struct str domain)
{
	return json_is_string(imid) &&
	       str_eqi(domain_of(str_n(json_string_value(imid),
				       json_string_length(imid))),
		       domain);
}

static bool
any_of(const json_t *list, struct str domain)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (is_of(json_array_get(list, i), domain))
			return true;
	return false;
}

/* Members without braces to an object; NULL if they are none. */
static json_t *
read_members(struct str members)
{
	CLEANUP_MEM char *text = mem_alloc(members.n + 2);
	json_error_t why;

	if (!text)
		return NULL;
	text[0] = '{';
	if (members.n)
		memcpy(text + 1, members.p, members.n);
	text[members.n + 1] = '}';
	return json_loadb(text, members.n + 2, 0, &why);
}

bool
message_row_has_party(struct str members, struct str address_key)
{
	struct str domain = domain_of(address_key);
	json_t *row;
	bool found;

	if (!domain.n)
		return false;
	row = read_members(members);
	found = is_of(json_object_get(row, "from"), domain) ||
		any_of(json_object_get(row, "to"), domain) ||
		any_of(json_object_get(row, "cc"), domain);
	json_decref(row);
	return found;
}
