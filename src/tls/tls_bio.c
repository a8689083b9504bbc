/*
 * The transport that OpenSSL sees: a slice to read from, a buf to write to.
 *
 * There is one BIO a thread.  A connection gets it for the time of a call and
 * gives it back, so at rest a connection has no BIO, and no buffer with it.
 * Reading past the slice is "come again"; writing never waits.
 */
#include "tls/tls_priv.h"

#include <stdlib.h>

static pthread_once_t bio_once = PTHREAD_ONCE_INIT;
static BIO_METHOD *bio_method;
static pthread_key_t bio_key;

static struct tls_io *
io_of(BIO *b)
{
	struct tls_io *io = BIO_get_data(b);

	if (!io || io->magic != TLS_IO_MAGIC)
		abort();
	return io;
}

static int
bio_read(BIO *b, char *dst, size_t n, size_t *ret_n)
{
	struct tls_io *io = io_of(b);

	BIO_clear_retry_flags(b);
	if (io->in.n == 0) {
		BIO_set_retry_read(b);
		return 0;
	}
	if (n > io->in.n)
		n = io->in.n;
	memcpy(dst, io->in.p, n);
	io->in = str_from(io->in, n);
	*ret_n = n;
	return 1;
}

static int
bio_write(BIO *b, const char *p, size_t n, size_t *ret_n)
{
	struct tls_io *io = io_of(b);

	BIO_clear_retry_flags(b);
	if (io->err == 0)
		io->err = buf_add(io->out, p, n);
	if (io->err < 0)
		return 0;
	*ret_n = n;
	return 1;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static int
bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static void
bio_drop(void *b)
{
	BIO_free(b);
}

static void
setup(void)
{
	BIO_METHOD *m;

	if (pthread_key_create(&bio_key, bio_drop) != 0)
		return;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
			 "slice and buf");
	if (!m)
		return;
	BIO_meth_set_read_ex(m, bio_read);
	BIO_meth_set_write_ex(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	BIO_meth_set_create(m, bio_create);
	bio_method = m;
}

BIO *
tls_bio(struct tls_io *io)
{
	static _Thread_local BIO *mine;

	if (!mine) {
		BIO *b;

		if (pthread_once(&bio_once, setup) != 0 || !bio_method)
			return NULL;
		b = BIO_new(bio_method);
		if (!b || pthread_setspecific(bio_key, b) != 0) {
			BIO_free(b);
			return NULL;
		}
		mine = b;
	}
	BIO_set_data(mine, io);
	return mine;
}
