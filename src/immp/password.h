/* password: a password, from the terminal or from standard input. */
#ifndef IMMP_PASSWORD_H
#define IMMP_PASSWORD_H

#include "base/secret.h"

struct password {
	char text[1025];
};

static inline void
password_cleanup(struct password *p)
{
	secret_wipe(p, sizeof(*p));
}
#define CLEANUP_PASSWORD __attribute__((cleanup(password_cleanup)))

/* Ask, or with from_stdin read one line of standard input.  0, or an exit code;
 * the reason has been said. */
int password_get(const char *prompt, bool from_stdin, struct password *ret);

#endif
