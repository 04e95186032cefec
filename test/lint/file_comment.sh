#!/usr/bin/env bash
#
# Every source file of ours opens with a block comment that names the file and says what it is for.
status=0
while IFS= read -r file; do
	# What flex and bison write is theirs.
	case $file in *.c) stem=${file%.c} ;; *) stem=${file%.h} ;; esac
	[ ! -e "$stem.y" ] && [ ! -e "$stem.l" ] || continue
	if [ "$(sed -n 1p "$file")" != '/*' ] || [ "$(sed -n 2p "$file")" != " * ${file##*/}" ]; then
		echo "$file: does not open with a block comment that names it"
		status=1
	fi
done < <(find src -name '*.[ch]' | sort)
exit $status
