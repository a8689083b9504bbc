/* devices: who holds a key of the account. */
#include <stdio.h>

#include "base/clock.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/rows.h"
#include "immp/text.h"
#include "immp/when.h"

static int
add_scope(struct buf *b, const json_t *scope)
{
	const json_t *v;
	size_t i;
	int rc = 0;

	if (json_is_string(scope))
		return buf_add_cstr(b, json_string_value(scope));
	json_array_foreach(scope, i, v) {
		if (rc == 0 && i)
			rc = buf_add_c(b, ',');
		if (rc == 0 && json_is_string(v))
			rc = buf_add_cstr(b, json_string_value(v));
	}
	return rc;
}

static int
show(void *ctx, json_t *row)
{
	CLEANUP_BUF struct buf b = { 0 }, scope = { 0 };
	char when[16] = "";
	uint64_t created = row_time(row, "created");
	int rc;

	buf_init(&b, 65536);
	buf_init(&scope, 1024);
	if (created)
		when_relative(created, clock_unix_ms(), when);
	rc = text_fit(&b, row_str(row, "name"), 32, true);
	if (rc == 0)
		rc = add_scope(&scope, json_object_get(row, "scope"));
	if (rc == 0)
		rc = buf_add_c(&b, ' ');
	if (rc == 0)
		rc = text_fit(&b, buf_str(&scope), 16, true);
	if (rc == 0)
		printf("%.*s %s\n", STR_ARG(buf_str(&b)), when);
	return rc < 0;
}

int
cmd_devices(struct app *a)
{
	struct immp *c;
	int rc = conn_login(a, &c);

	if (rc)
		return rc;
	rc = rows_get(a, c, "DEVICE LIST", show, NULL, NULL);
	if (rc < 0)
		rc = app_fail(c, rc);
	immp_free(c);
	return rc;
}

int
cmd_devices_revoke(struct app *a)
{
	struct immp *c;
	int rc = conn_login(a, &c);

	if (rc)
		return rc;
	rc = immp_device_revoke(c, a->word[0]);
	if (rc < 0)
		rc = app_fail(c, rc);
	immp_free(c);
	return rc;
}
