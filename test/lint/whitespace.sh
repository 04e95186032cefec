#!/usr/bin/env bash
#
# No blanks at line ends.
! grep -rnIE '[[:blank:]]+$' src sql/install sql/warehouse test --include='*.[chly]' --include='*.sql' --include='*.sh' \
	--include='*.pl' --include='*.spec' | cut -c1-120 | grep .
