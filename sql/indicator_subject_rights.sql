-- 893-031, 893-038: a subject is read as dwh_owner, so nobody who could make its readers run code owns it or a part of it, and what
-- hidden rows hold is not told.
\set VERBOSITY default
BEGIN;
\set ON_ERROR_ROLLBACK on
CREATE ROLE regress_admin LOGIN;
CREATE ROLE regress_eve LOGIN;
GRANT dwh_central_admin TO regress_admin;
INSERT INTO dwh_catalog.account (account_id, kind, email, full_name, login_role, valid_from) VALUES (990001, 'sector', 'admin@example.invalid', 'Admin', 'regress_admin', '2020-01-01');
INSERT INTO dwh_catalog.access_grant (account_id, user_group_id, valid_from) VALUES (990001, 1, '2020-01-01');
CREATE SCHEMA regress_subject;
CREATE TABLE regress_subject.dose (thang date, unit_id int, doses int) PARTITION BY RANGE (thang);
CREATE TABLE regress_subject.dose_2025 PARTITION OF regress_subject.dose FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE regress_subject.dose OWNER TO dwh_owner;
ALTER TABLE regress_subject.dose_2025 OWNER TO regress_eve;
CREATE TABLE regress_subject.visit (seen_on date, unit_id int, amount int);
ALTER TABLE regress_subject.visit OWNER TO dwh_owner;
GRANT USAGE ON SCHEMA regress_subject TO dwh_owner, regress_admin;
INSERT INTO regress_subject.visit VALUES ('2025-03-17', 1, 5);
SET LOCAL SESSION AUTHORIZATION regress_admin;
-- A partition that is another's.
SELECT dwh.create_subject('dose', 'regress_subject.dose', 'Mũi tiêm', 'Doses', 'thang', 'unit_id');
-- What a hidden row holds.
SELECT * FROM regress_subject.visit;
SELECT dwh.create_subject('visit', 'regress_subject.visit', 'Lượt', 'Visits', 'seen_on', 'unit_id');
SELECT dwh.create_subject('visit', 'regress_subject.visit', 'Lượt', 'Visits', 'seen_on', 'amount');
-- Persons are no subject, for anyone.
SELECT dwh.create_subject('person', 'dwh_star.dim_person', 'Người', 'Persons', 'valid_from', 'home_unit_id');
RESET SESSION AUTHORIZATION;
SELECT dwh.create_subject('person', 'dwh_star.dim_person', 'Người', 'Persons', 'valid_from', 'home_unit_id');
-- The owner may be told.
SELECT dwh.create_subject('visit', 'regress_subject.visit', 'Lượt', 'Visits', 'seen_on', 'unit_id');
-- A table that is given away after it was registered is read no more.
ALTER TABLE regress_subject.dose_2025 OWNER TO dwh_owner;
INSERT INTO regress_subject.dose VALUES ('2025-01-01', 1, 7);
SELECT dwh.create_subject('dose', 'regress_subject.dose', 'Mũi tiêm', 'Doses', 'thang', 'unit_id') > 0 AS is_registered;
SELECT dwh.create_measure('DOSES', 'dose', 'sum', 'doses', NULL, 'flow', 'mũi') > 0 AS is_made;
SELECT dwh.create_indicator('Z01', 'Số mũi', 'Doses', '[DOSES]', 'dose', 'central_admin', 'mũi', '2020-01-01', 'test') > 0 AS is_made;
SELECT value, status FROM dwh.indicator_values('{Z01}', '2025-01-01', '2025-01-01', 'month', '{country}');
ALTER TABLE regress_subject.dose OWNER TO regress_eve;
SELECT value, status FROM dwh.indicator_values('{Z01}', '2025-01-01', '2025-01-01', 'month', '{country}');
ROLLBACK;
