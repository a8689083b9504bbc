/*
 * One connection: octets of the network on one side, plaintext on the other.
 *
 * A call lends the connection the transport of its thread (tls_bio.c), lets
 * OpenSSL work until it asks for more, and takes the transport away again.
 * What then remains is OpenSSL's object, whose record buffers it frees itself
 * (SSL_MODE_RELEASE_BUFFERS), and a few octets of ours.
 *
 * A failure is final: the connection answers ERR_TLS to everything.
 */
#include "tls/tls_priv.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

/* Plaintext is asked for in pieces of at most one record. */
#define RECORD_MAX 16384
/* What a record costs on the wire at most, with a suite of ours. */
#define RECORD_EXTRA 64

static _Thread_local char error_text[256];

const char *
tls_error(void)
{
	return error_text;
}

void
tls_error_set(const char *what)
{
	snprintf(error_text, sizeof(error_text), "%s", what);
	ERR_clear_error();
}

int
tls_error_take(const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;
	bool nomem = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;

	if (why)
		snprintf(error_text, sizeof(error_text), "%s: %s", what, why);
	else
		snprintf(error_text, sizeof(error_text), "%s", what);
	ERR_clear_error();
	return nomem ? ERR_NOMEM : ERR_TLS;
}

/* --- making and freeing --- */

static struct tls *
tls_new(struct tls_ctx *c, enum tls_version minimum)
{
	struct tls *t = mem_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->ctx = tls_ctx_ref(c);
	t->ssl = SSL_new(c->main);
	if (!t->ssl)
		goto fail;
	if (minimum == TLS_1_3 &&
	    SSL_set_min_proto_version(t->ssl, TLS1_3_VERSION) != 1)
		goto fail;
	return t;
fail:
	(void)tls_error_take("new connection"); /* the caller gets NULL */
	tls_free(t);
	return NULL;
}

struct tls *
tls_new_server(struct tls_ctx *c, enum tls_version minimum)
{
	struct tls *t;

	assert(c->server);
	t = tls_new(c, minimum);
	if (t)
		SSL_set_accept_state(t->ssl);
	return t;
}

struct tls *
tls_new_client(struct tls_ctx *c, enum tls_version minimum,
	       const char *server_name)
{
	struct tls *t;

	assert(!c->server);
	t = tls_new(c, minimum);
	if (!t)
		return NULL;
	if (SSL_set_tlsext_host_name(t->ssl, server_name) != 1) {
		(void)tls_error_take("server name"); /* NULL says it */
		tls_free(t);
		return NULL;
	}
	SSL_set_connect_state(t->ssl);
	/* A server sends no ClientHello. */
	t->hello.done = true;
	return t;
}

void
tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_ctx_unref(t->ctx);
	mem_free(t);
}

/* --- moving octets --- */

static int
io_begin(struct tls *t, struct tls_io *io, struct str in, struct buf *out)
{
	BIO *b;

	*io = (struct tls_io){ .magic = TLS_IO_MAGIC, .in = in, .out = out };
	b = tls_bio(io);
	if (!b)
		return ERR_NOMEM;
	(void)BIO_up_ref(b); /* fails never: a count */
	SSL_set_bio(t->ssl, b, b);
	ERR_clear_error();
	return 0;
}

static void
io_end(struct tls *t, struct tls_io *io)
{
	BIO *b = SSL_get_rbio(t->ssl);

	BIO_set_data(b, NULL);
	SSL_set_bio(t->ssl, NULL, NULL);
	io->magic = 0;
}

/* What a result of SSL_xxx() means.  0: it wants more input. */
static int
result(struct tls *t, const struct tls_io *io, int rc, const char *what)
{
	int why = SSL_get_error(t->ssl, rc);
	int err;

	if (why == SSL_ERROR_WANT_READ && io->err == 0)
		return 0;
	if (why == SSL_ERROR_ZERO_RETURN)
		return ERR_CLOSED;
	t->failed = true;
	err = tls_error_take(what);
	return io->err < 0 ? io->err : err;
}

/* Conditions that OpenSSL does not know. */
static int
check_handshake(struct tls *t)
{
	const unsigned char *alpn;
	unsigned int n;

	if (SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(t->ssl) != 1) {
		tls_error_set("TLS 1.2 without extended master secret");
		return ERR_TLS;
	}
	SSL_get0_alpn_selected(t->ssl, &alpn, &n);
	if (n > 0 && !str_eq(str_n(alpn, n), STR(TLS_ALPN))) {
		tls_error_set("the server chose another protocol");
		return ERR_TLS;
	}
	return 0;
}

static int
handshake(struct tls *t, const struct tls_io *io)
{
	int rc = SSL_do_handshake(t->ssl);
	int err;

	if (rc != 1) {
		err = result(t, io, rc, "handshake");
		/* A close before it is finished is no farewell. */
		return err == ERR_CLOSED ? ERR_TLS : err;
	}
	err = check_handshake(t);
	if (err < 0) {
		t->failed = true;
		return err;
	}
	t->hello.done = true;
	t->ready = true;
	return 0;
}

/* Decrypt until input or room ends. */
static int
read_all(struct tls *t, const struct tls_io *io, struct buf *plain)
{
	while (plain->n < plain->max) {
		size_t room = plain->max - plain->n;
		size_t got = 0;
		int rc, err;

		if (room > RECORD_MAX)
			room = RECORD_MAX;
		err = buf_reserve(plain, room);
		if (err < 0)
			return err;
		rc = SSL_read_ex(t->ssl, buf_tail(plain), room, &got);
		if (rc != 1)
			return result(t, io, rc, "read");
		buf_grew(plain, got);
	}
	return 0;
}

int
tls_feed(struct tls *t, struct str in, size_t *ret_used, struct buf *plain,
	 struct buf *out)
{
	struct tls_io io;
	int err;

	*ret_used = 0;
	if (t->failed)
		return ERR_TLS;
	err = tls_hello_check(&t->hello, in);
	if (err < 0) {
		t->failed = true;
		tls_error_set("handshake: ClientHello is too long");
		return err;
	}
	err = io_begin(t, &io, in, out);
	if (err < 0)
		return err;

	if (!t->ready)
		err = handshake(t, &io);
	if (err == 0 && t->ready)
		err = read_all(t, &io, plain);

	*ret_used = in.n - io.in.n;
	io_end(t, &io);
	return err;
}

int
tls_write(struct tls *t, struct str plain, struct buf *out)
{
	struct tls_io io;
	size_t done = 0;
	int rc, err;

	if (t->failed)
		return ERR_TLS;
	if (!t->ready)
		return ERR_STATE;
	if (plain.n == 0)
		return 0;
	/* Room for all of it at once; less is no harm, then it grows. */
	err = buf_reserve(out,
			  plain.n + (plain.n / RECORD_MAX + 1) * RECORD_EXTRA);
	if (err == ERR_NOMEM)
		return err;
	err = io_begin(t, &io, STR(""), out);
	if (err < 0)
		return err;

	rc = SSL_write_ex(t->ssl, plain.p, plain.n, &done);
	if (rc != 1) {
		err = result(t, &io, rc, "write");
		/* Asking for input now would mean a second handshake. */
		if (err == 0 || err == ERR_CLOSED)
			err = ERR_TLS;
		t->failed = true;
	}
	io_end(t, &io);
	return err;
}

void
tls_shutdown(struct tls *t, struct buf *out)
{
	struct tls_io io;

	if (t->failed || !t->ready)
		return;
	if (io_begin(t, &io, STR(""), out) < 0)
		return;
	(void)SSL_shutdown(t->ssl); /* said or not, we are leaving */
	ERR_clear_error();
	io_end(t, &io);
}

/* --- asking --- */

bool
tls_ready(const struct tls *t)
{
	return t->ready;
}

enum tls_version
tls_version(const struct tls *t)
{
	return SSL_version(t->ssl) >= TLS1_3_VERSION ? TLS_1_3 : TLS_1_2;
}

const char *
tls_version_text(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

const char *
tls_server_name(const struct tls *t)
{
	return SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
}

int
tls_exporter(struct tls *t, const char *label, uint8_t ret[static 32])
{
	if (t->failed || !t->ready)
		return ERR_STATE;
	ERR_clear_error();
	if (SSL_export_keying_material(t->ssl, ret, 32, label, strlen(label),
				       NULL, 0, 0) != 1)
		return tls_error_take("exporter");
	return 0;
}
