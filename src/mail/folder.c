/*
 * folder: names and paths of folders in their canonical form (spec: IMID).
 *
 * A name is decoded (%XX), brought to NFC, checked, and written again with
 * only those octets escaped that would mean something else in a path.  So two
 * spellings of a name have one canonical text, and canonical text read again
 * gives itself.
 */
#include "mail/imid.h"

#include "base/hex.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Nobody writes a name of 255 octets longer than this. */
#define FOLDER_WRITTEN (LIMIT_FOLDER * 6)

static const struct {
	const char *path, *name;
} roles[ROLE_COUNT] = {
	[ROLE_NONE] = { NULL, "" },
	[ROLE_INBOX] = { "INBOX", "inbox" },
	[ROLE_DRAFTS] = { "DRAFTS", "drafts" },
	[ROLE_SENT] = { "SENT", "sent" },
	[ROLE_JUNK] = { "JUNK", "junk" },
	[ROLE_TRASH] = { "TRASH", "trash" },
};

const char *
folder_role_path(enum folder_role role)
{
	return role < ROLE_COUNT ? roles[role].path : NULL;
}

const char *
folder_role_name(enum folder_role role)
{
	return role < ROLE_COUNT ? roles[role].name : "";
}

enum folder_role
folder_role_of(struct str path_key)
{
	for (int r = ROLE_INBOX; r < ROLE_COUNT; r++) {
		if (str_eq(path_key, str_c(roles[r].name)))
			return (enum folder_role)r;
	}
	return ROLE_NONE;
}

/* Undo %XX into dst, which has room for s.n octets.
 * Returns the octets written, or ERR_VALUE. */
static int
decode(struct str s, char *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '/' || c == ':' || c == '#' || c == '?')
			return ERR_VALUE;
		if (c == '%') {
			int hi, lo;

			if (s.n - i < 3)
				return ERR_VALUE;
			hi = hex_value(s.p[i + 1]);
			lo = hex_value(s.p[i + 2]);
			if (hi < 0 || lo < 0)
				return ERR_VALUE;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		dst[n++] = c;
	}
	return (int)n;
}

/* Must the octet at i of a decoded name be written as %XX? */
static bool
must_escape(struct str name, size_t i)
{
	unsigned char c = (unsigned char)name.p[i];

	if (c == ' ')
		return i == 0 || i + 1 == name.n;
	return c < 0x20 || c == 0x7f || strchr("/:#?,%+", c) != NULL;
}

static int
encode(struct arena *a, struct str name, struct str *ret)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = name.n;
	char *p;

	for (size_t i = 0; i < name.n; i++)
		n += must_escape(name, i) ? 2 : 0;
	if (n == name.n) {
		*ret = name;
		return 0;
	}
	p = arena_alloc(a, n + 1);
	if (!p)
		return ERR_NOMEM;
	*ret = str_n(p, n);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (must_escape(name, i)) {
			*p++ = '%';
			*p++ = digits[c >> 4];
			*p++ = digits[c & 15];
		} else {
			*p++ = (char)c;
		}
	}
	return 0;
}

int
folder_name(struct arena *a, struct str s, struct str *ret)
{
	char raw[FOLDER_WRITTEN];
	struct str name;
	int n;

	if (s.n == 0 || s.n > sizeof(raw))
		return ERR_VALUE;
	n = decode(s, raw);
	if (n < 0)
		return n;

	/* What a name may be is asked of its normal form. */
	name = str_n(raw, (size_t)n);
	if (!utf8_valid(name))
		return ERR_VALUE;
	name = text_nfc(a, name);
	if (!name.p)
		return ERR_NOMEM;
	if (name.n == 0 || name.n > LIMIT_FOLDER || utf8_has_unsafe(name))
		return ERR_VALUE;
	if (str_eq(name, STR(".")) || str_eq(name, STR("..")))
		return ERR_VALUE;
	return encode(a, name, ret);
}

struct str
folder_key(struct arena *a, struct str canonical)
{
	return text_fold(a, canonical);
}

/* The first name of a path, if it is a role's in any case, is written as the
 * role's path. */
static struct str
role_spelling(struct str name)
{
	for (int r = ROLE_INBOX; r < ROLE_COUNT; r++) {
		if (str_eqi(name, str_c(roles[r].path)))
			return str_c(roles[r].path);
	}
	return name;
}

int
folder_path(struct arena *a, struct str s, struct str *ret)
{
	struct str names[LIMIT_DEPTH], rest = s, field;
	size_t n = 0, octets = 0;
	char *p;

	if (rest.n > 0 && (rest.p[0] == '/' || rest.p[0] == ':'))
		rest = str_from(rest, 1);
	if (rest.n == 0)
		return ERR_VALUE;
	while (str_next(&rest, '/', &field)) {
		int err;

		if (n == LIMIT_DEPTH)
			return ERR_VALUE;
		err = folder_name(a, field, &names[n]);
		if (err < 0)
			return err;
		if (n == 0)
			names[0] = role_spelling(names[0]);
		octets += names[n++].n + 1;
	}

	p = arena_alloc(a, octets);
	if (!p)
		return ERR_NOMEM;
	*ret = str_n(p, octets - 1);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = '/';
		memcpy(p, names[i].p, names[i].n);
		p += names[i].n;
	}
	return 0;
}
