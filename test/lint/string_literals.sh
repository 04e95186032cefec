#!/usr/bin/env bash
#
# No backslash in a plain literal of the install script: bodies are parsed when they run, under the caller's standard_conforming_strings, so that
# only E'...' means the same to everybody.
status=0
for file in sql/install/*.sql; do
	found=$(perl -0777 -ne '
		while (/\G(?:--[^\n]*|([EeUuBbXx]&?)?(\x27(?:[^\x27]|\x27\x27)*\x27(?:[ \t]*\n\s*\x27(?:[^\x27]|\x27\x27)*\x27)*)|\w+|[^\x27\-\w]|-)/gcs) {
			next unless defined $2 && !defined $1 && index($2, "\\") >= 0;
			print 1 + (substr($_, 0, $-[0]) =~ tr/\n//), " ";
		}' "$file")
	[ -z "$found" ] || { echo "$file: backslash in a plain literal, line $found"; status=1; }
done
exit $status
