#!/usr/bin/env bash
#
# Every regression test stands in the Makefile's REGRESS and has its expected output; nothing is listed or expected
# that is not there. Isolation tests, which are not listed, have their expected output too.
same()
{
	! diff <(sort -u <<<"$2") <(sort -u <<<"$3") | sed -n "s|^<|$1 only: |p; s|^>|$4 only: |p" | grep .
}
names() { local f; for f in "$1"/*"$2"; do [ ! -e "$f" ] || basename "$f" "$2"; done; }

status=0
listed=$(make -s --no-print-directory list-REGRESS | tr ' ' '\n')
same REGRESS "$listed" "$(names sql .sql)" 'sql/' || status=1
# An alternative output is name_N.out.
same REGRESS "$listed" "$(names expected .out | sed 's/_[0-9]$//')" 'expected/' || status=1
same specs "$(names test/isolation/specs .spec)" "$(names test/isolation/expected .out | sed 's/_[0-9]$//')" \
	'test/isolation/expected/' || status=1
exit $status
