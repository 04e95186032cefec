#!/usr/bin/env bash
#
# Functions that overrun buffers or hide bad numbers; strlcpy, psprintf and pg_strtoint32 are there instead.
! grep -nE '\b(strcpy|strcat|strncpy|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof)[[:space:]]*\(' \
	$(find src -name '*.[chly]' | while IFS= read -r f; do
		case $f in *.c) [ -e "${f%.c}.y" ] || [ -e "${f%.c}.l" ] || echo "$f" ;; *) echo "$f" ;; esac
	done)
