/* folders: what there is, and how much of it is new. */
#include <inttypes.h>
#include <stdio.h>

#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/rows.h"
#include "immp/term.h"
#include "immp/text.h"
#include "immp/when.h"

/* A terminal gets columns, a pipe gets fields with tabs between them. */
static int
show(void *ctx, json_t *row)
{
	CLEANUP_BUF struct buf b = { 0 };
	uint64_t unread = row_u64(row, "unread");
	size_t *width = ctx;
	char size[16];
	int rc;

	buf_init(&b, 65536);
	if (!term_out()) {
		rc = text_line(&b, row_str(row, "path"));
		if (rc == 0)
			printf("%.*s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
			       STR_ARG(buf_str(&b)), unread,
			       row_u64(row, "total"), row_u64(row, "octets"));
		return rc < 0;
	}
	when_size(row_u64(row, "octets"), size);
	rc = text_fit(&b, row_str(row, "path"), *width, true);
	if (rc == 0)
		printf("%s%.*s %6" PRIu64 " unread %7" PRIu64 " total %6s%s\n",
		       unread ? term_style(TERM_BOLD) : "",
		       STR_ARG(buf_str(&b)), unread, row_u64(row, "total"),
		       size, unread ? term_style(TERM_PLAIN) : "");
	return rc < 0;
}

int
cmd_folders(struct app *a)
{
	size_t width = term_width() - 36;
	struct immp *c;
	int rc = conn_login(a, &c);

	if (rc)
		return rc;
	if (width < 16)
		width = 16;
	if (width > 40)
		width = 40;
	rc = rows_get(a, c, "MBOX LIST", show, &width, NULL);
	if (rc < 0)
		rc = app_fail(c, rc);
	immp_free(c);
	return rc;
}
