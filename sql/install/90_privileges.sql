-- Privileges, last: nothing of ours is open to PUBLIC but the names in schema dwh; each right is given one by one.
REVOKE ALL ON SCHEMA dwh, dwh_internal FROM PUBLIC;
GRANT USAGE ON SCHEMA dwh TO PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dwh, dwh_internal FROM PUBLIC;
-- These check their caller themselves, to be able to say who may call them.
GRANT EXECUTE ON FUNCTION dwh.create_warehouse(), dwh.upgrade_warehouse(), dwh.start_warehouse(),
	dwh.ensure_log_partitions(date), dwh.archive_audit(date, boolean), dwh.purge_share_log(date, boolean) TO PUBLIC;
-- Policies call these on behalf of whoever reads a table; they tell a caller about his own scope and nothing else.
GRANT EXECUTE ON FUNCTION dwh.in_scope(int, int), dwh.has_whole_unit(int, int), dwh.has_subject(int), dwh.has_subject(int, int), dwh.scope_units(int),
	dwh_internal.scoped_unit(int, int) TO PUBLIC;

-- Id sets and statistics compute on their arguments and hold no data, so every user may call them: without this a view
-- over stored sets, or a domain user's own query, would need a grant for an operator.
DO $$
DECLARE
	v_function pg_catalog.regprocedure;
BEGIN
	FOR v_function IN
		SELECT p.oid
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'dwh'::pg_catalog.regnamespace
			AND p.proname IN ('id_set', 'to_array', 'iterate', 'cardinality', 'contains', 'min_id', 'max_id', 'rank',
				'overlap_count', 'jaccard_index', 'distinct_count', 'id_set_agg', 'union_agg', 'union_count',
				'intersect_agg', 'intersect_count',
				'balance_at_end', 'balance_at_start', 'average_balance', 'ratio', 'weighted_mean', 'growth', 'concentration',
				'gini', 'completeness')
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', v_function);
	END LOOP;
END
$$;
-- The functions behind the casts and operators: called by the server on the user's behalf, with the user's rights.
GRANT EXECUTE ON FUNCTION
	dwh_internal.id_set_from_bytea(bytea), dwh_internal.id_set_to_bytea(dwh.id_set),
	dwh_internal.id_set_union(dwh.id_set, dwh.id_set), dwh_internal.id_set_intersect(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_difference(dwh.id_set, dwh.id_set), dwh_internal.id_set_symmetric(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_eq(dwh.id_set, dwh.id_set), dwh_internal.id_set_ne(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_lt(dwh.id_set, dwh.id_set), dwh_internal.id_set_le(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_gt(dwh.id_set, dwh.id_set), dwh_internal.id_set_ge(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_cmp(dwh.id_set, dwh.id_set), dwh_internal.id_set_hash(dwh.id_set),
	dwh_internal.id_set_hash_extended(dwh.id_set, bigint),
	dwh_internal.id_set_includes(dwh.id_set, dwh.id_set), dwh_internal.id_set_included(dwh.id_set, dwh.id_set),
	dwh_internal.id_set_intersects(dwh.id_set, dwh.id_set), dwh_internal.id_set_in_set(integer, dwh.id_set)
	TO PUBLIC;
-- The WHEN of the triggers on subjects' tables, evaluated with the rights of whoever writes there.
GRANT EXECUTE ON FUNCTION dwh_internal.marks_changes() TO PUBLIC;
