/*
 * fake_server: a server that plays a script, for tests of clients.
 *
 *	fake_server PORTFILE SCRIPT DIR
 *
 * Listens on a free port of 127.0.0.1, writes its number to PORTFILE, and plays
 * the script once, one connection after another; keeps its key in DIR.  Exit 0
 * if all came as the script says; else 1, and one line on standard error.
 *
 * A line of the script is a word and its argument:
 *	S text		send the line (PLAY in clear or inside TLS alike)
 *	C pattern	receive a line that matches (as a file name pattern;
 *			write [[] for a bracket)
 *	HELLO		greet, upgrade, handshake, answer HELLO
 *	TLS		handshake only
 *	SHOW		the same, for a client that may not like what it sees
 *	SECRET account password	receive and check a login with a proof
 *	DEVICE account key	the same with the key of a device
 *	OLD account password	the same with the draft's key
 *	LIE account password	as SECRET, but with a wrong proof of the server
 *	TAKE n [text]	receive n octets; with text: they must be these
 *	GIVE text	send octets without a line end; \n \0 \r \e as in C
 *	FILL n c	send n octets c
 *	UNTIL path	wait, receiving nothing, until that file is there
 *	WAIT		receive until the client closes
 *	DROP		close this connection
 *	ACCEPT		wait for the next one (the first needs no word)
 * Empty lines and lines that begin with # are ignored.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypt/crypt.h"
#include "mail/imid.h"
#include "tls/tls.h"

struct server {
	int listener, fd;
	struct tls_ctx *ctx;
	struct tls *tls;
	struct buf in;	/* plaintext received */
	const char *script;
	int line;	/* of the script */
};

static void __attribute__((noreturn, format(printf, 2, 3)))
die(const struct server *s, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", s->script, s->line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* --- octets --- */

static void
send_all(struct server *s, struct str octets)
{
	while (octets.n) {
		ssize_t n = send(s->fd, octets.p, octets.n, MSG_NOSIGNAL);

		if (n < 0)
			die(s, "send: %s", strerror(errno));
		octets = str_from(octets, (size_t)n);
	}
}

static void
say(struct server *s, struct str octets)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, octets.n + (1u << 20));
	if (!s->tls) {
		send_all(s, octets);
		return;
	}
	if (tls_write(s->tls, octets, &out) < 0)
		die(s, "tls_write: %s", tls_error());
	send_all(s, buf_str(&out));
}

/* Receive something.  False if the client has closed. */
static bool
hear(struct server *s)
{
	CLEANUP_BUF struct buf out = { 0 };
	char octets[16384];
	ssize_t n = recv(s->fd, octets, sizeof(octets), 0);
	size_t used, before = s->in.n;
	int rc;

	buf_init(&out, 1u << 20);
	if (n <= 0)
		return false;
	if (!s->tls) {
		if (buf_add(&s->in, octets, (size_t)n) < 0)
			die(s, "too much input");
		return true;
	}
	rc = tls_feed(s->tls, str_n(octets, (size_t)n), &used, &s->in, &out);
	send_all(s, buf_str(&out));
	if (rc == ERR_CLOSED)
		return s->in.n > before;
	if (rc < 0 || used != (size_t)n)
		die(s, "tls_feed: %s", tls_error());
	return true;
}

/* The next line, to dst. */
static void
hear_line(struct server *s, char *dst, size_t cap)
{
	ptrdiff_t lf;

	while ((lf = str_chr(buf_str(&s->in), '\n', 0)) < 0)
		if (!hear(s))
			die(s, "closed; a line was expected");
	if (str_copy(str_sub(buf_str(&s->in), 0, (size_t)lf), dst, cap) < 0)
		die(s, "line too long");
	buf_consume(&s->in, (size_t)lf + 1);
}

static void
expect(struct server *s, const char *pattern)
{
	char line[16384];

	hear_line(s, line, sizeof(line));
	if (fnmatch(pattern, line, 0) != 0)
		die(s, "expected: %s\n  received: %s", pattern, line);
}

static void __attribute__((format(printf, 2, 3)))
sayf(struct server *s, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	say(s, str_n(line, (size_t)n));
}

/* --- steps --- */

static void
handshake(struct server *s, bool may_fail)
{
	s->tls = tls_new_server(s->ctx, TLS_1_2);
	buf_clear(&s->in);
	while (s->tls && !tls_ready(s->tls)) {
		if (hear(s))
			continue;
		if (may_fail)
			return;
		die(s, "closed inside the handshake");
	}
}

static void
hello(struct server *s)
{
	sayf(s, "100- IMMP/1.0 Server at a.test.");
	sayf(s, "100  TLS2 TLS3");
	sayf(s, "101 p=IMMP v=1.0 d=a.test");
	expect(s, "UPGRADE TLS3");
	sayf(s, "204 Upgrading to TLS3.");
	handshake(s, false);
	expect(s, "HELLO");
	sayf(s, "101 p=IMMP v=1.0 d=a.test f=proof max=52428800 "
		"methods=TLS2,TLS3");
}

static void
check_proof(struct server *s, const struct key_text *h, const char *account,
	    const char *challenge, const char *answer, bool lie)
{
	struct proof_keys keys;
	struct proof_input in = { .account = str_c(account),
				  .challenge = str_c(challenge) };
	char response[65], nonce[33], binding[80], hex[65] = "";
	uint8_t octets[32], v[32];

	if (sscanf(answer, "AUTH RESPONSE %64s %32s", response, nonce) != 2)
		die(s, "no response: %s", answer);
	if (tls_exporter(s->tls, "EXPORTER-IMMP-Auth", octets) < 0)
		die(s, "no exporter");
	hex_encode(octets, 32, hex);
	snprintf(binding, sizeof(binding), "exporter:%s", hex);
	in.nonce = str_c(nonce);
	in.binding = str_c(binding);
	proof_keys_of(h, &keys);
	if (hex_decode(str_c(response), octets, 32) < 0 ||
	    proof_check(&keys, &in, octets, v) < 0) {
		sayf(s, "410 Authentication refused.");
		return;
	}
	v[0] ^= lie;
	hex_encode(v, 32, hex);
	sayf(s, "210 Authentication accepted for %s v=%s", account, hex);
}

/* how: the word of the script. */
static void
login(struct server *s, const char *how, char *args)
{
	CLEANUP_KEY struct key_text h;
	struct kdf_params k = { .salt = { 1, 2, 3 }, .t = KDF_T, .m = KDF_M };
	char *account = strtok_r(args, " ", &args);
	char line[1024], salt[B64_LEN(16) + 1] = "", challenge[512];
	const char *n = "n1=24c17bb6-11ef-4cfa-8c5c-440ceadc8431 n2=1381978910";
	bool device = strcmp(how, "DEVICE") == 0, old = strcmp(how, "OLD") == 0;
	uint8_t octets[20];

	if (device)
		(void)snprintf(h.hex, sizeof(h.hex), "%s", args);
	else if (kdf_argon2id(str_c(args), &k, &h) < 0)
		die(s, "no key");
	b64_encode(k.salt, 16, salt);
	hear_line(s, line, sizeof(line));
	if (!strstr(line, account) || !!strstr(line, "+DEVICE") != device ||
	    !!strstr(line, "+PROOF") == old)
		die(s, "no login: %s", line);
	sayf(s, "302 Shared secret authentication request initiated.");
	if (device)
		snprintf(challenge, sizeof(challenge), "%s kdf=none proof=1", n);
	else
		snprintf(challenge, sizeof(challenge),
			 "%s kdf=argon2id s=%s t=%d m=%d p=1%s", n, salt, KDF_T,
			 KDF_M, old ? "" : " proof=1");
	sayf(s, "303 %s", challenge);
	hear_line(s, line, sizeof(line));
	if (!old) {
		check_proof(s, &h, account, challenge, line,
			    strcmp(how, "LIE") == 0);
		return;
	}
	proof_v1_0(&h, STR("24c17bb6-11ef-4cfa-8c5c-440ceadc8431"),
		   STR("1381978910"), octets);
	hex_encode(octets, 20, challenge);
	challenge[40] = '\0';
	if (!str_ends(str_c(line), str_c(challenge)))
		sayf(s, "410 Authentication refused.");
	else
		sayf(s, "210 Authenication accepted for %s", account);
}

static void
take(struct server *s, const char *args)
{
	char *text;
	size_t n = strtoul(args, &text, 10);
	struct str want = str_c(*text ? text + 1 : "");

	while (s->in.n < n)
		if (!hear(s))
			die(s, "closed inside a block");
	if (want.n && !str_eq(want, str_sub(buf_str(&s->in), 0, n)))
		die(s, "the block is %.*s",
		    STR_ARG(str_sub(buf_str(&s->in), 0, n)));
	buf_consume(&s->in, n);
}

static void
give(struct server *s, const char *text)
{
	static const char from[] = "n0re\\", to[] = "\n\0\r\033\\";
	CLEANUP_BUF struct buf b = { 0 };
	int rc = 0;

	buf_init(&b, 65536);
	for (; *text && rc == 0; text++) {
		const char *e = *text == '\\' ? strchr(from, text[1]) : NULL;

		if (e && *e)
			text++;
		rc = buf_add_c(&b, e && *e ? to[e - from] : *text);
	}
	say(s, buf_str(&b));
}

static void
fill(struct server *s, const char *args)
{
	char chunk[4096];
	char *c;
	size_t n = strtoul(args, &c, 10);

	memset(chunk, c[1], sizeof(chunk));
	while (n) {
		size_t m = n < sizeof(chunk) ? n : sizeof(chunk);

		say(s, str_n(chunk, m));
		n -= m;
	}
}

static void
drop(struct server *s)
{
	tls_free(s->tls);
	s->tls = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	buf_clear(&s->in);
}

static void
play(struct server *s, char *line)
{
	char *args = line, *word = strsep(&args, " ");

	if (*word == '\0' || *word == '#')
		return;
	args = args ? args : word + strlen(word);
	if (s->fd < 0)
		s->fd = accept(s->listener, NULL, NULL);
	if (strcmp(word, "S") == 0)
		sayf(s, "%s", args);
	else if (strcmp(word, "C") == 0)
		expect(s, args);
	else if (strcmp(word, "HELLO") == 0)
		hello(s);
	else if (strcmp(word, "TLS") == 0 || strcmp(word, "SHOW") == 0)
		handshake(s, *word == 'S');
	else if (strcmp(word, "TAKE") == 0)
		take(s, args);
	else if (strcmp(word, "GIVE") == 0)
		give(s, args);
	else if (strcmp(word, "FILL") == 0)
		fill(s, args);
	else if (strcmp(word, "UNTIL") == 0)
		while (access(args, F_OK) < 0)
			usleep(10000);
	else if (strcmp(word, "DROP") == 0)
		drop(s);
	else if (strcmp(word, "WAIT") == 0)
		while (hear(s))
			;
	else if (strcmp(word, "ACCEPT") != 0)
		login(s, word, args);
}

static int
listen_free(const char *portfile)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char temp[4096];
	FILE *f;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return -1;
	snprintf(temp, sizeof(temp), "%s.new", portfile);
	f = fopen(temp, "we");
	if (!f)
		return -1;
	fprintf(f, "%u\n", ntohs(a.sin_port));
	fclose(f);
	return rename(temp, portfile) < 0 ? -1 : fd;
}

int
main(int argc, char **argv)
{
	struct server s = { .fd = -1 };
	char line[8192], error[256] = "", cert[4096], key[4096];
	struct tls_pair pair = { NULL, cert, key };
	FILE *f;

	if (argc != 4 || crypt_init() < 0)
		return 2;
	s.script = argv[2];
	buf_init(&s.in, 64u << 20);
	snprintf(cert, sizeof(cert), "%s/cert.pem", argv[3]);
	snprintf(key, sizeof(key), "%s/key.pem", argv[3]);
	f = fopen(argv[2], "re");
	if (!f || tls_make_pair("a.test", cert, key) < 0 ||
	    tls_ctx_server(&pair, 1, TLS_1_2, &s.ctx, error, sizeof(error)) < 0)
		die(&s, "cannot start: %s %s", error, tls_error());
	s.listener = listen_free(argv[1]);
	if (s.listener < 0)
		die(&s, "cannot listen");
	while (fgets(line, sizeof(line), f)) {
		s.line++;
		line[strcspn(line, "\n")] = '\0';
		play(&s, line);
	}
	drop(&s);
	fclose(f);
	buf_done(&s.in);
	tls_ctx_unref(s.ctx);
	close(s.listener);
	return 0;
}
