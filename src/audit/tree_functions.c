/*
 * tree_functions.c
 *		The SQL functions over the tree of the log: unpack, ask for the right, call, pack.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "audit/audit.h"
#include "audit/tree.h"
#include "common/owner.h"
#include "common/spi.h"
#include "share/share.h"

PG_FUNCTION_INFO_V1(dwh_sql_audit_seal);
PG_FUNCTION_INFO_V1(dwh_sql_audit_tree_head);
PG_FUNCTION_INFO_V1(dwh_sql_audit_inclusion_proof);
PG_FUNCTION_INFO_V1(dwh_sql_audit_consistency_proof);
PG_FUNCTION_INFO_V1(dwh_sql_audit_verify);

/* Begins to read the tree as dwh_owner. Returns its size; a size asked for must not be larger. */
static int64
begin_reading(DwhOwnerSwitch *owner, int64 asked)
{
	int64		size;

	dwh_spi_begin();
	dwh_owner_enter(owner);
	size = dwh_tree_size();
	if (asked < 0 || asked > size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no tree of " INT64_FORMAT " leaves", asked),
				 errdetail("The tree of the log has " INT64_FORMAT " leaves.", size),
				 errhint("Give a size from 0 to " INT64_FORMAT ".", size)));
	return size;
}

static void
end_reading(const DwhOwnerSwitch *owner)
{
	dwh_owner_leave(owner);
	dwh_spi_end();
}

/* dwh.audit_seal(): counts what is settled now, too. Raises 55000 outside of READ COMMITTED. */
Datum
dwh_sql_audit_seal(PG_FUNCTION_ARGS)
{
	int64		sealed = dwh_audit_seal(true);

	(void) dwh_share_roll(0);
	PG_RETURN_INT64(sealed);
}

/* dwh.audit_tree_head(size): NULL asks for all leaves. Raises 22023 and XX001. */
Datum
dwh_sql_audit_tree_head(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	DwhOwnerSwitch owner;
	DwhHash		root;
	int64		size = begin_reading(&owner, PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0));

	dwh_tree_root_at(PG_ARGISNULL(0) ? size : PG_GETARG_INT64(0), &root);
	end_reading(&owner);
	MemoryContextSwitchTo(outer);
	PG_RETURN_DATUM(dwh_hash_datum(&root));
}

/* Copies a proof out of SPI's memory. */
static Datum
copy_proof(const ArrayType *proof)
{
	void	   *copy = SPI_palloc(VARSIZE(proof));

	memcpy(copy, proof, VARSIZE(proof));
	return PointerGetDatum(copy);
}

/* dwh.audit_inclusion_proof(leaf, size): raises 22023 and XX001. */
Datum
dwh_sql_audit_inclusion_proof(PG_FUNCTION_ARGS)
{
	DwhOwnerSwitch owner;
	int64		leaf = PG_GETARG_INT64(0);
	int64		size = PG_GETARG_INT64(1);
	Datum		proof;

	(void) begin_reading(&owner, size);
	if (leaf < 0 || leaf >= size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("leaf " INT64_FORMAT " is not in the tree of " INT64_FORMAT " leaves", leaf, size),
				 errdetail("Leaves are numbered from 0."),
				 errhint("dwh_log.audit_leaf holds the leaf of each row.")));
	proof = copy_proof(dwh_tree_inclusion_proof(leaf, size));
	end_reading(&owner);
	PG_RETURN_DATUM(proof);
}

/* dwh.audit_consistency_proof(first, second): raises 22023 and XX001. */
Datum
dwh_sql_audit_consistency_proof(PG_FUNCTION_ARGS)
{
	DwhOwnerSwitch owner;
	int64		first = PG_GETARG_INT64(0);
	int64		second = PG_GETARG_INT64(1);
	Datum		proof;

	(void) begin_reading(&owner, second);
	if (first < 0 || first > second)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a tree of " INT64_FORMAT " leaves is not the beginning of one of " INT64_FORMAT, first, second),
				 errdetail("The first tree must not be the larger one."),
				 errhint("Give the smaller size first.")));
	proof = copy_proof(dwh_tree_consistency_proof(first, second));
	end_reading(&owner);
	PG_RETURN_DATUM(proof);
}

/* dwh.audit_verify(from, to, head): raises 22023. */
Datum
dwh_sql_audit_verify(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor;
	DwhVerifyResult *result = palloc(sizeof(DwhVerifyResult));
	DwhKnownRoot known;
	Datum		values[7];
	bool		nulls[7] = {0};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "audit_verify() must return a row");
	if ((!PG_ARGISNULL(0) && PG_GETARG_INT64(0) < 0) || (!PG_ARGISNULL(1) && PG_GETARG_INT64(1) < 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a leaf's number cannot be negative"),
				 errdetail("Leaves are numbered from 0."),
				 errhint("NULL stands for all leaves.")));
	if (!PG_ARGISNULL(2))
		dwh_audit_parse_head(text_to_cstring(PG_GETARG_TEXT_PP(2)), &known);
	dwh_audit_verify(PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0), PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1),
					 PG_ARGISNULL(2) ? NULL : &known, result);
	values[0] = BoolGetDatum(result->problem == NULL);
	values[1] = Int64GetDatum(result->leaf_from);
	values[2] = Int64GetDatum(result->leaf_to);
	values[3] = Int64GetDatum(result->archived);
	values[4] = Int64GetDatum(result->first_bad);
	nulls[4] = result->problem == NULL;
	values[5] = result->problem == NULL ? (Datum) 0 : CStringGetTextDatum(result->problem);
	nulls[5] = result->problem == NULL;
	values[6] = dwh_hash_datum(&result->root);
	nulls[6] = result->problem != NULL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
