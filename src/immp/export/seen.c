/* Open addressing, at most half full; the hash is seeded, since whoever sent a
 * message chose its UUID. */
#include "immp/export/seen.h"

#include "base/mem.h"

#define FIRST_SLOTS 256

struct export_seen_slot {
	struct uuid id;
	unsigned char mark;
};

void
export_seen_done(struct export_seen *s)
{
	mem_free(s->slots);
	*s = (struct export_seen){ 0 };
}

static struct export_seen_slot *
find(const struct export_seen *s, const struct uuid *id)
{
	size_t i = str_hash(str_n(id->b, sizeof(id->b))) & (s->nslots - 1);

	while (s->slots[i].mark && !uuid_eq(&s->slots[i].id, id))
		i = (i + 1) & (s->nslots - 1);
	return &s->slots[i];
}

static int
grow(struct export_seen *s)
{
	struct export_seen more = { .nslots = s->nslots ? 2 * s->nslots
							: FIRST_SLOTS };

	more.slots = mem_calloc(more.nslots, sizeof(*more.slots));
	if (!more.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->nslots; i++)
		if (s->slots[i].mark)
			*find(&more, &s->slots[i].id) = s->slots[i];
	more.n = s->n;
	mem_free(s->slots);
	*s = more;
	return 0;
}

int
export_seen_put(struct export_seen *s, const struct uuid *id,
		enum export_mark mark)
{
	struct export_seen_slot *slot;

	if (2 * s->n >= s->nslots && grow(s) < 0)
		return ERR_NOMEM;
	slot = find(s, id);
	s->n += slot->mark == EXPORT_ABSENT;
	slot->id = *id;
	slot->mark = (unsigned char)mark;
	return 0;
}

enum export_mark
export_seen_get(const struct export_seen *s, const struct uuid *id)
{
	return s->nslots ? find(s, id)->mark : EXPORT_ABSENT;
}
