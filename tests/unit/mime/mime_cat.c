/*
 * mime_cat: messages as JSON, one a line, for compare.py.
 *
 *	mime_cat FILE...
 *
 * Octets are strings of which each character is one octet.  Decoding is done
 * in pieces of an odd size; message/<anything> comes as it stands.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "mime/mime.h"

#define PIECE 997

static void
put_octets(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
}

static void
put_member(const char *name, struct str value)
{
	printf("\"%s\":\"", name);
	put_octets(value);
	printf("\"");
}

static void
put_decoded(const struct mime_part *p)
{
	struct mime_decode d;
	char piece[PIECE];
	uint64_t total = 0;
	size_t n;

	printf(",\"octets\":\"");
	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, piece, sizeof(piece))) > 0) {
		put_octets(str_n(piece, n));
		total += n;
	}
	printf("\",\"length\":%s",
	       total == mime_decoded_length(p) ? "true" : "false");
}

static void
put_part(const struct mime_part *p)
{
	printf("{");
	put_member("id", p->id);
	printf(",");
	put_member("type", p->type);
	printf(",");
	put_member("file", p->file);
	printf(",");
	put_member("in", p->in);
	printf(",\"content\":%s,\"container\":%s",
	       p->content ? "true" : "false", p->container ? "true" : "false");
	if (!p->container)
		put_decoded(p);
	printf("}");
}

static void
put_people(const char *name, const struct mime_addr *list, size_t n)
{
	printf(",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		printf("%s\"", i ? "," : "");
		put_octets(list[i].addr);
		printf("\"");
	}
	printf("]");
}

static int
put_message(struct arena *a, struct str octets)
{
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why = "no memory";

	if (mime_read(a, octets, &limits, &m, &why) < 0) {
		fprintf(stderr, "mime_cat: %s\n", why);
		return 1;
	}
	printf("{");
	put_member("subject", m.subject);
	put_people("from", &m.from, 1);
	put_people("to", m.to, m.nto);
	put_people("cc", m.cc, m.ncc);
	if (m.has_date)
		printf(",\"date\":%lld", (long long)(m.date / 1000));
	else
		printf(",\"date\":null");
	printf(",\"parts\":[");
	for (size_t i = 0; i < m.nparts; i++) {
		printf(i ? "," : "");
		put_part(&m.parts[i]);
	}
	printf("]}\n");
	return 0;
}

int
main(int argc, char **argv)
{
	struct arena a;
	int rc = 0;

	mime_init();
	arena_init(&a, 64 << 20, 65536);
	for (int i = 1; i < argc && rc == 0; i++) {
		CLEANUP_BUF struct buf b = { 0 };

		buf_init(&b, 64 << 20);
		if (file_read(argv[i], false, &b) < 0) {
			fprintf(stderr, "mime_cat: cannot read %s\n", argv[i]);
			rc = 1;
			break;
		}
		rc = put_message(&a, buf_str(&b));
		arena_clear(&a);
	}
	arena_done(&a);
	return rc;
}
