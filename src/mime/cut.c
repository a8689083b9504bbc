/*
 * cut: the parts of a message.
 *
 * One pass over the lines, as Python's feedparser makes it: an entity is its
 * head and then, if it is a multipart, a preamble, parts between delimiters
 * and an epilogue; else octets up to the delimiter of a multipart around it,
 * without the line end that belongs to the delimiter.  A multipart that is
 * being read is a stop of mime_lines, and these are few, so every line is
 * compared with few boundaries; what is nested deeper comes whole.
 */
#include <assert.h>

#include "base/utf8.h"
#include "mail/message.h"
#include "mime/mime_priv.h"

#define NO_PARENT SIZE_MAX
#define CID_MAX 255

/* A part, and what is known of it while its message is being read. */
struct piece {
	struct mime_part part;
	struct str base;	/* type/subtype */
	size_t parent;
	bool attachment;
};

struct cut {
	struct arena *a;
	struct mime_lines *in;
	const struct mime_limits *limits;
	struct piece *pieces;
	size_t n, cap;
	const char *why;
};

/* Where an entity stands. */
struct place {
	size_t parent, depth;
};

static int entity(struct cut *c, struct str head, struct place at);

static bool
is_type(struct str base, const char *type)
{
	return str_eq(base, str_c(type));
}

static bool
is_multipart(struct str base)
{
	return str_starts(base, STR("multipart/"));
}

static int
piece_add(struct cut *c, struct place at, struct piece **ret)
{
	struct piece *p;

	if (c->n == c->limits->parts) {
		c->why = "too many parts";
		return ERR_LIMIT;
	}
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8;

		p = ARENA_ARRAY(c->a, struct piece, cap);
		if (!p)
			return ERR_NOMEM;
		if (c->n)
			memcpy(p, c->pieces, c->n * sizeof(*p));
		c->pieces = p;
		c->cap = cap;
	}
	p = &c->pieces[c->n++];
	p->parent = at.parent;
	if (at.parent != NO_PARENT)
		p->part.in = c->pieces[at.parent].part.id;
	p->part.id = arena_fmt(c->a, "part%zu", c->n);
	*ret = p;
	return p->part.id.p ? 0 : ERR_NOMEM;
}

static void
fields_read(struct str head, struct mime_fields *ret)
{
	struct mime_lines rest;
	struct str name, value;

	*ret = (struct mime_fields){ 0 };
	mime_lines_init(&rest, head);
	while (mime_field_next(&rest, &name, &value)) {
		struct str *field = NULL;

		if (name.n < 10 || (name.p[0] | 0x20) != 'c')
			continue;
		if (str_eqi(name, STR("content-type")))
			field = &ret->type;
		else if (str_eqi(name, STR("content-disposition")))
			field = &ret->disposition;
		else if (str_eqi(name, STR("content-transfer-encoding")))
			field = &ret->encoding;
		else if (str_eqi(name, STR("content-id")))
			field = &ret->id;
		/* The first one counts. */
		if (field && !field->p)
			*field = value;
	}
}

static enum mime_encoding
encoding_read(struct str value)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} names[] = {
		{ "base64", MIME_BASE64 },
		{ "quoted-printable", MIME_QUOTED },
		{ "x-uuencode", MIME_UUENCODE },
		{ "uuencode", MIME_UUENCODE },
		{ "x-uue", MIME_UUENCODE },
		{ "uue", MIME_UUENCODE },
	};
	size_t n = 0;

	value = str_trim(value);
	while (n < value.n && value.p[n] > ' ' && value.p[n] != ';' &&
	       value.p[n] != '(')
		n++;
	value.n = n;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eqi(value, str_c(names[i].name)))
			return names[i].encoding;
	return MIME_IDENTITY;
}

/* What stands in <>, if another part may name it so. */
static int
cid_read(struct cut *c, struct str value, struct str *ret)
{
	struct str cid;
	int err = mime_unfold(c->a, value, &cid);

	if (err < 0)
		return err;
	cid = str_trim(cid);
	if (str_starts(cid, STR("<")))
		cid = str_from(cid, 1);
	if (str_ends(cid, STR(">")))
		cid.n--;
	*ret = STR("");
	if (cid.n == 0 || cid.n > CID_MAX)
		return 0;
	for (size_t i = 0; i < cid.n; i++)
		if (cid.p[i] <= ' ' || cid.p[i] > '~' || cid.p[i] == '<' ||
		    cid.p[i] == '>')
			return 0;
	*ret = cid;
	return 0;
}

/* All but what needs the body. */
static int
describe(struct cut *c, const struct mime_fields *f,
	 const struct mime_value *type, const struct mime_value *disposition,
	 struct piece *p)
{
	struct str file = mime_value_param(disposition, "filename");
	bool related = p->parent != NO_PARENT &&
		       is_type(c->pieces[p->parent].base, "multipart/related");
	int err = 0;

	if (!file.p)
		file = mime_value_param(type, "name");
	if (file.n)
		err = mime_file_clean(c->a, file, &p->part.file);
	if (err == 0 && f->id.p)
		err = cid_read(c, f->id, &p->part.cid);
	p->base = type->base;
	/* What a multipart holds has encodings of its own (RFC 2045, 6.4). */
	if (!is_multipart(type->base) || !mime_value_param(type, "boundary").p)
		p->part.encoding = encoding_read(f->encoding);
	p->attachment = is_type(disposition->base, "attachment");
	p->part.is_inline = is_type(disposition->base, "inline") ||
			    (related && p->part.cid.n && !p->attachment);
	return err;
}

static enum mime_delimiter
delimiter(struct str boundary, struct str line)
{
	return str_starts(line, STR("--")) ? mime_delimiter(boundary, line) :
					     DELIMITER_NONE;
}

static void
skip_rest(struct mime_lines *in)
{
	struct str line;

	while (mime_lines_next(in, &line))
		;
}

/* Delimiters that follow each other are one. */
static void
skip_repeated(struct mime_lines *in, struct str boundary)
{
	struct str line;

	while (mime_lines_next(in, &line)) {
		if (delimiter(boundary, line) != DELIMITER_PART) {
			mime_lines_back(in, line);
			return;
		}
	}
}

/*
 * The parts of a multipart and all that stands around them.  Returns 1 if
 * there are some, 0 if its first delimiter never came.
 */
static int
children(struct cut *c, struct str boundary, struct place at)
{
	struct mime_lines *in = c->in;
	struct str line, head;
	int came = 0;

	while (mime_lines_next(in, &line)) {
		enum mime_delimiter d = delimiter(boundary, line);
		int err;

		if (d == DELIMITER_CLOSE)
			break;
		if (d == DELIMITER_NONE)
			continue;
		came = 1;
		skip_repeated(in, boundary);
		in->stops[in->nstops++] = boundary;
		mime_head_take(in, &head);
		err = entity(c, head, at);
		in->nstops--;
		if (err < 0)
			return err;
	}
	skip_rest(in);
	return came;
}

/* Is it a multipart that may be cut? */
static bool
is_open(struct str base)
{
	return is_multipart(base) && !message_type_is_sealed(base);
}

/* Is it one that we want to cut? */
static bool
is_to_cut(const struct cut *c, struct str base, size_t depth)
{
	return is_open(base) && depth < c->limits->depth &&
	       c->in->nstops < MIME_MULTIPARTS;
}

/* Its boundary; p is NULL if it has none. */
static struct str
boundary_of(const struct mime_value *type)
{
	struct str b = mime_value_param(type, "boundary");

	while (b.n > 0 && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
		b.n--;
	return b;
}

static const char *
default_type(const struct cut *c, struct place at)
{
	assert(at.parent == NO_PARENT || (c->pieces && at.parent < c->n));
	if (at.parent != NO_PARENT &&
	    is_type(c->pieces[at.parent].base, "multipart/digest"))
		return "message/rfc822";
	return "text/plain";
}

/* One entity, whose head was read: the message or a part of it. */
static int
entity(struct cut *c, struct str head, struct place at)
{
	const char *start = c->in->at;
	struct mime_fields f;
	struct mime_value type, disposition;
	struct piece *p;
	struct str boundary = { NULL, 0 };
	size_t index = c->n;
	bool cut;
	int err, came = 0;

	fields_read(head, &f);
	err = mime_type_read(c->a, f.type, default_type(c, at), &type);
	if (err == 0)
		err = mime_disposition_read(c->a, f.disposition, &disposition);
	if (err == 0)
		err = piece_add(c, at, &p);
	if (err == 0)
		err = describe(c, &f, &type, &disposition, p);
	if (err == 0)
		p->part.head = head;
	if (err < 0)
		return err;
	cut = is_to_cut(c, type.base, at.depth);
	if (cut)
		boundary = boundary_of(&type);
	if (boundary.p) {
		struct place inner = { index, at.depth + 1 };

		came = children(c, boundary, inner);
		if (came < 0)
			return came;
	} else {
		skip_rest(c->in);
	}
	/* The array may have moved. */
	assert(c->pieces && index < c->n);
	p = &c->pieces[index];
	p->part.container = came > 0;
	if (came == 0) {
		p->part.raw = str_n(start, (size_t)(c->in->at - start));
		/* Python takes this line end from the epilogue of a
		 * multipart; so one without parts keeps it. */
		if (at.depth > 0 && !is_open(p->base))
			p->part.raw = mime_chomp(p->part.raw);
		if (p->part.encoding == MIME_BASE64 &&
		    !mime_may_be_base64(p->part.raw)) {
			p->part.encoding = MIME_IDENTITY;
			p->part.raw = str_trim(p->part.raw);
		}
	}
	return mime_type_format(c->a, &type, came == 0, &p->part.type);
}

static bool
is_text(const struct piece *p, const char *type)
{
	return !p->part.container && !p->attachment && is_type(p->base, type);
}

/* Of alternatives around the leaf at i, the outermost that has plain text of
 * its own decides. */
static size_t
prefer_plain(const struct cut *c, size_t i)
{
	size_t best = i;

	for (size_t up = c->pieces[i].parent; up != NO_PARENT;
	     up = c->pieces[up].parent) {
		size_t k = up + 1;

		if (!is_type(c->pieces[up].base, "multipart/alternative"))
			continue;
		while (k < c->n && !(c->pieces[k].parent == up &&
				     is_text(&c->pieces[k], "text/plain")))
			k++;
		if (k < c->n)
			best = k;
	}
	return best;
}

/* Which part is the text to show first. */
static size_t
content_of(const struct cut *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (is_text(&c->pieces[i], "text/plain") ||
		    is_text(&c->pieces[i], "text/html"))
			return prefer_plain(c, i);
		/* The text is in it; what follows is a mailing list's. */
		if (is_type(c->pieces[i].base, "multipart/signed") &&
		    !c->pieces[i].attachment)
			return i;
	}
	for (size_t i = 0; i < c->n; i++)
		if (!c->pieces[i].part.container)
			return i;
	return 0;	/* never: a container holds a leaf at last */
}

int
mime_cut(struct arena *a, struct mime_lines *in, struct str head,
	 const struct mime_limits *limits, struct mime_mail *ret,
	 const char **reterr_why)
{
	struct cut c = { .a = a, .in = in, .limits = limits };
	int err = entity(&c, head, (struct place){ NO_PARENT, 0 });

	if (err == ERR_LIMIT)
		*reterr_why = c.why;
	if (err < 0)
		return err;
	c.pieces[content_of(&c)].part.content = true;
	ret->parts = ARENA_ARRAY(a, struct mime_part, c.n);
	if (!ret->parts)
		return ERR_NOMEM;
	for (size_t i = 0; i < c.n; i++)
		ret->parts[i] = c.pieces[i].part;
	ret->nparts = c.n;
	return 0;
}
