#include "server/gate.h"

#include "base/mem.h"
#include "lib/test.h"

static void
test_limits(void **state)
{
	struct gate g;

	gate_init(&g, 5, 2);
	assert_rc(gate_enter(&g, STR("a")), 0);
	assert_rc(gate_enter(&g, STR("a")), 0);
	assert_rc(gate_enter(&g, STR("a")), ERR_BUSY);
	assert_rc(gate_enter(&g, STR("b")), 0);
	assert_rc(gate_enter(&g, STR("c")), 0);
	assert_rc(gate_enter(&g, STR("d")), 0);
	assert_rc(gate_enter(&g, STR("e")), ERR_BUSY);
	gate_leave(&g, STR("a"));
	assert_rc(gate_enter(&g, STR("a")), 0);
	for (int i = 0; i < 2; i++)
		gate_leave(&g, STR("a"));
	gate_leave(&g, STR("b"));
	gate_leave(&g, STR("c"));
	gate_leave(&g, STR("d"));
	assert_int_equal(g.n, 0);
	assert_int_equal(g.peers.n, 0);	/* nobody is remembered */
	gate_done(&g);
}

static void
test_memory(void **state)
{
	struct gate g;

	gate_init(&g, 5, 2);
	mem_fail_at(1);
	assert_rc(gate_enter(&g, STR("a")), ERR_NOMEM);
	mem_fail_at(0);
	assert_int_equal(g.n, 0);
	assert_rc(gate_enter(&g, STR("a")), 0);
	gate_leave(&g, STR("a"));
	gate_done(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
