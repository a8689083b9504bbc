#include "pump.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define WHOLE SIZE_MAX

static struct pump_files files;
static struct tls_ctx *server_ctx, *client_ctx;

struct two {
	struct pump_end c, s;
};

static void
two_init(struct two *p, const char *name, size_t ceiling)
{
	pump_end_init(&p->c, tls_new_client(client_ctx, TLS_1_2, name),
		      ceiling);
	pump_end_init(&p->s, tls_new_server(server_ctx, TLS_1_2), ceiling);
}

static void
two_done(struct two *p)
{
	pump_end_done(&p->c);
	pump_end_done(&p->s);
}

/* Both ends, shaken hands. */
static void
two_ready(struct two *p, const char *name, size_t ceiling)
{
	two_init(p, name, ceiling);
	pump_all(&p->c, &p->s, WHOLE);
	assert_true(tls_ready(p->c.tls) && tls_ready(p->s.tls));
}

/* Say text and see that it arrives. */
static void
say(struct pump_end *from, struct pump_end *to, struct str text, size_t piece)
{
	buf_clear(&to->plain);
	assert_int_equal(tls_write(from->tls, text, &from->out), 0);
	pump_once(from, to, piece);
	assert_int_equal(to->err, 0);
	assert_true(str_eq(buf_str(&to->plain), text));
}

static void
test_echo(void **state)
{
	static const size_t pieces[] = { WHOLE, 1, 2, 3, 5, 100 };

	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct two p;

		two_init(&p, "a.test", 65536);
		assert_false(tls_ready(p.s.tls));
		pump_all(&p.c, &p.s, pieces[i]);
		assert_true(tls_ready(p.c.tls) && tls_ready(p.s.tls));
		assert_int_equal(tls_version(p.s.tls), TLS_1_3);
		assert_string_equal(tls_version_text(p.s.tls), "TLSv1.3");
		say(&p.c, &p.s, STR("HELLO\n"), pieces[i]);
		say(&p.s, &p.c, STR("101 p=IMMP\n"), pieces[i]);
		assert_int_equal(tls_write(p.c.tls, STR(""), &p.c.out), 0);
		assert_int_equal(p.c.out.n, 0);
		two_done(&p);
	}
}

/* Feed octets in two pieces, cut at `cut`. */
static void
feed_cut(struct pump_end *from, struct pump_end *to, size_t cut)
{
	struct buf flight = from->out;

	buf_init(&from->out, flight.max);
	pump_feed(to, str_sub(buf_str(&flight), 0, cut), WHOLE);
	pump_feed(to, str_from(buf_str(&flight), cut), WHOLE);
	buf_done(&flight);
	assert_int_equal(to->err, 0);
}

static void
start(struct two *p)
{
	size_t used;

	two_init(p, "a.test", 65536);
	assert_int_equal(tls_feed(p->c.tls, STR(""), &used, &p->c.plain,
				  &p->c.out),
			 0);
}

/* The client's flights, cut into two at every octet. */
static void
test_split(void **state)
{
	struct two p;
	size_t hello;

	start(&p);
	hello = p.c.out.n;
	two_done(&p);
	for (size_t cut = 1; cut < hello; cut++) {
		start(&p);
		feed_cut(&p.c, &p.s, cut);
		feed_cut(&p.s, &p.c, cut);
		assert_true(tls_ready(p.c.tls));

		/* The end of the handshake and a line in one flight. */
		assert_int_equal(tls_write(p.c.tls, STR("HELLO\n"), &p.c.out),
				 0);
		feed_cut(&p.c, &p.s, cut % p.c.out.n);
		assert_true(tls_ready(p.s.tls));
		assert_true(str_eq(buf_str(&p.s.plain), STR("HELLO\n")));
		two_done(&p);
	}
}

static void
test_large(void **state)
{
	const size_t n = 300000;
	char *text = mem_alloc(n);
	struct two p;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i * 7 % 251);
	two_ready(&p, "a.test", n);
	say(&p.c, &p.s, str_n(text, n), 1460);
	say(&p.s, &p.c, str_n(text, n), 65536);
	two_done(&p);
	mem_free(text);
}

/* What does not fit is given later, whole and in order. */
static void
test_plain_ceiling(void **state)
{
	static const size_t ceilings[] = { 1, 100, 16383, 16384, 20000 };
	const size_t n = 50000;
	char *text = mem_alloc(n);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i * 7 % 251);
	for (size_t i = 0; i < COUNT(ceilings); i++) {
		struct two p;
		struct str wire;
		size_t got = 0;

		two_ready(&p, "a.test", ceilings[i]);
		assert_int_equal(tls_write(p.c.tls, str_n(text, n), &p.c.out),
				 0);
		wire = buf_str(&p.c.out);
		while (got < n) {
			size_t used;

			assert_int_equal(tls_feed(p.s.tls, wire, &used,
						  &p.s.plain, &p.s.out),
					 0);
			wire = str_from(wire, used);
			assert_true(p.s.plain.n > 0);
			assert_true(p.s.plain.n <= ceilings[i]);
			assert_memory_equal(buf_data(&p.s.plain), text + got,
					    p.s.plain.n);
			got += p.s.plain.n;
			buf_clear(&p.s.plain);
		}
		assert_int_equal(wire.n, 0);
		two_done(&p);
	}
	mem_free(text);
}

static void
test_out_ceiling(void **state)
{
	char text[5000] = { 0 };
	struct two p;

	two_ready(&p, "a.test", 65536);
	buf_done(&p.c.out);
	buf_init(&p.c.out, 1000);
	assert_int_equal(tls_write(p.c.tls, str_n(text, sizeof(text)),
				   &p.c.out),
			 ERR_LIMIT);
	/* The stream of records has a hole now. */
	assert_int_equal(tls_write(p.c.tls, STR("x"), &p.c.out), ERR_TLS);
	two_done(&p);
}

static void
test_exporter(void **state)
{
	static const char label[] = "EXPORTER-IMMP-Auth";
	struct two p, q;
	uint8_t a[32], b[32], c[32];

	two_init(&q, "a.test", 65536);
	assert_int_equal(tls_exporter(q.s.tls, label, a), ERR_STATE);
	two_done(&q);

	two_ready(&p, "a.test", 65536);
	two_ready(&q, "a.test", 65536);
	assert_int_equal(tls_exporter(p.c.tls, label, a), 0);
	assert_int_equal(tls_exporter(p.s.tls, label, b), 0);
	assert_memory_equal(a, b, 32);
	assert_int_equal(tls_exporter(p.s.tls, "EXPORTER-IMMP-Cookie", c), 0);
	assert_memory_not_equal(a, c, 32);
	assert_int_equal(tls_exporter(q.s.tls, label, c), 0);
	assert_memory_not_equal(a, c, 32);
	two_done(&p);
	two_done(&q);
}

/* SNI picks the pair. */
static void
test_server_name(void **state)
{
	static const struct {
		const char *name;
		int pair;
	} cases[] = {
		{ "a.test", 0 }, { "b.test", 1 },  { "B.tesT", 1 },
		{ "c.test", 0 }, { "xb.test", 0 }, { "b.test.c.test", 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char want[65], got[65];
		struct two p;

		assert_int_equal(
			tls_file_fingerprint(files.certificate[cases[i].pair],
					     want),
			0);
		two_ready(&p, cases[i].name, 65536);
		assert_int_equal(tls_peer_fingerprint(p.c.tls, got), 0);
		assert_string_equal(want, got);
		assert_string_equal(tls_server_name(p.s.tls), cases[i].name);
		/* A client shows no certificate. */
		assert_int_equal(tls_peer_fingerprint(p.s.tls, got), ERR_CERT);
		assert_int_equal(tls_peer_vouched(p.s.tls, "a.test"), ERR_CERT);
		two_done(&p);
	}
}

static void
test_close(void **state)
{
	struct two p;

	/* What came before the farewell counts. */
	two_ready(&p, "a.test", 65536);
	assert_int_equal(tls_write(p.c.tls, STR("QUIT\n"), &p.c.out), 0);
	tls_shutdown(p.c.tls, &p.c.out);
	pump_once(&p.c, &p.s, WHOLE);
	assert_int_equal(p.s.err, ERR_CLOSED);
	assert_true(str_eq(buf_str(&p.s.plain), STR("QUIT\n")));
	/* One half is closed, the other still speaks. */
	say(&p.s, &p.c, STR("220 Bye.\n"), WHOLE);
	tls_shutdown(p.s.tls, &p.s.out);
	pump_once(&p.s, &p.c, WHOLE);
	assert_int_equal(p.c.err, ERR_CLOSED);
	two_done(&p);

	/* Before the handshake there is nobody to say it to. */
	two_init(&p, "a.test", 65536);
	tls_shutdown(p.s.tls, &p.s.out);
	assert_int_equal(p.s.out.n, 0);
	two_done(&p);
}

/* Every octet of a record counts, in every place. */
static void
test_changed(void **state)
{
	for (size_t at = 0;; at++) {
		struct two p;
		bool done;

		two_ready(&p, "a.test", 65536);
		assert_int_equal(tls_write(p.c.tls, STR("NOOP\n"), &p.c.out),
				 0);
		done = at >= p.c.out.n;
		if (!done) {
			buf_data(&p.c.out)[at] ^= 0x40;
			pump_once(&p.c, &p.s, WHOLE);
			/* A longer length waits for more. */
			assert_true(p.s.err == ERR_TLS ||
				    (p.s.err == 0 && (at == 3 || at == 4)));
			assert_int_equal(p.s.plain.n, 0);
		}
		two_done(&p);
		if (done)
			break;
	}
}

static void
test_garbage(void **state)
{
	static const struct str cases[] = {
		{ "UPGRADE TLS3\r\n", 14 },
		{ "GET / HTTP/1.0\r\n\r\n", 18 },
		{ "\x16\x03\x01\xff\xff", 5 },
		{ "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\x00", 11 },
		{ "\x17\x03\x03\x00\x01\x00", 6 },
		{ "\x14\x03\x03\x00\x01\x01\x14\x03\x03\x00\x01\x02", 12 },
		{ "\x15\x03\x01\x00\x02\x02\x28", 7 },
		{ "\x80\x09\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 1; piece < 20; piece++) {
			struct two p;

			two_init(&p, "a.test", 65536);
			pump_feed(&p.s, cases[i], piece);
			assert_int_equal(p.s.err, ERR_TLS);
			assert_true(tls_error()[0] != '\0');
			assert_int_equal(p.s.plain.n, 0);
			/* It stays so. */
			p.s.err = 0;
			pump_feed(&p.s, STR("x"), 1);
			assert_int_equal(p.s.err, ERR_TLS);
			assert_int_equal(tls_write(p.s.tls, STR("x"), &p.s.out),
					 ERR_TLS);
			two_done(&p);
		}
}

static void
test_random(void **state)
{
	srand(1);
	for (int round = 0; round < 300; round++) {
		struct two p;
		char text[300];

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)rand();
		two_init(&p, "a.test", 65536);
		pump_feed(&p.s, str_n(text, sizeof(text)),
			  1 + (size_t)rand() % 299);
		assert_true(p.s.err <= 0);
		two_done(&p);
	}
}

/* A peer must not speak before both have agreed. */
static void
test_early(void **state)
{
	struct two p;

	two_init(&p, "a.test", 65536);
	assert_int_equal(tls_write(p.s.tls, STR("x"), &p.s.out), ERR_STATE);
	assert_int_equal(tls_write(p.c.tls, STR("x"), &p.c.out), ERR_STATE);
	two_done(&p);
}

/* Failing allocations give an error, never a crash. */
static void
test_nomem(void **state)
{
	int64_t held = mem_held();
	bool failed = true;

	for (uint64_t n = 1; failed; n++) {
		struct two p = { 0 };

		mem_fail_at(n);
		p.c.tls = tls_new_client(client_ctx, TLS_1_2, "a.test");
		p.s.tls = tls_new_server(server_ctx, TLS_1_2);
		if (p.c.tls && p.s.tls) {
			pump_end_init(&p.c, p.c.tls, 65536);
			pump_end_init(&p.s, p.s.tls, 65536);
			pump_all(&p.c, &p.s, WHOLE);
			assert_true(p.c.err <= 0 && p.s.err <= 0);
		}
		failed = mem_fail_hit();
		mem_fail_at(0);
		if (!failed)
			assert_true(tls_ready(p.s.tls));
		two_done(&p);
		assert_int_equal(mem_held(), held);
	}
}

static void *
many(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct two p;
		size_t used;

		two_init(&p, i % 2 ? "a.test" : "b.test", 65536);
		pump_all(&p.c, &p.s, 100);
		if (!tls_ready(p.s.tls) ||
		    tls_write(p.s.tls, STR("hello"), &p.s.out) < 0 ||
		    tls_feed(p.c.tls, buf_str(&p.s.out), &used, &p.c.plain,
			     &p.c.out) < 0 ||
		    p.c.plain.n != 5)
			return NULL;
		two_done(&p);
	}
	return arg;
}

/* A context serves many threads. */
static void
test_threads(void **state)
{
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many,
						&files),
				 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *ok;

		assert_int_equal(pthread_join(threads[i], &ok), 0);
		assert_non_null(ok);
	}
}

/* A connection made in one thread goes on in another. */
static void *
finish(void *arg)
{
	struct two *p = arg;

	pump_all(&p->c, &p->s, WHOLE);
	return NULL;
}

static void
test_moved(void **state)
{
	struct two p;
	pthread_t thread;
	size_t used;

	two_init(&p, "a.test", 65536);
	assert_int_equal(tls_feed(p.c.tls, STR(""), &used, &p.c.plain,
				  &p.c.out),
			 0);
	pump_once(&p.c, &p.s, WHOLE);
	assert_int_equal(pthread_create(&thread, NULL, finish, &p), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	say(&p.c, &p.s, STR("HELLO\n"), WHOLE);
	two_done(&p);
}

static int
setup(void **state)
{
	pump_files_make(&files);
	server_ctx = pump_server_ctx(&files, TLS_1_2);
	client_ctx = pump_client_ctx(TLS_1_2);
	return 0;
}

static int
teardown(void **state)
{
	tls_ctx_unref(tls_ctx_ref(server_ctx));
	tls_ctx_unref(server_ctx);
	tls_ctx_unref(client_ctx);
	pump_files_remove(&files);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_plain_ceiling),
		cmocka_unit_test(test_out_ceiling),
		cmocka_unit_test(test_exporter),
		cmocka_unit_test(test_server_name),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_nomem),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
