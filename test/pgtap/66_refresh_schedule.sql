-- harness: preload
-- 893-072: pg_cron really runs the refresh that was scheduled, in the name of who scheduled it.
SET client_min_messages = warning;
CREATE EXTENSION pg_cron;
SELECT plan(7);
SELECT throws_ok($$SELECT dwh.schedule_refresh(' ')$$, '22004', 'p_cron must be given', 'a schedule must be given');
SELECT dwh.mark_dirty('fact_staff') AS marks, coalesce((SELECT max(run_id) FROM dwh_log.refresh_run), 0) AS runs_before \gset
SELECT dwh.schedule_refresh('15 2 * * *') AS nightly \gset
SELECT is((SELECT format('%s %s %s %s', jobname, schedule, command, username) FROM cron.job), format('dwh_ext refresh 15 2 * * * SELECT dwh.refresh() %s', current_user), 'there is one job');
SELECT is(dwh.schedule_refresh('* * * * *'), :nightly::bigint, 'scheduling again changes it');
SELECT set_config('tap.runs_before', :'runs_before', false) AS ignored \gset
DO $$
BEGIN
	FOR i IN 1 .. 1500 LOOP
		EXIT WHEN EXISTS (SELECT FROM dwh_log.refresh_run WHERE run_id > current_setting('tap.runs_before')::bigint)
			AND EXISTS (SELECT FROM cron.job_run_details WHERE status = 'succeeded');
		COMMIT;
		PERFORM pg_sleep(0.1);
	END LOOP;
END
$$;
SELECT is((SELECT DISTINCT format('%s %s', status, username) FROM cron.job_run_details WHERE status <> 'running'), format('succeeded %s', current_user), 'it ran');
SELECT cmp_ok((SELECT max(cells_marked) FROM dwh_log.refresh_run WHERE run_id > :runs_before), '>=', :marks::bigint, 'and refreshed');
SELECT is_empty('SELECT * FROM dwh_log.cell_mark', 'no mark is left');
SELECT is(cron.unschedule('dwh_ext refresh'), true, 'it can be unscheduled by its name');
DROP EXTENSION pg_cron;
SELECT * FROM finish();
