/* APPEND where transcripts are too small: many pipelines at once, messages
 * that are files, a full mailbox. */
#include "lib/test.h"

#include <stdio.h>

#include "base/mem.h"
#include "lib/engine/engine.h"

static char octets[2 << 20];

static struct engine *
start(struct peer **ret)
{
	struct engine *e = engine_new();

	assert_non_null(e);
	assert_rc(engine_account_h(e, "alice@a.test", ENGINE_H), 0);
	engine_limits(e)->inline_part = 4096;
	engine_limits(e)->quota = 1 << 20;
	assert_rc(peer_new(e, true, ret), 0);
	assert_rc(peer_login_h(*ret, "alice@a.test", ENGINE_H), 0);
	memset(octets, 'x', sizeof(octets));
	return e;
}

static void
say(struct peer *p, const char *text)
{
	peer_send(p, str_c(text), 0);
}

static bool
said(struct peer *p, const char *text)
{
	return str_find(buf_str(peer_output(p)), str_c(text)) >= 0;
}

static struct store_account
account(struct engine *e)
{
	struct store_account acc;
	struct arena a;

	arena_init(&a, 1u << 20, 0);
	assert_rc(store_account_find(engine_reader(e), &a, STR("alice@a.test"),
				     &acc), 0);
	arena_done(&a);
	return acc;
}

/* A message of one part of n octets; what DONE says is in the output. */
static void
append(struct peer *p, unsigned id, size_t n)
{
	char line[200];

	snprintf(line, sizeof(line), "APPEND /inbox "
		 "ID 00000000-0000-4000-8000-%012u\nDATA LENGTH %zu\n", id, n);
	buf_clear(peer_output(p));
	say(p, line);
	peer_send(p, str_n(octets, n), 0);
	say(p, "DONE\n");
}

/* All are under way before the first is done. */
static void
test_pipelines(void **state)
{
	struct peer *p;
	struct engine *e = start(&p);
	char line[300];

	(void)state;
	engine_hold_jobs(e, true);
	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "AS p%d APPEND /inbox SUBJECT "
			 "s%d; AS p%d HEADER X-N %d\n", i, i, i, i);
		say(p, line);
	}
	assert_int_equal(engine_jobs(e), 30);
	/* The look-ups; then all writes are there at once, for one batch. */
	for (int i = 0; i < 30; i++)
		assert_true(engine_step(e));
	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line),
			 "AS p%d DATA LENGTH 2\n%02dAS p%d DONE\n", i, i, i);
		say(p, line);
	}
	assert_int_equal(engine_jobs(e), 30);
	assert_false(said(p, "273 "));
	engine_hold_jobs(e, false);
	say(p, "");
	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "p%d: 273 Delivered ", i);
		CHECK(line, said(p, line));
	}
	assert_int_equal(account(e).total, 30);
	peer_free(p);
	engine_free(e);
}

static void
test_large(void **state)
{
	struct peer *p;
	struct engine *e = start(&p);

	(void)state;
	append(p, 1, 100000);
	assert_true(said(p, "\n273 Delivered "));
	append(p, 1, 100000);
	assert_true(said(p, "\n273 Delivered "));
	octets[99999] = 'y';
	append(p, 1, 100000);
	assert_true(said(p, "\n409 "));
	assert_int_equal(account(e).total, 1);
	assert_int_equal(account(e).used, 100000);
	assert_int_equal(*engine_env(e)->inline_octets, 0);
	peer_free(p);
	engine_free(e);
}

static void
test_quota(void **state)
{
	struct peer *p;
	struct engine *e = start(&p);
	struct reserve *r = engine_env(e)->reserve;
	uint64_t box = account(e).mailbox_id;

	(void)state;
	/* What one has reserved another cannot have. */
	say(p, "AS a APPEND /inbox; AS b APPEND /inbox\n"
	       "AS a DATA LENGTH 1000000\n");
	assert_int_equal(reserve_get(r, box), 1000000);
	peer_send(p, str_n(octets, 1000000), 0);
	buf_clear(peer_output(p));
	say(p, "AS b DATA LENGTH 48577\n");
	peer_send(p, str_n(octets, 48577), 0);
	assert_true(said(p, "b: 430 "));
	say(p, "AS b DONE\nAS b APPEND /inbox\nAS b DATA LENGTH 48576\n");
	peer_send(p, str_n(octets, 48576), 0);
	assert_int_equal(reserve_get(r, box), 1 << 20);
	say(p, "AS a RESET\n");
	assert_int_equal(reserve_get(r, box), 48576);
	say(p, "AS b DONE\n");
	assert_true(said(p, "b: 273 "));
	assert_int_equal(reserve_get(r, box), 0);
	assert_int_equal(account(e).used, 48576);

	append(p, 1, 1000000);
	assert_true(said(p, "\n273 "));
	buf_clear(peer_output(p));
	say(p, "APPEND /inbox\n");
	assert_true(said(p, "430 "));
	peer_free(p);
	engine_free(e);
}

/* The message with its ID goes between the writer's no and the look at it. */
static void
test_purged_meanwhile(void **state)
{
	static const char id[] = "#00000000-0000-4000-8000-000000000001\n";
	struct peer *p;
	struct engine *e = start(&p);
	struct store_purge purge = { .job.op = STORE_PURGE, .limit = 10,
				     .now = UINT64_MAX };
	char line[200];

	(void)state;
	append(p, 1, 10);
	snprintf(line, sizeof(line), "DELETE %sDELETE %s", id, id);
	say(p, line);
	engine_hold_jobs(e, true);
	append(p, 1, 20);
	assert_true(engine_step(e));	/* APPEND */
	say(p, "");
	assert_true(engine_step(e));	/* DONE: it is there */
	say(p, "");
	assert_int_equal(engine_jobs(e), 1);
	assert_rc(engine_write(e, &purge.job), 0);
	assert_int_equal(purge.messages, 1);
	engine_hold_jobs(e, false);
	say(p, "");
	assert_true(said(p, "\n273 Delivered "));
	assert_int_equal(account(e).used, 20);
	peer_free(p);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipelines),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_purged_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
