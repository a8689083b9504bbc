#include "contract/letter.h"

#include "mail/message.h"

/* Something that is the same for the same text only; nobody looks at more. */
static void
hash(struct str s, uint8_t dst[32])
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 1099511628211u;
	memset(dst, 0, 32);
	memcpy(dst, &h, sizeof(h));
	memcpy(dst + 16, &s.n, sizeof(s.n));
}

static struct str
domain_of(struct str key)
{
	return str_from(key, (size_t)(str_chr(key, '@', 0) + 1));
}

/* What delivery needs of the message: its row and its body. */
static void
build(struct world *w, const struct message *m, struct str text,
      struct store_deliver *d)
{
	struct buf row, body;

	buf_init(&row, 1 << 20);
	buf_init(&body, 1 << 26);
	assert_rc(message_row(m, &row), 0);
	assert_rc(buf_add_str(&body, text), 0);
	assert_rc(message_trailer(m, &body), 0);
	d->env = arena_str(&w->a, buf_str(&row));
	d->body = arena_str(&w->a, buf_str(&body));
	assert_true(d->env.p && d->body.p);
	buf_done(&row);
	buf_done(&body);
}

struct store_deliver
letter_job(struct world *w, struct letter l)
{
	static const struct uuid none;
	struct str text = l.text ? str_c(l.text) : STR("hello");
	struct str from = l.from ? str_c(l.from) : STR("bob@b.test");
	struct str to = l.to ? str_c(l.to) : STR("alice@a.test");
	struct message_part part = {
		.id = STR("part1"), .type = STR("text/plain"),
		.content = true, .length = text.n, .shape = SHAPE_7BIT,
	};
	struct message m = {
		.id = uuid_eq(&l.id, &none) ? world_uuid(w) : l.id,
		.from = from, .to = &to, .nto = 1,
		.subject = STR("Subject"),
		.received = l.received ? l.received : ++w->now,
		.has_reply = l.reply != NULL,
		.important = l.important,
		.parts = &part, .nparts = 1,
	};
	struct store_deliver d = {
		.job.op = STORE_DELIVER,
		.origin = l.origin ? str_c(l.origin) : domain_of(from),
		.once = l.once,
		.id = m.id,
		.from = from,
		.has_reply = m.has_reply,
		.flags = l.important ? FLAG_IMPORTANT : 0,
		.received = m.received,
		.size = l.size ? l.size : text.n,
	};

	if (l.reply)
		m.reply = d.reply = *l.reply;
	hash(text, part.sha256);
	hash(text, d.sha);
	m.date = m.received;
	build(w, &m, text, &d);
	return d;
}

struct store_append
letter_append(struct world *w, const struct person *p, struct letter l)
{
	struct store_deliver d = letter_job(w, l);

	return (struct store_append){
		.job.op = STORE_APPEND,
		.mailbox_id = p->mailbox_id,
		.account_id = p->account_id,
		.name = p->name,
		.folder_key = STR("inbox"),
		.id = d.id,
		.from = d.from,
		.has_reply = d.has_reply,
		.reply = d.reply,
		.flags = d.flags,
		.keywords = STR(""),
		.received = d.received,
		.size = d.size,
		.at = w->now,
		.env = d.env,
		.body = d.body,
	};
}

struct store_deliver_to
letter_to(const struct person *p)
{
	return (struct store_deliver_to){
		.mailbox_id = p->mailbox_id,
		.name = p->name,
		.folder_key = STR("inbox"),
		.once = p->key,
	};
}

struct store_deliver_to
letter_sent(const struct person *p)
{
	return (struct store_deliver_to){
		.mailbox_id = p->mailbox_id,
		.name = p->name,
		.sent = true,
	};
}

struct store_deliver_to
letter_self(const struct person *p)
{
	struct store_deliver_to to = letter_to(p);

	to.sent = true;
	return to;
}

int
letter_try(struct world *w, struct store_deliver_to *to, struct letter l)
{
	struct store_deliver d = letter_job(w, l);

	d.to = to;
	d.nto = 1;
	return world_run(w, &d.job);
}

struct uuid
letter_send(struct world *w, const struct person *p, struct letter l)
{
	struct store_deliver_to to = letter_to(p);

	assert_rc(letter_try(w, &to, l), 0);
	assert_rc(to.err, 0);
	assert_false(to.repeat);
	return to.uuid;
}
