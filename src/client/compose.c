#include "client/compose.h"

#include <inttypes.h>

int
compose_word(struct buf *b, const char *s)
{
	int rc = buf_add_cstr(b, "\"");

	for (; *s && rc == 0; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return IMMP_E_USAGE;
		if (c == '"' || c == '\\')
			rc = buf_add_c(b, '\\');
		if (rc == 0)
			rc = buf_add_c(b, (char)c);
	}
	if (rc == 0)
		rc = buf_add_cstr(b, "\"");
	if (rc == ERR_LIMIT)
		return IMMP_E_TOO_LARGE;
	return rc < 0 ? IMMP_E_MEMORY : 0;
}

int
compose_pair(struct buf *b, const char *key, const char *value)
{
	if (!value)
		return 0;
	if (buf_addf(b, " %s ", key) < 0)
		return IMMP_E_MEMORY;
	return compose_word(b, value);
}

static int
add_list(struct buf *b, const char *key, const char *const *list)
{
	int rc = 0;

	if (!list || !list[0])
		return 0;
	if (buf_addf(b, " %s", key) < 0)
		return IMMP_E_MEMORY;
	for (; *list && rc == 0; list++) {
		if (buf_add_c(b, ' ') < 0)
			return IMMP_E_MEMORY;
		rc = compose_word(b, *list);
	}
	return rc;
}

/* Append text if a condition holds; keeps an earlier error. */
static int
add_if(struct buf *b, int rc, bool condition, const char *text)
{
	if (rc < 0 || !condition)
		return rc;
	return buf_add_cstr(b, text) < 0 ? IMMP_E_MEMORY : 0;
}

/* What DELIVER and APPEND say behind all else. */
static int
add_switches(struct buf *b, int rc, const struct immp_mail *m)
{
	rc = add_if(b, rc, m->importance > 0, " +IMPORTANT");
	rc = add_if(b, rc, m->importance < 0, " -IMPORTANT");
	return add_if(b, rc, m->nparts > 1, " +MULTIPART");
}

int
compose_deliver(struct buf *b, const struct immp_mail *m, const char *id)
{
	int rc;

	if (!m->to || !m->to[0] || m->nparts == 0)
		return IMMP_E_USAGE;
	rc = add_if(b, 0, true, "DELIVER");
	if (rc == 0)
		rc = add_list(b, "TO", m->to);
	if (rc == 0)
		rc = add_list(b, "CC", m->cc);
	if (rc == 0)
		rc = add_list(b, "BCC", m->bcc);
	if (rc == 0)
		rc = compose_pair(b, "FROM", m->from);
	if (rc == 0)
		rc = compose_pair(b, "SUBJECT", m->subject);
	if (rc == 0)
		rc = compose_pair(b, "ID", id);
	if (rc == 0)
		rc = compose_pair(b, "REPLY", m->reply);
	rc = add_switches(b, rc, m);
	rc = add_if(b, rc, m->flags & IMMP_SECURE, " +SECURE");
	return add_if(b, rc, m->flags & IMMP_ANONYMOUS, " +ANONYMOUS");
}

/* Octets and words of recipients that an APPEND line takes. */
#define APPEND_OCTETS 4096
#define APPEND_WORDS 100

/* The first of a list, as far as they fit; *words is what is left. */
static int
add_some(struct buf *b, const char *key, const char *const *list, size_t *words,
	 size_t *ret_n)
{
	size_t n = 0;
	int rc = 0;

	*ret_n = 0;
	while (list && list[n] && n < *words) {
		size_t before = b->n;

		if (n == 0 && buf_addf(b, " %s", key) < 0)
			return IMMP_E_MEMORY;
		if (buf_add_c(b, ' ') < 0)
			return IMMP_E_MEMORY;
		rc = compose_word(b, list[n]);
		if (rc < 0)
			return rc;
		if (b->n > APPEND_OCTETS) {
			buf_truncate(b, before);
			break;
		}
		n++;
	}
	*words -= n;
	*ret_n = n;
	return 0;
}

static int
add_flags(struct buf *b, const char *const *flags)
{
	for (; flags && *flags; flags++) {
		for (const char *p = *flags; *p; p++)
			if (*p == ' ' || *p == ';' || *p == '"')
				return IMMP_E_USAGE;
		if (buf_addf(b, " +%s", *flags) < 0)
			return IMMP_E_MEMORY;
	}
	return 0;
}

int
compose_append(struct buf *b, const struct immp_append *a, const char *id,
	       size_t *ret_to, size_t *ret_cc)
{
	const struct immp_mail *m = a->mail;
	size_t words = APPEND_WORDS;
	int rc;

	rc = add_if(b, 0, true, "MBOX APPEND ");
	if (rc == 0)
		rc = compose_word(b, a->folder);
	if (rc == 0)
		rc = add_some(b, "TO", m->to, &words, ret_to);
	if (rc == 0)
		rc = add_some(b, "CC", m->cc, &words, ret_cc);
	if (rc == 0)
		rc = compose_pair(b, "FROM", m->from);
	if (rc == 0)
		rc = compose_pair(b, "SUBJECT", m->subject);
	if (rc == 0)
		rc = compose_pair(b, "DATE", a->date);
	if (rc == 0)
		rc = compose_pair(b, "ID", id);
	if (rc == 0)
		rc = compose_pair(b, "REPLY", m->reply);
	if (rc == 0)
		rc = add_flags(b, a->flags);
	return add_switches(b, rc, m);
}

int
compose_header(struct buf *b, const struct immp_header *h)
{
	int rc = add_if(b, 0, true, "HEADER ");

	if (rc == 0)
		rc = compose_word(b, h->name);
	rc = add_if(b, rc, true, " ");
	return rc == 0 ? compose_word(b, h->value) : rc;
}

int
compose_data(struct buf *b, const struct immp_part *p)
{
	int rc = add_if(b, 0, true, "DATA");

	if (rc == 0)
		rc = compose_pair(b, "NAME", p->name);
	if (rc == 0)
		rc = compose_pair(b, "TYPE", p->type);
	if (rc == 0)
		rc = compose_pair(b, "FILE", p->file);
	if (rc == 0)
		rc = compose_pair(b, "CID", p->cid);
	if (rc == 0)
		rc = compose_pair(b, "IN", p->in);
	if (rc == 0 && buf_addf(b, " LENGTH %" PRIu64, p->length) < 0)
		rc = IMMP_E_MEMORY;
	rc = add_if(b, rc, p->is_inline, " +INLINE");
	return add_if(b, rc, p->content, " +CONTENT");
}

/* Nothing for the whole; count 0: to the end. */
static int
add_range(struct buf *b, uint64_t from, uint64_t count)
{
	int rc = 0;

	if (count)
		rc = buf_addf(b, " RANGE %" PRIu64 "-%" PRIu64, from,
			      from + count - 1);
	else if (from)
		rc = buf_addf(b, " RANGE %" PRIu64 "-", from);
	return rc < 0 ? IMMP_E_MEMORY : 0;
}

int
compose_fetch(struct buf *b, const struct immp_fetch *f)
{
	int rc = add_if(b, 0, true, "MBOX FETCH ");

	if (rc == 0)
		rc = compose_word(b, f->target);
	if (rc == 0)
		rc = compose_pair(b, "PART", f->part);
	if (rc == 0 && f->part)
		rc = add_range(b, f->from, f->count);
	rc = add_if(b, rc, !f->part && f->form == IMMP_JSON, " +JSON");
	rc = add_if(b, rc, f->peek, " -READ");
	return add_if(b, rc, f->no_data, " -DATA");
}
