#!/usr/bin/env bash
#
# The first argument of ereport is the level: ereport(ERRCODE_..., ...) compiles and misbehaves.
! find src -name '*.[chly]' -exec perl -0777 -ne '
	while (/\b(ereport|elog)\s*\(\s*\(?\s*(ERRCODE_\w+|errcode\b)/g) { printf "%s:%d: no level in %s\n", $ARGV, ($` =~ tr/\n//) + 1, $1 }' {} + | grep .
