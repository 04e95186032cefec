#!/usr/bin/env bash
#
# The log of events: what an event costs beside a plain insert of the same row into an equal table, sealing, verifying, proofs.
#
# Times are those of the wall, and of the processor where the system tells (schedstat). Aims: append 90 % of the rate of the plain insert with
# synchronous_commit on, 75 % with it off, 15 us of the processor an event; 150,000 sealed and 400,000 verified a second and processor; a proof in 5 ms
# at ten million leaves.
#
# DWH_BENCH_EVENTS: events that are sealed and verified (1000000). DWH_BENCH_SECONDS: of each pgbench run (10).
set -uo pipefail
events=${DWH_BENCH_EVENTS:-1000000}
seconds=${DWH_BENCH_SECONDS:-10}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
stop_worker() { sql "ALTER SYSTEM SET dwh_ext.audit_seal_interval = $1" && sql "ALTER SYSTEM SET dwh_ext.audit_check_interval = $1" && sql 'SELECT pg_reload_conf()' >/dev/null; }

sql 'SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS dwh_ext; SELECT dwh.create_warehouse()' >/dev/null || exit 1
stop_worker 0
sql 'SELECT dwh.audit_seal()' >/dev/null
sql 'SET client_min_messages = error; DROP TABLE IF EXISTS bench_event; CREATE TABLE bench_event (LIKE dwh_log.audit_event INCLUDING ALL)'
echo "SELECT dwh_internal.audit_append('bench', 'object', 'done', '{\"n\": 1}');" >"$dir/append.sql"
cat >"$dir/insert.sql" <<'SQL'
INSERT INTO bench_event (occurred_at, month, session_user_name, outer_user_name, client_address, action, object, decision, detail)
VALUES (clock_timestamp(), date_trunc('month', now())::date, 'postgres', 'postgres', '[local]', 'bench', 'object', 'done', '{"n": 1}');
SQL
tps() { PGOPTIONS="-c synchronous_commit=$2" pgbench -n -M prepared -c 8 -j 2 -T "$seconds" -f "$dir/$1.sql" 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'; }

echo "append by 8 clients, transactions per second; the two by turns, $seconds s each"
echo "synchronous_commit | plain insert | audit_append | ratio"
for commit in on off; do
	for turn in 1 2 3; do
		plain=$(tps insert $commit) append=$(tps append $commit)
		echo "$commit | ${plain:-failed} | ${append:-failed} | $(awk -v p="${plain:-0}" -v a="${append:-0}" 'BEGIN { if (p > 0) printf "%.2f", a / p }')"
	done
done

# In one session and one transaction there is nothing to wait for.
echo "one session, 100000 rows in one transaction, microseconds a row: wall, processor"
cpu="CREATE FUNCTION pg_temp.cpu() RETURNS numeric LANGUAGE sql AS \$\$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100, true), ' ', 1)::numeric / 1e9 \$\$;"
psql -Xqt -v ON_ERROR_STOP=1 -f <(echo "$cpu") -f - <<'SQL'
CREATE FUNCTION pg_temp.append() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 100000 LOOP
		PERFORM dwh_internal.audit_append('bench', 'object', 'done', '{"n": 1}');
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.insert() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 100000 LOOP
		INSERT INTO bench_event (occurred_at, month, session_user_name, outer_user_name, client_address, action, object, decision, detail)
		VALUES (clock_timestamp(), '2026-01-01', 'postgres', 'postgres', '[local]', 'bench', 'object', 'done', '{"n": 1}');
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.cost(p_call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	v_start timestamptz := clock_timestamp();
	v_cpu numeric := pg_temp.cpu();
BEGIN
	EXECUTE 'SELECT ' || p_call;
	RETURN round(extract(epoch FROM clock_timestamp() - v_start) * 10, 1) || ', ' || round((pg_temp.cpu() - v_cpu) * 10, 1);
END
$$;
SELECT 'audit_append ' || pg_temp.cost('pg_temp.append()');
SELECT 'plain insert ' || pg_temp.cost('pg_temp.insert()');
SQL

sql 'SELECT dwh.audit_seal()' >/dev/null
sql "SET ROLE dwh_owner; INSERT INTO dwh_log.audit_event (occurred_at, month, session_user_name, outer_user_name, client_address, action, object, decision, detail)
	SELECT now(), date_trunc('month', now())::date, 'postgres', 'postgres', '[local]', 'bench', 'object ' || n, 'done', jsonb_build_object('n', n, 'text', 'một sự kiện')
	FROM generate_series(1, $events) AS n"
sql 'VACUUM ANALYZE dwh_log.audit_event'
echo "events sealed, verified: a second of the wall, of the processor"
psql -Xqt -v ON_ERROR_STOP=1 -f <(echo "$cpu") -f - <<SQL
SELECT clock_timestamp() AS a, pg_temp.cpu() AS ca \gset
SELECT dwh.audit_seal() AS sealed \gset
SELECT clock_timestamp() AS b, pg_temp.cpu() AS cb \gset
SELECT leaf_to - leaf_from AS verified, is_intact FROM dwh.audit_verify((SELECT max(leaf_index) + 1 - :sealed FROM dwh_log.audit_leaf)) \gset
SELECT clock_timestamp() AS c, pg_temp.cpu() AS cc \gset
SELECT format('sealed %s: %s/s, %s/s; verified %s (intact: %s): %s/s, %s/s', :sealed, round(:sealed / extract(epoch FROM :'b'::timestamptz - :'a'::timestamptz)),
	round(:sealed / (:cb - :ca)), :verified, :'is_intact', round(:verified / extract(epoch FROM :'c'::timestamptz - :'b'::timestamptz)), round(:verified / (:cc - :cb)));
SELECT max(leaf_index) + 1 AS size FROM dwh_log.audit_leaf \gset
SELECT clock_timestamp() AS a, pg_temp.cpu() AS ca \gset
SELECT count(dwh.audit_inclusion_proof((random() * (:size - 1))::bigint, :size)) AS n FROM generate_series(1, 200) \gset
SELECT format('inclusion proof in a tree of %s leaves: %s ms, %s of the processor (mean of 200)', :size,
	round(extract(epoch FROM clock_timestamp() - :'a'::timestamptz) * 1000 / 200, 2), round((pg_temp.cpu() - :ca) * 1000 / 200, 2));
SELECT clock_timestamp() AS a \gset
SELECT is_intact FROM dwh.audit_check() \gset
SELECT clock_timestamp() AS b \gset
SELECT is_intact FROM dwh.audit_check() \gset
SELECT format('check from the start: %s s; from the last good one, with nothing new: %s ms', round(extract(epoch FROM :'b'::timestamptz - :'a'::timestamptz), 2),
	round(extract(epoch FROM clock_timestamp() - :'b'::timestamptz) * 1000, 2));
SQL
status=$?
sql 'DROP TABLE bench_event'
sql 'ALTER SYSTEM RESET dwh_ext.audit_seal_interval' && sql 'ALTER SYSTEM RESET dwh_ext.audit_check_interval' && sql 'SELECT pg_reload_conf()' >/dev/null
exit $status
