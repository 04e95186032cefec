/*
 * guard.c
 *		Which addresses the share worker may connect to.
 *
 * Judged when the socket is opened, after the name was resolved, and before each request by what the socket is connected to, so that a
 * name which changes its address gains nothing. Public addresses are allowed; loopback, link-local, private and other special ones
 * only where the host's row lists their network. What is sent as plain text
 * goes nowhere else.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "share/send.h"

/* Addresses of IPv4 that are not public (IANA special-purpose registry), and multicast. */
static const DwhGuardNetwork special[] = {
	{AF_INET, 8, {0}},
	{AF_INET, 8, {10}},
	{AF_INET, 10, {100, 64}},
	{AF_INET, 8, {127}},
	{AF_INET, 16, {169, 254}},
	{AF_INET, 12, {172, 16}},
	{AF_INET, 24, {192, 0, 0}},
	{AF_INET, 24, {192, 0, 2}},
	{AF_INET, 24, {192, 88, 99}},
	{AF_INET, 16, {192, 168}},
	{AF_INET, 15, {198, 18}},
	{AF_INET, 24, {198, 51, 100}},
	{AF_INET, 24, {203, 0, 113}},
	{AF_INET, 3, {224}},
	/* Of IPv6 only 2000::/3 is public, without these: they are for examples, or carry an address of IPv4. */
	{AF_INET6, 32, {0x20, 0x01, 0x0d, 0xb8}},
	{AF_INET6, 23, {0x20, 0x01, 0x00}},
	{AF_INET6, 16, {0x20, 0x02}},
};
static const DwhGuardNetwork global_unicast = {AF_INET6, 3, {0x20}};

static bool
is_in(const DwhGuardNetwork *network, int family, const unsigned char *address)
{
	int			whole = network->bits / 8;
	int			rest = network->bits % 8;

	if (network->family != family || memcmp(network->address, address, whole) != 0)
		return false;
	return rest == 0 || ((network->address[whole] ^ address[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

/* Reads networks in the form of cidr, separated by blanks. False where that is not what is there, or there are too many. */
bool
dwh_guard_parse(DwhGuard *guard, const char *networks)
{
	memset(guard, 0, sizeof(*guard));
	while (*networks != '\0')
	{
		char		word[64];
		size_t		length = strcspn(networks, " ");
		char	   *slash;
		DwhGuardNetwork *network;

		if (length >= sizeof(word) || guard->n == DWH_GUARD_NETWORKS)
			return false;
		memcpy(word, networks, length);
		word[length] = '\0';
		networks += length + strspn(networks + length, " ");
		network = &guard->networks[guard->n++];
		network->family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;
		network->bits = network->family == AF_INET ? 32 : 128;
		if ((slash = strchr(word, '/')) != NULL)
		{
			*slash = '\0';
			network->bits = (int) strtol(slash + 1, NULL, 10);
		}
		if (network->bits < 0 || network->bits > (network->family == AF_INET ? 32 : 128) ||
			inet_pton(network->family, word, network->address) != 1)
			return false;
	}
	return true;
}

static bool
is_public(int family, const unsigned char *address)
{
	if (family == AF_INET6 && !is_in(&global_unicast, family, address))
		return false;
	for (int i = 0; i < lengthof(special); i++)
		if (is_in(&special[i], family, address))
			return false;
	return true;
}

static bool
is_listed(const DwhGuard *guard, int family, const unsigned char *address)
{
	for (int i = 0; i < guard->n; i++)
		if (is_in(&guard->networks[i], family, address))
			return true;
	return false;
}

/* Whether a connection to the address may be made. Calls nothing that can raise an error. */
bool
dwh_guard_allows(const DwhGuard *guard, const struct sockaddr *address)
{
	int			family = address->sa_family;
	const unsigned char *bytes;
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (family == AF_INET)
		bytes = (const unsigned char *) &((const struct sockaddr_in *) address)->sin_addr;
	else if (family == AF_INET6)
	{
		bytes = (const unsigned char *) &((const struct sockaddr_in6 *) address)->sin6_addr;
		if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		{
			family = AF_INET;
			bytes += sizeof(mapped);
		}
	}
	else
		return false;
	if (guard->is_plain)
		return is_listed(guard, family, bytes) && !is_public(family, bytes);
	return is_listed(guard, family, bytes) || is_public(family, bytes);
}

/* The same of an address as text, without a zone. */
bool
dwh_guard_allows_text(const DwhGuard *guard, const char *address)
{
	union
	{
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	}			parsed;

	memset(&parsed, 0, sizeof(parsed));
	if (inet_pton(AF_INET, address, &parsed.v4.sin_addr) == 1)
		parsed.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, address, &parsed.v6.sin6_addr) == 1)
		parsed.any.sa_family = AF_INET6;
	else
		return false;
	return dwh_guard_allows(guard, &parsed.any);
}
