#include "immp/export/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/crc32c.h"
#include "base/hex.h"
#include "base/utf8.h"

/* Suffixes of our files; no folder is called so. */
static const char *const ours[] = { "mbox", "immp", "eml", "json", "part" };

/* Take a character off *s, %XX being one octet.  -1: no UTF-8 stands there;
 * *ret_octet is then that octet. */
static int32_t
take(struct str *s, unsigned char *ret_octet)
{
	uint32_t cp;
	int n;

	*ret_octet = (unsigned char)*s->p;
	if (*s->p == '%' && s->n >= 3 && hex_value(s->p[1]) >= 0 &&
	    hex_value(s->p[2]) >= 0) {
		*ret_octet = (unsigned char)(hex_value(s->p[1]) * 16 +
					     hex_value(s->p[2]));
		*s = str_from(*s, 3);
		return *ret_octet < 0x80 ? *ret_octet : -1;
	}
	n = utf8_decode(*s, &cp);
	*s = str_from(*s, n < 0 ? 1 : (size_t)n);
	return n < 0 ? -1 : (int32_t)cp;
}

static bool
is_suffix_of_ours(struct str rest)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_eqi(str_sub(rest, 0, strlen(ours[i])), str_c(ours[i])))
			return true;
	return false;
}

/* dots: every dot is escaped, not only those that would mislead. */
static int
add_component(struct buf *b, struct str s, bool dots)
{
	struct str whole = s;
	int rc = 0;

	while (s.n && rc == 0) {
		struct str before = s;
		unsigned char octet;
		int32_t cp = take(&s, &octet);
		bool bad = cp < 0 || cp == '/' || cp == '%' || cp == '\\' ||
			   utf8_is_control((uint32_t)cp) ||
			   utf8_is_bidi((uint32_t)cp);

		if (cp == '.')
			bad = dots || before.p == whole.p ||
			      is_suffix_of_ours(s);
		if (!bad && before.p[0] == '%')
			rc = buf_add_c(b, (char)octet);
		else if (!bad)
			rc = buf_add(b, before.p, before.n - s.n);
		else if (cp < 0x80)
			rc = buf_addf(b, "%%%02X", octet);
		for (size_t i = 0; bad && cp >= 0x80 && rc == 0 &&
				   i < before.n - s.n;
		     i++)
			rc = buf_addf(b, "%%%02X", (unsigned char)before.p[i]);
	}
	return rc;
}

/* Cut what is too long, inside no character, with a checksum of the whole. */
static void
copy_name(struct str s, char *dst)
{
	const size_t tail = 9;
	size_t n = s.n;

	if (n > EXPORT_NAME)
		n = utf8_clip(s, EXPORT_NAME - tail);
	memcpy(dst, s.p ? s.p : "", n);
	dst[n] = '\0';
	if (n < s.n)
		snprintf(dst + n, EXPORT_NAME + 1 - n, "~%08" PRIx32,
			 crc32c(0, s.p, s.n));
}

/* A path is at most 16 names of 255 octets, each octet at most %XX. */
#define PATH_ROOM (16 * 256 * 3 + 16)

void
export_maildir_folder(struct str path, char dst[static EXPORT_NAME + 1])
{
	CLEANUP_BUF struct buf b = { 0 };
	struct str name;
	int rc = 0;

	dst[0] = '\0';
	if (str_eq(path, STR("INBOX")))
		return;
	buf_init(&b, PATH_ROOM);
	while (rc == 0 && str_next(&path, '/', &name)) {
		rc = buf_add_c(&b, '.');
		if (rc == 0)
			rc = add_component(&b, name, true);
	}
	copy_name(rc < 0 ? STR("._") : buf_str(&b), dst);
}

void
export_tree_name(struct str component, char dst[static EXPORT_NAME + 1])
{
	CLEANUP_BUF struct buf b = { 0 };
	int rc;

	buf_init(&b, PATH_ROOM);
	rc = add_component(&b, component, false);
	copy_name(rc < 0 || b.n == 0 ? STR("_") : buf_str(&b), dst);
}

bool
export_maildir_file(const struct uuid *id, uint64_t received_ms, uint64_t size,
		    unsigned flags, const char *letters,
		    char dst[static EXPORT_FILE])
{
	char text[UUID_TEXT + 1];

	uuid_format(id, text);
	if (flags == 0 && !*letters) {
		snprintf(dst, EXPORT_FILE, "%" PRIu64 ".%s.immp,S=%" PRIu64,
			 received_ms / 1000, text, size);
		return false;
	}
	/* Their letters go in the order of the alphabet. */
	snprintf(dst, EXPORT_FILE, "%" PRIu64 ".%s.immp,S=%" PRIu64
		 ":2,%s%s%s%s%s%s%.26s", received_ms / 1000, text, size,
		 flags & EXPORT_DRAFT ? "D" : "",
		 flags & EXPORT_FLAGGED ? "F" : "",
		 flags & EXPORT_FORWARDED ? "P" : "",
		 flags & EXPORT_ANSWERED ? "R" : "",
		 flags & EXPORT_READ ? "S" : "",
		 flags & EXPORT_DELETED ? "T" : "", letters);
	return true;
}

bool
export_maildir_uuid(struct str file, struct uuid *ret)
{
	struct str field;

	while (str_next(&file, '.', &field))
		if (uuid_parse(str_sub(field, 0, UUID_TEXT), ret) == 0)
			return true;
	return false;
}

bool
export_maildir_size(struct str file, uint64_t *ret)
{
	ptrdiff_t at = str_find(file, STR(",S="));
	struct str digits;
	size_t n = 0;

	if (at < 0)
		return false;
	digits = str_from(file, (size_t)at + 3);
	while (n < digits.n && digits.p[n] >= '0' && digits.p[n] <= '9')
		n++;
	return str_u64(str_sub(digits, 0, n), UINT64_MAX, ret) == 0;
}

static bool
is_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

int
export_from_line(struct buf *b, struct str addr, uint64_t received_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)(received_ms / 1000);
	struct tm tm = { 0 };

	if (!is_address(addr))
		addr = STR("MAILER-DAEMON");
	if (!gmtime_r(&t, &tm))
		tm = (struct tm){ .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };
	return buf_addf(b, "From %.*s %.3s %.3s %2d %02d:%02d:%02d %d\n",
			STR_ARG(addr), days + 3 * tm.tm_wday,
			months + 3 * tm.tm_mon, tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

int
export_status(struct buf *b, unsigned flags, struct str words, bool crlf)
{
	const unsigned lettered = EXPORT_ANSWERED | EXPORT_FLAGGED |
				  EXPORT_DRAFT | EXPORT_DELETED;
	const char *end = crlf ? "\r\n" : "\n";
	int rc = 0;

	if (flags == 0 && words.n == 0)
		return 0;
	/* O: no longer new, as it stands in cur/ of a Maildir. */
	rc = buf_addf(b, "Status: %sO%s", flags & EXPORT_READ ? "R" : "", end);
	if (rc == 0 && flags & lettered)
		rc = buf_addf(b, "X-Status: %s%s%s%s%s",
			      flags & EXPORT_ANSWERED ? "A" : "",
			      flags & EXPORT_DELETED ? "D" : "",
			      flags & EXPORT_FLAGGED ? "F" : "",
			      flags & EXPORT_DRAFT ? "T" : "", end);
	/* That it was forwarded has no letter here. */
	if (rc == 0 && (words.n || flags & EXPORT_FORWARDED))
		rc = buf_addf(b, "X-Keywords: %s%s%.*s%s",
			      flags & EXPORT_FORWARDED ? "$forwarded" : "",
			      flags & EXPORT_FORWARDED && words.n ? " " : "",
			      STR_ARG(words), end);
	return rc;
}
