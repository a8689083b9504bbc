#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "lib/test.h"

/* What log_end() writes goes here; -1 in between. */
static int pipe_fd[2];
static int real_stderr;
static char got[8192];

static int
setup(void **state)
{
	if (pipe(pipe_fd) < 0)
		return -1;
	real_stderr = dup(STDERR_FILENO);
	log_setup(LOG_INFO, false);
	return real_stderr < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)close(pipe_fd[0]);
	(void)close(pipe_fd[1]);
	(void)close(real_stderr);
	return 0;
}

/* End the line; what was written, without the time: "level=..." and on. */
static struct str
end(struct log_line *l)
{
	static const size_t skip = sizeof("time= ") - 1 + CLOCK_TEXT;
	struct str s;
	uint64_t ms;
	ssize_t n;

	assert_true(dup2(pipe_fd[1], STDERR_FILENO) >= 0);
	errno = 77;
	log_end(l);
	assert_int_equal(errno, 77);
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	/* A mark, so that nothing written does not block. */
	assert_int_equal(write(pipe_fd[1], "#", 1), 1);
	n = read(pipe_fd[0], got, sizeof(got));
	assert_true(n > 0);
	s = str_n(got, (size_t)n - 1);
	assert_int_equal(got[n - 1], '#');
	if (!s.n)
		return s;
	if (str_starts(s, STR("<")))
		return s;

	assert_true(str_starts(s, STR("time=")));
	assert_rc(clock_parse(str_sub(s, 5, CLOCK_TEXT), &ms), 0);
	assert_int_equal(str_chr(s, '\n', 0), s.n - 1);
	return str_from(s, skip);
}

static void
test_line(void **state)
{
	struct log_line l;
	int64_t held = mem_held();
	uint64_t count = mem_count();

	log_begin(&l, LOG_INFO, "auth-fail");
	log_str(&l, "account", STR("joe@example.org"));
	log_cstr(&l, "why", "bad password");
	log_cstr(&l, "none", NULL);
	log_u64(&l, "n", UINT64_MAX);
	log_u64(&l, "z", 0);
	log_hex(&l, "id", 0xabc0);
	log_err(&l, ERR_AUTH);
	assert_str(end(&l),
		   "level=info event=auth-fail account=joe@example.org "
		   "why=\"bad password\" none=\"\" n=18446744073709551615 "
		   "z=0 id=abc0 err=AUTH\n");
	/* A line costs no memory. */
	assert_int_equal(mem_held(), held);
	assert_int_equal(mem_count(), count);
}

static const struct value_case {
	struct str v;
	const char *out;
} value_cases[] = {
	{ { "", 0 }, "\"\"" },
	{ { "a-b/c:d", 7 }, "a-b/c:d" },
	{ { "a=b", 3 }, "\"a=b\"" },
	{ { "a\"b\\", 4 }, "\"a\\\"b\\\\\"" },
	{ { "\\", 1 }, "\"\\\\\"" },
	{ { "x\nlevel=info", 12 }, "\"x\\u000alevel=info\"" },
	{ { "\0\x1b[0m\x7f", 6 }, "\"\\u0000\\u001b[0m\\u007f\"" },
	{ { "\xc3\xa4", 2 }, "\"\xc3\xa4\"" },
	{ { "\xe2\x80\xae", 3 }, "\"\\u202e\"" },
	{ { "\xe2\x80\xa8", 3 }, "\"\\u2028\"" },
	{ { "\x85", 1 }, "\"\\x85\"" },
	{ { "\xe2\x82", 2 }, "\"\\xe2\\x82\"" },
};

static void
test_values(void **state)
{
	TEST_EACH(c, value_cases) {
		struct log_line l;
		struct str s;

		log_begin(&l, LOG_ERROR, "e");
		log_str(&l, "k", c->v);
		s = end(&l);
		CHECK(c->out, str_starts(s, STR("level=error event=e k=")));
		CHECK_STR(c->out, str_sub(s, 22, s.n - 23), c->out);
	}
}

static void
test_levels(void **state)
{
	struct log_line l;

	assert_true(log_on(LOG_INFO));
	assert_false(log_on(LOG_DEBUG));
	log_begin(&l, LOG_DEBUG, "quiet");
	log_u64(&l, "n", 1);
	assert_int_equal(end(&l).n, 0);

	log_setup(LOG_DEBUG, true);
	log_begin(&l, LOG_DEBUG, "loud");
	assert_true(str_starts(end(&l), STR("<7>time=")));
	/* Ended: not written again. */
	assert_int_equal(end(&l).n, 0);
	log_setup(LOG_ERROR, false);
	log_begin(&l, LOG_WARN, "quiet");
	assert_int_equal(end(&l).n, 0);
	log_begin(&l, LOG_ERROR, "loud");
	assert_str(end(&l), "level=error event=loud\n");
	log_setup(LOG_INFO, false);
}

/* Lines that end around the last place: always one line, always marked. */
static void
test_cut(void **state)
{
	static char text[1200];

	for (size_t n = 900; n < 1100; n++) {
		for (int blank = 0; blank < 2; blank++) {
			struct log_line l;
			struct str s;
			bool whole;

			memset(text, 'x', sizeof(text));
			if (blank)
				text[5] = ' ';
			log_begin(&l, LOG_INFO, "long");
			log_str(&l, "k", str_n(text, n));
			whole = !l.cut;
			log_u64(&l, "more", 1);
			s = end(&l);
			assert_true(s.n <= sizeof(l.text));
			if (whole && !l.cut)
				assert_true(str_ends(s, STR(" more=1\n")));
			else if (whole || !blank)
				assert_true(str_ends(s, STR("...\n")));
			else
				assert_true(str_ends(s, STR("...\"\n")));
		}
	}
}

/* An escape is not cut in two, nor a character. */
static void
test_cut_escape(void **state)
{
	static char text[2000];

	for (size_t lead = 0; lead < 12; lead++) {
		struct log_line l;
		struct str s;

		memset(text, 1, sizeof(text));
		memset(text, 'x', lead);
		log_begin(&l, LOG_INFO, "e");
		log_str(&l, "k", str_n(text, sizeof(text)));
		s = end(&l);
		assert_true(str_ends(s, STR("\\u0001...\"\n")));

		for (size_t i = lead; i + 3 <= sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 3);
		log_begin(&l, LOG_INFO, "e");
		log_str(&l, "k", str_n(text, sizeof(text)));
		s = end(&l);
		assert_true(str_ends(s, STR("\xe2\x82\xac...\"\n")));
	}
}

/* What has been written by now, of all lines. */
static struct str
written(void)
{
	ssize_t n;

	assert_int_equal(write(pipe_fd[1], "#", 1), 1);
	n = read(pipe_fd[0], got, sizeof(got));
	assert_true(n > 0);
	return str_n(got, (size_t)n - 1);
}

static void
say(enum log_level level, const char *event)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_end(&l);
}

static size_t
lines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void *
gather(void *arg)
{
	size_t n = 0;
	struct str s;

	log_gather();
	say(LOG_INFO, "one");
	say(LOG_INFO, "two");
	assert_int_equal(written().n, 0);
	log_flush();
	assert_int_equal(lines(written()), 2);
	log_flush();
	assert_int_equal(written().n, 0);
	/* What is worse does not wait, nor what was before it. */
	say(LOG_INFO, "three");
	say(LOG_WARN, "four");
	s = written();
	assert_int_equal(lines(s), 2);
	assert_true(str_find(s, STR("three")) < str_find(s, STR("four")));
	/* A full room goes out whole lines at once. */
	do {
		say(LOG_INFO, "five");
		n++;
		s = written();
	} while (s.n == 0);
	assert_true(s.n > 3000 && s.p[s.n - 1] == '\n');
	assert_int_equal(lines(s), n - 1);
	log_flush();
	assert_int_equal(lines(written()), 1);
	return NULL;
}

/* Other threads' lines are not held. */
static void
test_gather(void **state)
{
	pthread_t t;

	assert_true(dup2(pipe_fd[1], STDERR_FILENO) >= 0);
	assert_int_equal(pthread_create(&t, NULL, gather, NULL), 0);
	pthread_join(t, NULL);
	say(LOG_INFO, "here");
	assert_int_equal(lines(written()), 1);
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_escape),
		cmocka_unit_test(test_gather),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
