#!/usr/bin/env bash
#
# The control file, META.json and the changelog speak of the same version.
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" dwh_ext.control)
status=0
[ "$(sed '/meta-spec/,$d' META.json | grep -c "\"version\": \"$version\.0\"")" = 2 ] || { echo "META.json: version is not $version.0"; status=1; }
grep -q "^## $version " CHANGELOG.md || { echo "CHANGELOG.md: no section on $version"; status=1; }
exit $status
