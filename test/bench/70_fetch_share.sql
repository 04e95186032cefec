-- dwh.fetch_share of a million rows against COPY of the same columns, all through \copy of this psql to /dev/null; five rounds,
-- by turns.
-- Aims: CSV at least 60 % of the speed of COPY, NDJSON 35 %.
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dwh_ext;
\o /dev/null
SELECT dwh.create_warehouse();
\o
SELECT NOT EXISTS (SELECT FROM dwh_catalog.share_service WHERE code = 'bench_rows') AS is_new \gset
\if :is_new
CREATE ROLE bench_officer IN ROLE dwh_share_officer;
CREATE ROLE bench_partner LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document)
VALUES (990070, 'x', 1, 'it_centre_director', '2020-01-01', 'x');
CREATE TABLE dwh_star.bench_rows (n int PRIMARY KEY, month date, unit_id int, category text, amount bigint, rate numeric);
INSERT INTO dwh_star.bench_rows SELECT n, date '2021-01-01' + (n % 60) * 30, 100 + n % 63, 'loại ' || n % 7, n * 1000::bigint, n / 100.0
FROM generate_series(1, 1000000) AS n;
ALTER TABLE dwh_star.bench_rows OWNER TO dwh_owner;
VACUUM ANALYZE dwh_star.bench_rows;
SET ROLE bench_officer;
SELECT dwh.register_agency('unit', 'G24.70', 'x', NULL, 1) AS host, dwh.register_agency('agency', 'G09.70', 'x') AS agency \gset
SELECT dwh.register_official('G24.70', 'x', 'x', 'x', '0', 'x@example.invalid'),
	dwh.register_application('G09.70', 'G09.70.APP', 'x', 3, 'x', '2024-01-01'),
	dwh.register_database('BENCH', 1, '{"system_vi": "x", "name_vi": "x", "purpose": "x", "scope": "x", "content": "x", "mechanism": "x",
		"source": "x", "items": [{"name": "n", "mark": "default"}], "decision_no": "x", "decision_on": "2020-01-01", "regulation": "x"}') \gset x_
SELECT dwh.create_service('bench_rows', 'default', 'BENCH', 'dwh_star.bench_rows', '{"name_vi": "x", "description": "x", "default_kind": "common",
	"columns": [{"name": "n"}, {"name": "month"}, {"name": "unit_id"}, {"name": "category"}, {"name": "amount"}, {"name": "rate"}],
	"key_columns": ["n"], "technical_document": "x", "guide": "x", "use_term": "immediate", "standardised_on": "2020-07-08",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"},
	"listed_on": "2020-07-09", "built_on": "2020-07-10"}') AS service \gset
RESET ROLE;
UPDATE dwh_catalog.share_host SET agency_id = :host;
SET ROLE bench_officer;
SELECT dwh.publish_service('bench_rows') AS due,
	dwh.request_share('G09.70', 'bench_rows', 'x', ARRAY['n', 'month', 'unit_id', 'category', 'amount', 'rate'], 6, 'daily', 'G09.70.APP') AS request \gset
SELECT dwh.answer_request(:request, true, 990070, 'x', p_holder => 'x', p_login_role => 'bench_partner') AS agreement \gset
RESET ROLE;
\endif
CREATE TEMP TABLE took (what text, round int, ms numeric);
GRANT INSERT ON took TO bench_partner;
-- the first round warms up
\set round 0
\ir include/fetch_round.psql
\set round 1
\ir include/fetch_round.psql
\set round 2
\ir include/fetch_round.psql
\set round 3
\ir include/fetch_round.psql
\set round 4
\ir include/fetch_round.psql
\set round 5
\ir include/fetch_round.psql
SELECT what, round, round(ms) AS ms FROM took WHERE round > 0 ORDER BY what, round;
\echo '-- medians, and their speed beside that of COPY'
SELECT what, round(m) AS ms, round(100 * first_value(m) OVER (ORDER BY what COLLATE "C") / m) AS percent
FROM (SELECT what, (percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric AS m FROM took WHERE round > 0 GROUP BY what) AS s ORDER BY what COLLATE "C";
