-- Old months leave the log of sharing whole, sealed and counted; nothing leaves it earlier, whoever asks.
-- ND47-040
SET client_min_messages = error;
SELECT plan(16);
CREATE ROLE tap_purge_officer LOGIN IN ROLE dwh_share_officer, dwh_auditor;
CREATE FUNCTION pg_temp.old_month(p_month date, p_rows int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE dwh_log.%I PARTITION OF dwh_log.share_log FOR VALUES FROM (%L) TO (%L)', 'share_log_' || to_char(p_month, 'YYYY_MM'), p_month,
		(p_month + interval '1 month')::date);
	EXECUTE format('ALTER TABLE dwh_log.%I OWNER TO dwh_owner', 'share_log_' || to_char(p_month, 'YYYY_MM'));
	INSERT INTO dwh_log.share_log (month, share_no, stage, occurred_at, direction, kind, requested_at, request_form, supplied_at, supply_form, agency_identifier, service_code,
		session_user_name, outer_user_name, gateway, request_content, status, row_count)
	SELECT p_month, nextval('dwh_log.share_no_seq'), 'outcome', p_month + interval '10 days', 'out', 'share', p_month, 'online', p_month, 'online', 'G09.999', 'old', 'x', 'x', 'PORTAL',
		'{}', 'supplied', n FROM generate_series(1, p_rows) AS n;
END
$$;
SELECT pg_temp.old_month('2021-01-01', 30), pg_temp.old_month('2021-02-01', 5), pg_temp.old_month(date_trunc('month', dwh.today() - interval '25 months')::date, 7);
SELECT date_trunc('month', dwh.today() - interval '24 months')::date AS floor, date_trunc('month', dwh.today() - interval '25 months')::date AS young \gset
SELECT throws_ok('SELECT dwh.purge_share_log()', '55000', NULL, 'what was never sealed stays');
SELECT dwh.audit_seal() AS first_seal \gset
SELECT dwh_internal.audit_append('purge_test', NULL, 'done', '{}');
SELECT dwh.audit_seal() AS second_seal \gset
SET ROLE tap_purge_officer;
SELECT throws_ok('SELECT dwh.purge_share_log()', '42501', NULL, 'officers and auditors take nothing out');
SELECT throws_ok('DELETE FROM dwh_log.share_log', '42501', NULL, 'nor delete');
RESET ROLE;
SELECT throws_ok('DELETE FROM dwh_log.share_log', '42501', NULL, 'nor does a superuser');
SELECT throws_ok(to_char(dwh.today(), '"TRUNCATE dwh_log.share_log_"YYYY_MM'), '42501', NULL, 'nor truncate');
SELECT throws_ok(format('SELECT dwh.purge_share_log(%L)', :'floor'), '22023', NULL, 'ND47-040 what is younger than 24 months stays, for superusers too');
SELECT throws_ok($$UPDATE dwh_catalog.share_host SET log_months = 23$$, '23514', NULL, 'ND47-040 the host''s row cannot ask for less');
SELECT throws_ok($$INSERT INTO dwh_catalog.share_database (code, system_vi, name_vi, log_months) VALUES ('TAP_PURGE', 'x', 'x', 12)$$, '23514', NULL,
	'ND47-040 nor a data-use regulation');
INSERT INTO dwh_catalog.share_database (code, system_vi, name_vi, log_months) VALUES ('TAP_PURGE', 'x', 'x', 60);
SELECT is(dwh_internal.log_retention('share'), 60, 'ND47-040 the longest regulation decides');
SELECT is(dwh.purge_share_log('2021-02-15'), 30::bigint, 'a whole month goes');
SELECT is((SELECT string_agg(month || ' ' || row_count || ' ' || retention_months, ', ') FROM dwh_log.audit_archive WHERE source = 'share'), '2021-01-01 30 60', 'it has its entry');
SELECT is((SELECT count(*) FROM dwh_log.share_log WHERE month = '2021-02-01'), 5::bigint, 'a month that is not asked for stays');
SELECT is((SELECT is_intact || ' ' || archived FROM dwh.audit_verify()), 'true 30', 'the tree is whole and says what was archived');
SELECT is((SELECT successes FROM dwh.share_statistics('2021-01-01', '2021-01-31')), 30::bigint, 'statistics still count it');
SELECT is(dwh.purge_share_log(), 5::bigint, 'ND47-040 without a day: all that is older than 60 months');
UPDATE dwh_catalog.share_database SET log_months = NULL WHERE code = 'TAP_PURGE';
SELECT is(dwh.purge_share_log(), 7::bigint, 'ND47-040 under 24 months again, the next month goes');
SELECT * FROM finish();
