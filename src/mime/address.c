/*
 * address: From, To, Cc and Date.
 *
 * A list is taken apart at its commas here, and each address is read by
 * itself: what is broken hurts only itself, no list makes more of GMime's
 * objects than we keep, and GMime never sees a group in a group, which it
 * would follow as deep as they go.  Groups are flattened.
 */
#include <gmime/gmime.h>

#include "base/utf8.h"
#include "mime/mime_priv.h"

/* Of one address with its name, and of one without (RFC 5321, and then some
 * for what is no address). */
#define PIECE_MAX 4096
#define ADDR_MAX 320
#define DATE_MAX 256
/* Pieces without an address, until no more are looked for. */
#define NOTHING_MAX 1000
/* 9999-12-31T23:59:59Z */
#define LAST_SECOND INT64_C(253402300799)

/* A list being taken apart.  quiet: up to where an octet that opens something
 * is known not to be closed, for each of `openers`. */
struct pieces {
	struct str rest;
	const char *quiet[4];
};

static const char openers[] = "\"(<[", closers[] = "\")>]";

/* The octet behind what opens at the front of s and closes with `close`; 0 if
 * it never does.  Quoted pairs count as one. */
static size_t
span(struct str s, char close)
{
	size_t depth = 0;

	for (size_t i = 1; i < s.n && i < PIECE_MAX; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(' && close == ')')
			depth++;
		else if (s.p[i] == close && depth-- == 0)
			return i + 1;
	}
	return 0;
}

/* The octets at the front of s that hold together, at least one. */
static size_t
together(struct pieces *l, struct str s)
{
	const char *open = s.p[0] ? strchr(openers, s.p[0]) : NULL;
	size_t n, kind;

	if (!open)
		return 1;
	kind = (size_t)(open - openers);
	if (l->quiet[kind] && s.p < l->quiet[kind])
		return 1;
	n = span(s, closers[kind]);
	if (n > 0)
		return n;
	l->quiet[kind] = s.p + (s.n < PIECE_MAX ? s.n : PIECE_MAX);
	return 1;
}

/* The next address of a list: up to a comma or semicolon, without the names
 * of groups.  false at the end. */
static bool
piece_next(struct pieces *l, struct str *ret)
{
	struct str s = l->rest;
	size_t from = 0, i = 0;

	if (s.n == 0)
		return false;
	while (i < s.n && s.p[i] != ',' && s.p[i] != ';') {
		if (s.p[i] == ':')
			from = i + 1;
		i += together(l, str_from(s, i));
	}
	*ret = str_trim(str_sub(s, from, i - from));
	l->rest = str_from(s, i + 1);
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' &&
					  (c | 0x20) <= 'z' && c >= 'A');
}

/* Only these octets, letters and digits? */
static bool
is_of(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr(set, s.p[i])))
			return false;
	return true;
}

static bool
is_plain_addr(struct str s)
{
	struct str local, domain;

	return s.n <= ADDR_MAX && str_cut(s, '@', &local, &domain) &&
	       local.n && domain.n && is_of(local, "!#$%&'*+-/=?^_`{|}~.") &&
	       is_of(domain, "-.");
}

/* The usual forms: an address, and words or quoted words with one in <>. */
static bool
plain_read(struct str piece, struct mime_addr *ret)
{
	ptrdiff_t open = str_chr(piece, '<', 0);
	struct str name, addr;

	ret->name = STR("");
	if (open < 0) {
		ret->addr = piece;
		return is_plain_addr(piece);
	}
	if (!str_ends(piece, STR(">")))
		return false;
	addr = str_sub(piece, (size_t)open + 1, piece.n - (size_t)open - 2);
	name = str_trim(str_sub(piece, 0, (size_t)open));
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"') {
		name = str_sub(name, 1, name.n - 2);
		if (!is_of(name, " .-_'+&!,@()/:;"))
			return false;
	} else if (!is_of(name, " -_'+&!/")) {
		return false;
	}
	ret->name = str_trim(name);
	ret->addr = addr;
	return str_find(name, STR("  ")) < 0 && is_plain_addr(addr);
}

/* A name or an address without blanks around it, and blanks for tabs. */
static int
one_line(struct arena *a, struct str *s)
{
	char *p;

	*s = str_trim(*s);
	if (str_chr(*s, '\t', 0) < 0)
		return 0;
	p = arena_alloc(a, s->n);
	if (!p)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->n; i++)
		p[i] = s->p[i] == '\t' ? ' ' : s->p[i];
	*s = str_n(p, s->n);
	return 0;
}

/* Text of GMime's, kept. */
static int
keep(struct arena *a, const char *text, struct str *ret)
{
	struct str s = arena_str(a, str_c(text));

	return s.p ? mime_clean(a, s, ret) : ERR_NOMEM;
}

static int
mailbox_read(struct arena *a, InternetAddress *ia, struct mime_addr *ret)
{
	const char *addr = NULL;
	int err;

	if (INTERNET_ADDRESS_IS_MAILBOX(ia))
		addr = internet_address_mailbox_get_addr(
			INTERNET_ADDRESS_MAILBOX(ia));
	err = keep(a, internet_address_get_name(ia), &ret->name);
	if (err == 0)
		err = keep(a, addr, &ret->addr);
	return err;
}

/*
 * What is no address to GMime: what stands in <>, or all of it, up to a
 * colon.  Words become a quoted local part, as Python has it.
 */
static int
broken_read(struct arena *a, struct str piece, struct mime_addr *ret)
{
	struct str name, addr, local, rest;
	ptrdiff_t at;
	int err;

	if (!str_cut(piece, '<', &name, &addr)) {
		addr = name;
		name = STR("");
	}
	if (str_starts(addr, STR("(")))
		addr = STR("");
	(void)str_cut(addr, '>', &addr, &rest);
	(void)str_cut(addr, ':', &addr, &rest);
	addr = str_trim(addr);
	addr.n = utf8_clip(addr, ADDR_MAX - 2);
	at = str_rchr(addr, '@');
	local = str_sub(addr, 0, at < 0 ? 0 : (size_t)at);
	if (str_chr(local, ' ', 0) >= 0 && str_chr(local, '"', 0) < 0) {
		addr = arena_fmt(a, "\"%.*s\"%.*s", STR_ARG(local),
				 STR_ARG(str_from(addr, local.n)));
		if (!addr.p)
			return ERR_NOMEM;
	}
	err = mime_words(a, str_trim(name), &ret->name);
	return err < 0 ? err : mime_clean(a, addr, &ret->addr);
}

/*
 * Is a comment open at the end, whatever stands in quotes?  GMime leaks an
 * address before one (its issue 159, in 3.2.13), and does not always see the
 * same quotes as we do.
 */
static bool
is_risky(struct str piece)
{
	size_t depth = 0;

	for (size_t i = 0; i < piece.n; i++) {
		if (piece.p[i] == '\\')
			i++;
		else if (piece.p[i] == '(')
			depth++;
		else if (piece.p[i] == ')' && depth > 0)
			depth--;
	}
	return depth > 0;
}

/* A piece without the comment at its end that is never closed. */
static struct str
without_open_comment(struct str piece)
{
	struct pieces l = { 0 };
	size_t i = 0;

	while (i < piece.n) {
		size_t n = together(&l, str_from(piece, i));

		if (piece.p[i] == '(' && n == 1)
			return str_sub(piece, 0, i);
		i += n;
	}
	return piece;
}

/* Anything else, through GMime.  1, 0 if there is no address, or ERR_NOMEM. */
static int
any_read(struct arena *a, struct str piece, struct mime_addr *ret)
{
	InternetAddressList *list = NULL;
	InternetAddress *ia;
	char *text;
	int err;

	*ret = (struct mime_addr){ 0 };
	piece = without_open_comment(piece);
	text = mime_cstr(a, piece, PIECE_MAX);
	if (!text)
		return ERR_NOMEM;
	if (!is_risky(piece))
		list = internet_address_list_parse(NULL, text);
	ia = list && internet_address_list_length(list) > 0 ?
		     internet_address_list_get_address(list, 0) :
		     NULL;
	err = ia ? mailbox_read(a, ia, ret) : broken_read(a, piece, ret);
	if (list)
		g_object_unref(list);
	if (err == 0)
		err = one_line(a, &ret->name);
	if (err == 0)
		err = one_line(a, &ret->addr);
	if (err < 0)
		return err;
	ret->addr.n = utf8_clip(ret->addr, ADDR_MAX);
	ret->addr = str_trim(ret->addr);
	return ret->addr.n || ret->name.n;
}

int
mime_addresses(struct arena *a, struct str value, size_t max,
	       struct mime_addr **list, size_t *n, bool *ret_more)
{
	struct pieces l = { 0 };
	struct str piece;
	struct mime_addr addr;
	size_t cap = 0, nothing = 0;
	int err = mime_unfold(a, value, &l.rest);

	while (err >= 0 && piece_next(&l, &piece) && nothing < NOTHING_MAX) {
		if (piece.n == 0)
			continue;
		err = plain_read(piece, &addr) ? 1 : any_read(a, piece, &addr);
		nothing += err == 0;
		if (err <= 0)
			continue;
		if (*n == max) {
			*ret_more = true;
			break;
		}
		if (*n == cap) {
			struct mime_addr *old = *list;

			cap = cap ? cap * 2 : 4;
			*list = ARENA_ARRAY(a, struct mime_addr, cap);
			if (!*list)
				return ERR_NOMEM;
			if (*n)
				memcpy(*list, old, *n * sizeof(addr));
		}
		(*list)[(*n)++] = addr;
	}
	return err < 0 ? err : 0;
}

bool
mime_date(struct arena *a, struct str value, uint64_t *ret)
{
	char *text = mime_cstr(a, str_trim(value), DATE_MAX);
	GDateTime *date;
	gint64 s;

	if (!text)
		return false;
	date = g_mime_utils_header_decode_date(text);
	if (!date)
		return false;
	s = g_date_time_to_unix(date);
	g_date_time_unref(date);
	if (s < 0 || s > LAST_SECOND)
		return false;
	*ret = (uint64_t)s * 1000;
	return true;
}
