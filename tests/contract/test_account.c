#include "contract/letter.h"

static const struct store_cred cred = {
	.salt = "0123456789abcde", .kdf_t = 2, .kdf_m = 19456,
	.stored = "stored key", .server = "server key",
	.has_sealed = true, .sealed = "sealed h",
};

static struct store_account
find(struct world *w, const char *key)
{
	struct store_account acc;

	CHECK_RC(key, store_account_find(w->r, &w->a, str_c(key), &acc), 0);
	return acc;
}

static bool
has_cred(const struct store_account *acc, const struct store_cred *c)
{
	return acc->kdf_t == c->kdf_t && acc->kdf_m == c->kdf_m &&
	       !memcmp(acc->salt, c->salt, sizeof(c->salt)) &&
	       !memcmp(acc->stored, c->stored, sizeof(c->stored)) &&
	       !memcmp(acc->server, c->server, sizeof(c->server)) &&
	       acc->has_sealed == c->has_sealed &&
	       (!c->has_sealed ||
		!memcmp(acc->sealed, c->sealed, sizeof(c->sealed)));
}

static int
add(struct world *w, const char *name, const char *key, const char *domain)
{
	struct store_account_add j = {
		.job.op = STORE_ACCOUNT_ADD,
		.name = str_c(name), .key = str_c(key),
		.domain = str_c(domain),
		.at = w->now,
	};

	return world_run(w, &j.job);
}

static int
set(struct world *w, const struct person *p, struct store_account_edit e)
{
	e.job.op = STORE_ACCOUNT_SET;
	e.account_id = p->account_id;
	e.at = w->now;
	return world_run(w, &e.job);
}

static void
test_add(void **state)
{
	struct world *w = *state;
	uint64_t domain = world_domain(w, "a.test");
	struct store_account_add j = {
		.job.op = STORE_ACCOUNT_ADD,
		.name = STR("Alice@a.test"), .key = STR("alice@a.test"),
		.domain = STR("a.test"),
		.has_cred = true, .cred = cred,
		.quota = 4711, .at = 1234567,
	};
	struct store_account acc;

	world_must(w, &j);
	assert_true(j.account_id && j.mailbox_id);
	acc = find(w, "alice@a.test");
	assert_int_equal(acc.account_id, j.account_id);
	assert_int_equal(acc.mailbox_id, j.mailbox_id);
	assert_int_equal(acc.domain_id, domain);
	assert_str(acc.name, "Alice@a.test");
	assert_str(acc.key, "alice@a.test");
	assert_str(acc.display, "");
	assert_true(has_cred(&acc, &cred));
	assert_false(acc.disabled || acc.proof_only);
	assert_int_equal(acc.created, 1234567);
	assert_int_equal(acc.quota, 4711);
	assert_int_equal(acc.used, 0);
	assert_int_equal(acc.total, 0);
	assert_int_equal(world_stats(w).accounts, 1);
}

static void
test_add_refused(void **state)
{
	struct world *w = *state;
	struct store_account acc;

	assert_rc(add(w, "a@a.test", "a@a.test", "a.test"), ERR_NOTFOUND);
	(void)world_domain(w, "a.test");	/* only has to be there */
	assert_rc(add(w, "a@a.test", "a@a.test", "a.test"), 0);
	assert_rc(add(w, "A@a.test", "a@a.test", "a.test"), ERR_EXISTS);
	assert_str(find(w, "a@a.test").name, "a@a.test");
	assert_rc(store_account_find(w->r, &w->a, STR("A@a.test"), &acc),
		  ERR_NOTFOUND);
	assert_rc(store_account_find(w->r, &w->a, STR("b@a.test"), &acc),
		  ERR_NOTFOUND);

	/* Without a password nobody gets in. */
	acc = find(w, "a@a.test");
	assert_int_equal(acc.kdf_m, 0);
	assert_false(acc.has_sealed);
}

static void
test_role_folders(void **state)
{
	static const char *const keys[] = { "inbox", "drafts", "sent", "junk",
					    "trash" };
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_folder *v;
	size_t n;
	uint32_t last = 0;

	assert_rc(store_folder_list(w->r, &w->a, p.mailbox_id, STR(""), &v,
				    &n), 0);
	assert_int_equal(n, 5);

	/* Made in the order of their roles. */
	for (size_t i = 0; i < TEST_COUNT(keys); i++) {
		struct store_folder f = world_find(w, &p, keys[i]);

		CHECK(keys[i], f.role == (enum folder_role)(i + 1));
		CHECK(keys[i], f.folder_id > last);
		CHECK_STR(keys[i], f.path, folder_role_path(f.role));
		CHECK(keys[i], !f.total && !f.unread && !f.flagged &&
			       !f.octets);
		last = f.folder_id;
	}
}

/* The keys of a listing, joined by blanks. */
static const char *
list(struct world *w, const char *domain, const char *after, size_t max)
{
	struct store_account *v;
	struct str text = STR("");
	size_t n;

	assert_rc(store_account_list(w->r, &w->a, str_c(domain), str_c(after),
				     max, &v, &n), 0);
	assert_true(n <= max);
	for (size_t i = 0; i < n; i++)
		text = arena_fmt(&w->a, "%.*s%s%.*s", STR_ARG(text),
				 i ? " " : "", STR_ARG(v[i].key));
	return arena_str(&w->a, text).p;
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct person p;

	assert_string_equal(list(w, "", "", 10), "");
	p = world_person(w, "Carol@a.test");
	p = world_person(w, "alice@b.test");
	p = world_person(w, "bob@a.test");
	p = world_person(w, "alice@a.test");
	assert_string_equal(list(w, "", "", 10), "alice@a.test alice@b.test "
			    "bob@a.test carol@a.test");
	assert_string_equal(list(w, "a.test", "", 10),
			    "alice@a.test bob@a.test carol@a.test");
	assert_string_equal(list(w, "a.test", "", 2),
			    "alice@a.test bob@a.test");
	assert_string_equal(list(w, "a.test", "bob@a.test", 2),
			    "carol@a.test");
	assert_string_equal(list(w, "", "alice@a.test", 1), "alice@b.test");
	assert_string_equal(list(w, "", "b", 1), "bob@a.test");
	assert_string_equal(list(w, "", "carol@a.test", 9), "");
	assert_string_equal(list(w, "c.test", "", 9), "");

	/* What it holds is told, as by find. */
	(void)letter_send(w, &p, (struct letter){ .size = 77 });
	assert_int_equal(find(w, "alice@a.test").used, 77);
	assert_int_equal(find(w, "alice@a.test").total, 1);
}

static void
test_set(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_account acc;

	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_CRED, .cred = cred }), 0);
	acc = find(w, "alice@a.test");
	assert_true(has_cred(&acc, &cred));

	/* What is not named stays as it is. */
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_DISABLED, .disabled = true,
			     .quota = 5, .display = STR("no") }), 0);
	acc = find(w, "alice@a.test");
	assert_true(acc.disabled && has_cred(&acc, &cred));
	assert_int_equal(acc.quota, 0);
	assert_str(acc.display, "");
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_DISPLAY | STORE_SET_QUOTA,
			     .display = STR("Alice \xe2\x98\x83"),
			     .quota = 99 }), 0);
	acc = find(w, "alice@a.test");
	assert_true(acc.disabled);
	assert_str(acc.display, "Alice \xe2\x98\x83");
	assert_int_equal(acc.quota, 99);
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_DISABLED | STORE_SET_DISPLAY |
				       STORE_SET_QUOTA }), 0);
	acc = find(w, "alice@a.test");
	assert_false(acc.disabled);
	assert_str(acc.display, "");
	assert_int_equal(acc.quota, 0);
}

static void
test_proof_only(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_account acc;

	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_CRED, .cred = cred }), 0);
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_PROOF_ONLY,
			     .proof_only = true }), 0);
	acc = find(w, "alice@a.test");
	assert_true(acc.proof_only);
	assert_false(acc.has_sealed);
	assert_memory_equal(acc.stored, cred.stored, sizeof(cred.stored));

	/* Off again, what was dropped does not come back. */
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_PROOF_ONLY }), 0);
	acc = find(w, "alice@a.test");
	assert_false(acc.proof_only || acc.has_sealed);

	/* Both at once: nothing is kept sealed. */
	assert_rc(set(w, &p, (struct store_account_edit){
			     .fields = STORE_SET_CRED | STORE_SET_PROOF_ONLY,
			     .cred = cred, .proof_only = true }), 0);
	acc = find(w, "alice@a.test");
	assert_true(acc.proof_only);
	assert_false(acc.has_sealed);
	assert_int_equal(acc.kdf_m, cred.kdf_m);
}

static int
rename_to(struct world *w, const struct person *p, const char *name,
	  const char *key, const char *domain)
{
	return set(w, p, (struct store_account_edit){
			 .fields = STORE_SET_NAME,
			 .name = str_c(name), .key = str_c(key),
			 .domain = str_c(domain) });
}

static void
test_rename(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct uuid id = letter_send(w, &alice, (struct letter){ 0 });
	struct store_account acc;
	uint64_t b = world_domain(w, "b.test");

	assert_rc(rename_to(w, &alice, "Bob@a.test", "bob@a.test", "a.test"),
		  ERR_EXISTS);
	assert_rc(rename_to(w, &alice, "a@c.test", "a@c.test", "c.test"),
		  ERR_NOTFOUND);
	assert_int_equal(find(w, "alice@a.test").account_id, alice.account_id);

	/* Another case of its own name; then a new one in another domain. */
	assert_rc(rename_to(w, &alice, "Alice@a.test", "alice@a.test",
			    "a.test"), 0);
	assert_str(find(w, "alice@a.test").name, "Alice@a.test");
	assert_rc(rename_to(w, &alice, "Zoe@b.test", "zoe@b.test", "b.test"),
		  0);
	assert_rc(store_account_find(w->r, &w->a, STR("alice@a.test"), &acc),
		  ERR_NOTFOUND);
	acc = find(w, "zoe@b.test");
	assert_int_equal(acc.account_id, alice.account_id);
	assert_int_equal(acc.mailbox_id, alice.mailbox_id);
	assert_int_equal(acc.domain_id, b);
	assert_str(world_box(w, &alice).name, "Zoe@b.test");
	assert_true(world_has(w, &alice, "inbox", &id));
	assert_string_equal(list(w, "b.test", "", 9), "zoe@b.test");
	assert_string_equal(list(w, "", "", 9), "bob@a.test zoe@b.test");

	/* The old name is free. */
	assert_rc(rename_to(w, &bob, "alice@a.test", "alice@a.test", "a.test"),
		  0);
}

static void
test_remove(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test"), again;
	struct store_account_edit e = {
		.job.op = STORE_ACCOUNT_REMOVE,
		.account_id = alice.account_id,
	};
	struct store_deliver d = letter_job(w, (struct letter){ 0 });
	struct store_deliver_to to[] = { letter_to(&alice), letter_to(&bob) };
	struct store_account acc;
	struct store_mailbox box;
	struct store_folder f;
	uint64_t total, unread;

	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	(void)letter_send(w, &alice, (struct letter){ 0 });
	assert_int_equal(world_stats(w).bodies, 2);

	world_must(w, &e);
	assert_rc(store_account_find(w->r, &w->a, alice.key, &acc),
		  ERR_NOTFOUND);
	assert_rc(store_mailbox_get(w->r, &w->a, alice.mailbox_id, &box),
		  ERR_NOTFOUND);
	assert_rc(store_folder_find(w->r, &w->a, alice.mailbox_id,
				    STR("inbox"), &f), ERR_NOTFOUND);
	assert_rc(store_count(w->r, alice.mailbox_id, 0, &(struct filter){ 0 },
			      &total, &unread), 0);
	assert_int_equal(total, 0);
	assert_rc(world_run(w, &e.job), ERR_NOTFOUND);
	assert_rc(set(w, &alice, (struct store_account_edit){
				 .fields = STORE_SET_DISABLED }),
		  ERR_NOTFOUND);

	/* Her mail has gone with her, what others have of it has not. */
	assert_true(world_has(w, &bob, "inbox", &to[1].uuid));
	assert_int_equal(world_stats(w).bodies, 1);
	assert_int_equal(world_stats(w).accounts, 1);

	/* A new account of that name is another one. */
	again = world_person(w, "alice@a.test");
	assert_true(again.account_id != alice.account_id);
	assert_true(again.mailbox_id != alice.mailbox_id);
	assert_int_equal(world_box(w, &again).total, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_add),
		WORLD_TEST(test_add_refused),
		WORLD_TEST(test_role_folders),
		WORLD_TEST(test_list),
		WORLD_TEST(test_set),
		WORLD_TEST(test_proof_only),
		WORLD_TEST(test_rename),
		WORLD_TEST(test_remove),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
