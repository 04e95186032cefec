#!/usr/bin/env bash
#
# No file of C beyond 1,200 lines, no fragment of the install script beyond 800.
status=0
for file in $(test/lint/own_sources) sql/install/*.sql; do
	lines=$(wc -l <"$file")
	limit=1200
	case $file in *.sql) limit=800 ;; esac
	[ "$lines" -le $limit ] || { echo "$file: $lines lines, the limit is $limit"; status=1; }
done
exit $status
