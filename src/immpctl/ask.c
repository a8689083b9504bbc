/*
 * Passwords and confirmations.
 *
 * What a server keeps of a password is made here: Argon2id over the password
 * in NFC.  A prompt reads from the terminal, not from standard input, with its
 * echo off; a signal that comes meanwhile is taken after it is on again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "immpctl/immpctl.h"

/* Octets of a password. */
#define PASSWORD_MAX 1024
/* Below this many characters a note is worth it. */
#define PASSWORD_SHORT 8
/* Of one that we make: 120 bits. */
#define MADE_CHARS 24

struct password {
	char text[PASSWORD_MAX + 1];
	size_t n;
};

static void
password_cleanup(struct password *p)
{
	secret_wipe(p, sizeof(*p));
}
#define CLEANUP_PASSWORD __attribute__((cleanup(password_cleanup)))

/* --- reading --- */

/* A line of fd, without its end, octet by octet: what follows is not ours.
 * 0, ERR_CLOSED (nothing there), ERR_TOOLONG, ERR_CANCELLED, ERR_IO. */
static int
read_line(int fd, struct password *ret)
{
	ssize_t got;
	char c;

	ret->n = 0;
	while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
		if (ret->n == PASSWORD_MAX)
			return ERR_TOOLONG;
		ret->text[ret->n++] = c;
	}
	if (got < 0)
		return errno == EINTR ? ERR_CANCELLED : ERR_IO;
	if (got == 0 && ret->n == 0)
		return ERR_CLOSED;
	if (ret->n > 0 && ret->text[ret->n - 1] == '\r')
		ret->n--;
	return 0;
}

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
	caught = sig;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* Wait until a line is there, or one of the signals, which are blocked
 * everywhere else: none is missed. */
static int
wait_line(int tty, const sigset_t *mask)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };

	while (caught == 0) {
		if (ppoll(&p, 1, NULL, mask) > 0)
			return 0;
		if (errno != EINTR)
			return ERR_IO;
	}
	return ERR_CANCELLED;
}

static int
read_hidden(int tty, const char *prompt, const sigset_t *mask,
	    struct password *ret)
{
	struct termios shown, hidden;
	int err;

	if (tcgetattr(tty, &shown) < 0)
		return ERR_IO;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &hidden) < 0)
		return ERR_IO;
	(void)dprintf(tty, "%s", prompt); /* the read tells if it is gone */
	err = wait_line(tty, mask);
	if (err == 0)
		err = read_line(tty, ret);
	(void)tcsetattr(tty, TCSAFLUSH, &shown); /* as well as it can be */
	(void)dprintf(tty, "\n"); /* for looks */
	return err;
}

/* Ask at the terminal without echo. */
static int
prompt_hidden(int tty, const char *prompt, struct password *ret)
{
	struct sigaction act = { .sa_handler = on_signal }, old[SIGNALS];
	sigset_t ours, before;
	int err;

	caught = 0;
	(void)sigemptyset(&ours); /* none of these can fail so */
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&ours, signals[i]);
	(void)pthread_sigmask(SIG_BLOCK, &ours, &before);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &act, &old[i]);
	err = read_hidden(tty, prompt, &before, ret);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &old[i], NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (caught != 0)
		(void)raise(caught); /* now it may do what it does */
	return err;
}

static int
read_failed(struct ctl *c, int err)
{
	if (err == ERR_CLOSED)
		return ctl_fail(c, ADMIN_USAGE, "no password was given");
	if (err == ERR_TOOLONG)
		return ctl_fail(c, ADMIN_REFUSED, "a password of more than %d "
				"octets", PASSWORD_MAX);
	return ctl_fail(c, ADMIN_REFUSED, "no password: %s", err_text(err));
}

static int
ask_twice(struct ctl *c, struct password *ret)
{
	CLEANUP_PASSWORD struct password again = { .n = 0 };
	int err, tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty < 0)
		return ctl_fail(c, ADMIN_USAGE, "no terminal to ask for a "
				"password: --password-stdin or --generate");
	err = prompt_hidden(tty, "New password: ", ret);
	if (err == 0)
		err = prompt_hidden(tty, "Once more: ", &again);
	(void)close(tty); /* was only a terminal */
	if (err < 0)
		return read_failed(c, err);
	if (!str_eq(str_n(ret->text, ret->n), str_n(again.text, again.n)))
		return ctl_fail(c, ADMIN_REFUSED, "these were two different "
				"passwords");
	return ADMIN_DONE;
}

/* --- making --- */

static void
make(struct password *ret)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t rnd[MADE_CHARS];

	secret_random(rnd, sizeof(rnd));
	for (size_t i = 0; i < MADE_CHARS; i++)
		ret->text[i] = alphabet[rnd[i] & 31];
	ret->n = MADE_CHARS;
	secret_wipe(rnd, sizeof(rnd));
}

/* --- h --- */

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static int
derive(struct ctl *c, struct str password)
{
	struct str nfc;
	struct arena a;
	int err;

	if (password.n == 0)
		return ctl_fail(c, ADMIN_REFUSED, "an empty password");
	if (!utf8_valid(password) || utf8_has_unsafe(password))
		return ctl_fail(c, ADMIN_REFUSED, "a password is UTF-8 without "
				"control characters");
	if (characters(password) < PASSWORD_SHORT)
		(void)fprintf(stderr, "immpctl: note: that is a short "
			      "password\n");
	arena_init(&a, 64 * PASSWORD_MAX, 0);
	nfc = text_nfc(&a, password);
	err = nfc.p ? 0 : ERR_NOMEM;
	c->secret.kdf = (struct kdf_params){ .t = KDF_T, .m = KDF_M };
	secret_random(c->secret.kdf.salt, sizeof(c->secret.kdf.salt));
	if (err == 0)
		err = kdf_argon2id(nfc, &c->secret.kdf, &c->secret.key);
	if (nfc.p)
		secret_wipe((void *)nfc.p, nfc.n);
	arena_done(&a);
	if (err < 0)
		return ctl_fail(c, admin_exit_of(err), "%s", err_text(err));
	c->secret.has_kdf = c->secret.has_key = true;
	return ADMIN_DONE;
}

int
ask_password(struct ctl *c, enum ask_from from)
{
	CLEANUP_PASSWORD struct password p = { .n = 0 };
	int rc = ADMIN_DONE, err;

	switch (from) {
	case ASK_STDIN:
		err = read_line(STDIN_FILENO, &p);
		if (err < 0)
			rc = read_failed(c, err);
		break;
	case ASK_PROMPT:
		rc = ask_twice(c, &p);
		break;
	case ASK_MAKE:
		make(&p);
		memcpy(c->made, p.text, p.n);
		c->made[p.n] = '\0';
		render_extra(c->render, "password", c->made);
		break;
	}
	return rc == ADMIN_DONE ? derive(c, str_n(p.text, p.n)) : rc;
}

int
ask_secret(struct ctl *c)
{
	uint8_t raw[32];

	if (c->call.row->flags & ADMIN_PASSWORD) {
		if (admin_option(&c->call, "--password-stdin", NULL))
			return ask_password(c, ASK_STDIN);
		if (admin_option(&c->call, "--generate", NULL))
			return ask_password(c, ASK_MAKE);
		return ask_password(c, ASK_PROMPT);
	}
	if (c->call.row->flags & ADMIN_DEVICE_KEY) {
		secret_random(raw, sizeof(raw));
		hex_encode(raw, sizeof(raw), c->secret.key.hex);
		secret_wipe(raw, sizeof(raw));
		c->secret.has_key = true;
		memcpy(c->made, c->secret.key.hex, sizeof(c->secret.key.hex));
		render_extra(c->render, "key", c->made);
	}
	return ADMIN_DONE;
}

/* --- confirming --- */

/* Put --yes behind the command's own words: who runs it wants to hear it. */
static int
confirmed(struct ctl *c)
{
	size_t at = 1;

	if (c->nwords == ADMIN_WORDS)
		return ctl_fail(c, ADMIN_USAGE, "too many words");
	for (const char *p = c->call.row->words; *p != '\0'; p++)
		at += *p == ' ';
	memmove(c->words + at + 1, c->words + at,
		(c->nwords - at) * sizeof(c->words[0]));
	c->words[at] = STR("--yes");
	c->nwords++;
	return admin_match(c->words, c->nwords, &c->call, &c->fail);
}

int
ask_confirm(struct ctl *c, struct str name)
{
	struct password typed;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return ctl_fail(c, ADMIN_USAGE, "%s wants --yes",
				c->call.row->words);
	(void)fprintf(stderr, "%s: %s.\nType %.*s to go on: ",
		      c->call.row->words, c->call.row->help, STR_ARG(name));
	if (read_line(STDIN_FILENO, &typed) < 0 ||
	    !str_eq(str_trim(str_n(typed.text, typed.n)), name))
		return ctl_fail(c, ADMIN_REFUSED, "not confirmed: nothing is "
				"done");
	return confirmed(c);
}
