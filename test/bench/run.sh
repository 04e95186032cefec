#!/usr/bin/env bash
#
# test/bench/run.sh [NN...]
#
# Runs the measurements: every NN_name.sql (by psql) and NN_name.sh here, in order, or those whose numbers are given. Called by
# `make bench` (BENCH="41 42" picks some) with a private cluster in PGHOST, PGPORT, PGDATABASE, PGUSER (a superuser); any other server
# that has the extension at hand will do. What a file prints goes to the terminal and to $DWH_BENCH_RESULTS/NN_name.txt
# (default: results/ beside this file). To add a measurement, add a file. NN_data.sql makes what the measurements after it share:
# 00_data.sql (ids only) is for 01 to 39, 40_warehouse_data.sql (a warehouse with ten million facts) for 41 to 59;
# those from 60 on make a warehouse where there is none.
#
# DWH_BENCH_PERSONS (default 160000) scales the data: 36 months of that many people make about 10.4 million rows.
# Peers are measured where the server has them: the extensions hll and roaringbitmap.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
results=${DWH_BENCH_RESULTS:-$here/results}
mkdir -p "$results" || exit 1
status=0

head_lines()
{
	echo "# $1, $(date -u +%Y-%m-%dT%H:%MZ)"
	echo "# $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c | sed 's/^ *\([0-9]*\) /\1 x /')," \
		"$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo | awk '{ printf "%.0f GB", $1 / 1048576 }')," \
		"load before $(cut -d' ' -f1-3 /proc/loadavg)"
	echo "# $(psql -XqAtc 'SELECT version()')"
}

for file in "$here"/[0-9][0-9]_*.sql "$here"/[0-9][0-9]_*.sh; do
	[ -e "$file" ] || continue
	name=$(basename "$file"); name=${name%.*}
	# what is asked for, and the data it needs
	if [ $# -gt 0 ]; then
		wanted=
		for number in "$@"; do
			[ "$number" = "${name%%_*}" ] && wanted=yes
			[ "${name%%_*}" = 00 ] && [ "$number" -lt 40 ] && wanted=yes
			[ "${name%%_*}" = 40 ] && [ "$number" -gt 40 ] && [ "$number" -lt 60 ] && wanted=yes
		done
		[ -n "$wanted" ] || continue
	fi
	{
		head_lines "$name"
		case $file in
			*.sql) psql -Xq -v ON_ERROR_STOP=1 -v persons="${DWH_BENCH_PERSONS:-160000}" -f "$file" ;;
			*) "$file" ;;
		esac
		failed=$?
		echo "# load after $(cut -d' ' -f1-3 /proc/loadavg)"
		exit $failed
	} 2>&1 | tee "$results/$name.txt" || {
		echo "$name failed" >&2
		status=1
		# nothing else works without the data
		case $name in *_data) break ;; esac
	}
done
exit $status
