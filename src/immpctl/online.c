/*
 * A command in the running server, through its control socket: the request is
 * one line, the answer lines up to the one that ends it (admin/admin_wire.h).
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin_socket.h"
#include "base/clock.h"
#include "immpctl/immpctl.h"

/* How long a server may be silent (ms), but in a command that is long. */
#define SILENCE 60000

static int
silent(struct ctl *c)
{
	return ctl_fail(c, ADMIN_LATER, "the server runs but its control "
			"socket does not answer");
}

/* 0, or an error; the octets are wiped by their owner. */
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

static int
send_request(struct ctl *c, int fd)
{
	struct timeval tv = { .tv_sec = SILENCE / 1000 };
	struct buf b;
	int err;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	buf_init(&b, ADMIN_REQUEST_MAX);
	err = admin_wire_request(&b, c->words, c->nwords, &c->secret);
	if (err == 0)
		err = send_all(fd, buf_str(&b));
	if (b.n > 0)
		secret_wipe(buf_data(&b), b.n);
	buf_done(&b);
	if (err == ERR_LIMIT)
		return ctl_fail(c, ADMIN_USAGE, "too many words");
	/* It may have refused before it read: then it says why. */
	return err < 0 && err != ERR_CLOSED ? silent(c) : ADMIN_DONE;
}

/* More octets of the answer.  1, 0 at its end, or an error. */
static int
receive(int fd, struct buf *in, bool patient)
{
	uint64_t until = clock_mono_ms() + SILENCE;
	ssize_t n = -1;
	int err;

	err = buf_reserve(in, 16384);
	if (err < 0)
		return err;
	while (n < 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_mono_ms();
		int got = 0;

		if (patient)
			got = poll(&p, 1, -1);
		else if (now < until)
			got = poll(&p, 1, (int)(until - now));
		if (got == 0)
			return ERR_TIMEOUT;
		if (got > 0)
			n = recv(fd, buf_tail(in), 16384, 0);
		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
	}
	buf_grew(in, (size_t)n);
	return n > 0;
}

/* One line of the answer; *ret_end: it was the last. */
static int
take_line(struct ctl *c, struct str line, bool *ret_end)
{
	struct admin_out out = render_out(c->render);
	struct admin_answer ans;
	struct arena a;
	int rc = ADMIN_DONE, err;

	arena_init(&a, 4 * ADMIN_ANSWER_MAX, 0);
	err = admin_wire_answer_parse(&a, line, &ans);
	if (err == 0 && !ans.end)
		err = out.put(out.ctx, ans.kind, ans.text);
	if (err < 0) {
		rc = ctl_fail(c, ADMIN_LATER, "the answer: %s", err_text(err));
		*ret_end = true;
	} else if (ans.end) {
		c->fail = ans.fail;
		rc = ans.code;
		*ret_end = true;
	}
	arena_done(&a);
	return rc;
}

static int
read_answer(struct ctl *c, int fd, struct buf *in)
{
	bool end = false;
	int rc = ADMIN_DONE;

	while (!end) {
		ptrdiff_t lf = str_chr(buf_str(in), '\n', 0);
		int got;

		if (lf >= 0) {
			rc = take_line(c, str_sub(buf_str(in), 0, (size_t)lf),
				       &end);
			buf_consume(in, (size_t)lf + 1);
			continue;
		}
		got = receive(fd, in,
			      c->call.row->flags & ADMIN_LONG);
		if (got == 0 || got == ERR_CLOSED)
			return ctl_fail(c, ADMIN_LATER, "the server has ended "
					"before the command did");
		if (got < 0)
			return silent(c);
	}
	return rc;
}

int
online_run(struct ctl *c, bool *ret_ran)
{
	struct buf in;
	int fd, rc, err = admin_socket_connect(c->conf->control, &fd);

	*ret_ran = err != ERR_NOTFOUND;
	if (err == ERR_NOTFOUND)
		return ADMIN_DONE;
	if (err == ERR_DENIED)
		return ctl_fail(c, ADMIN_REFUSED, "%s: not permitted: be root "
				"or the user of immpd", c->conf->control);
	if (err < 0)
		return ctl_fail(c, ADMIN_LATER, "%s: %s", c->conf->control,
				err_text(err));
	buf_init(&in, ADMIN_ANSWER_MAX + 16384);
	rc = send_request(c, fd);
	if (rc == ADMIN_DONE)
		rc = read_answer(c, fd, &in);
	buf_done(&in);
	(void)close(fd); /* all has been read */
	return rc;
}
