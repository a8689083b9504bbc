/*
 * export: a mailbox or a folder to files of other programs.
 * download: the inbox to a Maildir, off the server (what POP3 is used for).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "immp/cmds.h"
#include "immp/conn.h"
#include "immp/export/export.h"
#include "immp/term.h"

const struct opt cmd_export_opts[] = {
	{ 'f', "format", "FORM", "maildir, mbox, eml or json" },
	{ 0, NULL, NULL, NULL },
};

const struct opt cmd_download_opts[] = {
	{ 0, "delete", NULL, "delete on the server what is on disk here" },
	{ 0, NULL, NULL, NULL },
};

static const char *const forms[] = {
	[EXPORT_MAILDIR] = "maildir", [EXPORT_MBOX] = "mbox",
	[EXPORT_EML] = "eml", [EXPORT_JSON] = "json",
};

static int
form_of(const struct app *a, bool is_file, enum export_form *ret)
{
	const char *name = app_value(a, "format");

	*ret = is_file ? EXPORT_MBOX : EXPORT_MAILDIR;
	if (!name)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(name, forms[i]) == 0) {
			*ret = (enum export_form)i;
			return 0;
		}
	return app_error(APP_USAGE, "%s is none of maildir, mbox, eml, json",
			 name);
}

static void
report_text(const struct app *a, const struct export_counts *n, int rc,
	    bool remove)
{
	bool export = a->cmd->run == cmd_export;

	printf("%s%s %" PRIu64 " %s", rc ? "not finished: " : "",
	       export ? "exported" : "downloaded", n->exported,
	       n->exported == 1 ? "message" : "messages");
	if (remove)
		printf(", deleted %" PRIu64 " on the server", n->deleted);
	if (n->skipped)
		printf(", %" PRIu64 " %s here already", n->skipped,
		       n->skipped == 1 ? "was" : "were");
	putchar('\n');
}

static void
report_json(const struct export_counts *n, int rc, bool remove)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct json j;

	buf_init(&b, 65536);
	json_init(&j, &b);
	json_object_begin(&j);
	json_kv_u64(&j, "exported", n->exported);
	json_kv_u64(&j, "skipped", n->skipped);
	if (remove)
		json_kv_u64(&j, "deleted", n->deleted);
	if (rc)
		json_kv_str(&j, "error", str_c(app_said()));
	json_object_end(&j);
	if (json_err(&j) == 0)
		printf("%.*s\n", STR_ARG(buf_str(&b)));
}

/* The folder of a file's path. */
static int
folder_of(const char *path, char *dst, size_t cap, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	struct str dir = slash ? str_n(path, (size_t)(slash - path) + 1)
			       : STR("./");

	*ret_name = slash ? slash + 1 : path;
	return str_copy(dir, dst, cap);
}

/* A lone word that means a folder of the mailbox, and nothing here. */
static int
check_place(const struct app *a, const struct export_folders *f,
	    struct arena *mem, const char *to)
{
	bool export = a->cmd->run == cmd_export;

	if (a->nwords > 1 || access(to, F_OK) == 0 ||
	    !export_folders_has(f, mem, to))
		return 0;
	return app_error(APP_USAGE, "%s is a folder of the mailbox, and there "
			 "is none here of that name; say where to: immp %s DIR",
			 to, export ? "export PATH" : "download");
}

static int
write_to(struct app *a, struct immp *c, const struct export_folders *f,
	 enum export_form form, struct export_options *o)
{
	static struct export_out out;
	const char *to = a->word[a->nwords - 1];
	struct export_counts counts;
	char dir[4096];
	int rc;

	if (folder_of(to, dir, sizeof(dir), &o->file) < 0)
		return app_error(APP_USAGE, "%s is too long", to);
	if (form != EXPORT_MBOX || !str_ends(str_c(to), STR(".mbox")))
		o->file = NULL;
	rc = export_out_init(&out, form, o->file ? dir : to, !o->file);
	if (rc < 0) {
		rc = export_failed(&out, to, rc);
	} else {
		rc = export_run(c, &out, f, o, &counts);
		if (a->json)
			report_json(&counts, rc, o->remove);
		else
			report_text(a, &counts, rc, o->remove);
	}
	export_out_done(&out);
	return rc;
}

/* Nothing is made here before it is known what is to be brought. */
static int
run(struct app *a, enum export_form form, const char *path,
    struct export_options *o)
{
	struct export_folders f;
	struct arena mem;
	struct immp *c;
	int rc = conn_login(a, &c);

	if (rc)
		return rc;
	arena_init(&mem, 64u << 20, 16384);
	rc = export_folders_get(c, &mem, path, &f);
	if (rc == 0)
		rc = check_place(a, &f, &mem, a->word[a->nwords - 1]);
	if (rc == 0)
		rc = write_to(a, c, &f, form, o);
	arena_done(&mem);
	immp_free(c);
	return rc;
}

int
cmd_export(struct app *a)
{
	struct export_options o = { .remove = false };
	const char *to = a->word[a->nwords - 1];
	enum export_form form;
	int rc = form_of(a, str_ends(str_c(to), STR(".mbox")), &form);

	return rc ? rc : run(a, form, a->nwords > 1 ? a->word[0] : NULL, &o);
}

int
cmd_download(struct app *a)
{
	struct export_options o = { .remove = app_has(a, "delete") };

	return run(a, EXPORT_MAILDIR, "/inbox", &o);
}
