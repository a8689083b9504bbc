/*
 * words: encoded words of RFC 2047 in text.
 *
 * Read as Python's email reads them: blanks between two words vanish, a word
 * may stand inside other text, blanks inside a word are taken.  Words next to
 * each other in one character set are put together before they are converted,
 * because mail often cuts a character in two; but not where the set has
 * states, which each word begins anew.
 */
#include "mime/mime_priv.h"

struct word {
	struct str charset, text;
	bool base64;
	size_t n;	/* octets of the whole */
};

/* An encoded word at the front of s?  Looks no further than the next '?'
 * allows, so that many beginnings cost no more than their octets. */
static bool
word_read(struct str s, struct word *ret)
{
	ptrdiff_t mark, star;
	struct str rest;

	if (!str_starts(s, STR("=?")))
		return false;
	rest = str_from(s, 2);
	mark = str_chr(rest, '?', 0);
	if (mark < 0)
		return false;
	ret->charset = str_sub(rest, 0, (size_t)mark);
	star = str_chr(ret->charset, '*', 0);
	if (star >= 0)
		ret->charset.n = (size_t)star;
	rest = str_from(rest, (size_t)mark + 1);
	if (rest.n < 2 || rest.p[1] != '?' || !memchr("bBqQ", rest.p[0], 4))
		return false;
	ret->base64 = rest.p[0] == 'b' || rest.p[0] == 'B';
	rest = str_from(rest, 2);
	mark = str_chr(rest, '?', 0);
	if (mark < 0 || (size_t)mark + 1 >= rest.n || rest.p[mark + 1] != '=')
		return false;
	ret->text = str_sub(rest, 0, (size_t)mark);
	ret->n = (size_t)(rest.p + mark + 2 - s.p);
	return true;
}

static int
add_q(struct str s, struct buf *out)
{
	int err = buf_reserve(out, s.n);
	char *p = buf_tail(out);
	size_t n = 0;

	if (err < 0 || s.n == 0)
		return err;
	for (size_t i = 0; i < s.n; i++) {
		int octet = mime_escaped(str_from(s, i));

		if (octet >= 0) {
			p[n++] = (char)octet;
			i += 2;
		} else {
			p[n++] = s.p[i] == '_' ? ' ' : s.p[i];
		}
	}
	buf_grew(out, n);
	return 0;
}

static int
add_b(struct str s, struct buf *out)
{
	struct mime_part part = { .raw = s, .encoding = MIME_BASE64 };
	struct mime_decode d;
	char chunk[1024];
	size_t n;

	mime_decode_init(&d, &part);
	while ((n = mime_decode(&d, chunk, sizeof(chunk))) > 0) {
		int err = buf_add(out, chunk, n);

		if (err < 0)
			return err;
	}
	return 0;
}

static bool
has_states(struct str charset)
{
	return str_starts(charset, STR("iso-2022")) ||
	       str_starts(charset, STR("ISO-2022")) ||
	       str_ends(charset, STR("7"));
}

/* What is being read: the octets of words not yet converted, and the text. */
struct reading {
	struct buf octets, out;
	struct str charset;
};

static int
flush(struct reading *r)
{
	int err = 0;

	if (r->octets.n > 0)
		err = mime_utf8(r->charset, buf_str(&r->octets), &r->out);
	buf_clear(&r->octets);
	return err;
}

static int
add_word(struct reading *r, const struct word *w)
{
	if (!str_eqi(r->charset, w->charset) || has_states(w->charset)) {
		int err = flush(r);

		if (err < 0)
			return err;
		r->charset = w->charset;
	}
	return w->base64 ? add_b(w->text, &r->octets) :
			   add_q(w->text, &r->octets);
}

/* Octets up to the next blank or encoded word, at least one. */
static size_t
text_length(struct str s)
{
	struct word w;
	size_t n = 1;

	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t') {
		if (s.p[n] == '=' && word_read(str_from(s, n), &w))
			break;
		n++;
	}
	return n;
}

static size_t
blanks_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return n;
}

static int
read_all(struct reading *r, struct str s)
{
	struct word w;
	bool after_word = false;
	int err = 0;

	while (s.n > 0 && err == 0) {
		size_t blanks = blanks_length(s), n;
		struct str rest = str_from(s, blanks);

		if (word_read(rest, &w)) {
			if (!after_word) {
				err = flush(r);
				if (err == 0)
					err = buf_add(&r->out, s.p, blanks);
			}
			if (err == 0)
				err = add_word(r, &w);
			n = blanks + w.n;
			after_word = true;
		} else {
			n = blanks + (rest.n ? text_length(rest) : 0);
			err = flush(r);
			if (err == 0)
				err = buf_add(&r->out, s.p, n);
			after_word = false;
		}
		s = str_from(s, n);
	}
	return err < 0 ? err : flush(r);
}

int
mime_words(struct arena *a, struct str s, struct str *ret)
{
	CLEANUP_BUF struct buf octets = { 0 }, out = { 0 };
	struct reading r;
	struct str text;
	int err;

	if (str_find(s, STR("=?")) < 0)
		return mime_clean(a, s, ret);
	/* A converted octet is at most six of UTF-8; UTF-7 is far from it. */
	buf_init(&r.octets, s.n + 64);
	buf_init(&r.out, s.n * 8 + 1024);
	r.charset = STR("");
	err = read_all(&r, s);
	octets = r.octets;
	out = r.out;
	if (err == ERR_LIMIT)
		err = 0;
	if (err < 0)
		return err;
	text = arena_str(a, buf_str(&out));
	return text.p ? mime_clean(a, text, ret) : ERR_NOMEM;
}
