-- The README's page of the administrator runs as a whole, as it stands, from the letter to the notice and back. 893-068 893-086 893-094
SET client_min_messages = error;
BEGIN;
SELECT plan(8);
\set readme `cat README.md`
\set page_file `mktemp`
SELECT code IS NOT NULL AS is_there, code FROM regexp_match(:'readme', E'88_readme_access[.]sql -->\n```sql\n(.*?)\n```') AS m CROSS JOIN LATERAL (SELECT m[1]) AS c (code) \gset
SELECT ok(:'is_there'::boolean, 'the page is there');
SELECT :'code' \g (format=unaligned tuples_only=on) :page_file
SELECT coalesce(max(event_id), 0) AS seen FROM dwh_log.audit_event \gset
\o /dev/null
\i :page_file
\o
\set x `rm :page_file`
SELECT is((SELECT string_agg(state, ' ') FROM dwh_catalog.access_request WHERE request_id IN (:request, :revocation)), 'applied applied', 'both letters are applied');
SELECT is((SELECT count(*)::int FROM dwh_catalog.access_grant AS g JOIN dwh_catalog.account AS a USING (account_id)
	WHERE a.email = 'an.nguyen@vss.example' AND g.revoked_at IS NOT NULL AND g.decision_no = '21/QĐ-BHXH'), 1, 'the right was given by the decision, and taken');
SELECT is((SELECT rolcanlogin FROM pg_roles WHERE rolname = 'an.nguyen@vss.example'), false, 'his role is there and logs in no more');
SELECT is((SELECT string_agg(notice_no, ' ' ORDER BY notice_no) FROM dwh_catalog.access_notice WHERE request_id IN (:request, :revocation)), '30/TB-CNTT 31/TB-CNTT',
	'893-094 both notices were printed');
SELECT is((SELECT count(*)::int FROM dwh.open_steps() WHERE kind = 'access_notice'), 0, 'no step is left open');
SELECT set_eq(format('SELECT DISTINCT action FROM dwh_log.audit_event WHERE event_id > %s AND decision = %L AND session_user_name <> %L', :seen, 'done', ''),
	ARRAY['set_unit_function', 'appoint_office_holder', 'create_first_administrator', 'request_access', 'decide_access', 'apply_access', 'grant_access', 'access_notice', 'revoke_access'],
	'every act is in the log');
SELECT is((SELECT count(*)::int FROM dwh_log.audit_event WHERE event_id > :seen AND decision <> 'done'), 0, 'and none was refused');
SELECT * FROM finish();
ROLLBACK;
