#include <inttypes.h>
#include <stdio.h>

#include "base/crc32c.h"
#include "store/mem/mem_priv.h"

struct verify {
	struct mem_store *store;
	store_say_fn say;
	void *ctx;
	int found;
};

static void
finding(struct verify *v, const char *what, uint64_t owner, uint64_t id)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "%s: %" PRIu64 " of %" PRIu64, what,
		       id, owner);
	v->say(v->ctx, str_c(line));
	v->found++;
}

static void
verify_msg(struct verify *v, const struct mem_box *box,
	   const struct mem_msg *m)
{
	if (mem_body_get(v->store, m->body->id) != m->body)
		finding(v, "message without its body", box->id, m->pos.no);
	if (mem_box_msg(box, &m->uuid) != m)
		finding(v, "message not found by its uuid", box->id, m->pos.no);
	for (size_t i = 0; i < m->in.n; i++)
		if (!mem_box_folder_id(box, m->in.v[i]))
			finding(v, "message in no such folder", box->id,
				m->pos.no);
	if (m->modseq > box->modseq)
		finding(v, "message from the future", box->id, m->pos.no);
}

static void
verify_box(struct verify *v, const struct mem_box *box)
{
	struct store_pos last = { 0 };

	for (size_t i = 0; i < box->msgs.n; i++) {
		const struct mem_msg *m = box->msgs.v[i];

		verify_msg(v, box, m);
		if (mem_box_pos_cmp(last, m->pos) >= 0)
			finding(v, "message out of order", box->id, m->pos.no);
		last = m->pos;
	}
	if (box->by_uuid.n != box->msgs.n)
		finding(v, "uuids without a message", box->id, box->by_uuid.n);
	if (mem_box_get(v->store, box->id) != box)
		finding(v, "mailbox not found", box->account->id, box->id);
}

/* How many messages have this body. */
static uint64_t
count_refs(const struct mem_store *s, const struct mem_body *b)
{
	uint64_t refs = 0;

	for (size_t i = 0; i < s->accounts.n; i++) {
		const struct mem_account *acc = s->accounts.v[i];

		for (size_t k = 0; k < acc->box->msgs.n; k++) {
			const struct mem_msg *m = acc->box->msgs.v[k];

			refs += m->body == b;
		}
	}
	return refs;
}

int
mem_verify(struct store_reader *r, store_say_fn say, void *ctx)
{
	struct verify v = { mem_of(r), say, ctx, 0 };
	size_t pos = 0;
	void *value;

	for (size_t i = 0; i < v.store->accounts.n; i++) {
		const struct mem_account *acc = v.store->accounts.v[i];

		verify_box(&v, acc->box);
	}
	while (map_next(&v.store->bodies, &pos, NULL, &value)) {
		const struct mem_body *b = value;

		if (crc32c(0, b->p, b->n) != b->crc)
			finding(&v, "damaged body", 0, b->id);
		if (count_refs(v.store, b) != b->refs)
			finding(&v, "wrong references of body", b->refs,
				b->id);
	}
	return v.found;
}
