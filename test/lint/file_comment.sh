#!/usr/bin/env bash
#
# Every C file and header opens with a block comment that names the file and says what it is for.
status=0
for file in $(test/lint/own_sources | grep '\.[ch]$'); do
	if [ "$(sed -n 1p "$file")" != '/*' ] || [ "$(sed -n 2p "$file")" != " * ${file##*/}" ]; then
		echo "$file: does not open with a block comment that names it"
		status=1
	fi
done
exit $status
