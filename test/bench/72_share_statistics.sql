-- dwh.share_statistics over ten million rows of the log of sharing, 24 months of 64 agencies (to come, as the
-- log has its partitions from the month of its making on), by agency and month. Aim: under 2 s.
-- DWH_BENCH_LOG_ROWS: how many rows are appended (10000000). Sealing counts what it finds settled, calls add what came since.
SET client_min_messages = error;
\set rows 10000000
\getenv rows DWH_BENCH_LOG_ROWS
CREATE EXTENSION IF NOT EXISTS dwh_ext;
\o /dev/null
SELECT dwh.create_warehouse();
\o
\timing on
\echo '-- appending the rows'
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at, supply_form,
	request_content, agency_id,
	agency_identifier, service_code, agreement_id, agreement_version, session_user_name,
	outer_user_name, gateway, status, row_count, byte_count,
	content_digest, duration_ms)
SELECT date_trunc('month', t.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 1000000000 + t.n / 3, (ARRAY['asked', 'intent', 'outcome'])[1 + t.n % 3], t.at, 'out', 'share',
	t.at, 'online', t.at, 'online', '{}', 9001 + t.n / 3 % 64, 'G01.' || 1 + t.n / 3 % 64, 'service_' || t.n / 3 % 10, 9001 + t.n / 3 % 64, 1, 'bench', 'bench', 'x',
	(ARRAY['asked', 'intent', 'supplied'])[1 + t.n % 3], 100, 12345, repeat('0123456789abcdef', 4), 20
FROM (SELECT n, date_trunc('month', now()) + interval '1 month' + interval '730 days' * (n / :rows::float8) AS at FROM generate_series(1, :rows) AS n) AS t;
\echo '-- sealing them; what one sealing has seen drawn, the next finds settled and counts'
SELECT dwh.audit_seal() AS sealed;
INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, agency_identifier, session_user_name,
	outer_user_name, gateway, request_content, status)
SELECT date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 1, 'notice', now(), 'out', 'connect', now(), 'online', '-', 'bench', 'bench', 'x', '{}', 'noticed';
SELECT dwh.audit_seal() AS sealed;
\echo '-- first call'
SELECT count(*) AS lines, sum(connections) AS connections FROM dwh.share_statistics(dwh.today(), dwh.today() + 800, '{agency,month}');
\echo '-- later calls'
SELECT count(*) AS lines, sum(connections) AS connections FROM dwh.share_statistics(dwh.today(), dwh.today() + 800, '{agency,month}');
SELECT count(*) AS lines, sum(connections) AS connections FROM dwh.share_statistics(dwh.today(), dwh.today() + 800, '{agency,month}');
SELECT count(*) AS lines, sum(connections) AS connections FROM dwh.share_statistics(dwh.today(), dwh.today() + 800, '{agency,month}');
