/*
 * fuzz_tls: octets from a peer before it has shaken hands.
 *
 * The first octet says how the rest is cut into pieces: whole, and cut, it
 * must come to the same end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "tls/tls.h"

static struct tls_ctx *
server(void)
{
	char folder[] = "/tmp/immp-fuzz-XXXXXX", cert[64], key[64], why[256];
	struct tls_pair pair = { NULL, cert, key };
	struct tls_ctx *c = NULL;

	FUZZ_CHECK(mkdtemp(folder) != NULL);
	snprintf(cert, sizeof(cert), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	FUZZ_CHECK(tls_make_pair("a.test", cert, key) == 0);
	FUZZ_CHECK(tls_ctx_server(&pair, 1, TLS_1_2, &c, why, sizeof(why)) ==
		   0);
	unlink(cert);
	unlink(key);
	rmdir(folder);
	return c;
}

/* How a connection ends that is given s in pieces. */
static int
run(struct tls_ctx *c, struct str s, size_t piece)
{
	struct tls *t = tls_new_server(c, TLS_1_2);
	struct buf plain, out;
	int err = 0;

	FUZZ_CHECK(t != NULL);
	buf_init(&plain, 100);
	buf_init(&out, 1 << 20);
	while (s.n > 0 && err == 0) {
		size_t used;

		err = tls_feed(t, str_sub(s, 0, piece), &used, &plain, &out);
		FUZZ_CHECK(used <= s.n && (err < 0 || used > 0));
		s = str_from(s, used);
	}
	/* Nobody has the key to say anything. */
	FUZZ_CHECK(!tls_ready(t) && plain.n == 0);
	tls_free(t);
	buf_done(&plain);
	buf_done(&out);
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_ctx *c;
	struct str s;

	if (!c)
		c = server();
	if (size < 2)
		return 0;
	s = str_n(data + 1, size - 1);
	FUZZ_CHECK(run(c, s, s.n) == run(c, s, 1 + data[0]));
	return 0;
}
