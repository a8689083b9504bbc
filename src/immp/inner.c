#include "immp/inner.h"

#include "base/mem.h"
#include "immp/rows.h"

#define INNER_MAX (64u << 20)	/* octets that are looked into */

bool
inner_of(const json_t *m, struct part_view *ret)
{
	for (size_t i = 0; i < message_parts(m); i++) {
		message_part(m, i, ret);
		if (!ret->content)
			continue;
		if (part_type_is(ret, "message/rfc822"))
			return ret->length && ret->length <= INNER_MAX / 2;
		return part_type_is(ret, "multipart/") && ret->length;
	}
	return false;
}

void
inner_done(struct inner *i)
{
	buf_done(&i->octets);
	arena_done(&i->a);
}

/* The head that mime_read() wants.  Its own type would make it one part again,
 * which is what signed mail is to be for whoever does not look into it. */
static int
add_head(struct buf *b, struct str type)
{
	ptrdiff_t at = str_chr(type, ';', 0);
	int rc = buf_add_cstr(b, "Content-Type: multipart/mixed");

	if (rc == 0 && at >= 0)
		rc = buf_add_str(b, str_from(type, (size_t)at));
	return rc == 0 ? buf_add_cstr(b, "\r\n\r\n") : rc;
}

int
inner_get(struct immp *c, const char *target, const struct part_view *p,
	  bool peek, struct inner *ret)
{
	const struct mime_limits limits = MIME_LIMITS_INIT;
	struct immp_fetch f = IMMP_FETCH_INIT;
	const char *why = NULL;
	int rc;

	mime_init();
	*ret = (struct inner){ .id = "" };
	buf_init(&ret->octets, INNER_MAX);
	arena_init(&ret->a, 16u << 20, 16384);
	if (p->length > INNER_MAX / 2 ||
	    str_copy(p->id, ret->id, sizeof(ret->id)) < 0)
		return app_error(APP_REFUSED,
				 "part %.*s is too large to look into; see "
				 "--mime", STR_ARG(p->id));
	ret->message = part_type_is(p, "message/");
	if (!ret->message && add_head(&ret->octets, p->type) < 0)
		return app_error(APP_REFUSED, "out of memory");
	f.target = target;
	f.part = ret->id;
	f.peek = peek;
	f.sink = message_gather;
	f.ctx = &ret->octets;
	rc = immp_fetch(c, &f);
	if (rc < 0)
		return app_fail(c, rc);
	rc = mime_read(&ret->a, buf_str(&ret->octets), &limits, &ret->mail,
		       &why);
	if (rc < 0)
		return app_error(APP_REFUSED, "cannot read part %s: %s",
				 ret->id, why ? why : err_text(rc));
	return 0;
}

static struct part_view
view_of(const struct mime_part *p)
{
	return (struct part_view){ .id = p->id, .type = p->type,
				   .file = p->file, .in = p->in,
				   .length = p->raw.n, .content = p->content };
}

int
inner_views(const struct inner *i, struct part_view **ret)
{
	struct part_view *v = mem_calloc(i->mail.nparts + 1, sizeof(*v));

	if (!v)
		return app_error(APP_REFUSED, "out of memory");
	for (size_t k = 0; k < i->mail.nparts; k++)
		v[k] = view_of(&i->mail.parts[k]);
	*ret = v;
	return 0;
}

const struct mime_part *
inner_broken(const struct inner *i)
{
	const struct mime_part *p = i->mail.parts;
	struct part_view v = view_of(p);

	return i->mail.nparts == 1 && !p->container &&
	       part_type_is(&v, "multipart/") ? p : NULL;
}

bool
inner_is_attachment(const struct inner *i, const struct mime_part *p)
{
	struct part_view v = view_of(p);

	return !p->container && p != inner_broken(i) && part_is_attachment(&v);
}

const struct mime_part *
inner_find(const struct inner *i, struct str name)
{
	struct str id = str_c(i->id);

	if (!str_starts(name, id) || name.n <= id.n || name.p[id.n] != '/')
		return NULL;
	name = str_from(name, id.n + 1);
	for (size_t k = 0; k < i->mail.nparts; k++)
		if (!i->mail.parts[k].container &&
		    str_eq(i->mail.parts[k].id, name))
			return &i->mail.parts[k];
	return NULL;
}

bool
inner_decode(const struct mime_part *p, struct buf *out)
{
	struct mime_decode d;
	char piece[4096];
	size_t n;

	mime_decode_init(&d, p);
	while ((n = mime_decode(&d, piece, sizeof(piece))) > 0) {
		size_t room = out->max - out->n;

		if (buf_add(out, piece, n < room ? n : room) < 0 || n > room)
			return false;
	}
	return true;
}
