/* Commands with the n-th allocation, store call or line of answer failing. */
#include "desk.h"

#include "base/mem.h"
#include "lib/fault.h"
#include "lib/test.h"

static const char *const commands[] = {
	"domain add c.test",
	"domain remove c.test --yes",
	"domain list",
	"account add carol@a.test --quota 5M",
	"account rename carol@a.test caroline@b.test",
	"account password caroline@b.test",
	"account disable caroline@b.test",
	"account enable caroline@b.test",
	"account quota caroline@b.test 10M",
	"account proof-only caroline@b.test",
	"account show caroline@b.test",
	"account list",
	"account list b.test",
	"device add caroline@b.test phone --scope read",
	"device list caroline@b.test",
	"device revoke caroline@b.test phone",
	"account remove caroline@b.test --yes",
	"status",
	"limits",
	"verify",
};

static void
setup(struct desk *d)
{
	desk_init(d);
	assert_int_equal(desk_run(d, "domain add b.test"), 0);
	/* The paper must not be what fails. */
	assert_rc(buf_reserve(&d->paper, 1u << 16), 0);
}

/* Each allocation: exit 75, and then, with memory, all is as if it had not
 * been tried (or had worked). */
static void
test_memory(void **state)
{
	struct desk d;

	setup(&d);
	for (size_t i = 0; i < TEST_COUNT(commands); i++) {
		for (unsigned nth = 1;; nth++) {
			int rc, hit;

			mem_fail_at(nth);
			rc = desk_run(&d, commands[i]);
			hit = mem_fail_hit();
			mem_fail_at(0);
			if (rc == 0)
				break;
			if (!hit)
				fail_msg("%s: %.*s", commands[i],
					 STR_ARG(buf_str(&d.paper)));
			CHECK(commands[i], rc == ADMIN_LATER);
			CHECK_STR(commands[i], buf_str(&d.paper),
				  "why: out of memory\n");
			assert_true(nth < 1000);
		}
	}
	desk_done(&d);
}

/* Each store call: its error is told, and nothing else is. */
static void
test_store(void **state)
{
	struct desk d;

	setup(&d);
	for (size_t i = 0; i < TEST_COUNT(commands); i++) {
		for (unsigned nth = 1;; nth++) {
			uint64_t before = mem_store_calls(d.store);
			int rc;

			mem_store_fail_at(d.store, nth, ERR_FULL);
			rc = desk_run(&d, commands[i]);
			mem_store_fail_at(d.store, 0, 0);
			if (mem_store_calls(d.store) - before < nth) {
				CHECK(commands[i], rc == 0);
				break;
			}
			CHECK(commands[i], rc == ADMIN_LATER);
			CHECK(commands[i], str_ends(buf_str(&d.paper),
						    STR("why: disk full\n")));
		}
	}
	desk_done(&d);
}

/* Who asked is gone: it ends at once. */
static void
test_gone(void **state)
{
	static const char *const asks[] = { "domain list", "account list",
					    "limits", "status", "verify" };
	struct desk d;

	setup(&d);
	assert_int_equal(desk_run(&d, "account add alice@b.test"), 0);
	assert_int_equal(desk_run(&d, "account add bob@b.test"), 0);
	for (size_t i = 0; i < TEST_COUNT(asks); i++) {
		d.put_err = ERR_CLOSED;
		CHECK(asks[i], desk_run(&d, asks[i]) == ADMIN_LATER);
		CHECK_STR(asks[i], buf_str(&d.paper),
			  "why: connection closed\n");
	}
	desk_done(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
