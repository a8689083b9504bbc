#include "server/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin_socket.h"
#include "admin/admin_wire.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/server_admin.h"
#include "server/thread.h"

/* Commands that run at once. */
#define CONTROL_MAX 8
/* Ms in which a request must be there; in which some answer must be taken. */
#define REQUEST_TIME 10000
#define ANSWER_TIME 30000
/* Octets of an answer for which there is room from the start. */
#define ANSWER_ROOM 8192
/* Ms for commands to end without their connections. */
#define LAST_TIME 300
/* Where no descriptor is left: ms until the next try. */
#define PAUSE_TIME 200

struct control {
	struct server *server;
	char *path;
	ino_t ino;
	int listener, wake;	/* wake: an eventfd that ends the thread */
	pthread_t thread;
	bool running;
	/* Held for reading by who calls the server; gone, set under it: the
	 * server may not be called any more. */
	pthread_rwlock_t use;
	bool gone;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t change;	/* a command has ended */
	struct list commands;
	size_t ncommands;
	bool stopping;
};

/* One connection, and the command it asks for. */
struct command {
	struct list link;	/* under the lock of control */
	struct control *control;
	int fd;
	struct ucred peer;
	struct buf out;
};

/* --- octets --- */

static int
send_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_from_errno(errno);
		s = str_from(s, (size_t)n);
	}
	return 0;
}

/* Read up to the first LF, which is left out.  What is behind it is nothing. */
static int
read_request(int fd, struct buf *in)
{
	uint64_t until = clock_mono_ms() + REQUEST_TIME;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_mono_ms();
		size_t had = in->n;
		ptrdiff_t lf;
		ssize_t n;

		if (now >= until)
			return ERR_TIMEOUT;
		if (poll(&p, 1, (int)(until - now)) <= 0)
			continue;
		if (had == ADMIN_REQUEST_MAX)
			return ERR_TOOLONG;
		n = recv(fd, buf_tail(in), ADMIN_REQUEST_MAX - had, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_CLOSED;
		buf_grew(in, (size_t)n);
		lf = str_chr(buf_str(in), '\n', had);
		if (lf >= 0) {
			buf_truncate(in, (size_t)lf);
			return 0;
		}
	}
}

/* --- a command --- */

static int
put(void *ctx, enum admin_kind kind, struct str text)
{
	struct command *cmd = ctx;
	int err;

	buf_clear(&cmd->out);
	err = admin_wire_answer(&cmd->out, kind, text);
	return err < 0 ? err : send_all(cmd->fd, buf_str(&cmd->out));
}

/* The server, for as long as it is not left; NULL: it has gone. */
static struct server *
enter(struct command *cmd)
{
	struct control *c = cmd->control;

	pthread_rwlock_rdlock(&c->use);
	if (!c->gone)
		return c->server;
	pthread_rwlock_unlock(&c->use);
	return NULL;
}

static void
leave(struct command *cmd)
{
	pthread_rwlock_unlock(&cmd->control->use);
}

static int
write_job(void *ctx, struct store_job *job)
{
	struct server *s = enter(ctx);
	int err;

	if (!s)
		return ERR_STOPPING;
	err = server_admin_write(s, job);
	leave(ctx);
	return err;
}

static void
kick(void *ctx, uint64_t account_id, struct str device_key)
{
	struct server *s = enter(ctx);

	/* One that has gone has no sessions. */
	if (s) {
		server_admin_kick(s, account_id, device_key);
		leave(ctx);
	}
}

static void
live(void *ctx, struct json *j)
{
	struct server *s = enter(ctx);
	struct server_counters n;
	char text[CLOCK_TEXT + 1];

	if (!s)
		return;
	server_admin_counters(s, &n);
	leave(ctx);
	clock_format(n.started, text);
	json_kv_str(j, "started", str_n(text, CLOCK_TEXT));
	json_kv_u64(j, "uptime", n.uptime / 1000);
	json_kv_u64(j, "pid", (uint64_t)getpid());
	json_kv_u64(j, "loops", n.loops);
	json_kv_u64(j, "sessions", n.plain + n.secured + n.logged_in);
	json_kv_u64(j, "logged_in", n.logged_in);
	json_kv_u64(j, "accepted", n.accepted);
	json_kv_u64(j, "refused", n.refused);
	json_kv_u64(j, "logins", n.logins);
	json_kv_u64(j, "auth_failures", n.auth_failures);
	json_kv_u64(j, "delivered", n.messages);
	json_kv_u64(j, "copies", n.copies);
	json_kv_u64(j, "write_queue", n.write_queue);
	json_kv_u64(j, "write_failed", n.write_failed);
	json_kv_u64(j, "read_jobs", n.read_jobs);
	json_kv_u64(j, "inline_octets", n.inline_octets);
}

/* Who did what is worth a line; who only looked is not. */
static void
log_command(const struct command *cmd, const struct admin_call *call, int rc)
{
	struct log_line l;

	log_begin(&l, call->row->flags & ADMIN_LOOKS ? LOG_DEBUG : LOG_INFO,
		  "admin");
	log_cstr(&l, "command", call->row->words);
	for (size_t i = 0; i < call->nparams; i++)
		log_str(&l, "on", call->param[i]);
	log_u64(&l, "uid", cmd->peer.uid);
	log_u64(&l, "exit", (uint64_t)rc);
	log_end(&l);
}

static int
run_call(struct command *cmd, const struct admin_call *call,
	 const struct admin_secret *secret, struct admin_fail *fail)
{
	const struct admin_out out = { put, cmd };
	struct server *s = enter(cmd);
	struct store_reader *reader;
	struct admin_env env = {
		.now = clock_unix_ms(),
		.write = write_job,
		.kick = kick,
		.live = live,
		.ctx = cmd,
	};
	int rc, err = ERR_STOPPING;

	if (s) {
		env.limits = server_admin_limits(s);
		env.key = server_admin_key(s);
		env.domain = server_admin_domain(s);
		env.postmaster = server_admin_postmaster(s);
		err = store_reader_new(server_admin_store(s), &reader);
		leave(cmd);
	}
	if (err < 0)
		return admin_fail(fail, admin_exit_of(err), "%s",
				  err_text(err));
	env.reader = reader;
	rc = admin_run(&env, call, secret, &out, fail);
	store_reader_free(reader);
	log_command(cmd, call, rc);
	return rc;
}

static int
run_request(struct command *cmd, struct str line, struct admin_fail *fail)
{
	struct admin_request req = { 0 };
	struct admin_call call;
	struct arena a;
	int rc, err;

	arena_init(&a, 4 * ADMIN_REQUEST_MAX, 0);
	err = admin_wire_request_parse(&a, line, &req);
	if (err == ERR_VERSION)
		rc = admin_fail(fail, ADMIN_REFUSED, "immpctl is newer than "
				"the running server: restart it");
	else if (err < 0)
		rc = admin_fail(fail, admin_exit_of(err), "the request: %s",
				err_text(err));
	else
		rc = admin_match(req.words, req.nwords, &call, fail);
	if (err == 0 && rc == ADMIN_DONE)
		rc = run_call(cmd, &call, &req.secret, fail);
	secret_wipe(&req.secret, sizeof(req.secret));
	arena_done(&a);
	return rc;
}

static bool
may_ask(const struct command *cmd, struct admin_fail *fail)
{
	if (cmd->peer.uid == 0 || cmd->peer.uid == geteuid())
		return true;
	(void)admin_fail(fail, ADMIN_REFUSED, "only root and the user of immpd "
			 "may ask this server");
	return false;
}

static void
answer(struct command *cmd)
{
	struct admin_fail fail = { "" };
	struct buf in;
	int rc = ADMIN_REFUSED, err;

	buf_init(&in, ADMIN_REQUEST_MAX);
	buf_init(&cmd->out, ADMIN_ANSWER_MAX);
	err = buf_reserve(&in, ADMIN_REQUEST_MAX);
	/* What has been done is told: the room for it is there before. */
	if (err == 0)
		err = buf_reserve(&cmd->out, ANSWER_ROOM);
	if (err == 0)
		err = read_request(cmd->fd, &in);
	if (err < 0)
		rc = admin_fail(&fail, ADMIN_LATER, "the request: %s",
				err_text(err));
	else if (may_ask(cmd, &fail))
		rc = run_request(cmd, buf_str(&in), &fail);
	if (in.mem)
		secret_wipe(in.mem, in.cap);
	buf_done(&in);
	buf_clear(&cmd->out);
	if (admin_wire_end(&cmd->out, rc, rc ? fail.why : NULL) == 0)
		(void)send_all(cmd->fd, buf_str(&cmd->out)); /* or it is gone */
	buf_done(&cmd->out);
}

static void *
command_thread(void *arg)
{
	struct command *cmd = arg;
	struct control *c = cmd->control;

	answer(cmd);
	pthread_mutex_lock(&c->lock);
	list_del(&cmd->link);
	(void)close(cmd->fd); /* under the lock: control_stop() may shut it */
	mem_free(cmd);
	c->ncommands--;
	pthread_cond_signal(&c->change);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- connections --- */

static int
command_start(struct control *c, int fd)
{
	struct timeval tv = { .tv_sec = ANSWER_TIME / 1000 };
	struct command *cmd = mem_zalloc(sizeof(*cmd));
	socklen_t n = sizeof(cmd->peer);
	pthread_t t;
	int err;

	if (!cmd)
		return ERR_NOMEM;
	cmd->control = c;
	cmd->fd = fd;
	list_init(&cmd->link);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cmd->peer, &n) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0) {
		mem_free(cmd);
		return ERR_IO;
	}
	pthread_mutex_lock(&c->lock);
	err = c->stopping ? ERR_STOPPING : 0;
	if (err == 0 && c->ncommands == CONTROL_MAX)
		err = ERR_BUSY;
	if (err == 0)
		err = thread_start(&t, "admin", command_thread, cmd);
	if (err == 0) {
		(void)pthread_detach(t); /* it is one, and joinable */
		list_add_tail(&c->commands, &cmd->link);
		c->ncommands++;
	}
	pthread_mutex_unlock(&c->lock);
	if (err < 0)
		mem_free(cmd);
	return err;
}

/* It gets no thread: say why, as far as that goes without waiting. */
static void
turn_away(int fd, int err)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, 1024);
	if (admin_wire_end(&out, ADMIN_LATER, err_text(err)) == 0)
		(void)send(fd, buf_data(&out), out.n,
			   MSG_NOSIGNAL | MSG_DONTWAIT); /* or not */
	(void)close(fd); /* nothing more to say */
}

static void
take(struct control *c)
{
	int err, fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		/* Descriptors: some will be closed. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			(void)poll(NULL, 0, PAUSE_TIME);
		return;
	}
	err = command_start(c, fd);
	if (err < 0)
		turn_away(fd, err);
}

static void *
control_thread(void *arg)
{
	struct control *c = arg;
	struct pollfd p[2] = {
		{ .fd = c->listener, .events = POLLIN },
		{ .fd = c->wake, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0)
			return NULL;
		if (p[0].revents != 0)
			take(c);
	}
}

/* --- start and stop --- */

static void
control_free(struct control *c)
{
	if (c->wake >= 0)
		(void)close(c->wake); /* nobody else has it */
	if (c->listener >= 0)
		(void)close(c->listener); /* nor this one */
	mem_free(c->path);
	(void)pthread_cond_destroy(&c->change);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_rwlock_destroy(&c->use);
	mem_free(c);
}

static struct control *
control_new(struct server *s, const char *path)
{
	struct control *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	if (thread_cond_init(&c->change) < 0) {
		mem_free(c);
		return NULL;
	}
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail on Linux, */
	(void)pthread_rwlock_init(&c->use, NULL); /* and neither can this */
	list_init(&c->commands);
	c->server = s;
	c->listener = -1;
	c->path = mem_strndup(path, strlen(path));
	c->wake = eventfd(0, EFD_CLOEXEC);
	if (c->path && c->wake >= 0)
		return c;
	control_free(c);
	return NULL;
}

int
control_start(struct server *s, const char *path, struct control **ret,
	      char *reterr, size_t cap)
{
	struct control *c = control_new(s, path);
	int err = ERR_NOMEM;

	if (c)
		err = admin_socket_listen(path, &c->listener, &c->ino);
	if (err == 0) {
		err = thread_start(&c->thread, "control", control_thread, c);
		if (err < 0)
			admin_socket_unlink(path, c->ino);
	}
	if (err < 0) {
		(void)snprintf(reterr, cap, "control socket %s: %s", path,
			       err == ERR_LOCKED ? "another server answers" :
						   err_text(err));
		if (c)
			control_free(c);
		return err;
	}
	*ret = c;
	return 0;
}

/* Under the lock: end one side of all connections. */
static void
shut_all(struct control *c, int how)
{
	LIST_EACH(it, &c->commands)
		(void)shutdown(LIST_ENTRY(it, struct command, link)->fd,
			       how); /* or it has gone by itself */
}

/* Under the lock: wait until no command runs.  False: one does. */
static bool
wait_all(struct control *c, uint64_t ms)
{
	uint64_t until = clock_mono_us() + ms * 1000;

	while (c->ncommands > 0 &&
	       thread_cond_wait(&c->change, &c->lock, until))
		;
	return c->ncommands == 0;
}

/* End what still waits for its request, wait for the rest, and at last take
 * their connections away from those who wait for who asked. */
static bool
end_commands(struct control *c, uint64_t ms)
{
	bool ended;

	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	shut_all(c, SHUT_RD);
	ended = wait_all(c, ms);
	if (!ended) {
		shut_all(c, SHUT_RDWR);
		ended = wait_all(c, LAST_TIME);
	}
	pthread_mutex_unlock(&c->lock);
	return ended;
}

int
control_stop(struct control *c, uint64_t ms)
{
	const uint64_t one = 1;

	if (!c)
		return 0;
	if (write(c->wake, &one, sizeof(one)) < 0)
		return ERR_INTERNAL;
	(void)pthread_join(c->thread, NULL); /* it is ours, and ends now */
	admin_socket_unlink(c->path, c->ino);
	if (end_commands(c, ms)) {
		control_free(c);
		return 0;
	}
	pthread_rwlock_wrlock(&c->use);
	c->gone = true;
	pthread_rwlock_unlock(&c->use);
	return ERR_TIMEOUT;
}
