/* MQTT 3.1.1 over TLS: CONNECT, and a subscription to rest on. */
#include <stdio.h>
#include <string.h>

#include "load.h"

static void
add(struct session *s, const void *p, size_t n)
{
	if (buf_add(&s->out, p, n) < 0)
		load_die("out of memory");
}

static void
add_text(struct session *s, const char *text)
{
	size_t n = strlen(text);
	unsigned char head[2] = { (unsigned char)(n >> 8), (unsigned char)n };

	add(s, head, 2);
	add(s, text, n);
}

static void
expect(struct session *s, unsigned char type, size_t n)
{
	session_flush(s);
	while (s->in.n < n)
		session_fill(s);
	if ((unsigned char)buf_data(&s->in)[0] != type)
		load_die("the broker refuses");
	buf_consume(&s->in, n);
}

static void
begin(struct session *s)
{
	const struct load_options *o = &s->l->o;
	char id[32];
	size_t n;
	unsigned char head[2] = { 0x10, 0 };
	static const unsigned char level[] = { 4, 0xc2, 0, 0 };

	session_open(s);
	snprintf(id, sizeof(id), "bench%zu", s->index);
	n = 6 + 4 + 2 + strlen(id) + 2 + strlen(o->account) + 2 +
	    strlen(o->password);
	if (n > 127)
		load_die("too long a name");
	head[1] = (unsigned char)n;
	add(s, head, 2);
	add_text(s, "MQTT");
	add(s, level, sizeof(level));
	add_text(s, id);
	add_text(s, o->account);
	add_text(s, o->password);
	expect(s, 0x20, 4);
}

static void
more(struct session *s)
{
	char topic[64];
	unsigned char head[4] = { 0x82, 0, 0, 1 };

	if (s->steps++ > 0)
		return;
	snprintf(topic, sizeof(topic), "bench/%zu", s->index);
	head[1] = (unsigned char)(2 + 2 + strlen(topic) + 1);
	add(s, head, 4);
	add_text(s, topic);
	add(s, "\0", 1);
}

static void
heard(struct session *s)
{
	buf_clear(&s->in);
}

const struct protocol load_mqtt = { "mqtt", true, begin, more, heard };

/* A handshake and no more. */
static void
begin_bare(struct session *s)
{
	session_open(s);
}

const struct protocol load_bare = { "bare", true, begin_bare, more, heard };
