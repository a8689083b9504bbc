/*
 * What is written about the configuration is complete and true: each key of
 * the schema stands in the manual, and the sample file shows each with its
 * default, and nothing else.
 *
 * usage: test_docs MANUAL SAMPLE
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/immpd_conf.h"
#include "lib/test.h"

static const char *manual_path, *sample_path;

static void
read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "re");
	size_t n;

	buf_init(b, 1 << 20);
	if (f == NULL)
		fail_msg("%s cannot be opened", path);
	do {
		assert_rc(buf_reserve(b, 4096), 0);
		n = fread(buf_tail(b), 1, 4096, f);
		buf_grew(b, n);
	} while (n > 0);
	(void)fclose(f);	/* was only read */
}

static void
test_manual(void **state)
{
	struct conf_schema s[IMMPD_SCHEMAS];
	CLEANUP_BUF struct buf b = { 0 };
	char want[80];

	read_file(manual_path, &b);
	immpd_conf_schemas(s);
	for (size_t i = 0; i < IMMPD_SCHEMAS; i++)
		for (size_t k = 0; k < s[i].n; k++) {
			const struct conf_row *row = &s[i].rows[k];
			ptrdiff_t at;

			(void)snprintf(want, sizeof(want), "\n.Ss [%s]\n",
				       row->section);
			at = str_find(buf_str(&b), str_c(want));
			CHECK(row->section, at >= 0);
			(void)snprintf(want, sizeof(want), "\n.It Ic %s No =",
				       row->key);
			CHECK(row->key, str_find(str_from(buf_str(&b),
							  (size_t)at),
						 str_c(want)) > 0);
		}
}

/* A line that shows a default: `;key = value` or `;[section]`. */
static bool
is_shown(struct str line)
{
	size_t i = 1;

	if (!str_starts(line, STR(";")) || line.n < 2)
		return false;
	if (line.p[1] == '[')
		return true;
	while (i < line.n && (islower((unsigned char)line.p[i]) ||
			      isdigit((unsigned char)line.p[i]) ||
			      line.p[i] == '_'))
		i++;
	return str_starts(str_from(line, i), STR(" ="));
}

static void
uncomment(const char *to)
{
	CLEANUP_BUF struct buf b = { 0 };
	FILE *f = fopen(to, "we");
	struct str rest, line;

	assert_non_null(f);
	read_file(sample_path, &b);
	rest = buf_str(&b);
	while (str_next(&rest, '\n', &line)) {
		if (is_shown(line))
			line = str_from(line, 1);
		assert_true(fprintf(f, "%.*s\n", STR_ARG(line)) > 0);
	}
	assert_int_equal(fclose(f), 0);
}

/* Keys for which the sample shows something better than the default. */
static bool
is_example(const struct conf_row *row)
{
	return strcmp(row->key, "domain") == 0 ||
	       strcmp(row->key, "listen") == 0;
}

static void
check_row(const struct conf *sample, const struct conf *defaults,
	  const struct conf_row *row)
{
	const struct conf_value *a, *b;

	a = conf_get(sample, row->section, STR(""), row->key);
	b = conf_get(defaults, row->section, STR(""), row->key);
	CHECK(row->key, a->line > 0);
	if (is_example(row))
		return;
	CHECK(row->key, a->num == b->num);
	if (row->type == CONF_STRING || row->type == CONF_PATH ||
	    row->type == CONF_ADDRS)
		CHECK(row->key, str_eq(a->text, b->text));
}

static struct immpd_conf *
load(const char *path)
{
	struct immpd_conf *c;
	const struct str *p;
	size_t n;

	assert_rc(immpd_conf_load(path, NULL, &c), 0);
	p = conf_problems(c->conf, &n);
	if (n > 0)
		fail_msg("%s", p[0].p);
	return c;
}

static void
test_sample(void **state)
{
	char dir[] = "/tmp/immp-docs-XXXXXX", all[64], least[64];
	struct conf_schema s[IMMPD_SCHEMAS];
	struct immpd_conf *a, *b;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(all, sizeof(all), "%s/all", dir);
	(void)snprintf(least, sizeof(least), "%s/least", dir);
	uncomment(all);
	f = fopen(least, "we");
	assert_non_null(f);
	assert_true(fputs("[server]\ndomain = a.test\n", f) >= 0);
	assert_int_equal(fclose(f), 0);

	/* As it is, and with all that it shows. */
	immpd_conf_free(load(sample_path));
	a = load(all);
	b = load(least);
	immpd_conf_schemas(s);
	for (size_t i = 0; i < IMMPD_SCHEMAS; i++)
		for (size_t k = 0; k < s[i].n; k++)
			check_row(a->conf, b->conf, &s[i].rows[k]);
	immpd_conf_free(a);
	immpd_conf_free(b);
	(void)unlink(all);
	(void)unlink(least);
	(void)rmdir(dir);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_sample),
	};

	if (argc != 3)
		return 2;
	manual_path = argv[1];
	sample_path = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
