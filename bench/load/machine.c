/* What the machine can do at most: synced appends, and TLS on loopback. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "load.h"

uint64_t
machine_appends(const char *path, uint64_t size, double seconds)
{
	uint64_t end = load_ns() + (uint64_t)(seconds * 1e9), n = 0;
	char *text = mem_calloc(1, size);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || !text)
		load_die("cannot write %s", path);
	for (; load_ns() < end; n++)
		if (write(fd, text, size) != (ssize_t)size ||
		    fdatasync(fd) < 0)
			load_die("cannot write %s", path);
	close(fd);
	(void)unlink(path);	/* it was ours */
	mem_free(text);
	return n;
}

static void
serve(SSL_CTX *ctx, int fd)
{
	static char piece[65536];

	for (;;) {
		int c = accept(fd, NULL, NULL);
		SSL *ssl = SSL_new(ctx);

		if (c < 0 || !ssl)
			_exit(1);
		if (SSL_set_fd(ssl, c) == 1 && SSL_accept(ssl) == 1)
			while (SSL_read(ssl, piece, sizeof(piece)) > 0)
				;
		SSL_free(ssl);
		close(c);
	}
}

int
machine_tls_server(const char *certificate, const char *key)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t parent = getpid();

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		load_die("cannot use %s", certificate);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		load_die("cannot listen");
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		serve(ctx, fd);
	}
	close(fd);
	SSL_CTX_free(ctx);
	return ntohs(a.sin_port);
}
