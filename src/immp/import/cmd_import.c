/* import: bring the mail of another system along. */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/import/import.h"

const struct opt cmd_import_opts[] = {
	{ 't', "to", "FOLDER", "into this folder (/inbox); made if missing" },
	{ 0, "read", NULL, "mark all of it read" },
	{ 0, "keep-original", NULL, "keep every message's octets, too" },
	{ 0, "mbox", "KIND", "quoting of an mbox: o, rd, cl, cl2 (auto)" },
	{ 0, NULL, NULL, NULL },
};

/* --- how much there is, for the bar --- */

static uint64_t octets_below;	/* nftw() has no context */

static int
add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F)
		octets_below += (uint64_t)st->st_size;
	return 0;
}

static uint64_t
size_of(const char *path)
{
	octets_below = 0;
	(void)nftw(path, add_size, 16, FTW_PHYS); /* a bar, no more */
	return octets_below;
}

/* --- the command --- */

static const char *
messages(uint64_t n)
{
	return n == 1 ? "message" : "messages";
}

static void
report_json(const struct import *im)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json w;

	buf_init(&b, im->failures.n + 8192);
	json_init(&w, &b);
	json_object_begin(&w);
	json_kv_u64(&w, "imported", im->filed);
	json_kv_u64(&w, "present", im->present);
	json_key(&w, "refused");
	json_array_begin(&w);
	if (im->failures.n)
		json_raw(&w, buf_str(&im->failures));
	json_array_end(&w);
	if (im->why[0])
		json_kv_str(&w, "error", str_c(im->why));
	json_object_end(&w);
	if (json_err(&w) == 0)
		printf("%.*s\n", STR_ARG(buf_str(&b)));
}

static void
report(const struct import *im)
{
	if (im->a->json) {
		report_json(im);
	} else {
		printf("imported %" PRIu64 " %s", im->filed,
		       messages(im->filed));
		if (im->present)
			printf(", %" PRIu64 " were there already",
			       im->present);
		if (im->refused)
			printf(", %" PRIu64 " refused", im->refused);
		putchar('\n');
	}
	if (im->original && im->present)
		(void)app_error(APP_DONE,
				"--keep-original is for new mail: what was "
				"there already stays as it is");
}

static int
options(struct import *im)
{
	const char *to = app_value(im->a, "to");
	const char *kind = app_value(im->a, "mbox");
	size_t n;

	im->original = app_has(im->a, "keep-original");
	im->all_read = app_has(im->a, "read");
	if (kind && mbox_kind_parse(kind, &im->kind) < 0)
		return app_error(APP_USAGE, "%s is no kind of mbox: auto, o, "
				 "rd, cl, cl2", kind);
	if (!to)
		return 0;
	n = strlen(to);
	/* "/inbox/" is "/inbox". */
	while (n > 0 && to[n - 1] == '/')
		n--;
	if (to[0] != '/' || n == 0 || n > 1000 || strpbrk(to, "#?"))
		return app_error(APP_USAGE, "%s is no folder; as /inbox/old",
				 to);
	im->to = arena_str(&im->names, str_n(to, n)).p;
	return im->to ? 0 : app_error(APP_LATER, "out of memory");
}

/* One source.  That it has no mail is said; that none has is an error. */
static int
take_source(struct import *im, const char *path)
{
	uint64_t before = im->found;
	int rc = import_walk(im, path);

	if (rc == 0 && im->found == before && !im->a->json)
		(void)app_error(APP_REFUSED, "no mail in %s", path);
	return rc;
}

int
cmd_import(struct app *a)
{
	struct import im;
	struct immp *c = NULL;
	int rc = import_init(&im, a, NULL);

	if (rc == 0)
		rc = options(&im);
	if (rc == 0)
		rc = conn_login(a, &c);
	im.c = c;
	for (size_t i = 0; rc == 0 && term_err() && i < a->nwords; i++)
		im.total += size_of(a->word[i]);
	for (size_t i = 0; rc == 0 && i < a->nwords; i++)
		rc = take_source(&im, a->word[i]);
	if (c) {
		int end = import_finish(&im);

		rc = rc ? rc : end;
		term_progress_end(&im.progress);
		if (rc == 0 && im.found == 0) {
			snprintf(im.why, sizeof(im.why), "no mail");
			rc = APP_REFUSED;
		}
		report(&im);
	}
	if (rc == 0 && im.refused)
		rc = APP_REFUSED;
	import_done(&im);
	immp_free(c);
	return rc;
}
