#include "base/secret.h"
#include "store/mem/mem_priv.h"

static size_t
device_at(const struct mem_account *acc, struct str key)
{
	size_t at = 0;

	while (at < acc->devices.n) {
		const struct mem_device *d = acc->devices.v[at];

		if (str_cmp(d->key, key) >= 0)
			break;
		at++;
	}
	return at;
}

static struct mem_device *
device_get(const struct mem_account *acc, struct str key)
{
	size_t at = device_at(acc, key);
	struct mem_device *d = at < acc->devices.n ? acc->devices.v[at] : NULL;

	return d && str_eq(d->key, key) ? d : NULL;
}

static int
device_copy(struct arena *a, const struct mem_device *d,
	    struct store_device *ret)
{
	struct store_device out = {
		.name = arena_str(a, d->name),
		.key = arena_str(a, d->key),
		.scopes = d->scopes,
		.created = d->created,
	};

	if (!out.name.p || !out.key.p)
		return ERR_NOMEM;
	memcpy(out.stored, d->stored, sizeof(out.stored));
	memcpy(out.server, d->server, sizeof(out.server));
	*ret = out;
	secret_wipe(&out, sizeof(out));
	return 0;
}

int
mem_device_find(struct store_reader *r, struct arena *a, uint64_t account_id,
		struct str key, struct store_device *ret)
{
	const struct mem_account *acc;
	const struct mem_device *d;

	acc = map_get(&mem_of(r)->account_ids, mem_id(&account_id));
	d = acc ? device_get(acc, key) : NULL;
	return d ? device_copy(a, d, ret) : ERR_NOTFOUND;
}

int
mem_device_list(struct store_reader *r, struct arena *a, uint64_t account_id,
		struct store_device **ret, size_t *ret_n)
{
	const struct mem_account *acc;
	struct store_device *v;
	size_t n;

	acc = map_get(&mem_of(r)->account_ids, mem_id(&account_id));
	n = acc ? acc->devices.n : 0;
	v = ARENA_ARRAY(a, struct store_device, n);
	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		int err = device_copy(a, acc->devices.v[i], &v[i]);

		if (err < 0)
			return err;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

int
mem_device_add(struct mem_tx *tx, struct store_device_edit *j)
{
	struct mem_store *s = tx->store;
	struct mem_account *acc;
	struct mem_device *d;

	acc = map_get(&s->account_ids, mem_id(&j->account_id));
	if (!acc)
		return ERR_NOTFOUND;
	if (device_get(acc, j->key))
		return ERR_EXISTS;
	if (acc->devices.n >= s->limits->devices)
		return ERR_LIMIT;
	d = mem_tx_alloc(tx, sizeof(*d));
	if (!d)
		return ERR_NOMEM;
	d->name = mem_tx_str(tx, j->name);
	d->key = mem_tx_str(tx, j->key);
	if (!d->name.p || !d->key.p)
		return ERR_NOMEM;
	d->scopes = j->scopes;
	d->created = j->at;
	memcpy(d->stored, j->stored, sizeof(d->stored));
	memcpy(d->server, j->server, sizeof(d->server));
	return mem_tx_insert(tx, &acc->devices, device_at(acc, d->key), d);
}

void
mem_device_free(struct mem_device *d)
{
	mem_free((void *)d->name.p);
	mem_free((void *)d->key.p);
	secret_wipe(d, sizeof(*d));
	mem_free(d);
}

int
mem_device_revoke(struct mem_tx *tx, struct store_device_edit *j)
{
	struct mem_account *acc;
	struct mem_device *d;

	acc = map_get(&tx->store->account_ids, mem_id(&j->account_id));
	d = acc ? device_get(acc, j->key) : NULL;
	if (!d)
		return ERR_NOTFOUND;
	mem_ptrs_remove(&acc->devices, mem_ptrs_find(&acc->devices, d));
	mem_device_free(d);
	return 0;
}
