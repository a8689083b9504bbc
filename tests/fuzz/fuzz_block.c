/*
 * fuzz_block: a block read whole and read in pieces ends at the same octet,
 * gives the same octets, and says the same.
 *
 * The first octet chooses the form, the second the length of the pieces, the
 * third how much of the rest the block is said to be.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/block.h"

struct outcome {
	size_t at, n;
	int result;
	bool done;
	uint8_t *out;
};

static struct outcome
run(enum block_form form, struct str in, uint64_t len, size_t step, size_t room)
{
	struct outcome o = { 0 };
	struct block b;
	size_t got;

	o.out = malloc(in.n + 1);
	FUZZ_CHECK(o.out);
	block_init(&b, form, len);
	while (!b.done && o.at < in.n) {
		size_t n = block_feed(&b, str_sub(in, o.at, step),
				      o.out + o.n, room, &got);

		FUZZ_CHECK(n > 0 && n <= step && got <= room);
		FUZZ_CHECK(got <= n);
		o.at += n;
		o.n += got;
	}
	FUZZ_CHECK(b.decoded == o.n && o.n <= o.at);
	FUZZ_CHECK(form == BLOCK_BASE64_LINES || o.at <= len);
	o.done = b.done;
	o.result = block_result(&b);
	FUZZ_CHECK(o.result == 0 || o.result == ERR_DATA ||
		   (o.result == ERR_MORE && !o.done));
	FUZZ_CHECK(o.result != 0 || o.done);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum block_form form;
	struct outcome whole, cut, octets;
	struct str in;
	uint64_t len;
	size_t step;

	if (n < 3)
		return 0;
	form = (enum block_form)(p[0] % 3);
	step = p[1] % 16u + 1;
	in = str_n(p + 3, n - 3);
	len = p[2] == 255 ? UINT64_MAX : in.n * p[2] / 200;
	whole = run(form, in, len, in.n + 1, in.n + 1);
	cut = run(form, in, len, step, step);
	octets = run(form, in, len, in.n + 1, 1);
	FUZZ_CHECK(whole.at == cut.at && whole.at == octets.at);
	FUZZ_CHECK(whole.n == cut.n && whole.n == octets.n);
	FUZZ_CHECK(whole.result == cut.result && whole.done == cut.done);
	FUZZ_CHECK(whole.result == octets.result);
	FUZZ_CHECK(memcmp(whole.out, cut.out, whole.n) == 0);
	FUZZ_CHECK(memcmp(whole.out, octets.out, whole.n) == 0);
	free(whole.out);
	free(cut.out);
	free(octets.out);
	return 0;
}
