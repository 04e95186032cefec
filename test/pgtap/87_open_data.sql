-- Open data: who may publish what on which basis, what is left out, files, versions, withdrawal.
-- 2327-005 2327-044 2327-061 2327-062 2327-067 2327-076 2327-080 ND47-011 ND47-012 ND47-013
SET client_min_messages = error;
SELECT plan(90);
CREATE ROLE tap_open_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_open_partner LOGIN IN ROLE dwh_partner;
CREATE ROLE tap_open_auditor LOGIN IN ROLE dwh_auditor;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990087, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
-- Two regions with provinces, two sexes: people and what they got; and employers with what they paid.
CREATE TABLE dwh_star.tap_open (month date, region text, province text, sex text, persons int, amount numeric, person_id int);
INSERT INTO dwh_star.tap_open
SELECT m::date, r, p, s, CASE WHEN p = 'B1' AND s = 'F' THEN 3 ELSE 20 + 3 * length(p || s) + ascii(right(p, 1)) - 48 END, 100.5, 1
FROM generate_series(date '2026-01-01', '2026-02-01', '1 month') AS m,
	(VALUES ('Vùng A', 'A1'), ('Vùng A', 'A, "2"'), ('Vùng B', 'B1'), ('Vùng B', 'B2'), ('Vùng B', 'B3')) AS u (r, p), (VALUES ('F'), ('M')) AS x (s);
CREATE TABLE dwh_star.tap_open_paid (month date, province text, branch text, employer_id int, paid bigint);
INSERT INTO dwh_star.tap_open_paid SELECT '2026-01-01', p, b, 100 * ascii(right(p, 1)) + n, CASE WHEN p = 'P1' AND b = 'x' AND n = 1 THEN 100000 ELSE 1000 + n END
FROM unnest(ARRAY['P1', 'P2', 'P3']) AS p, unnest(ARRAY['x', 'y', 'z']) AS b, generate_series(1, 12) AS n;
ALTER TABLE dwh_star.tap_open OWNER TO dwh_owner;
ALTER TABLE dwh_star.tap_open_paid OWNER TO dwh_owner;
\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_open_officer', p_call)$$;
SET ROLE tap_open_officer;
SELECT dwh.register_agency('unit', 'G24.87', 'BHXH Việt Nam', 'Vietnam Social Security', 1) AS host \gset
SELECT dwh.register_official('G24.87', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid') AS official \gset
SELECT dwh.register_database('TAP_OPEN', 1, '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s", "content": "c", "mechanism": "m", "source": "s",
	"items": [{"name": "persons", "mark": "open"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}') AS database \gset
RESET ROLE;
CREATE TEMPORARY TABLE t AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "technical_document": "TL", "guide": "HD", "use_term": "immediate", "key_columns": ["province"],
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09",
	"built_on": "2020-07-10"}' AS service,
	jsonb '{"title_vi": "Người tham gia", "title_en": "Participants", "description_vi": "Số người", "description_en": "Number of people", "citation": "BHXH Việt Nam, Người tham gia",
	"licence": "https://creativecommons.org/licenses/by/4.0/", "licence_title": "CC BY 4.0", "periodicity": "MONTHLY", "coverage": "cả nước", "period_column": "month",
	"keywords_vi": ["bảo hiểm"], "keywords_en": ["insurance"], "count_column": "persons", "threshold": 5,
	"dimensions": [{"name": "place", "levels": ["region", "province"]}, {"name": "sex", "levels": ["sex"]}],
	"measures": [{"name": "persons", "title_vi": "Số người", "title_en": "Persons"}, {"name": "amount"}]}' AS dataset;
GRANT SELECT ON t TO PUBLIC;
SELECT pg_temp.officer(format($$dwh.create_service('tap_open', 'open', 'TAP_OPEN', 'dwh_star.tap_open', %L)$$, service || '{"columns": [{"name": "province"}]}')) AS s1,
	pg_temp.officer(format($$dwh.create_service('tap_open_paid', 'open', 'TAP_OPEN', 'dwh_star.tap_open_paid', %L)$$, service || '{"columns": [{"name": "province"}]}')) AS s2,
	pg_temp.officer(format($$dwh.create_service('tap_open_special', 'special', 'TAP_OPEN', 'dwh_star.tap_open', %L)$$, service || '{"columns": [{"name": "province"}]}')) AS s3
FROM t \gset
CREATE FUNCTION pg_temp.describe(p_changes jsonb, p_code text DEFAULT 'tap_open') RETURNS text LANGUAGE sql AS $$
	SELECT left(pg_temp.officer(format('dwh.describe_open_data(%L, %L)', p_code, dataset || p_changes)), 5) FROM t$$;
CREATE FUNCTION pg_temp.publish(p_more text DEFAULT ', p_is_unverified_accepted => true', p_code text DEFAULT 'tap_open') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.officer(format('dwh.publish_open_data(%L, 990087, ''QĐ 9'', dwh.today()%s)', p_code, p_more))$$;

-- The list.
SELECT is(left(pg_temp.call_as('tap_open_partner', $$dwh.describe_open_data('tap_open', '{}')$$), 5), '42501', 'only officers keep the list');
SELECT is(pg_temp.describe('{}', 'tap_open_special'), '22023', 'of services of kind open');
SELECT is(pg_temp.describe('{"colour": 1}'), '22023', 'there is no such field');
SELECT is(pg_temp.describe('{"citation": " "}'), '22023', 'ND47-011 no citation');
SELECT is(pg_temp.describe('{"licence": "free"}'), '22023', 'ND47-011 no address of a licence');
SELECT is(pg_temp.describe('{"coverage": null}'), '22023', '2327-061 no coverage');
SELECT is(pg_temp.describe('{"periodicity": "SOMETIMES"}'), '22023', '2327-061 no period of updates');
SELECT is(pg_temp.describe('{"measures": [{"name": "person_id"}]}'), '22023', 'ND47-011 an identifying column');
SELECT ok(bool_and(dwh_internal.open_data_names_person(c)), 'ND47-011 columns of persons, in Vietnamese too') FROM unnest('{ho_ten,so_cccd,full_name,ngay_sinh,so_bhxh,birth_date}'::text[]) AS c;
SELECT ok(NOT bool_or(dwh_internal.open_data_names_person(c)), 'and columns of groups') FROM unnest('{province,region,sex,scheme,category_name,age_group,bhxh_total,phuong_thuc}'::text[]) AS c;
SELECT is(pg_temp.describe('{"measures": [{"name": "province"}]}'), '22023', 'figures are numbers');
SELECT is(pg_temp.describe('{"measures": [{"name": "nothing"}]}'), '42703', 'of the source');
SELECT is(pg_temp.describe('{"dimensions": []}'), '22023', 'dimensions are there');
SELECT is(pg_temp.describe('{"tables": [["colour"]]}'), '22023', 'tables are made of dimensions');
SELECT is(pg_temp.describe('{"threshold": 2}'), '22023', 'a threshold of two hides nobody');
SELECT is(pg_temp.describe('{"count_column": null}'), '22023', 'somebody stands behind a figure');
SELECT is(pg_temp.describe('{"p_percent": 10}'), '22023', 'dominance asks for contributors');
SELECT is(left(pg_temp.publish(), 5), '42704', '2327-005 what is not in the list is not published');
SELECT is(pg_temp.describe('{}'), left(:'s1', 5), 'a dataset is described');

-- Publishing.
SELECT is(left(pg_temp.publish(), 5), '55000', 'not before its service');
UPDATE dwh_catalog.share_host SET agency_id = :host;
SELECT pg_temp.officer($$dwh.publish_service('tap_open')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_open_paid')$$) AS p2 \gset
SELECT is(left(pg_temp.publish(), 5), '55000', 'not without an address');
UPDATE dwh_catalog.share_host SET open_data_uri = 'https://data.example.invalid/open/';
SELECT matches(pg_temp.publish(', p_basis => ''ND47'''), '^55000 legal basis "ND47" .* not in force', '2327-062 Decree 47 Arts. 17-21 have ended');
SELECT matches(pg_temp.publish(''), '^55000 legal basis "ND194" .* not verified', '2327-062 its successor was not verified');
SELECT is(left(pg_temp.publish(', p_basis => ''ND1'''), 5), '42704', '2327-062 there is no such basis');
SELECT is(left(pg_temp.officer($$dwh.publish_open_data('tap_open', 1, 'QĐ 9', dwh.today(), NULL, true)$$), 5), '22023', 'an office holder decides');
SELECT is(left(pg_temp.officer($$dwh.publish_open_data('tap_open', 990087, ' ', dwh.today(), NULL, true)$$), 5), '22023', 'by a document');
SELECT is(left(pg_temp.officer($$dwh.publish_open_data('tap_open', 990087, 'QĐ 9', dwh.today() + 1, NULL, true)$$), 5), '22023', 'of today at the latest');
SELECT pg_temp.officer($$dwh.set_fee('tap_open', 'enterprise', 1000, 'TT 1')$$) AS fee \gset
SELECT is(left(pg_temp.publish(), 5), '55000', 'ND47-011 open data has no fee');
DELETE FROM dwh_catalog.share_fee WHERE fee_id = :fee;
SELECT throws_ok($$SELECT dwh.get_open_data_version('tap_open')$$, '42704', NULL, '2327-005 what is not published is absent');
UPDATE dwh_star.tap_open SET province = NULL WHERE province = 'A1' AND sex = 'F';
SELECT is(left(pg_temp.publish(), 5), '22023', 'a row without a province is no part of a table of sums');
UPDATE dwh_star.tap_open SET province = 'A1' WHERE province IS NULL;
SELECT is(pg_temp.publish(), '1', '2327-062 ND47-011 published, the unverified basis accepted');
SELECT is((SELECT decision FROM dwh_log.audit_event WHERE action = 'publish_open_data' ORDER BY event_id DESC LIMIT 1), 'done', 'an event says so');

-- The files.
CREATE FUNCTION pg_temp.file_as(p_role text, p_format text, p_version text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.call_as(p_role, format('string_agg(l || chr(10), '''') FROM (SELECT dwh.open_data(''tap_open'', %L, %s) AS l) AS f', p_format, p_version))$$;
SELECT is((regexp_split_to_array(pg_temp.file_as('tap_open_partner', 'csv'), E'\n'))[1:2],
	ARRAY['month,region,province,sex,persons,amount,status', '2026-01-01,_T,_T,_T,273,1005,ok'], '2327-005 2327-076 an account without agreement reads it');
SELECT matches(pg_temp.file_as('tap_open_partner', 'csv'), E'\n2026-01-01,Vùng A,"A, ""2""",F,', 'quoted as CSV is');
SELECT matches(pg_temp.file_as('tap_open_partner', 'csv'), E'\n2026-01-01,Vùng B,B1,F,,,suppressed\n', 'ND47-012 the figure of three people is empty');
SELECT is(pg_temp.file_as('tap_open_partner', 'csv') ~ E'\n[^\n]*,0,[^\n]*suppressed', false, 'and never 0');
SELECT is((pg_temp.file_as('tap_open_partner', 'json')::json) ->> 'citation', 'BHXH Việt Nam, Người tham gia', '2327-067 the file cites its source');
SELECT is((pg_temp.file_as('tap_open_partner', 'json')::json) ->> 'licence', 'https://creativecommons.org/licenses/by/4.0/', '2327-067 and its licence');
SELECT is((SELECT string_agg(r ->> 'persons', ' ' ORDER BY r ->> 'persons') FROM json_array_elements(pg_temp.file_as('tap_open_partner', 'json')::json -> 'rows') AS r
	WHERE r ->> 'month' = '2026-02-01' AND r ->> 'region' = '_T' AND r ->> 'sex' = '_T'), '273', 'the same figures as JSON');
SELECT is((SELECT csv_digest || ' ' || csv_bytes FROM dwh.open_data_versions WHERE dataset = 'tap_open'), (SELECT encode(sha256(convert_to(f, 'UTF8')), 'hex') || ' '
	|| octet_length(f) FROM pg_temp.file_as('tap_open_partner', 'csv') AS f), 'its checksum is that of the lines');
SELECT is(left(pg_temp.file_as('tap_open_partner', 'xlsx'), 5), '22023', 'ND47-011 open formats only');
SELECT is((SELECT string_agg(rule || ' ' || coordinates, ', ') FROM dwh.open_data_suppressions WHERE dataset = 'tap_open' AND period = '2026-01-01' AND state = 'primary'),
	'threshold [["Vùng B", "B1"], ["F"]]', 'ND47-012 what was left out, and why, is recorded');
SELECT is((SELECT count(*) FROM dwh.open_data_suppressions WHERE dataset = 'tap_open' AND period = '2026-01-01' AND state = 'complementary'), 3::bigint,
	'ND47-012 with three cells that protect it');
SELECT is(pg_temp.call_as('tap_open_auditor', $$count(*) > 0 FROM dwh.open_data_suppressions$$) || left(pg_temp.call_as('tap_open_auditor', $$count(*) FROM dwh_catalog.open_data_cell$$), 5)
	|| left(pg_temp.call_as('tap_open_officer', $$count(*) FROM dwh_catalog.open_data_cell$$), 5) || left(pg_temp.call_as('tap_open_partner', $$count(*) FROM dwh.open_data_suppressions$$), 5),
	'true425014250142501', 'reviewers see which cells, nobody sees the figures');

-- The catalogue.
CREATE TEMPORARY TABLE catalogue AS SELECT pg_temp.call_as('tap_open_partner', 'dwh.open_data_catalogue()')::jsonb AS c;
SELECT is((SELECT c ->> '@type' FROM catalogue) || (SELECT string_agg(d ->> '@id', ' ') FROM catalogue, jsonb_array_elements(c -> 'dcat:dataset') AS d),
	'dcat:Cataloghttps://data.example.invalid/open/tap_open', '2327-005 2327-044 DCAT: a catalogue with the dataset, once');
SELECT is_empty($$SELECT k FROM catalogue, unnest(ARRAY['@context', 'dct:title', 'dct:description', 'dct:publisher', 'dcat:dataset', 'foaf:homepage']) AS k WHERE NOT c ? k
	UNION ALL SELECT k FROM catalogue, unnest(ARRAY['dct:title', 'dct:description', 'dct:publisher', 'dcat:contactPoint', 'dcat:theme', 'dcat:keyword', 'dct:temporal', 'dct:spatial',
		'dct:accrualPeriodicity', 'dct:accessRights', 'dcat:version', 'dcat:distribution', 'dct:provenance']) AS k WHERE NOT c -> 'dcat:dataset' -> 0 ? k
	UNION ALL SELECT k FROM catalogue, jsonb_array_elements(c #> '{dcat:dataset,0,dcat:distribution}') AS d, unnest(ARRAY['dcat:accessURL', 'dcat:downloadURL', 'dct:format', 'dcat:mediaType',
		'dct:license', 'dcat:byteSize', 'spdx:checksum']) AS k WHERE NOT d ? k$$, '2327-044 what DCAT-AP asks for, and recommends, is there: publisher, licence, format ...');
SELECT is((SELECT c #>> '{dcat:dataset,0,dct:accrualPeriodicity,@id}' FROM catalogue), 'http://publications.europa.eu/resource/authority/frequency/MONTHLY', '2327-061 periodicity');
SELECT is((SELECT c #>> '{dcat:dataset,0,dct:temporal,dcat:startDate,@value}' || ' ' || (c #>> '{dcat:dataset,0,dct:temporal,dcat:endDate,@value}') FROM catalogue), '2026-01-01 2026-02-28', 'to the end of the last month');
SELECT is((SELECT string_agg(d #>> '{spdx:checksum,spdx:checksumValue,@value}', ' ' ORDER BY n) FROM catalogue, jsonb_array_elements(c #> '{dcat:dataset,0,dcat:distribution}') WITH ORDINALITY AS t (d, n)),
	(SELECT csv_digest || ' ' || json_digest FROM dwh.open_data_versions WHERE dataset = 'tap_open'), 'checksums are those of the files');

-- Versions.
SELECT matches(pg_temp.publish(), '^55000 nothing has changed', 'nothing new, no version');
CREATE TEMPORARY TABLE before AS SELECT period, coordinates FROM dwh.open_data_suppressions WHERE dataset = 'tap_open';
UPDATE dwh_star.tap_open SET persons = persons + 1 WHERE month = '2026-02-01' AND province = 'A1' AND sex = 'M';
SELECT is(pg_temp.publish(', p_is_unverified_accepted => true, p_note => ''A1 đính chính'''), '2', 'figures that were revised are the next version');
SELECT is_empty($$TABLE before EXCEPT SELECT period, coordinates FROM dwh.open_data_suppressions WHERE dataset = 'tap_open' AND version = 2$$,
	'ND47-012 what did not change stays out');
SELECT is(pg_temp.describe('{"dimensions": [{"name": "place", "levels": ["region"]}]}'), '55000', 'ND47-012 another shape is another dataset');
SELECT throws_ok($$UPDATE dwh_catalog.open_data_version SET document_no = 'x' WHERE version = 1$$, '42501', NULL, '2327-080 an issued version does not change');
SELECT is(pg_temp.officer($$dwh.withdraw_open_data('tap_open', 'sai số', 990087, 'QĐ 10', 2)$$), '1', 'a version is withdrawn');
SELECT is(left(pg_temp.file_as('tap_open_partner', 'csv', '2'), 5) || (SELECT version FROM dwh.open_data_versions WHERE dataset = 'tap_open' AND is_newest), '427041', '2327-045 and is read no more');

-- What is not brought up to date: version 0, of January 2025, until version 1.
INSERT INTO dwh_catalog.open_data_version (service_id, version, published_at, decided_by, document_no, document_on, basis_id, is_unverified_accepted, description, cell_count,
	suppressed_count, csv_digest, csv_bytes, json_digest, json_bytes, withdrawn_at, withdrawal_reason, withdrawal_decided_by, withdrawal_document_no)
SELECT service_id, 0, '2025-01-15 12:00+07', decided_by, document_no, document_on, 1, false, description, 0, 0, '', 0, '', 0, '2026-01-01', 'x', decided_by, 'x'
FROM dwh_catalog.open_data_version WHERE service_id = :s1 AND version = 1;
CREATE FUNCTION pg_temp.late(p_on date) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(article || ' ' || due_on, ', ' ORDER BY due_on) FROM dwh_catalog.due_item WHERE kind = 'open_data_update' AND object = 'tap_open' AND due_on < p_on
		AND begun_on <= p_on AND coalesce(done_on > p_on, true) AND coalesce(rule_valid_to >= p_on, true)$$;
SELECT is(pg_temp.late('2025-02-15'), NULL, '2327-061 not on the day that it is due');
SELECT is(pg_temp.late('2025-02-16'), '2327 Art 14(1) 2025-02-15', '2327-061 the day after');
SELECT is(pg_temp.late('2025-08-18'), '2327 Art 14(1) 2025-02-15, ND47 Art 20(3) 2025-04-15', 'ND47-013 three months by Decree 47');
SELECT is(pg_temp.late('2025-08-19'), '2327 Art 14(1) 2025-02-15', 'ND47-013 which have ended');

-- One employer dominates; cells that he would follow from are left out, too.
SELECT is(pg_temp.describe('{"count_column": null, "contributor_column": "employer_id", "p_percent": 10, "dominance_n": 1, "dominance_k": 75, "measures": [{"name": "paid"}],
	"dimensions": [{"name": "province", "levels": ["province"]}, {"name": "branch", "levels": ["branch"]}]}', 'tap_open_paid'), left(:'s2', 5), 'a dataset of payments');
SELECT is(pg_temp.publish(p_code => 'tap_open_paid'), '1', 'published');
SELECT is((SELECT string_agg(concat_ws(' ', state, rule, coordinates), ', ' ORDER BY state DESC, coordinates) FROM dwh.open_data_suppressions WHERE dataset = 'tap_open_paid'
	AND state = 'primary' AND coordinates = '[["P1"], ["x"]]'), 'primary dominance [["P1"], ["x"]]', 'ND47-012 rule (1, 75)');

-- Nobody stands behind a 0: ten employers of whom one pays are one.
CREATE TABLE dwh_star.tap_open_zero (employer_id int, province text, paid numeric, owed numeric);
INSERT INTO dwh_star.tap_open_zero SELECT n, 'A', CASE n WHEN 1 THEN 123456 ELSE 0 END, n FROM generate_series(1, 10) AS n UNION ALL SELECT n, 'B', n, 0 FROM generate_series(11, 20) AS n
	UNION ALL SELECT n, 'C', 0, 0 FROM generate_series(21, 30) AS n;
CREATE FUNCTION pg_temp.contributors() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_numbers text;
BEGIN
	EXECUTE format('SELECT string_agg(contributors::text, '' '' ORDER BY coordinates) FROM (%s) AS c', dwh_internal.open_data_statement('{"contributor_column": "employer_id",
		"measures": [{"name": "paid"}, {"name": "owed"}], "dimensions": [{"name": "place", "levels": ["province"]}]}', 'dwh_star.tap_open_zero')) INTO v_numbers;
	RETURN v_numbers;
END
$$;
SELECT is(pg_temp.contributors(), '10 1 10 10', 'ND47-012 contributors to the figure that fewest add to: the country, A, B, and C where all is 0');

-- What earlier versions left out does not follow from later ones: two provinces revised one after another, one measure revised alone.
CREATE TABLE dwh_star.tap_open_later (month date, province text, born date, persons int, amount numeric);
ALTER TABLE dwh_star.tap_open_later OWNER TO dwh_owner;
INSERT INTO dwh_star.tap_open_later VALUES ('2026-01-01', 'A', '2001-02-03', 3, 300), ('2026-01-01', 'B', '2001-03-04', 20, 2000), ('2026-01-01', 'C', '2002-05-06', 40, 4000),
	('2026-01-01', 'D', '2003-05-06', 50, 5000), ('2026-02-01', 'A', '2001-02-03', 30, 300);
CREATE FUNCTION pg_temp.dataset(p_code text, p_more jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', pg_temp.officer(format('dwh.create_service(%L, ''open'', ''TAP_OPEN'', ''dwh_star.tap_open_later'', %L)', p_code, service || '{"columns": [{"name": "province"}]}')),
		pg_temp.officer(format('dwh.publish_service(%L)', p_code)), pg_temp.describe('{"dimensions": [{"name": "place", "levels": ["province"]}], "measures": [{"name": "persons"}]}' || p_more, p_code))
	FROM t$$;
SELECT pg_temp.dataset('tap_open_up', '{}'), pg_temp.dataset('tap_open_two', '{"measures": [{"name": "persons"}, {"name": "amount"}]}'),
	pg_temp.dataset('tap_open_born', '{"dimensions": [{"name": "born", "levels": ["born"]}]}') \gset ignored_
-- What a file leaves out in January.
CREATE FUNCTION pg_temp.left_out(p_code text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(split_part(l, ',', 2), ' ') FROM dwh.open_data(p_code) AS l WHERE l LIKE '2026-01-01,%suppressed'$$;
CREATE FUNCTION pg_temp.file_of(p_code text) RETURNS text LANGUAGE sql AS $$SELECT string_agg(l, E'\n') FROM dwh.open_data(p_code) AS l$$;
SELECT is(pg_temp.publish(p_code => c), '1', 'a dataset is published: ' || c) FROM unnest(ARRAY['tap_open_up', 'tap_open_two', 'tap_open_born']) AS c;
SELECT is(pg_temp.left_out('tap_open_up'), 'A B', 'ND47-012 three people, and a province that protects them');
-- A label that moves under another one, as a district of a merged province does.
ALTER TABLE dwh_star.tap_open_later ADD COLUMN region text NOT NULL DEFAULT 'N';
SELECT pg_temp.dataset('tap_open_moved', '{"dimensions": [{"name": "place", "levels": ["region", "province"]}]}') \gset ignored_
SELECT is(pg_temp.publish(p_code => 'tap_open_moved'), '1', 'provinces under a region');
UPDATE dwh_star.tap_open_later SET region = 'M';
SELECT matches(pg_temp.publish(p_code => 'tap_open_moved'), '^55000 \["M", "A"\] was \["N", "A"\] in an earlier version', 'ND47-012 what was left out under the old region does not follow from the new one');
UPDATE dwh_star.tap_open_later SET region = 'N';
UPDATE dwh_star.tap_open_later SET amount = 10 WHERE province = 'B';
SELECT is(pg_temp.publish(p_code => 'tap_open_two'), '2', 'amounts of B were revised, its people were not');
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.left_out('tap_open_two'), '\m[AB]\M', 'g')), 2::bigint, 'ND47-012 a revision of amounts does not release the people');
UPDATE dwh_star.tap_open_later SET persons = 12 WHERE province = 'A' AND month = '2026-01-01';
SELECT is(pg_temp.publish(p_code => 'tap_open_up'), '2', 'A was revised upwards: nobody is sensitive any more');
SELECT is(pg_temp.left_out('tap_open_up'), 'A B', 'ND47-012 yet the three people of version 1 do not follow from B');
UPDATE dwh_star.tap_open_later SET persons = 31 WHERE month = '2026-02-01';
SELECT is(pg_temp.publish(p_code => 'tap_open_up') || pg_temp.left_out('tap_open_up'), '3A B', 'ND47-012 nor where another month was revised');
SELECT is((SELECT string_agg(concat_ws(' ', coordinates, state, rule), ', ' ORDER BY coordinates) FROM dwh.open_data_suppressions WHERE dataset = 'tap_open_up' AND version = 3),
	'[["A"]] complementary earlier, [["B"]] complementary earlier', 'and the reviewer is told why');
SET datestyle = 'SQL, DMY';
SELECT is(pg_temp.publish(p_code => 'tap_open_born'), '2', 'published by an officer with another DateStyle');
RESET datestyle;
SELECT is(pg_temp.left_out('tap_open_born'), '2001-02-03 2001-03-04', 'ND47-012 labels are the same, and so is what is left out');

-- What no table of sums is made of.
CREATE FUNCTION pg_temp.with_value(p_change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_result text;
BEGIN
	EXECUTE 'UPDATE dwh_star.tap_open_later SET ' || p_change || ' WHERE province = ''B''';
	v_result := pg_temp.publish(p_code => 'tap_open_two');
	RAISE EXCEPTION USING MESSAGE = v_result, ERRCODE = 'TT001';
EXCEPTION
	WHEN SQLSTATE 'TT001' THEN
		RETURN SQLERRM;
END
$$;
SELECT matches(pg_temp.with_value($$province = '079 200 012345'$$), '^22023 labels of column province look like', 'ND47-011 no label is somebody''s number');
SELECT matches(pg_temp.with_value(v), '^22023 1 rows of the source', 'ND47-012 refused: ' || v) FROM unnest(ARRAY['province = ''_T''', 'month = ''infinity''', 'amount = ''Infinity''']) AS v;
SELECT matches(pg_temp.with_value('amount = 1e18'), '^54000 the figures of amount are too big', 'figures that are too big are called that');
SELECT matches(pg_temp.with_value('amount = 9e12 + 0.000001'), '^54000 the figures of amount are too big', 'decimals count, too');
ALTER TABLE dwh_star.tap_open_later ALTER born TYPE timestamptz;
SELECT is(pg_temp.describe('{"dimensions": [{"name": "born", "levels": ["born"]}]}', 'tap_open_born'), '22023', 'a level whose label depends on the session');

-- What is published is what was checked: a source into which somebody loads while it is read.
CREATE TABLE dwh_star.tap_open_loaded (province text, persons int);
INSERT INTO dwh_star.tap_open_loaded VALUES ('A', 50), ('B', 60);
CREATE FUNCTION dwh_star.tap_open_load() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dwh_star.tap_open_loaded SELECT '0901234567', 40 WHERE NOT EXISTS (SELECT FROM dwh_star.tap_open_loaded WHERE persons = 40);
	RETURN true;
END
$$;
CREATE VIEW dwh_star.tap_open_loading AS SELECT province, persons FROM dwh_star.tap_open_loaded WHERE dwh_star.tap_open_load();
ALTER TABLE dwh_star.tap_open_loaded OWNER TO dwh_owner;
ALTER VIEW dwh_star.tap_open_loading OWNER TO dwh_owner;
SELECT pg_temp.officer(format($$dwh.create_service('tap_open_loading', 'open', 'TAP_OPEN', 'dwh_star.tap_open_loading', %L)$$, service || '{"columns": [{"name": "province"}]}')) AS s,
	pg_temp.officer($$dwh.publish_service('tap_open_loading')$$) AS p,
	pg_temp.describe('{"period_column": null, "dimensions": [{"name": "place", "levels": ["province"]}], "measures": [{"name": "persons"}]}', 'tap_open_loading') AS d FROM t \gset
DELETE FROM dwh_star.tap_open_loaded WHERE persons = 40;
SELECT is(pg_temp.publish(p_code => 'tap_open_loading'), '1', 'ND47-011 a load does not stop a publication');
SELECT is((SELECT count(*)::int FROM dwh_star.tap_open_loaded), 3, 'which went on meanwhile');
SELECT is(ARRAY(SELECT dwh.open_data('tap_open_loading')), '{"province,persons,status","_T,110,ok","A,50,ok","B,60,ok"}', 'ND47-011 but what was loaded is not in it');
SELECT matches(pg_temp.publish(p_code => 'tap_open_loading'), '^22023 labels of column province look like', 'ND47-011 nor in the next one');

-- Months, quarters, years.
SELECT is((SELECT string_agg(dwh_internal.open_data_last_day(d, p)::text, ' ' ORDER BY n) FROM (VALUES (1, ARRAY['2025-01-01']::date[], 'ANNUAL'), (2, '{2025-01-01,2025-04-01}', 'QUARTERLY'),
	(3, '{2025-01-01,2025-02-01}', 'QUARTERLY'), (4, '{2025-01-06}', 'WEEKLY'), (5, '{2024-01-01,2025-01-01}', 'IRREG'), (6, '{2025-01-01}', 'IRREG')) AS v (n, d, p)),
	'2025-12-31 2025-06-30 2025-02-28 2025-01-12 2025-12-31 2025-01-01', '2327-044 the last day is that of the period');
SELECT * FROM finish();
