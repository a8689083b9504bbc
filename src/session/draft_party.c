/*
 * Who a message that is filed is from and to (spec: APPEND).  Mail of others
 * is kept as it is: what is no IMID may stand here too.
 */
#include "base/utf8.h"
#include "session/draft.h"

/* Octets of what stands in the place of an address. */
#define PARTY_MAX 320

/* `address` or `name <address>`. */
static void
split(struct str text, struct str *ret_name, struct str *ret_addr)
{
	ptrdiff_t from = str_rchr(text, '<');
	ptrdiff_t to = from < 0 ? -1 : str_chr(text, '>', (size_t)from);

	*ret_name = STR("");
	*ret_addr = str_trim(text);
	if (to < 0)
		return;
	*ret_name = str_trim(str_sub(text, 0, (size_t)from));
	*ret_addr = str_trim(str_sub(text, (size_t)from + 1,
				     (size_t)(to - from) - 1));
}

/* An address is shown as it stands, for it is what the sender wrote; its key,
 * which is empty of what is no IMID, is for conversations. */
static int
take(struct draft *d, struct str addr, struct str *ret_shown,
     struct str *ret_key)
{
	struct imid imid;
	int err = imid_parse_address(&d->arena, addr, &imid);

	if (err == ERR_NOMEM)
		return err;
	*ret_key = err < 0 ? STR("") : imid_key(&d->arena, &imid);
	*ret_shown = arena_str(&d->arena, addr);
	return ret_shown->p == NULL || ret_key->p == NULL ? ERR_NOMEM : 0;
}

static bool
is_named(const struct draft *d, struct str addr)
{
	for (size_t i = 0; i < d->m.nnames; i++)
		if (str_eq(d->names[i].name, addr))
			return true;
	return false;
}

/* The first name that an address has is shown. */
static int
add_name(struct draft *d, struct str addr, struct str name)
{
	if (name.n == 0 || addr.n == 0 || is_named(d, addr))
		return 0;
	name = arena_str(&d->arena, name);
	return name.p == NULL ? ERR_NOMEM : draft_name(d, addr, name);
}

int
draft_party(struct draft *d, enum party what, struct str text)
{
	struct str name, addr, key;
	int err;

	if (message_header_check(STR("To"), text) < 0)
		return ERR_VALUE;
	split(text, &name, &addr);
	if (addr.n > PARTY_MAX || (addr.n == 0 && what != PARTY_FROM))
		return ERR_VALUE;
	d->header_octets += text.n;
	if (d->header_octets > d->env->limits->header_octets)
		return ERR_LIMIT;
	err = take(d, addr, &addr, &key);
	if (err == 0)
		err = add_name(d, addr, name);
	if (err < 0)
		return err;
	if (what != PARTY_FROM)
		return draft_shown(d, what == PARTY_CC, addr);
	d->m.from = addr;
	d->filing->from_key = key;
	return 0;
}
