#
# pg_regress.sh: pg_regress and its twin for isolation, with counts (sourced).
#

# run_pg_regress KIND PROGRAM OPTION... -- TEST...: print the differences of what failed and write the count.
run_pg_regress()
{
	local kind=$1 program=$2 out=$SCRATCH/$1/out good
	local -a options=()
	shift 2
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift

	if [ $# = 0 ]; then
		echo "0 0" >"$SCRATCH/count.$kind"
		return
	fi
	mkdir -p "$out"
	"$program" "${options[@]}" --outputdir="$out" --bindir="$BIN" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
		"$@" >"$out/console" 2>&1
	[ ! -s "$out/regression.diffs" ] || cat "$out/regression.diffs"
	# "test x ... ok", from 16 on "ok 1 - x"; what is not reported as good failed.
	good=$(grep -cE '^(test|    ) .*\.\.\. ok( |$)|^ok [0-9]' "$out/console")
	[ "$good" = $# ] || cat "$out/console"
	echo "$good $(($# - good))" >"$SCRATCH/count.$kind"
}
