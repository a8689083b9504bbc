/*
 * render_envelope: the header fields of a message as a whole.
 */
#include "mail/render_priv.h"

/* Has the message a header of its own of that name? */
static bool
has_header(const struct message *m, const char *name)
{
	for (size_t i = 0; i < m->nheaders; i++) {
		if (str_eqi(m->headers[i].name, str_c(name)))
			return true;
	}
	return false;
}

/* The domain of an IMID if it can stand in a message id. */
static struct str
domain_of(struct str imid)
{
	struct str domain = str_from(imid, (size_t)(str_rchr(imid, '@') + 1));

	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.')
			return STR("imid.invalid");
	}
	return domain.n > 0 && domain.n < imid.n ? domain : STR("imid.invalid");
}

static void
put_message_id(struct head *h, const char *name, const struct uuid *id,
	       struct str domain)
{
	char text[UUID_TEXT + 1];

	uuid_format(id, text);
	head_lit(h, name);
	head_lit(h, ": <");
	head_lit(h, text);
	head_lit(h, "@");
	head_put(h, domain);
	head_lit(h, ">");
	head_end(h);
}

/* Fields the envelope gives; where it is silent, or the message brought an
 * identity of its own, the message's header of that name is taken instead. */
static void
put_envelope(struct head *h, const struct message *m)
{
	if (m->from.n > 0)
		head_addresses(h, "From", &m->from, 1, m->names, m->nnames);
	if (m->by.n > 0)
		head_addresses(h, "Sender", &m->by, 1, m->names, m->nnames);
	if (m->nto > 0)
		head_addresses(h, "To", m->to, m->nto, m->names, m->nnames);
	if (m->ncc > 0)
		head_addresses(h, "Cc", m->cc, m->ncc, m->names, m->nnames);
	if (m->subject.n > 0)
		head_text(h, "Subject", m->subject);
	head_date(h, m->date);
	if (!has_header(m, "Message-ID"))
		put_message_id(h, "Message-ID", &m->id, domain_of(m->from));
	/* Who is answered wrote the message that is answered. */
	if (m->has_reply && !has_header(m, "In-Reply-To"))
		put_message_id(h, "In-Reply-To", &m->reply,
			       domain_of(m->nto > 0 ? m->to[0] : m->from));
	if (m->important != 0 && !has_header(m, "Importance"))
		head_lit(h, m->important > 0 ? "Importance: high\r\n" :
					       "Importance: low\r\n");
	if (m->important != 0 && !has_header(m, "X-Priority"))
		head_lit(h, m->important > 0 ? "X-Priority: 1\r\n" :
					       "X-Priority: 5\r\n");
	h->col = 0;
}

/* A field that stands once: is there one before the i-th header? */
static bool
is_second(const struct message *m, size_t i)
{
	static const char *const once[] = {
		"From",	      "Sender",	     "Reply-To",   "To",
		"Cc",	      "Bcc",	     "Message-ID", "In-Reply-To",
		"References", "Subject",     "Importance", "X-Priority",
	};
	struct str name = m->headers[i].name;
	bool single = false;

	for (size_t k = 0; k < sizeof(once) / sizeof(once[0]); k++)
		single = single || str_eqi(name, str_c(once[k]));
	for (size_t k = 0; single && k < i; k++) {
		if (str_eqi(m->headers[k].name, name))
			return true;
	}
	return false;
}

/* May the i-th header of the message be written beside those of the
 * envelope? */
static bool
is_free(const struct message *m, size_t i)
{
	const struct {
		const char *name;
		bool given;
	} ours[] = {
		{ "From", m->from.n > 0 },
		{ "Sender", m->by.n > 0 },
		{ "To", m->nto > 0 },
		{ "Cc", m->ncc > 0 },
		{ "Subject", m->subject.n > 0 },
		{ "Date", true },
	};
	struct str name = m->headers[i].name;

	if (message_header_is_mime(name) || is_second(m, i))
		return false;
	for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
		if (str_eqi(name, str_c(ours[k].name)))
			return !ours[k].given;
	}
	return message_header_check(name, STR("")) == 0;
}

void
head_envelope(struct head *h, const struct message *m)
{
	put_envelope(h, m);
	for (size_t i = 0; i < m->nheaders; i++) {
		const struct message_header *f = &m->headers[i];

		if (is_free(m, i))
			head_field(h, f->name, f->value);
	}
	head_lit(h, "MIME-Version: 1.0");
	head_end(h);
}
