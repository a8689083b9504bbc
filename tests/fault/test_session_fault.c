/* A whole delivery and a look at it, with each store call and each allocation
 * failing once: a clean error, no leak, and what was there is there. */
#include "lib/test.h"

#include "base/mem.h"
#include "lib/engine/engine.h"
#include "store/mem/mem_store.h"

static const char work[] =
	"DELIVER TO bob@b.test alice@a.test SUBJECT x +MULTIPART "
	"ID 00000000-0000-4000-8000-000000000001\n"
	"HEADER X-A b\n"
	"DATA x LENGTH 5 +CONTENT\nhello"
	"AS z DATA y +BASE64\naGVsbG8=\n\n\n"
	"DONE\n"
	"APPEND /inbox FROM \"Eve <e@e>\" TO b CC \"c <d>\" +MULTIPART +$k "
	"ID 00000000-0000-4000-8000-000000000002\nHEADER To x\n"
	"DATA header TYPE text/rfc822-headers LENGTH 5\nA: b\n"
	"DATA x LENGTH 5 +CONTENT\nhello"
	"DONE\n"
	"APPEND /inbox ID 00000000-0000-4000-8000-000000000002 +MULTIPART\n"
	"DATA header TYPE text/rfc822-headers LENGTH 5\nA: b\n"
	"DATA x LENGTH 5 +CONTENT\nhello"
	"DONE\n"
	"LIST; CHECK /inbox +RECURSIVE\n"
	"INDEX /inbox +JSON\n"
	"FETCH /inbox\nFETCH /inbox +JSON\nFETCH /inbox PART y\n"
	"MARK /inbox::* +FLAGGED +$a\n"
	"DELETE /inbox#00000000-0000-4000-8000-000000000001\n"
	"RESTORE #00000000-0000-4000-8000-000000000001\n"
	"CREATE /x; DEVICE ADD y; DEVICE LIST; SET GLOBAL name=A\n"
	"QUIT\n";

#define PROMISE "273 Delivered 00000000-0000-4000-8000-000000000001"

static struct engine *
fresh(struct peer **ret)
{
	struct engine *e = engine_new();

	assert_non_null(e);
	assert_rc(engine_account_h(e, "alice@a.test", ENGINE_H), 0);
	assert_rc(engine_account_h(e, "bob@b.test", ENGINE_H), 0);
	engine_limits(e)->inline_part = 4096;
	assert_rc(peer_new(e, true, ret), 0);
	assert_rc(peer_login_h(*ret, "alice@a.test", ENGINE_H), 0);
	return e;
}

static bool
said(struct peer *p, const char *text)
{
	return str_find(buf_str(peer_output(p)), str_c(text)) >= 0;
}

/* What was acknowledged is there. */
static void
check_promise(struct engine *e, struct peer *p)
{
	struct store_account acc;
	struct arena a;

	arena_init(&a, 1u << 20, 0);
	assert_rc(store_account_find(engine_reader(e), &a, STR("bob@b.test"),
				     &acc), 0);
	if (said(p, PROMISE))
		assert_int_equal(acc.total, 1);
	arena_done(&a);
}

static void
test_store_calls(void **state)
{
	struct engine *e;
	struct peer *p;
	uint64_t calls, quiet = 0;
	int64_t held = mem_held();

	(void)state;
	e = fresh(&p);
	calls = mem_store_calls(engine_store(e));
	peer_send(p, str_n(work, sizeof(work) - 1), 0);
	calls = mem_store_calls(engine_store(e)) - calls;
	assert_true(said(p, PROMISE) && peer_closed(p));
	peer_free(p);
	engine_free(e);
	for (uint64_t n = 1; n <= calls; n++) {
		e = fresh(&p);
		mem_store_fail_at(engine_store(e), n, ERR_FULL);
		peer_send(p, str_n(work, sizeof(work) - 1), 0);
		mem_store_fail_at(engine_store(e), 0, 0);
		quiet += !said(p, "720");
		assert_true(peer_closed(p));	/* all was answered */
		check_promise(e, p);
		peer_free(p);
		engine_free(e);
		assert_int_equal(mem_held(), held);
	}
	/* Only that a message could not be marked read is not told: it has
	 * been read all the same. */
	assert_true(quiet <= 1);
}

static void
test_allocations(void **state)
{
	int64_t held = mem_held();
	struct engine *e;
	struct peer *p;
	bool hit = true;

	(void)state;
	for (uint64_t n = 1; hit; n++) {
		e = fresh(&p);
		mem_fail_at(n);
		peer_send(p, str_n(work, sizeof(work) - 1), 0);
		hit = mem_fail_hit();
		mem_fail_at(0);
		check_promise(e, p);
		peer_free(p);
		engine_free(e);
		assert_int_equal(mem_held(), held);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_calls),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
