/*
 * target: what MBOX commands name, and the tail of an IMID that has the same
 * grammar (spec: IMID).
 *
 * The tail is cut from behind: a path, filter or list of ids never holds a
 * raw '?' or '#', so the first '?' begins the options and, before it, the
 * first '#' the ids; before that the first "::" begins the filter.
 */
#include "mail/imid.h"

#include "base/utf8.h"
#include "mail/imid_priv.h"

static int
filter_word(struct str word, struct filter *f)
{
	static const struct {
		const char *name;
		unsigned bit;
	} words[] = {
		{ "*", 0 },
		{ "unread", FILTER_UNREAD },
		{ "read", FILTER_READ },
		{ "important", FILTER_IMPORTANT },
		{ "flagged", FILTER_FLAGGED },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eqi(word, str_c(words[i].name))) {
			f->bits |= words[i].bit;
			return 0;
		}
	}
	/* A message is in one thread: two could never both hold. */
	if (!str_eqi(str_sub(word, 0, 7), STR("thread=")) ||
	    (f->bits & FILTER_THREAD) != 0)
		return ERR_VALUE;
	f->bits |= FILTER_THREAD;
	return uuid_parse(str_from(word, 7), &f->thread);
}

static int
filter_parse(struct str s, struct filter *ret)
{
	struct filter f = { 0 };
	struct str word;

	if (s.n == 0)
		return ERR_VALUE;
	while (str_next(&s, ',', &word)) {
		int err = filter_word(word, &f);

		if (err < 0)
			return err;
	}
	*ret = f;
	return 0;
}

static int
ids_parse(struct arena *a, struct str s, const struct uuid **ret, size_t *ret_n)
{
	/* All ids but the last have a comma behind them. */
	size_t n = (s.n + 1) / (UUID_TEXT + 1);
	struct uuid *ids;

	if (n == 0 || s.n != n * (UUID_TEXT + 1) - 1)
		return ERR_VALUE;
	ids = ARENA_ARRAY(a, struct uuid, n);
	if (!ids)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t at = i * (UUID_TEXT + 1);

		if (i > 0 && s.p[at - 1] != ',')
			return ERR_VALUE;
		if (uuid_parse(str_sub(s, at, UUID_TEXT), &ids[i]) < 0)
			return ERR_VALUE;
	}
	*ret = ids;
	*ret_n = n;
	return 0;
}

static int
options_parse(struct arena *a, struct str s, struct str *ret)
{
	if (utf8_has_unsafe(s))
		return ERR_VALUE;
	*ret = arena_str(a, s);
	return ret->p ? 0 : ERR_NOMEM;
}

/* Cut s at the first `sep`; what is behind it goes to *ret_tail. */
static bool
cut_tail(struct str *s, char sep, struct str *ret_tail)
{
	struct str head;

	if (!str_cut(*s, sep, &head, ret_tail))
		return false;
	*s = head;
	return true;
}

int
imid_tail_parse(struct arena *a, struct str s, struct imid_tail *ret)
{
	struct imid_tail t = { 0 };
	struct str options, ids;
	ptrdiff_t colons;
	int err = 0;

	if (cut_tail(&s, '?', &options))
		err = options_parse(a, options, &t.options);
	if (err == 0 && cut_tail(&s, '#', &ids))
		err = ids_parse(a, ids, &t.ids, &t.nids);
	if (err < 0)
		return err;
	colons = str_find(s, STR("::"));
	if (colons >= 0) {
		struct str filter = str_from(s, (size_t)colons + 2);

		t.has_filter = true;
		t.filter_text = arena_str(a, filter);
		if (!t.filter_text.p)
			return ERR_NOMEM;
		err = filter_parse(filter, &t.filter);
		if (err < 0)
			return err;
		s = str_sub(s, 0, (size_t)colons);
	}

	/* Only the path is left; a lone '/' is the whole mailbox. */
	t.path_end = s.n;
	if (s.n > 0) {
		t.lead = s.p[0];
		if (t.lead != '/' && t.lead != ':')
			return ERR_VALUE;
		if (!str_eq(s, STR("/")))
			err = folder_path(a, s, &t.path);
		if (err < 0)
			return err;
	}
	*ret = t;
	return 0;
}

/* The account at the start of s, if there is one; *ret_n octets are it. */
static int
account_parse(struct arena *a, struct str s, struct target *t, size_t *ret_n)
{
	ptrdiff_t at;
	int err;

	*ret_n = 0;
	if (s.n == 0 || s.p[0] == '/' || s.p[0] == ':' || s.p[0] == '#')
		return 0;
	at = str_chr(s, '@', 0);
	if (at < 0)
		return ERR_VALUE;
	*ret_n = imid_domain_end(s, (size_t)at + 1);
	err = imid_parse_address(a, str_sub(s, 0, *ret_n), &t->account);
	if (err < 0)
		return err == ERR_NOMEM ? err : ERR_VALUE;
	/* alice+lists@d is where mail goes, not a mailbox. */
	if (t->account.folder.n > 0)
		return ERR_VALUE;
	t->has_account = true;
	return 0;
}

int
target_parse(struct arena *a, struct str s, struct target *ret)
{
	struct target t = { 0 };
	struct imid_tail tail;
	size_t n;
	int err;

	if (!utf8_valid(s) || str_chr(s, '?', 0) >= 0)
		return ERR_VALUE;
	err = account_parse(a, s, &t, &n);
	if (err < 0)
		return err;
	err = imid_tail_parse(a, str_from(s, n), &tail);
	if (err < 0)
		return err;
	t.prefix = arena_str(a, str_sub(s, 0, n));
	t.asked = arena_str(a, str_sub(s, 0, n + tail.path_end));
	t.key = folder_key(a, tail.path);
	if (!t.prefix.p || !t.asked.p || !t.key.p)
		return ERR_NOMEM;
	t.filter_text = tail.has_filter ? tail.filter_text : STR("*");
	t.lead = tail.lead;
	t.path = tail.path;
	t.has_filter = tail.has_filter;
	t.filter = tail.filter;
	t.ids = tail.ids;
	t.nids = tail.nids;
	*ret = t;
	return 0;
}
