/*
 * message: the small questions about a message that need no memory.
 */
#include "mail/message.h"

#include "base/utf8.h"
#include "mail/message_priv.h"

/* Octets of a part's or a file's name. */
#define NAME_MAX_OCTETS 255

uint64_t
message_size(const struct message *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->nparts; i++)
		sum += m->parts[i].length;
	return sum;
}

const struct message_part *
message_content(const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++) {
		if (m->parts[i].content)
			return &m->parts[i];
	}
	return NULL;
}

struct str
message_line(struct str *rest)
{
	ptrdiff_t at = str_chr(*rest, '\n', 0);
	struct str line = str_sub(*rest, 0, at < 0 ? rest->n : (size_t)at);

	*rest = str_from(*rest, at < 0 ? rest->n : (size_t)at + 1);
	if (str_ends(line, STR("\r")))
		line.n--;
	return line;
}

const struct message_part *
message_part_by_id(const struct message *m, struct str id)
{
	for (size_t i = 0; i < m->nparts; i++) {
		if (str_eq(m->parts[i].id, id))
			return &m->parts[i];
	}
	return NULL;
}

bool
message_is_container(const struct message_part *p)
{
	return p->length == 0 && message_type_is(p->type, "multipart", NULL);
}

bool
message_is_header(const struct message_part *p)
{
	return str_eq(p->id, STR("header")) &&
	       message_type_is(p->type, "text", "rfc822-headers");
}

bool
message_is_original(const struct message_part *p, bool imported)
{
	return imported && str_eq(p->id, STR("original")) &&
	       message_type_is(p->type, "message", "rfc822");
}

/* Forms of the text of a message, of which a reader shows one. */
static bool
is_text(struct str type)
{
	static const char *const minor[] = { "plain", "html", "enriched",
					     "richtext", "x-amp-html",
					     "watch-html" };

	for (size_t i = 0; i < sizeof(minor) / sizeof(minor[0]); i++) {
		if (message_type_is(type, "text", minor[i]))
			return true;
	}
	return false;
}

bool
message_part_is_attachment(const struct message_part *p, bool imported)
{
	if (message_is_container(p) || message_is_header(p) ||
	    message_is_original(p, imported))
		return false;
	if (p->content)
		return !message_type_is(p->type, "text", NULL) &&
		       !message_type_is(p->type, "multipart", NULL);
	return p->file.n > 0 || !is_text(p->type);
}

size_t
message_attachments(const struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nparts; i++)
		n += message_part_is_attachment(&m->parts[i], m->imported);
	return n;
}

int
message_name_check(struct str name)
{
	if (name.n == 0 || name.n > NAME_MAX_OCTETS || !utf8_valid(name) ||
	    utf8_has_unsafe(name))
		return ERR_VALUE;
	return 0;
}

/* n as octets little endian, the length of what follows. */
static int
add_le(struct buf *out, uint64_t n, size_t octets)
{
	uint8_t le[8];

	for (size_t i = 0; i < octets; i++)
		le[i] = (uint8_t)(n >> 8 * i);
	return buf_add(out, le, octets);
}

static int
add_counted(struct buf *out, struct str s)
{
	int err = add_le(out, s.n, 4);

	return err < 0 ? err : buf_add_str(out, s);
}

/*
 * Every field is preceded by its length or has a fixed one, so that no two
 * lists of parts give the same octets.
 */
int
message_identity(const struct message *m, struct buf *out)
{
	size_t before = out->n;
	int err = add_le(out, m->nparts, 4);

	for (size_t i = 0; i < m->nparts && err == 0; i++) {
		const struct message_part *p = &m->parts[i];

		err = add_counted(out, p->id);
		if (err == 0)
			err = add_counted(out, p->type);
		if (err == 0)
			err = add_le(out, p->length, 8);
		if (err == 0)
			err = buf_add(out, p->sha256, sizeof(p->sha256));
	}
	if (err < 0)
		buf_truncate(out, before);
	return err;
}
