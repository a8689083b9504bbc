/* LMTP (RFC 2033) and SMTP (RFC 5321), in clear. */
#include <stdio.h>
#include <string.h>

#include "load.h"

static void
begin_as(struct session *s, const char *hello)
{
	session_open(s);
	session_expect(s, "220 ", "4");
	session_say(s, "%s bench.test\r\n", hello);
	session_expect(s, "250 ", "5");
}

static void
begin_lmtp(struct session *s)
{
	begin_as(s, "LHLO");
}

static void
begin_smtp(struct session *s)
{
	begin_as(s, "EHLO");
}

static void
add(int rc)
{
	if (rc < 0)
		load_die("out of memory");
}

static void
add_envelope(struct session *s)
{
	const struct load_options *o = &s->l->o;

	s->serial = s->l->given;
	add(buf_addf(&s->out, "MAIL FROM:<u0@%s>\r\n", o->domain));
	for (uint64_t i = 0; i < o->recipients; i++)
		add(buf_addf(&s->out, "RCPT TO:<u%llu@%s>\r\n",
			     (unsigned long long)((load_random(o->mailboxes) +
						   i) % o->mailboxes),
			     o->domain));
	add(buf_add_cstr(&s->out, "DATA\r\n"));
	s->step = 0;
}

static void
more(struct session *s)
{
	/* One transaction after the other, as they must be. */
	if (s->under_way == 0 && load_give(s))
		add_envelope(s);
}

static void
add_message(struct session *s)
{
	add(buf_addf(&s->out, "From: u0@%s\r\nTo: u1@%s\r\n"
		     "Date: Thu, 17 Oct 2013 09:08:07 +0000\r\n"
		     "Message-ID: <%zu.%llu@%s>\r\n"
		     "Subject: message %llu\r\n\r\n",
		     s->l->o.domain, s->l->o.domain, s->index,
		     (unsigned long long)s->serial, s->l->o.domain,
		     (unsigned long long)s->serial));
	load_text(s, s->serial, &s->out);
	add(buf_add_cstr(&s->out, "\r\n.\r\n"));
}

/* Replies: MAIL, each RCPT, DATA, then one, or in LMTP one a recipient. */
static void
heard(struct session *s)
{
	int before = 2 + (int)s->l->o.recipients;
	int after = s->p == &load_lmtp ? (int)s->l->o.recipients : 1;
	struct str line;

	while (load_line(s, &line)) {
		if (line.n > 3 && line.p[3] == '-')
			continue;
		if (line.p[0] != '2' && line.p[0] != '3')
			load_die("the server: %.*s", STR_ARG(line));
		s->step++;
		if (s->step == before)
			add_message(s);
		else if (s->step == before + after)
			load_done(s);
	}
}

const struct protocol load_lmtp = { "lmtp", false, begin_lmtp, more, heard };
const struct protocol load_smtp = { "smtp", false, begin_smtp, more, heard };
