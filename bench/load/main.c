/*
 * immp-bench: how much a server does, and how fast.
 *
 * usage: immp-bench WHAT [OPTION...]
 *
 *	deliver	messages, each to be acknowledged (immp, lmtp, smtp)
 *	fetch	all messages of a folder, whole (immp, imap)
 *	index	a list of all messages of a folder (immp, imap)
 *	page	the first page of that, again and again (immp)
 *	check	how many are unread, again and again (immp)
 *	login	connections, TLS and login, one after the other (all with TLS)
 *	idle	sessions that rest until standard input ends
 *	handshake	TLS 1.3 alone, with a server of our own
 *	stream	octets through TLS, to a server of our own
 *	append	so many octets to --file, and fdatasync()
 *
 * What came out is one line of JSON.  Sessions are of one account; its password
 * comes from $IMMP_BENCH_PASSWORD.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "crypt/crypt.h"
#include "load.h"

static const struct option longs[] = {
	{ "protocol", required_argument, NULL, 'P' },
	{ "server", required_argument, NULL, 's' },
	{ "account", required_argument, NULL, 'a' },
	{ "domain", required_argument, NULL, 'd' },
	{ "mailboxes", required_argument, NULL, 'm' },
	{ "recipients", required_argument, NULL, 'r' },
	{ "size", required_argument, NULL, 'b' },
	{ "sessions", required_argument, NULL, 'n' },
	{ "window", required_argument, NULL, 'w' },
	{ "wait", required_argument, NULL, 'W' },
	{ "units", required_argument, NULL, 'u' },
	{ "seconds", required_argument, NULL, 't' },
	{ "warm", required_argument, NULL, 'T' },
	{ "folder", required_argument, NULL, 'f' },
	{ "certificate", required_argument, NULL, 'c' },
	{ "key", required_argument, NULL, 'k' },
	{ "file", required_argument, NULL, 'F' },
	{ NULL, 0, NULL, 0 },
};

struct machine {
	const char *certificate, *key, *file;
};

static void
usage(void)
{
	load_die("usage: immp-bench WHAT [--protocol P] [--server HOST:PORT] "
		 "[--account A] [--domain D] [--mailboxes N] [--recipients N] "
		 "[--size OCTETS] [--sessions N] [--window N] "
		 "[--wait window|unit|reply] [--units N] [--seconds S] "
		 "[--warm S] [--folder F] [--certificate F --key F] [--file F]");
}

static uint64_t
number(const char *text)
{
	uint64_t n;

	if (str_u64(str_c(text), UINT32_MAX, &n) < 0 || n == 0)
		load_die("%s is no number", text);
	return n;
}

static enum load_wait
wait_of(const char *text)
{
	if (strcmp(text, "window") == 0)
		return WAIT_WINDOW;
	if (strcmp(text, "unit") == 0)
		return WAIT_UNIT;
	if (strcmp(text, "reply") != 0)
		usage();
	return WAIT_REPLY;
}

static const struct protocol *
protocol_of(const char *name)
{
	static const struct protocol *const all[] = {
		&load_immp, &load_lmtp, &load_smtp, &load_imap, &load_mqtt,
		&load_bare,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	load_die("no protocol %s", name);
}

static void
server_of(struct load_options *o, char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		load_die("%s has no port", text);
	*colon = '\0';
	o->host = text;
	o->port = (int)number(colon + 1);
}

static const struct protocol *
options(int argc, char **argv, struct load_options *o, struct machine *m)
{
	const struct protocol *p = &load_immp;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'P': p = protocol_of(optarg); break;
		case 's': server_of(o, optarg); break;
		case 'a': o->account = optarg; break;
		case 'd': o->domain = optarg; break;
		case 'm': o->mailboxes = number(optarg); break;
		case 'r': o->recipients = number(optarg); break;
		case 'b': o->size = number(optarg); break;
		case 'n': o->sessions = number(optarg); break;
		case 'w': o->window = number(optarg); break;
		case 'W': o->wait = wait_of(optarg); break;
		case 'u': o->units = number(optarg); break;
		case 't': o->seconds = strtod(optarg, NULL); break;
		case 'T': o->warm = strtod(optarg, NULL); break;
		case 'f': o->folder = optarg; break;
		case 'c': m->certificate = optarg; break;
		case 'k': m->key = optarg; break;
		case 'F': m->file = optarg; break;
		default: usage();
		}
	if (optind != argc - 1 || o->recipients > o->mailboxes)
		usage();
	o->what = argv[optind];
	return p;
}

static int
by_time(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
percentile(const struct load *l, double p)
{
	return l->ntimes ?
		l->times[(size_t)((double)(l->ntimes - 1) * p)] / 1000.0 : 0;
}

static void
report(struct load *l)
{
	double seconds = (double)(l->last - l->counted_from) / 1e9;

	qsort(l->times, l->ntimes, sizeof(*l->times), by_time);
	printf("{\"what\":\"%s\",\"units\":%zu,\"seconds\":%.4f,\"rate\":%.1f,"
	       "\"ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
	       l->o.what, l->ntimes, seconds,
	       seconds > 0 ? (double)l->ntimes / seconds : 0,
	       percentile(l, 0.5), percentile(l, 0.99), percentile(l, 1));
}

/* Octets a second through TLS. */
static void
stream(struct load *l)
{
	static char text[65536];
	struct session *s = &l->sessions[0];
	uint64_t end, n = 0, start;

	s->l = l;
	s->p = &load_bare;
	session_open(s);
	start = load_ns();
	end = start + (uint64_t)(l->o.seconds * 1e9);
	while (load_ns() < end)
		n += (uint64_t)SSL_write(s->ssl, text, sizeof(text));
	printf("{\"what\":\"stream\",\"rate\":%.1f}\n",
	       (double)n / ((double)(load_ns() - start) / 1e9));
}

static void
append(const struct load_options *o, const char *path)
{
	uint64_t start = load_ns();
	uint64_t n = machine_appends(path, o->size, o->seconds);

	printf("{\"what\":\"append\",\"units\":%llu,\"rate\":%.1f}\n",
	       (unsigned long long)n,
	       (double)n / ((double)(load_ns() - start) / 1e9));
}

static void
run(struct load *l, const struct machine *m)
{
	const char *what = l->o.what;
	bool own = strcmp(what, "handshake") == 0 ||
		   strcmp(what, "stream") == 0;

	if (own) {
		l->o.host = "127.0.0.1";
		l->o.port = machine_tls_server(m->certificate, m->key);
		l->sessions[0].p = &load_bare;
	}
	if (strcmp(what, "stream") == 0) {
		stream(l);
		return;
	}
	if (strcmp(what, "idle") == 0) {
		load_idle(l);
	} else if (own || strcmp(what, "login") == 0) {
		load_logins(l);
	} else {
		load_run(l);
	}
	report(l);
}

int
main(int argc, char **argv)
{
	struct load l = { .o = { .mailboxes = 20, .recipients = 1,
				 .size = 4096, .sessions = 1, .window = 24,
				 .domain = "a.test", .account = "u0@a.test",
				 .folder = "/inbox",
				 .password = getenv("IMMP_BENCH_PASSWORD") } };
	const struct protocol *p;
	struct machine m = { NULL, NULL, NULL };
	struct rlimit r;

	p = options(argc, argv, &l.o, &m);
	if (strcmp(l.o.what, "append") == 0) {
		append(&l.o, m.file);
		return 0;
	}
	if (!l.o.password)
		l.o.password = "";
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r); /* then it stays */
	}
	l.tls = SSL_CTX_new(TLS_client_method());
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.sessions = mem_calloc(l.o.sessions, sizeof(*l.sessions));
	if (crypt_init() < 0 || !l.tls || l.epoll < 0 || !l.sessions ||
	    SSL_CTX_set_min_proto_version(l.tls, TLS1_3_VERSION) != 1)
		load_die("cannot start");
	SSL_CTX_set_session_cache_mode(l.tls, SSL_SESS_CACHE_OFF);
	l.sessions[0].p = p;
	run(&l, &m);
	return 0;
}
