/*
 * rebind.c
 *		A resolver for tests, preloaded into the server: the names under "rebind.example" have the addresses that stand in the file
 *		REBIND_FILE at this moment, one a line and in that order; "slow.rebind.example" is answered only once the file REBIND_FILE.hold is
 *		gone, after ten minutes at the latest. All other names are resolved as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
wait_for_release(const char *path)
{
	char		hold[1024];

	snprintf(hold, sizeof(hold), "%s.hold", path);
	for (int i = 0; i < 12000 && access(hold, F_OK) == 0; i++)
		usleep(50000);
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int			(*resolve) (const char *, const char *, const struct addrinfo *, struct addrinfo **);
	const char *path = getenv("REBIND_FILE");
	struct addrinfo **end = res;
	char		line[128];
	FILE	   *file;

	*(void **) &resolve = dlsym(RTLD_NEXT, "getaddrinfo");
	if (node == NULL || path == NULL || strlen(node) < 14 || strcmp(node + strlen(node) - 14, "rebind.example") != 0)
		return resolve(node, service, hints, res);
	if (strcmp(node, "slow.rebind.example") == 0)
		wait_for_release(path);
	*res = NULL;
	if ((file = fopen(path, "r")) == NULL)
		return EAI_AGAIN;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		line[strcspn(line, "\n")] = '\0';
		if (resolve(line, service, hints, end) == 0)
			while (*end != NULL)
				end = &(*end)->ai_next;
	}
	fclose(file);
	return *res == NULL ? EAI_NONAME : 0;
}
