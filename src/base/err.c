#include "base/err.h"

#include <errno.h>
#include <stddef.h>

struct err_row {
	const char *name;
	const char *text;
};

/* Index 0 is the first code behind ERR_FIRST_. */
static const struct err_row err_rows[] = {
#define IMMP_ERR(name, text, status) { #name, text },
#include "base/err.def"
#undef IMMP_ERR
};

_Static_assert(sizeof(err_rows) / sizeof(err_rows[0]) ==
	       ERR_LAST_ - ERR_FIRST_ - 1, "one row per code");
_Static_assert(ERR_LAST_ < 0, "all codes are negative");

static const struct err_row *
row_of(int err)
{
	if (err <= ERR_FIRST_ || err >= ERR_LAST_)
		return NULL;
	return &err_rows[err - ERR_FIRST_ - 1];
}

const char *
err_name(int err)
{
	const struct err_row *row = row_of(err);

	if (err >= 0)
		return "OK";
	return row ? row->name : "UNKNOWN";
}

const char *
err_text(int err)
{
	const struct err_row *row = row_of(err);

	if (err >= 0)
		return "no error";
	return row ? row->text : "unknown error";
}

struct errno_row {
	int errnum;
	int err;
};

static const struct errno_row errno_rows[] = {
	{ ENOMEM, ERR_NOMEM },
	{ ENOSPC, ERR_FULL },
	{ EDQUOT, ERR_FULL },
	{ ENOENT, ERR_NOTFOUND },
	{ ENOTDIR, ERR_NOTFOUND },
	{ EEXIST, ERR_EXISTS },
	{ ENOTEMPTY, ERR_EXISTS },
	{ EACCES, ERR_DENIED },
	{ EPERM, ERR_DENIED },
	{ EROFS, ERR_DENIED },
	{ EAGAIN, ERR_BUSY },
	{ EBUSY, ERR_BUSY },
	{ ETIMEDOUT, ERR_TIMEOUT },
	{ ECANCELED, ERR_CANCELLED },
	{ EPIPE, ERR_CLOSED },
	{ ECONNRESET, ERR_CLOSED },
	{ ECONNABORTED, ERR_CLOSED },
	{ ENOTCONN, ERR_CLOSED },
	{ ECONNREFUSED, ERR_CONNECT },
	{ EHOSTUNREACH, ERR_CONNECT },
	{ ENETUNREACH, ERR_CONNECT },
	{ EHOSTDOWN, ERR_CONNECT },
	{ ENETDOWN, ERR_CONNECT },
	{ EADDRNOTAVAIL, ERR_CONNECT },
	{ EMFILE, ERR_LIMIT },
	{ ENFILE, ERR_LIMIT },
	{ ENAMETOOLONG, ERR_TOOLONG },
	{ EFBIG, ERR_TOOLARGE },
	{ EMSGSIZE, ERR_TOOLARGE },
	{ EOPNOTSUPP, ERR_UNSUPPORTED },
	{ ENOSYS, ERR_UNSUPPORTED },
	{ EPROTO, ERR_PROTOCOL },
	{ EINVAL, ERR_INTERNAL },
	{ EBADF, ERR_INTERNAL },
	{ EFAULT, ERR_INTERNAL },
};

int
err_from_errno(int errnum)
{
	size_t n = sizeof(errno_rows) / sizeof(errno_rows[0]);

	for (size_t i = 0; i < n; i++)
		if (errno_rows[i].errnum == errnum)
			return errno_rows[i].err;
	return ERR_IO;
}
