#include "immp/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/secret.h"
#include "mail/imid.h"

#define FILE_MAX 8192
#define FOLDER "accounts"

void
account_wipe(struct account *a)
{
	secret_wipe(a->key, sizeof(a->key));
}

/* --- paths --- */

int
settings_path(const char *name, char *dst, size_t cap)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const char *slash = *name ? "/" : "";
	int n;

	/* A relative one is to be ignored, says its specification. */
	if (xdg && xdg[0] == '/')
		n = snprintf(dst, cap, "%s/immp%s%s", xdg, slash, name);
	else if (home && home[0] == '/')
		n = snprintf(dst, cap, "%s/.config/immp%s%s", home, slash,
			     name);
	else
		return ERR_NOTFOUND;
	return n < 0 || (size_t)n >= cap ? ERR_LIMIT : 0;
}

/* Make a folder and those above it; only the last gets the mode. */
static int
make_folder(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		/* Whether it is there shows at the last one. */
		if (mkdir(path, 0700) < 0 && errno != EEXIST &&
		    errno != EACCES && errno != EROFS) {
			int e = errno;

			*p = '/';
			return err_from_errno(e);
		}
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_from_errno(errno);
	return 0;
}

int
settings_make(void)
{
	char path[PATH_MAX];
	int rc = settings_path(FOLDER, path, sizeof(path));

	return rc < 0 ? rc : make_folder(path);
}

/* The file of an account: its key with '/', '%' and a leading dot escaped. */
static int
account_path(const char *name, char *dst, size_t cap)
{
	struct arena a;
	struct imid i;
	struct buf b;
	int rc;

	arena_init(&a, 65536, 0);
	buf_init(&b, PATH_MAX);
	rc = imid_parse_address(&a, str_c(name), &i);
	if (rc == 0)
		rc = buf_add_cstr(&b, FOLDER "/");
	if (rc == 0) {
		struct str key = imid_key(&a, &i);

		if (!key.p)
			rc = ERR_NOMEM;
		for (size_t n = 0; n < key.n && rc == 0; n++) {
			char c = key.p[n];

			if (c == '/' || c == '%' || (c == '.' && n == 0))
				rc = buf_addf(&b, "%%%02X", (unsigned)c);
			else
				rc = buf_add_c(&b, c);
		}
	}
	if (rc == 0)
		rc = buf_add_c(&b, '\0');
	if (rc == 0)
		rc = settings_path(buf_data(&b), dst, cap);
	buf_done(&b);
	arena_done(&a);
	return rc;
}

/* --- content --- */

static int
take_value(struct account *a, struct str key, struct str v)
{
	const struct {
		const char *key;
		char *dst;
		size_t cap;
	} texts[] = {
		{ "account", a->name, sizeof(a->name) },
		{ "server", a->server, sizeof(a->server) },
		{ "fingerprint", a->fingerprint, sizeof(a->fingerprint) },
		{ "device", a->device, sizeof(a->device) },
		{ "key", a->key, sizeof(a->key) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (str_eq(key, str_c(texts[i].key)))
			return str_copy(v, texts[i].dst, texts[i].cap);
	if (str_eq(key, STR("vouched")))
		a->vouched = str_eq(v, STR("yes"));
	if (str_eq(key, STR("proof")))
		a->proof = str_eq(v, STR("yes"));
	return 0;
}

int
account_parse(struct str text, struct account *ret)
{
	struct account a = { 0 };
	struct str line, key, value;

	while (str_next(&text, '\n', &line)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!str_cut(line, '=', &key, &value) ||
		    take_value(&a, str_trim(key), str_trim(value)) < 0)
			return ERR_CORRUPT;
	}
	if (!a.name[0] || !a.server[0] || !a.device[0] ||
	    strlen(a.key) != 64 || strlen(a.fingerprint) != 64)
		return ERR_CORRUPT;
	*ret = a;
	account_wipe(&a);
	return 0;
}

int
account_format(const struct account *a, struct buf *b)
{
	return buf_addf(b,
			"account = %s\n"
			"server = %s\n"
			"fingerprint = %s\n"
			"vouched = %s\n"
			"device = %s\n"
			"key = %s\n"
			"proof = %s\n",
			a->name, a->server, a->fingerprint,
			a->vouched ? "yes" : "no", a->device, a->key,
			a->proof ? "yes" : "no");
}

/* --- files --- */

int
account_load(const char *name, struct account *ret)
{
	CLEANUP_BUF struct buf b = { 0 };
	char path[PATH_MAX];
	int rc = account_path(name, path, sizeof(path));

	buf_init(&b, FILE_MAX);
	if (rc == 0)
		rc = file_read(path, true, &b);
	if (rc == 0)
		rc = account_parse(buf_str(&b), ret);
	if (b.n)
		secret_wipe(buf_data(&b), b.n);
	return rc;
}

static int
sync_folder(void)
{
	char path[PATH_MAX];
	int rc = settings_path(FOLDER, path, sizeof(path)), fd;

	if (rc < 0)
		return rc;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	rc = fsync(fd) < 0 ? err_from_errno(errno) : 0;
	close(fd);
	return rc;
}

static int
replace(const char *path, struct str content)
{
	char temp[PATH_MAX];
	int n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path), fd, rc;

	if (n < 0 || (size_t)n >= sizeof(temp))
		return ERR_LIMIT;
	fd = mkostemp(temp, O_CLOEXEC);	/* 0600 */
	if (fd < 0)
		return err_from_errno(errno);
	rc = file_write(fd, content);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_from_errno(errno);
	close(fd);
	if (rc == 0 && rename(temp, path) < 0)
		rc = err_from_errno(errno);
	if (rc < 0)
		unlink(temp);
	return rc < 0 ? rc : sync_folder();
}

int
account_save(const struct account *a)
{
	CLEANUP_BUF struct buf b = { 0 };
	char path[PATH_MAX];
	int rc = settings_make();

	buf_init(&b, FILE_MAX);
	if (rc == 0)
		rc = account_path(a->name, path, sizeof(path));
	if (rc == 0)
		rc = account_format(a, &b);
	if (rc == 0)
		rc = replace(path, buf_str(&b));
	if (b.n)
		secret_wipe(buf_data(&b), b.n);
	return rc;
}

int
account_remove(const char *name)
{
	char path[PATH_MAX];
	int rc = account_path(name, path, sizeof(path));

	if (rc == 0 && unlink(path) < 0)
		rc = err_from_errno(errno);
	return rc < 0 ? rc : sync_folder();
}

/* Our own temporary files have a dot behind the domain's last label too, but
 * no account is read that its own name does not lead to. */
static int
read_only(const char *path, char *dst, size_t cap)
{
	CLEANUP_BUF struct buf b = { 0 };
	struct account a;
	char own[PATH_MAX];
	int rc;

	buf_init(&b, FILE_MAX);
	rc = file_read(path, true, &b);
	if (rc == 0)
		rc = account_parse(buf_str(&b), &a);
	if (rc < 0)
		return rc;
	rc = account_path(a.name, own, sizeof(own));
	if (rc == 0 && strcmp(own, path) != 0)
		rc = ERR_NOTFOUND;
	if (rc == 0)
		rc = str_copy(str_c(a.name), dst, cap);
	account_wipe(&a);
	secret_wipe(buf_data(&b), b.n);
	return rc;
}

int
account_only(char *dst, size_t cap)
{
	char folder[PATH_MAX], path[PATH_MAX + 300];
	int rc = settings_path(FOLDER, folder, sizeof(folder)), found = 0;
	struct dirent *e;
	DIR *d;

	if (rc < 0)
		return rc;
	d = opendir(folder);
	if (!d)
		return err_from_errno(errno);
	while ((e = readdir(d)) && found < 2) {
		char name[321];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		rc = read_only(path, name, sizeof(name));
		if (rc == ERR_NOTFOUND)
			continue;
		found++;
		if (rc == 0)
			rc = str_copy(str_c(name), dst, cap);
		if (rc < 0)
			break;
	}
	closedir(d);
	if (found == 0)
		return ERR_NOTFOUND;
	return found > 1 ? ERR_EXISTS : rc;
}
