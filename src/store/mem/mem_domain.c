#include "store/mem/mem_priv.h"

/* Index of the first domain with at least this name. */
static size_t
domain_at(const struct mem_store *s, struct str name)
{
	size_t at = 0;

	while (at < s->domains.n) {
		const struct mem_domain *d = s->domains.v[at];

		if (str_cmp(d->name, name) >= 0)
			break;
		at++;
	}
	return at;
}

struct mem_domain *
mem_domain_get(const struct mem_store *s, struct str name)
{
	size_t at = domain_at(s, name);
	struct mem_domain *d = at < s->domains.n ? s->domains.v[at] : NULL;

	return d && str_eq(d->name, name) ? d : NULL;
}

void
mem_domain_free(struct mem_domain *d)
{
	mem_free((void *)d->name.p);
	mem_free(d);
}

int
mem_domain_find(struct store_reader *r, struct str domain, uint64_t *ret_id)
{
	const struct mem_domain *d = mem_domain_get(mem_of(r), domain);

	if (!d)
		return ERR_NOTFOUND;
	*ret_id = d->id;
	return 0;
}

int
mem_domain_list(struct store_reader *r, struct arena *a, struct str **ret,
		size_t *ret_n)
{
	const struct mem_store *s = mem_of(r);
	struct str *names = ARENA_ARRAY(a, struct str, s->domains.n);

	if (!names)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->domains.n; i++) {
		const struct mem_domain *d = s->domains.v[i];

		names[i] = arena_str(a, d->name);
		if (!names[i].p)
			return ERR_NOMEM;
	}
	*ret = names;
	*ret_n = s->domains.n;
	return 0;
}

int
mem_domain_add(struct mem_tx *tx, struct store_domain_edit *j)
{
	struct mem_store *s = tx->store;
	struct mem_domain *d;

	if (mem_domain_get(s, j->domain))
		return ERR_EXISTS;
	d = mem_tx_alloc(tx, sizeof(*d));
	if (!d)
		return ERR_NOMEM;
	d->id = ++s->next_id;
	d->name = mem_tx_str(tx, j->domain);
	if (!d->name.p)
		return ERR_NOMEM;
	return mem_tx_insert(tx, &s->domains, domain_at(s, j->domain), d);
}

int
mem_domain_remove(struct mem_tx *tx, struct store_domain_edit *j)
{
	struct mem_store *s = tx->store;
	struct mem_domain *d = mem_domain_get(s, j->domain);

	if (!d)
		return ERR_NOTFOUND;
	for (size_t i = 0; i < s->accounts.n; i++) {
		const struct mem_account *acc = s->accounts.v[i];

		if (acc->domain_id == d->id)
			return ERR_CONFLICT;
	}
	mem_ptrs_remove(&s->domains, mem_ptrs_find(&s->domains, d));
	mem_domain_free(d);
	return 0;
}
