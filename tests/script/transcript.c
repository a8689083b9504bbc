#include "script/transcript.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypt/crypt.h"
#include "proto/reply.h"

#define MAX_VARS 64
#define MAX_CONNS 40

struct var {
	char name[40], value[600];
};

struct conn {
	char name[40];
	void *c;
};

struct play {
	const struct transcript_ops *ops;
	void *ctx;
	const char *path;
	int line;
	struct var var[MAX_VARS];
	size_t nvar;
	struct conn conn[MAX_CONNS];
	size_t nconn, at;
	bool skip;
	uint64_t block;		/* octets of the block behind the last line */
	char nonces[512];	/* text of the last 303 */
};

static int
complain(struct play *p, const char *what, struct str got)
{
	(void)fprintf(stderr, "%s:%d: %s: %.*s\n", p->path, p->line, what,
		      STR_ARG(str_sub(got, 0, 400)));
	return ERR_VALUE;
}

/* --- variables --- */

static struct var *
var_get(struct play *p, struct str name, bool make)
{
	for (size_t i = 0; i < p->nvar; i++)
		if (str_eq(str_c(p->var[i].name), name))
			return &p->var[i];
	if (!make || p->nvar == MAX_VARS ||
	    str_copy(name, p->var[p->nvar].name, 40) < 0)
		return NULL;
	return &p->var[p->nvar++];
}

/* ${NAME} at the start of s.  Returns its length, 0 if there is none. */
static size_t
var_at(struct str s, struct str *ret_name)
{
	ptrdiff_t end;

	if (!str_starts(s, STR("${")))
		return 0;
	end = str_chr(s, '}', 0);
	if (end < 0)
		return 0;
	*ret_name = str_sub(s, 2, (size_t)end - 2);
	return (size_t)end + 1;
}

static int
expand(struct play *p, struct str s, struct buf *out)
{
	struct str name;
	struct var *v;
	size_t n;
	int err = 0;

	while (s.n > 0 && err == 0) {
		n = var_at(s, &name);
		if (n == 0) {
			err = buf_add_c(out, s.p[0]);
			s = str_from(s, 1);
			continue;
		}
		v = var_get(p, name, false);
		if (v == NULL)
			return complain(p, "no such name", name);
		err = buf_add_cstr(out, v->value);
		s = str_from(s, n);
	}
	return err;
}

static int
unescape(struct str s, struct buf *out)
{
	static const char from[] = "nrt0\\", to[] = "\n\r\t\0\\";
	int err = 0;

	while (s.n > 0 && err == 0) {
		char ch = s.p[0];
		const char *at;
		size_t n = 1;

		if (ch == '\\' && s.n >= 4 && s.p[1] == 'x') {
			char hex[3] = { s.p[2], s.p[3], 0 };

			ch = (char)strtoul(hex, NULL, 16);
			n = 4;
		} else if (ch == '\\' && s.n >= 2 &&
			   (at = strchr(from, s.p[1])) != NULL) {
			ch = to[at - from];
			n = 2;
		}
		err = buf_add_c(out, ch);
		s = str_from(s, n);
	}
	return err;
}

/* --- patterns --- */

static bool match(struct play *p, struct str pat, struct str s);

static bool
match_capture(struct play *p, struct str name, struct str rest, struct str s)
{
	struct var *v;
	size_t n = 0;

	while (n < s.n && !strchr(" \";,]}", s.p[n]))
		n++;
	v = var_get(p, name, true);
	if (v == NULL || str_copy(str_sub(s, 0, n), v->value, 600) < 0)
		return false;
	return match(p, rest, str_from(s, n));
}

static bool
match(struct play *p, struct str pat, struct str s)
{
	struct str name;
	struct var *v;
	size_t n;

	while (pat.n > 0) {
		n = var_at(pat, &name);
		if (n > 0 && str_ends(name, STR("=")))
			return match_capture(p, str_sub(name, 0, name.n - 1),
					     str_from(pat, n), s);
		if (n > 0) {
			v = var_get(p, name, false);
			if (v == NULL || !str_starts(s, str_c(v->value)))
				return false;
			s = str_from(s, strlen(v->value));
			pat = str_from(pat, n);
		} else if (pat.p[0] == '*') {
			pat = str_from(pat, 1);
			for (n = 0; n <= s.n; n++)
				if (match(p, pat, str_from(s, n)))
					return true;
			return false;
		} else {
			if (s.n == 0 || s.p[0] != pat.p[0])
				return false;
			s = str_from(s, 1);
			pat = str_from(pat, 1);
		}
	}
	return s.n == 0;
}

/* The names of the fields of a text, joined by blanks. */
static void
field_names(struct str s, char *dst, size_t cap)
{
	size_t n = 0;

	dst[0] = '\0';
	while (s.n > 0) {
		struct str word;
		ptrdiff_t eq;

		(void)str_cut(s, ' ', &word, &s);
		eq = str_chr(word, '=', 0);
		if (eq <= 0 || word.p[0] == '"' || word.p[0] == '{')
			continue;
		n += (size_t)snprintf(dst + n, cap - n, "%.*s ", (int)eq,
				      word.p);
		if (n >= cap)
			break;
	}
}

/* As the draft's examples are compared. */
static bool
alike(struct str want, struct str got)
{
	struct reply_line a, b;
	char fa[256], fb[256];
	bool same;

	want = str_trim(want);
	if (reply_parse(want, &a) < 0 || reply_parse(got, &b) < 0)
		return false;
	same = str_eq(a.pipeline, b.pipeline) && a.code == b.code &&
	       a.dash == b.dash;
	field_names(a.text, fa, sizeof(fa));
	field_names(b.text, fb, sizeof(fb));
	/* We may say more than the draft, never less, in its order first. */
	return same && strncmp(fa, fb, strlen(fa)) == 0;
}

/* --- what comes in --- */

static struct conn *
current(struct play *p)
{
	return p->nconn == 0 ? NULL : &p->conn[p->at];
}

static int
next_line(struct play *p, struct buf *line)
{
	struct conn *c = current(p);
	struct buf *in;
	bool closed;
	ptrdiff_t lf;
	int err;

	if (c == NULL)
		return complain(p, "no connection", STR(""));
	in = p->ops->input(p->ctx, c->c);
	while ((lf = str_chr(buf_str(in), '\n', 0)) < 0) {
		closed = false;
		err = p->ops->more(p->ctx, c->c, &closed);
		if ((err < 0 || closed) &&
		    str_chr(buf_str(in), '\n', 0) < 0)
			return complain(p, "a line is missing after",
					buf_str(in));
	}
	err = buf_add(line, buf_data(in), (size_t)lf);
	buf_consume(in, (size_t)lf + 1);
	return err;
}

static int
expect_line(struct play *p, struct str pat, bool draft)
{
	CLEANUP_BUF struct buf line = { 0 };
	struct reply_line r;
	int err;

	buf_init(&line, 1u << 20);
	err = next_line(p, &line);
	if (err < 0)
		return err;
	p->block = 0;
	if (reply_parse(buf_str(&line), &r) == 0) {
		p->block = r.has_block ? r.block : 0;
		if (r.code == 303)
			(void)str_copy(r.text, p->nonces, sizeof(p->nonces));
	}
	if (draft ? alike(pat, buf_str(&line)) :
		    match(p, pat, buf_str(&line)))
		return 0;
	(void)complain(p, "expected", pat);
	return complain(p, "     got", buf_str(&line));
}

static int
expect_block(struct play *p, struct str text)
{
	CLEANUP_BUF struct buf want = { 0 }, got = { 0 };
	struct conn *c = current(p);
	struct buf *in = p->ops->input(p->ctx, c->c);
	bool closed = false;
	int err = 0;

	buf_init(&want, 1u << 20);
	buf_init(&got, 1u << 20);
	while (err == 0 && in->n < p->block && !closed)
		err = p->ops->more(p->ctx, c->c, &closed);
	if (in->n < p->block)
		return complain(p, "octets are missing", buf_str(in));
	err = unescape(text, &want);
	if (err == 0)
		err = buf_add(&got, buf_data(in), p->block);
	buf_consume(in, p->block);
	if (err < 0 || match(p, buf_str(&want), buf_str(&got)))
		return err;
	return complain(p, "other octets", buf_str(&got));
}

static int
expect_closed(struct play *p)
{
	struct conn *c = current(p);
	struct buf *in = p->ops->input(p->ctx, c->c);
	bool closed = false;
	int err;

	do {
		err = p->ops->more(p->ctx, c->c, &closed);
		if (in->n > 0)
			return complain(p, "said before the end", buf_str(in));
	} while (err == 0 && !closed);
	return closed ? 0 : complain(p, "not closed", STR(""));
}

static int
expect_quiet(struct play *p)
{
	CLEANUP_BUF struct buf line = { 0 };
	int err;

	/* Whatever it says now must be the answer to this. */
	err = p->ops->send(p->ctx, current(p)->c, STR("NOOP\n"));
	if (err < 0)
		return err;
	buf_init(&line, 1u << 20);
	err = next_line(p, &line);
	if (err < 0 || str_eq(buf_str(&line), STR("200 Done.")))
		return err;
	return complain(p, "not quiet", buf_str(&line));
}

/* --- steps --- */

static int
new_conn(struct play *p, struct str name)
{
	struct conn *c = &p->conn[p->nconn];
	int err;

	if (p->nconn == MAX_CONNS || str_copy(name, c->name, 40) < 0)
		return complain(p, "too many connections", name);
	err = p->ops->connect(p->ctx, &c->c);
	if (err < 0)
		return complain(p, "cannot connect", name);
	p->at = p->nconn++;
	return 0;
}

static int
switch_conn(struct play *p, struct str name)
{
	for (size_t i = 0; i < p->nconn; i++)
		if (str_eq(str_c(p->conn[i].name), name)) {
			p->at = i;
			return 0;
		}
	return complain(p, "no such connection", name);
}

static int
make_key(struct play *p, struct str name, const char *password)
{
	CLEANUP_KEY struct key_text h;
	struct str n = str_c(p->nonces), n1, n2, salt, t, m;
	struct kdf_params k = { 0 };
	struct var *v = var_get(p, name, true);
	struct arena a;
	uint8_t key[20];
	uint64_t tv, mv;
	size_t got;

	arena_init(&a, 4096, 0);
	n1 = reply_get(&a, n, "n1");
	n2 = reply_get(&a, n, "n2");
	salt = reply_get(&a, n, "s");
	t = reply_get(&a, n, "t");
	m = reply_get(&a, n, "m");
	if (v == NULL || b64_decode(salt, k.salt, 16, &got) < 0 ||
	    str_u64(t, 16, &tv) < 0 || str_u64(m, 1 << 20, &mv) < 0) {
		arena_done(&a);
		return complain(p, "no nonces", n);
	}
	k.t = (uint32_t)tv;
	k.m = (uint32_t)mv;
	if (kdf_argon2id(str_c(password), &k, &h) < 0) {
		arena_done(&a);
		return ERR_NOMEM;
	}
	proof_v1_0(&h, n1, n2, key);
	hex_encode(key, sizeof(key), v->value);
	v->value[40] = '\0';
	arena_done(&a);
	return 0;
}

static int
say(struct play *p, struct str text, bool raw)
{
	CLEANUP_BUF struct buf b = { 0 }, o = { 0 };
	int err;

	buf_init(&b, 1u << 20);
	buf_init(&o, 1u << 20);
	err = expand(p, text, &b);
	if (err == 0)
		err = raw ? unescape(buf_str(&b), &o) :
			    buf_addf(&o, "%.*s\n", STR_ARG(buf_str(&b)));
	if (err == 0)
		err = p->ops->send(p->ctx, current(p)->c, buf_str(&o));
	return err;
}

static int
two_words(struct play *p, struct str arg, char a[300], char b[300])
{
	struct str x, y;

	(void)str_cut(arg, ' ', &x, &y);
	if (str_copy(x, a, 300) < 0 || str_copy(str_trim(y), b, 300) < 0)
		return complain(p, "too long", arg);
	return 0;
}

static int
set_up(struct play *p, struct str verb, struct str arg)
{
	char a[300], b[300];
	int err = two_words(p, arg, a, b);

	if (err < 0)
		return err;
	if (str_eq(verb, STR("account")))
		err = p->ops->account(p->ctx, a, b);
	else if (str_eq(verb, STR("limit")))
		err = p->ops->limit(p->ctx, a, strtoull(b, NULL, 10));
	else if (str_eq(verb, STR("domain")))
		err = p->ops->domain(p->ctx, a);
	else if (str_eq(verb, STR("host")))
		err = p->ops->host(p->ctx, a);
	else if (str_eq(verb, STR("key")))
		err = make_key(p, str_c(a), b);
	else if (str_eq(verb, STR("login")))
		err = p->ops->login(p->ctx, current(p)->c, a, b);
	else if (str_eq(verb, STR("pass")))
		err = p->ops->pass(p->ctx, strtoull(a, NULL, 10));
	else if (str_eq(verb, STR("only")))
		p->skip = strcmp(a, p->ops->name) != 0;
	else
		return complain(p, "unknown step", verb);
	return err < 0 ? complain(p, err_text(err), arg) : 0;
}

static int
step(struct play *p, struct str l)
{
	struct str verb, arg;

	if (l.n >= 2 && (l.p[1] == ':' || l.p[1] == '~')) {
		arg = str_from(l, l.n > 2 && l.p[2] == ' ' ? 3 : 2);
		switch (l.p[0]) {
		case 'C': return say(p, arg, false);
		case 'B': return say(p, arg, true);
		case 'S': return expect_line(p, arg, l.p[1] == '~');
		case 'D': return expect_block(p, arg);
		default: return complain(p, "unknown step", l);
		}
	}
	(void)str_cut(l, ' ', &verb, &arg);
	arg = str_trim(arg);
	if (str_eq(verb, STR("connect")))
		return new_conn(p, arg);
	if (str_eq(verb, STR("on")))
		return switch_conn(p, arg);
	if (str_eq(verb, STR("tls")))
		return p->ops->tls(p->ctx, current(p)->c);
	if (str_eq(verb, STR("closed")))
		return expect_closed(p);
	if (str_eq(verb, STR("quiet")))
		return expect_quiet(p);
	if (str_eq(verb, STR("lost"))) {
		p->ops->lost(p->ctx, current(p)->c);
		return 0;
	}
	return set_up(p, verb, arg);
}

int
transcript_play(const struct transcript_ops *ops, void *ctx, const char *path)
{
	struct play *p = mem_zalloc(sizeof(*p));
	FILE *f = fopen(path, "r");
	static char text[1 << 20];
	int err = 0;

	if (p == NULL || f == NULL) {
		perror(path);
		return ERR_IO;
	}
	p->ops = ops;
	p->ctx = ctx;
	p->path = path;
	while (err >= 0 && !p->skip && fgets(text, sizeof(text), f) != NULL) {
		struct str l = str_c(text);

		p->line++;
		if (str_ends(l, STR("\n")))
			l.n--;
		if (l.n > 0 && l.p[0] != '#')
			err = step(p, l);
	}
	if (err < 0)
		(void)fprintf(stderr, "%s:%d: %s\n", path, p->line,
			      err_text(err));
	(void)fclose(f);
	mem_free(p);
	return err;
}
