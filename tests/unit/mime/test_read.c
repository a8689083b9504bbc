/*
 * mime_read: where the parts of a message lie, whole and cut off at every
 * octet at the end of a page.
 */
#include "lib/guard.h"
#include "lib/test.h"
#include "mail/message.h"
#include "unit/mime/shape.h"

static struct arena arena;
static struct guard page;

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define M "part1 multipart/mixed\n"
#define CT "Content-Type: "
#define CD "Content-Disposition: "
#define CTE "Content-Transfer-Encoding: "

static const struct {
	const char *name, *in, *want;
} cases[] = {
	/* the head and its end */
	{ "empty", "", "part1 text/plain* []" },
	{ "no head", "\nHello\n", "part1 text/plain* [Hello\\n]" },
	{ "no body", "Subject: x\n", "part1 text/plain* []" },
	{ "no line end", "Subject: x", "part1 text/plain* []" },
	{ "CRLF", "Subject: x\r\n\r\nHello\r\n",
	  "part1 text/plain* [Hello\\r\\n]" },
	{ "CR", "Subject: x\rX: y\r\rHello\r", "part1 text/plain* [Hello\\r]" },
	{ "CR in a head of LF", "Subject: x\rHello\n",
	  "part1 text/plain* [Hello\\n]" },
	{ "a line that is no field", "Subject: x\nHello\n\nyou",
	  "part1 text/plain* [Hello\\n\\nyou]" },
	{ "a name that is none", "Subject: x\nHel lo: x\n",
	  "part1 text/plain* [Hel lo: x\\n]" },
	{ "From_", "From a@b Mon\nContent-Type: text/html\n\nx",
	  "part1 text/html* [x]" },
	{ "From_ later", "X: y\nFrom a@b Mon\nContent-Type: text/html\n\nx",
	  "part1 text/html* [x]" },
	{ "blanks before the colon", "Content-Type \t: text/html\n\nx",
	  "part1 text/html* [x]" },
	{ "blanks in others", "X: y\nNote : z\n",
	  "part1 text/plain* [Note : z\\n]" },
	{ "no name", ": y\nContent-Type: text/html\n\nx",
	  "part1 text/html* [x]" },
	{ "continues nothing", " y\nContent-Type: text/html\n\nx",
	  "part1 text/html* [x]" },
	{ "the first counts", CT "text/html\n" CT "text/x\n\nx",
	  "part1 text/html* [x]" },
	{ "case", "CONTENT-type: TEXT/Html\n\nx", "part1 text/html* [x]" },
	/* types */
	{ "no slash", CT "text\n\nx", "part1 text/plain* [x]" },
	{ "two slashes", CT "text/html/x\n\nx", "part1 text/plain* [x]" },
	{ "empty type", CT "\n\nx", "part1 text/plain* [x]" },
	{ "empty subtype", CT "text/;charset=x\n\nx",
	  "part1 text/plain; charset=x* [x]" },
	{ "no token", CT "text/html>\n\nx", "part1 text/html* [x]" },
	{ "no token at all", CT "a b/c\n\nx", "part1 text/plain* [x]" },
	{ "parameters",
	  CT "text/plain; x=y; charset=\"u\"; name=n; f=\"a b\"\n\n",
	  "part1 text/plain; charset=u; x=y; f=\"a b\"* file=n []" },
	{ "folded", CT "text/plain;\r\n\tcharset=u;\n x=y\n\n",
	  "part1 text/plain; charset=u; x=y* []" },
	{ "quoted pairs", CT "text/plain; a=\"x\\\"y\\\\\"\n\n",
	  "part1 text/plain; a=\"x\\\"y\\\\\"* []" },
	{ "RFC 2231", CT "text/plain; a*0=x; a*1=\"y z\"; b*=utf-8''%41\n\n",
	  "part1 text/plain; a=\"xy z\"; b=A* []" },
	{ "cannot be written", CT "text/plain; a=\"\xc3\xa4\"; b=c\n\n",
	  "part1 text/plain; b=c* []" },
	{ "a repeated one", CT "text/plain; charset=a; charset=b\n\n",
	  "part1 text/plain; charset=a* []" },
	{ "a repeated one, the first cannot be written",
	  CT "multipart/x; boundary=\"\x01\"; boundary=c\n\n--c\n\nx\n",
	  "part1 multipart/x* [--c\\n\\nx\\n]" },
	/* names */
	{ "filename", CT "a/b; name=n\n" CD "attachment; filename=f\n\n",
	  "part1 a/b* file=f []" },
	{ "name only", CT "a/b; name=\"n 1\"\n" CD "inline\n\n",
	  "part1 a/b*+ file=n 1 []" },
	{ "RFC 2231 name", CD "x; filename*=utf-8''%c3%a4.txt\n\n",
	  "part1 text/plain* file=\xc3\xa4.txt []" },
	{ "RFC 2047 name", CD "x; filename=\"=?iso-8859-1?q?=E4?=\"\n\n",
	  "part1 text/plain* file=\xc3\xa4 []" },
	{ "raw name", CD "x; filename=\"\xe4\"\n\n",
	  "part1 text/plain* file=\xef\xbf\xbd []" },
	{ "raw UTF-8 name", CD "x; filename=\"\xc3\xa4\"\n\n",
	  "part1 text/plain* file=\xc3\xa4 []" },
	{ "unsafe name", CD "x; filename=\"a\x01\xe2\x80\xae/../b \"\n\n",
	  "part1 text/plain* file=a/../b []" },
	{ "nothing left of it", CD "x; filename=\"\xe2\x80\xae\"\n\n",
	  "part1 text/plain* []" },
	{ "unquoted name", CD "x; filename=a b.txt\n\n",
	  "part1 text/plain* file=a b.txt []" },
	/* multiparts */
	{ "two parts",
	  MIXED "pre\n--b\n\nx\n--b\n" CT "text/html\n\ny\n--b--\npost\n",
	  M "part2<part1 text/plain* [x]\npart3<part1 text/html [y]" },
	{ "CRLF parts",
	  CT "multipart/mixed; boundary=b\r\n\r\n"
	     "--b\r\n\r\nx\r\n\r\n--b--\r\n",
	  M "part2<part1 text/plain* [x\\r\\n]" },
	{ "CR parts", CT "multipart/mixed; boundary=b\r\r--b\r\rx\r--b--\r",
	  M "part2<part1 text/plain* [x]" },
	{ "blanks behind", MIXED "--b \t\n\nx\n--b-- \n",
	  M "part2<part1 text/plain* [x]" },
	{ "longer lines",
	  MIXED "--b\n\n--bc\n--b x\nx--b\n --b\n--b--x\n--b--\n",
	  M "part2<part1 text/plain* [--bc\\n--b x\\nx--b\\n --b\\n--b--x]" },
	{ "never closed", MIXED "--b\n\nx\n", M "part2<part1 text/plain* [x]" },
	{ "repeated", MIXED "--b\n--b\n\nx\n--b\n--b\n\ny\n--b--",
	  M "part2<part1 text/plain* [x]\npart3<part1 text/plain [y]" },
	{ "nothing between", MIXED "--b\n--b--\nafter",
	  M "part2<part1 text/plain* []" },
	{ "delimiter at the end", MIXED "--b\n\nx\n--b",
	  M "part2<part1 text/plain* [x]\npart3<part1 text/plain []" },
	{ "no empty line", MIXED "--b\nX: y\n--b--",
	  M "part2<part1 text/plain* []" },
	{ "empty body", MIXED "--b\n\n--b--", M "part2<part1 text/plain* []" },
	{ "a line end of its own", MIXED "--b\n\n\n--b--",
	  M "part2<part1 text/plain* []" },
	{ "no boundary", CT "multipart/mixed\n\n--b\n\nx\n--b--\n",
	  "part1 multipart/mixed* [--b\\n\\nx\\n--b--\\n]" },
	{ "boundary never comes", MIXED "--c\n\nx\n--c--\n",
	  "part1 multipart/mixed; boundary=b* [--c\\n\\nx\\n--c--\\n]" },
	{ "closed at once", MIXED "x\n--b--\ny\n",
	  "part1 multipart/mixed; boundary=b* [x\\n--b--\\ny\\n]" },
	{ "boundary with blanks",
	  CT "multipart/mixed; boundary=\"a b \"\n\n--a b\n\nx\n--a b--\n",
	  M "part2<part1 text/plain* [x]" },
	{ "unquoted boundary",
	  CT "multipart/mixed; boundary=----=_x\n\n"
	     "------=_x\n\nx\n------=_x--\n",
	  M "part2<part1 text/plain* [x]" },
	{ "nested",
	  MIXED "--b\n" CT "multipart/alternative; boundary=c\n\n--c\n\nx\n"
		"--c\n" CT "text/html\n\ny\n--c--\n--b\n\nz\n--b--\n",
	  M "part2<part1 multipart/alternative\npart3<part2 text/plain* [x]\n"
	    "part4<part2 text/html [y]\npart5<part1 text/plain [z]" },
	{ "an outer delimiter ends the inner",
	  MIXED "--b\n" CT "multipart/x; boundary=c\n\n"
		"--c\n\nx\n--b\n\nz\n--b--\n",
	  M "part2<part1 multipart/x\npart3<part2 text/plain* [x]\n"
	    "part4<part1 text/plain [z]" },
	{ "an outer delimiter in a head",
	  MIXED "--b\n" CT "multipart/x; boundary=c\n--b\n\nz\n--b--\n",
	  M "part2<part1 multipart/x; boundary=c []\n"
	    "part3<part1 text/plain* [z]" },
	{ "the same boundary inside",
	  MIXED "--b\n" CT "multipart/x; boundary=b\n\n--b\n\nx\n--b--\n",
	  M "part2<part1 multipart/x; boundary=b []\n"
	    "part3<part1 text/plain* [x]" },
	{ "digest",
	  CT "multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b\n" CT
	     "text/plain\n\nz\n--b--\n",
	  "part1 multipart/digest\n"
	  "part2<part1 message/rfc822 [Subject: x\\n\\ny]\n"
	  "part3<part1 text/plain* [z]" },
	/* what comes whole */
	{ "signed",
	  CT "multipart/signed; boundary=\"c d\"; name=x\n\npre\n--c d\n\nx \n"
	     "--c d--\npost\n",
	  "part1 multipart/signed; boundary=\"c d\"* file=x "
	  "[pre\\n--c d\\n\\nx \\n--c d--\\npost\\n]" },
	{ "signed inside",
	  MIXED "--b\n" CT "multipart/signed; boundary=c\n\n--c\n\nx\r\n--c--\n"
		"\n--b\n\ny\n--b--\n",
	  M "part2<part1 multipart/signed; boundary=c* "
	    "[--c\\n\\nx\\r\\n--c--\\n]\npart3<part1 text/plain [y]" },
	{ "signed in an encoding that it cannot have",
	  CT "multipart/signed; boundary=c\n" CTE
	     "quoted-printable\n\n--c\n\nx=20\n--c--\n",
	  "part1 multipart/signed; boundary=c* [--c\\n\\nx=20\\n--c--\\n]" },
	{ "a boundary that comes in an encoding only",
	  MIXED "--b\n" CT "multipart/x; boundary=c\n" CTE
		"base64\n\nLS1jCgp4\n--b--\n",
	  M "part2<part1 multipart/x; boundary=c* [LS1jCgp4\\n]" },
	{ "no boundary, in an encoding",
	  CT "multipart/x\n" CTE "base64\n\nLS1jCgp4\n",
	  "part1 multipart/x* [--c\\n\\nx]" },
	{ "encrypted",
	  CT "multipart/encrypted; boundary=c\n\n--c\n\nx\n--c--\n",
	  "part1 multipart/encrypted; boundary=c* [--c\\n\\nx\\n--c--\\n]" },
	{ "message", MIXED "--b\n" CT "message/rfc822\n\n" MIXED "--c\n--b--\n",
	  M "part2<part1 message/rfc822* "
	    "[Content-Type: multipart/mixed; boundary=b\\n\\n--c]" },
	{ "encoded message",
	  CT "message/rfc822\n" CTE "base64\n\nU3ViamVjdDogeAoKeQ==\n",
	  "part1 message/rfc822* [Subject: x\\n\\ny]" },
	/* encodings */
	{ "quoted-printable", CTE "Quoted-Printable  (x)\n\na=\nb=3D\n",
	  "part1 text/plain* [ab=\\n]" },
	{ "text called base64", CTE "base64\n\nto bet\n",
	  "part1 text/plain* [to bet]" },
	{ "a word called base64", CTE "base64\n\nhello\n",
	  "part1 text/plain* [hello]" },
	{ "base64 cut off", CTE "base64\n\neHl6\ne\n",
	  "part1 text/plain* [xyz]" },
	{ "base64 with blanks", CTE "base64\n\neH\n l6\n",
	  "part1 text/plain* [xyz]" },
	{ "base64", CTE "BASE64;\n\neHl6\n", "part1 text/plain* [xyz]" },
	{ "unknown", CTE "x-rot13\n\neHl6\n", "part1 text/plain* [eHl6\\n]" },
	/* the content, inline and ids */
	{ "alternative, plain first",
	  CT "multipart/alternative; boundary=b\n\n--b\n" CT
	     "text/html\n\nx\n--b\n" CT "text/plain\n\ny\n--b--",
	  "part1 multipart/alternative\npart2<part1 text/html [x]\n"
	  "part3<part1 text/plain* [y]" },
	{ "alternative around related",
	  CT "multipart/alternative; boundary=b\n\n--b\n" CT
	     "multipart/related; boundary=c\n\n--c\n" CT
	     "text/html\n\nx\n--c\n" CT
	     "image/png\nContent-ID: <i@x>\n\np\n--c--\n"
	     "--b\n" CT "text/plain\n\ny\n--b--",
	  "part1 multipart/alternative\npart2<part1 multipart/related\n"
	  "part3<part2 text/html [x]\npart4<part2 image/png+ cid=i@x [p]\n"
	  "part5<part1 text/plain* [y]" },
	{ "attachments are not the content",
	  MIXED "--b\n" CD "attachment\n\nx\n--b\n" CT "text/html\n\ny\n--b--",
	  M "part2<part1 text/plain [x]\npart3<part1 text/html* [y]" },
	{ "signed is the content",
	  MIXED "--b\n" CT "image/png\n\nx\n--b\n" CT
		"multipart/signed; boundary=c\n\n--c--\n--b--",
	  M "part2<part1 image/png [x]\n"
	    "part3<part1 multipart/signed; boundary=c* [--c--]" },
	{ "any leaf is the content",
	  MIXED "--b\n" CT "image/png\n\nx\n--b\n" CD "attachment\n\ny\n--b--",
	  M "part2<part1 image/png* [x]\npart3<part1 text/plain [y]" },
	{ "an attachment in related",
	  CT "multipart/related; boundary=b\n\n--b\nContent-ID: <a@x>\n" CD
	     "attachment\n\nx\n--b--",
	  "part1 multipart/related\npart2<part1 text/plain* cid=a@x [x]" },
	{ "an id elsewhere", "Content-ID:\n <a@x>\n\nx",
	  "part1 text/plain* cid=a@x [x]" },
	{ "no id", "Content-ID: <a x>\n\nx", "part1 text/plain* [x]" },
};

static int
read_one(struct str in, void *arg)
{
	static const struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail *m = arg;
	const char *why = "";
	size_t contents = 0;
	int err = mime_read(&arena, in, &limits, m, &why);

	for (size_t i = 0; err == 0 && i < m->nparts; i++) {
		contents += m->parts[i].content;
		CHECK("type", message_type_check(m->parts[i].type) == 0);
	}
	CHECK("one content", err < 0 || contents == 1);
	return err;
}

static void
test_cases(void **state)
{
	TEST_EACH(c, cases) {
		shape_case(&arena, c->name, c->in, read_one, shape_parts,
			   c->want);
	}
}

/* n times s in front of what b has. */
static void
repeat(struct buf *b, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		assert_rc(buf_add_cstr(b, s), 0);
}

static int
read_with(struct buf *b, struct mime_limits limits, struct mime_mail *m,
	  const char **why)
{
	int err = mime_read(&arena, buf_str(b), &limits, m, why);

	buf_clear(b);
	return err;
}

static void
test_parts_limit(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why = NULL;

	buf_init(&b, 8 << 20);
	limits.parts = 3;
	repeat(&b, 1, MIXED "--b\n\nx\n--b\n\nx\n");
	assert_rc(read_with(&b, limits, &m, &why), 0);
	assert_int_equal(m.nparts, 3);
	repeat(&b, 1, MIXED "--b\n\nx\n--b\n\nx\n--b\n\nx\n");
	assert_rc(read_with(&b, limits, &m, &why), ERR_LIMIT);
	assert_string_equal(why, "too many parts");
	repeat(&b, 1, MIXED);
	repeat(&b, 100000, "--b\n\nx\n");
	limits = (struct mime_limits)MIME_LIMITS_INIT;
	assert_rc(read_with(&b, limits, &m, &why), ERR_LIMIT);
	arena_clear(&arena);
}

static void
test_depth_limit(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why = NULL;

	buf_init(&b, 8 << 20);
	limits.depth = 1;
	repeat(&b, 1,
	       MIXED "--b\n" CT "multipart/x; boundary=c\n\n"
		     "--c\n\nx\n--b--");
	assert_rc(read_with(&b, limits, &m, &why), 0);
	assert_str(shape_parts(&arena, &m),
		   M "part2<part1 multipart/x; boundary=c* [--c\\n\\nx\\n]");
	/* Deeper than any limit goes: 1,000, with lines to compare. */
	for (size_t i = 0; i < 1000; i++)
		assert_rc(buf_addf(&b, CT "multipart/mixed; boundary=b%zu\n\n"
				       "--b%zu\n", i, i), 0);
	repeat(&b, 100000, "--\n");
	limits.depth = 5000;
	assert_rc(read_with(&b, limits, &m, &why), 0);
	assert_int_equal(m.nparts, 65);
	arena_clear(&arena);
}

/* What a type has no room for: 255 octets, charset and boundary first. */
static void
test_long_type(void **state)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why = NULL;

	buf_init(&b, 8 << 20);
	repeat(&b, 1, CT "multipart/signed; a=");
	repeat(&b, 210, "x");
	repeat(&b, 1, "; charset=u; boundary=\"b c\"; d=e\n\n");
	assert_rc(read_with(&b, limits, &m, &why), 0);
	assert_str(m.parts[0].type, "multipart/signed; charset=u; "
				    "boundary=\"b c\"; d=e");
	repeat(&b, 1, CT "x/");
	repeat(&b, 300, "x");
	repeat(&b, 1, "; a=b\nContent-Disposition: x; filename=\"");
	repeat(&b, 200, "\xc3\xa4");
	repeat(&b, 1, "\"\n\n");
	assert_rc(read_with(&b, limits, &m, &why), 0);
	assert_rc(message_type_check(m.parts[0].type), 0);
	assert_rc(message_name_check(m.parts[0].file), 0);
	assert_int_equal(m.parts[0].file.n, 254);
	arena_clear(&arena);
}

/* Where the octets lie: in the message itself. */
static void
test_places(void **state)
{
	static const char text[] = "From x\nA: b\r\nC: d\n\n\nbody";
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct mime_mail m;
	const char *why = NULL;

	assert_rc(mime_read(&arena, str_c(text), &limits, &m, &why), 0);
	assert_str(m.head, "A: b\r\nC: d\n");
	assert_ptr_equal(m.head.p, text + 7);
	assert_str(m.parts[0].raw, "\nbody");
	assert_ptr_equal(m.parts[0].raw.p, text + 19);
	/* A field of old, and no From_ line. */
	assert_rc(mime_read(&arena, STR("From  : a@b\n\nx"), &limits, &m,
			    &why), 0);
	assert_str(m.head, "From  : a@b\n");
	assert_str(m.from.addr, "a@b");
	arena_clear(&arena);
}

static struct str
heads(const char *text, size_t max)
{
	struct mime_limits limits = MIME_LIMITS_INIT;
	const char *why = NULL;
	struct mime_mail m;
	struct str s;

	assert_rc(mime_read(&arena, str_c(text), &limits, &m, &why), 0);
	assert_rc(mime_heads(&arena, &m, max, &s), 0);
	return s;
}

/* The header blocks of all parts, as they came. */
static void
test_heads(void **state)
{
	static const char text[] =
		"From a@b Mon\nA: b\n" MIXED "--b\n\nx\n--b\nC: d\r e\r\rx\n"
		"--b\nFrom c@d\n" CT "multipart/x; boundary=c\n--c\nE: \xff\n"
		"no field\n--c--\n--b\n" CT "message/rfc822\n\nF: g\n\n"
		"--b\nlast:";
	static const char want[] =
		"A: b\nContent-Type: multipart/mixed; boundary=b\n"
		"\r\n\r\nC: d\r e\r\r\n"
		CT "multipart/x; boundary=c\n\r\nE: \xff\n\r\n"
		CT "message/rfc822\n\r\nlast:";
	const size_t n = sizeof(want) - 1;

	assert_str(heads(text, n), want);
	assert_str(heads(text, n - 1),
		   "A: b\nContent-Type: multipart/mixed; boundary=b\n");
	assert_str(heads("A: b\n\nx", 0), "A: b\n");
	assert_str(heads("", 9), "");
	arena_clear(&arena);
}

/* The n-th allocation of ours fails: an error, and nothing is lost. */
static void
test_memory(void **state)
{
	static const char text[] =
		"Subject: =?utf-8?q?x?=\n y\nTo: \"a \\\" b\" <c@d>\n" MIXED
		"--b\n" CT "text/plain; a*=utf-8''%41\n\nx\n--b--\n";
	struct mime_limits limits = MIME_LIMITS_INIT;
	struct arena small;
	struct mime_mail m;
	const char *why = NULL;
	size_t max = 0;
	int err;

	do {
		arena_init(&small, max += 16, 64);
		err = mime_read(&small, str_c(text), &limits, &m, &why);
		arena_done(&small);
		assert_true(err == 0 || err == ERR_NOMEM);
	} while (err < 0 && max < 1 << 20);
	assert_rc(err, 0);
	assert_true(max > 500);
}

static int
setup(void **state)
{
	mime_init();
	arena_init(&arena, 64 << 20, 4096);
	guard_init(&page, 4096);
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
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_parts_limit),
		cmocka_unit_test(test_depth_limit),
		cmocka_unit_test(test_long_type),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
