/*
 * The shell on a terminal: libedit for lines, history and completion.
 *
 * While libedit waits for a key we wait for the server too (EL_GETCFN), so
 * that answers and events appear when they come; the line being typed is then
 * drawn again below them.
 */
#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "client/front.h"
#include "immp/settings.h"
#include "immp/shell.h"
#include "immp/term.h"

#define HISTORY_LINES 1000
/* How long an answer may take and still stand before the next prompt. */
#define ANSWER_TIME 150

static char *
prompt(EditLine *el)
{
	static char text[] = "immp> ";

	return text;
}

/* --- completion --- */

/* What the words of b have in common at their beginning. */
static size_t
common(const struct buf *b)
{
	struct str rest = buf_str(b), line, first = { NULL, 0 };
	size_t n = 0;

	while (rest.n && str_next(&rest, '\n', &line)) {
		if (!first.p) {
			first = line;
			n = line.n;
		}
		if (n > line.n)
			n = line.n;
		while (n && !str_eqi(str_sub(first, 0, n), str_sub(line, 0, n)))
			n--;
	}
	return n;
}

static unsigned char
complete(EditLine *el, int ch)
{
	CLEANUP_BUF struct buf b = { 0 };
	const LineInfo *li = el_line(el);
	struct str line = str_n(li->buffer, (size_t)(li->cursor - li->buffer));
	char insert[64];
	size_t from, n;
	int found;

	buf_init(&b, 8192);
	found = shell_complete(line, &b, &from);
	if (found <= 0)
		return CC_ERROR;
	n = common(&b);
	if (found > 1 && n <= line.n - from) {
		printf("\n%.*s", STR_ARG(buf_str(&b)));
		fflush(stdout);
		return CC_REDISPLAY;
	}
	snprintf(insert, sizeof(insert), "%.*s%s", (int)n, buf_data(&b),
		 found == 1 ? " " : "");
	el_deletestr(el, (int)(line.n - from));
	return el_insertstr(el, insert) < 0 ? CC_ERROR : CC_REFRESH;
}

/* --- keys --- */

static int
hear(struct shell *s, int timeout)
{
	int rc = immp_wait(s->c, timeout);

	fflush(stdout);
	return rc;
}

/* Wait for a key, and for the server.  1, or 0 at the end. */
static int
get_key(EditLine *el, wchar_t *ret)
{
	mbstate_t state = { 0 };
	struct shell *s;

	el_get(el, EL_CLIENTDATA, &s);
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = immp_fd(s->c), .events = POLLIN },
		};
		char c;
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 0;
		if (p[1].revents) {
			s->editing = true;
			if (hear(s, 0) < 0)
				return 0;
			s->editing = false;
			if (s->fresh)
				el_set(el, EL_REFRESH);
		}
		if (!p[0].revents)
			continue;
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		switch (mbrtowc(ret, &c, 1, &state)) {
		case (size_t)-2:	/* more octets of the character */
			continue;
		case (size_t)-1:
			state = (mbstate_t){ 0 };
			continue;
		default:
			return 1;
		}
	}
}

/* --- lines --- */

/* What proves a password is not kept. */
static bool
is_secret(struct str line)
{
	line = str_trim(line);
	return str_eqi(str_sub(line, 0, 4), STR("AUTH")) ||
	       str_eqi(str_sub(line, 0, 6), STR("PASSWD"));
}

static int
send_line(struct shell *s, struct str line)
{
	int rc = front_write(s->c, line);

	if (str_eqi(str_trim(line), STR("QUIT")))
		s->quit = true;
	/* Most answers come at once: show them before the next prompt. */
	if (rc == 0 && str_trim(line).n)
		rc = hear(s, ANSWER_TIME);
	while (rc > 0)
		rc = hear(s, s->fresh ? 0 : ANSWER_TIME);
	return rc;
}

static int
lines(struct shell *s, EditLine *el, History *h)
{
	HistEvent ev;
	const char *line;
	int n, rc;

	while ((line = el_gets(el, &n)) && n > 0) {
		struct str text = str_n(line, (size_t)n);

		if (str_trim(text).n && !is_secret(text))
			history(h, &ev, H_ENTER, line);
		rc = send_line(s, text);
		if (rc < 0)
			return shell_ended(s, rc);
	}
	if (immp_fd(s->c) < 0)
		return shell_ended(s, IMMP_E_CLOSED);
	/* The end of input. */
	putchar('\n');
	s->quit = true;
	rc = front_write(s->c, STR("QUIT\n"));
	while (rc >= 0 && (rc = hear(s, 1000)) > 0)
		;
	return rc < 0 ? shell_ended(s, rc) : APP_DONE;
}

int
shell_edit(struct shell *s)
{
	History *h = history_init();
	EditLine *el = el_init("immp", stdin, stdout, stderr);
	char path[PATH_MAX];
	bool keep = settings_make() == 0 &&
		    settings_path("history", path, sizeof(path)) == 0;
	HistEvent ev;
	int rc;

	if (!h || !el)
		return app_error(APP_LATER, "out of memory");
	history(h, &ev, H_SETSIZE, HISTORY_LINES);
	history(h, &ev, H_SETUNIQUE, 1);
	if (keep)
		history(h, &ev, H_LOAD, path);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_HIST, history, h);
	el_set(el, EL_CLIENTDATA, s);
	el_set(el, EL_GETCFN, get_key);
	el_set(el, EL_ADDFN, "immp-complete", "Complete a command", complete);
	el_set(el, EL_BIND, "^I", "immp-complete", NULL);
	el_set(el, EL_SIGNAL, 1);
	rc = lines(s, el, h);
	if (keep) {
		mode_t mask = umask(077);

		history(h, &ev, H_SAVE, path);
		umask(mask);
	}
	el_end(el);
	history_end(h);
	return rc;
}
