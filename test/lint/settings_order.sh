#!/usr/bin/env bash
#
# The settings of src/common/guc.c stand in alphabetical order, carry our prefix, and there are none elsewhere.
[ -e src/common/guc.c ] || exit 0
status=0
names=$(perl -0777 -ne 'print "$1\n" while /DefineCustom\w+Variable\s*\(\s*"([^"]+)"/g' src/common/guc.c)
diff <(echo "$names") <(LC_ALL=C sort <<<"$names") || status=1
! grep -v '^dwh_ext\.' <<<"$names" | grep . || status=1
! grep -rlE 'DefineCustom(Bool|Int|Real|String|Enum)Variable' src --include='*.c' | grep -v '^src/common/guc\.c$' |
	sed 's|$|: defines a setting outside src/common/guc.c|' | grep . || status=1
exit $status
