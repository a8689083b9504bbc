#include <assert.h>

#include "base/secret.h"
#include "store/mem/mem_priv.h"

/* Index of the first account with a key of at least `key`. */
static size_t
account_at(const struct mem_store *s, struct str key)
{
	size_t at = 0;

	while (at < s->accounts.n) {
		const struct mem_account *acc = s->accounts.v[at];

		if (str_cmp(acc->key, key) >= 0)
			break;
		at++;
	}
	return at;
}

static struct mem_account *
account_get(const struct mem_store *s, struct str key)
{
	size_t at = account_at(s, key);
	struct mem_account *acc = at < s->accounts.n ? s->accounts.v[at] : NULL;

	return acc && str_eq(acc->key, key) ? acc : NULL;
}

static int
account_copy(struct arena *a, const struct mem_account *acc,
	     struct store_account *ret)
{
	uint64_t unread;
	struct store_account out = {
		.account_id = acc->id,
		.domain_id = acc->domain_id,
		.mailbox_id = acc->box->id,
		.name = arena_str(a, acc->name),
		.key = arena_str(a, acc->key),
		.disabled = acc->disabled,
		.proof_only = acc->proof_only,
		.kdf_t = acc->cred.kdf_t,
		.kdf_m = acc->cred.kdf_m,
		.has_sealed = acc->cred.has_sealed,
		.display = arena_str(a, acc->display),
		.created = acc->created,
		.quota = acc->quota,
		.retention = acc->retention,
	};

	if (!out.name.p || !out.key.p || !out.display.p)
		return ERR_NOMEM;
	memcpy(out.salt, acc->cred.salt, sizeof(out.salt));
	memcpy(out.stored, acc->cred.stored, sizeof(out.stored));
	memcpy(out.server, acc->cred.server, sizeof(out.server));
	memcpy(out.sealed, acc->cred.sealed, sizeof(out.sealed));
	out.used = mem_box_used(acc->box, &out.total, &unread);
	*ret = out;
	secret_wipe(&out, sizeof(out));
	return 0;
}

int
mem_account_find(struct store_reader *r, struct arena *a, struct str key,
		 struct store_account *ret)
{
	const struct mem_account *acc = account_get(mem_of(r), key);

	return acc ? account_copy(a, acc, ret) : ERR_NOTFOUND;
}

int
mem_account_list(struct store_reader *r, struct arena *a, struct str domain,
		 struct str after, size_t max, struct store_account **ret,
		 size_t *ret_n)
{
	const struct mem_store *s = mem_of(r);
	const struct mem_domain *d = NULL;
	struct store_account *v;
	size_t n = 0;

	if (domain.n) {
		d = mem_domain_get(s, domain);
		if (!d)
			max = 0;
	}
	v = ARENA_ARRAY(a, struct store_account,
			max < s->accounts.n ? max : s->accounts.n);
	if (!v)
		return ERR_NOMEM;
	for (size_t i = account_at(s, after); n < max && i < s->accounts.n;
	     i++) {
		const struct mem_account *acc = s->accounts.v[i];
		int err;

		if ((d && acc->domain_id != d->id) ||
		    str_eq(acc->key, after))
			continue;
		err = account_copy(a, acc, &v[n]);
		if (err < 0)
			return err;
		n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

int
mem_account_rcpt(struct store_reader *r, struct arena *a, struct str key,
		 struct str folder_key, struct store_rcpt *ret)
{
	const struct mem_store *s = mem_of(r);
	const struct mem_account *acc = account_get(s, key);
	const struct mem_folder *f;
	struct store_rcpt out;
	uint64_t total, unread;

	if (!acc)
		return ERR_NOTFOUND;
	f = mem_box_folder(acc->box, folder_key);
	if (!f || f->role)
		f = mem_box_role(acc->box, ROLE_INBOX);
	out = (struct store_rcpt){
		.account_id = acc->id,
		.mailbox_id = acc->box->id,
		.name = arena_str(a, acc->name),
		.folder_key = arena_str(a, f->key),
		.disabled = acc->disabled,
		.used = mem_box_used(acc->box, &total, &unread),
		.quota = mem_box_quota(s, acc->box),
	};
	if (!out.name.p || !out.folder_key.p)
		return ERR_NOMEM;
	*ret = out;
	return 0;
}

/* --- writing --- */

int
mem_account_add(struct mem_tx *tx, struct store_account_add *j)
{
	struct mem_store *s = tx->store;
	const struct mem_domain *d = mem_domain_get(s, j->domain);
	struct mem_account *acc;
	int err;

	if (!d)
		return ERR_NOTFOUND;
	if (account_get(s, j->key))
		return ERR_EXISTS;
	acc = mem_tx_alloc(tx, sizeof(*acc));
	if (!acc)
		return ERR_NOMEM;
	acc->id = ++s->next_id;
	acc->domain_id = d->id;
	acc->name = mem_tx_str(tx, j->name);
	acc->key = mem_tx_str(tx, j->key);
	if (!acc->name.p || !acc->key.p)
		return ERR_NOMEM;
	if (j->has_cred)
		acc->cred = j->cred;
	acc->created = j->at;
	acc->quota = j->quota;
	err = mem_box_new(tx, acc);
	if (!err)
		err = mem_tx_put(tx, &s->account_ids, mem_id(&acc->id), acc);
	if (!err)
		err = mem_tx_insert(tx, &s->accounts, account_at(s, acc->key),
				    acc);
	if (err < 0)
		return err;
	j->account_id = acc->id;
	j->mailbox_id = acc->box->id;
	return 0;
}

/* What was remembered of the IDs a recipient was given goes with him: who
 * gets his name later has none of that mail. */
static void
forget_onces(struct mem_store *s, struct str rcpt)
{
	size_t pos = 0;
	struct str key;
	void *value;

	while (map_next(&s->onces, &pos, &key, &value)) {
		struct mem_once *o = value;

		if (!str_eq(o->rcpt, rcpt))
			continue;
		(void)map_del(&s->onces, key);	/* is o */
		mem_once_free(o);
	}
}

void
mem_account_free(struct mem_store *s, struct mem_account *acc)
{
	mem_ptrs_remove(&s->accounts, mem_ptrs_find(&s->accounts, acc));
	(void)map_del(&s->account_ids, mem_id(&acc->id));	/* is acc */
	mem_box_free(s, acc->box);
	for (size_t i = 0; i < acc->devices.n; i++)
		mem_device_free(acc->devices.v[i]);
	mem_ptrs_done(&acc->devices);
	mem_free((void *)acc->name.p);
	mem_free((void *)acc->key.p);
	mem_free((void *)acc->display.p);
	secret_wipe(acc, sizeof(*acc));
	mem_free(acc);
}

int
mem_account_remove(struct mem_tx *tx, struct store_account_edit *j)
{
	struct mem_account *acc;

	acc = map_get(&tx->store->account_ids, mem_id(&j->account_id));
	if (!acc)
		return ERR_NOTFOUND;
	forget_onces(tx->store, acc->key);
	mem_account_free(tx->store, acc);
	return 0;
}

static int
replace(struct mem_tx *tx, struct str *field, struct str value)
{
	struct str copy = mem_tx_str(tx, value);

	if (!copy.p || mem_tx_free(tx, field->p) < 0)
		return ERR_NOMEM;
	*field = copy;
	return 0;
}

static int
rename_account(struct mem_tx *tx, struct mem_account *acc,
	       const struct store_account_edit *j)
{
	struct mem_store *s = tx->store;
	const struct mem_domain *d = mem_domain_get(s, j->domain);
	const struct mem_account *other = account_get(s, j->key);

	if (!d)
		return ERR_NOTFOUND;
	if (other && other != acc)
		return ERR_EXISTS;
	if (replace(tx, &acc->name, j->name) < 0 ||
	    replace(tx, &acc->key, j->key) < 0)
		return ERR_NOMEM;
	acc->domain_id = d->id;
	return 0;
}

/* Move the account to where its new key belongs; nothing fails any more. */
static void
sort_in(struct mem_store *s, struct mem_account *acc)
{
	size_t at;

	mem_ptrs_remove(&s->accounts, mem_ptrs_find(&s->accounts, acc));
	at = account_at(s, acc->key);
	memmove(s->accounts.v + at + 1, s->accounts.v + at,
		(s->accounts.n - at) * sizeof(*s->accounts.v));
	s->accounts.v[at] = acc;
	s->accounts.n++;
}

int
mem_account_set(struct mem_tx *tx, struct store_account_edit *j)
{
	struct mem_account *acc;
	int err = 0;

	acc = map_get(&tx->store->account_ids, mem_id(&j->account_id));
	if (!acc)
		return ERR_NOTFOUND;
	if (mem_tx_save(tx, acc, sizeof(*acc)) < 0)
		return ERR_NOMEM;
	if (j->fields & STORE_SET_CRED)
		acc->cred = j->cred;
	if (j->fields & STORE_SET_DISABLED)
		acc->disabled = j->disabled;
	if (j->fields & STORE_SET_PROOF_ONLY)
		acc->proof_only = j->proof_only;
	if (acc->proof_only) {
		acc->cred.has_sealed = false;
		secret_wipe(acc->cred.sealed, sizeof(acc->cred.sealed));
	}
	if (j->fields & STORE_SET_QUOTA)
		acc->quota = j->quota;
	if (j->fields & STORE_SET_RETENTION)
		acc->retention = j->retention;
	if (j->fields & STORE_SET_DISPLAY)
		err = replace(tx, &acc->display, j->display);
	if (!err && (j->fields & STORE_SET_NAME)) {
		err = rename_account(tx, acc, j);
		if (!err)
			sort_in(tx->store, acc);
	}
	return err;
}
