#include "immp/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "immp/text.h"
#include "immp/when.h"

#define TEXT_COLS 100	/* more are hard to read */

bool
term_out(void)
{
	return isatty(STDOUT_FILENO);
}

bool
term_err(void)
{
	return isatty(STDERR_FILENO);
}

size_t
term_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20)
		return w.ws_col;
	return 80;
}

size_t
term_text_width(void)
{
	size_t cols = term_width();

	return cols > TEXT_COLS ? TEXT_COLS : cols;
}

const char *
term_style(enum term_style s)
{
	const char *no = getenv("NO_COLOR");

	if (!term_out() || (no && *no))
		return "";
	switch (s) {
	case TERM_PLAIN:
		return "\033[0m";
	case TERM_BOLD:
		return "\033[1m";
	case TERM_DIM:
		return "\033[2m";
	case TERM_WARN:
		return "\033[31m";
	}
	return "";
}

/* --- asking --- */

/*
 * While a secret is typed the terminal shows nothing; whoever interrupts that
 * gets the terminal back as it was.
 */
static int secret_fd = -1;
static struct termios secret_before;

static void
interrupted(int sig)
{
	tcsetattr(secret_fd, TCSANOW, &secret_before);
	_exit(128 + sig);
}

static int
read_secret(int fd, struct buf *b)
{
	char c;
	int rc = 0;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0 || c == '\n')
			return rc;
		if (rc == 0)
			rc = buf_add_c(b, c);
	}
}

static void
put(int fd, const char *s)
{
	ssize_t n = write(fd, s, strlen(s));

	(void)n; /* a prompt that cannot be shown shows itself */
}

int
term_secret(const char *prompt, struct buf *b)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction old[4], act = { .sa_handler = interrupted };
	struct termios quiet;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC), rc;

	if (fd < 0 || tcgetattr(fd, &secret_before) < 0) {
		if (fd >= 0)
			close(fd);
		return ERR_NOTFOUND;
	}
	secret_fd = fd;
	for (size_t i = 0; i < 4; i++)
		sigaction(signals[i], &act, &old[i]);
	quiet = secret_before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	tcsetattr(fd, TCSAFLUSH, &quiet);
	put(fd, prompt);
	rc = read_secret(fd, b);
	put(fd, "\n");
	tcsetattr(fd, TCSANOW, &secret_before);
	for (size_t i = 0; i < 4; i++)
		sigaction(signals[i], &old[i], NULL);
	close(fd);
	return rc;
}

bool
term_can_ask(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return isatty(STDIN_FILENO);
}

bool
term_confirm(const char *question)
{
	char answer[16] = "";
	FILE *f = fopen("/dev/tty", "r+e");

	if (!f)
		return false;
	fprintf(f, "%s (yes/no) ", question);
	fflush(f);
	if (!fgets(answer, sizeof(answer), f))
		answer[0] = '\0';
	fclose(f);
	return strcmp(answer, "yes\n") == 0 || strcmp(answer, "y\n") == 0;
}

/* --- progress --- */

#define PROGRESS_AFTER 500	/* ms */
#define PROGRESS_EVERY 100
#define PROGRESS_CELLS 30

static void
draw(const struct term_progress *p, uint64_t now, uint64_t done, uint64_t total)
{
	char bar[PROGRESS_CELLS + 1], a[16], b[16], speed[16];
	size_t cells = total ? (size_t)(done * PROGRESS_CELLS / total)
			     : PROGRESS_CELLS;

	for (size_t i = 0; i < PROGRESS_CELLS; i++)
		bar[i] = i < cells ? '#' : '.';
	bar[PROGRESS_CELLS] = '\0';
	when_size(done, a);
	when_size(total, b);
	when_size(done * 1000 / (now - p->began + 1), speed);
	fprintf(stderr, "\r%s [%s] %s of %s, %s/s \033[K", p->what, bar, a, b,
		speed);
	fflush(stderr);
}

void
term_progress(struct term_progress *p, uint64_t done, uint64_t total)
{
	uint64_t now = clock_mono_ms();

	if (p->began == 0)
		p->began = now;
	if (now - p->began < PROGRESS_AFTER ||
	    now - p->drawn < PROGRESS_EVERY || !term_err())
		return;
	p->drawn = now;
	p->shown = true;
	draw(p, now, done, total);
}

void
term_progress_end(struct term_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

/* --- output --- */

void
term_write(struct str octets)
{
	CLEANUP_BUF struct buf b = { 0 };

	buf_init(&b, 8 * octets.n + 16);
	if (!term_out()) {
		fwrite(octets.p, 1, octets.n, stdout);
		return;
	}
	(void)text_stream(&b, octets, true); /* short of memory: shows less */
	fwrite(buf_data(&b), 1, b.n, stdout);
}

void
term_json_item(bool *begun, struct str item)
{
	fputs(*begun ? ",\n" : "[\n", stdout);
	*begun = true;
	term_write(item);
}

void
term_json_end(bool begun, bool good)
{
	if (begun)
		fputs("\n]\n", stdout);
	else if (good)
		fputs("[]\n", stdout);
}

bool
term_flush(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}
