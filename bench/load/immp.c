/* IMMP: DELIVER, FETCH, INDEX, CHECK over an engine's login. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "client/login.h"
#include "immp/immp.h"
#include "load.h"

#define PAGE 500

/* --- to be logged in --- */

static void
pump(struct session *s, struct engine *e)
{
	struct buf *out = engine_out(e);

	if (out->n) {
		if (buf_add_str(&s->out, buf_str(out)) < 0)
			load_die("out of memory");
		buf_clear(out);
		session_flush(s);
	}
	session_fill(s);
	if (engine_feed(e, buf_str(&s->in)) < 0)
		load_die("the server: %s", engine_why(e));
	buf_clear(&s->in);
}

static void
bind_login(struct session *s, struct login *l)
{
	uint8_t octets[32], nonce[LOGIN_NONCE / 2];
	char hex[65] = "";

	if (SSL_export_keying_material(s->ssl, octets, sizeof(octets),
				       "EXPORTER-IMMP-Auth", 18, NULL, 0,
				       0) != 1)
		load_die("no exporter");
	hex_encode(octets, sizeof(octets), hex);
	snprintf(l->binding, sizeof(l->binding), "exporter:%s", hex);
	secret_random(nonce, sizeof(nonce));
	hex_encode(nonce, sizeof(nonce), l->nonce);
}

static void
log_in(struct session *s, struct engine *e)
{
	struct key_text key;
	struct login l;

	login_init(&l);
	l.e = e;
	l.account = str_c(s->l->o.account);
	memcpy(key.hex, s->l->key, sizeof(key.hex));
	l.key = &key;
	l.device = str_c(s->l->device);
	bind_login(s, &l);
	if (login_start(&l) < 0)
		load_die("login: %s", l.why);
	while (!login_finished(&l))
		pump(s, e);
	if (l.error < 0)
		load_die("login: %s", l.why);
	login_done(&l);
}

/* A device of our own, whose key costs no derivation at each login. */
static int
trust(void *ctx, const struct immp_certificate *cert)
{
	(void)ctx, (void)cert;
	return 1;
}

static void
make_device(struct load *l)
{
	struct immp_options o = IMMP_OPTIONS_INIT;
	struct immp_login login = IMMP_LOGIN_INIT;
	struct immp *c = immp_new();

	o.host = l->o.host;
	o.port = (uint16_t)l->o.port;
	o.trust = trust;
	login.account = l->o.account;
	login.password = l->o.password;
	snprintf(l->device, sizeof(l->device), "bench-%llx",
		 (unsigned long long)load_ns());
	if (!c || immp_connect(c, &o) < 0 || immp_login(c, &login) < 0 ||
	    immp_device_add(c, l->device, NULL, l->key) < 0)
		load_die("%s", immp_message(c));
	immp_free(c);
}

static void
begin(struct session *s)
{
	struct engine *e = engine_new(false, IMMP_TLS3);

	if (!s->l->key[0])
		make_device(s->l);
	if (!e)
		load_die("out of memory");
	session_open(s);
	while (engine_phase(e) != ENGINE_HANDSHAKE)
		pump(s, e);
	session_tls(s);
	if (engine_secured(e) < 0)
		load_die("the server: %s", engine_why(e));
	while (engine_phase(e) != ENGINE_READY)
		pump(s, e);
	log_in(s, e);
	engine_free(e);
	if (strcmp(s->l->o.what, "idle") == 0) {
		session_say(s, "MBOX CHECK %s\n", s->l->o.folder);
		session_expect(s, "240 ", "4");
	}
	s->named = strcmp(s->l->o.what, "deliver") == 0 &&
		   s->l->o.wait == WAIT_WINDOW;
}

/* --- what is asked --- */

static bool
is(const struct session *s, const char *what)
{
	return strcmp(s->l->o.what, what) == 0;
}

static void
add(struct session *s, int rc)
{
	if (rc < 0)
		load_die("%s", err_text(rc));
}

/* The pipeline that the unit is in. */
static void
add_as(struct session *s)
{
	if (s->named)
		add(s, buf_addf(&s->out, "AS p%llu ",
				(unsigned long long)s->slot));
}

static void
add_deliver(struct session *s)
{
	const struct load_options *o = &s->l->o;

	s->serial = s->l->given;
	add_as(s);
	add(s, buf_add_cstr(&s->out, "DELIVER TO"));
	for (uint64_t i = 0; i < o->recipients; i++)
		add(s, buf_addf(&s->out, " u%llu@%s", (unsigned long long)(
				(load_random(o->mailboxes) + i) % o->mailboxes),
				o->domain));
	add(s, buf_addf(&s->out, " SUBJECT \"message %llu\"\n",
			(unsigned long long)s->serial));
}

static void
add_data(struct session *s)
{
	add_as(s);
	add(s, buf_addf(&s->out, "DATA LENGTH %llu\n",
			(unsigned long long)s->l->o.size));
	load_text(s, s->serial, &s->out);
}

static void
more_deliver(struct session *s)
{
	while (load_give(s)) {
		add_deliver(s);
		if (s->l->o.wait == WAIT_REPLY) {
			s->step = 1;
			return;
		}
		add_data(s);
		add_as(s);
		add(s, buf_add_cstr(&s->out, "DONE\n"));
	}
}

static void
more(struct session *s)
{
	const struct load_options *o = &s->l->o;

	if (is(s, "deliver")) {
		more_deliver(s);
		return;
	}
	if (is(s, "fetch") || is(s, "index")) {
		/* Units are what comes; one command brings them. */
		if (s->steps++ > 0)
			return;
		add(s, buf_addf(&s->out,
				is(s, "fetch") ? "MBOX FETCH %s::* -READ\n" :
				"MBOX INDEX %s LIMIT %d +JSON\n",
				o->folder, PAGE));
		return;
	}
	while (!is(s, "idle") && load_give(s))
		add(s, buf_addf(&s->out, is(s, "check") ?
				"MBOX CHECK %s\n" :
				"MBOX INDEX %s LIMIT 50 +JSON\n", o->folder));
}

/* --- what is answered --- */

static void
next_step(struct session *s, struct str line)
{
	if (s->step == 1 && str_starts(line, STR("270 "))) {
		add_data(s);
		s->step = 2;
	} else if (s->step == 2 && str_starts(line, STR("272 "))) {
		add(s, buf_add_cstr(&s->out, "DONE\n"));
		s->step = 3;
	}
}

/* The value behind name, or 0. */
static uint64_t
field(struct str line, const char *name)
{
	ptrdiff_t at = str_find(line, str_c(name));
	uint64_t v = 0;

	for (size_t i = at < 0 ? line.n : (size_t)at + strlen(name);
	     i < line.n && line.p[i] >= '0' && line.p[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(line.p[i] - '0');
	return v;
}

/* A row or a message; its time is that since the last. */
static void
count(struct session *s)
{
	s->l->given++;
	s->under_way++;
	load_done(s);
}

static void
next_page(struct session *s, struct str line)
{
	ptrdiff_t at = str_find(line, STR("more="));

	if (at < 0) {
		s->l->end = 1;
		return;
	}
	add(s, buf_addf(&s->out, "MBOX INDEX %s LIMIT %d BEFORE %.*s +JSON\n",
			s->l->o.folder, PAGE, 36, line.p + at + 5));
}

static void
take(struct session *s, struct str line)
{
	bool more_comes = line.n > 3 && line.p[3] == '-';

	if (line.n < 4 || line.p[0] < '1' || line.p[0] > '2')
		load_die("the server: %.*s", STR_ARG(line));
	if (is(s, "deliver")) {
		if (s->l->o.wait == WAIT_REPLY)
			next_step(s, line);
		if (str_starts(line, STR("273 ")))
			load_done(s);
		return;
	}
	if (is(s, "fetch")) {
		s->skip = field(line, " length=");
		if (!more_comes)
			s->l->end = 1;
		else if (field(line, " offset=") + s->skip ==
			 field(line, " total="))
			count(s);
		return;
	}
	if (is(s, "index")) {
		if (more_comes)
			count(s);
		else
			next_page(s, line);
		return;
	}
	if (!more_comes)
		load_done(s);
}

/* "p7: 273 Delivered ..." */
static void
take_named(struct session *s, struct str line)
{
	ptrdiff_t colon = str_chr(line, ':', 0);
	struct str rest = str_from(line, colon < 0 ? 0 : (size_t)colon + 2);
	uint64_t slot = 0;

	if (colon < 2 || rest.n < 4 || rest.p[0] != '2' ||
	    str_u64(str_sub(line, 1, (size_t)colon - 1), 63, &slot) < 0)
		load_die("the server: %.*s", STR_ARG(line));
	if (str_starts(rest, STR("273 ")))
		load_done_at(s, slot);
}

static void
heard(struct session *s)
{
	struct str line;

	while (load_skip(s) && load_line(s, &line)) {
		if (s->named)
			take_named(s, line);
		else
			take(s, line);
	}
}

const struct protocol load_immp = { "immp", false, begin, more, heard };
