-- harness: preload
-- 893-041: pg_cron really runs the check of the log that was scheduled, in the name of who scheduled it, from the start where that was asked for.
SET client_min_messages = error;
CREATE EXTENSION pg_cron;
SELECT plan(6);
SELECT dwh.audit_seal() \g /dev/null
SELECT coalesce(max(check_no), 0) AS before FROM dwh_log.audit_check \gset
SELECT dwh.schedule_audit_check('30 3 * * 0') AS weekly \gset
SELECT is((SELECT format('%s %s %s %s', jobname, schedule, command, username) FROM cron.job),
	format('dwh_ext audit check, full 30 3 * * 0 SELECT dwh.audit_check(true) %s', current_user), 'there is one job');
SELECT is(dwh.schedule_audit_check('* * * * *'), :weekly::bigint, 'scheduling again changes it');
SELECT isnt(dwh.schedule_audit_check('30 3 * * *', false), :weekly::bigint, 'what looks at the new leaves only is a job of its own');
SELECT set_config('tap.before', :'before', false) \g /dev/null
DO $$
BEGIN
	FOR i IN 1 .. 1500 LOOP
		EXIT WHEN EXISTS (SELECT FROM dwh_log.audit_check WHERE check_no > current_setting('tap.before')::bigint AND leaf_from = 0 AND leaf_to = tree_size)
			AND EXISTS (SELECT FROM cron.job_run_details WHERE status = 'succeeded');
		COMMIT;
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT is((SELECT DISTINCT format('%s %s %s', status, username, command) FROM cron.job_run_details WHERE status <> 'running'),
	format('succeeded %s SELECT dwh.audit_check(true)', current_user), 'it ran');
SELECT is((SELECT DISTINCT is_intact FROM dwh_log.audit_check WHERE check_no > :before AND leaf_from = 0 AND leaf_to = tree_size), true,
	'and has verified everything from the start');
SELECT is((SELECT count(*)::int FROM (SELECT cron.unschedule(jobname) FROM cron.job) AS x), 2, 'both can be unscheduled by their names');
DROP EXTENSION pg_cron;
SELECT * FROM finish();
