#include "unit/store/sqlite_home.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void
home_init(struct home *h)
{
	const char *tmp = getenv("TMPDIR");

	memset(h, 0, sizeof(*h));
	(void)snprintf(h->path, sizeof(h->path), "%s/store-XXXXXX",
		       tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(h->path));
	limits_init(&h->limits);
	arena_init(&h->a, SIZE_MAX, 65536);
	h->now = 1700000000000;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void
home_remove(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
home_done(struct home *h)
{
	home_close(h);
	home_remove(h->path);
	arena_done(&h->a);
}

int
home_try(struct home *h)
{
	struct sqlite_store_options o = { .limits = &h->limits,
					  .create = true };
	int err;

	h->why[0] = '\0';
	err = sqlite_store_open(h->path, &o, &h->s, h->why, sizeof(h->why));
	if (err == 0)
		err = store_reader_new(h->s, &h->r);
	return err;
}

void
home_open(struct home *h)
{
	CHECK_RC(h->why, home_try(h), 0);
}

void
home_close(struct home *h)
{
	store_reader_free(h->r);
	store_close(h->s);
	h->r = NULL;
	h->s = NULL;
}

int
home_run(struct home *h, struct store_job *job)
{
	int err = store_write(h->s, &job, 1);

	return err < 0 ? err : job->err;
}

void
home_people(struct home *h)
{
	struct store_domain_edit d = {
		.job.op = STORE_DOMAIN_ADD,
		.domain = STR("a.test"),
		.at = h->now,
	};

	assert_rc(home_run(h, &d.job), 0);
	for (unsigned i = 0; i < HOME_PEOPLE; i++) {
		char name[32];
		struct store_account_add add = {
			.job.op = STORE_ACCOUNT_ADD,
			.domain = STR("a.test"),
			.at = h->now,
		};

		(void)snprintf(name, sizeof(name), "p%u@a.test", i);
		add.name = add.key = str_c(name);
		assert_rc(home_run(h, &add.job), 0);
		h->mailbox[i] = add.mailbox_id;
	}
}

struct uuid
home_id(uint64_t n)
{
	uint8_t rnd[10] = { 0 };

	memcpy(rnd + 2, &n, sizeof(n));
	return uuid_v7(1700000000000 + n, rnd);
}

/* The text of letter n: a line with its number, again and again. */
static void
fill_text(struct buf *b, uint64_t n, size_t octets)
{
	assert_rc(buf_reserve(b, octets + 64), 0);
	while (b->n < octets)
		assert_rc(buf_addf(b, "letter %llu at %zu\n",
				   (unsigned long long)n, b->n), 0);
}

static void
fill_message(struct message *m, struct message_part *part, uint64_t n,
	     struct str text, struct uuid id)
{
	static const struct str to[] = { { "p0@a.test", 9 } };
	struct part_scan scan;

	*part = (struct message_part){
		.id = STR("part1"), .type = STR("text/plain"),
		.content = true, .length = text.n,
	};
	memcpy(part->sha256, &n, sizeof(n));
	part_scan_init(&scan);
	part_scan_feed(&scan, text);
	part_scan_finish(&scan, part);
	*m = (struct message){
		.id = id, .from = STR("bob@b.test"),
		.to = to, .nto = 1, .subject = STR("a letter"),
		.date = 1700000000000 + n, .received = 1700000000000 + n,
		.parts = part, .nparts = 1, .preview = STR("letter"),
	};
}

void
home_letter_init(struct home *h, struct home_letter *l, unsigned to,
		 uint64_t n, size_t octets)
{
	static const char *const names[HOME_PEOPLE] = {
		"p0@a.test", "p1@a.test", "p2@a.test", "p3@a.test"
	};
	struct message_part part;
	struct message m;

	memset(l, 0, sizeof(*l));
	buf_init(&l->body, SIZE_MAX);
	buf_init(&l->env, SIZE_MAX);
	fill_text(&l->body, n, octets);
	fill_message(&m, &part, n, buf_str(&l->body), home_id(n));
	assert_rc(message_trailer(&m, &l->body), 0);
	assert_rc(message_row(&m, &l->env), 0);
	l->to = (struct store_deliver_to){
		.mailbox_id = h->mailbox[to],
		.name = str_c(names[to]),
		.folder_key = STR("inbox"),
		.once = str_c(names[to]),
	};
	l->d = (struct store_deliver){
		.job.op = STORE_DELIVER,
		.origin = STR("b.test"),
		.once = true,
		.id = home_id(n),
		.from = STR("bob@b.test"),
		.received = 1700000000000 + n,
		.size = part.length,
		.env = buf_str(&l->env),
		.body = buf_str(&l->body),
		.to = &l->to,
		.nto = 1,
	};
	memcpy(l->d.sha, &n, sizeof(n));
}

void
home_letter_done(struct home_letter *l)
{
	buf_done(&l->body);
	buf_done(&l->env);
}

int
home_send(struct home *h, unsigned to, uint64_t n, size_t octets)
{
	struct home_letter l;
	int err;

	home_letter_init(h, &l, to, n, octets);
	l.d.to = &l.to;
	err = home_run(h, &l.d.job);
	home_letter_done(&l);
	return err;
}

int
home_send_big(struct home *h, unsigned to, uint64_t n, size_t octets)
{
	struct store_big *big = NULL;
	struct home_letter l;
	char owners[64];
	int err;

	home_letter_init(h, &l, to, n, octets);
	(void)snprintf(owners, sizeof(owners), "%.*s\n", STR_ARG(l.to.name));
	err = store_big_new(h->s, &big);
	for (size_t at = 0; err == 0 && at < l.body.n; at += 4000)
		err = store_big_write(big, str_sub(l.d.body, at, 4000));
	if (err == 0)
		err = store_big_finish(big, str_c(owners));
	if (err == 0) {
		l.d.body = (struct str){ NULL, 0 };
		l.d.big = big;
		l.d.to = &l.to;
		err = home_run(h, &l.d.job);
	}
	store_big_free(big);
	home_letter_done(&l);
	return err;
}

int
home_has(struct home *h, unsigned to, uint64_t n)
{
	struct uuid id = home_id(n);
	struct store_body body;
	struct store_row row;
	struct home_letter l;
	struct buf got;
	struct arena a;
	int err;

	arena_init(&a, SIZE_MAX, 0);
	buf_init(&got, SIZE_MAX);
	err = store_row_find(h->r, &a, h->mailbox[to], 0, &id, &row);
	if (err == 0)
		err = store_body_open(h->r, row.body_id, &body);
	if (err == 0)
		err = store_body_load(h->r, &body, &got);
	if (err == 0) {
		home_letter_init(h, &l, to, n, row.size > 20 ? row.size - 20 :
							       0);
		if (!str_eq(str_sub(buf_str(&got), 0, 10),
			    str_sub(buf_str(&l.body), 0, 10)))
			err = ERR_DATA;
		home_letter_done(&l);
	}
	buf_done(&got);
	arena_done(&a);
	return err;
}

static void
keep_line(void *ctx, struct str line)
{
	struct home *h = ctx;

	(void)snprintf(h->why, sizeof(h->why), "%.*s", STR_ARG(line));
}

int
home_findings(struct home *h)
{
	h->why[0] = '\0';
	return store_verify(h->r, keep_line, h);
}

void
home_verify(struct home *h)
{
	int n = home_findings(h);

	CHECK_RC(h->why, n, 0);
}

/* --- files --- */

const char *
home_path(struct home *h, const char *name)
{
	static char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s", h->path, name);
	return path;
}

static void
copy_file(const char *from, const char *to)
{
	static char chunk[65536];
	int in = open(from, O_RDONLY), out;
	ssize_t n;

	if (in < 0)
		return;	/* gone meanwhile */
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(out >= 0);
	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		assert_int_equal(write(out, chunk, (size_t)n), n);
	(void)close(in);
	(void)close(out);
}

void
home_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *e;

	assert_non_null(d);
	(void)mkdir(to, 0700);
	while ((e = readdir(d))) {
		char a[600], b[600];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(a, sizeof(a), "%s/%s", from, e->d_name);
		(void)snprintf(b, sizeof(b), "%s/%s", to, e->d_name);
		if (stat(a, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			home_copy(a, b);
		else
			copy_file(a, b);
	}
	(void)closedir(d);
}
