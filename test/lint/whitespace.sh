#!/usr/bin/env bash
#
# No blanks at line ends.
{
	test/lint/own_sources
	find sql/install sql/warehouse test -name '*.sql' -o -name '*.sh' -o -name '*.pl' -o -name '*.spec'
} | tr '\n' '\0' | xargs -0 grep -nE '[[:blank:]]+$' /dev/null | cut -c1-120 | { ! grep .; }
