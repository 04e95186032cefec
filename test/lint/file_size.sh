#!/usr/bin/env bash
#
# No file of C beyond 1,200 lines, no fragment of installed SQL functions beyond 800.
status=0
while IFS= read -r file; do
	case $file in *.c) [ ! -e "${file%.c}.y" ] && [ ! -e "${file%.c}.l" ] || continue ;; esac
	lines=$(wc -l <"$file")
	limit=1200
	case $file in *.sql) limit=800 ;; esac
	[ "$lines" -le $limit ] || { echo "$file: $lines lines, the limit is $limit"; status=1; }
done < <(find src -name '*.[chly]'; find sql/install -name '*.sql')
exit $status
