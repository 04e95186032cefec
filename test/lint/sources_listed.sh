#!/usr/bin/env bash
#
# Every source file and every SQL fragment stands in a list of the Makefile; a forgotten one would silently be absent.
list() { make -s --no-print-directory "list-$1" | tr ' ' '\n' | sort -u; }

status=0
same()
{
	! diff <(list "$1") <(sort -u) | sed -n "s|^<|in $1 only: |p; s|^>|not in $1: |p" | grep . || status=1
}
same OBJS < <(find src -name '*.[cly]' | sed 's/\.[cly]$/.o/')
same SQL_PARTS < <(find sql/install -name '*.sql'; list SQL_PARTS | grep '^build/')
same WAREHOUSE_PARTS < <(find sql/warehouse -maxdepth 1 -name '*.sql')
exit $status
