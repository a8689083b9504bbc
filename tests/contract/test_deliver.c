#include "contract/letter.h"

static void
test_one(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct letter l = { .size = 4711, .received = 1600000000123 };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to = letter_to(&p);
	uint64_t modseq = world_box(w, &p).modseq;
	struct store_row row;

	d.to = &to;
	d.nto = 1;
	world_must(w, &d);
	assert_rc(to.err, 0);
	assert_false(to.repeat);
	assert_true(uuid_eq(&to.uuid, &d.id));
	assert_int_equal(to.modseq, modseq + 1);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "inbox").modseq, modseq + 1);

	row = world_row(w, &p, &d.id);
	assert_true(uuid_eq(&row.uuid, &d.id));
	assert_true(uuid_eq(&row.thread, &d.id));
	assert_false(row.has_origin);
	assert_int_equal(row.flags, 0);
	assert_str(row.keywords, "");
	assert_int_equal(row.modseq, modseq + 1);
	assert_int_equal(row.size, 4711);
	assert_int_equal(row.pos.ord, 1600000000123);
	assert_true(row.pos.no != 0);
	assert_string_equal(world_folders(w, &row), "INBOX");
	assert_true(str_eq(row.env, d.env));
	assert_int_equal(world_box(w, &p).used, 4711);
}

static void
test_order_of_arrival(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid a = letter_send(w, &p, (struct letter){ .received = 2000 });
	struct uuid b = letter_send(w, &p, (struct letter){ .received = 1000 });
	struct store_row ra = world_row(w, &p, &a), rb = world_row(w, &p, &b);

	assert_true(ra.pos.no < rb.pos.no);
	assert_true(ra.modseq + 1 == rb.modseq);
}

static void
test_folder(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);

	(void)world_folder(w, &p, "INBOX/Lists");
	to.folder_key = STR("inbox/lists");
	assert_rc(letter_try(w, &to, (struct letter){ 0 }), 0);
	assert_true(world_has(w, &p, "inbox/lists", &to.uuid));
	assert_false(world_has(w, &p, "inbox", &to.uuid));

	/* Gone meanwhile: INBOX. */
	to.folder_key = STR("inbox/dev");
	assert_rc(letter_try(w, &to, (struct letter){ 0 }), 0);
	assert_true(world_has(w, &p, "inbox", &to.uuid));
}

static void
test_important(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct letter l = { .important = true };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to[2] = { letter_to(&p) };
	struct person bob = world_person(w, "bob@a.test");

	to[1] = letter_sent(&bob);
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_int_equal(world_row(w, &p, &d.id).flags, FLAG_IMPORTANT);
	assert_int_equal(world_row(w, &bob, &d.id).flags,
			 FLAG_IMPORTANT | FLAG_READ);
}

static void
test_many(void **state)
{
	static const char *const names[] = { "a@a.test", "b@a.test",
					     "c@b.test" };
	struct world *w = *state;
	struct person p[TEST_COUNT(names)];
	struct store_deliver_to to[TEST_COUNT(names)];
	struct store_deliver d = letter_job(w, (struct letter){ 0 });
	uint64_t body = 0;

	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		p[i] = world_person(w, names[i]);
		to[i] = letter_to(&p[i]);
	}
	d.to = to;
	d.nto = TEST_COUNT(names);
	world_must(w, &d);

	/* All have it under one ID; its octets are stored once. */
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		struct store_row row = world_row(w, &p[i], &d.id);

		CHECK(names[i], to[i].err == 0 && !to[i].repeat);
		CHECK(names[i], uuid_eq(&to[i].uuid, &d.id));
		CHECK(names[i], !body || row.body_id == body);
		body = row.body_id;
	}
	assert_int_equal(world_stats(w).bodies, 1);
	assert_int_equal(world_stats(w).messages, 3);
}

static void
test_all_or_none(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct person gone = { .mailbox_id = 987654321,
			       .name = STR("x@a.test"),
			       .key = STR("x@a.test") };
	struct store_deliver d = letter_job(w, (struct letter){ .size = 100 });
	struct store_deliver_to to[] = { letter_to(&alice), letter_to(&bob),
					 letter_to(&gone) };
	uint64_t modseq = world_box(w, &alice).modseq;

	world_quota(w, &bob, 99);
	d.to = to;
	d.nto = 3;
	assert_rc(world_run(w, &d.job), ERR_QUOTA);	/* the first error */
	assert_rc(to[0].err, 0);
	assert_rc(to[1].err, ERR_QUOTA);
	assert_rc(to[2].err, ERR_NOTFOUND);
	assert_false(world_has(w, &alice, "", &d.id));
	assert_int_equal(world_box(w, &alice).modseq, modseq);
	assert_int_equal(world_stats(w).bodies, 0);
	to[1] = letter_to(&gone);
	to[2] = letter_to(&bob);
	assert_rc(world_run(w, &d.job), ERR_NOTFOUND);
	assert_rc(to[2].err, ERR_QUOTA);

	/* The sender tries again with the rest. */
	d.nto = 1;
	world_must(w, &d);
	assert_true(world_has(w, &alice, "inbox", &d.id));
}

static void
test_quota(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct uuid id;

	/* To the last octet, and not one more. */
	world_quota(w, &p, 1000);
	(void)letter_send(w, &p, (struct letter){ .size = 400 });
	assert_rc(letter_try(w, &to, (struct letter){ .size = 601 }),
		  ERR_QUOTA);
	assert_rc(to.err, ERR_QUOTA);
	id = letter_send(w, &p, (struct letter){ .size = 600 });
	assert_rc(letter_try(w, &to, (struct letter){ .size = 1 }), ERR_QUOTA);

	/* TRASH counts, what is out of sight does not. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "inbox", &id), 1);
	assert_rc(letter_try(w, &to, (struct letter){ .size = 1 }), ERR_QUOTA);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "trash", &id), 1);
	assert_rc(letter_try(w, &to, (struct letter){ .size = 600 }), 0);

	/* The default of the server; 2^64 is no way around it. */
	world_quota(w, &p, 0);
	assert_rc(letter_try(w, &to, (struct letter){
				     .size = WORLD_QUOTA - 1000 + 1 }),
		  ERR_QUOTA);
	assert_rc(letter_try(w, &to, (struct letter){ .size = INT64_MAX }),
		  ERR_QUOTA);
	assert_rc(letter_try(w, &to, (struct letter){
				     .size = WORLD_QUOTA - 1000 }), 0);

	/* Over quota by a smaller quota. */
	world_quota(w, &p, 10);
	assert_rc(letter_try(w, &to, (struct letter){ .size = 1 }), ERR_QUOTA);
}

static void
test_sent(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct store_deliver d = letter_job(w, (struct letter){ .size = 500 });
	struct store_deliver_to to[] = { letter_to(&bob),
					 letter_sent(&alice) };
	struct store_row row;

	/* Only as the sender's copy: read, and kept over quota. */
	world_quota(w, &alice, 100);
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	row = world_row(w, &alice, &d.id);
	assert_int_equal(row.flags, FLAG_READ);
	assert_string_equal(world_folders(w, &row), "SENT");
	assert_int_equal(world_box(w, &alice).used, 500);
	assert_int_equal(world_find(w, &alice, "sent").unread, 0);
	assert_int_equal(world_row(w, &bob, &d.id).flags, 0);
	assert_int_equal(world_row(w, &bob, &d.id).body_id, row.body_id);
}

static void
test_sent_again(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct person carol = world_person(w, "carol@a.test");
	struct letter l = { .once = true, .from = "alice@a.test",
			    .origin = "alice@a.test", .id = world_uuid(w) };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to[] = { letter_to(&bob),
					 letter_sent(&alice) };
	uint64_t modseq;

	/* More recipients by a second DELIVER with the same ID. */
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	modseq = world_box(w, &alice).modseq;
	to[0] = letter_to(&carol);
	world_must(w, &d);
	assert_true(world_has(w, &carol, "inbox", &d.id));
	assert_true(to[1].repeat);
	assert_true(uuid_eq(&to[1].uuid, &d.id));
	assert_int_equal(to[1].modseq, modseq);
	assert_int_equal(world_box(w, &alice).total, 1);
	assert_int_equal(world_box(w, &alice).modseq, modseq);

	/* Deleted or out of sight, it is still had. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(world_remove(w, STORE_DELETE, &alice, "",
					      &d.id), 1);
		world_must(w, &d);
		assert_true(to[1].repeat);
		assert_int_equal(world_find(w, &alice, "sent").total, 0);
	}
	assert_int_equal(world_box(w, &alice).total, 0);
}

static void
test_self(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_self(&p);
	uint64_t modseq = world_box(w, &p).modseq;
	struct store_row row;

	/* One message in two folders, unread. */
	world_quota(w, &p, 150);
	assert_rc(letter_try(w, &to, (struct letter){ .size = 100 }), 0);
	row = world_row(w, &p, &to.uuid);
	assert_string_equal(world_folders(w, &row), "INBOX SENT");
	assert_int_equal(row.flags, 0);
	assert_int_equal(world_box(w, &p).total, 1);
	assert_int_equal(world_box(w, &p).used, 100);
	assert_int_equal(world_box(w, &p).unread, 1);
	assert_int_equal(world_box(w, &p).modseq, modseq + 1);
	assert_int_equal(world_find(w, &p, "inbox").unread, 1);
	assert_int_equal(world_find(w, &p, "sent").unread, 1);
	assert_int_equal(world_find(w, &p, "sent").modseq, modseq + 1);

	/* As a recipient the quota holds. */
	assert_rc(letter_try(w, &to, (struct letter){ .size = 100 }),
		  ERR_QUOTA);
}

static void
test_collision(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id = letter_send(w, &p, (struct letter){ 0 }), got[2];
	struct store_deliver_to to = letter_to(&p);

	/* Another message has the ID: a new one, its own kept as origin. */
	for (int i = 0; i < 2; i++) {
		struct store_row row;

		assert_rc(letter_try(w, &to, (struct letter){
					     .id = id, .text = "other" }), 0);
		assert_false(to.repeat);
		assert_false(uuid_eq(&to.uuid, &id));
		assert_int_equal(to.uuid.b[6] >> 4, 7);
		row = world_row(w, &p, &to.uuid);
		assert_true(row.has_origin && uuid_eq(&row.origin, &id));
		assert_true(uuid_eq(&row.thread, &to.uuid));
		got[i] = to.uuid;
	}
	assert_false(uuid_eq(&got[0], &got[1]));
	assert_false(world_row(w, &p, &id).has_origin);
	assert_int_equal(world_box(w, &p).total, 3);

	/* One out of sight has it still. */
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &id), 1);
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &id), 1);
	assert_rc(letter_try(w, &to, (struct letter){ .id = id }), 0);
	assert_false(uuid_eq(&to.uuid, &id));
}

static void
test_named_twice(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver d = letter_job(w, (struct letter){ .once = true });
	struct store_deliver_to to[] = { letter_to(&p), letter_to(&p) };
	uint64_t modseq = world_box(w, &p).modseq;

	/* By an alias, say, or by alice+lists. */
	(void)world_folder(w, &p, "Lists");
	to[1].folder_key = STR("lists");
	to[1].once = STR("alias@a.test");
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_false(to[0].repeat);
	assert_true(to[1].repeat);
	assert_true(uuid_eq(&to[0].uuid, &to[1].uuid));
	assert_int_equal(world_box(w, &p).total, 1);
	assert_int_equal(world_box(w, &p).modseq, modseq + 2);
	assert_true(world_has(w, &p, "inbox", &d.id));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_one),
		WORLD_TEST(test_order_of_arrival),
		WORLD_TEST(test_folder),
		WORLD_TEST(test_important),
		WORLD_TEST(test_many),
		WORLD_TEST(test_all_or_none),
		WORLD_TEST(test_quota),
		WORLD_TEST(test_sent),
		WORLD_TEST(test_sent_again),
		WORLD_TEST(test_self),
		WORLD_TEST(test_collision),
		WORLD_TEST(test_named_twice),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
