#!/usr/bin/env bash
#
# A requirement that a test names exists.
! grep -rnoE '\b(893|2327|ND47)-[0-9]{3}\b' sql test --include='*.sql' --include='*.pl' --include='*.spec' --include='*.sh' |
	while IFS=: read -r file line id; do
		grep -q "^$id," test/requirements.csv || echo "$file:$line: there is no requirement $id"
	done | grep .
