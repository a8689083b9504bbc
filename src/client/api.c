/*
 * The public functions that need little of their own.
 */
#include "client/front_priv.h"

#include <poll.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "client/front.h"
#include "proto/command.h"
#include "proto/reply.h"

const char *
immp_version(void)
{
	return IMMP_VERSION;
}

const char *
immp_strerror(int error)
{
	switch (error) {
	case IMMP_OK:
		return "done";
	case IMMP_E_MEMORY:
		return "out of memory";
	case IMMP_E_USAGE:
		return "wrong usage";
	case IMMP_E_CONNECT:
		return "cannot connect";
	case IMMP_E_TIMEOUT:
		return "the server is too slow";
	case IMMP_E_CLOSED:
		return "the connection was lost";
	case IMMP_E_TLS:
		return "no encryption could be agreed on";
	case IMMP_E_CERTIFICATE:
		return "the server's key is not accepted";
	case IMMP_E_DOWNGRADE:
		return "somebody hid what the server offers";
	case IMMP_E_PROTOCOL:
		return "the server broke the protocol";
	case IMMP_E_AUTH:
		return "authentication refused";
	case IMMP_E_PROOF:
		return "the server did not prove itself";
	case IMMP_E_WEAK:
		return "the server asks for a login that is not safe";
	case IMMP_E_REFUSED:
		return "refused";
	case IMMP_E_NOT_FOUND:
		return "not found";
	case IMMP_E_LATER:
		return "not now";
	case IMMP_E_STOPPED:
		return "stopped";
	case IMMP_E_SOURCE:
		return "a part could not be read or changed while it was sent";
	case IMMP_E_TOO_LARGE:
		return "larger than the server takes";
	case IMMP_E_UNKNOWN:
		return "the connection was lost before the server confirmed: "
		       "the message may have been delivered";
	default:
		return "unknown error";
	}
}

const char *
immp_message(const struct immp *c)
{
	return c ? c->message : immp_strerror(IMMP_E_MEMORY);
}

int
immp_code(const struct immp *c)
{
	return c ? c->code : 0;
}

const struct immp_server *
immp_server(const struct immp *c)
{
	return c->fd >= 0 && c->server.domain ? &c->server : NULL;
}

int
immp_has(const struct immp *c, const char *feature)
{
	return c->fd >= 0 && engine_has(c->e, str_c(feature));
}

int
immp_proved(const struct immp *c)
{
	return c->proved;
}

int
immp_fd(const struct immp *c)
{
	return c->fd;
}

/* --- commands --- */

int
immp_command(struct immp *c, const char *line, immp_reply_fn fn, void *ctx)
{
	struct front_call k;
	int rc = front_open(c);

	if (rc < 0)
		return rc;
	front_call_init(&k, c, fn, ctx);
	rc = front_call_send(&k, str_c(line));
	return rc < 0 ? rc : front_call_wait(&k);
}

static bool
has_room(void *ctx)
{
	const struct immp *c = ctx;

	return c->fd < 0 || (engine_pending(c->e) < FRONT_OWED &&
			     engine_out(c->e)->n <= FRONT_ENOUGH);
}

int
immp_submit(struct immp *c, const char *line, immp_reply_fn fn, void *ctx)
{
	const char *why = "";
	int rc = front_open(c);

	if (rc == 0)
		rc = front_run(c, has_room, c);
	if (rc == 0)
		rc = front_open(c);
	if (rc < 0)
		return rc;
	rc = engine_command(c->e, str_c(line), fn, ctx, &why);
	return rc < 0 ? front_error(c, rc, "%s", why) : 0;
}

static bool
nothing_owed(void *ctx)
{
	const struct immp *c = ctx;

	return c->fd < 0 || engine_pending(c->e) == 0;
}

int
immp_finish(struct immp *c)
{
	int rc = front_open(c);

	if (rc == 0)
		rc = front_run(c, nothing_owed, c);
	return rc;
}

int
immp_wait(struct immp *c, int timeout)
{
	uint64_t heard = c->heard, began = clock_mono_ms();
	int left = timeout, rc;

	front_clear(c);
	/* Octets that only left us, or only TLS's own, are nothing. */
	for (;;) {
		rc = front_step(c, left);
		if (rc <= 0 || c->heard != heard)
			return rc;
		if (timeout >= 0) {
			uint64_t gone = clock_mono_ms() - began;

			if (gone >= (uint64_t)timeout)
				return 0;
			left = timeout - (int)gone;
		}
	}
}

/* --- words --- */

int
immp_quote(const char *s, char *dst, size_t cap)
{
	size_t n = 0;

	if (cap < 3)
		return IMMP_E_USAGE;
	dst[n++] = '"';
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		bool escape = ch == '"' || ch == '\\';

		if (ch < 0x20 || ch == 0x7f || n + escape + 3 > cap) {
			dst[0] = '\0';
			return IMMP_E_USAGE;
		}
		if (escape)
			dst[n++] = '\\';
		dst[n++] = (char)ch;
	}
	dst[n++] = '"';
	dst[n] = '\0';
	return (int)n;
}

int
immp_field(const char *text, const char *name, char *dst, size_t cap)
{
	struct arena a;
	struct str v;
	int rc;

	arena_init(&a, 1u << 20, 0);
	v = reply_get(&a, str_c(text), name);
	if (!v.p)
		rc = IMMP_E_NOT_FOUND;
	else if (cap == 0 || str_copy(v, dst, cap) < 0)
		rc = IMMP_E_USAGE;
	else
		rc = (int)v.n;
	arena_done(&a);
	return rc;
}

bool
front_command(size_t i, struct front_command *ret)
{
	const struct command_def *d;

	if (i + 1 >= CMD_COUNT)
		return false;
	d = command_by_id((enum command_id)(i + 1));
	*ret = (struct front_command){ d->verb, d->sub, d->help,
				       d->flags & CF_LATER };
	return true;
}
