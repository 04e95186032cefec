-- An officer whose grant names units acts for what they manage, and for nothing else. 2327-007 2327-037
-- harness: preload
SET client_min_messages = error;
SELECT plan(48);
CREATE ROLE tap_units_officer LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_units_scoped LOGIN IN ROLE dwh_share_officer;
CREATE ROLE tap_units_partner LOGIN IN ROLE dwh_partner;
INSERT INTO dwh_catalog.office_holder (office_holder_id, person_name, unit_id, office, valid_from, document) VALUES
	(990900, 'Nguyễn Văn A', 1, 'sector_leadership', '2020-01-01', 'QĐ 1');
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, home_unit_id, valid_from) VALUES
	(990900, 'sector', 'units@example.invalid', 'Trần Đ', 'tap_units_scoped', 101, '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, scope_unit_id, valid_from)
SELECT 990900, user_group_id, 101, '2020-01-01' FROM dwh_catalog.user_group WHERE role_name = 'dwh_share_officer';
INSERT INTO dwh_star.dim_person (person_id, social_insurance_no, home_unit_id, valid_from) VALUES (990900, '9900000900', 101, '2020-01-01');
CREATE TABLE dwh_star.tap_units_rows (n int PRIMARY KEY, label text);
INSERT INTO dwh_star.tap_units_rows VALUES (1, 'a');
ALTER TABLE dwh_star.tap_units_rows OWNER TO dwh_owner;

\ir include/as_role.psql
CREATE FUNCTION pg_temp.officer(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_units_officer', p_call)$$;
CREATE FUNCTION pg_temp.scoped(p_call text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.call_as('tap_units_scoped', p_call)$$;
CREATE FUNCTION pg_temp.manager(p_code text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(unit_id || CASE WHEN valid_to IS NOT NULL THEN ' to ' || dwh.today() - valid_to ELSE '' END, ', ' ORDER BY valid_from)
	FROM dwh_catalog.share_database JOIN dwh_catalog.share_database_unit USING (database_id) WHERE code = p_code$$;
CREATE TEMPORARY TABLE definition AS SELECT jsonb '{"name_vi": "Thử", "description": "x", "default_kind": "common", "technical_document": "TL", "guide": "HD", "use_term": "immediate",
	"responsible": {"collecting": "a", "managing": "b", "connecting": "c", "sharing": "d", "using": "e"}, "standardised_on": "2020-07-08", "listed_on": "2020-07-09", "built_on": "2020-07-10",
	"columns": [{"name": "n"}, {"name": "label"}], "key_columns": ["n"]}' AS d, jsonb '{"system_vi": "Kho", "name_vi": "Số", "purpose": "p", "scope": "s",
	"content": "c", "mechanism": "m", "source": "s", "items": [{"name": "n", "mark": "special"}], "decision_no": "QĐ 5", "decision_on": "2020-01-01", "regulation": "Quy chế"}' AS e,
	(SELECT jsonb_object_agg(i, 'x') FROM unnest(ARRAY['parties', 'content', 'place', 'term', 'method', 'processing', 'conditions', 'commitment', 'security', 'storage', 'deletion']) AS i) AS c;
SELECT pg_temp.officer($$dwh.register_agency('unit', 'G24.98', 'BHXH Việt Nam', NULL, 1)$$) AS host, pg_temp.officer($$dwh.register_agency('unit', 'G24.98.1', 'Tỉnh', NULL, 131)$$) AS other_unit,
	pg_temp.officer($$dwh.register_agency('unit', 'G24.98.2', 'Tỉnh', NULL, 101)$$) AS own_unit, pg_temp.officer($$dwh.register_agency('agency', 'G09.98', 'Bộ Y')$$) AS agency,
	pg_temp.officer($$dwh.register_official('G24.98', 'Lê B', 'Phó', 'CNTT', '024', 'b@example.invalid')$$) AS official,
	pg_temp.officer($$dwh.register_application('G09.98', 'G09.98.APP', 'Ứng dụng', 3, 'QĐ 3', '2024-01-01')$$) AS application \gset
UPDATE dwh_catalog.share_host SET agency_id = :host;

-- Databases: entered today, so moved on the day they were entered.
SELECT pg_temp.officer(format($$dwh.register_database('TAP_OTHER', 131, %L)$$, e)) AS d1, pg_temp.officer(format($$dwh.register_database('TAP_MOVED', 131, %L)$$, e)) AS d2 FROM definition \gset
SELECT matches(pg_temp.scoped(format($$dwh.register_database('TAP_OWN_UNIT', 101, %L)$$, e)), '^\d+$', '2327-037 an officer enters a database of his unit') FROM definition;
SELECT matches(pg_temp.scoped(format($$dwh.register_database('TAP_OWN_UNIT', 101, %L)$$, e || '{"scope": "x"}')), '^\d+$', '2327-037 and changes its entry') FROM definition;
SELECT matches(pg_temp.scoped(format($$dwh.register_database(%L, %s, %L)$$, v.code, v.unit, e || '{"scope": "his"}')), '^42501 .*managed by another unit', '2327-007 2327-037 ' || w)
FROM definition, (VALUES ('TAP_OTHER', 101, 'he moves no database of another unit to his own'), ('TAP_OTHER', 131, 'nor changes its entry'), ('TAP_OWN_UNIT', 131, 'nor hands one over'),
	('TAP_NEW', 131, 'nor enters one for it')) AS v (code, unit, w);
SELECT is(pg_temp.manager('TAP_OTHER') || ' ' || pg_temp.manager('TAP_OWN_UNIT') || ' ' || (SELECT count(*) FROM dwh_catalog.share_database WHERE scope = 'his' OR code = 'TAP_NEW'), '131 101 0', '2327-007 nothing has changed');
SELECT matches(pg_temp.officer(format($$dwh.register_database('TAP_MOVED', 101, %L)$$, e)), '^\d+$', '2327-007 a database moves on the day it was entered') FROM definition;
SELECT is(pg_temp.manager('TAP_MOVED'), '101', '2327-007 the unit named last manages it');
UPDATE dwh_catalog.share_database_unit SET valid_from = '2024-01-01' WHERE database_id = :d2;
SELECT matches(pg_temp.officer(format($$dwh.register_database('TAP_MOVED', 131, %L)$$, e)), '^\d+$', '2327-007 and later') FROM definition;
SELECT is(pg_temp.manager('TAP_MOVED'), '101 to 1, 131', '2327-007 from today on');

-- An agreement of each unit.
SELECT pg_temp.officer(format($$dwh.create_service('tap_units_other', 'default', 'TAP_OTHER', 'dwh_star.tap_units_rows', %L)$$, d)) AS s1,
	pg_temp.officer(format($$dwh.create_service('tap_units_own', 'default', 'TAP_OWN_UNIT', 'dwh_star.tap_units_rows', %L)$$, d)) AS s2,
	pg_temp.officer($$dwh.publish_service('tap_units_other')$$) AS p1, pg_temp.officer($$dwh.publish_service('tap_units_own')$$) AS p2,
	pg_temp.officer($$dwh.request_share('G09.98', 'tap_units_other', 'đối soát', ARRAY['n', 'label'], 2, 'daily', 'G09.98.APP')$$) AS r1,
	pg_temp.officer($$dwh.request_share('G09.98', 'tap_units_own', 'đối soát', ARRAY['n', 'label'], 2, 'daily', 'G09.98.APP')$$) AS r2 FROM definition \gset
SELECT matches(pg_temp.scoped($$dwh.request_share('G09.98', 'tap_units_other', 'đối soát', ARRAY['n'], 1, 'daily', 'G09.98.APP')$$), '^42501 .*managed by another unit', '2327-037 he enters no request for another unit');
SELECT matches(pg_temp.scoped(format($$dwh.answer_request(%s, false, 990900, 'CV 1', 'x')$$, :r1)), '^42501 .*managed by another unit', '2327-037 he answers no request of another unit');
SELECT pg_temp.officer(format($$dwh.answer_request(%s, true, 990900, 'CV 1', p_holder => 'Trần C')$$, :r1)) AS other,
	pg_temp.scoped(format($$dwh.answer_request(%s, true, 990900, 'CV 2', p_holder => 'Trần C', p_login_role => 'tap_units_partner')$$, :r2)) AS own \gset
SELECT pg_temp.officer(format($$dwh.record_consent('G09.98', 'tap_units_other', 990900, '{n}', 'ĐY 1', p_valid_to => %L)$$, dwh.today() + 9)) AS consent,
	pg_temp.officer(format($$dwh.demand_usage_report(%s, 'x', '2030-01-01')$$, :other)) AS notice,
	pg_temp.officer($$dwh.register_push_host('127.0.0.1', 2, 'thử', '{127.0.0.0/8}', 'http')$$) AS h \gset
SELECT pg_temp.officer(format($$dwh.register_push_target(%s, '127.0.0.1', 2, '/', 'tap')$$, g)) FROM unnest(ARRAY[:other, :own]) AS g \g /dev/null
CREATE TEMPORARY TABLE act AS SELECT * FROM (VALUES
	('signs', format($$dwh.sign_agreement(%%s, %L, 990900, 'TT 1')$$, (SELECT c FROM definition))), ('suspends', $$dwh.suspend_share('security', 'x', 990900, 'TB 1', p_agreement_id => %s)$$),
	('demands a report', $$dwh.demand_usage_report(%s, 'x', '2030-01-01')$$), ('records a payment', $$dwh.record_payment(%s, 'BL', 1)$$),
	('sets a target', $$dwh.register_push_target(%s, '127.0.0.1', 2, '/', 'tap')$$), ('records a deletion', $$dwh.record_deletion(%s, 'x')$$),
	('pushes', $$dwh.push_share(%s, '{"n": 1}', '{n}')$$), ('ends', $$dwh.end_share(%s, 'need_ended', 990900, 'TB 2')$$)) AS v (what, call);
SELECT matches(pg_temp.scoped(format(call, :other)), '^42501 .*(managed by another unit|does not allow this message)', '2327-037 of another unit''s agreement he does not: ' || what) FROM act;
SELECT is((SELECT reason FROM dwh_log.share_log WHERE agreement_id = :other AND status = 'refused' ORDER BY share_id DESC LIMIT 1), 'dữ liệu do đơn vị khác quản lý | the data is managed by another unit',
	'2327-037 a message is refused for that, in the log');
SELECT is((SELECT state || ' ' || (SELECT count(*) FROM dwh_catalog.share_suspension WHERE agreement_id = :other) || (SELECT count(*) FROM dwh_log.share_outbox WHERE agreement_id = :other)
	FROM dwh_catalog.share_agreement WHERE agreement_id = :other), 'active 00', '2327-037 which is as it was');
SELECT matches(pg_temp.scoped(call), '^42501 .*managed by another unit', '2327-037 nor does he ' || what) FROM (VALUES
	('record a consent', format($$dwh.record_consent('G09.98', 'tap_units_other', 990900, '{n}', 'ĐY 2', p_valid_to => %L)$$, dwh.today() + 9)), ('withdraw one', format($$dwh.withdraw_consent(%s, 'x')$$, :consent)),
	('set a fee', $$dwh.set_fee('tap_units_other', 'enterprise', 1, 'TT')$$), ('record an answer', format('dwh.record_notice(%s, %L)', :notice, dwh.today())),
	('ask for data that another unit manages', $$dwh.request_inbound('G09.98', 'CSDL', 'x', '{id}', 1, 'daily', 's', '2025-01-01', NULL, 'G24.98.1')$$)) AS v (what, call);
SELECT matches(pg_temp.scoped($$dwh.request_inbound('G09.98', 'CSDL', 'x', '{id}', 1, 'daily', 's', '2025-01-01', NULL, 'G24.98.2')$$), '^\d+$', '2327-037 he asks for data that his unit manages');

-- Suspensions: single agreements of his unit. What holds for all units is lifted by who could order it.
SELECT matches(pg_temp.scoped(call), '^42501 .*single agreements only', '2327-037 he does not suspend ' || what) FROM (VALUES
	('all sharing', $$dwh.suspend_share('force_majeure', 'x', 990900, 'TB 3')$$), ('an agency', $$dwh.suspend_share('security', 'x', 990900, 'TB 3', 'G09.98')$$)) AS v (what, call);
SELECT pg_temp.officer($$dwh.suspend_share('force_majeure', 'x', 990900, 'TB 4')$$) AS everything, pg_temp.officer($$dwh.suspend_share('security', 'x', 990900, 'TB 4', 'G09.98')$$) AS whole_agency,
	pg_temp.officer(format($$dwh.suspend_share('security', 'x', 990900, 'TB 4', p_agreement_id => %s)$$, :other)) AS others \gset
SELECT matches(pg_temp.scoped(format($$dwh.resume_share(%s, 990900, 'TB 5')$$, s)), '^42501 .*' || w, '2327-037 nor lift such a suspension, nor one of another unit')
FROM (VALUES (:everything, 'single agreements only'), (:whole_agency, 'single agreements only'), (:others, 'managed by another unit')) AS v (s, w);
SELECT is((SELECT count(*) FROM dwh_catalog.share_suspension WHERE suspension_id IN (:everything, :whole_agency, :others) AND ended_at IS NULL), 3::bigint, '2327-037 all hold');
SELECT is(pg_temp.officer(format($$dwh.resume_share(%s, 990900, 'TB 6')$$, s)), '', 'an officer of no unit lifts it') FROM unnest(ARRAY[:everything, :whole_agency, :others]) AS s;
SELECT pg_temp.officer(format($$dwh.push_share(%s, '{"n": 1}', '{n}')$$, :other)) AS message \gset
SELECT matches(pg_temp.scoped(call), '^42501 .*managed by another unit', '2327-037 nor does he ' || what) FROM (VALUES
	('cancel a message of another unit', format($$dwh.cancel_push(%s, 'x')$$, :message)), ('evaluate its database', $$dwh.record_evaluation(2025, 'TAP_OTHER', 'x')$$)) AS v (what, call);
SELECT matches(pg_temp.scoped(call), '^42501 .*an officer of a unit does not record', '2327-037 what is for all units he does not record: ' || call)
FROM unnest(ARRAY[$$dwh.record_evaluation(2025, NULL, 'x')$$, $$dwh.record_review('default', 'x')$$]) AS call;
SELECT pg_temp.officer(format($$dwh.cancel_push(%s, 'x')$$, :message)) \g /dev/null
SELECT matches(pg_temp.scoped(format(call, :own)), '^\d*$', '2327-037 of his own unit''s agreement he does: ' || what) FROM act WHERE what IN ('suspends', 'demands a report', 'records a payment');
SELECT is(pg_temp.scoped(format($$dwh.resume_share(%s, 990900, 'TB 7')$$, (SELECT suspension_id FROM dwh_catalog.share_suspension WHERE agreement_id = :own))), '', '2327-037 he lifts his suspension');
SELECT matches(pg_temp.scoped(format(call, :own)), '^\d*$', '2327-037 and then: ' || what) FROM act WHERE what IN ('pushes', 'ends') ORDER BY what DESC;
SELECT * FROM finish();
