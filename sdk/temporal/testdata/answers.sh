#!/bin/sh
# Asks a real PostgreSQL 15 for the answer to every line of cases.txt and writes answers.txt beside it.
# Usage: PGHOST=… PGPORT=… PGUSER=… testdata/answers.sh
set -eu
cd "$(dirname "$0")"
psql -X -q -v ON_ERROR_STOP=1 -f answers.sql
