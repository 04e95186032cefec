-- Open data straight from indicators: a view over the values that are kept is the source of a dataset, as the README has it.
-- 2327-005 2327-061 ND47-012
BEGIN;
SELECT plan(9);
\set world_seed 0.64
\o /dev/null
\ir include/random_world.psql
UPDATE dwh_catalog.indicator SET is_kept = code IN ('A01', 'B04'), kept_periods = '{month}', kept_levels = '{country,province}';
SELECT dwh.refresh();
\o
CREATE ROLE tap_figures_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_figures_reader LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES (990871, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_figures_officer', p_call)$$;

-- The view of the README.
\set readme `cat README.md`
SELECT (regexp_match(:'readme', E'\n(    CREATE VIEW dwh_star\\.open_collection AS\n.*?;)\n'))[1] AS view_of_the_readme \gset
SELECT matches(:'view_of_the_readme'::text, 'indicator_value', 'the README has a view over kept values');
:view_of_the_readme
ALTER VIEW dwh_star.open_collection OWNER TO dwh_owner;
SELECT pg_temp.officer($$dwh.register_agency('unit', 'G24.71', 'BHXH Việt Nam', 'Vietnam Social Security', 1)$$) AS host, pg_temp.officer($$dwh.register_official('G24.71', 'Lê B', 'Phó', 'CNTT', '024',
	'b@example.invalid')$$) AS official, pg_temp.officer($$dwh.register_database('TAP_FIGURES', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "persons", "mark": "open"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}')$$) AS database \gset
UPDATE dwh_catalog.share_host SET agency_id = :host, open_data_uri = 'https://data.example.invalid/open/';
SELECT pg_temp.officer($$dwh.create_service('open_collection', 'open', 'TAP_FIGURES', 'dwh_star.open_collection', '{"name_vi": "Thu theo tỉnh", "description": "x", "technical_document": "TL", "guide": "HD",
	"use_term": "immediate", "key_columns": ["month", "province"], "columns": [{"name": "month"}, {"name": "province"}, {"name": "persons"}, {"name": "amount"}], "responsible": {"collecting": "a", "managing": "b",
	"connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10"}')$$) AS service \gset
SELECT matches(:'service'::text, '^\d+$', 'a service over it');
SELECT matches(pg_temp.officer($$dwh.describe_open_data('open_collection', '{"title_vi": "Thu theo tỉnh", "title_en": "Collection by province", "description_vi": "x", "description_en": "x", "citation": "BHXH Việt Nam",
	"licence": "https://creativecommons.org/licenses/by/4.0/", "licence_title": "CC BY 4.0", "periodicity": "MONTHLY", "coverage": "cả nước", "period_column": "month", "count_column": "persons", "threshold": 5,
	"dimensions": [{"name": "place", "levels": ["province"]}], "measures": [{"name": "persons"}, {"name": "amount"}]}')$$), '^\d+$', 'described');
SELECT matches(pg_temp.officer($$dwh.publish_service('open_collection')$$), '^2020', 'its service is public');
SELECT is(pg_temp.officer($$dwh.publish_open_data('open_collection', 990871, 'QĐ 9', dwh.today(), p_is_unverified_accepted => true)$$), '1', 'published');
CREATE TEMPORARY TABLE file AS SELECT l::json AS body FROM pg_temp.call_as('tap_figures_reader', $$string_agg(l, '') FROM (SELECT dwh.open_data('open_collection', 'json') AS l) AS f$$) AS l;
CREATE TEMPORARY TABLE line AS SELECT r ->> 'month' AS month, r ->> 'province' AS province, (r ->> 'persons')::numeric AS persons, (r ->> 'amount')::numeric AS amount, r ->> 'status' AS status
FROM file, json_array_elements(body -> 'rows') AS r;
SELECT is_empty($$SELECT l.month, l.province, l.persons, l.amount FROM line AS l WHERE status = 'ok' AND province <> '_T'
	EXCEPT SELECT v.period_start::text, u.name_vi, v.value, b.value FROM dwh_star.indicator_value AS v JOIN dwh_catalog.indicator AS i USING (indicator_id) JOIN dwh_star.dim_unit AS u USING (unit_id)
		JOIN dwh_star.indicator_value AS b ON b.period_start = v.period_start AND b.unit_id = v.unit_id AND b.unit_level = v.unit_level AND b.period_type = v.period_type AND b.is_split = v.is_split
		JOIN dwh_catalog.indicator AS c ON c.indicator_id = b.indicator_id
	WHERE i.code = 'A01' AND c.code = 'B04' AND v.unit_level = 'province' AND v.period_type = 'month'$$, 'ND47-012 figures are those of the indicators');
SELECT cmp_ok((SELECT count(*) FROM line WHERE status = 'ok'), '>', 30::bigint, 'many of them');
SELECT is_empty($$SELECT * FROM line WHERE status = 'ok' AND persons > 0 AND persons < 5$$, 'ND47-012 none is of fewer people than five');
SELECT is_empty($$SELECT l.month FROM line AS l WHERE province = '_T' AND status = 'ok' AND l.amount <> (SELECT sum(amount) FROM dwh_star.open_collection AS o WHERE o.month = l.month::date)$$,
	'totals are the sums of what is published');
SELECT * FROM finish();
ROLLBACK;
