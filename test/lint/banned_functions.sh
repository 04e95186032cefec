#!/usr/bin/env bash
#
# Functions that overrun buffers or hide bad numbers; strlcpy, psprintf and pg_strtoint32 are there instead.
! grep -nE '\b(strcpy|strcat|strncpy|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof)[[:space:]]*\(' $(test/lint/own_sources)
