/*
 * immpctl: the administrator's tool (immpctl(8)).
 *
 * A command runs in the server where one answers at the control socket, else
 * on the store itself: the code is the same (src/admin).
 */
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "immpctl/immpctl.h"

/* How long (ms) to look for a server or a store that is free; how often. */
#define PATIENCE 3000
#define PAUSE 100

struct args {
	const char *conf_path;
	bool json, help, version;
	struct str words[ADMIN_WORDS + 1];
	size_t nwords;
};

/* Options stand before the command; --help and --json may follow it too. */
static int
parse_args(int argc, char **argv, struct args *ret, struct admin_fail *f)
{
	bool rest = false;

	for (int i = 1; i < argc; i++) {
		struct str a = str_c(argv[i]);
		bool before = ret->nwords == 0 && !rest;

		if (!rest && str_eq(a, STR("--json"))) {
			ret->json = true;
		} else if (!rest && (str_eq(a, STR("--help")) ||
				     (before && str_eq(a, STR("-h"))))) {
			ret->help = true;
		} else if (before && str_eq(a, STR("--version"))) {
			ret->version = true;
		} else if (before && str_eq(a, STR("-c"))) {
			if (++i >= argc)
				return admin_fail(f, ADMIN_USAGE,
						  "-c wants a file");
			ret->conf_path = argv[i];
		} else if (before && str_starts(a, STR("-c"))) {
			ret->conf_path = argv[i] + 2;
		} else if (before && a.n > 0 && a.p[0] == '-') {
			return admin_fail(f, ADMIN_USAGE, "no option %s",
					  argv[i]);
		} else if (ret->nwords == ADMIN_WORDS) {
			return admin_fail(f, ADMIN_USAGE, "too many words");
		} else {
			rest = rest || str_eq(a, STR("--"));
			ret->words[ret->nwords++] = a;
		}
	}
	return ADMIN_DONE;
}

static const char *
check_domain(struct str v)
{
	struct arena a;
	struct str out;
	int err;

	arena_init(&a, 65536, 0);
	err = imid_domain(&a, v, &out);
	arena_done(&a);
	return err < 0 ? "is no domain" : NULL;
}

static const char *
check_imid(struct str v)
{
	struct arena a;
	struct imid i;
	int err;

	arena_init(&a, 65536, 0);
	err = imid_parse_address(&a, v, &i);
	arena_done(&a);
	return err < 0 || i.folder.n > 0 ? "is no address of an account" : NULL;
}

static int
load_conf(struct ctl *c)
{
	static const struct immpd_conf_checks checks = { check_domain,
							 check_imid };
	const struct str *problems;
	size_t n;
	int err = immpd_conf_load(c->conf_path, &checks, &c->conf);

	if (err < 0)
		return ctl_fail(c, admin_exit_of(err), "%s: %s", c->conf_path,
				err_text(err));
	problems = conf_problems(c->conf->conf, &n);
	if (n == 0)
		return ADMIN_DONE;
	for (size_t i = 0; i + 1 < n; i++)
		(void)fprintf(stderr, "immpctl: %.*s\n", STR_ARG(problems[i]));
	return ctl_fail(c, ADMIN_REFUSED, "%.*s", STR_ARG(problems[n - 1]));
}

/* The command's words for a server: with what was confirmed here. */
static int
confirm(struct ctl *c)
{
	struct str name = c->call.nparams > 0 ? c->call.param[0] :
						str_c(c->call.row->words);

	if (!(c->call.row->flags & ADMIN_CONFIRM) ||
	    admin_option(&c->call, "--yes", NULL))
		return ADMIN_DONE;
	return ask_confirm(c, name);
}

/* Where somebody has the store and does not answer (yet), look again for a
 * while: a server that starts, or another immpctl. */
static int
run_somewhere(struct ctl *c)
{
	uint64_t until = clock_mono_ms() + PATIENCE;
	bool ran, locked;
	int rc;

	for (;;) {
		rc = online_run(c, &ran);
		if (ran)
			return rc;
		rc = offline_run(c, &locked);
		if (!locked || clock_mono_ms() >= until)
			return rc;
		(void)poll(NULL, 0, PAUSE);
	}
}

static int
run(struct ctl *c)
{
	int rc;

	if (c->call.row->id == ADMIN_CMD_QUICKSTART)
		return quickstart(c);
	rc = load_conf(c);
	if (rc == ADMIN_DONE)
		rc = confirm(c);
	if (rc == ADMIN_DONE)
		rc = ask_secret(c);
	if (rc != ADMIN_DONE)
		return rc;
	if (c->call.row->id == ADMIN_CMD_REBUILD)
		return offline_rebuild(c);
	return run_somewhere(c);
}

static int
usage(const struct admin_row *row, const struct admin_fail *f)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 1024);
	(void)fprintf(stderr, "immpctl: %s\n", f->why);
	if (row && admin_synopsis(row, &b) == 0)
		(void)fprintf(stderr, "usage: immpctl %.*s\n",
			      STR_ARG(buf_str(&b)));
	else
		(void)fprintf(stderr, "immpctl --help lists the commands\n");
	return ADMIN_USAGE;
}

static int
command(struct ctl *c)
{
	int rc, err;

	c->render = render_new(c->call.row, c->json);
	if (!c->render)
		return ctl_fail(c, ADMIN_LATER, "out of memory");
	rc = run(c);
	err = render_end(c->render, rc);
	if (err < 0 && rc == ADMIN_DONE)
		rc = ctl_fail(c, ADMIN_LATER, "cannot write the answer: %s",
			      err_text(err));
	render_free(c->render);
	immpd_conf_free(c->conf);
	admin_secret_cleanup(&c->secret);
	secret_wipe(c->made, sizeof(c->made));
	return rc;
}

int
main(int argc, char **argv)
{
	struct args args = { .conf_path = CTL_CONF };
	struct ctl c = { 0 };
	int rc;

	if (parse_args(argc, argv, &args, &c.fail) != ADMIN_DONE)
		return usage(NULL, &c.fail);
	if (args.version) {
		(void)printf("immpctl %s\n", IMMP_VERSION);
		return ADMIN_DONE;
	}
	if (args.help && help_for(args.words, args.nwords)) {
		return ADMIN_DONE;
	} else if (args.help) {
		help_all();
		return args.nwords == 0 ? ADMIN_DONE : ADMIN_USAGE;
	}
	if (crypt_init() < 0) {
		(void)fprintf(stderr, "immpctl: no ciphers\n");
		return ADMIN_LATER;
	}
	c.conf_path = args.conf_path;
	c.json = args.json;
	memcpy(c.words, args.words, sizeof(c.words));
	c.nwords = args.nwords;
	arena_init(&c.arena, 16u << 20, 0);
	rc = admin_match(c.words, c.nwords, &c.call, &c.fail);
	if (rc != ADMIN_DONE)
		return usage(c.call.row, &c.fail);
	rc = command(&c);
	arena_done(&c.arena);
	if (rc == ADMIN_USAGE)
		return usage(c.call.row, &c.fail);
	if (rc != ADMIN_DONE)
		(void)fprintf(stderr, "immpctl: %s\n", c.fail.why);
	return rc;
}
