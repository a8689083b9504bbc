/* Which conversation a message joins. */
#include "contract/letter.h"

static struct uuid
thread(struct world *w, const struct person *p, const struct uuid *id)
{
	return world_row(w, p, id).thread;
}

static bool
same(struct uuid a, struct uuid b)
{
	return uuid_eq(&a, &b);
}

static void
test_join(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test" });
	struct uuid second, third, other;

	/* The one who wrote it answers it; then it is the same conversation
	 * for an answer to the answer. */
	second = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test", .reply = &first });
	assert_true(same(thread(w, &alice, &second), first));
	third = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test", .reply = &second });
	assert_true(same(thread(w, &alice, &third), first));

	/* Another address of his domain takes part as well. */
	other = letter_send(w, &alice, (struct letter){
		.from = "ann@b.test", .reply = &third });
	assert_true(same(thread(w, &alice, &other), first));
}

static void
test_stranger(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test" });
	struct uuid id, next;

	/* Who takes no part begins one of his own, which is then his. */
	id = letter_send(w, &alice, (struct letter){
		.from = "eve@c.test", .reply = &first });
	assert_true(same(thread(w, &alice, &id), id));
	next = letter_send(w, &alice, (struct letter){
		.from = "eve@c.test", .reply = &id });
	assert_true(same(thread(w, &alice, &next), id));

	/* So does what answers a message that is not here. */
	next = world_uuid(w);
	id = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test", .reply = &next });
	assert_true(same(thread(w, &alice, &id), id));

	/* A domain that ends like his is another. */
	id = letter_send(w, &alice, (struct letter){
		.from = "eve@evilb.test", .reply = &first });
	assert_true(same(thread(w, &alice, &id), id));
}

static void
test_recipient_joins(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person bob = world_person(w, "bob@b.test");
	struct letter l = { .from = "alice@a.test", .to = "bob@b.test" };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to[] = { letter_to(&bob),
					 letter_sent(&alice) };
	struct uuid answer, id = d.id;

	d.to = to;
	d.nto = 2;
	world_must(w, &d);

	/* He to whom it went takes part: his answer joins hers in SENT, and
	 * his copy of it joins hers in his INBOX. */
	d = letter_job(w, (struct letter){ .from = "bob@b.test",
					   .to = "alice@a.test",
					   .reply = &id });
	answer = d.id;
	to[0] = letter_to(&alice);
	to[1] = letter_sent(&bob);
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_true(same(thread(w, &alice, &answer), id));
	assert_true(same(thread(w, &bob, &answer), id));
}

static void
test_mailboxes_apart(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct person carol = world_person(w, "carol@a.test");
	struct uuid first = letter_send(w, &alice, (struct letter){ 0 });
	struct letter l = { .reply = &first };
	struct store_deliver d = letter_job(w, l);
	struct store_deliver_to to[] = { letter_to(&alice),
					 letter_to(&carol) };

	/* It joins where that message is, and begins one elsewhere. */
	d.to = to;
	d.nto = 2;
	world_must(w, &d);
	assert_true(same(thread(w, &alice, &d.id), first));
	assert_true(same(thread(w, &carol, &d.id), d.id));
}

static void
test_by_origin(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct uuid id = letter_send(w, &alice, (struct letter){
		.from = "eve@c.test" });
	struct store_deliver_to to = letter_to(&alice);
	struct uuid here, answer;

	/* Bob's message has the ID that another has here; he answers it by
	 * the ID he knows, and means his own. */
	assert_rc(letter_try(w, &to, (struct letter){
				     .from = "bob@b.test", .id = id }), 0);
	here = to.uuid;
	assert_false(same(here, id));
	answer = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test", .reply = &id });
	assert_true(same(thread(w, &alice, &answer), here));

	/* By the _id it has here it is found as well. */
	answer = letter_send(w, &alice, (struct letter){
		.from = "bob@b.test", .reply = &here });
	assert_true(same(thread(w, &alice, &answer), here));
}

static void
test_several(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct store_deliver_to to = letter_to(&alice);
	struct letter l = { .from = "bob@b.test", .id = world_uuid(w) };
	struct store_purge purge = { .job.op = STORE_PURGE, .limit = 10 };
	struct uuid id = l.id, second, answer;

	/* Three of his have that ID: the one whose _id it is here is meant,
	 * whichever was received first. */
	assert_rc(letter_try(w, &to, l), 0);
	l.received = 2000;
	assert_rc(letter_try(w, &to, l), 0);
	second = to.uuid;
	l.received = 1000;
	assert_rc(letter_try(w, &to, l), 0);
	assert_false(same(second, id));
	answer = letter_send(w, &alice, (struct letter){ .reply = &id });
	assert_true(same(thread(w, &alice, &answer), id));

	/* If that is forgotten, the one that came next. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(world_remove(w, STORE_DELETE, &alice, "", &id),
				 1);
	purge.now = w->now + w->limits.undelete + WORLD_DAY;
	world_must(w, &purge);
	assert_int_equal(purge.messages, 1);
	answer = letter_send(w, &alice, (struct letter){ .reply = &id });
	assert_true(same(thread(w, &alice, &answer), second));
}

static void
test_deleted(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &alice, (struct letter){ 0 });
	struct uuid answer;

	/* A message in TRASH still has its conversation. */
	assert_int_equal(world_remove(w, STORE_DELETE, &alice, "", &first), 1);
	answer = letter_send(w, &alice, (struct letter){ .reply = &first });
	assert_true(same(thread(w, &alice, &answer), first));
}

static void
test_filter(void **state)
{
	struct world *w = *state;
	struct person alice = world_person(w, "alice@a.test");
	struct uuid first = letter_send(w, &alice, (struct letter){ 0 });
	struct filter f = { .bits = FILTER_THREAD, .thread = first };
	uint64_t total, unread;

	for (int i = 0; i < 3; i++)
		(void)letter_send(w, &alice, (struct letter){
					     .reply = &first });
	(void)letter_send(w, &alice, (struct letter){ 0 });
	assert_rc(store_count(w->r, alice.mailbox_id, 0, &f, &total, &unread),
		  0);
	assert_int_equal(total, 4);
	f.thread = world_uuid(w);
	assert_rc(store_count(w->r, alice.mailbox_id, 0, &f, &total, &unread),
		  0);
	assert_int_equal(total, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_join),
		WORLD_TEST(test_stranger),
		WORLD_TEST(test_recipient_joins),
		WORLD_TEST(test_mailboxes_apart),
		WORLD_TEST(test_by_origin),
		WORLD_TEST(test_several),
		WORLD_TEST(test_deleted),
		WORLD_TEST(test_filter),
	};

	world_init(argc, argv);
	return cmocka_run_group_tests_name(world_name(), tests, NULL, NULL);
}
