/* The last resort: bodies without an index. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/bodyrec.h"
#include "unit/store/sqlite_home.h"

struct said {
	char text[65536];
	size_t n;
};

static void
keep(void *ctx, struct str line)
{
	struct said *s = ctx;
	int n = snprintf(s->text + s->n, sizeof(s->text) - s->n, "%.*s\n",
			 STR_ARG(line));

	if (n > 0 && (size_t)n < sizeof(s->text) - s->n)
		s->n += (size_t)n;
}

static int
rebuild(struct home *h, struct said *said)
{
	struct sqlite_store_options o = { .limits = &h->limits };

	said->n = 0;
	said->text[0] = '\0';
	return sqlite_store_rebuild(h->path, &o, keep, said);
}

static void
says(const struct said *said, const char *what)
{
	if (!strstr(said->text, what))
		fail_msg("\"%s\" is missing in:\n%s", what, said->text);
}

/* The mailboxes of the new index. */
static void
find_people(struct home *h)
{
	for (unsigned i = 0; i < HOME_PEOPLE; i++) {
		struct store_account acc;
		char key[32];

		(void)snprintf(key, sizeof(key), "p%u@a.test", i);
		h->mailbox[i] = 0;
		if (store_account_find(h->r, &h->a, str_c(key), &acc) == 0) {
			h->mailbox[i] = acc.mailbox_id;
			assert_int_equal(acc.kdf_m, 0);
			assert_int_equal(acc.account_id != 0, 1);
		}
	}
}

static void
fill(struct home *h)
{
	home_init(h);
	h->limits.segment = 1 << 20;
	home_open(h);
	home_people(h);
	for (uint64_t n = 0; n < 60; n++)
		assert_rc(home_send(h, n % 3, n, 50000), 0);
	assert_rc(home_send_big(h, 1, 60, 500000), 0);
}

static uint64_t
recovered(struct home *h, unsigned i)
{
	struct store_folder f;

	assert_rc(store_folder_find(h->r, &h->a, h->mailbox[i],
				    STR("recovered"), &f), 0);
	assert_int_equal(f.total, f.unread);
	return f.total;
}

static void
test_lost(void **state)
{
	static struct said said;
	struct store_stats st;
	struct home h;

	fill(&h);
	home_close(&h);
	assert_int_equal(unlink(home_path(&h, "index.db")), 0);
	assert_rc(home_try(&h), ERR_CORRUPT);
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "recovered 61 bodies as 61 messages; 0 copies");
	says(&said, "passwords");
	says(&said, "never committed");
	says(&said, "account p0@a.test: made");

	home_open(&h);
	find_people(&h);
	assert_int_equal(h.mailbox[3], 0);	/* had no mail */
	for (uint64_t n = 0; n < 60; n++)
		assert_rc(home_has(&h, n % 3, n), 0);
	assert_rc(home_has(&h, 1, 60), 0);
	assert_int_equal(recovered(&h, 0), 20);
	assert_int_equal(recovered(&h, 1), 21);
	assert_rc(store_stats_get(h.r, &st), 0);
	assert_int_equal(st.bodies, 61);
	assert_int_equal(st.big_files, 1);
	home_verify(&h);

	/* Life goes on, in a segment of its own. */
	assert_rc(home_send(&h, 0, 61, 1000), 0);
	home_close(&h);
	home_open(&h);
	assert_rc(home_has(&h, 0, 61), 0);
	home_verify(&h);

	/* And again, over an index that is still there. */
	home_close(&h);
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "recovered 62 bodies as 62 messages; 0 copies");
	says(&said, "is now index.db.lost-1");
	assert_int_equal(access(home_path(&h, "index.db.lost-1"), F_OK), 0);
	home_open(&h);
	find_people(&h);
	assert_rc(home_has(&h, 0, 61), 0);
	home_verify(&h);
	home_done(&h);
}

static void
spoil(struct home *h, const char *name, off_t at, size_t n)
{
	static char junk[65536];
	int fd = open(home_path(h, name), O_RDWR);

	assert_true(fd >= 0);
	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, n, at), n);
	(void)close(fd);
}

/* The only large body. */
static void
spoil_large(struct home *h)
{
	char name[300] = "";
	struct dirent *e;
	DIR *d = opendir(home_path(h, "big"));

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			(void)snprintf(name, sizeof(name), "big/%s",
				       e->d_name);
	(void)closedir(d);
	spoil(h, name, 1000, 1);
}

static void
test_damaged(void **state)
{
	static struct said said;
	struct home h;
	unsigned gone = 0;

	fill(&h);
	home_close(&h);
	spoil(&h, "index.db", 0, 8192);
	assert_true(home_try(&h) < 0);
	home_close(&h);
	spoil(&h, "log/00000001.seg", 4096 + 70000, 1);	/* in the second */
	spoil(&h, "log/00000002.seg", 20, 4);		/* the salt */
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "segment 1: octets that are no record");
	says(&said, "segment 2: its head is damaged");
	says(&said, "1 segments were lost");
	home_open(&h);
	find_people(&h);
	for (uint64_t n = 0; n < 60; n++) {
		int err = home_has(&h, n % 3, n);

		assert_true(err == 0 || err == ERR_NOTFOUND);
		gone += err < 0;
	}
	/* The one that was hit, and a segment of a megabyte. */
	assert_in_range(gone, 15, 25);
	assert_rc(home_has(&h, 1, 1), ERR_NOTFOUND);
	assert_rc(home_has(&h, 0, 0), 0);
	assert_rc(home_has(&h, 2, 59), 0);
	home_verify(&h);
	home_done(&h);
}

static void
test_repeats(void **state)
{
	static struct said said;
	struct home_letter l;
	struct store_deliver_to to[2];
	struct home h;

	/* The same message by two ways, and one body for two. */
	home_init(&h);
	home_open(&h);
	home_people(&h);
	home_letter_init(&h, &l, 0, 1, 500);
	to[0] = l.to;
	home_letter_done(&l);
	home_letter_init(&h, &l, 1, 1, 500);
	to[1] = l.to;
	l.d.to = to;
	l.d.nto = 2;
	assert_rc(home_run(&h, &l.d.job), 0);
	l.d.once = false;
	l.d.nto = 1;
	assert_rc(home_run(&h, &l.d.job), 0);
	home_letter_done(&l);
	home_close(&h);
	assert_int_equal(unlink(home_path(&h, "index.db")), 0);
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "recovered 1 bodies as 2 messages; 1 copies");
	home_open(&h);
	find_people(&h);
	assert_rc(home_has(&h, 0, 1), 0);
	assert_rc(home_has(&h, 1, 1), 0);
	home_verify(&h);
	home_done(&h);
}

/* What was filed comes back like any, at its place in time. */
static void
test_filed(void **state)
{
	static struct said said;
	struct uuid id = home_id(7);
	struct home_letter l;
	struct store_append j;
	struct store_row row;
	struct home h;

	home_init(&h);
	home_open(&h);
	home_people(&h);
	home_letter_init(&h, &l, 2, 7, 500);
	j = (struct store_append){
		.job.op = STORE_APPEND, .mailbox_id = h.mailbox[2],
		.name = l.to.name, .folder_key = STR("drafts"), .id = id,
		.keywords = STR("$a"), .received = l.d.received,
		.size = l.d.size, .at = h.now, .env = l.d.env,
		.body = l.d.body,
	};
	assert_rc(home_run(&h, &j.job), 0);
	home_letter_done(&l);
	home_close(&h);
	assert_int_equal(unlink(home_path(&h, "index.db")), 0);
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "recovered 1 bodies as 1 messages; 0 copies");
	home_open(&h);
	find_people(&h);
	assert_rc(home_has(&h, 2, 7), 0);
	assert_rc(store_row_find(h.r, &h.a, h.mailbox[2], 0, &id, &row), 0);
	assert_int_equal(row.pos.ord, 1700000000007);
	home_verify(&h);
	home_done(&h);
}

static void
test_not_beside(void **state)
{
	static struct said said;
	struct home h;

	fill(&h);
	assert_rc(rebuild(&h, &said), ERR_LOCKED);
	home_verify(&h);
	home_close(&h);

	/* A large body that is damaged is kept, out of the way. */
	spoil(&h, "index.db", 0, 100);
	spoil_large(&h);
	assert_rc(rebuild(&h, &said), 0);
	says(&said, "1 large bodies");
	says(&said, ".lost");
	home_open(&h);
	find_people(&h);
	assert_rc(home_has(&h, 1, 60), ERR_NOTFOUND);
	home_verify(&h);
	home_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_filed),
		cmocka_unit_test(test_not_beside),
	};

	return cmocka_run_group_tests_name("store/sqlite_rebuild", tests, NULL,
					   NULL);
}
