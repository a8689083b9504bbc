#include "immp/names.h"

#include <stdio.h>
#include <strings.h>

#include "base/utf8.h"

static const struct {
	const char *suffix, *type;
} types[] = {
	{ "7z", "application/x-7z-compressed" },
	{ "asc", "application/pgp-signature" },
	{ "avif", "image/avif" },
	{ "bmp", "image/bmp" },
	{ "bz2", "application/x-bzip2" },
	{ "c", "text/x-c; charset=utf-8" },
	{ "css", "text/css; charset=utf-8" },
	{ "csv", "text/csv; charset=utf-8" },
	{ "diff", "text/x-diff; charset=utf-8" },
	{ "doc", "application/msword" },
	{ "docx", "application/vnd.openxmlformats-officedocument."
		  "wordprocessingml.document" },
	{ "eml", "message/rfc822" },
	{ "epub", "application/epub+zip" },
	{ "flac", "audio/flac" },
	{ "gif", "image/gif" },
	{ "gz", "application/gzip" },
	{ "h", "text/x-c; charset=utf-8" },
	{ "heic", "image/heic" },
	{ "htm", "text/html; charset=utf-8" },
	{ "html", "text/html; charset=utf-8" },
	{ "ics", "text/calendar; charset=utf-8" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" },
	{ "log", "text/plain; charset=utf-8" },
	{ "md", "text/markdown; charset=utf-8" },
	{ "mkv", "video/x-matroska" },
	{ "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "ogg", "audio/ogg" },
	{ "opus", "audio/opus" },
	{ "patch", "text/x-diff; charset=utf-8" },
	{ "pdf", "application/pdf" },
	{ "pgp", "application/pgp-encrypted" },
	{ "png", "image/png" },
	{ "ppt", "application/vnd.ms-powerpoint" },
	{ "pptx", "application/vnd.openxmlformats-officedocument."
		  "presentationml.presentation" },
	{ "ps", "application/postscript" },
	{ "py", "text/x-python; charset=utf-8" },
	{ "rtf", "application/rtf" },
	{ "sh", "application/x-sh" },
	{ "svg", "image/svg+xml" },
	{ "tar", "application/x-tar" },
	{ "tgz", "application/gzip" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "vcf", "text/vcard; charset=utf-8" },
	{ "wav", "audio/wav" },
	{ "webm", "video/webm" },
	{ "webp", "image/webp" },
	{ "xls", "application/vnd.ms-excel" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument."
		  "spreadsheetml.sheet" },
	{ "xml", "application/xml" },
	{ "xz", "application/x-xz" },
	{ "zip", "application/zip" },
	{ "zst", "application/zstd" },
};

const char *
name_type(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');

	if (!dot || (slash && dot < slash))
		return "application/octet-stream";
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* Copy with every character that must not be there as '_'. */
static size_t
copy_clean(struct str s, char *dst)
{
	size_t n = 0;

	while (s.n) {
		uint32_t cp;
		int len = utf8_decode(s, &cp);
		bool bad = len < 0 || utf8_is_control(cp) ||
			   utf8_is_bidi(cp) || cp == '/' || cp == '\\';
		size_t take = len < 0 ? 1 : (size_t)len;
		size_t put = bad ? 1 : take;

		if (n + put > NAME_MAX_OCTETS)
			break;
		if (bad)
			dst[n] = '_';
		else
			memcpy(dst + n, s.p, put);
		n += put;
		s = str_from(s, take);
	}
	dst[n] = '\0';
	return n;
}

/* Where a suffix begins, its dot included; the end if there is none. */
static size_t
suffix_at(struct str name)
{
	ptrdiff_t dot = str_rchr(name, '.');

	/* A dot at the start or far from the end begins no suffix. */
	if (dot <= 0 || name.n - (size_t)dot > 16)
		return name.n;
	return (size_t)dot;
}

void
name_safe(struct str peer, const char *fallback,
	  char dst[static NAME_MAX_OCTETS + 1])
{
	char whole[NAME_MAX_OCTETS + 1];
	struct str s = peer, suffix;
	size_t n, at;

	/* Of a path the last component. */
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') {
			s = str_from(s, i);
			break;
		}
	s = str_trim(s);
	if (s.n == 0)
		s = str_c(fallback);
	/* A name that is too long keeps its suffix. */
	at = suffix_at(s);
	suffix = str_from(s, at);
	if (s.n > NAME_MAX_OCTETS) {
		s = str_sub(s, 0, utf8_clip(s, NAME_MAX_OCTETS - suffix.n));
		n = copy_clean(s, dst);
		(void)copy_clean(suffix, whole);
		snprintf(dst + n, NAME_MAX_OCTETS + 1 - n, "%s", whole);
	} else {
		(void)copy_clean(s, dst);
	}
	if (dst[0] == '.' || dst[0] == '-' || dst[0] == '~')
		dst[0] = '_';
}

void
name_numbered(const char *name, unsigned n,
	      char dst[static NAME_MAX_OCTETS + 16])
{
	size_t at = suffix_at(str_c(name));

	if (n == 0)
		snprintf(dst, NAME_MAX_OCTETS + 16, "%s", name);
	else
		snprintf(dst, NAME_MAX_OCTETS + 16, "%.*s-%u%s", (int)at, name,
			 n % 100000, name + at);
}

void
name_shown(const char *path, char dst[static NAME_MAX_OCTETS + 1])
{
	const char *slash = strrchr(path, '/');

	if (copy_clean(str_c(slash ? slash + 1 : path), dst) == 0)
		snprintf(dst, NAME_MAX_OCTETS + 1, "file");
}
