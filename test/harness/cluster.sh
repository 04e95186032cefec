#
# cluster.sh: private clusters in the scratch folder (sourced).
#
# A cluster NAME lives in $SCRATCH/NAME: data, server log, and the Unix socket that is its only door.
#

# start_cluster NAME [plain|preload|demo|bench]: make it, start it, and point psql and its kin at it.
start_cluster()
{
	local name=$1 kind=${2:-plain} dir=$SCRATCH/$1

	mkdir -p "$dir" || return
	initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --data-checksums --no-sync >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log"; return 1; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$dir'"
		echo "port = $((49152 + $$ % 16000))"
		echo "timezone = 'UTC'"
		echo "max_worker_processes = 16"
		case $kind in
			preload|demo|bench)
				echo "shared_preload_libraries = 'dwh_ext,pg_cron'"
				echo "dwh_ext.database = '$name'"
				echo "cron.database_name = '$name'"
				echo "cron.host = '$dir'"
				;;
		esac
		case $kind in
			bench)
				echo "shared_buffers = '1GB'"
				echo "max_wal_size = '4GB'"
				;;
			demo)
				echo "fsync = off"
				echo "shared_buffers = '512MB'"
				echo "max_wal_size = '4GB'"
				;;
			*)
				echo "fsync = off"
				;;
		esac
	} >>"$dir/data/postgresql.conf"
	pg_ctl -s -w -D "$dir/data" -l "$dir/log" start >/dev/null || { tail -n 20 "$dir/log"; return 1; }
	export PGHOST=$dir PGUSER=postgres PGPORT=$((49152 + $$ % 16000))
}

# stop_cluster NAME: end it; a backend that had crashed is reported and makes this fail.
stop_cluster()
{
	local dir=$SCRATCH/$1

	pg_ctl -s -D "$dir/data" -m fast -t 60 stop >/dev/null || return
	if grep -E 'was terminated by signal|PANIC:|TRAP:|server process .* exited with exit code' "$dir/log"; then
		echo "a server process crashed; its log ends:"
		tail -n 40 "$dir/log"
		return 1
	fi
}

# make_warehouse DATABASE [EXTENSION...]: a database with these extensions, ours, and the warehouse.
make_warehouse()
{
	local database=$1 extension
	shift

	createdb "$database" || return
	for extension in "$@" dwh_ext; do
		psql -Xq -v ON_ERROR_STOP=1 -d "$database" -c "CREATE EXTENSION $extension" || return
	done
	psql -Xq -v ON_ERROR_STOP=1 -d "$database" -o /dev/null -c 'SET client_min_messages = warning' -c 'SELECT dwh.create_warehouse()'
}
