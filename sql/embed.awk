# embed.awk: turns the DDL files named on the command line into the function dwh_internal.warehouse_part().
#
# Kind of a part, by its place and number: sql/warehouse/upgrade/NNNN_*.sql is a 'step', sql/warehouse/[89]x_*.sql an
# 'attachment' (run again on every rebuild), everything else 'table' (run once, on creation).
# A file that holds one of the two quoting tags would break out of its literal, so the build stops.

function finish_literal() {
	if (part_no > 0)
		printf "$dwh_part$)"
}

BEGIN {
	part_no = 0
	print "-- Made by the build from sql/warehouse; do not edit."
	print "CREATE FUNCTION dwh_internal.warehouse_part("
	print "\tOUT part_no int, OUT name text, OUT kind text, OUT ddl text)"
	print "RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $dwh_parts$"
	print "SELECT * FROM (VALUES"
}

FNR == 1 {
	finish_literal()
	base = FILENAME
	sub(/.*\//, "", base)
	kind = FILENAME ~ /\/upgrade\// ? "step" : (base ~ /^[89]/ ? "attachment" : "table")
	if (base !~ /^[0-9]+_[a-z0-9_]+\.sql$/) {
		print "embed.awk: name of " FILENAME " must be a number, then lower-case words" > "/dev/stderr"
		failed = 1
		exit 1
	}
	printf "%s(%d, '%s', '%s', $dwh_part$", (part_no > 0 ? ",\n" : ""), ++part_no, base, kind
}

/\$dwh_parts?\$/ {
	print "embed.awk: " FILENAME " line " FNR " holds a quoting tag of the build" > "/dev/stderr"
	failed = 1
	exit 1
}

{ print }

END {
	if (failed)
		exit 1
	finish_literal()
	print ") AS p (part_no, name, kind, ddl) ORDER BY 1;"
	print "$dwh_parts$;"
	print "COMMENT ON FUNCTION dwh_internal.warehouse_part() IS"
	print "\t'Các phần DDL mà dwh.create_warehouse() và dwh.upgrade_warehouse() chạy | The DDL parts that dwh.create_warehouse() and dwh.upgrade_warehouse() run';"
}
