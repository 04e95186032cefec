#!/usr/bin/env bash
#
# What scope costs as a client sees it, over a Unix socket: point queries (one unit, one month) on one connection, and the first query of a
# connection. Each reader and the owner by turns, the same units; the median of the rounds' ratios, or differences, is what counts. The first
# query of a reader pays for the limits of groups, too, which do not apply to the owner. Goals: point queries 1.10; first query 3 ms.
#
# DWH_BENCH_ROUNDS (default 9).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
rounds=${DWH_BENCH_ROUNDS:-9}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

psql -Xq -v ON_ERROR_STOP=1 -c 'SET client_min_messages = error' -f "$here/include/scope_readers.psql" || exit 1
readers='bench_province bench_21 bench_700 bench_nation bench_bare bench_gate'
for reader in $readers; do
	# four of the reader's units, or any four
	sql "SELECT format('SELECT count(*) FROM dwh_star.fact_participation WHERE unit_id = %s AND month = ''2024-05-01'';', u)
		FROM bench_50.who, unnest(coalesce(units[2:5], '{100100,100200,100300,100400}')) AS u WHERE role = '$reader'" >"$dir/$reader.sql"
done
# ms a query: user, reader whose units, protocol
point() { pgbench -n -U "$1" -M "$3" -t 1000 -f "$dir/$2.sql" 2>/dev/null | awk '/^latency average/ { print $4 / 4 }'; }
# ms of the first query of a connection
first() { pgbench -n -C -U "$1" -t 20 -f "$dir/first.sql" 2>/dev/null | awk '/^latency average/ { l = $4 } /^average connection time/ { c = $5 } END { print l - c }'; }

for protocol in simple prepared; do
	echo "## Point queries, $protocol protocol: ms of a query; goal 1.10"
	echo 'reader | by hand | with scope | ratio | raw ratios'
	for reader in $readers; do : >"$dir/hand.$reader"; : >"$dir/scope.$reader"; done
	for ((round = 0; round <= rounds; round++)); do
		for reader in $readers; do
			hand=$(point "$PGUSER" "$reader" "$protocol"); scope=$(point "$reader" "$reader" "$protocol")
			# round 0 warms up
			[ "$round" = 0 ] || { echo "$hand" >>"$dir/hand.$reader"; echo "$scope" >>"$dir/scope.$reader"; }
		done
	done
	for reader in $readers; do
		paste "$dir/hand.$reader" "$dir/scope.$reader" | awk '{ printf "%.3f\n", $2 / $1 }' >"$dir/ratio"
		printf '%s | %.4f | %.4f | %.3f | %s\n' "$reader" "$(median <"$dir/hand.$reader")" "$(median <"$dir/scope.$reader")" "$(median <"$dir/ratio")" \
			"$(tr '\n' ' ' <"$dir/ratio")"
	done
done

echo '## First query of a connection, ms: with scope less by hand; goal 3'
echo 'reader | by hand | with scope | more | raw differences'
head -1 "$dir/bench_province.sql" >"$dir/first.sql"
for reader in bench_province bench_nation bench_bare; do
	: >"$dir/hand"; : >"$dir/scope"
	for ((round = 0; round <= rounds; round++)); do
		hand=$(first "$PGUSER"); scope=$(first "$reader")
		[ "$round" = 0 ] || { echo "$hand" >>"$dir/hand"; echo "$scope" >>"$dir/scope"; }
	done
	paste "$dir/hand" "$dir/scope" | awk '{ printf "%.2f\n", $2 - $1 }' >"$dir/more"
	printf '%s | %.2f | %.2f | %.2f | %s\n' "$reader" "$(median <"$dir/hand")" "$(median <"$dir/scope")" "$(median <"$dir/more")" "$(tr '\n' ' ' <"$dir/more")"
done
psql -Xq -v ON_ERROR_STOP=1 -c 'SET client_min_messages = error' -f "$here/include/scope_readers_gone.psql"
