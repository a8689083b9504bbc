/*
 * immpd: the mail server, immpd(8).
 *
 * The main thread reads the configuration, opens the store, starts the server
 * and from then on waits for signals: SIGTERM and SIGINT end, SIGHUP reads the
 * configuration again.  All other threads have every signal blocked.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "immpd/options.h"
#include "server/control.h"
#include "server/server.h"
#include "store/sqlite/sqlite_store.h"

#define SAY 512
/* Wrong usage, as in the other programs. */
#define EXIT_USAGE 2
/* Heaps of the C library that threads share: each keeps free memory of its
 * own, and loops seldom meet in one. */
#define HEAPS 8
/* Octets that a heap grows by, and that it keeps: commands of some 100 KiB come
 * and go all the time, and giving their memory back and asking for it again was
 * a tenth of a FETCH and a fifth of an INDEX. */
#define HEAP_STEP (512 * 1024)
#define HEAP_KEPT (4 * 1024 * 1024)
/* What commands of the administrator get to end (ms). */
#define CONTROL_MS 2000

static const char usage[] =
	"usage: immpd -c FILE [--check] [--allow-root]\n"
	"       immpd --help | --version\n";

static const char help[] =
	"\n"
	"The IMMP mail server.  Stays in the foreground and logs to standard\n"
	"error; see immpd(8) and immpd.conf(5).\n"
	"\n"
	"  -c, --config FILE  the configuration\n"
	"      --check        print what is wrong with it, and end\n"
	"      --allow-root   run with user id 0 as well\n"
	"      --help         print this, and end\n"
	"      --version      print the version, and end\n";

struct arguments {
	const char *config;
	bool check, allow_root;
};

enum { OPT_CHECK = 256, OPT_ROOT, OPT_HELP, OPT_VERSION };

/* Returns -1 to go on, or the exit code. */
static int
parse_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "allow-root", no_argument, NULL, OPT_ROOT },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((opt = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (opt) {
		case 'c':
			ret->config = optarg;
			break;
		case OPT_CHECK:
			ret->check = true;
			break;
		case OPT_ROOT:
			ret->allow_root = true;
			break;
		case OPT_HELP:
			(void)printf("%s%s", usage, help);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			(void)printf("immpd %s\n", IMMP_VERSION);
			return EXIT_SUCCESS;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (ret->config != NULL && optind == argc)
		return -1;
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}

static void
log_failed(const char *event, int err, const char *why)
{
	struct log_line l;

	log_begin(&l, LOG_ERROR, event);
	if (err < 0)
		log_err(&l, err);
	log_cstr(&l, "why", why);
	log_end(&l);
}

/* --- before the start --- */

/* Is standard error the journal?  It then wants levels. */
static bool
is_journald(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	const char *stream = getenv("JOURNAL_STREAM");
	char text[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(text, sizeof(text), "%llu:%llu",
		       (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	return strcmp(text, stream) == 0;
}

/* As many descriptors as the system lets us have. */
static void
raise_descriptors(uint64_t sessions)
{
	struct rlimit r;
	struct log_line l;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);	/* then it stays as it was */
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > sessions)
		return;
	log_begin(&l, LOG_WARN, "few-descriptors");
	log_u64(&l, "have", r.rlim_max);
	log_u64(&l, "sessions", sessions);
	log_end(&l);
}

/* Other servers count on postmaster@ (RFC 5321 4.5.1). */
static void
warn_without_postmaster(const struct immpd_conf *conf)
{
	struct log_line l;

	if (conf->postmaster.n > 0)
		return;
	log_begin(&l, LOG_WARN, "no-postmaster");
	log_cstr(&l, "why", "mail to postmaster@ is refused until [server] "
		 "postmaster names an account");
	log_end(&l);
}

static int
open_store(const struct immpd_conf *conf, struct store **ret)
{
	const struct sqlite_store_options o = {
		.limits = &conf->limits, .create = true,
	};
	char why[SAY] = "";
	int err;

	if (mkdir(conf->data, 0700) < 0 && errno != EEXIST) {
		err = err_from_errno(errno);
		log_failed("data-folder-failed", err, conf->data);
		return err;
	}
	err = sqlite_store_open(conf->data, &o, ret, why, sizeof(why));
	if (err < 0)
		log_failed("store-open-failed", err, why);
	return err;
}

/* --- ready --- */

/* "listen=A:P,A:P" of those listeners that are with TLS, or not. */
static size_t
add_bound(const struct server *s, const struct options *o, bool tls, char *dst,
	  size_t cap)
{
	const char *sep = tls ? " listen_tls=" : " listen=";
	char addr[80];
	size_t n = 0;

	for (size_t i = 0; i < o->server.nlisten && n < cap; i++) {
		if (o->server.listen[i].tls != tls || !server_bound(s, i, addr))
			continue;
		n += (size_t)snprintf(dst + n, cap - n, "%s%s", sep, addr);
		sep = ",";
	}
	return n < cap ? n : cap;
}

static void
say_ready(const struct server *s, const struct options *o)
{
	char line[4096] = "";
	size_t n = add_bound(s, o, false, line, sizeof(line));

	(void)add_bound(s, o, true, line + n, sizeof(line) - n);
	(void)fprintf(stderr, "immpd ready%s\n", line);
	(void)sd_notifyf(0, "READY=1\nSTATUS=Listening%s", line);
}

/* --- while it runs --- */

static void
tell_ignored(void *ctx, const struct conf_value *v)
{
	struct log_line l;

	(void)ctx;
	if (v->row->flags & CONF_RELOAD)
		return;
	log_begin(&l, LOG_WARN, "reload-needs-restart");
	log_cstr(&l, "section", v->row->section);
	if (v->arg.n > 0)
		log_str(&l, "argument", v->arg);
	log_cstr(&l, "key", v->row->key);
	log_end(&l);
}

/* Take what may change while running; one problem, and all stays as it is. */
static void
reload(struct server *s, const char *path, const struct immpd_conf *running)
{
	struct immpd_conf *conf = NULL;
	struct options o = { 0 };
	struct log_line l;
	char why[SAY] = "";
	int err = options_load(path, &conf, &o);

	if (err == 0)
		err = server_reload(s, o.server.pairs, o.server.npairs, why,
				    sizeof(why));
	if (err < 0) {
		log_failed("reload-failed", err, why[0] != '\0' ? why : path);
	} else {
		conf_diff(running->conf, conf->conf, tell_ignored, NULL);
		log_setup(options_log_level(conf), is_journald());
		log_begin(&l, LOG_INFO, "reloaded");
		log_end(&l);
	}
	options_done(&o);
	immpd_conf_free(conf);
}

/* Returns when the server is to end. */
static void
wait_for_signals(struct server *s, const sigset_t *set, const char *path,
		 const struct immpd_conf *running)
{
	int sig;

	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(s, path, running);
	}
}

static void
log_event(const char *event)
{
	struct log_line l;

	log_begin(&l, LOG_INFO, event);
	log_end(&l);
}

/* Take no more, let everything end.  Does not return if something hangs: it has
 * been promised to nobody. */
static void
end(struct server *s, struct control *c)
{
	(void)sd_notify(0, "STOPPING=1");
	log_event("stopping");
	server_stop(s);
	if (control_stop(c, CONTROL_MS) < 0 || server_wait(s) < 0) {
		log_event("stopped-hard");
		_exit(EXIT_SUCCESS);
	}
	log_event("stopped");
}

static int
serve(const char *path, const struct immpd_conf *conf, struct options *o,
      const sigset_t *set)
{
	struct control *control = NULL;
	struct server *s;
	char why[SAY] = "";
	int err = server_start(&o->server, &s, why, sizeof(why));

	if (err < 0) {
		log_failed("start-failed", err, why);
		return EX_UNAVAILABLE;
	}
	err = control_start(s, conf->control, &control, why, sizeof(why));
	if (err < 0) {
		log_failed("control-socket-failed", err, why);
	} else {
		say_ready(s, o);
		wait_for_signals(s, set, path, conf);
	}
	end(s, control);
	return err < 0 ? EX_UNAVAILABLE : EXIT_SUCCESS;
}

static int
run(const struct arguments *args, const struct immpd_conf *conf,
    struct options *o)
{
	sigset_t set;
	int err, rc;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise_descriptors(conf->limits.sessions);
	warn_without_postmaster(conf);
	err = open_store(conf, &o->server.store);
	if (err < 0)
		return err == ERR_LOCKED ? EX_TEMPFAIL : EX_IOERR;
	rc = serve(args->config, conf, o, &set);
	store_close(o->server.store);
	return rc;
}

/* Only wishes. */
static void
set_heaps(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
	(void)mallopt(M_ARENA_MAX, HEAPS);
	(void)mallopt(M_TOP_PAD, HEAP_STEP);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	/* NOLINTEND(concurrency-mt-unsafe) */
}

int
main(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct immpd_conf *conf = NULL;
	struct options o = { 0 };
	int rc = parse_arguments(argc, argv, &args);

	if (rc >= 0)
		return rc;
	(void)umask(077);
	set_heaps();
	if (geteuid() == 0 && !args.allow_root && !args.check) {
		(void)fputs("immpd: will not run as root (--allow-root)\n",
			    stderr);
		return EX_NOPERM;
	}
	rc = EX_CONFIG;
	if (options_load(args.config, &conf, &o) == 0) {
		log_setup(options_log_level(conf), is_journald());
		if (args.check)
			rc = options_check(conf, &o) == 0 ? EXIT_SUCCESS
							  : EX_CONFIG;
		else
			rc = run(&args, conf, &o);
	}
	options_done(&o);
	immpd_conf_free(conf);
	return rc;
}
