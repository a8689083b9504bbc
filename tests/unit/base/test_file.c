#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char folder[64];
	char path[96];
};

static int
setup(void **state)
{
	struct place *p = mem_zalloc(sizeof(*p));

	assert_non_null(p);
	snprintf(p->folder, sizeof(p->folder), "/tmp/immp-file-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/x", p->folder);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path); /* may not be there */
	/* Fails if a temporary file was left. */
	assert_int_equal(rmdir(p->folder), 0);
	mem_free(p);
	return 0;
}

static void
test_create(void **state)
{
	struct place *p = *state;
	CLEANUP_BUF struct buf b = { 0 };
	struct stat st;

	buf_init(&b, 100);
	umask(0777);
	assert_int_equal(file_create(p->path, 0640, STR("text")), 0);
	umask(022);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_read(p->path, false, &b), 0);
	assert_true(str_eq(buf_str(&b), STR("text")));

	/* What is there stays. */
	assert_int_equal(file_create(p->path, 0600, STR("other")), ERR_EXISTS);
	buf_clear(&b);
	assert_int_equal(file_read(p->path, false, &b), 0);
	assert_true(str_eq(buf_str(&b), STR("text")));
}

static void
test_read_private(void **state)
{
	struct place *p = *state;
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 100);
	assert_int_equal(file_read(p->path, true, &b), ERR_NOTFOUND);
	assert_int_equal(file_create(p->path, 0604, STR("text")), 0);
	assert_int_equal(file_read(p->path, true, &b), ERR_DENIED);
	assert_int_equal(chmod(p->path, 0600), 0);
	assert_int_equal(file_read(p->path, true, &b), 0);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(symlink("/etc/passwd", p->path), 0);
	assert_int_equal(file_read(p->path, true, &b), ERR_DENIED);
	assert_int_equal(file_read(p->folder, true, &b), ERR_DENIED);
}

static void
test_read_ceiling(void **state)
{
	struct place *p = *state;
	CLEANUP_BUF struct buf b = { 0 };
	char text[10000];

	memset(text, 'x', sizeof(text));
	assert_int_equal(file_create(p->path, 0600, str_n(text, sizeof(text))),
			 0);
	buf_init(&b, sizeof(text) - 1);
	assert_int_equal(file_read(p->path, false, &b), ERR_LIMIT);
	buf_done(&b);
	buf_init(&b, sizeof(text));
	assert_int_equal(file_read(p->path, false, &b), 0);
	assert_int_equal(b.n, sizeof(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_private, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_read_ceiling, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
