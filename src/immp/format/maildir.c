#include "immp/format/maildir.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

struct str
maildir_info(struct str name)
{
	ptrdiff_t at = str_find(name, STR("2,"));

	while (at > 0) {
		char before = name.p[at - 1];
		ptrdiff_t more;

		if (before == ':' || before == ';' || before == '!')
			return str_from(name, (size_t)at + 2);
		more = str_find(str_from(name, (size_t)at + 1), STR("2,"));
		at = more < 0 ? -1 : at + 1 + more;
	}
	return STR("");
}

uint64_t
maildir_time(struct str name)
{
	uint64_t seconds;
	size_t n = 0;

	while (n < name.n && name.p[n] >= '0' && name.p[n] <= '9')
		n++;
	/* Up to the year 9999. */
	if (str_u64_any(str_sub(name, 0, n), 253402300799ull, &seconds) < 0)
		return 0;
	return seconds * 1000;
}

/* --- flags --- */

static const char *
word_of(char letter)
{
	static const char *const words[26] = {
		['S' - 'A'] = "read", ['F' - 'A'] = "flagged",
		['R' - 'A'] = "answered", ['D' - 'A'] = "draft",
		['T' - 'A'] = "$deleted", ['P' - 'A'] = "$forwarded",
	};

	return letter >= 'A' && letter <= 'Z' ? words[letter - 'A'] : NULL;
}

void
maildir_flags(struct str letters, char keywords[MAILDIR_LETTERS][MAILDIR_WORD],
	      char words[MAILDIR_FLAGS][MAILDIR_WORD],
	      const char *ret[MAILDIR_FLAGS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < letters.n && n < MAILDIR_FLAGS; i++) {
		char c = letters.p[i];
		const char *word = word_of(c);

		if (i > 0 && memchr(letters.p, c, i))
			continue; /* said already */
		if (word)
			snprintf(words[n], MAILDIR_WORD, "%s", word);
		else if (c >= 'a' && c <= 'z' && keywords[c - 'a'][0])
			snprintf(words[n], MAILDIR_WORD, "%s",
				 keywords[c - 'a']);
		else if (c >= 'a' && c <= 'z')
			snprintf(words[n], MAILDIR_WORD, "$maildir-%c", c);
		else
			continue;
		ret[n] = words[n];
		n++;
	}
	ret[n] = NULL;
}

void
maildir_keyword(struct str s, char dst[static MAILDIR_WORD])
{
	size_t n = 1;

	if (s.n && s.p[0] == '$')
		s = str_from(s, 1);
	dst[0] = '$';
	for (size_t i = 0; i < s.n && n <= 32; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '_')
			c = '-';
		dst[n++] = c;
	}
	dst[n > 1 ? n : 0] = '\0';
}

void
maildir_keywords(struct str text, char keywords[MAILDIR_LETTERS][MAILDIR_WORD])
{
	struct str line, number, word;
	uint64_t n;

	memset(keywords, 0, (size_t)MAILDIR_LETTERS * MAILDIR_WORD);
	while (str_next(&text, '\n', &line)) {
		if (str_cut(str_trim(line), ' ', &number, &word) &&
		    str_u64_any(number, MAILDIR_LETTERS - 1, &n) == 0)
			maildir_keyword(str_trim(word), keywords[n]);
	}
}

/* --- folders --- */

static int
value64(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+,";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A run of UTF-16 in base64, "&" and "-" taken away.  False: it is none. */
static bool
add_shifted(struct str s, struct buf *b, int *err)
{
	uint32_t bits = 0, high = 0;
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int v = value64(s.p[i]), len;
		uint32_t unit;
		char text[4];

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		unit = bits >> n & 0xffff;
		if (unit >= 0xd800 && unit < 0xdc00) {
			high = unit;
			continue;
		}
		if (high && unit >= 0xdc00 && unit < 0xe000)
			unit = 0x10000 + ((high - 0xd800) << 10) +
			       (unit - 0xdc00);
		high = 0;
		len = utf8_encode(unit, text);
		if (len < 0 || utf8_is_control(unit))
			return false;
		*err = buf_add(b, text, (size_t)len);
		if (*err < 0)
			return true;
	}
	return true;
}

/* Modified UTF-7 (RFC 3501 5.1.3) to UTF-8; what is none stays as it is. */
static int
add_decoded(struct str name, struct buf *b)
{
	int err = 0;

	for (size_t i = 0; i < name.n && err == 0;) {
		ptrdiff_t end = name.p[i] == '&' ? str_chr(name, '-', i) : -1;
		size_t before = b->n;

		if (end < 0) {
			err = buf_add_c(b, name.p[i++]);
			continue;
		}
		if (end == (ptrdiff_t)i + 1) {
			err = buf_add_c(b, '&');
		} else if (!add_shifted(str_sub(name, i + 1,
						(size_t)end - i - 1),
					b, &err)) {
			buf_truncate(b, before);
			err = buf_add_str(b, str_sub(name, i,
						     (size_t)end + 1 - i));
		}
		i = (size_t)end + 1;
	}
	return err;
}

/* An octet of a name, with %XX for what the protocol has a meaning for. */
static int
add_octet(struct buf *b, unsigned char c)
{
	if ((c && strchr("/:#?,%+", c)) || c < 0x20 || c == 0x7f)
		return buf_addf(b, "%%%02X", c);
	return buf_add_c(b, (char)c);
}

int
maildir_folder_name(struct str name, struct buf *b)
{
	CLEANUP_BUF struct buf plain = { 0 };
	struct str s;
	bool valid;
	int err;

	buf_init(&plain, 4096);
	err = add_decoded(name, &plain);
	s = buf_str(&plain);
	assert(s.p || s.n == 0);
	valid = utf8_valid(s);
	for (size_t i = 0; i < s.n && err == 0; i++) {
		unsigned char c = (unsigned char)s.p[i];

		err = add_octet(b, !valid && c >= 0x80 ? '_' : c);
	}
	return err;
}

int
maildir_ours_name(struct str name, struct buf *b)
{
	int err = 0, high, low;

	if (!utf8_valid(name))
		return maildir_folder_name(name, b);
	for (size_t i = 0; i < name.n && err == 0; i++) {
		if (name.p[i] != '%' || name.n - i < 3 ||
		    (high = hex_value(name.p[i + 1])) < 0 ||
		    (low = hex_value(name.p[i + 2])) < 0) {
			err = add_octet(b, (unsigned char)name.p[i]);
			continue;
		}
		/* An octet of no character stays as it is written. */
		err = high < 8 ? add_octet(b, (unsigned char)(high << 4 | low))
			       : buf_add_str(b, str_sub(name, i, 3));
		i += 2;
	}
	return err;
}

bool
maildir_is_ours(struct str file)
{
	return str_find(file, STR(".immp,S=")) >= 0;
}

/* The names of a Maildir++ folder, one below the other. */
static int
add_levels(struct str name, struct buf *b,
	   int (*add)(struct str name, struct buf *b))
{
	struct str part;
	bool first = true;
	int err = 0;

	if (name.n && name.p[0] == '.')
		name = str_from(name, 1);
	while (err == 0 && str_next(&name, '.', &part)) {
		if (part.n == 0)
			continue;
		if (!first)
			err = buf_add_c(b, '/');
		first = false;
		if (err == 0)
			err = add(part, b);
	}
	return err;
}

int
maildir_folder(struct str name, struct buf *b)
{
	return add_levels(name, b, maildir_folder_name);
}

int
maildir_ours(struct str name, struct buf *b)
{
	return add_levels(name, b, maildir_ours_name);
}
