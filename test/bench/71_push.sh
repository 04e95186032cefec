#!/usr/bin/env bash
#
# Pushing to 64 agreements, 32 messages in flight, over loopback: how fast a queue is drained, with the durable log; whether all of it
# arrived, once; how much a partner that answers after 10 s delays the others; how soon a cancellation and a suspension act.
# The receiver is nginx where there is one, else test/stub/receiver.pl, which is a script and shares the machine; the late partner is
# always the script. Where the server has pg_net (in shared_preload_libraries, for this database), it drains a queue of the same bodies.
# DWH_BENCH_MESSAGES: length of the queue (40000); DWH_BENCH_BESIDE: of that beside a slow partner (4200); DWH_BENCH_TURNS (3).
set -euo pipefail
cd "$(dirname "$0")/../.."
messages=${DWH_BENCH_MESSAGES:-40000} beside=${DWH_BENCH_BESIDE:-4200} turns=${DWH_BENCH_TURNS:-3}
work=$(mktemp -d)
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}"; rm -rf "$work"' EXIT
PATH=$PATH:/usr/sbin
export STUB_SECRET=0123456789abcdef0123456789abcdef

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

printf '%s\n' "$STUB_SECRET" >"$work/stub.hmac"
chmod 600 "$work/stub.hmac"
perl test/stub/receiver.pl "$work/late" >"$work/port" &
pids+=($!)
until [ -s "$work/port" ]; do sleep 0.1; done
late_port=$(cat "$work/port")

# A line for each message that arrived: its key, and what else the receiver writes.
received=$work/received
if command -v nginx >/dev/null; then
	port=$((late_port > 40000 ? late_port - 7 : late_port + 7))
	cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 1024; }
http {
	log_format keys '\$http_idempotency_key'; access_log $received keys;
	client_body_temp_path $work/body; proxy_temp_path $work/x1; fastcgi_temp_path $work/x2; uwsgi_temp_path $work/x3; scgi_temp_path $work/x4;
	keepalive_requests 1000000;
	server { listen 127.0.0.1:$port backlog=512; location / { return 204; } }
}
CONF
	nginx -c "$work/nginx.conf" -e "$work/nginx.log" 2>"$work/nginx.err" &
	receiver=$!
	what="nginx, one process"
else
	perl test/stub/receiver.pl "$received" >"$work/port2" &
	receiver=$!
	until [ -s "$work/port2" ]; do sleep 0.1; done
	port=$(cat "$work/port2") what="test/stub/receiver.pl"
fi
pids+=("$receiver")

sql -c "ALTER SYSTEM SET dwh_ext.share_credentials = '$work'" -c 'ALTER SYSTEM SET dwh_ext.share_in_flight = 32' -c 'SELECT pg_reload_conf()' >/dev/null
sql -c 'CREATE EXTENSION IF NOT EXISTS dwh_ext' -c 'SELECT dwh.create_warehouse()' >/dev/null 2>&1
[ "$(sql -c 'SELECT count(*) FROM dwh_catalog.share_agreement WHERE agreement_id = 9064')" = 1 ] ||
	perl -Itest/lib -MPush -e 'print partners_sql(64, "{out}")' | sql -f - >/dev/null
sql -c "SELECT dwh.register_push_host('127.0.0.1', p, 'bench', '{127.0.0.0/8}', 'http') FROM unnest('{$port,$late_port}'::int[]) AS p" >/dev/null

aim() { sql -c "SELECT dwh.register_push_target(a, '127.0.0.1', $4, '$3', 'stub') FROM generate_series($1, $2) AS a" >/dev/null; }

# queue FIRST LAST NAME COUNT: as one transaction, so that nothing is sent before all of it is there.
queue()
{
	sql -c "SELECT count(dwh.push_share($1 + i % ($2 - $1 + 1), format('{\"name\": \"$3\", \"total\": %s}', i), '{total}'))
		FROM generate_series(1, $4) AS i" >/dev/null
}

drained() { until [ "$(sql -c "SELECT EXISTS (SELECT FROM dwh_log.share_outbox WHERE agreement_id <= $1)")" = f ]; do sleep 0.1; done; }

is_sending() { until [ "$(sql -c "SELECT count(*) FROM dwh_log.share_outbox WHERE agreement_id = 9064 AND state = 'sending'")" = 1 ]; do sleep 0.05; done; }

seconds() { date +%s.%N; }

cpu_ms() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }

rate() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.1f s, %.0f a second", b - a, n / (b - a) }'; }

each() { awk -v m="$1" -v n="$2" 'BEGIN { printf "%.2f ms", m / n }'; }

echo "receiver: $what; fsync $(sql -c 'SHOW fsync'), synchronous_commit $(sql -c 'SHOW synchronous_commit')"
aim 9001 9064 /ok "$port"
until worker=$(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dwh_ext share'") && [ -n "$worker" ]; do sleep 0.1; done
for ((turn = 1; turn <= turns; turn++)); do
	: >"$received"
	from=$(sql -c "SELECT nextval('dwh_log.share_no_seq')")
	began=$(seconds)
	start=$began
	queue 9001 9064 whole "$messages"
	end=$(seconds)
	echo "queued     $messages messages: $(rate "$messages" "$start" "$end")"
	before=$(cpu_ms "$worker") receiver_before=$(cpu_ms "$receiver")
	start=$(seconds)
	drained 9064
	end=$(seconds)
	echo "delivered  $messages messages: $(rate "$messages" "$start" "$end"); processor time of a message: worker" \
		"$(each "$(($(cpu_ms "$worker") - before))" "$messages"), receiver $(each "$(($(cpu_ms "$receiver") - receiver_before))" "$messages")"
	sleep 0.5
	echo "arrived    $(wc -l <"$received") messages, $(grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' "$received" | sort -u | wc -l) different keys"
	echo "in the log $(sql -c "SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (SELECT status, count(*) AS n FROM dwh_log.share_log
		WHERE share_no > $from AND occurred_at >= to_timestamp($began) AND agreement_id BETWEEN 9001 AND 9064 GROUP BY status) AS s")"
done

# The same 63 partners without and with a slow one, in short turns, so that the load and the speed of the machine are the same for both.
aim 9064 9064 /late/10000 "$late_port"
# Which of the two comes first changes from turn to turn; the median of the turns' ratios counts, of the time, which the log tells from the first intent
# to the last outcome, and of the worker's processor time.
timed()
{
	local from before
	from=$(sql -c "SELECT nextval('dwh_log.share_no_seq')")
	before=$(cpu_ms "$worker")
	queue 9001 9063 "$1" "$beside"
	drained 9063
	echo "$(sql -c "SELECT extract(epoch FROM max(occurred_at) - min(occurred_at)) FROM dwh_log.share_log WHERE share_no > $from AND agreement_id BETWEEN 9001 AND 9063
		AND stage IN ('intent', 'outcome')") $(($(cpu_ms "$worker") - before))"
}
beside_slow()
{
	queue 9064 9064 slow 1
	is_sending
	sleep 1.2
	timed beside
	drained 9064
}
middle() { sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
for ((turn = 1; turn <= 6 * turns + 1; turn++)); do
	if ((turn % 2)); then alone=$(timed alone) slow=$(beside_slow); else slow=$(beside_slow) alone=$(timed alone); fi
	echo "$alone $slow" | awk '{ printf "%.3f %.3f\n", $3 / $1, $4 / $2 }'
done >"$work/ratios"
echo "63 partners with one that answers after 10 s, to those without, $beside messages: time $(cut -d' ' -f1 "$work/ratios" | middle)," \
	"processor $(cut -d' ' -f2 "$work/ratios" | middle) (medians of $((6 * turns + 1)) turns: $(tr '\n' ',' <"$work/ratios"))"

# From the commit of a person's act to the row in the log that the transfer was broken off.
acts()
{
	queue 9064 9064 "$1" 1
	is_sending
	no=$(sql -c 'SELECT share_no FROM dwh_log.share_outbox WHERE agreement_id = 9064')
	at=$(sql -c "${2//NO/$no}; SELECT clock_timestamp()" | tail -1)
	until [ "$(sql -c "SELECT count(*) FROM dwh_log.share_log WHERE share_no = $no AND status = 'broken_off'")" = 1 ]; do sleep 0.05; done
	sql -c "SELECT round(1000 * extract(epoch FROM occurred_at - '$at')) || ' ms' FROM dwh_log.share_log WHERE share_no = $no AND status = 'broken_off'"
}
for ((turn = 1; turn <= turns; turn++)); do
	echo "cancelled under way: $(acts cancelled "SELECT dwh.cancel_push(NO, 'bench')")"
	drained 9064
	echo "suspended under way: $(acts suspended "INSERT INTO dwh_catalog.share_suspension (agreement_id, kind, starts_at, noticed_on, reason, decided_by,
		document_no) VALUES (9064, 'security', clock_timestamp(), '2026-01-01', 'bench', 9000, 'x')")"
	sql -c 'UPDATE dwh_catalog.share_suspension SET ended_at = clock_timestamp(), end_decided_by = 9000 WHERE agreement_id = 9064 AND ended_at IS NULL'
	sql -c "SELECT dwh.cancel_push(share_no, 'bench') FROM dwh_log.share_outbox WHERE agreement_id = 9064" >/dev/null
	drained 9064
done

# pg_net, which keeps no durable queue and signs nothing: the same bodies to the same receiver, 200 and 32 at a time.
if [[ $(sql -c 'SHOW shared_preload_libraries') != *pg_net* ]]; then
	echo "pg_net is not loaded here: not compared"
	exit 0
fi
sql -c 'CREATE EXTENSION IF NOT EXISTS pg_net' >/dev/null 2>&1
echo "pg_net $(sql -c "SELECT extversion FROM pg_extension WHERE extname = 'pg_net'")"
for batch in 200 32 200 32; do
	sql -c "ALTER SYSTEM SET pg_net.batch_size = $batch" -c 'SELECT pg_reload_conf()' -c 'SELECT pg_sleep(1)' >/dev/null
	: >"$received"
	sql -c "SELECT count(net.http_post('http://127.0.0.1:$port/ok', format('{\"name\": \"whole\", \"total\": %s}', i)::jsonb))
		FROM generate_series(1, $messages) AS i" >/dev/null
	start=$(seconds)
	until [ "$(sql -c 'SELECT count(*) FROM net.http_request_queue')" = 0 ]; do sleep 0.1; done
	end=$(seconds)
	echo "pg_net delivered $messages messages, $batch at a time: $(rate "$messages" "$start" "$end"); arrived $(wc -l <"$received")"
done
