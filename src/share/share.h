/*
 * share.h
 *		Sharing of data with other agencies: what may be shared under an agreement, and the log of every stage.
 *
 * Whoever supplies or fetches data does it in this order:
 *
 *	DwhShareAgreement agreement;
 *	DwhShareAsk ask = {.direction = "out", ...};
 *	DwhShareRefusal refusal;
 *	DwhShareStage stage;
 *
 *	if (!dwh_share_load(agreement_id, &agreement)) ...		-- no such agreement
 *	dwh_share_stage_begin(&stage, &agreement, "share");		-- who calls, which agency, service, version, gateway
 *	stage.request_content = ...;							-- a JSON object
 *	if (!dwh_share_allowed(agreement_id, &ask, &refusal))	-- now: state, suspension, version, items, units, period, frequency ...
 *		... stage "outcome", status "refused", reason = refusal.reason; dwh_share_log_append() or dwh_share_log_commit()
 *	... stage "intent", status "intent", durable before a byte leaves; the data; stage "outcome", status "supplied" ...
 *
 * dwh_share_log_append() writes in the caller's transaction: for background workers, whose transactions are their own, and for what
 * shall vanish with a rollback. dwh_share_log_commit() writes through the audit worker and waits: for sessions of people.
 * Everything here is called with a snapshot, inside or outside of SPI, as any user: it becomes dwh_owner itself.
 */
#ifndef DWH_SHARE_H
#define DWH_SHARE_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

/* What is in force for an agreement today. Strings are palloc'ed; NULL where the column is. */
typedef struct DwhShareAgreement
{
	int32		agreement_id;
	int32		version;		/* 0: none in force */
	int32		agency_id;
	char	   *agency_identifier;
	char	   *application_identifier;
	int32		service_id;
	char	   *service_code;
	char	   *state;			/* draft, active, suspended, ended */
	char	   *gateway;
	char	   *route;
	char	   *method;			/* online, sync, package */
	char	   *purpose;
	char	   *frequency;
	char	   *use_term;
	char	   *use_until;		/* of what is supplied today, YYYY-MM-DD; NULL: no fixed term */
	int32		structure_version;
	Datum		items;			/* text[], 0 where no version is in force */
	Datum		unit_ids;		/* int[], 0: all units */
	char	   *period_from;	/* YYYY-MM-DD */
	char	   *period_to;
} DwhShareAgreement;

/* What is asked of an agreement; what is NULL or 0 is not asked for and not checked. */
typedef struct DwhShareAsk
{
	const char *direction;		/* out, in */
	int32		service_id;
	Datum		items;			/* text[] */
	Datum		unit_ids;		/* int[] */
	const char *period_from;	/* YYYY-MM-DD */
	const char *period_to;
	int32		structure_version;
	const char *login_role;		/* the connection account's role, for partners that fetch */
} DwhShareAsk;

/* Why not. */
typedef struct DwhShareRefusal
{
	char	   *rule;			/* a short code: suspended, item, unit, frequency ... */
	char	   *reason;			/* Vietnamese | English */
	char	   *article;		/* the article that says so */
} DwhShareRefusal;

/* One row of dwh_log.share_log; NULL, 0 or -1 (counts) where the column is to be NULL. */
typedef struct DwhShareStage
{
	int64		share_no;
	const char *stage;			/* asked, intent, outcome, notice */
	const char *status;			/* asked, intent, supplied, received, refused, failed, broken_off, invalid, undelivered, noticed */
	TimestampTz occurred_at;
	const char *direction;
	const char *kind;			/* connect, share, exploit, use */
	TimestampTz requested_at;
	const char *request_form;
	TimestampTz supplied_at;
	const char *supply_form;
	int32		agency_id;
	const char *agency_identifier;
	const char *application_identifier;
	int32		service_id;
	const char *service_code;
	int32		agreement_id;
	int32		agreement_version;
	int32		connection_id;
	int32		account_id;
	const char *person;
	const char *session_user_name;
	const char *outer_user_name;
	const char *client_address;
	const char *gateway;
	const char *route;
	const char *purpose;
	const char *frequency;
	const char *request_content;	/* a JSON object */
	const char *reason;
	int32		item_count;
	int64		row_count;
	int64		byte_count;
	const char *content_digest;
	int32		structure_version;
	const char *period_from;
	const char *period_to;
	const char *use_term;
	const char *use_until;
	int64		duration_ms;
	int64		related_share_no;
	const char *detail;			/* a JSON object */
} DwhShareStage;

/* agreement.c */
extern bool dwh_share_load(int32 agreement_id, DwhShareAgreement *agreement);
extern bool dwh_share_allowed(int32 agreement_id, const DwhShareAsk *ask, DwhShareRefusal *refusal);
extern bool dwh_share_is_stopped(int32 agreement_id);

/* log.c */
extern void dwh_share_stage_begin(DwhShareStage *stage, const DwhShareAgreement *agreement, const char *kind);
extern int64 dwh_share_next_no(void);
extern char *dwh_share_host_gateway(void);
extern void dwh_share_row_open(StringInfo row, const DwhShareStage *stage);
extern void dwh_share_log_append(const DwhShareStage *stage);
extern bool dwh_share_log_commit(const DwhShareStage *stage);
extern void dwh_share_log_or_refuse(const DwhShareStage *stage, const char *rule);
extern void dwh_share_log_insert(const char *row);

/* report.c */
extern bool dwh_share_roll(int64 most);

/* fetch.c */
extern void dwh_share_fetch_init(void);

/* worker.c */
extern void dwh_share_init(void);
extern PGDLLEXPORT void dwh_share_worker_main(Datum arg);

#endif							/* DWH_SHARE_H */
