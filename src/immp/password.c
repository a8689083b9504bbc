#include "immp/password.h"

#include <errno.h>
#include <unistd.h>

#include "immp/app.h"
#include "immp/term.h"

/* One line, octet by octet: what follows is for the next to read. */
static int
read_line(struct password *ret)
{
	size_t n = 0;
	char c = '\0';

	for (;;) {
		ssize_t got = read(STDIN_FILENO, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 && n == 0)
			return app_error(APP_USAGE,
					 "no password on standard input");
		if (got <= 0 || c == '\n')
			break;
		if (n == sizeof(ret->text) - 1 || c == '\0')
			return app_error(APP_USAGE,
					 "the password is too long");
		ret->text[n++] = c;
	}
	if (n && ret->text[n - 1] == '\r')
		n--;
	ret->text[n] = '\0';
	return 0;
}

int
password_get(const char *prompt, bool from_stdin, struct password *ret)
{
	struct buf b;
	int rc;

	if (from_stdin)
		return read_line(ret);
	buf_init(&b, sizeof(ret->text) - 1);
	/* All at once, so that growing leaves no copies behind. */
	rc = buf_reserve(&b, sizeof(ret->text) - 1);
	if (rc == 0)
		rc = term_secret(prompt, &b);
	if (rc == 0)
		rc = str_copy(buf_str(&b), ret->text, sizeof(ret->text));
	if (b.n)
		secret_wipe(buf_data(&b), b.n);
	buf_done(&b);
	if (rc == ERR_NOTFOUND)
		return app_error(APP_USAGE, "no terminal to ask for the "
					    "password; see --password-stdin");
	if (rc < 0)
		return app_error(APP_USAGE, "the password is too long");
	return 0;
}
