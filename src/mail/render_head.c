/*
 * render_head: header fields of RFC 5322 with the forms of RFC 2047 (text and
 * display names), RFC 2231 (file names) and RFC 6532 (addresses that are not
 * ASCII).  Lines are folded at 76 octets where the field can be.
 */
#include "mail/render_priv.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/utf8.h"

#define FOLD_AT 76
/* A word longer than this could not be folded under the 998 of a line. */
#define WORD_MAX 900
/* "=?UTF-8?Q?" and "?=". */
#define WORD_FRAME 12

void
head_put(struct head *h, struct str s)
{
	if (h->err == 0)
		h->err = buf_add_str(h->out, s);
	h->col += s.n;
}

void
head_lit(struct head *h, const char *s)
{
	head_put(h, str_c(s));
}

void
head_end(struct head *h)
{
	head_lit(h, "\r\n");
	h->col = 0;
}

void
head_fold(struct head *h)
{
	head_end(h);
	head_lit(h, " ");
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Octets of which the control ones become '?'. */
static void
put_clean(struct head *h, struct str s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_control(s.p[i]))
			continue;
		head_put(h, str_sub(s, start, i - start));
		head_lit(h, "?");
		start = i + 1;
	}
	head_put(h, str_from(s, start));
}

/* --- text --- */

static bool
is_printable_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	}
	return true;
}

static size_t
longest_word(struct str s)
{
	size_t longest = 0;
	struct str word;

	while (str_next(&s, ' ', &word)) {
		if (word.n > longest)
			longest = word.n;
	}
	return longest;
}

/* Can text stand in a field as it is, and be read back the same? */
static bool
is_plain(struct str s)
{
	return is_printable_ascii(s) && str_eq(s, str_trim(s)) &&
	       str_find(s, STR("=?")) < 0 && longest_word(s) <= WORD_MAX;
}

/* s with folds at blanks; a blank is kept, the fold goes before it. */
static void
put_folded(struct head *h, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t end = i;

		while (end < s.n && s.p[end] == ' ')
			end++;
		while (end < s.n && s.p[end] != ' ')
			end++;
		if (i > 0 && h->col + (end - i) > FOLD_AT)
			head_end(h);
		put_clean(h, str_sub(s, i, end - i));
		i = end;
	}
}

/* May the octet stand for itself in the Q encoding, also in a phrase? */
static bool
is_q_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '!' || c == '*' || c == '+' ||
	       c == '-' || c == '/';
}

static size_t
q_length(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		n += is_q_plain(c) || c == ' ' ? 1 : 3;
	}
	return n;
}

static void
put_q(struct head *h, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char hex[3] = { '=', digits[c >> 4], digits[c & 15] };

		if (c == ' ')
			head_lit(h, "_");
		else if (is_q_plain(c))
			head_put(h, str_sub(s, i, 1));
		else
			head_put(h, is_control(s.p[i]) ? STR("=3F") :
							 str_n(hex, 3));
	}
}

static void
put_b(struct head *h, struct str s)
{
	char raw[FOLD_AT], text[B64_LEN(sizeof(raw))];

	for (size_t i = 0; i < s.n; i++)
		raw[i] = is_control(s.p[i]) ? '?' : s.p[i];
	b64_encode(raw, s.n, text);
	head_put(h, str_n(text, B64_LEN(s.n)));
}

/* The most characters at the front of s that give at most `room` octets of
 * the encoding; at least one. */
static size_t
chunk_length(struct str s, size_t room, bool q)
{
	size_t n = 0, used = 0;

	while (n < s.n) {
		uint32_t cp;
		int len = utf8_decode(str_from(s, n), &cp);
		struct str one = str_sub(s, n, len > 0 ? (size_t)len : 1);

		used = q ? used + q_length(one) : B64_LEN(n + one.n);
		if (used > room && n > 0)
			break;
		n += one.n;
	}
	return n;
}

/* s as encoded words, in Q or B, whichever is shorter. */
static void
put_encoded(struct head *h, struct str s)
{
	bool q = q_length(s) <= B64_LEN(s.n);

	while (s.n > 0) {
		/* Four octets of UTF-8 are at most twelve in Q. */
		size_t room, n;

		if (h->col > 1 && h->col + WORD_FRAME + 12 > FOLD_AT)
			head_fold(h);
		room = FOLD_AT - WORD_FRAME - h->col;
		n = chunk_length(s, room, q);
		head_lit(h, q ? "=?UTF-8?Q?" : "=?UTF-8?B?");
		if (q)
			put_q(h, str_sub(s, 0, n));
		else
			put_b(h, str_sub(s, 0, n));
		head_lit(h, "?=");
		s = str_from(s, n);
		if (s.n > 0)
			head_fold(h);
	}
}

static void
put_name(struct head *h, struct str name)
{
	head_put(h, name);
	head_lit(h, ":");
}

void
head_text(struct head *h, const char *name, struct str value)
{
	put_name(h, str_c(name));
	if (value.n > 0)
		head_lit(h, " ");
	if (is_plain(value))
		put_folded(h, value);
	else
		put_encoded(h, value);
	head_end(h);
}

void
head_field(struct head *h, struct str name, struct str value)
{
	bool ascii = is_printable_ascii(value);

	value = str_trim(value);
	put_name(h, name);
	if (value.n > 0)
		head_lit(h, " ");
	/* What has an '@' may be addresses, in which encoded words cannot
	 * stand: it goes as UTF-8. */
	if (longest_word(value) <= WORD_MAX &&
	    (ascii || str_chr(value, '@', 0) >= 0))
		put_folded(h, value);
	else
		put_encoded(h, value);
	head_end(h);
}

/* --- addresses --- */

static bool
is_atom_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c <= ' ' || c > '~' || strchr("()<>[]:;@\\,.\"", c))
			return false;
	}
	return s.n > 0;
}

/* Words of atoms with one blank between them? */
static bool
is_phrase(struct str s)
{
	struct str word;

	if (str_find(s, STR("=?")) >= 0)
		return false;
	while (str_next(&s, ' ', &word)) {
		if (!is_atom_text(word))
			return false;
	}
	return true;
}

static void
put_quoted(struct head *h, struct str s)
{
	head_lit(h, "\"");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			head_lit(h, "\\");
		put_clean(h, str_sub(s, i, 1));
	}
	head_lit(h, "\"");
}

static void
put_display_name(struct head *h, struct str name)
{
	if (is_phrase(name) && is_plain(name))
		put_folded(h, name);
	else if (is_plain(name) && name.n <= FOLD_AT)
		put_quoted(h, name);
	else
		put_encoded(h, name);
}

/* Dots and atoms, or UTF-8 (RFC 6532)? */
static bool
is_dot_atom(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == ' ' || is_control(c) || strchr("()<>[]:;@\\,\"", c))
			return false;
	}
	return s.n > 0 && str_find(s, STR("..")) < 0 && s.p[0] != '.' &&
	       !str_ends(s, STR("."));
}

/* local@domain; quoted where it could not stand so, as what an imported
 * message has in the place of an address may be anything. */
static void
put_addr_spec(struct head *h, struct str imid)
{
	ptrdiff_t at = str_rchr(imid, '@');
	struct str local = str_sub(imid, 0, at < 0 ? imid.n : (size_t)at);
	struct str domain = str_from(imid, local.n + 1);

	if (at >= 0 && !is_dot_atom(domain))
		local = imid;
	if (is_dot_atom(local))
		put_clean(h, local);
	else
		put_quoted(h, local);
	put_clean(h, str_from(imid, local.n));
}

static struct str
name_of(struct str imid, const struct message_header *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(names[i].name, imid))
			return names[i].value;
	}
	return (struct str){ NULL, 0 };
}

void
head_addresses(struct head *h, const char *name, const struct str *v, size_t n,
	       const struct message_header *names, size_t nnames)
{
	put_name(h, str_c(name));
	head_lit(h, " ");
	for (size_t i = 0; i < n; i++) {
		struct str display = name_of(v[i], names, nnames);

		if (i > 0) {
			head_lit(h, ",");
			if (display.n > 0 || h->col + v[i].n + 2 > FOLD_AT)
				head_fold(h);
			else
				head_lit(h, " ");
		}
		if (display.n == 0) {
			put_addr_spec(h, v[i]);
			continue;
		}
		put_display_name(h, display);
		if (h->col + v[i].n + 4 > FOLD_AT)
			head_fold(h);
		else
			head_lit(h, " ");
		head_lit(h, "<");
		put_addr_spec(h, v[i]);
		head_lit(h, ">");
	}
	head_end(h);
}

/* --- dates and file names --- */

void
head_date(struct head *h, uint64_t unix_ms)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	/* The last millisecond that clock_format() can write. */
	const uint64_t last = 253402300799999ull;
	char iso[CLOCK_TEXT + 1], text[40];
	uint64_t day;
	int month;

	if (unix_ms > last)
		unix_ms = last;
	clock_format(unix_ms, iso);
	day = unix_ms / 86400000 % 7;
	month = (iso[5] - '0') * 10 + iso[6] - '0' - 1;
	snprintf(text, sizeof(text), "Date: %.3s, %.2s %.3s %.4s %.8s +0000",
		 days + 3 * day, iso + 8, months + 3 * month, iso, iso + 11);
	head_lit(h, text);
	head_end(h);
}

static bool
is_attribute_char(unsigned char c)
{
	return is_q_plain(c) ? c != '*' && c != '/' :
			       c != '\0' && strchr("#$&.^_`{|}~", c) != NULL;
}

/* "; filename*=" or, of many pieces, "; filename*N*=". */
static void
put_piece_label(struct head *h, bool many, unsigned piece)
{
	char number[16] = "";

	if (many)
		snprintf(number, sizeof(number), "*%u", piece);
	head_lit(h, ";");
	head_fold(h);
	head_lit(h, "filename");
	head_lit(h, number);
	head_lit(h, piece == 0 ? "*=UTF-8''" : "*=");
}

/* A file name in the extended form, in as many pieces as it needs. */
static void
put_extended(struct head *h, struct str file)
{
	static const char digits[] = "0123456789ABCDEF";
	const size_t most = FOLD_AT - 24;
	size_t n = 0;
	unsigned piece = 0;
	bool many;

	for (size_t i = 0; i < file.n; i++)
		n += is_attribute_char((unsigned char)file.p[i]) ? 1 : 3;
	many = n > most;
	for (size_t i = 0; i < file.n; i++) {
		unsigned char c = (unsigned char)file.p[i];
		char hex[3] = { '%', digits[c >> 4], digits[c & 15] };
		struct str one = is_attribute_char(c) ? str_sub(file, i, 1) :
							str_n(hex, 3);

		/* A piece ends where the longest character, four octets in
		 * hex, would not fit; never inside of one. */
		if (i == 0 || (many && n + 12 > most && (c & 0xc0) != 0x80)) {
			put_piece_label(h, many, piece++);
			n = 0;
		}
		head_put(h, one);
		n += one.n;
	}
}

void
head_filename(struct head *h, struct str file)
{
	if (!is_printable_ascii(file) || str_find(file, STR("=?")) >= 0) {
		put_extended(h, file);
		return;
	}
	head_lit(h, ";");
	if (h->col + file.n + 13 > FOLD_AT)
		head_fold(h);
	else
		head_lit(h, " ");
	head_lit(h, "filename=");
	put_quoted(h, file);
}
