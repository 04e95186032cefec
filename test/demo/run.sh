#!/usr/bin/env bash
#
# test/demo/run.sh: the demo. Called by `make demo` with a private cluster and an empty database (PGHOST, PGDATABASE ...);
# works in any database where this extension can be created. DWH_DEMO_SIZE = number of fact rows, about (default 1000000).
#
# Makes the warehouse, loads the published figures through landing, generates facts scaled to them, and prints indicators computed from
# both. A second run finds everything there and prints the same. Exit status other than 0: something failed or a check did not hold.
set -euo pipefail
cd "$(dirname "$0")"
export PGCLIENTENCODING=UTF8 PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"
size=${DWH_DEMO_SIZE:-1000000}
sql=(psql -X -q -v ON_ERROR_STOP=1 -P pager=off -P footer=off)

step=$SECONDS times=()
lap() { times+=("$1 $((SECONDS - step)) s"); step=$SECONDS; }

if [ "$("${sql[@]}" -At -c "SELECT count(*) FROM pg_extension WHERE extname = 'dwh_ext'")" = 0 ]; then
	"${sql[@]}" -c 'CREATE EXTENSION dwh_ext'
fi
"${sql[@]}" -At -c 'SELECT dwh.create_warehouse()'
lap 'make the warehouse'

echo 'published figures, from landing:'
"${sql[@]}" -f landing.sql
lap 'load published figures'

# generate.sql, but that the two halves of the facts load at the same time.
"${sql[@]}" -v size="$size" -f generate_base.sql
"${sql[@]}" -v batch='participation 2025' -f generate_participation.sql & first=$!
"${sql[@]}" -v batch='participation to 2024' -f generate_participation.sql -f generate_flows.sql & second=$!
status=0
wait $first || status=$?
wait $second || status=$?
[ $status = 0 ] || exit $status
"${sql[@]}" -c 'ANALYZE dwh_star.fact_participation'
lap 'generate facts'

"${sql[@]}" -c "SELECT 'fact_' || split_part(batch, ' ', 2) AS generated, sum(rows_loaded) AS rows FROM dwh_log.load_run
	WHERE batch LIKE 'demo %' AND batch !~ ' (persons|published|outside)' GROUP BY 1 ORDER BY 2 DESC, 1"
"${sql[@]}" -f report.sql
lap 'compute and print'

printf 'time taken:'
printf ' %s;' "${times[@]}"
echo " all $SECONDS s"
