-- Statistics of sharing are the plain GROUP BY over the log, for random logs and questions: with nothing, a part or all of it counted
-- beforehand, after a purge, a rollback, and after the extension was dropped and made anew.
-- 2327-064 2327-081 ND47-040
SET client_min_messages = error;
BEGIN;
SELECT plan(19);
\o /dev/null
SELECT setseed(0.47);
\o
-- What a purge has taken out, for comparison.
CREATE TEMPORARY TABLE purged (LIKE dwh_log.share_log);
CREATE FUNCTION pg_temp.one_of(VARIADIC p_values text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT p_values[1 + floor(random() * cardinality(p_values))::int] $$;
CREATE FUNCTION pg_temp.add_rows(p_first_month date, p_months int, p_rows int) RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at, supply_form, agency_identifier, service_code,
		session_user_name, outer_user_name, gateway, request_content, status, reason, row_count, byte_count, duration_ms)
	SELECT date_trunc('month', x.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, n, pg_temp.one_of('asked', 'intent', 'outcome', 'notice'), x.at, pg_temp.one_of('out', 'in'),
		pg_temp.one_of('connect', 'share', 'exploit', 'use'), x.at, 'online', x.at, 'online', pg_temp.one_of('TAP.1', 'TAP.2', 'TAP.H29', 'TAP.-'), pg_temp.one_of('a', 'b', NULL),
		'x', 'x', 'x', '{}', pg_temp.one_of('asked', 'intent', 'supplied', 'received', 'refused', 'failed', 'broken_off', 'invalid', 'undelivered', 'noticed'), 'x',
		CASE WHEN random() < 0.7 THEN n END, CASE WHEN random() < 0.7 THEN n * 100 END, CASE WHEN random() < 0.7 THEN n * 7 END
	FROM generate_series(1, p_rows) AS n,
		LATERAL (SELECT (p_first_month + n * 0 + random() * (p_first_month + make_interval(months => p_months) - p_first_month)) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS at) AS x $$;
-- The statistics, counted from the log.
CREATE FUNCTION pg_temp.direct(p_from date, p_to date, p_by text[]) RETURNS SETOF text LANGUAGE sql AS $$
	WITH line AS (
		SELECT CASE WHEN 'agency' = ANY (p_by) THEN agency_identifier END AS agency, CASE WHEN 'service' = ANY (p_by) THEN coalesce(service_code, '') END AS service,
			CASE WHEN 'kind' = ANY (p_by) THEN kind END AS kind, CASE WHEN 'direction' = ANY (p_by) THEN direction END AS direction,
			CASE WHEN 'month' = ANY (p_by) THEN l.month END AS month, stage, status, row_count, byte_count, duration_ms
		FROM (SELECT * FROM dwh_log.share_log UNION ALL SELECT * FROM purged) AS l
		WHERE (occurred_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date BETWEEN p_from AND p_to
	)
	SELECT (agency, service, kind, direction, month, count(*) FILTER (WHERE stage = 'intent'), count(*) FILTER (WHERE status IN ('supplied', 'received')),
		count(*) FILTER (WHERE status = 'refused'), count(*) FILTER (WHERE status IN ('failed', 'broken_off', 'invalid', 'undelivered')),
		count(*) FILTER (WHERE status = 'noticed'), coalesce(sum(row_count) FILTER (WHERE stage = 'outcome'), 0),
		coalesce(sum(byte_count) FILTER (WHERE stage = 'outcome'), 0), coalesce(sum(duration_ms), 0))::text
	FROM line GROUP BY agency, service, kind, direction, month $$;
CREATE FUNCTION pg_temp.answer(p_from date, p_to date, p_by text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT (s.agency, s.service, s.kind, s.direction, s.month, s.connections, s.successes, s.refusals, s.incidents, s.notices, s.row_count, s.byte_count,
		s.connection_ms)::text FROM dwh.share_statistics(p_from, p_to, p_by) AS s;
END
$$;
-- The questions whose answers differ, of some fixed and some random ones. The rows here are of March 2021 and of five months to come, in which
-- nobody else has any; where a question reaches further, by agency, only the agencies of this test are compared.
CREATE FUNCTION pg_temp.wrong() RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	v_month date := date_trunc('month', dwh.today() + interval '6 months');
	q record;
BEGIN
	FOR q IN
		SELECT * FROM (VALUES ('-infinity'::date, 'infinity'::date, '{agency,month}'::text[]), (v_month, (v_month + interval '2 months')::date - 1, '{month}'),
			(v_month, (v_month + interval '2 months')::date, '{agency,service,kind,direction,month}'), (v_month + 1, (v_month + interval '1 month')::date - 1, '{kind}'),
			(v_month + 10, v_month + 10, '{agency}'), ('2021-03-01', '2021-03-31', '{service,month}'), ('2020-12-05', '2021-12-30', '{agency,kind}'), (v_month, v_month, '{}')) AS v (p_from, p_to, p_by)
		UNION ALL
		SELECT d, d + floor(random() * 120)::int, ARRAY(SELECT b FROM unnest(ARRAY['agency', 'service', 'kind', 'direction', 'month']) AS b WHERE random() < 0.4 AND n > 0)
		FROM (SELECT n, v_month - 5 + floor(random() * 150)::int AS d FROM generate_series(1, 10) AS n) AS r
	LOOP
		RETURN QUERY
		WITH answer AS (SELECT a FROM pg_temp.answer(q.p_from, q.p_to, q.p_by) AS a WHERE 'agency' <> ALL (q.p_by) OR a LIKE '(TAP.%'),
			direct AS (SELECT d FROM pg_temp.direct(q.p_from, q.p_to, q.p_by) AS d WHERE 'agency' <> ALL (q.p_by) OR d LIKE '(TAP.%')
		SELECT format('%s to %s by %s: %s', q.p_from, q.p_to, q.p_by, x.line)
		FROM ((TABLE answer EXCEPT ALL TABLE direct) UNION ALL (TABLE direct EXCEPT ALL TABLE answer)) AS x (line);
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.rolled() RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN rolled_to < (SELECT min(share_id) FROM dwh_log.share_log WHERE agency_identifier LIKE 'TAP.%') THEN 'nothing' WHEN rolled_to < (SELECT max(share_id) FROM dwh_log.share_log) THEN 'part' ELSE 'all' END FROM dwh_log.share_rolled $$;
-- Seals until the log is counted up to a row: an autovacuum may be running.
CREATE FUNCTION pg_temp.seal_until(p_share_id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM dwh.audit_seal();
		EXIT WHEN (SELECT rolled_to >= p_share_id FROM dwh_log.share_rolled);
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT date_trunc('month', dwh.today() + interval '6 months')::date AS month \gset
CREATE TABLE dwh_log.share_log_2021_03 PARTITION OF dwh_log.share_log FOR VALUES FROM ('2021-03-01') TO ('2021-04-01');
ALTER TABLE dwh_log.share_log_2021_03 OWNER TO dwh_owner;

\o /dev/null
SELECT pg_temp.add_rows(:'month', 5, 600), pg_temp.add_rows('2021-03-01', 1, 200);
\o
SELECT is(pg_temp.rolled(), 'nothing', 'nothing is counted beforehand');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 2327-081 all from the log');
\o /dev/null
SELECT max(share_id) AS first_rows FROM dwh_log.share_log \gset
SELECT pg_temp.seal_until(:first_rows);
SELECT pg_temp.add_rows(:'month', 5, 300);
\o
SELECT is(pg_temp.rolled(), 'part', 'sealing counted what was settled');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 counts and what came since');
-- Slice by slice, as the worker does.
\o /dev/null
SELECT pg_temp.add_rows(:'month', 5, 300);
ALTER TABLE dwh_log.audit_tree_head DISABLE TRIGGER before_insert;
-- Seen drawn by one head, settled by the next.
INSERT INTO dwh_log.audit_tree_head (tree_size, root_hash, sealed_at, audit_drawn, share_drawn, audit_settled, share_settled)
SELECT h.tree_size, h.root_hash, now(), h.audit_drawn, m.share_id, h.audit_settled, CASE n WHEN 1 THEN h.share_settled ELSE m.share_id END
FROM (SELECT * FROM dwh_log.audit_tree_head ORDER BY head_no DESC LIMIT 1) AS h, (SELECT max(share_id) AS share_id FROM dwh_log.share_log) AS m,
	generate_series(1, 2) AS n ORDER BY n;
ALTER TABLE dwh_log.audit_tree_head ENABLE TRIGGER before_insert;
\o
SELECT is((SELECT is_all FROM dwh_internal.share_roll(97, true)), false, 'a slice leaves more');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 between two slices');
SELECT is((SELECT is_all FROM dwh_internal.share_roll(97, false)), false, 'the next does, too');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 between the next two');
SELECT is((SELECT is_all FROM dwh_internal.share_roll(NULL, false)), true, 'the last does not');
SELECT is(pg_temp.rolled(), 'all', 'all is counted');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 all from the counts');
SELECT is((SELECT is_all FROM dwh_internal.share_roll(NULL, true)), true, 'counting again finds nothing');
-- A rollback takes the counts back with the seal.
\o /dev/null
SAVEPOINT before;
SELECT pg_temp.add_rows(:'month', 5, 100);
SELECT pg_temp.seal_until(max(share_id)) FROM dwh_log.share_log;
ROLLBACK TO before;
SELECT pg_temp.add_rows(:'month', 5, 100);
SELECT pg_temp.seal_until(max(share_id)) FROM dwh_log.share_log;
\o
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 after a rollback');
SELECT is_empty($$(SELECT date_trunc('month', day::timestamp)::date, agency_identifier, service_code, kind, direction, stage, status, sum(entry_count)::bigint, sum(row_count)::bigint,
		sum(byte_count)::bigint, sum(duration_ms)::bigint FROM dwh_log.share_daily GROUP BY 1, 2, 3, 4, 5, 6, 7)
	EXCEPT TABLE dwh_log.share_monthly$$, 'the counts of months are the sums of those of days');
-- A purge.
INSERT INTO purged SELECT * FROM dwh_log.share_log WHERE month = '2021-03-01';
SELECT is(dwh.purge_share_log(), 200::bigint, 'ND47-040 an old month is purged');
SELECT is_empty('SELECT pg_temp.wrong()', 'ND47-040 and still counted');
-- The extension goes with all that hangs on it, the log goes on.
\o /dev/null
DROP EXTENSION dwh_ext CASCADE;
SELECT pg_temp.add_rows(:'month', 5, 200);
CREATE EXTENSION dwh_ext;
SELECT dwh.create_warehouse();
\o
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 after the extension was made anew');
\o /dev/null
SELECT pg_temp.seal_until(max(share_id)) FROM dwh_log.share_log;
\o
SELECT is(pg_temp.rolled(), 'all', 'all is counted again');
SELECT is_empty('SELECT pg_temp.wrong()', '2327-064 and sealed');
SELECT * FROM finish();
ROLLBACK;
