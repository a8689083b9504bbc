/*
 * imid: parsing and writing of Internet Messaging IDs (spec: IMID).
 *
 *     [imid:|immp://|immp:] local [+folder] @ domain
 *                           [/path|:path] [::filter] [#uuid,..] [?options]
 *
 * The first '@' ends the local part: nothing left of it may hold one (a '@' in
 * a folder's name is written %40 there).  The domain ends at the first of
 * "/:#?".  The local part is checked in NFC, node by node.
 */
#include "mail/imid.h"

#include <idn2.h>
#include <utf8proc.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/imid_priv.h"

/* Octets of a domain name in text, without a dot at the end (RFC 1035). */
#define DOMAIN_MAX 253
#define LABEL_MAX 63

/* --- the domain --- */

/*
 * The short way for a domain that is ASCII and needs no IDNA: labels of
 * letters, digits and inner hyphens, none with "--" in its third and fourth
 * place.  Writes lower case to dst.  Returns false if idn2 must look.
 */
static bool
domain_plain(struct str s, char *dst)
{
	size_t start = 0;

	for (size_t i = 0; i <= s.n; i++) {
		char c = i < s.n ? s.p[i] : '.';

		if (c == '.') {
			if (i == start || i - start > LABEL_MAX ||
			    s.p[i - 1] == '-')
				return false;
			start = i + 1;
		} else if (c == '-') {
			if (i == start || i - start == 3)
				return false;
		} else if (c >= 'A' && c <= 'Z') {
			c = (char)(c + 32);
		} else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
			return false;
		}
		if (i < s.n)
			dst[i] = c;
	}
	return true;
}

/* An address of IPv4 is no domain: the last label of a domain has a letter. */
static bool
domain_numeric(struct str s)
{
	ptrdiff_t dot = str_rchr(s, '.');

	for (size_t i = (size_t)(dot + 1); i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

/*
 * What idn2 gives must be a host name: letters, digits and hyphens, none at
 * the ends of a label.  (Its own flag for these rules drops a '_' silently,
 * which would send d_x.com's mail to dx.com, so it is not used.)
 */
static bool
domain_is_host(struct str s)
{
	struct str label;

	if (s.n > DOMAIN_MAX || domain_numeric(s))
		return false;
	while (str_next(&s, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];

			if (!(c >= 'a' && c <= 'z') && c != '-' &&
			    !(c >= '0' && c <= '9'))
				return false;
		}
	}
	return true;
}

/* A domain that is not plain, through IDNA2008. */
static int
domain_idna(struct arena *a, struct str s, struct str *ret)
{
	char text[4 * DOMAIN_MAX + 1];
	char *ascii = NULL;
	struct str out = { NULL, 0 };
	int rc;

	if (str_copy(s, text, sizeof(text)) < 0)
		return ERR_VALUE;
	rc = idn2_to_ascii_8z(text, &ascii,
			      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return rc == IDN2_MALLOC ? ERR_NOMEM : ERR_VALUE;
	rc = ERR_VALUE;
	if (domain_is_host(str_c(ascii))) {
		out = arena_str(a, str_c(ascii));
		rc = out.p ? 0 : ERR_NOMEM;
	}
	idn2_free(ascii);
	if (rc == 0)
		*ret = out;
	return rc;
}

int
imid_domain(struct arena *a, struct str s, struct str *ret)
{
	char plain[DOMAIN_MAX];
	struct str out;

	if (s.n == 0)
		return ERR_VALUE;
	if (s.n > DOMAIN_MAX || !domain_plain(s, plain))
		return domain_idna(a, s, ret);
	if (domain_numeric(s))
		return ERR_VALUE;
	out = arena_str(a, str_n(plain, s.n));
	if (!out.p)
		return ERR_NOMEM;
	*ret = out;
	return 0;
}

/* --- the local part --- */

/* Letters, marks and digits; `._-` and marks not as the first. */
static bool
node_char(uint32_t cp, bool first)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
		return true;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return !first;
	default:
		return !first && (cp == '.' || cp == '_' || cp == '-');
	}
}

static bool
node_ok(struct str node)
{
	if (node.n == 0 || node.n > LIMIT_NODE)
		return false;
	for (size_t i = 0; i < node.n;) {
		uint32_t cp;
		int n = utf8_decode(str_from(node, i), &cp);

		if (n <= 0 || !node_char(cp, i == 0))
			return false;
		i += (size_t)n;
	}
	return true;
}

static bool
nodes_ok(struct str local)
{
	struct str rest = local, node;

	if (local.n == 0)
		return false;
	while (str_next(&rest, '/', &node)) {
		if (!node_ok(node))
			return false;
	}
	return true;
}

/* The nodes of s in NFC.  A name that folding makes too long for a node would
 * have a key that is no IMID: it is refused too. */
static int
local_parse(struct arena *a, struct str s, struct str *ret)
{
	struct str local = text_nfc(a, s);

	if (!local.p)
		return ERR_NOMEM;
	if (!nodes_ok(local))
		return ERR_VALUE;
	if (!text_is_ascii(local)) {
		struct str key = text_fold(a, local);

		if (!key.p)
			return ERR_NOMEM;
		if (!nodes_ok(key))
			return ERR_VALUE;
	}
	*ret = local;
	return 0;
}

/* --- the address --- */

static struct str
skip_scheme(struct str s)
{
	static const char *const schemes[] = { "imid:", "immp://", "immp:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct str scheme = str_c(schemes[i]);

		if (str_eqi(str_sub(s, 0, scheme.n), scheme))
			return str_from(s, scheme.n);
	}
	return s;
}

/* '@' of a folder's name, which means something else in an address. */
static size_t
count_at(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '@';
	return n;
}

/* local[+folder]@domain; at is the place of the '@' in s. */
static int
address_parse(struct arena *a, struct str s, size_t at, struct imid *ret)
{
	struct str local, folder, domain = str_from(s, at + 1);
	struct imid i = { 0 };
	size_t n;
	int err;

	if (str_cut(str_sub(s, 0, at), '+', &local, &folder)) {
		err = folder_name(a, folder, &i.folder);
		if (err < 0)
			return err;
	}
	err = local_parse(a, local, &i.local);
	if (err < 0)
		return err;
	err = imid_domain(a, domain, &i.domain);
	if (err < 0)
		return err;

	n = i.local.n + 1 + i.domain.n;
	if (i.folder.n > 0)
		n += 1 + i.folder.n + 2 * count_at(i.folder);
	if (n > LIMIT_IMID)
		return ERR_TOOLONG;
	*ret = i;
	return 0;
}

size_t
imid_domain_end(struct str s, size_t from)
{
	size_t i = from;

	while (i < s.n && s.p[i] != '/' && s.p[i] != ':' && s.p[i] != '#' &&
	       s.p[i] != '?')
		i++;
	return i;
}

int
imid_parse(struct arena *a, struct str s, struct imid *ret)
{
	struct imid_tail tail;
	struct imid i;
	ptrdiff_t at;
	size_t end;
	int err;

	if (!utf8_valid(s))
		return ERR_UTF8;
	s = skip_scheme(s);
	at = str_chr(s, '@', 0);
	if (at < 0)
		return ERR_VALUE;
	end = imid_domain_end(s, (size_t)at + 1);
	err = address_parse(a, str_sub(s, 0, end), (size_t)at, &i);
	if (err < 0)
		return err;
	err = imid_tail_parse(a, str_from(s, end), &tail);
	if (err < 0)
		return err;
	i.path = tail.path;
	i.has_filter = tail.has_filter;
	i.filter = tail.filter;
	i.ids = tail.ids;
	i.nids = tail.nids;
	i.options = tail.options;
	*ret = i;
	return 0;
}

int
imid_parse_address(struct arena *a, struct str s, struct imid *ret)
{
	ptrdiff_t at;

	if (!utf8_valid(s))
		return ERR_UTF8;
	s = skip_scheme(s);
	at = str_chr(s, '@', 0);
	if (at < 0 || imid_domain_end(s, (size_t)at) != s.n)
		return ERR_VALUE;
	return address_parse(a, s, (size_t)at, ret);
}

/* --- writing --- */

/* left@right, in the arena. */
static struct str
join_at(struct arena *a, struct str left, struct str right)
{
	size_t n = left.n + 1 + right.n;
	char *p;

	if (!left.p)
		return left;
	p = arena_alloc(a, n + 1);
	if (!p)
		return (struct str){ NULL, 0 };
	memcpy(p, left.p, left.n);
	p[left.n] = '@';
	memcpy(p + left.n + 1, right.p, right.n);
	return str_n(p, n);
}

struct str
imid_text(struct arena *a, const struct imid *i)
{
	return join_at(a, i->local, i->domain);
}

struct str
imid_local_key(struct arena *a, const struct imid *i)
{
	return text_fold(a, i->local);
}

struct str
imid_key(struct arena *a, const struct imid *i)
{
	return join_at(a, imid_local_key(a, i), i->domain);
}

struct str
imid_text_folder(struct arena *a, const struct imid *i)
{
	size_t n = i->local.n + 1 + i->folder.n + 2 * count_at(i->folder);
	char *start, *p;

	if (i->folder.n == 0)
		return imid_text(a, i);
	start = p = arena_alloc(a, n);
	if (!p)
		return (struct str){ NULL, 0 };
	memcpy(p, i->local.p, i->local.n);
	p += i->local.n;
	*p++ = '+';
	for (size_t k = 0; k < i->folder.n; k++) {
		if (i->folder.p[k] != '@') {
			*p++ = i->folder.p[k];
			continue;
		}
		memcpy(p, "%40", 3);
		p += 3;
	}
	return join_at(a, str_n(start, n), i->domain);
}

bool
imid_may_be_account(const struct imid *i)
{
	struct str first, rest;
	struct uuid unused;

	if (i->folder.n > 0)
		return false;
	/* A reserved name is reserved with all below it. */
	(void)str_cut(i->local, '/', &first, &rest);
	return !str_eqi(first, STR("postmaster")) &&
	       !str_eqi(first, STR("mailer-daemon")) &&
	       !str_eqi(first, STR("anonymous")) &&
	       !str_eqi(str_sub(first, 0, 10), STR("anonymous-")) &&
	       uuid_parse(first, &unused) < 0;
}
