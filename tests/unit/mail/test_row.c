/*
 * The constant part of an index row.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "sample.h"

static struct arena arena;
static struct guard page;

static void
test_full(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, 65536);
	assert_rc(buf_add_cstr(&out, "{"), 0);
	assert_rc(message_row(sample_full(), &out), 0);
	assert_str(buf_str(&out),
		   "{\"from\":\"alice@a.test\",\"by\":\"secretary@a.test\","
		   "\"to\":[\"bob@b.test\","
		   "\"j\xc3\xb6rg+x@xn--bcher-kva.example\"],"
		   "\"cc\":[\"helpdesk/carol@c.test\"],"
		   "\"subject\":\"\xc3\x9c"
		   "ber \\\"uns\\\"\\u007f\\u0009:"
		   "\\u202e)\","
		   "\"date\":\"2013-10-17T03:01:50.006Z\","
		   "\"received\":\"2013-10-17T03:01:50.007Z\","
		   "\"size\":70012,\"parts\":3,\"attachments\":1,"
		   "\"names\":{\"alice@a.test\":\"Alice \\\"Al\\\" A.\","
		   "\"bob@b.test\":\"B\xc3\xb6"
		   "b\"},"
		   "\"preview\":\"H\xc3\xa4 'lo\",\"important\":-1,"
		   "\"reply\":\"716e9a9e-0000-0000-0000-000000000000\"");
}

static void
test_small(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };

	buf_init(&out, 65536);
	assert_rc(message_row(sample_small(), &out), 0);
	assert_str(buf_str(&out),
		   "\"from\":\"alice@a.test\",\"to\":[],\"cc\":[],"
		   "\"subject\":\"\",\"date\":\"1970-01-01T00:00:00.000Z\","
		   "\"received\":\"1970-01-01T00:00:00.000Z\",\"size\":5,"
		   "\"parts\":1,\"attachments\":0,\"names\":{},"
		   "\"preview\":\"\",\"important\":0");
}

static void
test_read(void **state)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct message_row_text t;

	buf_init(&out, 65536);
	assert_rc(message_row(sample_full(), &out), 0);
	assert_rc(message_row_read(&arena, guard_put(&page, buf_str(&out)), &t),
		  0);
	assert_str(t.from, "alice@a.test");
	assert_str(t.date, "2013-10-17T03:01:50.006Z");
	assert_true(str_eq(t.subject, sample_full()->subject));

	assert_rc(message_row_read(&arena, STR(""), &t), ERR_CORRUPT);
	assert_rc(message_row_read(&arena, STR("\"from\":\"a\""), &t),
		  ERR_CORRUPT);
	assert_rc(message_row_read(&arena,
				   STR("\"from\":1,\"date\":\"\","
				       "\"subject\":\"\""),
				   &t),
		  ERR_CORRUPT);
	assert_rc(message_row_read(&arena, STR("\"from"), &t), ERR_CORRUPT);
}

/* Rows of what is as long as can be, in octets that need six in JSON. */
static void
check_long(const char *name, const struct message *m, bool cut)
{
	CLEANUP_BUF struct buf out = { 0 };
	struct message_row_text t;

	buf_init(&out, 1 << 20);
	CHECK_RC(name, message_row(m, &out), 0);
	CHECK(name, out.n <= 60000 && utf8_valid(buf_str(&out)));
	CHECK_RC(name, message_row_read(&arena, buf_str(&out), &t), 0);
	CHECK(name, (str_find(buf_str(&out), STR("\"cut\":true")) >= 0) == cut);
}

static void
test_long(void **state)
{
	static struct str many[5000];
	static struct message_header pairs[5000];
	static char text[70000];
	struct str long_text = { text, sizeof(text) };
	struct message m = *sample_full();

	memset(text, '\x01', sizeof(text));
	for (size_t i = 0; i < 5000; i++) {
		many[i] = STR("someone.with.a.name@a.domain.test");
		pairs[i].name = many[i];
		pairs[i].value = STR("Someone");
	}
	m.to = many;
	m.nto = 100;
	check_long("100 recipients", &m, false);
	m.nto = 5000;
	check_long("5,000 recipients", &m, true);
	m.cc = many;
	m.ncc = 5000;
	m.names = pairs;
	m.nnames = 5000;
	check_long("5,000 of all", &m, true);

	for (size_t i = 0; i < 5000; i++)
		many[i] = pairs[i].name = pairs[i].value = long_text;
	m.subject = m.from = m.by = m.preview = long_text;
	check_long("everything", &m, true);
}

static int
setup(void **state)
{
	arena_init(&arena, 8 << 20, 0);
	guard_init(&page, 65536);
	return 0;
}

static int
teardown(void **state)
{
	arena_done(&arena);
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
