#include "lib/guard.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/test.h"

/* The status of a process that reads octet i of a slice of n. */
static int
read_at(size_t n, size_t i)
{
	pid_t pid = fork();
	struct guard g;
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		volatile const char *p;

		/* A sanitizer would tell about the crash we want. */
		(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		guard_init(&g, n);
		p = guard_put(&g, str_n("0123456789", n)).p;
		_exit(p[i] == '!');
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_over_read(void **state)
{
	assert_int_equal(read_at(10, 9), 0);
	assert_int_not_equal(read_at(10, 10), 0);
	assert_int_not_equal(read_at(0, 0), 0);
}

/* Asks for an octet and a NUL behind it. */
static int
parse(struct str s, void *arg)
{
	++*(int *)arg;
	if (s.n < 2)
		return ERR_MORE;
	return s.p[1] ? ERR_SYNTAX : 2;
}

static void
test_prefixes(void **state)
{
	int rc[3], calls = 0;

	assert_rc(guard_prefixes(STR("ab\0"), parse, &calls, rc), ERR_SYNTAX);
	assert_int_equal(calls, 4);
	assert_rc(rc[0], ERR_MORE);
	assert_rc(rc[1], ERR_MORE);
	assert_rc(rc[2], ERR_SYNTAX);
	assert_rc(guard_more(STR("a\0"), parse, &calls), 2);
	assert_rc(guard_whole(STR("a"), parse, &calls), ERR_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_over_read),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
