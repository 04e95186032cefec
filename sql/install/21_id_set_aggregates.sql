-- Aggregates over ids and id sets. The state is dwh.id_set itself, an expanded object in memory (src/aggregate/id_set_aggregate.c),
-- so that parallel query and Citus move it as the type's own bytes and no serialise function is needed.
-- Counts give 0 and sets give NULL when there is no row, as count() and array_agg() do; NULL input is passed over.

CREATE FUNCTION dwh_internal.id_set_add(dwh.id_set, integer) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_add(dwh.id_set, integer) IS 'Thêm một mã vào trạng thái | Adds an id to the state';

CREATE FUNCTION dwh_internal.id_set_count_add(dwh.id_set, integer) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_count_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_count_add(dwh.id_set, integer) IS 'Thêm một giá trị cần đếm vào trạng thái | Adds a value to be counted to the state';

CREATE FUNCTION dwh_internal.id_set_merge(dwh.id_set, dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_merge(dwh.id_set, dwh.id_set) IS 'Gộp một tập vào trạng thái | Merges a set into the state';

CREATE FUNCTION dwh_internal.id_set_state_count(dwh.id_set) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_state_count' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_state_count(dwh.id_set) IS 'Số mã của trạng thái; 0 nếu không có dòng nào | The number of ids of the state; 0 without rows';

CREATE FUNCTION dwh_internal.id_set_state_set(dwh.id_set) RETURNS dwh.id_set
	AS 'MODULE_PATHNAME', 'dwh_sql_id_set_state_set' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dwh_internal.id_set_state_set(dwh.id_set) IS 'Tập của trạng thái; NULL nếu không có dòng nào | The set of the state; NULL without rows';

CREATE AGGREGATE dwh.distinct_count(p_value integer) (
	SFUNC = dwh_internal.id_set_count_add, STYPE = dwh.id_set, SSPACE = 512,
	FINALFUNC = dwh_internal.id_set_state_count, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.id_set_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.distinct_count(integer) IS 'Số giá trị khác nhau, chính xác, như count(DISTINCT) nhưng chạy song song | The exact number of different values, as count(DISTINCT) but parallel';

CREATE AGGREGATE dwh.id_set_agg(p_id integer) (
	SFUNC = dwh_internal.id_set_add, STYPE = dwh.id_set, SSPACE = 512,
	FINALFUNC = dwh_internal.id_set_state_set, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.id_set_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.id_set_agg(integer) IS 'Tập các mã | The set of the ids';

CREATE AGGREGATE dwh.union_agg(p_set dwh.id_set) (
	SFUNC = dwh_internal.id_set_merge, STYPE = dwh.id_set, SSPACE = 512,
	FINALFUNC = dwh_internal.id_set_state_set, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.id_set_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.union_agg(dwh.id_set) IS 'Hợp của các tập | The union of the sets';

CREATE AGGREGATE dwh.union_count(p_set dwh.id_set) (
	SFUNC = dwh_internal.id_set_merge, STYPE = dwh.id_set, SSPACE = 512,
	FINALFUNC = dwh_internal.id_set_state_count, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.id_set_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.union_count(dwh.id_set) IS 'Số mã của hợp các tập | The number of ids in the union of the sets';

-- Intersections only shrink: the operator itself is the transition, the state a flat value.
CREATE AGGREGATE dwh.intersect_agg(p_set dwh.id_set) (
	SFUNC = dwh_internal.id_set_intersect, STYPE = dwh.id_set,
	COMBINEFUNC = dwh_internal.id_set_intersect, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.intersect_agg(dwh.id_set) IS 'Giao của các tập | The intersection of the sets';

CREATE AGGREGATE dwh.intersect_count(p_set dwh.id_set) (
	SFUNC = dwh_internal.id_set_intersect, STYPE = dwh.id_set, SSPACE = 512,
	FINALFUNC = dwh_internal.id_set_state_count, FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = dwh_internal.id_set_intersect, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh.intersect_count(dwh.id_set) IS 'Số mã của giao các tập | The number of ids in the intersection of the sets';
