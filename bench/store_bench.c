/*
 * store_bench: how much of the bare loop the embedded store keeps.
 *
 *	store_bench [-m mailboxes] [-b batch] [-s octets] [-n messages]
 *		    [-r rounds] [-c] [-o] [folder]
 *
 * The bare loop (A) is what docs/internals/store.md began from: for each batch
 * BEGIN, a savepoint a message, its statements, one pwritev() of all bodies,
 * fdatasync(), the tail, COMMIT; no headers to check, no checksums, no other
 * code.  The store (B) gets the same messages through store_write().  Both run
 * in turns, A B A B ..., in this one process, into files that grow from round
 * to round, each with a thread that fills ahead and checkpoints.
 *
 * Printed are messages a second of each round, and the ratio of the sums.
 * With -c only the processor's time is compared; with -o the store also keeps
 * the sender's IDs (as for mail of another server), which A does not.
 */
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "store/sqlite/sqlite_store.h"

#define SEGMENT (256ull << 20)
#define PAGE 4096
#define PEOPLE 1000

static struct {
	unsigned mailboxes, batch, rounds;
	size_t octets, messages;
	bool processor, once;
} opt;

static char folder[256];
static char *body;
static char env[560];

static void
die(const char *what)
{
	fprintf(stderr, "store_bench: %s\n", what);
	exit(1);
}

static double
seconds(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- A: the bare loop --- */

static const char schema[] =
	"CREATE TABLE state(one INTEGER PRIMARY KEY CHECK(one=1), log_seg INT,"
	" log_off INT, batch INT);"
	"INSERT INTO state VALUES(1, 1, 0, 0);"
	"CREATE TABLE segment(seg INTEGER PRIMARY KEY, salt INT, used INT,"
	" live INT, phase INT);"
	"CREATE TABLE body(body_id INTEGER PRIMARY KEY, seg INT, off INT,"
	" len INT, refs INT, sha BLOB);"
	"CREATE TABLE mailbox(mailbox_id INTEGER PRIMARY KEY, domain_id INT,"
	" kind INT, modseq INT, next_no INT, used INT, quota INT, total INT,"
	" trimmed INT, name TEXT);"
	"CREATE TABLE folder(mailbox_id INT, folder_id INT, path TEXT,"
	" path_key TEXT, role INT, total INT, unread INT, flagged INT,"
	" octets INT, modseq INT, PRIMARY KEY(mailbox_id, folder_id))"
	" WITHOUT ROWID;"
	"CREATE UNIQUE INDEX folder_path ON folder(mailbox_id, path_key);"
	"CREATE TABLE message(docid INTEGER PRIMARY KEY, mailbox_id INT,"
	" uuid BLOB, body_id INT, ord INT, flags INT, modseq INT, size INT,"
	" thread_no INT, gone INT, folders BLOB, keywords TEXT, env TEXT);"
	"CREATE UNIQUE INDEX message_uuid ON message(mailbox_id, uuid);"
	"CREATE INDEX message_thread ON message(mailbox_id, thread_no)"
	" WHERE thread_no IS NOT NULL;"
	"CREATE INDEX message_gone ON message(gone) WHERE gone IS NOT NULL;"
	"CREATE TABLE place(mailbox_id INT, folder_id INT, ord INT, no INT,"
	" flags INT, PRIMARY KEY(mailbox_id, folder_id, ord, no))"
	" WITHOUT ROWID;"
	"CREATE INDEX place_unread ON place(mailbox_id, folder_id, ord, no)"
	" WHERE flags & 1;"
	"CREATE INDEX place_flagged ON place(mailbox_id, folder_id, ord, no)"
	" WHERE flags & 2;"
	"CREATE INDEX place_important ON place(mailbox_id, folder_id, ord, no)"
	" WHERE flags & 4;"
	"CREATE TABLE change(mailbox_id INT, modseq INT, kind INT, no INT,"
	" folder_id INT, actor INT, at INT, detail BLOB,"
	" PRIMARY KEY(mailbox_id, modseq)) WITHOUT ROWID;"
	"CREATE TABLE todo(docid INTEGER PRIMARY KEY);";

enum bare_sql {
	BEGIN, SAVE, RELEASE, COMMIT, STATE, BODY, BOX, MESSAGE, PLACE, FOLDER,
	CHANGE, TODO, BARE_COUNT
};
static const char *const bare_text[BARE_COUNT] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[SAVE] = "SAVEPOINT j",
	[RELEASE] = "RELEASE j",
	[COMMIT] = "COMMIT",
	[STATE] = "UPDATE state SET log_seg=?, log_off=?, batch=batch+1",
	[BODY] = "INSERT INTO body VALUES(?, ?, ?, ?, 1, NULL)",
	[BOX] = "UPDATE mailbox SET modseq=modseq+1, next_no=next_no+1,"
		" used=used+?1, total=total+1 WHERE mailbox_id=?2 AND"
		" used+?1<=quota RETURNING modseq, next_no-1",
	[MESSAGE] = "INSERT INTO message VALUES(?, ?, ?, ?, ?, 0, ?, ?, NULL,"
		    " NULL, ?, '', ?)",
	[PLACE] = "INSERT INTO place VALUES(?, 1, ?, ?, 1)",
	[FOLDER] = "UPDATE folder SET total=total+1, unread=unread+1,"
		   " octets=octets+?, modseq=? WHERE mailbox_id=? AND"
		   " folder_id=1",
	[CHANGE] = "INSERT INTO change VALUES(?, ?, 1, ?, 1, 0, ?, NULL)",
	[TODO] = "INSERT INTO todo VALUES(?)",
};

static struct bare {
	sqlite3 *db, *tend;
	sqlite3_stmt *st[BARE_COUNT];
	char dir[320];
	int fd;
	unsigned seg;
	uint64_t off, body_id;
	_Atomic uint64_t filled, tail, pages;
	_Atomic int segment_fd;
} bare;

static void
bare_open(sqlite3 **ret, bool make)
{
	static const char settings[] =
		"PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
		"PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0;"
		"PRAGMA cache_size=-16384;";
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/bare.db", bare.dir);
	if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE |
				       SQLITE_OPEN_CREATE |
				       SQLITE_OPEN_NOMUTEX, NULL) ||
	    sqlite3_exec(*ret, settings, NULL, NULL, NULL) ||
	    (make && sqlite3_exec(*ret, schema, NULL, NULL, NULL)))
		die(sqlite3_errmsg(*ret));
}

static void
bare_segment(void)
{
	char path[400];

	if (bare.seg)
		(void)close(bare.fd);
	(void)snprintf(path, sizeof(path), "%s/%u.seg", bare.dir, ++bare.seg);
	bare.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (bare.fd < 0)
		die(path);
	bare.off = 0;
	atomic_store(&bare.filled, 0);
	atomic_store(&bare.tail, 0);
	atomic_store(&bare.segment_fd, bare.fd);
}

static int
bare_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
	atomic_store(&bare.pages, (uint64_t)pages);
	return SQLITE_OK;
}

static void
bare_init(void)
{
	char text[200];

	(void)snprintf(bare.dir, sizeof(bare.dir), "%s", folder);
	bare_open(&bare.db, true);
	bare_open(&bare.tend, false);
	(void)sqlite3_exec(bare.db, "BEGIN", NULL, NULL, NULL);
	for (unsigned i = 1; i <= opt.mailboxes; i++) {
		(void)snprintf(text, sizeof(text),
			       "INSERT INTO mailbox VALUES(%u,1,1,0,1,0,"
			       "1<<50,0,0,'u%u@a.test');"
			       "INSERT INTO folder VALUES(%u,1,'INBOX',"
			       "'inbox',1,0,0,0,0,0)", i, i, i);
		if (sqlite3_exec(bare.db, text, NULL, NULL, NULL))
			die(sqlite3_errmsg(bare.db));
	}
	if (sqlite3_exec(bare.db, "COMMIT", NULL, NULL, NULL))
		die(sqlite3_errmsg(bare.db));
	for (int i = 0; i < BARE_COUNT; i++)
		if (sqlite3_prepare_v3(bare.db, bare_text[i], -1,
				       SQLITE_PREPARE_PERSISTENT, &bare.st[i],
				       NULL))
			die(sqlite3_errmsg(bare.db));
	(void)sqlite3_wal_hook(bare.db, bare_pages, NULL);
	bare_segment();
}

static void
run(enum bare_sql id)
{
	int rc = sqlite3_step(bare.st[id]);

	if (rc != SQLITE_DONE)
		die(sqlite3_errmsg(bare.db));
	(void)sqlite3_reset(bare.st[id]);
}

static void
num(enum bare_sql id, int i, uint64_t v)
{
	(void)sqlite3_bind_int64(bare.st[id], i, (sqlite3_int64)v);
}

static void
blob(enum bare_sql id, int i, const void *p, int n)
{
	(void)sqlite3_bind_blob(bare.st[id], i, p, n, SQLITE_STATIC);
}

static struct uuid
uuid_of(uint64_t n)
{
	uint8_t rnd[10];

	for (int i = 0; i < 10; i++)
		rnd[i] = (uint8_t)((n * 0x9e3779b97f4a7c15ull) >> (i * 5));
	return uuid_v7(1700000000000 + n, rnd);
}

static void
bare_message(uint64_t n)
{
	static const uint8_t in[4] = { 1 };
	uint64_t box = 1 + n % opt.mailboxes, modseq, no, docid;
	struct uuid id = uuid_of(n);

	run(SAVE);
	num(BODY, 1, ++bare.body_id);
	num(BODY, 2, bare.seg);
	num(BODY, 3, bare.off);
	num(BODY, 4, opt.octets);
	run(BODY);
	num(BOX, 1, opt.octets);
	num(BOX, 2, box);
	if (sqlite3_step(bare.st[BOX]) != SQLITE_ROW)
		die("quota");
	modseq = (uint64_t)sqlite3_column_int64(bare.st[BOX], 0);
	no = (uint64_t)sqlite3_column_int64(bare.st[BOX], 1);
	run(BOX);
	docid = box << 32 | no;
	num(MESSAGE, 1, docid);
	num(MESSAGE, 2, box);
	blob(MESSAGE, 3, id.b, 16);
	num(MESSAGE, 4, bare.body_id);
	num(MESSAGE, 5, 1700000000000 + n);
	num(MESSAGE, 6, modseq);
	num(MESSAGE, 7, opt.octets);
	blob(MESSAGE, 8, in, 4);
	(void)sqlite3_bind_text(bare.st[MESSAGE], 9, env, sizeof(env),
				SQLITE_STATIC);
	run(MESSAGE);
	num(PLACE, 1, box);
	num(PLACE, 2, 1700000000000 + n);
	num(PLACE, 3, no);
	run(PLACE);
	num(FOLDER, 1, opt.octets);
	num(FOLDER, 2, modseq);
	num(FOLDER, 3, box);
	run(FOLDER);
	num(CHANGE, 1, box);
	num(CHANGE, 2, modseq);
	num(CHANGE, 3, no);
	num(CHANGE, 4, 1700000000000 + n);
	run(CHANGE);
	num(TODO, 1, docid);
	run(TODO);
	run(RELEASE);
}

static void
bare_batch(uint64_t n)
{
	struct iovec v[1000];
	uint64_t start = bare.off;
	size_t sum = 0;
	int all, done;

	if (bare.off + opt.batch * opt.octets > SEGMENT) {
		bare_segment();
		start = 0;
	}
	run(BEGIN);
	for (unsigned i = 0; i < opt.batch; i++) {
		bare_message(n + i);
		v[i] = (struct iovec){ body, opt.octets };
		bare.off += opt.octets;
		sum += opt.octets;
	}
	if (pwritev(bare.fd, v, (int)opt.batch, (off_t)start) !=
		    (ssize_t)sum ||
	    fdatasync(bare.fd) < 0)
		die("write");
	num(STATE, 1, bare.seg);
	num(STATE, 2, bare.off);
	run(STATE);
	run(COMMIT);
	atomic_store(&bare.tail, bare.off);
	if (atomic_load(&bare.pages) * PAGE > 64 << 20)
		(void)sqlite3_wal_checkpoint_v2(bare.db, NULL,
						SQLITE_CHECKPOINT_RESTART,
						&all, &done);
}

/* Zeros ahead, well before they are needed, and checkpoints. */
static int
bare_tend(void)
{
	static char zeros[1 << 20];
	static uint64_t last;
	uint64_t filled = atomic_load(&bare.filled);
	uint64_t pages = atomic_load(&bare.pages);
	int did = 0, all, done;

	if (filled < SEGMENT && filled < atomic_load(&bare.tail) + (8 << 20)) {
		int fd = atomic_load(&bare.segment_fd);

		/* Only where the loop has not been yet. */
		if (filled < atomic_load(&bare.tail) + (4 << 20))
			filled = atomic_load(&bare.tail) + (4 << 20);
		for (int i = 0; i < 8; i++)
			if (pwrite(fd, zeros, sizeof(zeros),
				   (off_t)filled + (i << 20)) < 0)
				die("fill");
		(void)fdatasync(fd);
		atomic_store(&bare.filled, filled + (8 << 20));
		did = 1;
	}
	if (pages * PAGE > 8 << 20 && pages * PAGE <= 64 << 20 &&
	    pages != last) {
		last = pages;
		(void)sqlite3_wal_checkpoint_v2(bare.tend, NULL,
						SQLITE_CHECKPOINT_PASSIVE,
						&all, &done);
		did = 1;
	}
	return did;
}

/* --- B: the store --- */

static struct {
	struct limits limits;
	struct store *s;
	uint64_t *box;
	struct str *name;
	struct store_deliver *d;
	struct store_deliver_to *to;
	struct store_job **jobs;
} own;

static void
own_run(struct store_job *job)
{
	if (store_write(own.s, &job, 1) < 0 || job->err < 0)
		die(err_name(job->err));
}

/* The mailboxes from `from` on, PEOPLE at most. */
static void
own_people(unsigned from)
{
	static struct store_account_add add[PEOPLE];
	static struct store_job *jobs[PEOPLE];
	unsigned n = 0;

	for (unsigned i = from; n < PEOPLE && i < opt.mailboxes; i++, n++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "u%u@a.test", i);
		own.name[i] = str_n(mem_strndup(name, strlen(name)),
				    strlen(name));
		add[n] = (struct store_account_add){
			.job.op = STORE_ACCOUNT_ADD,
			.domain = STR("a.test"),
			.name = own.name[i],
			.key = own.name[i],
		};
		jobs[n] = &add[n].job;
	}
	if (store_write(own.s, jobs, n) < 0)
		die("sync");
	for (unsigned i = 0; i < n; i++) {
		if (add[i].job.err < 0)
			die(err_name(add[i].job.err));
		own.box[from + i] = add[i].mailbox_id;
	}
}

static void
own_init(void)
{
	struct sqlite_store_options o = { &own.limits, true };
	struct store_domain_edit dom = { .job.op = STORE_DOMAIN_ADD,
					 .domain = STR("a.test") };
	char path[320], why[200];

	limits_init(&own.limits);
	own.limits.quota = 1ull << 50;
	(void)snprintf(path, sizeof(path), "%s/own", folder);
	if (sqlite_store_open(path, &o, &own.s, why, sizeof(why)) < 0)
		die(why);
	own.box = mem_calloc(opt.mailboxes, sizeof(*own.box));
	own.name = mem_calloc(opt.mailboxes, sizeof(*own.name));
	own.d = mem_calloc(opt.batch, sizeof(*own.d));
	own.to = mem_calloc(opt.batch, sizeof(*own.to));
	own.jobs = mem_calloc(opt.batch, sizeof(*own.jobs));
	if (!own.box || !own.name || !own.d || !own.to || !own.jobs)
		die("memory");
	own_run(&dom.job);
	for (unsigned i = 0; i < opt.mailboxes; i += PEOPLE)
		own_people(i);
}

static void
own_batch(uint64_t n)
{
	for (unsigned i = 0; i < opt.batch; i++) {
		unsigned box = (unsigned)((n + i) % opt.mailboxes);

		own.to[i] = (struct store_deliver_to){
			.mailbox_id = own.box[box],
			.name = own.name[box],
			.folder_key = STR("inbox"),
			.once = own.name[box],
		};
		own.d[i] = (struct store_deliver){
			.job.op = STORE_DELIVER,
			.origin = STR("b.test"),
			.once = opt.once,
			.id = uuid_of(n + i),
			.from = STR("bob@b.test"),
			.received = 1700000000000 + n + i,
			.size = opt.octets,
			.env = str_n(env, sizeof(env)),
			.body = str_n(body, opt.octets),
			.to = &own.to[i],
			.nto = 1,
		};
		own.jobs[i] = &own.d[i].job;
	}
	if (store_write(own.s, own.jobs, opt.batch) < 0)
		die("sync");
	for (unsigned i = 0; i < opt.batch; i++)
		if (own.jobs[i]->err < 0)
			die(err_name(own.jobs[i]->err));
}

static int
own_tend(void)
{
	return store_tend(own.s);
}

/* --- in turns --- */

static _Atomic bool tending;

static void *
tend_thread(void *arg)
{
	int (*tend)(void) = *(int (**)(void))arg;

	while (atomic_load(&tending))
		if (tend() <= 0)
			(void)nanosleep(&(struct timespec){ 0, 2000000 },
					NULL);
	return NULL;
}

/* Messages a second of one round (or per second of this thread's time). */
static double
measure(void (*batch)(uint64_t), int (*tend)(void), uint64_t *n)
{
	clockid_t id = opt.processor ? CLOCK_THREAD_CPUTIME_ID :
				       CLOCK_MONOTONIC;
	uint64_t end = *n + opt.messages;
	pthread_t t;
	double from, took;

	atomic_store(&tending, true);
	if (pthread_create(&t, NULL, tend_thread, &tend))
		die("thread");
	from = seconds(id);
	for (; *n < end; *n += opt.batch)
		batch(*n);
	took = seconds(id) - from;
	atomic_store(&tending, false);
	(void)pthread_join(t, NULL);
	return (double)opt.messages / took;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int
number(const char *text, uint64_t max, uint64_t *ret)
{
	if (!text || str_u64(str_c(text), max, ret) < 0)
		return ERR_VALUE;
	return *ret ? 0 : ERR_VALUE;
}

static void
options(int argc, char **argv)
{
	static const char letters[] = "mbsnr";
	uint64_t v[] = { 20, 200, 4096, 40000, 4 };
	int c;

	while ((c = getopt(argc, argv, "m:b:s:n:r:co")) != -1) {
		const char *at = strchr(letters, c);

		if (c == 'c')
			opt.processor = true;
		else if (c == 'o')
			opt.once = true;
		else if (!at || number(optarg, c == 'b' ? 1000 : 100000000,
				       &v[at - letters]) < 0)
			die("usage: [-m mailboxes] [-b batch] [-s octets] "
			    "[-n messages] [-r rounds] [-c] [-o] [folder]");
	}
	opt.mailboxes = (unsigned)v[0];
	opt.batch = (unsigned)v[1];
	opt.octets = (size_t)v[2];
	opt.messages = (size_t)v[3];
	opt.rounds = (unsigned)v[4];
	opt.messages -= opt.messages % opt.batch;
	(void)snprintf(folder, sizeof(folder), "%s/store-bench-XXXXXX",
		       optind < argc ? argv[optind] : ".");
}

int
main(int argc, char **argv)
{
	uint64_t na = 0, nb = 0;
	double ta = 0, tb = 0;

	options(argc, argv);
	if (!mkdtemp(folder))
		die(folder);
	body = mem_alloc(opt.octets);
	if (!body)
		die("memory");
	secret_random(body, opt.octets);
	memset(env, 'e', sizeof(env));
	own_init();
	bare_init();
	printf("%u mailboxes, batches of %u, bodies of %zu, %zu messages a "
	       "round, msg/s%s\n", opt.mailboxes, opt.batch, opt.octets,
	       opt.messages, opt.processor ? " of processor time" : "");
	for (unsigned i = 0; i < opt.rounds; i++) {
		double a = measure(bare_batch, bare_tend, &na);
		double b = measure(own_batch, own_tend, &nb);

		printf("bare %8.0f   store %8.0f   ratio %.2f\n", a, b,
		       b / a);
		(void)fflush(stdout);
		ta += 1 / a;
		tb += 1 / b;
	}
	printf("bare %8.0f   store %8.0f   ratio %.2f   in all\n",
	       opt.rounds / ta, opt.rounds / tb, ta / tb);
	store_close(own.s);
	for (int i = 0; i < BARE_COUNT; i++)
		(void)sqlite3_finalize(bare.st[i]);
	(void)sqlite3_close(bare.tend);
	(void)sqlite3_close(bare.db);
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
