/*
 * One message of another system as an envelope and parts of ours.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crypt/crypt.h"
#include "immp/import/import_priv.h"
#include "immp/import/mapped.h"
#include "mail/message.h"
#include "mime/mime.h"
#include "proto/status.h"

/* Encoded octets up to which a part is decoded in memory, and of all parts of
 * a message together. */
#define PART_WHOLE ((size_t)1 << 20)
#define PARTS_WHOLE ((size_t)16 << 20)
/* What of a text goes into the envelope, in octets of a quoted word: with 4,096
 * of folder and recipients an APPEND stays below the 8,192 of a line.  The part
 * `header` has all of it. */
#define SUBJECT_MAX 998
#define NAME_MAX_QUOTED 255
#define ADDR_MAX 320
#define HEADER_MAX 2000
/* Message-IDs that are remembered, to tell who answers whom. */
#define KNOWN_IDS 1000000
/* What an envelope of ours takes: the header and its original are parts, and
 * a server takes 500 HEADER lines. */
static const struct mime_limits import_limits = { 998, 30, 400, 64 };

/* --- who answers whom --- */

/* A Message-ID as a key: 16 octets of its hash, for many of them are kept. */
static struct str
id_key(struct str message_id, uint8_t hash[static 32])
{
	sha256_once(message_id.p, message_id.n, hash);
	return str_n(hash, 16);
}

static void
learn_id(struct import *im, struct str message_id, const char *id)
{
	uint8_t hash[32];
	struct str key;
	struct uuid *u;

	if (message_id.n == 0 || im->ids.n >= KNOWN_IDS)
		return;
	key = id_key(message_id, hash);
	if (map_get(&im->ids, key))
		return;
	u = mem_alloc(sizeof(*u));
	/* Without memory it is a conversation less. */
	if (u && (uuid_parse(str_c(id), u) < 0 ||
		  map_put(&im->ids, key, u, NULL) < 0))
		mem_free(u);
}

static const char *
known_id(const struct import *im, struct arena *a, struct str message_id)
{
	uint8_t hash[32];
	const struct uuid *u;
	char *text;

	if (message_id.n == 0)
		return NULL;
	u = map_get(&im->ids, id_key(message_id, hash));
	text = u ? arena_alloc(a, UUID_TEXT + 1) : NULL;
	if (text)
		uuid_format(u, text);
	return text;
}

/* --- one message to the server --- */

/* What is told when it is filed. */
struct pending {
	struct import *im;
	char where[];
};

static void
filed(void *ctx, const char *id, int error, int code, const char *text)
{
	struct pending *p = ctx;
	struct import *im = p->im;
	char known[8];

	(void)id;
	if (error == 0) {
		if (immp_field(text, "known", known, sizeof(known)) > 0)
			im->present++;
		else
			im->filed++;
	} else if (code == ST_CONFLICT) {
		/* It was deleted lately, and its marks were others then. */
		im->present++;
	} else if (code == 0) {
		/* Whoever has the connection next says so. */
		if (im->broken == 0)
			im->broken = error;
	} else if (code == ST_QUOTA || error == IMMP_E_LATER) {
		/* All that follow would fare alike. */
		(void)import_end(im, app_exit_of(error), "%s: %s", p->where,
				 text);
	} else {
		import_refuse(im, p->where, text);
	}
	mem_free(p);
}

/* A part that is too large to be decoded in memory. */
static ptrdiff_t
read_decoded(void *ctx, void *dst, size_t cap)
{
	return (ptrdiff_t)mime_decode(ctx, dst, cap);
}

/* As much of s as is at most max octets when it is quoted, without a piece of
 * a character at its end. */
static struct str
clip(struct str s, size_t max)
{
	size_t n = 0, quoted = 0;

	while (n < s.n) {
		quoted += s.p[n] == '"' || s.p[n] == '\\' ? 2 : 1;
		if (quoted > max)
			break;
		n++;
	}
	return str_sub(s, 0, n < s.n ? utf8_clip(s, n) : n);
}

static const char *
text_or_null(struct arena *a, struct str s, bool *ok)
{
	struct str copy;

	if (s.n == 0)
		return NULL;
	copy = arena_str(a, s);
	*ok = *ok && copy.p;
	return copy.p;
}

/* Where its octets come from. */
static bool
set_octets(struct arena *a, const struct mime_part *p, struct immp_part *ret)
{
	struct mime_decode *d;
	char *data;
	size_t n = 0, got;

	if (p->container)
		return true;
	if (p->encoding == MIME_IDENTITY) {
		ret->data = p->raw.n ? p->raw.p : "";
		ret->length = p->raw.n;
		return true;
	}
	d = ARENA_NEW(a, struct mime_decode);
	if (!d)
		return false;
	mime_decode_init(d, p);
	if (p->raw.n > PART_WHOLE || a->used > PARTS_WHOLE) {
		ret->length = mime_decoded_length(p);
		ret->read = read_decoded;
		ret->ctx = d;
		return true;
	}
	/* Nothing gets longer by being decoded. */
	data = arena_alloc(a, p->raw.n + 64);
	if (!data)
		return false;
	while ((got = mime_decode(d, data + n, p->raw.n + 64 - n)) > 0)
		n += got;
	ret->data = data;
	ret->length = n;
	return true;
}

static bool
set_part(struct arena *a, const struct mime_part *p, struct immp_part *ret)
{
	bool ok = true;

	*ret = (struct immp_part){
		.name = text_or_null(a, p->id, &ok),
		.type = text_or_null(a, p->type, &ok),
		.file = text_or_null(a, p->file, &ok),
		.cid = text_or_null(a, p->cid, &ok),
		.in = text_or_null(a, p->in, &ok),
		.content = p->content, .is_inline = p->is_inline,
		.fd = -1,
	};
	if (p->container)
		ret->data = "";
	return ok && set_octets(a, p, ret);
}

/* "name <address>", or the address alone.  The address is what stands in the
 * last <>, so it can have none itself. */
static const char *
person(struct arena *a, const struct mime_addr *p, bool *ok)
{
	struct str name = clip(p->name, NAME_MAX_QUOTED);
	struct str from = clip(p->addr, ADDR_MAX);
	char *addr = arena_alloc(a, from.n + 1);
	struct str s;

	if (!addr) {
		*ok = false;
		return NULL;
	}
	for (size_t i = 0; i < from.n; i++) {
		char c = from.p[i];

		addr[i] = c == '<' || c == '>' ? '?' : c;
	}
	addr[from.n] = '\0';
	if (name.n == 0)
		return addr;
	s = arena_fmt(a, "%.*s <%s>", STR_ARG(name), addr);
	*ok = *ok && s.p;
	return s.p;
}

/* Those that have an address: "undisclosed <>" is nobody. */
static const char **
people(struct arena *a, const struct mime_addr *v, size_t n, bool *ok)
{
	const char **ret = ARENA_ARRAY(a, const char *, n + 1);
	size_t k = 0;

	for (size_t i = 0; ret && i < n; i++)
		if (v[i].addr.n)
			ret[k++] = person(a, &v[i], ok);
	*ok = *ok && ret;
	return ret;
}

/* HEADER takes no tab; where a line was folded it is as good as a blank. */
static const char *
one_line(struct arena *a, struct str s, bool *ok)
{
	char *copy = arena_alloc(a, s.n + 1);

	*ok = *ok && copy;
	for (size_t i = 0; copy && i < s.n; i++)
		copy[i] = s.p[i] == '\t' ? ' ' : s.p[i];
	return copy;
}

static bool
set_headers(struct arena *a, const struct mime_mail *mail,
	    struct immp_mail *ret)
{
	struct immp_header *h = ARENA_ARRAY(a, struct immp_header,
					    mail->nheaders + 1);
	bool ok = h != NULL;

	for (size_t i = 0; ok && i < mail->nheaders; i++) {
		h[i].name = text_or_null(a, mail->headers[i].name, &ok);
		h[i].value = one_line(a, clip(mail->headers[i].value,
					      HEADER_MAX), &ok);
	}
	ret->headers = h;
	ret->nheaders = mail->nheaders;
	return ok;
}

/* The parts, their header blocks, and the whole if it is to be kept. */
static bool
set_parts(const struct import *im, struct arena *a, struct str octets,
	  const struct mime_mail *mail, struct immp_mail *ret)
{
	struct immp_part *v = ARENA_ARRAY(a, struct immp_part,
					  mail->nparts + 2);
	struct str heads;
	size_t n = 0;

	if (!v || mime_heads(a, mail, MESSAGE_HEADER_MAX, &heads) < 0)
		return false;
	/* Also an empty one: then none is made up when it goes back to MIME. */
	v[n++] = (struct immp_part){
		.name = "header", .type = "text/rfc822-headers",
		.data = heads.n ? heads.p : "",
		.length = heads.n, .fd = -1,
	};
	if (im->original)
		v[n++] = (struct immp_part){
			.name = "original", .type = "message/rfc822",
			.data = octets.p, .length = octets.n, .fd = -1,
		};
	for (size_t i = 0; i < mail->nparts; i++)
		if (!set_part(a, &mail->parts[i], &v[n++]))
			return false;
	ret->parts = v;
	ret->nparts = n;
	return true;
}

static bool
set_mail(const struct import *im, struct arena *a, struct str octets,
	 const struct mime_mail *mail, struct immp_mail *ret)
{
	bool ok = true;

	ret->from = person(a, &mail->from, &ok);
	ret->to = people(a, mail->to, mail->nto, &ok);
	ret->cc = people(a, mail->cc, mail->ncc, &ok);
	ret->subject = text_or_null(a, clip(mail->subject, SUBJECT_MAX), &ok);
	ret->importance = mail->importance;
	ret->reply = known_id(im, a, mail->in_reply_to);
	if (!ret->reply)
		ret->reply = known_id(im, a, mail->last_reference);
	return ok && set_headers(a, mail, ret) &&
	       set_parts(im, a, octets, mail, ret);
}

/* --- from where it lies --- */

/* Octets of a part that lie in a file, or are decoded from there. */
struct reading {
	const struct mapped *file;
	immp_read_fn read;	/* of what is decoded; NULL: */
	void *ctx;
	struct str rest;	/* what is left of octets as they are */
};

/* Says no, so that the message is not filed, once the file got shorter. */
static ptrdiff_t
read_mapped(void *ctx, void *dst, size_t cap)
{
	struct reading *r = ctx;
	ptrdiff_t n;

	if (r->read) {
		n = r->read(r->ctx, dst, cap);
	} else {
		n = (ptrdiff_t)(r->rest.n < cap ? r->rest.n : cap);
		if (n)
			memcpy(dst, r->rest.p, (size_t)n);
		r->rest = str_from(r->rest, (size_t)n);
	}
	return mapped_whole(r->file) ? n : -1;
}

/* No part goes past the eyes of read_mapped(). */
static bool
watch_parts(struct arena *a, const struct mapped *file, struct immp_mail *m)
{
	/* set_parts() made them, and nobody else has them. */
	struct immp_part *v = (struct immp_part *)(uintptr_t)m->parts;
	struct reading *r = ARENA_ARRAY(a, struct reading, m->nparts);

	for (size_t i = 0; r && i < m->nparts; i++) {
		r[i] = (struct reading){
			.file = file, .read = v[i].read, .ctx = v[i].ctx,
			.rest = str_n(v[i].data, v[i].length),
		};
		v[i].data = NULL;
		v[i].read = read_mapped;
		v[i].ctx = &r[i];
	}
	return r != NULL;
}

/* --- one message --- */

/* When it was written, or else when it came. */
static const char *
date_of(const struct import_item *it, const struct mime_mail *mail,
	char dst[static CLOCK_TEXT + 1])
{
	uint64_t t = mail->has_date ? mail->date : it->received;

	if (t == 0 && !mail->has_date)
		return NULL;
	clock_format(t, dst);
	return dst;
}

/* Is the connection as good as before this error of immp_append()? */
static bool
goes_on(int error)
{
	switch (error) {
	case IMMP_E_MEMORY:
	case IMMP_E_USAGE:
	case IMMP_E_REFUSED:
	case IMMP_E_NOT_FOUND:
	case IMMP_E_STOPPED:
	case IMMP_E_SOURCE:
	case IMMP_E_TOO_LARGE:
		return true;
	default:
		return false;
	}
}

static int
submit(struct import *im, const struct import_item *it, struct arena *a,
       const struct mime_mail *mail)
{
	struct immp_append ap = IMMP_APPEND_INIT;
	struct immp_mail m = IMMP_MAIL_INIT;
	char date[CLOCK_TEXT + 1];
	size_t n = strlen(it->where) + 1;
	struct pending *p;
	int rc;

	if (!set_mail(im, a, it->octets, mail, &m) ||
	    (it->file && !watch_parts(a, it->file, &m))) {
		import_refuse(im, it->where, "takes too much memory");
		return im->rc;
	}
	p = mem_alloc(sizeof(*p) + n);
	if (!p)
		return import_no_memory(im);
	p->im = im;
	memcpy(p->where, it->where, n);
	m.id = it->id;
	ap.folder = it->folder;
	ap.mail = &m;
	ap.date = date_of(it, mail, date);
	ap.flags = it->flags;
	ap.filed = filed;
	ap.ctx = p;
	rc = immp_append(im->c, &ap);
	if (rc == 0)
		return im->rc;
	mem_free(p);
	if (!goes_on(rc))
		return import_lost(im, rc);
	import_refuse(im, it->where, rc == IMMP_E_SOURCE && it->file
			     ? IMPORT_TORN : immp_message(im->c));
	return im->rc;
}

int
import_send(struct import *im, const struct import_item *it)
{
	struct mime_mail mail;
	const char *why = "out of memory";
	struct arena a;
	int rc;

	/* Names, and parts decoded in memory. */
	arena_init(&a, (size_t)256 << 20, 32768);
	rc = mime_read(&a, it->octets, &import_limits, &mail, &why);
	if (rc < 0) {
		import_refuse(im, it->where, why);
	} else {
		if (!it->present)
			rc = submit(im, it, &a, &mail);
		learn_id(im, mail.message_id, it->id);
		if (mail.more_addresses && !it->present)
			app_error(APP_REFUSED, "%s: of its many addresses the "
				  "first %zu are shown", it->where,
				  import_limits.addresses);
	}
	arena_done(&a);
	return im->rc;
}
