/*
 * mime: a message's envelope, and the two calls that start all.
 */
#include "mime/mime.h"

#include <gmime/gmime.h>

#include "base/utf8.h"
#include "mime/mime_priv.h"

/* The fields of which the first counts. */
enum top {
	TOP_SUBJECT, TOP_FROM, TOP_TO, TOP_CC, TOP_DATE, TOP_IMPORTANCE,
	TOP_PRIORITY, TOP_ID, TOP_REPLY, TOP_REFERENCES, TOP_COUNT
};

static const char *const top_names[TOP_COUNT] = {
	"subject", "from", "to", "cc", "date", "importance",
	"x-priority", "message-id", "in-reply-to", "references",
};

/* Those that are handed on as they are; a '-' at the end: all that begin so. */
static const char *const kept[] = {
	"message-id", "in-reply-to", "references", "reply-to",
	"sender", "list-", "auto-submitted",
};

/* One id is not longer than a line. */
#define ID_MAX 998

void
mime_init(void)
{
	g_mime_init();
}

static bool
is_kept(struct str name)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct str k = str_c(kept[i]), front = str_sub(name, 0, k.n);
		bool more = str_ends(k, STR("-"));

		if (str_eqi(front, k) && more == (name.n > k.n))
			return true;
	}
	return false;
}

static int
header_add(struct arena *a, struct str name, struct str raw,
	   struct mime_header *ret)
{
	struct str value;
	int err = mime_unfold(a, raw, &value);

	if (err < 0)
		return err;
	ret->name = name;
	return mime_clean(a, str_trim(value), &ret->value);
}

/* Sort the fields of the head: into first[], and those to be handed on. */
static int
fields_sort(struct arena *a, size_t max, struct mime_mail *m,
	    struct str first[static TOP_COUNT])
{
	struct mime_header *h = NULL;
	struct mime_lines rest;
	struct str name, value;

	mime_lines_init(&rest, m->head);
	while (mime_field_next(&rest, &name, &value)) {
		int err = 0;

		for (size_t i = 0; i < TOP_COUNT; i++)
			if (!first[i].p && str_eqi(name, str_c(top_names[i])))
				first[i] = value;
		if (m->nheaders == max || !is_kept(name))
			continue;
		if (!h)
			h = ARENA_ARRAY(a, struct mime_header, max);
		if (!h)
			return ERR_NOMEM;
		err = header_add(a, name, value, &h[m->nheaders]);
		if (err < 0)
			return err;
		m->nheaders += h[m->nheaders].value.n > 0;
	}
	m->headers = h;
	return 0;
}

/* An id at the front of s, with its <>; its length, or 0. */
static size_t
id_length(struct str s)
{
	size_t n = 1;

	if (!str_starts(s, STR("<")))
		return 0;
	while (n < s.n && n < ID_MAX && s.p[n] > ' ' && s.p[n] < 0x7f &&
	       s.p[n] != '<' && s.p[n] != '>')
		n++;
	return n > 1 && n < s.n && s.p[n] == '>' ? n + 1 : 0;
}

/* The first id of a value, or the last. */
static int
id_read(struct arena *a, struct str raw, bool last, struct str *ret)
{
	struct str s, found = STR("");
	int err = mime_unfold(a, raw, &s);

	for (size_t i = 0; err == 0 && i < s.n; i++) {
		size_t n = s.p[i] == '<' ? id_length(str_from(s, i)) : 0;

		if (n == 0)
			continue;
		found = str_sub(s, i, n);
		if (!last)
			break;
		i += n - 1;
	}
	*ret = found;
	return err;
}

static int
importance_read(struct arena *a, const struct str first[static TOP_COUNT],
		int *ret)
{
	struct str s;
	int err = mime_unfold(a, first[TOP_IMPORTANCE], &s);

	*ret = 0;
	if (err < 0)
		return err;
	s = str_trim(s);
	if (str_eqi(s, STR("high")))
		*ret = 1;
	else if (str_eqi(s, STR("low")))
		*ret = -1;
	if (s.n)
		return 0;
	/* "1", "1 (Highest)" */
	err = mime_unfold(a, first[TOP_PRIORITY], &s);
	s = str_trim(s);
	if (s.n && (s.n == 1 || s.p[1] < '0' || s.p[1] > '9')) {
		if (s.p[0] == '1' || s.p[0] == '2')
			*ret = 1;
		else if (s.p[0] == '4' || s.p[0] == '5')
			*ret = -1;
	}
	return err;
}

static int
people_read(struct arena *a, const struct str first[static TOP_COUNT],
	    size_t max, struct mime_mail *m)
{
	struct mime_addr *from = NULL;
	size_t nfrom = 0;
	bool more = false;
	int err = mime_addresses(a, first[TOP_FROM], 1, &from, &nfrom, &more);

	if (nfrom > 0)
		m->from = from[0];
	if (err == 0)
		err = mime_addresses(a, first[TOP_TO], max, &m->to, &m->nto,
				     &m->more_addresses);
	if (err == 0)
		err = mime_addresses(a, first[TOP_CC], max - m->nto, &m->cc,
				     &m->ncc, &m->more_addresses);
	return err;
}

int
mime_envelope(struct arena *a, const struct mime_limits *l, struct mime_mail *m)
{
	struct str first[TOP_COUNT] = { 0 }, s;
	int err = fields_sort(a, l->headers, m, first);

	if (err == 0)
		err = mime_unfold(a, first[TOP_SUBJECT], &s);
	if (err == 0)
		err = mime_words(a, s, &m->subject);
	if (err == 0)
		err = people_read(a, first, l->addresses, m);
	if (err == 0)
		err = importance_read(a, first, &m->importance);
	if (err == 0)
		err = id_read(a, first[TOP_ID], false, &m->message_id);
	if (err == 0)
		err = id_read(a, first[TOP_REPLY], false, &m->in_reply_to);
	if (err == 0)
		err = id_read(a, first[TOP_REFERENCES], true,
			      &m->last_reference);
	if (err == 0)
		err = mime_unfold(a, first[TOP_DATE], &s);
	if (err == 0)
		m->has_date = s.n && mime_date(a, s, &m->date);
	return err;
}

int
mime_read(struct arena *a, struct str octets, const struct mime_limits *l,
	  struct mime_mail *ret, const char **reterr_why)
{
	struct mime_mail m = { 0 };
	struct mime_lines in;
	int err;

	if (!octets.p)
		octets = STR("");
	mime_lines_init(&in, octets);
	mime_head_take(&in, &m.head);
	err = mime_cut(a, &in, m.head, l, &m, reterr_why);
	if (err == 0)
		err = mime_envelope(a, l, &m);
	if (err == 0)
		*ret = m;
	return err;
}

int
mime_heads(struct arena *a, const struct mime_mail *m, size_t max,
	   struct str *ret)
{
	size_t n = m->head.n;
	char *to;

	for (size_t i = 1; i < m->nparts; i++)
		n += 2 + m->parts[i].head.n;
	*ret = m->head;
	if (m->nparts < 2 || n > max)
		return 0;
	to = arena_alloc(a, n);
	if (!to)
		return ERR_NOMEM;
	*ret = str_n(to, n);
	memcpy(to, m->head.p, m->head.n);
	to += m->head.n;
	for (size_t i = 1; i < m->nparts; i++) {
		struct str head = m->parts[i].head;

		/* A line that CR ends must not go on in the LF of this one;
		 * and all but the last block end with a line's end. */
		memcpy(to, "\r\n", 2);
		memcpy(to + 2, head.p, head.n);
		to += 2 + head.n;
	}
	return 0;
}
