#include "contract/letter.h"

/* Purge as of now in chunks; how many chunks it took. */
static int
purge(struct world *w, uint64_t now, size_t limit, uint64_t *ret_messages,
      uint64_t *ret_ids)
{
	int chunks = 0;
	bool more = true;

	*ret_messages = *ret_ids = 0;
	while (more) {
		struct store_purge j = {
			.job.op = STORE_PURGE,
			.now = now,
			.limit = limit,
		};

		world_must(w, &j);
		assert_true(j.messages + j.ids <= limit);
		*ret_messages += j.messages;
		*ret_ids += j.ids;
		more = j.more;
		chunks++;
	}
	return chunks;
}

static void
out_of_sight(struct world *w, const struct person *p, const struct uuid *id)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(world_remove(w, STORE_DELETE, p, "", id), 1);
}

static void
test_messages(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid id[4];
	uint64_t messages, ids, at;

	for (int i = 0; i < 4; i++)
		id[i] = letter_send(w, &p, (struct letter){ 0 });
	assert_int_equal(world_remove(w, STORE_DELETE, &p, "", &id[1]), 1);
	out_of_sight(w, &p, &id[2]);
	at = w->now;
	w->now += WORLD_DAY * 2;
	out_of_sight(w, &p, &id[3]);

	/* Not for long enough. */
	(void)purge(w, at + w->limits.undelete - WORLD_DAY, 10, &messages,
		    &ids);
	assert_int_equal(messages, 0);
	(void)purge(w, at - WORLD_DAY, 10, &messages, &ids);
	assert_int_equal(messages, 0);

	/* One has been; the other has gone later.  TRASH is not touched. */
	(void)purge(w, at + w->limits.undelete + WORLD_DAY, 10, &messages,
		    &ids);
	assert_int_equal(messages, 1);
	assert_rc(world_remove(w, STORE_RESTORE, &p, "", &id[2]),
		  ERR_NOTFOUND);
	assert_int_equal(world_remove(w, STORE_RESTORE, &p, "", &id[3]), 1);
	assert_true(world_has(w, &p, "inbox", &id[0]));
	assert_true(world_has(w, &p, "trash", &id[1]));
	assert_int_equal(world_stats(w).bodies, 3);
	assert_int_equal(world_box(w, &p).total, 3);
}

static void
test_shared_body(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	struct store_deliver d = letter_job(w, (struct letter){ 0 });
	struct store_deliver_to to[] = { letter_to(&alice), letter_to(&bob) };
	uint64_t messages, ids, body_id;
	struct store_body body;

	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	body_id = world_row(w, &bob, &d.id).body_id;
	out_of_sight(w, &alice, &d.id);
	w->now += w->limits.undelete + WORLD_DAY;
	(void)purge(w, w->now, 10, &messages, &ids);
	assert_int_equal(messages, 1);
	assert_rc(store_body_open(w->r, body_id, &body), 0);
	assert_int_equal(world_stats(w).bodies, 1);

	/* With its last owner it goes. */
	out_of_sight(w, &bob, &d.id);
	w->now += w->limits.undelete + WORLD_DAY;
	(void)purge(w, w->now, 10, &messages, &ids);
	assert_int_equal(messages, 1);
	assert_rc(store_body_open(w->r, body_id, &body), ERR_NOTFOUND);
	assert_int_equal(world_stats(w).bodies, 0);

	/* Its ID is free again. */
	assert_rc(letter_try(w, &to[0], (struct letter){ .id = d.id }), 0);
	assert_true(uuid_eq(&to[0].uuid, &d.id));
}

static void
test_ids(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&p);
	struct letter l[3] = { 0 };
	uint64_t messages, ids, at = w->now;

	for (int i = 0; i < 3; i++) {
		l[i].once = true;
		l[i].id = world_uuid(w);
		l[i].received = at + (uint64_t)i * WORLD_DAY;
		assert_rc(letter_try(w, &to, l[i]), 0);
	}
	(void)purge(w, at + w->limits.once - WORLD_DAY, 10, &messages, &ids);
	assert_int_equal(ids, 0);
	(void)purge(w, at + w->limits.once + WORLD_DAY / 2, 10, &messages,
		    &ids);
	assert_int_equal(ids, 1);
	assert_int_equal(messages, 0);

	/* One is forgotten, the others are not; no mail has gone. */
	l[0].received = l[1].received = at + WORLD_DAY;
	assert_rc(letter_try(w, &to, l[1]), 0);
	assert_true(to.repeat);
	assert_rc(letter_try(w, &to, l[0]), 0);
	assert_false(to.repeat);
	assert_int_equal(world_box(w, &p).total, 4);
	(void)purge(w, at + w->limits.once + WORLD_DAY * 9, 10, &messages,
		    &ids);
	assert_int_equal(ids, 3);
}

static void
test_chunks(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@a.test");
	uint64_t messages, ids, modseq;
	int chunks;

	/* 10 messages and 20 IDs. */
	for (int i = 0; i < 20; i++) {
		const struct person *p = i % 2 ? &alice : &bob;
		struct uuid id = letter_send(w, p, (struct letter){
			.once = true });

		if (i < 10)
			out_of_sight(w, p, &id);
	}
	modseq = world_box(w, &alice).modseq;
	w->now += w->limits.undelete + WORLD_DAY;
	chunks = purge(w, w->now, 4, &messages, &ids);
	assert_int_equal(messages, 10);
	assert_int_equal(ids, 20);
	assert_true(chunks >= 8 && chunks <= 10);
	assert_int_equal(world_stats(w).messages, 10);
	assert_int_equal(world_stats(w).bodies, 10);

	/* Nothing that can be seen has changed. */
	assert_int_equal(world_box(w, &alice).modseq, modseq);
	assert_int_equal(world_box(w, &alice).total, 5);
	assert_int_equal(purge(w, w->now, 4, &messages, &ids), 1);
	assert_true(!messages && !ids);
}

static void
test_thread_stays(void **state)
{
	struct world *w = *state;
	struct person p = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &p, (struct letter){ 0 }), id;
	struct store_row row;
	uint64_t messages, ids;

	/* A conversation outlives the message that began it. */
	id = letter_send(w, &p, (struct letter){ .reply = &first });
	out_of_sight(w, &p, &first);
	w->now += w->limits.undelete + WORLD_DAY;
	(void)purge(w, w->now, 10, &messages, &ids);
	assert_int_equal(messages, 1);
	row = world_row(w, &p, &id);
	assert_true(uuid_eq(&row.thread, &first));
	id = letter_send(w, &p, (struct letter){ .reply = &id });
	row = world_row(w, &p, &id);
	assert_true(uuid_eq(&row.thread, &first));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_messages),
		WORLD_TEST(test_shared_body),
		WORLD_TEST(test_ids),
		WORLD_TEST(test_chunks),
		WORLD_TEST(test_thread_stays),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
