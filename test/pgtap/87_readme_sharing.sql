-- The README's page for sharing officers, from the registration of an agency to the yearly evaluation, runs as it stands and prints what it says.
-- 2327-045 2327-064 ND47-010 ND47-025 ND47-034 ND47-037
-- harness: preload
SET client_min_messages = error;
SELECT plan(4);
CREATE ROLE page_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE page_partner LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990090, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
\set holder 990090
\getenv folder SCRATCH
\set page :folder '/readme_sharing.sql'
\set printed :folder '/readme_sharing.out'
\setenv PAGE :page
\setenv PRINTED :printed

-- The blocks of the page, one after another; errors of it are refusals that it shows.
\! awk '/^### From the registration of an agency/ { page = 1; next } page && /^##/ { exit } page && /^```sql$/ { code = 1; next } /^```$/ { code = 0 } page && code' README.md >"$PAGE"
\set ON_ERROR_STOP off
\o :printed
\i :page
\o
\set ON_ERROR_STOP on
RESET ROLE;
\set expected `grep '^-- ' "$PAGE" | sed 's/^-- //'`
\set actual `grep -v '^$' "$PRINTED"`
SELECT cmp_ok(cardinality(string_to_array(:'expected', E'\n')), '>', 10, 'the page is there and says what it prints');
SELECT is(:'actual'::text, :'expected'::text, 'it prints that');
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM dwh_catalog.share_agreement WHERE agreement_id = :agreement), 'ended', 'ND47-037 it was run to its end');
SELECT is((SELECT count(*) FROM dwh_catalog.share_evaluation WHERE document_no = 'BC 1' AND evaluated_on = make_date(extract(year FROM dwh.today())::int - 1, 12, 20)), 1::bigint,
	'ND47-010 up to the evaluation');
DROP VIEW dwh_star.page_unit;
SELECT * FROM finish();
