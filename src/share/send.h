/*
 * send.h
 *		HTTP transfers of the share worker, many at a time, by libcurl's multi interface.
 *
 * Nothing of libcurl's is seen outside of send.c, and nothing there raises an error or allocates memory of PostgreSQL's while libcurl
 * is on the stack: its callbacks count, copy into fixed buffers and set flags.
 */
#ifndef DWH_SHARE_SEND_H
#define DWH_SHARE_SEND_H

#include "postgres.h"

/* What is to be sent. Strings are copied. */
typedef struct DwhSendJob
{
	int64		outbox_id;
	int32		agreement_id;
	int32		agency_id;
	const char *url;
	bool		is_plain;		/* http */
	const char *idempotency_key;
	const char *content_type;
	bool		is_fetch;		/* GET: the answer is kept */
	const char *body;			/* NULL of a fetch */
	const char *credential;		/* name of the files in dwh_ext.share_credentials */
	const char *networks;		/* private networks that may be reached, separated by blanks */
	int32		timeout_ms;
	int64		max_bytes_s;	/* 0: no limit */
	bool		is_compressed;	/* the body, by gzip */
} DwhSendJob;

typedef enum DwhSendResult
{
	DWH_SEND_SUPPLIED,
	DWH_SEND_RETRY,
	DWH_SEND_FAIL,
	DWH_SEND_STOPPED
} DwhSendResult;

/* What became of it. */
typedef struct DwhSendOutcome
{
	int64		outbox_id;
	DwhSendResult result;
	char		reason[320];	/* empty where it was supplied */
	int32		http;			/* 0: no answer */
	int64		duration_ms;
	int64		wait_ms;		/* what the receiver asked for by Retry-After */
	char	   *content;		/* the answer to a fetch that succeeded, malloc'ed for the caller; else NULL */
	size_t		content_length;
	char		content_type[128];
} DwhSendOutcome;

/* send.c */
extern void dwh_send_init(void);
extern void dwh_send_add(const DwhSendJob *job);
extern void dwh_send_go(void);
extern void dwh_send_run(int wait_ms);
extern bool dwh_send_take(DwhSendOutcome *outcome);
extern void dwh_send_stop(int64 outbox_id, const char *reason);
extern int	dwh_send_count(int *young);
extern int	dwh_send_ids(int64 *ids, int limit);
extern int	dwh_send_busy(int32 *agreements, int32 *agencies, int limit);

/* guard.c */
#define DWH_GUARD_NETWORKS 16

typedef struct DwhGuardNetwork
{
	int			family;
	int			bits;
	unsigned char address[16];
} DwhGuardNetwork;

typedef struct DwhGuard
{
	bool		is_plain;		/* http */
	int			n;
	DwhGuardNetwork networks[DWH_GUARD_NETWORKS];
} DwhGuard;

struct sockaddr;
extern bool dwh_guard_parse(DwhGuard *guard, const char *networks);
extern bool dwh_guard_allows(const DwhGuard *guard, const struct sockaddr *address);
extern bool dwh_guard_allows_text(const DwhGuard *guard, const char *address);

#endif							/* DWH_SHARE_SEND_H */
