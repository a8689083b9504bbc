/*
 * command: finding rows and binding words, every rule of the grammar once as
 * it should be and once broken; every prefix of every line of words.
 *
 * A binding is compared as text: `name=a|b` for each parameter in the order
 * it was given, +SW and -SW for switches, then the +* ones as they stand.
 * A refused one is compared as `problem word key`.
 */
#include <stdio.h>

#include "lib/test.h"
#include "proto/command.h"

static const struct line_limits lim = { 8192, 160, 16 };
static const char *const problems[] = { "ok", "unknown", "doubled", "missing",
					"switch" };

/* The words of a line of one command. */
static const struct line_cmd *
words_of(struct arena *a, const char *text)
{
	struct line l;
	struct line_error e;

	if (line_parse(a, str_c(text), &lim, &l, &e) < 0)
		fail_msg("%s: %s", text, e.why);
	assert_int_equal(l.n, 1);
	return l.cmds;
}

struct found {
	const char *line;
	enum command_id id;
	size_t used;
};

static const struct found founds[] = {
	{ "NOOP", CMD_NOOP, 1 },
	{ "noop", CMD_NOOP, 1 },
	{ "NoOp x", CMD_NOOP, 1 },
	{ "\"NOOP\"", CMD_NONE, 0 },
	{ "NOOPS", CMD_NONE, 0 },
	{ "NOO", CMD_NONE, 0 },
	{ "\"\"", CMD_NONE, 0 },
	{ "no=op", CMD_NONE, 0 },
	{ "AUTH SECRET a", CMD_AUTH_SECRET, 2 },
	{ "auth secret a", CMD_AUTH_SECRET, 2 },
	{ "AUTHENTICATE Secret a", CMD_AUTH_SECRET, 2 },
	{ "AUTHENTICATE RESPONSE a", CMD_AUTH_RESPONSE, 2 },
	{ "AUTHENTICATE", CMD_NONE, 0 },
	{ "AUTH", CMD_NONE, 0 },
	{ "AUTH a", CMD_NONE, 0 },
	{ "AUTH \"SECRET\" a", CMD_NONE, 0 },
	{ "SECRET a", CMD_NONE, 0 },
	{ "MBOX FETCH /inbox", CMD_MBOX_FETCH, 2 },
	{ "FETCH /inbox", CMD_MBOX_FETCH, 1 },
	{ "fetch", CMD_MBOX_FETCH, 1 },
	{ "LIST", CMD_MBOX_LIST, 1 },
	{ "MBOX", CMD_NONE, 0 },
	{ "MBOX NOOP", CMD_NONE, 0 },
	{ "SET", CMD_SET, 1 },
	{ "SET json=yes", CMD_SET, 1 },
	{ "SET global json=yes", CMD_SET_GLOBAL, 2 },
	{ "SET \"GLOBAL\"", CMD_SET, 1 },
	{ "PUSH LIST", CMD_PUSH_LIST, 2 },
	{ "PUSH", CMD_NONE, 0 },
	{ "BLOCK LIST", CMD_BLOCK, 1 },
	{ "AUTHENTICATE RESPONSERESPONSERESPONSERESPONSE", CMD_NONE, 0 },
	{ "NOOPNOOPNOOPNOOPNOOPNOOPNOOPNOOPNOOPNOOP", CMD_NONE, 0 },
	{ "NOOP\xc3\xa4", CMD_NONE, 0 },
	{ "PUSH\xc2\xa0" "LIST", CMD_NONE, 0 },
	{ "\"PUSH LIST\"", CMD_NONE, 0 },
};

static void
test_find(void **state)
{
	for (size_t i = 0; i < sizeof(founds) / sizeof(*founds); i++) {
		const struct found *f = &founds[i];
		const struct command_def *def;
		const struct line_cmd *c;
		struct arena a;
		size_t used = 0;

		arena_init(&a, 1 << 20, 0);
		c = words_of(&a, f->line);
		def = command_find(c->words, c->n, &used);
		if (def != command_by_id(f->id) || used != f->used)
			fail_msg("%s: %s, %zu words", f->line,
				 def ? def->verb : "none", used);
		arena_done(&a);
	}
	assert_null(command_find(NULL, 0, NULL));
}

/* Each row is found by its name, and can be told to a user. */
static void
test_rows(void **state)
{
	assert_null(command_by_id(CMD_NONE));
	assert_null(command_by_id(CMD_COUNT));
	for (int id = 1; id < CMD_COUNT; id++) {
		const struct command_def *def =
			command_by_id((enum command_id)id);
		struct word w[2] = { { str_c(def->verb), false, -1 },
				     { str_c(def->sub), false, -1 } };
		size_t used, n = def->sub[0] ? 2 : 1;
		struct buf out;

		assert_int_equal(def->id, id);
		assert_ptr_equal(command_find(w, n, &used), def);
		assert_int_equal(used, n);
		assert_true(def->states && def->help[0]);
		buf_init(&out, 1000);
		assert_int_equal(command_syntax(def, &out), 0);
		assert_true(str_starts(buf_str(&out), w[0].text));
		buf_done(&out);
	}
}

struct binding {
	const char *grammar, *words, *want;
};

#define DATA_ROW "[NAME]:name TYPE= FILE= CID= IN= LENGTH= +INLINE " \
		 "+BASE64 +CONTENT"

static const struct binding bindings[] = {
	/* nothing */
	{ "", "", "" },
	{ "", "a", "unknown a -" },
	{ "", "+A", "switch +A -" },
	/* name */
	{ "path", "a", "path=a" },
	{ "path", "\"\"", "path=" },
	{ "path", "\"-a\"", "path=-a" },
	{ "path", "", "missing  path" },
	{ "path", "-a", "switch -a -" },
	{ "path", "a b", "unknown b -" },
	{ "path LIMIT=", "LIMIT", "path=LIMIT" },
	{ "path LIMIT=", "limit LIMIT 5", "path=limit LIMIT=5" },
	{ "path to", "a b", "path=a to=b" },
	{ "path to", "a", "missing  to" },
	{ "path +X", "+X", "missing +X path" },
	{ "a b c d", "1 2 3 \"4 5\"", "a=1 b=2 c=3 d=4 5" },
	/* [name] */
	{ "a [b] +P", "1", "a=1" },
	{ "a [b] +P", "1 2", "a=1 b=2" },
	{ "a [b] +P", "1 +P", "a=1 +P" },
	{ "a [b] +P", "1 \"+P\"", "a=1 b=+P" },
	{ "a [b] +P", "1 2 +P", "a=1 b=2 +P" },
	{ "a [b] +P", "1 +P 2", "unknown 2 -" },
	{ "[b] K=", "k 1", "K=1" },
	{ "[b] K=", "\"k\"", "b=k" },
	{ "[b] K=", "\"k\" k 1", "b=k K=1" },
	{ "[b] K=", "1 2", "unknown 2 -" },
	/* name*, name+ */
	{ "w*", "", "" },
	{ "w*", "a b c", "w=a|b|c" },
	{ "w* +X", "a +x", "w=a +X" },
	{ "w* K=", "a \"K\" K 1", "w=a|K K=1" },
	{ "w* K=", "K 1", "K=1" },
	{ "w*", "a +b", "switch +b -" },
	{ "w+", "a b=c", "w=a|b=c" },
	{ "w+", "", "missing  w" },
	{ "w+ K=", "K 1 K 2", "w=K|1 K=2" },
	{ "w+ +X", "+X", "missing +X w" },
	{ "a w+", "1 2 3", "a=1 w=2|3" },
	/* KEY= */
	{ "K= L=", "K 1 L 2", "K=1 L=2" },
	{ "K= L=", "l 2 k 1", "L=2 K=1" },
	{ "K= L=", "K L", "K=L" },
	{ "K= L=", "K L L 2", "K=L L=2" },
	{ "K=", "K \"-1\"", "K=-1" },
	{ "K=", "K \"\"", "K=" },
	{ "K=", "K", "missing  K" },
	{ "K= +X", "K +X", "missing +X K" },
	{ "K= +X", "K -1", "switch -1 -" },
	{ "K=", "K 1 K 2", "doubled K K" },
	{ "K=", "K 1 2", "unknown 2 -" },
	{ "K=", "\"K\" 1", "unknown K -" },
	{ "K=", "K=1", "unknown K=1 -" },
	{ "K=", "J 1", "unknown J -" },
	{ "path K=", "a K", "missing  K" },
	/* KEY=! */
	{ "K=!", "K 1", "K=1" },
	{ "K=! L=", "L 1", "missing  K" },
	{ "K=!", "K", "missing  K" },
	/* KEY=2* */
	{ "A=2*", "", "" },
	{ "A=2*", "A 1 2", "A=1|2" },
	{ "A=2* K=", "A 1 2 K 3 a 4 \"5 6\" A A K", "A=1|2|4|5 6|A|K K=3" },
	{ "A=2*", "A 1", "missing  A" },
	{ "A=2* +X", "A 1 +X", "missing +X A" },
	{ "A=2* +X", "A +X", "missing +X A" },
	{ "A=2*", "A 1 2 A", "missing  A" },
	{ "A=2*", "A 1 2 3", "unknown 3 -" },
	/* KEY=+, KEY=+! */
	{ "T=+ C=+ +X", "T 1 2 3", "T=1|2|3" },
	{ "T=+ C=+ +X", "T 1 2 C 3 +X", "T=1|2 C=3 +X" },
	{ "T=+ C=+ +X", "T C C 3", "T=C C=3" },
	{ "T=+ C=+ +X", "T 1 \"C\" 3", "T=1|C|3" },
	{ "T=+ C=+ +X", "T 1 \"+X\"", "T=1|+X" },
	{ "T=+ C=+ +X", "T +X", "missing +X T" },
	{ "T=+ C=+ +X", "T 1 T 2", "doubled T T" },
	{ "T=+ C=+ +X", "C 1 T", "missing  T" },
	{ "T=+! C=+", "C 1", "missing  T" },
	{ "T=+! C=+", "C 1 T 2", "C=1 T=2" },
	/* switches */
	{ "+X -Y +/-Z", "+X -Y +Z", "+X +Z -Y" },
	{ "+X -Y +/-Z", "-z +x", "+X -Z" },
	{ "+X -Y +/-Z", "-X", "switch -X X" },
	{ "+X -Y +/-Z", "+Y", "switch +Y Y" },
	{ "+X -Y +/-Z", "+X +x", "doubled +x X" },
	{ "+X -Y +/-Z", "+Z -Z", "doubled -Z Z" },
	{ "+X -Y +/-Z", "-Z -Z", "doubled -Z Z" },
	{ "+X -Y +/-Z", "+W", "switch +W -" },
	{ "+X -Y +/-Z", "+", "switch + -" },
	{ "+X -Y +/-Z", "X", "unknown X -" },
	{ "+X -Y +/-Z", "\"+X\"", "unknown +X -" },
	{ "+X", "+XX", "switch +XX -" },
	/* +* */
	{ "path +*", "a +READ -Flagged +$w", "path=a +READ -Flagged +$w" },
	{ "path +*", "a", "path=a" },
	{ "path +*", "a b", "unknown b -" },
	{ "path +*", "a +b \"+c\"", "unknown +c -" },
	{ "path +*", "a +b -B", "doubled -B -" },
	{ "path +*", "a +b -c +B", "doubled +B -" },
	{ "path +*", "a -", "switch - -" },
	{ "+X K= +*", "+a +X K 1 -b +c", "K=1 +X +a -b +c" },
	{ "+X +*", "+x +a +X", "doubled +X X" },
	/* [KEY]:name */
	{ DATA_ROW, "", "" },
	{ DATA_ROW, "a", "name=a" },
	{ DATA_ROW, "NAME a", "name=a" },
	{ DATA_ROW, "LENGTH 5 name a", "LENGTH=5 name=a" },
	{ DATA_ROW, "a NAME b", "doubled NAME NAME" },
	{ DATA_ROW, "NAME a NAME b", "doubled NAME NAME" },
	{ DATA_ROW, "NAME", "missing  NAME" },
	{ DATA_ROW, "\"NAME\"", "name=NAME" },
	{ DATA_ROW, "NAME NAME", "name=NAME" },
	{ DATA_ROW, "TYPE", "missing  TYPE" },
	{ DATA_ROW, "+BASE64 a", "unknown a -" },
	{ DATA_ROW, "a TYPE \"text/plain; charset=utf-8\" +CONTENT LENGTH 12",
	  "name=a TYPE=text/plain; charset=utf-8 LENGTH=12 +CONTENT" },
	/* what is unknown or doubled is told before what is missing */
	{ "K= +X", "K +X a", "unknown a -" },
	{ "K= L= +X", "K +X L +X", "doubled +X X" },
	{ "K= L= +X", "K +X L", "missing +X K" },
	{ "path K=", "+X", "switch +X -" },
};

static void
dump(struct buf *out, const struct command *c)
{
	const char *sep = "";

	for (size_t i = 0; i < c->nparam; i++, sep = " ") {
		const struct command_param *p = &c->param[i];

		assert_ptr_equal(command_param(c, p->name), p);
		assert_int_equal(buf_addf(out, "%s%s=", sep, p->name), 0);
		for (size_t k = 0; k < p->n; k++)
			assert_int_equal(buf_addf(out, "%s%.*s", k ? "|" : "",
						  STR_ARG(p->v[k].text)), 0);
	}
	for (size_t i = 0; i < c->non; i++, sep = " ") {
		assert_int_equal(command_switch(c, c->on[i]), 1);
		assert_int_equal(buf_addf(out, "%s+%s", sep, c->on[i]), 0);
	}
	for (size_t i = 0; i < c->noff; i++, sep = " ") {
		assert_int_equal(command_switch(c, c->off[i]), -1);
		assert_int_equal(buf_addf(out, "%s-%s", sep, c->off[i]), 0);
	}
	for (size_t i = 0; i < c->nfree; i++, sep = " ")
		assert_int_equal(buf_addf(out, "%s%.*s", sep,
					  STR_ARG(c->free[i].text)), 0);
}

/* The words behind a verb, bound by a grammar, as text. */
static void
bind_text(const char *grammar, const char *words, struct buf *out)
{
	struct command_def def = { .verb = "X", .sub = "", .grammar = grammar };
	const struct line_cmd *l;
	struct command c;
	struct bind_error e;
	struct arena a;
	struct buf text;
	int r = ERR_VALUE;

	arena_init(&a, 1 << 20, 0);
	buf_init(&text, 10000);
	assert_int_equal(buf_addf(&text, "X %s%c", words, 0), 0);
	l = words_of(&a, buf_data(&text));
	/* Fewer words are bound or refused, never more. */
	for (size_t n = 0; n < l->n; n++) {
		r = command_bind(&a, &def, l->words + 1, n, &c, &e);
		assert_true(r == 0 || r == ERR_VALUE);
		assert_true((r == 0) == (e.problem == BIND_OK));
	}
	if (r == 0)
		dump(out, &c);
	else
		assert_int_equal(buf_addf(out, "%s %.*s %s",
					  problems[e.problem], STR_ARG(e.word),
					  e.key ? e.key : "-"), 0);
	buf_done(&text);
	arena_done(&a);
}

static void
test_bind(void **state)
{
	for (size_t i = 0; i < sizeof(bindings) / sizeof(*bindings); i++) {
		const struct binding *b = &bindings[i];
		struct buf out;

		buf_init(&out, 10000);
		bind_text(b->grammar, b->words, &out);
		if (!str_eq(buf_str(&out), str_c(b->want)))
			fail_msg("%s: %s: got %.*s", b->grammar, b->words,
				 STR_ARG(buf_str(&out)));
		buf_done(&out);
	}
}

/* The rows of the table themselves. */
static void
test_bind_rows(void **state)
{
	static const struct binding rows[] = {
		{ "DELIVER", "TO a@b c@d CC e@f FROM g@h SUBJECT \"Re: x\" "
		  "+IMPORTANT +MULTIPART",
		  "TO=a@b|c@d CC=e@f FROM=g@h SUBJECT=Re: x "
		  "+IMPORTANT +MULTIPART" },
		{ "AUTH", "SECRET noccy@noccylabs.info \"Desktop Computer\" "
		  "+PROOF", "account=noccy@noccylabs.info "
		  "device=Desktop Computer +PROOF" },
		{ "MBOX", "CHECK /inbox::* +RECURSIVE",
		  "path=/inbox::* +RECURSIVE" },
		{ "FETCH", "alice@domain.com/INBOX#74d273d2 +JSON +PRETTY",
		  "path=alice@domain.com/INBOX#74d273d2 +JSON +PRETTY" },
		{ "DATA", "logo.jpg TYPE image/jpg +BASE64",
		  "name=logo.jpg TYPE=image/jpg +BASE64" },
		{ "HEADER", "Reply-To \"+1 234\"",
		  "name=Reply-To value=+1 234" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct line_cmd *l;
		struct command c;
		struct bind_error e;
		struct arena a;
		struct buf out;
		char text[300];
		size_t used;
		bool given;

		(void)snprintf(text, sizeof(text), "%s %s", rows[i].grammar,
			       rows[i].words);	/* fits */
		arena_init(&a, 1 << 20, 0);
		buf_init(&out, 10000);
		l = words_of(&a, text);
		const struct command_def *def =
			command_find(l->words, l->n, &used);
		assert_non_null(def);
		assert_int_equal(command_bind(&a, def, l->words + used,
					      l->n - used, &c, &e), 0);
		assert_ptr_equal(c.def, def);
		dump(&out, &c);
		assert_true(str_eq(buf_str(&out), str_c(rows[i].want)));
		assert_true(str_eq(command_value(&c, c.param[0].name, &given),
				   c.param[0].v[0].text) && given);
		assert_null(command_value(&c, "nothing", &given).p);
		assert_false(given);
		assert_int_equal(command_param(&c, "nothing")->n, 0);
		assert_int_equal(command_switch(&c, "NOTHING"), 0);
		buf_done(&out);
		arena_done(&a);
	}
}

static void
test_bad_grammar(void **state)
{
	static const char *const texts[] = {
		"[a", "[]", "[A]a", "[A]:", "[]:a", "K=3", "K=!+", "=", "+",
		"+/-", "K= path", "+X path",
		"a b c d e f g h i j k l m n o p q r s t u v w x y",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct command_def def = { .verb = "X", .sub = "",
					   .grammar = texts[i] };
		struct command c;
		struct bind_error e;
		struct arena a;
		struct buf out;

		arena_init(&a, 1 << 20, 0);
		buf_init(&out, 100);
		if (command_bind(&a, &def, NULL, 0, &c, &e) != ERR_INTERNAL)
			fail_msg("%s: taken", texts[i]);
		assert_int_equal(command_syntax(&def, &out), ERR_INTERNAL);
		buf_done(&out);
		arena_done(&a);
	}
}

static void
test_nomem(void **state)
{
	struct command_def def = { .verb = "X", .sub = "",
				   .grammar = "A=2* K= +*" };

	for (size_t max = 0; max < 8000; max += 64) {
		struct command c;
		struct bind_error e;
		struct arena wa, a;
		const struct line_cmd *l;
		int r;

		arena_init(&wa, 1 << 20, 0);
		arena_init(&a, max, 0);
		l = words_of(&wa, "A 1 2 +a K 1 +b A 3 4 +c");
		r = command_bind(&a, &def, l->words, l->n, &c, &e);
		assert_true(r == 0 || r == ERR_NOMEM);
		assert_true(max > 0 || r == ERR_NOMEM);
		arena_done(&a);
		arena_done(&wa);
	}
}

static void
test_syntax(void **state)
{
	static const struct {
		enum command_id id;
		const char *want;
	} rows[] = {
		{ CMD_NOOP, "NOOP" },
		{ CMD_HELP, "HELP [topic...]" },
		{ CMD_AUTH_SECRET,
		  "AUTH SECRET account [device] [+PROOF] [+DEVICE]" },
		{ CMD_PASSWD, "PASSWD setting..." },
		{ CMD_MBOX_MARK, "MBOX MARK path [+flag|-flag]..." },
		{ CMD_MBOX_INDEX, "MBOX INDEX path [LIMIT limit] "
		  "[BEFORE before] [AFTER after] [+JSON|-JSON]" },
		{ CMD_DATA, "DATA [[NAME] name] [TYPE type] [FILE file] "
		  "[CID cid] [IN in] [LENGTH length] [+INLINE] [+BASE64] "
		  "[+CONTENT]" },
	};
	struct command_def def = { .verb = "X", .sub = "Y",
				   .grammar = "T=+! C=+ A=2* -D" };
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&out);
		assert_int_equal(command_syntax(command_by_id(rows[i].id),
						&out), 0);
		if (!str_eq(buf_str(&out), str_c(rows[i].want)))
			fail_msg("%.*s", STR_ARG(buf_str(&out)));
	}
	buf_clear(&out);
	assert_int_equal(command_syntax(&def, &out), 0);
	assert_true(str_eq(buf_str(&out),
			   STR("X Y T t... [C c...] [A a value]... [-D]")));
	buf_done(&out);
	/* Past the ceiling nothing is left behind. */
	buf_init(&out, 8);
	assert_int_equal(command_syntax(&def, &out), ERR_LIMIT);
	assert_int_equal(out.n, 0);
	buf_done(&out);
}

struct block_case {
	const char *words;
	int want;
	enum block_form form;
	uint64_t n;
};

static const struct block_case blocks[] = {
	{ "DATA a LENGTH 12", 0, BLOCK_RAW, 12 },
	{ "DATA a LENGTH 0", 0, BLOCK_RAW, 0 },
	{ "data LENGTH 1000", 0, BLOCK_RAW, 1000 },
	{ "DATA a LENGTH 12 +BASE64", 0, BLOCK_BASE64, 12 },
	{ "DATA a +BASE64", 0, BLOCK_BASE64_LINES, 0 },
	/* refused, but the block can be counted */
	{ "DATA a LENGTH 12 TYPE", 0, BLOCK_RAW, 12 },
	{ "DATA a TYPE +BASE64", 0, BLOCK_BASE64_LINES, 0 },
	{ "DATA NAME +INLINE LENGTH 3", 0, BLOCK_RAW, 3 },
	/* it cannot */
	{ "DATA a", ERR_DATA, 0, 0 },
	{ "DATA a TYPE", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH +BASE64", ERR_DATA, 0, 0 },
	{ "DATA a TYPE +INLINE LENGTH +BASE64", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH 012", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH 1x", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH \"\"", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH \"-1\"", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH -1", ERR_DATA, 0, 0 },
	{ "DATA a LENGTH 1001", ERR_TOOLARGE, 0, 0 },
	{ "DATA a LENGTH 99999999999999999999999", ERR_TOOLARGE, 0, 0 },
	{ "DATA a LENGTH 1 LENGTH 1", ERR_VALUE, 0, 0 },
	{ "DATA a b LENGTH 1", ERR_VALUE, 0, 0 },
	{ "DATA a LENGTH 1 +BASE64 +BASE64", ERR_VALUE, 0, 0 },
	{ "DATA a LENGTH 1 -BASE64", ERR_VALUE, 0, 0 },
	{ "DATA a NAME b LENGTH 1", ERR_VALUE, 0, 0 },
};

static void
test_data_block(void **state)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		const struct block_case *b = &blocks[i];
		const struct line_cmd *l;
		struct command c;
		struct bind_error e;
		struct arena a;
		enum block_form form = 0;
		uint64_t n = 0;
		int r;

		arena_init(&a, 1 << 20, 0);
		l = words_of(&a, b->words);
		assert_true(command_is_data(l->words, l->n));
		r = command_bind(&a, command_by_id(CMD_DATA), l->words + 1,
				 l->n - 1, &c, &e);
		r = command_data_block(&c, r < 0 ? &e : NULL, 1000, &form, &n);
		if (r != b->want || form != b->form || n != b->n)
			fail_msg("%s: %d", b->words, r);
		arena_done(&a);
	}
}

static void
test_is_data(void **state)
{
	struct word w = { STR("DaTa"), false, -1 };

	assert_true(command_is_data(&w, 1));
	assert_false(command_is_data(NULL, 0));
	w.quoted = true;
	assert_false(command_is_data(&w, 1));
	w = (struct word){ STR("DATAS"), false, -1 };
	assert_false(command_is_data(&w, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_bind_rows),
		cmocka_unit_test(test_bad_grammar),
		cmocka_unit_test(test_nomem),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_data_block),
		cmocka_unit_test(test_is_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
