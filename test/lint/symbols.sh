#!/usr/bin/env bash
#
# The library exports only names of ours, so that it never collides with another library in the same server.
nm -D --defined-only dwh_ext.so >"$TMPDIR/symbols" || exit 1
[ -s "$TMPDIR/symbols" ] || { echo "dwh_ext.so exports nothing"; exit 1; }
! awk '{ print $NF }' "$TMPDIR/symbols" | grep -vE '^(dwh_|pg_finfo_dwh_|Pg_magic_func$|_PG_init$)' |
	sed 's/^/exported without our prefix: /' | grep .
