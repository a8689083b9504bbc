/*
 * render_cat: render a message for test_render_mime.py.
 *
 * Takes lines `mime|headers|json|pretty MANIFEST BODY OUTPUT`, the last three
 * paths of files, and answers each with a line: "ok" or what went wrong.  What
 * a server finds out of a part while it comes in (shape, bare line feeds) is
 * found here from the body, so the manifest need not be right about it.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mail/render.h"

static int
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0;
	int err = f ? 0 : ERR_IO;

	while (err == 0) {
		err = buf_reserve(out, 65536);
		n = err == 0 ? fread(buf_tail(out), 1, 65536, f) : 0;
		if (n == 0)
			break;
		buf_grew(out, n);
	}
	if (f)
		(void)fclose(f); /* only read */
	return err;
}

static int
read_body(void *ctx, uint64_t off, void *dst, size_t n)
{
	const struct buf *body = ctx;

	if (off > body->n || n > body->n - off)
		return ERR_CORRUPT;
	memcpy(dst, buf_data(body) + off, n);
	return 0;
}

/* The parts of m with what is found in their octets. */
static int
scan_parts(struct arena *a, struct message *m, const struct buf *body)
{
	struct message_part *parts;

	parts = ARENA_ARRAY(a, struct message_part, m->nparts);
	if (!parts)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->nparts; i++) {
		struct message_part *p = &parts[i];
		struct part_scan s;

		*p = m->parts[i];
		if (p->offset > body->n || p->length > body->n - p->offset)
			return ERR_CORRUPT;
		part_scan_init(&s);
		part_scan_feed(&s,
			       str_sub(buf_str(body), p->offset, p->length));
		part_scan_finish(&s, p);
	}
	m->parts = parts;
	return 0;
}

static int
start(struct arena *a, const char *kind, const struct message *m,
      struct buf *body, struct render **ret)
{
	struct render_state st = { STR("\"_id\":\"x\"") };

	if (strcmp(kind, "mime") == 0 || strcmp(kind, "headers") == 0)
		return render_mime(a, m, kind[0] == 'h', read_body, body, ret);
	return render_json(a, m, &st, true, kind[0] == 'p', ret);
}

static int
write_all(struct render *r, struct buf *body, const char *path)
{
	static char block[65536];
	FILE *f = fopen(path, "wb");
	ptrdiff_t n;

	if (!f)
		return ERR_IO;
	while ((n = render_pull(r, read_body, body, block, sizeof(block))) > 0)
		if (fwrite(block, 1, (size_t)n, f) != (size_t)n)
			n = ERR_IO;
	if (fclose(f) != 0 || (n == 0 && render_offset(r) != render_total(r)))
		n = ERR_IO;
	return (int)n;
}

static int
run(struct arena *a, const char *kind, char *const path[3],
    struct buf *manifest, struct buf *body)
{
	struct message m;
	struct render *r;
	const char *why = "";
	int err = read_file(path[0], manifest);

	if (err == 0)
		err = read_file(path[1], body);
	if (err == 0)
		err = message_parse(a, buf_str(manifest), &m);
	if (err == 0)
		err = scan_parts(a, &m, body);
	if (err == 0)
		err = message_check(&m, &why);
	if (err == 0)
		err = start(a, kind, &m, body, &r);
	if (err == 0)
		err = write_all(r, body, path[2]);
	if (err < 0)
		printf("%s %s\n", err_text(err), why);
	return err;
}

int
main(void)
{
	CLEANUP_BUF struct buf manifest = { 0 }, body = { 0 };
	struct arena a;
	char kind[16], paths[3][256];
	char *const path[3] = { paths[0], paths[1], paths[2] };

	buf_init(&manifest, 64 << 20);
	buf_init(&body, 64 << 20);
	arena_init(&a, 256 << 20, 4096);
	while (scanf("%15s %255s %255s %255s", kind, paths[0], paths[1],
		     paths[2]) == 4) {
		if (run(&a, kind, path, &manifest, &body) == 0)
			puts("ok");
		(void)fflush(stdout); /* the script waits for it */
		arena_clear(&a);
		buf_clear(&manifest);
		buf_clear(&body);
	}
	arena_done(&a);
	return 0;
}
