#include "immp/attached.h"

#include <stdio.h>

#include "immp/term.h"
#include "immp/text.h"
#include "immp/when.h"

struct list {
	size_t id_cols;		/* of the widest name of a part */
	bool print, first;
};

/* One of the list; outer: the part that p is in, or empty.  Type and size are
 * enough to choose by: what a type's parameters say is in --json. */
static void
list_attachment(struct list *l, struct str outer, const struct part_view *p)
{
	CLEANUP_BUF struct buf id = { 0 }, b = { 0 }, line = { 0 };
	struct str type, rest;
	char size[16];
	size_t cols;

	buf_init(&id, 1u << 20);
	buf_init(&b, 1u << 20);
	buf_init(&line, 16u << 20);
	when_size(p->length, size);
	if (!str_cut(p->type, ';', &type, &rest))
		type = p->type;
	if (text_line(&id, outer) < 0 || (outer.n && buf_add_c(&id, '/') < 0) ||
	    text_line(&id, p->id) < 0)
		return;
	cols = text_width(buf_str(&id));
	if (!l->print) {
		if (l->id_cols < cols)
			l->id_cols = cols;
		return;
	}
	if (text_fit(&line, buf_str(&id),
		     cols > l->id_cols ? cols : l->id_cols, true) < 0 ||
	    text_line(&b, p->file) < 0 ||
	    buf_addf(&b, "%s(", p->file.n ? " " : "") < 0 ||
	    text_line(&b, str_trim(type)) < 0 ||
	    buf_addf(&b, ", %s)", size) < 0 || buf_add_cstr(&line, "  ") < 0 ||
	    text_hang(&line, buf_str(&b), term_text_width(), l->id_cols + 4) < 0)
		return;
	printf("%s  %.*s", l->first ? "\nAttachments:\n" : "",
	       STR_ARG(buf_str(&line)));
	l->first = false;
}

static void
list_attachments(struct list *l, const json_t *m, const struct inner *i)
{
	for (size_t k = 0; k < message_parts(m); k++) {
		struct part_view p;

		message_part(m, k, &p);
		if (part_is_attachment(&p))
			list_attachment(l, STR(""), &p);
	}
	for (size_t k = 0; i && k < i->mail.nparts; k++) {
		const struct mime_part *p = &i->mail.parts[k];
		struct part_view v = { .id = p->id, .type = p->type,
				       .file = p->file };

		if (!inner_is_attachment(i, p))
			continue;
		v.length = mime_decoded_length(p);
		list_attachment(l, str_c(i->id), &v);
	}
}

void
attached_print(const json_t *m, const struct inner *i)
{
	struct list l = { .first = true };

	list_attachments(&l, m, i);
	if (l.id_cols > term_text_width() / 3)
		l.id_cols = term_text_width() / 3;
	l.print = true;
	list_attachments(&l, m, i);
}
