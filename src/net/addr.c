#include "net/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Write the usual form of the literal address; its family, or 0. */
static int
canonical(struct str host, bool bracketed, char dst[static 64])
{
	int family = bracketed ? AF_INET6 : AF_INET;
	unsigned char octets[16];
	char text[64];

	if (str_copy(host, text, sizeof(text)) < 0 ||
	    inet_pton(family, text, octets) != 1 ||
	    !inet_ntop(family, octets, dst, 64))
		return 0;
	return family;
}

int
net_addr_parse(struct str s, struct net_addr *ret)
{
	struct net_addr a = { 0 };
	ptrdiff_t colon = str_rchr(s, ':');
	struct str host;
	uint64_t port;
	bool bracketed;

	if (colon < 0)
		return ERR_VALUE;
	host = str_sub(s, 0, (size_t)colon);
	if (str_u64(str_from(s, (size_t)colon + 1), UINT16_MAX, &port) < 0)
		return ERR_VALUE;
	bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (bracketed)
		host = str_sub(host, 1, host.n - 2);
	if (!canonical(host, bracketed, a.host))
		return ERR_VALUE;
	a.port = (uint16_t)port;
	*ret = a;
	return 0;
}

void
net_addr_format(const struct net_addr *a, char dst[static 80])
{
	bool six = strchr(a->host, ':') != NULL;

	snprintf(dst, 80, six ? "[%s]:%u" : "%s:%u", a->host, a->port);
}

void
net_addr_prefix(const struct net_addr *a, char dst[static 64])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, a->host, octets) != 1) {
		snprintf(dst, 64, "%.*s/32", INET_ADDRSTRLEN, a->host);
		return;
	}
	/* An IPv4 address in disguise is that address. */
	if (memcmp(octets, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, octets + 12, text, sizeof(text));
		snprintf(dst, 64, "%s/32", text);
		return;
	}
	memset(octets + 8, 0, 8);
	inet_ntop(AF_INET6, octets, text, sizeof(text));
	snprintf(dst, 64, "%s/64", text);
}
