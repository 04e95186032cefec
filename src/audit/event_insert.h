/*
 * event_insert.h
 *		An event straight into the partition of its month; see event_insert.c.
 */
#ifndef DWH_EVENT_INSERT_H
#define DWH_EVENT_INSERT_H

#define DWH_EVENT_COLUMNS 11

/*
 * Inserts an event: occurred_at, month, account_id, person, session_user_name, outer_user_name, client_address, action, decision, object,
 * detail; nulls as of SPI. As dwh_owner. Returns false where it takes an INSERT, and nothing is done. Raises what an INSERT would raise.
 */
extern bool dwh_event_insert(const Datum *values, const char *nulls);

#endif							/* DWH_EVENT_INSERT_H */
