#include "immp/import/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- SIGBUS --- */

/* What a signal handler sees: the file that is mapped, and whether a piece of
 * it was missing. */
static char *volatile begin;
static volatile size_t length;
static volatile sig_atomic_t torn;
static size_t page;

/* Zeros from the page on that is not there, to the end.  mmap() is a plain
 * system call on Linux, and may be made here. */
static void
patch(int sig, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr, from = (uintptr_t)begin;
	size_t off = at - from;

	(void)context;
	if (from && at >= from && off < length) {
		off -= off % page;
		torn = 1;
		if (mmap(begin + off, length - off, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		    MAP_FAILED)
			return;
	}
	/* None of ours: as if there were no handler. */
	signal(sig, SIG_DFL);
	raise(sig);
}

static int
catch (void)
{
	struct sigaction sa = { .sa_sigaction = patch,
				.sa_flags = SA_SIGINFO };

	if (page)
		return 0;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, NULL) < 0)
		return err_from_errno(errno);
	page = (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* --- a file --- */

static int
map(struct mapped *m)
{
	struct stat st;
	void *p;

	if (fstat(m->fd, &st) < 0)
		return err_from_errno(errno);
	if (!S_ISREG(st.st_mode))
		return ERR_VALUE;
	if (st.st_mtim.tv_sec > 0)
		m->mtime = (uint64_t)st.st_mtim.tv_sec * 1000;
	if (st.st_size == 0)
		return 0;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, m->fd, 0);
	if (p == MAP_FAILED)
		return err_from_errno(errno);
	m->p = p;
	m->n = (size_t)st.st_size;
	(void)madvise(p, m->n, MADV_SEQUENTIAL); /* a hint */
	return 0;
}

int
mapped_open(struct mapped *m, const char *path)
{
	int rc = catch ();

	*m = (struct mapped){ .fd = -1 };
	if (rc < 0)
		return rc;
	/* Not to wait for a writer where it is a pipe. */
	m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	rc = m->fd < 0 ? err_from_errno(errno) : map(m);
	if (rc < 0) {
		mapped_done(m);
		return rc;
	}
	torn = 0;
	length = m->n;
	begin = m->p;
	return 0;
}

void
mapped_done(struct mapped *m)
{
	if (m->p) {
		begin = NULL;
		length = 0;
		munmap(m->p, m->n);
	}
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct mapped){ .fd = -1 };
}

bool
mapped_whole(const struct mapped *m)
{
	struct stat st;

	/* Behind the end, but in its last page, are zeros without a signal. */
	return !torn && fstat(m->fd, &st) == 0 &&
	       (uint64_t)st.st_size >= m->n;
}

void
mapped_forget(const struct mapped *m, size_t n)
{
	n -= n % page;
	if (n)
		(void)madvise(m->p, n, MADV_DONTNEED); /* a hint */
}
