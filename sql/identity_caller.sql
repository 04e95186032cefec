-- 893-019, 893-031, 893-032: who calls is the role in use, through the account that names it; group roles have none.
\set VERBOSITY terse
BEGIN;
CREATE ROLE regress_an LOGIN;
CREATE ROLE regress_binh LOGIN;
GRANT dwh_analyst TO regress_an, regress_binh;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from, valid_to) VALUES
	(901, 'sector', 'An@vss.example', 'Nguyễn Văn An', 'regress_an', dwh.today(), dwh.today()),
	(902, 'sector', 'binh@vss.example', 'Trần Thị Bình', 'regress_binh', dwh.today() - 9, NULL);
SET LOCAL SESSION AUTHORIZATION regress_an;
SELECT dwh.current_account();
-- Through a function of somebody else it is still the caller.
RESET SESSION AUTHORIZATION;
CREATE FUNCTION public.account_of_definer() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'SELECT dwh.current_account()';
SET LOCAL SESSION AUTHORIZATION regress_binh;
SELECT dwh.current_account(), public.account_of_definer();
-- A group role has no account, nor has a superuser without one.
SET LOCAL ROLE dwh_analyst;
SELECT dwh.current_account();
RESET SESSION AUTHORIZATION;
SELECT dwh.current_account();
SAVEPOINT s;
UPDATE dwh_catalog.account SET login_role = 'dwh_analyst' WHERE account_id = 901;
SET LOCAL ROLE dwh_analyst;
SELECT dwh.current_account();
ROLLBACK TO s;
-- Validity is judged on the day of the warehouse's zone, whatever the session's zone is.
SET LOCAL ROLE regress_an;
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT dwh.current_account(), dwh.today() = (statement_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS is_zone;
SET LOCAL TimeZone = 'Pacific/Pago_Pago';
SELECT dwh.current_account(), dwh.today() = (statement_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS is_zone;
RESET ROLE;
UPDATE dwh_catalog.account SET valid_from = dwh.today() - 3, valid_to = dwh.today() - 1 WHERE account_id = 901;
UPDATE dwh_catalog.account SET is_enabled = false WHERE account_id = 902;
SET LOCAL ROLE regress_an;
SELECT dwh.current_account();
SET LOCAL ROLE regress_binh;
SELECT dwh.current_account();
RESET ROLE;
-- One person has one account: sector e-mail is unique whatever its case; outside persons have a subject and an end.
INSERT INTO dwh_catalog.account (kind, email, full_name, valid_from) VALUES ('sector', 'AN@VSS.example', 'Nguyễn Văn An', dwh.today());
ROLLBACK TO s;
INSERT INTO dwh_catalog.account (kind, full_name, valid_from) VALUES ('sector', 'Không thư', dwh.today());
ROLLBACK TO s;
INSERT INTO dwh_catalog.account (kind, iam_subject, full_name, valid_from) VALUES ('outside', 'sub-1', 'Người ngoài', dwh.today());
ROLLBACK TO s;
-- The event says which account, person, login and role; only our own functions append.
CREATE FUNCTION public.append() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
	$$SELECT dwh_internal.audit_append('test', 'object', 'done', '{"a": 1}')$$;
SET LOCAL ROLE regress_an;
SELECT public.append();
RESET ROLE;
SELECT account_id, person, session_user_name = session_user AS is_login, outer_user_name, action, object, decision, detail
FROM dwh_log.audit_event ORDER BY event_id DESC LIMIT 1;
-- Without the row that says what the warehouse is, nothing is guessed.
DELETE FROM dwh_catalog.warehouse;
\set VERBOSITY sqlstate
SELECT dwh.today();
ROLLBACK TO s;
SET LOCAL ROLE regress_binh;
SELECT dwh_internal.audit_append('test', 'object', 'done', '{}');
ROLLBACK;
