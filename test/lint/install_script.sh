#!/usr/bin/env bash
#
# CREATE OR REPLACE and IF NOT EXISTS in the install script would adopt, or trip obscurely
# over, an object that someone else made before.
! grep -niE 'create[[:space:]]+or[[:space:]]+replace|if[[:space:]]+not[[:space:]]+exists' sql/install/*.sql |
	grep -vE '^[^:]*:[0-9]+:[[:space:]]*--' | grep .
