-- Who may read and call what, run on creation and again on every rebuild. Rights go to groups only and are given one by one:
-- what is not named here is dwh_owner's alone. Which rows of a fact a reader sees is a matter of row security.
--
-- The personal columns of dim_person are granted to nobody: a site gives them by GRANT SELECT (column) to the groups that need them.
-- Leaf partitions are granted to nobody: facts are read through their parent. office_holder, account and access_grant name people and are left to the functions of the access room.

GRANT USAGE ON SCHEMA dwh_star, dwh_catalog TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader,
	dwh_share_officer, dwh_auditor;
GRANT USAGE ON SCHEMA dwh_landing TO dwh_loader;
GRANT USAGE ON SCHEMA dwh_log TO dwh_central_admin, dwh_loader, dwh_auditor;

-- Dimensions without personal data, and the reference tables of the catalogue.
GRANT SELECT ON dwh_star.dim_month, dwh_star.dim_day, dwh_star.dim_area, dwh_star.dim_unit, dwh_star.dim_source,
	dwh_star.dim_scheme, dwh_star.dim_fund, dwh_star.dim_category, dwh_star.dim_benefit, dwh_star.dim_ledger_account,
	dwh_star.dim_procedure, dwh_star.dim_position, dwh_star.dim_employer, dwh_star.dim_facility,
	dwh_catalog.area_succession, dwh_catalog.unit_succession, dwh_catalog.unit_grouping, dwh_catalog.unit_function,
	dwh_catalog.holiday_rule, dwh_catalog.holiday, dwh_catalog.legal_basis, dwh_catalog.deadline,
	dwh_catalog.contribution_rate, dwh_catalog.benefit_level, dwh_catalog.problem_kind, dwh_catalog.problem_level, dwh_catalog.time_behaviour, dwh_catalog.subject,
	dwh_catalog.dimension, dwh_catalog.subject_dimension, dwh_catalog.measure, dwh_catalog.indicator,
	dwh_catalog.indicator_version
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Facts.
GRANT SELECT ON dwh_star.fact_participation, dwh_star.fact_collection, dwh_star.fact_book_card, dwh_star.fact_decision,
	dwh_star.fact_benefit, dwh_star.fact_claim, dwh_star.fact_ledger, dwh_star.fact_registration, dwh_star.fact_staff,
	dwh_star.fact_dossier, dwh_star.fact_identity, dwh_star.fact_manual, dwh_star.indicator_value
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national;

-- Loading.
GRANT INSERT ON dwh_landing.manual_figure TO dwh_loader;
GRANT SELECT ON dwh_log.load_run, dwh_log.refresh_run TO dwh_central_admin, dwh_loader, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.ensure_partitions(date) TO dwh_central_admin, dwh_loader;
GRANT EXECUTE ON FUNCTION dwh.load_manual_figures(text) TO dwh_loader;

-- Calendar and organisation in time.
GRANT EXECUTE ON FUNCTION dwh.add_working_days(date, int), dwh.working_days_between(date, date), dwh.get_area(text, date, text),
	dwh.get_unit(text, date, text), dwh.list_successors(int), dwh.list_predecessors(int), dwh.map_unit(int, date),
	dwh.unit_ancestor(int, text), dwh.unit_at(int, date, text), dwh.get_contribution_rate(text, text, date, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Offices, functions of units, user groups. These ask for the right themselves, so that a refusal is in the log.
GRANT SELECT ON dwh.user_groups TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.set_unit_function(int, text, text, date, date), dwh.end_unit_function(int, text, text, date),
	dwh.appoint_office_holder(text, text, int, text, date, date, text), dwh.end_office_holder(int, text, date),
	dwh.list_office_holders(int, date),
	dwh.create_user_group(text, text, text, text, text[], text, text[], text[], text[]), dwh.end_user_group(text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Problems and what is due. Everybody reports; who handles what is asked by the functions themselves.
GRANT EXECUTE ON FUNCTION
	dwh.open_problem(text, text, text, text, text, date, int, int[], text, text, text, text, int, bigint), dwh.list_problems(date, date, text, text),
	dwh.note_problem(int, text, boolean), dwh.assign_problem(int, int, int, text, date), dwh.escalate_problem(int, text, text),
	dwh.close_problem(int, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.overdue(date), dwh.open_steps(date), dwh.access_notice(int, text, text, text, text, int), dwh.access_needs(date, int),
	dwh.send_access_needs(date, int, text, date), dwh.review_grants(int), dwh.certify_grants(int[], text), dwh.access_report(date, date, int),
	dwh.link_staff(text, int), dwh.moved_staff(), dwh.account_activity(date, date), dwh.shared_accounts(date, date), dwh.health(int),
	dwh.create_first_administrator(text, text, int, text, text, text, int, text), dwh.set_parameter(text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- The platform. The log is read by auditors; what others may see of it comes through functions.
GRANT SELECT ON dwh.warehouse_info, dwh_catalog.user_group, dwh_catalog.parameter
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh_log.audit_event TO dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.current_account(), dwh.today() TO dwh_central_admin, dwh_province_admin, dwh_analyst,
	dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.get_audit_worker() TO dwh_central_admin, dwh_auditor;
GRANT SELECT ON dwh_log.audit_leaf, dwh_log.audit_node, dwh_log.audit_tree_head, dwh_log.audit_archive, dwh_log.audit_check TO dwh_auditor;
GRANT SELECT ON dwh.audit_status TO dwh_central_admin, dwh_auditor;
GRANT SELECT ON dwh.bypass_events TO dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.canonical_event(bigint, date) TO dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.audit_check(boolean), dwh.schedule_audit_check(text, boolean) TO dwh_central_admin, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.audit_seal(), dwh.audit_tree_head(bigint), dwh.audit_inclusion_proof(bigint, bigint),
	dwh.audit_consistency_proof(bigint, bigint), dwh.audit_verify(bigint, bigint, text), dwh.export_tree_head(bigint) TO dwh_central_admin, dwh_auditor;

-- Indicators. Whose units' values one gets is decided by the functions themselves.
GRANT EXECUTE ON FUNCTION dwh.check_formula(text), dwh.get_value(text, date, text, text, timestamptz),
	dwh.explain_value(text, date, text, text, timestamptz), dwh.explain_value_text(text, date, text, text, timestamptz),
	dwh.indicator_values(text[], date, date, text, text[], jsonb, text[], date, timestamptz),
	dwh.explain_plan_values(text[], date, date, text, text[], jsonb, text[], date, timestamptz)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_share_officer, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.list_dependents(text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_share_officer, dwh_auditor;
-- Changing the catalogue: these ask for the right themselves, so that a refusal is in the log.
GRANT EXECUTE ON FUNCTION dwh.create_subject(text, regclass, text, text, text, text, text),
	dwh.create_dimension(text, text, text, text, text),
	dwh.create_measure(text, text, text, text, text, text, text, text, text, text),
	dwh.create_indicator(text, text, text, text, text, text, text, date, text, text, text, numeric, int, text, text[], text[], text,
		text, text, boolean, text),
	dwh.revise_indicator(text, text, date, text, text), dwh.retire_indicator(text, date, text, text),
	dwh.create_summary(text, text[]), dwh.drop_summary(text, text[])
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_share_officer, dwh_auditor;

-- Summaries: which there are is no secret; the tables get their grants from dwh.create_summary(), their rows are a matter of row security.
GRANT SELECT ON dwh_catalog.summary, dwh_catalog.summary_dimension, dwh_catalog.summary_measure
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.list_summaries(text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_share_officer, dwh_auditor;

-- Refresh. The rows of kept values are a matter of row security; marks and runs name no person's data.
GRANT EXECUTE ON FUNCTION dwh.refresh(text), dwh.mark_dirty(text, date, date, int[]), dwh.schedule_refresh(text) TO dwh_central_admin, dwh_loader;
GRANT EXECUTE ON FUNCTION dwh.keep_indicator(text, boolean, text[], text[])
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh_log.cell_mark, dwh_log.refresh_failure, dwh.refresh_runs, dwh.refresh_failures, dwh.stale_cells TO dwh_central_admin, dwh_loader, dwh_auditor;

-- Figures entered by hand: these ask for the right themselves, too. What waits is seen where the figures are.
GRANT EXECUTE ON FUNCTION
	dwh.enter_value(text, date, text, text, numeric, text, text, text, text, text, text, text, text, text, text),
	dwh.approve_value(bigint, text), dwh.reject_value(bigint, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh.pending_values TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national;

-- Closed periods: these ask for the right themselves. Which values one sees is a matter of row security; that a period is closed is no secret.
GRANT EXECUTE ON FUNCTION dwh.close_period(date, text, text, text, text, text), dwh.reopen_period(date, text, text, text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT SELECT (closing_id, period_type, period_start, first_day, last_day, indicator_group, closing_no, stage, closed_at, closed_by, reason, decision_no,
	reopened_at, reopened_by, reopen_reason, reopen_decision_no) ON dwh_catalog.period_closing
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_auditor;
GRANT SELECT ON dwh.closed_periods, dwh_catalog.period_closing_indicator
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_auditor;
GRANT SELECT ON dwh.revisions, dwh_star.indicator_vintage, dwh_star.indicator_value_pending
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national;

-- Identities. The functions that keep the rows ask for the right themselves, so that a refusal is in the log.
GRANT SELECT ON dwh_catalog.token_issuer, dwh_catalog.token_key, dwh_catalog.gateway TO dwh_central_admin, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.authenticate(text), dwh.sign_out() TO dwh_central_admin, dwh_province_admin, dwh_analyst,
	dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.register_token_issuer(text, text, text, int, int), dwh.retire_token_issuer(text, text),
	dwh.register_token_key(text, text, jsonb, text, date, date), dwh.retire_token_key(text, text, text),
	dwh.register_gateway(text, text, text), dwh.retire_gateway(text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Who may see what, and why. These ask for the right themselves; everyone may ask about himself.
GRANT EXECUTE ON FUNCTION dwh.explain_scope(text, date), dwh.list_viewers(int, text, date), dwh.check_scope(),
	dwh.reassign_unit(int, int, date, text, int, date)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Limits: set_group_limits() asks for the right itself.
GRANT EXECUTE ON FUNCTION dwh.set_group_limits(text, interval, text, text, int, boolean)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh_catalog.user_group_limit TO dwh_central_admin, dwh_auditor;

-- Access by Decision 893: these ask for the right themselves, so that a refusal is in the log. What people may know of letters, accounts
-- and grants comes through functions; the rules are no secret.
GRANT SELECT ON dwh_catalog.access_path, dwh_catalog.access_reason, dwh_catalog.user_group_subject
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT EXECUTE ON FUNCTION dwh.request_access(text, text, date, date, int, jsonb, text, int, text, date), dwh.adopt_login_role(text, text),
	dwh.decide_access(int, boolean, int, text, date, int[], text, text, date), dwh.apply_access(int), dwh.sync_login_roles(),
	dwh.grant_access(jsonb, text, date, date, int, int, text, date, text, date, text), dwh.take_over_access(jsonb, text, date, int, int),
	dwh.revoke_access(text, text, text, text, int, date, date, int, date),
	dwh.transfer_account(text, int, date, text, date, date, int, int),
	dwh.change_group(text, text, text, text, date, int, int, text, text, date, text, date),
	dwh.emergency_revoke(text, text, text, text), dwh.confirm_emergency(int, text, date),
	dwh.set_mailbox_holder(text, text, text, text, text, int, text, text, int, date)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;

-- Sharing. The functions of officers ask for the right themselves, so that a refusal is in the log.
GRANT SELECT ON dwh.published_services TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader,
	dwh_share_officer, dwh_auditor, dwh_partner;
GRANT SELECT ON dwh.share_transfers, dwh.share_monitor, dwh.unreconciled_transfers, dwh.default_candidates, dwh_catalog.share_due_item TO dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh.my_agreements, dwh.my_transfers, dwh.my_notices TO dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.share_statistics(date, date, text[]), dwh.evaluation_report(int)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.search_services(text), dwh.register_agency(text, text, text, text, int, date),
	dwh.register_official(text, text, text, text, text, text, date),
	dwh.register_application(text, text, text, int, text, date, date), dwh.register_database(text, int, jsonb),
	dwh.create_service(text, text, text, regclass, jsonb), dwh.update_service(text, jsonb), dwh.publish_service(text),
	dwh.withdraw_service(text, text),
	dwh.request_share(text, text, text, text[], int, text, text, text, text, date, jsonb),
	dwh.answer_request(int, boolean, int, text, text, text, text, jsonb),
	dwh.sign_agreement(int, jsonb, int, text, jsonb, date),
	dwh.suspend_share(text, text, int, text, text, int, timestamptz, timestamptz, text, text, date),
	dwh.resume_share(int, int, text), dwh.end_share(int, text, int, text), dwh.demand_usage_report(int, text, date),
	dwh.request_inbound(text, text, text, text[], int, text, text, date, date, text, text, jsonb),
	dwh.record_consent(text, text, int, text[], text, date, date), dwh.withdraw_consent(int, text), dwh.withdraw_approval(text, text),
	dwh.set_fee(text, text, bigint, text, boolean, date, date), dwh.record_payment(int, text, bigint, date),
	dwh.record_notice(int, date, date, text), dwh.record_review(text, text, date, text),
	dwh.record_evaluation(int, text, text, date, text), dwh.record_deletion(int, text, date),
	dwh.record_receipt(bigint, bigint, text), dwh.record_onward_supply(bigint, text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT SELECT ON dwh_catalog.agency, dwh_catalog.agency_official, dwh_catalog.application, dwh_catalog.share_database,
	dwh_catalog.share_service, dwh_catalog.share_request, dwh_catalog.share_agreement, dwh_catalog.share_agreement_version,
	dwh_catalog.connection_account, dwh_catalog.share_suspension, dwh_catalog.share_notice, dwh_catalog.share_consent,
	dwh_catalog.share_fee, dwh_catalog.share_payment, dwh_catalog.share_review, dwh_catalog.share_evaluation TO dwh_share_officer;

-- Open data: published figures are for every group. Whoever publishes is asked for the right by the functions; cells that were left out are granted to nobody.
GRANT SELECT ON dwh.open_data_versions, dwh.open_data_lines, dwh.open_data_publisher TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national,
	dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.get_open_data_version(text, int, text), dwh.open_data(text, text, int), dwh.open_data_catalogue(),
	dwh.describe_open_data(text, jsonb), dwh.publish_open_data(text, int, text, date, text, boolean, text), dwh.withdraw_open_data(text, text, int, text, int)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
-- What users post: the functions ask for an account, and for the group of who answers.
GRANT SELECT ON dwh.open_data_posts TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT EXECUTE ON FUNCTION dwh.post_open_data(text, text, text, text, jsonb), dwh.answer_open_data_post(int, boolean, int, text, text),
	dwh.posted_open_data(int, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;
GRANT SELECT ON dwh.open_data_suppressions TO dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh_catalog.open_data_basis, dwh_catalog.open_dataset, dwh_catalog.open_data_version TO dwh_share_officer, dwh_auditor;

-- Pushing: these ask for the right themselves, so that a refusal is in the log. The outbox holds data and is granted to nobody.
GRANT EXECUTE ON FUNCTION dwh.push_share(int, text, text[], text, int[], date, date, bigint, bigint), dwh.cancel_push(bigint, text),
	dwh.requeue_push(bigint, text), dwh.register_push_host(text, int, text, cidr[], text, text),
	dwh.register_push_target(int, text, int, text, text, int, int, int, int, bigint, boolean),
	dwh.pull_share(int, text[], text, int[], date, date)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh.push_queue TO dwh_share_officer, dwh_auditor;
GRANT SELECT ON dwh_landing.share_received TO dwh_loader;
-- A partner's call asks for the group and the agreement itself.
GRANT EXECUTE ON FUNCTION dwh.fetch_share(text, jsonb, text), dwh.issue_own_data_code(text, text), dwh.own_data(text, text, text)
	TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national, dwh_loader, dwh_share_officer, dwh_auditor, dwh_partner;

-- Persons: what is personal is granted to nobody here, see dwh.masked_person.
GRANT SELECT (person_id, home_unit_id, valid_from, valid_to) ON dwh_star.dim_person TO dwh_central_admin, dwh_province_admin, dwh_analyst,
	dwh_national;
GRANT SELECT ON dwh.masked_person TO dwh_central_admin, dwh_province_admin, dwh_analyst, dwh_national;
