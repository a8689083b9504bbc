/*
 * A command on a store that no server has open.
 *
 * The store's lock decides: where a server (or another immpctl) holds it,
 * nothing is done.  Root works as the owner of the data folder, so that no file
 * in it becomes one that the server cannot read.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/admin_socket.h"
#include "base/clock.h"
#include "immpctl/immpctl.h"
#include "store/sqlite/sqlite_store.h"

struct offline {
	struct store *store;
	struct store_reader *reader;
	struct server_key *key;
};

static void
offline_close(struct offline *o)
{
	store_reader_free(o->reader);
	store_close(o->store);
	server_key_free(o->key);
}
#define CLEANUP_OFFLINE __attribute__((cleanup(offline_close)))

int
offline_become_owner(struct ctl *c, const char *folder)
{
	struct stat st;

	if (geteuid() != 0 || stat(folder, &st) < 0 || st.st_uid == 0)
		return ADMIN_DONE;
	if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 ||
	    setuid(st.st_uid) < 0)
		return ctl_fail(c, ADMIN_REFUSED, "cannot become the owner of "
				"%s: %s", folder,
				err_text(err_from_errno(errno)));
	return ADMIN_DONE;
}

static int
write_one(void *ctx, struct store_job *job)
{
	struct store *s = ctx;
	int err = store_write(s, &job, 1);

	return err < 0 ? err : job->err;
}

static int
open_failed(struct ctl *c, const char *data, int err, const char *why)
{
	if (err == ERR_LOCKED)
		return ctl_fail(c, ADMIN_LATER, "the server runs but its "
				"control socket does not answer");
	if (err == ERR_NOTFOUND)
		return ctl_fail(c, ADMIN_REFUSED, "%s holds no store yet: "
				"start immpd, or add a domain or an account",
				data);
	return ctl_fail(c, admin_exit_of(err), "%s", why);
}

/* Store, reader and key of the place. */
static int
open_all(struct ctl *c, const struct offline_place *p, struct offline *o,
	 bool *ret_locked)
{
	struct sqlite_store_options so = {
		.limits = p->limits,
		.create = c->call.row->flags & ADMIN_MAKES,
	};
	char why[400] = "";
	int err;

	if (so.create && mkdir(p->data, 0700) < 0 && errno != EEXIST)
		return ctl_fail(c, ADMIN_REFUSED, "%s: %s", p->data,
				err_text(err_from_errno(errno)));
	err = sqlite_store_open(p->data, &so, &o->store, why, sizeof(why));
	*ret_locked = err == ERR_LOCKED;
	if (err < 0)
		return open_failed(c, p->data, err, why);
	err = server_key_load(p->key, true, &o->key);
	if (err < 0)
		return ctl_fail(c, admin_exit_of(err), "%s: %s", p->key,
				err_text(err));
	err = store_reader_new(o->store, &o->reader);
	if (err < 0)
		return ctl_fail(c, admin_exit_of(err), "%s: %s", p->data,
				err_text(err));
	return ADMIN_DONE;
}

/* The key under which the postmaster's account would be. */
static int
postmaster_key(struct ctl *c, struct str imid, struct str *ret)
{
	struct imid i;
	int err;

	*ret = STR("");
	if (imid.n == 0)
		return ADMIN_DONE;
	err = imid_parse_address(&c->arena, imid, &i);
	if (err == 0)
		*ret = imid_key(&c->arena, &i);
	if (err == ERR_NOMEM || (err == 0 && !ret->p))
		return ctl_fail(c, ADMIN_LATER, "%s", err_text(ERR_NOMEM));
	return ADMIN_DONE;
}

int
offline_run_at(struct ctl *c, const struct offline_place *p,
	       const struct admin_out *out, bool *ret_locked)
{
	CLEANUP_OFFLINE struct offline o = { NULL, NULL, NULL };
	struct admin_env env = {
		.limits = p->limits,
		.domain = p->domain,
		.now = clock_unix_ms(),
		.write = write_one,
	};
	int err, rc = postmaster_key(c, p->postmaster, &env.postmaster);

	if (rc != ADMIN_DONE)
		return rc;
	if (!(c->call.row->flags & ADMIN_NO_STORE)) {
		rc = open_all(c, p, &o, ret_locked);
		if (rc != ADMIN_DONE)
			return rc;
		env.reader = o.reader;
		env.key = o.key;
		env.ctx = o.store;
		err = admin_own_domain(&env);
		if (err < 0)
			return ctl_fail(c, admin_exit_of(err), "%s: %s",
					p->data, err_text(err));
	}
	return admin_run(&env, &c->call, &c->secret, out, &c->fail);
}

int
offline_run(struct ctl *c, bool *ret_locked)
{
	const struct offline_place p = {
		.data = c->conf->data,
		.key = c->conf->key,
		.domain = c->conf->domain,
		.postmaster = c->conf->postmaster,
		.limits = &c->conf->limits,
	};
	struct admin_out out = render_out(c->render);
	int rc = offline_become_owner(c, p.data);

	*ret_locked = false;
	return rc == ADMIN_DONE ? offline_run_at(c, &p, &out, ret_locked) : rc;
}

static void
say_line(void *ctx, struct str line)
{
	struct admin_out *out = ctx;

	(void)out->put(out->ctx, ADMIN_NOTE, line); /* told, or not */
}

int
offline_rebuild(struct ctl *c)
{
	const struct sqlite_store_options so = { .limits = &c->conf->limits };
	struct admin_out out = render_out(c->render);
	static const char done[] = "{\"done\":\"rebuilt\",\"store\":\"index\"}";
	int err, fd, rc;

	/* The store's lock decides, but this one needs no second look. */
	if (admin_socket_connect(c->conf->control, &fd) == 0) {
		(void)close(fd); /* nothing was asked */
		return ctl_fail(c, ADMIN_LATER, "the server runs: end it "
				"first");
	}
	rc = offline_become_owner(c, c->conf->data);
	if (rc != ADMIN_DONE)
		return rc;
	err = sqlite_store_rebuild(c->conf->data, &so, say_line, &out);
	if (err == ERR_LOCKED)
		return ctl_fail(c, ADMIN_LATER, "the server runs: end it "
				"first");
	if (err < 0)
		return ctl_fail(c, admin_exit_of(err), "%s: %s", c->conf->data,
				err_text(err));
	err = out.put(out.ctx, ADMIN_OBJECT, str_c(done));
	return err < 0 ? ctl_fail(c, ADMIN_LATER, "%s", err_text(err)) :
			 ADMIN_DONE;
}
