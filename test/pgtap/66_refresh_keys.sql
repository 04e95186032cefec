-- 893-072: a changed row of a dimension reaches its cells whatever the type of the key.
BEGIN;
SELECT plan(6);
CREATE TABLE dwh_star.dim_kind (kind_id bigint PRIMARY KEY, grp text NOT NULL);
CREATE TABLE dwh_star.dim_sort (sort_id char(2) PRIMARY KEY, grp text NOT NULL);
CREATE TABLE public.ev (month date NOT NULL, unit_id int NOT NULL, kind_id int REFERENCES dwh_star.dim_kind, sort_id char(2) REFERENCES dwh_star.dim_sort);
ALTER TABLE dwh_star.dim_kind OWNER TO dwh_owner;
ALTER TABLE dwh_star.dim_sort OWNER TO dwh_owner;
ALTER TABLE public.ev OWNER TO dwh_owner;
CREATE TRIGGER after_update_mark AFTER UPDATE ON dwh_star.dim_kind REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_dimension();
CREATE TRIGGER after_update_mark AFTER UPDATE ON dwh_star.dim_sort REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after
	FOR EACH STATEMENT EXECUTE FUNCTION dwh_internal.mark_dimension();
INSERT INTO dwh_star.dim_kind VALUES (1, 'b1'), (3000000000, 'b1');
INSERT INTO dwh_star.dim_sort VALUES ('AA', 's1'), ('A', 's2');
INSERT INTO public.ev SELECT '2025-03-01', 101, 1, 'AA' FROM generate_series(1, 10);
\o /dev/null
SELECT dwh.create_subject('ev', 'public.ev', 'x', 'x');
SELECT dwh.create_measure('EV_KIND', 'ev', 'count', NULL, $$kind.grp = 'b1'$$);
SELECT dwh.create_measure('EV_SORT', 'ev', 'count', NULL, $$sort.grp = 's1'$$);
SELECT dwh.create_indicator(code, 'x', 'x', formula, 'ev', 'analyst', 'x', '2010-01-01', 'test', p_periods => '{month}')
FROM (VALUES ('EV_K', '[EV_KIND]'), ('EV_S', '[EV_SORT]')) AS v (code, formula);
SELECT dwh.keep_indicator(code, true, '{month}', '{country}') FROM (VALUES ('EV_K'), ('EV_S')) AS v (code);
SELECT dwh.refresh();
\o
CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(trim_scale(v.value)::text, ' ' ORDER BY i.code) FROM dwh_star.indicator_value AS v JOIN dwh_catalog.indicator AS i USING (indicator_id)
	WHERE i.code LIKE 'EV%' $$;
SELECT is(pg_temp.kept(), '10 10', 'both are kept');
UPDATE dwh_star.dim_kind SET grp = 'b3' WHERE kind_id = 3000000000;
SELECT ok(dwh.refresh() > 0, 'a key that no fact can have stops no refresh');
UPDATE dwh_star.dim_kind SET grp = 'b2' WHERE kind_id = 1;
UPDATE dwh_star.dim_sort SET grp = 's3' WHERE sort_id = 'AA';
SELECT ok(dwh.refresh() > 0, 'keys of other types than the column, and with a length');
SELECT is(pg_temp.kept(), '0 0', 'lead to their cells');
SELECT is((SELECT count(*) FROM dwh_log.cell_mark), 0::bigint, 'no mark is left');
ALTER TABLE public.ev DROP CONSTRAINT ev_sort_id_fkey;
INSERT INTO dwh_log.cell_mark (subject_id, row_column, row_key, month_from, month_to)
SELECT subject_id, 'sort_id', 'AA', '-infinity', 'infinity' FROM dwh_catalog.subject WHERE code = 'ev';
SELECT ok(dwh.refresh() > 0, 'a column that refers to nothing any more has everything looked at');
SELECT * FROM finish();
ROLLBACK;
