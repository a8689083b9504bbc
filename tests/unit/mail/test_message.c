/*
 * message: types, names and headers that may be given, and whether parts fit
 * together.
 */
#include <stdio.h>

#include "lib/fault.h"
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/message.h"

static struct guard page;

#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define N250 FIFTY FIFTY FIFTY FIFTY FIFTY

static void
test_type_check(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} cases[] = {
		{ "text/plain", 0 },
		{ "TEXT/HTML", 0 },
		{ "text/html; charset=utf-8", 0 },
		{ "text/html;charset=\"utf-8\"", 0 },
		{ "text/html ; a=b\t;c=d", 0 },
		{ "application/x; n=\"a \\\"b\\\" (c); d\"", 0 },
		{ "application/vnd.x+json", 0 },
		{ "multipart/related; type=\"text/html\"", 0 },
		{ "a/" N250 "aaa", 0 },
		{ "a/" N250 "aaaa", ERR_VALUE },
		{ "", ERR_VALUE },
		{ "text", ERR_VALUE },
		{ "text/", ERR_VALUE },
		{ "/plain", ERR_VALUE },
		{ "text /plain", ERR_VALUE },
		{ " text/plain", ERR_VALUE },
		{ "text/pl ain", ERR_VALUE },
		{ "text/plain;", ERR_VALUE },
		{ "text/plain; charset", ERR_VALUE },
		{ "text/plain; charset=", ERR_VALUE },
		{ "text/plain; =x", ERR_VALUE },
		{ "text/plain; a = b", ERR_VALUE },
		{ "text/plain; a=b c", ERR_VALUE },
		{ "text/plain; a=\"b", ERR_VALUE },
		{ "text/plain; a=\"b\\", ERR_VALUE },
		{ "text/plain; a=\"b\"c", ERR_VALUE },
		{ "text/plain; a=\"\xc3\xa4\"", ERR_VALUE },
		{ "text/pl\xc3\xa4in", ERR_VALUE },
		{ "text/plain\r\nX: y", ERR_VALUE },
		{ "text/plain; a=\"\n\"", ERR_VALUE },
		{ "text/plain/x", ERR_VALUE },
	};

	TEST_EACH(c, cases)
		CHECK_RC(c->in,
			 message_type_check(guard_put(&page, str_c(c->in))),
			 c->rc);
	assert_rc(message_type_check(str_n("text/plain\0", 11)), ERR_VALUE);
}

static void
test_type_is(void **state)
{
	assert_true(message_type_is(STR("text/plain"), "text", "plain"));
	assert_true(message_type_is(STR("Text/HTML; a=b"), "text", "html"));
	assert_true(message_type_is(STR("text/x"), "text", NULL));
	assert_false(message_type_is(STR("text/plain"), "text", "plai"));
	assert_false(message_type_is(STR("textual/x"), "text", NULL));
	assert_false(message_type_is(STR("text"), "text", NULL));
	assert_false(message_type_is(STR(""), "text", NULL));
}

static void
test_names(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} cases[] = {
		{ "a", 0 },
		{ "logo.jpg", 0 },
		{ "B\xc3\xbc"
		  "cher 1.pdf",
		  0 },
		{ N250 "aaaaa", 0 },
		{ N250 "aaaaaa", ERR_VALUE },
		{ "", ERR_VALUE },
		{ "a\nb", ERR_VALUE },
		{ "\x7f", ERR_VALUE },
		{ "a\xe2\x80\xae"
		  "gpj.exe",
		  ERR_VALUE },
		{ "a\xc2\x85", ERR_VALUE },
		{ "a\xff", ERR_VALUE },
	};

	TEST_EACH(c, cases)
		CHECK_RC(c->in,
			 message_name_check(guard_put(&page, str_c(c->in))),
			 c->rc);
}

static void
test_headers(void **state)
{
	static const struct {
		const char *name;
		bool allowed;
	} cases[] = {
		{ "Reply-To", true },
		{ "X-Mailer", true },
		{ "List-Id", true },
		{ "Content", true },
		{ "To", false },
		{ "cc", false },
		{ "DATE", false },
		{ "Via", false },
		{ "From", false },
		{ "Sender", false },
		{ "subject", false },
		{ "Message-Id", false },
		{ "MIME-Version", false },
		{ "Received", false },
		{ "Content-Type", false },
		{ "content-x", false },
		{ "", false },
		{ "a b", false },
		{ "a:", false },
		{ "\xc3\xa4", false },
		{ "a\r\nb", false },
	};

	TEST_EACH(c, cases)
		CHECK(c->name,
		      message_header_allowed(
			      guard_put(&page, str_c(c->name))) == c->allowed);
	assert_rc(message_header_check(STR("To"), STR("a@b")), 0);
	assert_rc(message_header_check(STR("X"), STR("")), 0);
	assert_rc(message_header_check(STR("X"), STR("\xe2\x80\x8f"
						     "a")),
		  0);
	assert_rc(message_header_check(STR("X:"), STR("a")), ERR_VALUE);
	assert_rc(message_header_check(STR("X"), STR("a\nb")), ERR_VALUE);
	assert_rc(message_header_check(STR("X"), STR("a\tb")), ERR_VALUE);
	assert_rc(message_header_check(STR("X"), STR("a\xff")), ERR_VALUE);
	assert_rc(message_header_check(STR("X"), STR("\xe2\x80\xa8")),
		  ERR_VALUE);
}

/* A part as one letter each: id, type, the container, content, octets. */
struct short_part {
	const char *id, *type, *in;
	bool content;
	uint64_t length;
};

#define MIXED "multipart/mixed"
#define ALT "multipart/alternative"
#define PLAIN "text/plain"

static const struct check_case {
	const char *name;
	bool multipart;
	struct short_part parts[5];
	const char *why; /* NULL: it fits */
	bool imported;
} checks[] = {
	{ "one part", false, { { "a", PLAIN, "", true, 5 } }, NULL },
	{ "empty content", false, { { "a", PLAIN, "", true, 0 } }, NULL },
	{ "the draft's delivery",
	  true,
	  { { "logo.jpg", "image/jpg", "", false, 9 },
	    { "index.html", "text/html", "", true, 1742 } },
	  NULL },
	{ "nested",
	  true,
	  { { "m", MIXED, "", false, 0 },
	    { "a", ALT, "m", false, 0 },
	    { "t", PLAIN, "a", true, 5 },
	    { "h", "text/html", "a", false, 5 } },
	  NULL },
	{ "container behind its part",
	  true,
	  { { "t", PLAIN, "m", true, 5 }, { "m", MIXED, "", false, 0 } },
	  NULL },
	{ "signed as a whole",
	  false,
	  { { "a", "multipart/signed; boundary=x", "", true, 5 } },
	  NULL },
	{ "no part", false, { { NULL } }, "no content" },
	{ "no content", true, { { "a", PLAIN, "", false, 5 } }, "no content" },
	{ "two contents",
	  true,
	  { { "a", PLAIN, "", true, 5 }, { "b", PLAIN, "", true, 5 } },
	  "two content" },
	{ "two parts without switch",
	  false,
	  { { "a", PLAIN, "", true, 5 }, { "b", PLAIN, "", false, 5 } },
	  "+MULTIPART" },
	{ "content is a container",
	  true,
	  { { "a", MIXED, "", true, 0 } },
	  "is a multipart" },
	{ "same name",
	  true,
	  { { "a", PLAIN, "", true, 5 }, { "a", PLAIN, "", false, 5 } },
	  "one name" },
	{ "unknown container",
	  true,
	  { { "a", PLAIN, "x", true, 5 } },
	  "IN names" },
	{ "container is none",
	  true,
	  { { "a", PLAIN, "b", true, 5 }, { "b", PLAIN, "", false, 0 } },
	  "IN names" },
	{ "mixed with octets",
	  true,
	  { { "a", PLAIN, "", true, 5 }, { "b", MIXED, "", false, 1 } },
	  "octets" },
	{ "in a whole signed one",
	  true,
	  { { "a", PLAIN, "b", true, 5 },
	    { "b", "multipart/signed", "", false, 5 } },
	  "IN names" },
	{ "whole ones of an import",
	  true,
	  { { "a", "multipart/mixed; boundary=b", "", true, 5 },
	    { "b", MIXED, "c", false, 7 },
	    { "c", MIXED, "", false, 0 } },
	  NULL,
	  true },
	{ "in a whole one of an import",
	  true,
	  { { "a", PLAIN, "b", true, 5 }, { "b", MIXED, "", false, 5 } },
	  "IN names",
	  true },
	{ "nothing but an empty one, imported",
	  true,
	  { { "a", MIXED, "", true, 0 } },
	  NULL,
	  true },
	{ "an empty one as the content beside another",
	  true,
	  { { "a", MIXED, "", true, 0 }, { "b", PLAIN, "a", false, 5 } },
	  "is a multipart",
	  true },
	{ "in itself",
	  true,
	  { { "a", PLAIN, "", true, 5 }, { "b", MIXED, "b", false, 0 } },
	  "hold each other" },
	{ "circle",
	  true,
	  { { "a", PLAIN, "b", true, 5 },
	    { "b", MIXED, "c", false, 0 },
	    { "c", MIXED, "b", false, 0 } },
	  "hold each other" },
};

static void
test_check(void **state)
{
	TEST_EACH(c, checks) {
		struct message_part parts[5] = { 0 };
		struct message m = { .multipart = c->multipart,
				     .imported = c->imported,
				     .parts = parts };
		const char *why = "";

		for (size_t i = 0; i < 5 && c->parts[i].id; i++) {
			parts[i] = (struct message_part){
				.id = str_c(c->parts[i].id),
				.type = str_c(c->parts[i].type),
				.in = str_c(c->parts[i].in),
				.content = c->parts[i].content,
				.length = c->parts[i].length,
			};
			m.nparts++;
		}
		CHECK_RC(c->name, message_check(&m, &why),
			 c->why ? ERR_VALUE : 0);
		CHECK(c->name, strstr(why, c->why ? c->why : ""));
	}
}

/* A message of n parts: a chain of containers or, wide, all in one. */
static int
check_many(size_t n, bool wide, bool twice)
{
	static struct message_part parts[1000];
	static char names[1000][24];
	struct message m = { .multipart = true, .parts = parts, .nparts = n };
	const char *why;

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		parts[i] = (struct message_part){
			.id = str_c(names[i]),
			.type = wide && i > 0 ? STR(PLAIN) : STR(MIXED),
		};
		if (i > 0)
			parts[i].in = parts[wide ? 0 : i - 1].id;
	}
	parts[n - 1].type = STR(PLAIN);
	parts[n - 1].content = true;
	if (twice)
		parts[n - 2].id = parts[n - 3].id;
	return message_check(&m, &why);
}

static void
test_many(void **state)
{
	assert_rc(check_many(1000, true, false), 0);
	assert_rc(check_many(1000, true, true), ERR_VALUE);
	assert_rc(check_many(10, false, false), 0);
	assert_rc(check_many(33, false, false), 0);
	assert_rc(check_many(34, false, false), ERR_VALUE);
	assert_rc(check_many(1000, false, false), ERR_VALUE);
}

static int
use_check(void *arg)
{
	return check_many(33, false, false);
}

static void
test_fault(void **state)
{
	assert_true(fault_each(use_check, NULL) >= 2);
}

static void
test_questions(void **state)
{
	struct message_part parts[3] = {
		{ .id = STR("a"), .length = 5 },
		{ .id = STR("b"), .length = 7, .content = true },
		{ .id = STR("c"), .length = 0 },
	};
	struct message m = { .parts = parts, .nparts = 3 };

	assert_int_equal(message_size(&m), 12);
	assert_ptr_equal(message_content(&m), &parts[1]);
	assert_ptr_equal(message_part_by_id(&m, STR("c")), &parts[2]);
	assert_null(message_part_by_id(&m, STR("d")));
	parts[1].content = false;
	assert_null(message_content(&m));
}

static const struct attachment_case {
	const char *id, *type, *file;
	uint64_t length;
	bool content, sent, imported;	/* is it one in mail of either kind? */
} attachment_cases[] = {
	{ "a", "text/plain", "", 1, true, false, false },
	{ "a", "text/plain", "a.txt", 1, true, false, false },
	{ "a", "multipart/signed", "", 1, true, false, false },
	{ "a", "image/png", "", 1, true, true, true },
	{ "a", "text/html; charset=utf-8", "", 1, false, false, false },
	{ "a", "Text/Enriched", "", 1, false, false, false },
	{ "a", "text/plain", "a.txt", 1, false, true, true },
	{ "a", "text/calendar", "", 1, false, true, true },
	{ "a", "image/png", "", 0, false, true, true },
	{ "a", "multipart/mixed", "", 0, false, false, false },
	{ "a", "multipart/signed", "", 9, false, true, true },
	{ "a", "text/rfc822-headers", "", 1, false, true, true },
	{ "header", "text/rfc822-headers", "", 1, false, false, false },
	{ "header", "text/csv", "", 1, false, true, true },
	{ "original", "message/rfc822", "", 1, false, true, false },
	{ "original", "image/png", "", 1, false, true, true },
};

static void
test_attachments(void **state)
{
	TEST_EACH(c, attachment_cases) {
		const struct message_part p = {
			.id = str_c(c->id), .type = str_c(c->type),
			.file = str_c(c->file), .length = c->length,
			.content = c->content,
		};
		struct message m = { .parts = &p, .nparts = 1 };

		CHECK(c->type, message_attachments(&m) == c->sent);
		m.imported = true;
		CHECK(c->type, message_attachments(&m) == c->imported);
	}
}

/* What is hashed differs wherever the content does, also where octets move
 * from one field to the next. */
static void
test_identity(void **state)
{
	static const struct short_part variants[][2] = {
		{ { "a", "b", "", true, 1 }, { "c", "d", "", false, 2 } },
		{ { "ab", "", "", true, 1 }, { "c", "d", "", false, 2 } },
		{ { "a", "b", "", true, 2 }, { "c", "d", "", false, 2 } },
		{ { "c", "d", "", true, 2 }, { "a", "b", "", false, 1 } },
		{ { "a", "bc", "", true, 1 }, { "", "d", "", false, 2 } },
	};
	struct buf out[TEST_COUNT(variants) + 1];

	for (size_t v = 0; v < TEST_COUNT(out); v++) {
		size_t of = v % TEST_COUNT(variants);
		struct message_part parts[2] = { 0 };
		struct message m = { .parts = parts, .nparts = 2 };

		for (size_t i = 0; i < 2; i++) {
			parts[i].id = str_c(variants[of][i].id);
			parts[i].type = str_c(variants[of][i].type);
			parts[i].length = variants[of][i].length;
			memset(parts[i].sha256, (int)i, 32);
		}
		/* The last is the first but for one bit of a hash. */
		if (v == TEST_COUNT(variants))
			parts[1].sha256[31] ^= 1;
		buf_init(&out[v], 1000);
		assert_rc(message_identity(&m, &out[v]), 0);
		for (size_t k = 0; k < v; k++)
			assert_false(
				str_eq(buf_str(&out[v]), buf_str(&out[k])));
	}
	for (size_t v = 0; v < TEST_COUNT(out); v++)
		buf_done(&out[v]);
}

static int
setup(void **state)
{
	guard_init(&page, 4096);
	return 0;
}

static int
teardown(void **state)
{
	guard_done(&page);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type_check),
		cmocka_unit_test(test_type_is),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
