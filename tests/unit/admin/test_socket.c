/* The control socket's place: mode, what is stale, what is not. */
#include "admin/admin_socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/test.h"

static char folder[200];

static const char *
in_folder(const char *name)
{
	static char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int
setup(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/immp-socket-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	return rmdir(folder);
}

static void
test_both_ends(void **state)
{
	const char *path = in_folder("s");
	mode_t before = umask(0);
	struct stat st;
	int li, fd, other;
	ino_t ino, unused;
	char c = 0;

	assert_rc(admin_socket_connect(path, &fd), ERR_NOTFOUND);
	assert_rc(admin_socket_listen(path, &li, &ino), 0);
	(void)umask(before);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(st.st_ino, ino);

	/* A live one is nobody else's. */
	assert_rc(admin_socket_listen(path, &other, &unused), ERR_LOCKED);
	fd = accept(li, NULL, NULL);	/* the other one's question */
	assert_true(fd >= 0);
	close(fd);

	assert_rc(admin_socket_connect(path, &fd), 0);
	other = accept(li, NULL, NULL);
	assert_true(other >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(other, &c, 1), 1);
	close(fd);
	close(other);

	/* What has ended is stale: nobody answers, and it is replaced. */
	close(li);
	assert_rc(admin_socket_connect(path, &fd), ERR_NOTFOUND);
	assert_rc(admin_socket_listen(path, &li, &unused), 0);
	admin_socket_unlink(path, unused + 1);	/* not ours */
	assert_int_equal(access(path, F_OK), 0);
	admin_socket_unlink(path, unused);
	assert_int_equal(access(path, F_OK), -1);
	close(li);
}

static void
test_no_socket(void **state)
{
	const char *path = in_folder("file");
	int fd;
	ino_t ino;

	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_rc(admin_socket_listen(path, &fd, &ino), ERR_EXISTS);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);

	assert_rc(admin_socket_listen(in_folder("none/s"), &fd, &ino),
		  ERR_NOTFOUND);
	assert_rc(admin_socket_connect(in_folder("none/s"), &fd),
		  ERR_NOTFOUND);
	assert_rc(admin_socket_listen("", &fd, &ino), ERR_VALUE);
	assert_rc(admin_socket_connect("", &fd), ERR_VALUE);
}

/* A full queue of a server that is busy is life, too. */
static void
test_busy(void **state)
{
	const char *path = in_folder("s");
	int li, other;
	ino_t ino, unused;

	assert_rc(admin_socket_listen(path, &li, &ino), 0);
	for (int i = 0; i < 64; i++)
		assert_rc(admin_socket_listen(path, &other, &unused),
			  ERR_LOCKED);
	admin_socket_unlink(path, ino);
	close(li);
}

/* Longer than the kernel takes an address. */
static void
test_long(void **state)
{
	char deep[400], path[420];
	int li, fd;
	ino_t ino;

	(void)snprintf(deep, sizeof(deep), "%s/%0120d", folder, 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/control.sock", deep);
	assert_true(strlen(path) > 108);
	assert_rc(admin_socket_connect(path, &fd), ERR_NOTFOUND);
	assert_rc(admin_socket_listen(path, &li, &ino), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_rc(admin_socket_connect(path, &fd), 0);
	close(fd);
	close(li);
	assert_rc(admin_socket_listen(path, &li, &ino), 0);
	close(li);
	admin_socket_unlink(path, ino);
	assert_int_equal(rmdir(deep), 0);

	/* A name that is too long by itself. */
	(void)snprintf(path, sizeof(path), "%s/%0120d", folder, 0);
	assert_rc(admin_socket_listen(path, &li, &ino), ERR_VALUE);
	assert_rc(admin_socket_connect(path, &fd), ERR_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
