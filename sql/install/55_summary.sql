-- Summaries of a subject. Creating and dropping ask for the right themselves, so that a refusal is in the log.
CREATE FUNCTION dwh.create_summary(p_subject text, p_dimensions text[] DEFAULT '{}')
RETURNS regclass LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_create_summary';
COMMENT ON FUNCTION dwh.create_summary(text, text[]) IS
	'Tạo và điền bảng tổng hợp của một chủ đề theo tháng, đơn vị và các chiều; trả về bảng | '
	'Makes and fills a summary of a subject by month, unit and dimensions; returns its table';

CREATE FUNCTION dwh.drop_summary(p_subject text, p_dimensions text[] DEFAULT '{}')
RETURNS boolean LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_drop_summary';
COMMENT ON FUNCTION dwh.drop_summary(text, text[]) IS
	'Bỏ bảng tổng hợp; trả về false nếu không có | Drops a summary; false where there is none';

CREATE FUNCTION dwh.list_summaries(p_subject text DEFAULT NULL)
RETURNS TABLE (
	subject			text,
	dimensions		text[],
	relation		regclass,
	measures		text[],
	estimated_rows	bigint,
	built_at		timestamptz,
	has_failed		boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT j.code, s.dimensions, s.relation,
		ARRAY(SELECT m.code FROM dwh_catalog.summary_measure AS x JOIN dwh_catalog.measure AS m USING (measure_id)
			WHERE x.summary_id = s.summary_id ORDER BY m.measure_id),
		greatest(c.reltuples, 0)::bigint, s.built_at, s.failure IS NOT NULL
	FROM dwh_catalog.summary AS s
	JOIN dwh_catalog.subject AS j USING (subject_id)
	LEFT JOIN pg_class AS c ON c.oid = s.relation
	WHERE p_subject IS NULL OR j.code = p_subject
	ORDER BY s.subject_id, s.summary_id;
END
$$;
COMMENT ON FUNCTION dwh.list_summaries(text) IS
	'Các bảng tổng hợp: chiều, bảng, số đo, lần tổng hợp gần nhất, có tổng hợp được không | '
	'The summaries: dimensions, tables, measures, when each was last built as a whole, and whether the last refresh could not build it';

CREATE FUNCTION dwh_internal.rebuild_summaries(p_subject_id int) RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_rebuild_summaries';
COMMENT ON FUNCTION dwh_internal.rebuild_summaries(int) IS
	'Tổng hợp lại toàn bộ các bảng tổng hợp của một chủ đề | Builds every summary of a subject as a whole';

CREATE FUNCTION dwh_internal.invalidate_summaries() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dwh_sql_invalidate_summaries';
COMMENT ON FUNCTION dwh_internal.invalidate_summaries() IS
	'Bảng tổng hợp mất nội dung khi một chiều của nó thay đổi | Takes the content of summaries away when a dimension they look into changes';

-- The union before it is counted: CASE may leave the counting out.
CREATE AGGREGATE dwh_internal.unite(dwh.id_set) (SFUNC = dwh_internal.id_set_merge, STYPE = dwh.id_set, SSPACE = 512);
COMMENT ON AGGREGATE dwh_internal.unite(dwh.id_set) IS 'Hợp của các tập, còn là trạng thái | The union of sets, still a state';

-- Sums whose state is the sum so far: of a few numbers they cost a third of what sum() does, which keeps a longer account.
CREATE AGGREGATE dwh_internal.add_up(numeric) (SFUNC = numeric_add, STYPE = numeric, COMBINEFUNC = numeric_add, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh_internal.add_up(numeric) IS 'Tổng của ít số | The sum of few numbers';
CREATE AGGREGATE dwh_internal.add_up(bigint) (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE);
COMMENT ON AGGREGATE dwh_internal.add_up(bigint) IS 'Tổng của ít số | The sum of few numbers';
