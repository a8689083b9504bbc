/*
 * stress: a real immpd with many connections that write, read, come and go.
 *
 * usage: stress IMMPD [CONNECTIONS [ROUNDS]]
 *
 * Threads share the connections.  In each round a connection sends mail to
 * random accounts, several messages at once, looks at its mailbox, or goes
 * without a word in the middle of it all and comes again.  What was
 * acknowledged must be there in the end, nothing more than was sent, and at
 * SIGTERM every connection must be told, and the server end in order.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/secret_auth.h"
#include "base/clock.h"
#include "base/mem.h"
#include "lib/wire/wire.h"
#include "store/sqlite/sqlite_store.h"

#define THREADS 16
#define ACCOUNTS 32
#define BURST 4
#define H "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct part {
	pthread_t thread;
	struct wire *wires;
	size_t first, n;
	unsigned seed;
};

static char dir[] = "/tmp/immp-stress-XXXXXX";
static char addr[64];
static unsigned rounds = 5;
static atomic_ulong sent, acked;
static pid_t server;

static void
die(const char *what, int err)
{
	(void)fprintf(stderr, "stress: %s: %s\n", what, err_text(err));
	if (server > 0)
		(void)kill(server, SIGKILL);
	exit(1);
}

static void
must(const char *what, int err)
{
	if (err < 0)
		die(what, err);
}

/* --- the store --- */

static void
write_job(struct store *s, struct store_job *job, const char *what)
{
	must(what, store_write(s, &job, 1));
	must(what, job->err);
}

static void
make_account(struct store *s, const struct server_key *key, unsigned i)
{
	const struct kdf_params k = { { 1 }, KDF_T, KDF_M };
	char name[32];
	struct store_account_add add = {
		.job = { .op = STORE_ACCOUNT_ADD }, .domain = STR("a.test"),
		.has_cred = true, .at = clock_unix_ms(),
	};
	struct key_text h;

	(void)snprintf(name, sizeof(name), "u%u@a.test", i);
	add.name = add.key = str_c(name);
	memcpy(h.hex, H, sizeof(h.hex));
	must("credentials", secret_auth_cred(key, &h, &k, false, &add.cred));
	write_job(s, &add.job, "account");
}

static void
make_store(void)
{
	struct store_domain_edit domain = {
		.job = { .op = STORE_DOMAIN_ADD }, .domain = STR("a.test"),
		.at = clock_unix_ms(),
	};
	struct sqlite_store_options o = { .create = true };
	struct server_key *key;
	struct limits limits;
	char path[64], why[256];
	struct store *s;

	limits_init(&limits);
	o.limits = &limits;
	(void)snprintf(path, sizeof(path), "%s/data", dir);
	if (mkdir(path, 0700) < 0)
		die(path, err_from_errno(errno));
	must("store", sqlite_store_open(path, &o, &s, why, sizeof(why)));
	(void)snprintf(path, sizeof(path), "%s/data/server.key", dir);
	must("key", server_key_load(path, true, &key));
	write_job(s, &domain.job, "domain");
	for (unsigned i = 0; i < ACCOUNTS; i++)
		make_account(s, key, i);
	server_key_free(key);
	store_close(s);
}

/* --- the server --- */

static void
write_conf(const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		die(path, err_from_errno(errno));
	(void)fprintf(f, "[server]\ndomain = a.test\ndata = data\n"
		      "listen = 127.0.0.1:0\nlog = error\n"
		      "[limits]\nsessions_peer = 100000\nsessions = 100000\n");
	if (fclose(f) != 0)
		die(path, err_from_errno(errno));
}

/* Its address, from the line that says it is ready. */
static void
await_ready(FILE *log)
{
	char line[1024];

	while (fgets(line, sizeof(line), log) != NULL)
		if (sscanf(line, "immpd ready listen=%63s", addr) == 1)
			return;
	die("the server did not start", ERR_CLOSED);
}

static FILE *
start_server(const char *immpd)
{
	char conf[64];
	int fd[2];
	FILE *log;

	(void)snprintf(conf, sizeof(conf), "%s/immpd.conf", dir);
	write_conf(conf);
	if (pipe(fd) < 0)
		die("pipe", err_from_errno(errno));
	server = fork();
	if (server == 0) {
		(void)dup2(fd[1], STDERR_FILENO);
		(void)close(fd[0]);
		(void)execl(immpd, immpd, "-c", conf, "--allow-root",
			    (char *)NULL);
		_exit(127);
	}
	(void)close(fd[1]);
	log = fdopen(fd[0], "r");
	if (log == NULL)
		die("fdopen", err_from_errno(errno));
	await_ready(log);
	return log;
}

/* Resident KiB of the server. */
static unsigned long
resident(void)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);	/* was only read */
	return kib;
}

/* --- connections --- */

static void
expect(struct wire *w, const char *prefix)
{
	int err;

	do
		err = wire_line(w);
	while (err == 0 && !str_starts(str_c(w->line), str_c(prefix)));
	must(prefix, err);
}

static void
come(struct wire *w, size_t i)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "u%zu@a.test", i % ACCOUNTS);
	must("connect", wire_open(w, addr));
	expect(w, "101 ");
	must("upgrade", wire_say(w, "UPGRADE TLS3"));
	expect(w, "204 ");
	must("handshake", wire_tls(w, TLS_1_3));
	must("login", wire_login(w, name, NULL, H));
}

static int
send_burst(struct wire *w, unsigned *seed)
{
	char text[256];
	int err = 0;

	for (int i = 0; i < BURST && err == 0; i++) {
		(void)snprintf(text, sizeof(text),
			       "AS p%d DELIVER TO u%u@a.test\n"
			       "AS p%d DATA LENGTH 5 +CONTENT\nhelloAS p%d DONE",
			       i, (unsigned)rand_r(seed) % ACCOUNTS, i, i);
		atomic_fetch_add(&sent, 1);
		err = wire_say(w, text);
	}
	return err;
}

static void
mail(struct wire *w, unsigned *seed)
{
	int got = 0;

	must("send", send_burst(w, seed));
	while (got < BURST) {
		must("answer", wire_line(w));
		if (str_find(str_c(w->line), STR(": 273 ")) > 0) {
			atomic_fetch_add(&acked, 1);
			got++;
		} else if (str_find(str_c(w->line), STR(": 4")) > 0 ||
			   str_find(str_c(w->line), STR(": 7")) > 0) {
			die(w->line, ERR_INTERNAL);
		}
	}
}

static void
one_round(struct part *p, size_t i)
{
	struct wire *w = &p->wires[i];

	switch (rand_r(&p->seed) % 8) {
	case 0:
		(void)send_burst(w, &p->seed);	/* and goes */
		wire_close(w);
		come(w, p->first + i);
		break;
	case 1:
		must("list", wire_say(w, "MBOX INDEX /inbox LIMIT 20"));
		expect(w, "241 ");
		break;
	case 2:
		must("noop", wire_say(w, "NOOP"));
		expect(w, "200 ");
		break;
	default:
		mail(w, &p->seed);
	}
}

static void *
come_all(void *arg)
{
	struct part *p = arg;

	for (size_t i = 0; i < p->n; i++)
		come(&p->wires[i], p->first + i);
	return NULL;
}

static void *
work_all(void *arg)
{
	struct part *p = arg;

	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < p->n; i++)
			one_round(p, i);
	return NULL;
}

static void
in_parallel(struct part *parts, void *(*fn)(void *))
{
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&parts[i].thread, NULL, fn, &parts[i]) != 0)
			die("thread", ERR_LIMIT);
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(parts[i].thread, NULL);
}

/* --- the end --- */

/* How many messages there are in all mailboxes. */
static unsigned long
count_all(void)
{
	unsigned long n, all = 0;
	struct wire w;

	for (size_t i = 0; i < ACCOUNTS; i++) {
		come(&w, i);
		must("check", wire_say(&w, "MBOX CHECK /inbox"));
		expect(&w, "240 ");
		if (sscanf(strstr(w.line, " t="), " t=%lu", &n) != 1)
			die(w.line, ERR_SYNTAX);
		all += n;
		wire_close(&w);
	}
	return all;
}

static void
end_server(struct wire *wires, size_t n)
{
	uint64_t before = clock_mono_ms();
	int status;

	(void)kill(server, SIGTERM);
	for (size_t i = 0; i < n; i++) {
		expect(&wires[i], "710 ");
		wire_close(&wires[i]);
	}
	if (waitpid(server, &status, 0) != server || status != 0)
		die("the server did not end in order", ERR_INTERNAL);
	server = 0;
	if (clock_mono_ms() - before > 10000)
		die("the end took too long", ERR_TIMEOUT);
}

static void
remove_dir(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		(void)fprintf(stderr, "stress: %s is left\n", dir);
}

static void
raise_descriptors(size_t n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		die("descriptors", err_from_errno(errno));
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);	/* then it stays as it was */
	if (r.rlim_max < n + 100)
		die("descriptors", ERR_LIMIT);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 400;
	struct part parts[THREADS];
	unsigned long empty, idle, all;
	struct wire *wires;
	FILE *log;

	if (argc < 2 || n < THREADS)
		return 2;
	rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : rounds;
	raise_descriptors(n);
	wires = mem_calloc(n, sizeof(*wires));
	if (wires == NULL || crypt_init() < 0 || mkdtemp(dir) == NULL)
		die("start", ERR_NOMEM);
	make_store();
	log = start_server(argv[1]);
	empty = resident();
	for (size_t i = 0; i < THREADS; i++)
		parts[i] = (struct part){
			.wires = wires + n * i / THREADS,
			.first = n * i / THREADS,
			.n = n * (i + 1) / THREADS - n * i / THREADS,
			.seed = (unsigned)i,
		};
	in_parallel(parts, come_all);
	(void)sleep(1);
	idle = resident();
	(void)printf("resident: %lu KiB empty, %.1f KiB a session\n", empty,
		     ((double)idle - (double)empty) / (double)n);
	in_parallel(parts, work_all);
	all = count_all();
	(void)printf("%lu sent, %lu acknowledged, %lu there; resident %lu\n",
		     atomic_load(&sent), atomic_load(&acked), all, resident());
	if (all < atomic_load(&acked) || all > atomic_load(&sent))
		die("messages were lost or doubled", ERR_CORRUPT);
	end_server(wires, n);
	(void)fclose(log);	/* was only read */
	mem_free(wires);
	remove_dir();
	return 0;
}
