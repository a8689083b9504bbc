/*
 * standalone: a main() for fuzz targets without libFuzzer.
 *
 * Runs the target once for each file named on the command line, and for each
 * file in each folder named there.  Ends with 1 if something cannot be read or
 * nothing has run at all.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static int
run_stream(FILE *f, size_t size)
{
	/* An allocation of its own size, so that a sanitizer sees its end. */
	uint8_t *p = malloc(size ? size : 1);
	int ok = p && fread(p, 1, size, f) == size;

	if (ok)
		(void)LLVMFuzzerTestOneInput(p, size);	/* always 0 */
	free(p);
	return ok ? 1 : -1;
}

/* Runs a file: 1, or -1 with a message. */
static int
run_file(const char *path, const struct stat *st)
{
	FILE *f = fopen(path, "rb");
	int r = f ? run_stream(f, (size_t)st->st_size) : -1;

	if (r < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (f)
		(void)fclose(f);	/* only read */
	return r;
}

static int run_path(const char *path, int nested);

/* Runs the files of a folder: how many, or -1. */
static int
run_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int total = 0;

	if (!d) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (total >= 0 && (e = readdir(d))) {
		char name[4096];
		int n = snprintf(name, sizeof(name), "%s/%s", path, e->d_name);

		if (e->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(name))
			continue;
		n = run_path(name, 1);
		total = n < 0 ? n : total + n;
	}
	(void)closedir(d);	/* only read */
	return total;
}

static int
run_path(const char *path, int nested)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return run_file(path, &st);
	return nested ? 0 : run_folder(path);
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = run_path(argv[i], 0);

		if (n < 0)
			return 1;
		total += n;
	}
	printf("%d inputs\n", total);
	return total > 0 ? 0 : 1;
}
