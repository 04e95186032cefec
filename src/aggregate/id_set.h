/*
 * id_set.h
 *		dwh.id_set as a server value: the varlena around the bytes of id_set_bytes.h, and what the aggregates share with it.
 */
#ifndef DWH_ID_SET_H
#define DWH_ID_SET_H

#include "fmgr.h"

#include "aggregate/id_set_bytes.h"

typedef struct varlena DwhIdSet;

/* Detoasted, with a 4-byte header; expanded aggregate states are flattened on the way. */
#define DatumGetIdSet(d)		((DwhIdSet *) PG_DETOAST_DATUM(d))
#define DWH_GETARG_ID_SET(n)	DatumGetIdSet(PG_GETARG_DATUM(n))
#define DWH_ID_SET_BYTES(set)	((uint8 *) VARDATA(set))
#define DWH_ID_SET_LEN(set)		(VARSIZE(set) - VARHDRSZ)

/* id_set.c */
extern DwhIdSet *dwh_id_set_make(DwhIdSetWriter *writer);
pg_noreturn extern void dwh_id_out_of_range(int32 id);

/* SQL-callable, and called by other rooms too */
extern Datum dwh_sql_id_set_in(PG_FUNCTION_ARGS);
extern Datum dwh_sql_id_set_union(PG_FUNCTION_ARGS);
extern Datum dwh_sql_id_set_intersect(PG_FUNCTION_ARGS);
extern Datum dwh_sql_id_set_difference(PG_FUNCTION_ARGS);
extern Datum dwh_sql_id_set_cardinality(PG_FUNCTION_ARGS);
extern Datum dwh_sql_id_set_to_array(PG_FUNCTION_ARGS);

#endif							/* DWH_ID_SET_H */
