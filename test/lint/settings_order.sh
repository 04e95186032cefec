#!/usr/bin/env bash
#
# Settings are defined in alphabetical order, in src/common/guc.c and nowhere else.
status=0
if grep -rlE 'DefineCustom(Bool|Int|Real|String|Enum)Variable' src --include='*.c' | grep -v '^src/common/guc\.c$' |
	sed 's/$/: defines a setting outside src\/common\/guc.c/' | grep .; then
	status=1
fi
if [ -e src/common/guc.c ]; then
	names=$(perl -0777 -ne 'print "$1\n" while /DefineCustom\w+Variable\s*\(\s*"([^"]+)"/g' src/common/guc.c)
	diff <(echo "$names") <(LC_ALL=C sort <<<"$names") || status=1
	! grep -v '^dwh_ext\.' <<<"$names" | grep . || status=1
fi
exit $status
