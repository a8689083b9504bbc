/* IMAP over TLS (RFC 3501): login, FETCH of all, IDLE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static void
begin(struct session *s)
{
	session_open(s);
	session_expect(s, "* OK", NULL);
	session_say(s, "a LOGIN %s %s\r\n", s->l->o.account, s->l->o.password);
	session_expect(s, "a OK", "a NO");
	if (strcmp(s->l->o.what, "login") == 0)
		return;
	session_say(s, "b SELECT %s\r\n", s->l->o.folder);
	session_expect(s, "b OK", "b NO");
}

static void
more(struct session *s)
{
	const char *what = s->l->o.what;

	if (s->steps++ > 0)
		return;
	if (buf_addf(&s->out, "c %s\r\n",
		     strcmp(what, "fetch") == 0 ? "FETCH 1:* BODY.PEEK[]" :
		     strcmp(what, "index") == 0 ? "FETCH 1:* (FLAGS ENVELOPE)" :
						  "IDLE") < 0)
		load_die("out of memory");
}

/* The length of a literal that a line ends with. */
static uint64_t
literal(struct str line)
{
	size_t i = line.n;

	if (i == 0 || line.p[i - 1] != '}')
		return 0;
	while (i > 0 && line.p[i - 1] != '{')
		i--;
	return strtoull(line.p + i, NULL, 10);
}

static void
heard(struct session *s)
{
	struct str line;

	while (load_skip(s) && load_line(s, &line)) {
		if (str_starts(line, STR("c OK")))
			s->l->end = 1;
		else if (str_starts(line, STR("c ")))
			load_die("the server: %.*s", STR_ARG(line));
		s->skip = literal(line);
		if (str_starts(line, STR("* ")) &&
		    str_find(line, STR(" FETCH (")) > 0) {
			s->l->given++;
			s->under_way++;
			load_done(s);
		}
	}
}

const struct protocol load_imap = { "imap", true, begin, more, heard };
