#!/bin/sh
# Writes grouping.tsv: each expression of expressions.txt, a tab, and how PostgreSQL 15 grouped it (pg_get_viewdef puts parentheses
# around every operation). Every operator is defined on booleans inside a transaction that is rolled back, so that whatever the grammar
# takes has a type. psql finds the server by PGHOST, PGPORT and PGUSER.
set -eu
cd "$(dirname "$0")"
say() { printf '%s\n' "$1"; }
{
	say "BEGIN; CREATE SCHEMA wire_grouping; SET search_path = wire_grouping, pg_catalog;"
	say "CREATE FUNCTION two(boolean, boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NULL::boolean';"
	say "CREATE FUNCTION one(boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NULL::boolean';"
	for op in + - '*' / % '^' '||' '->' '->>' '~~' '!~~' '~~*' '!~~*' '~' '&&' '@-'; do
		say "CREATE OPERATOR $op (LEFTARG = boolean, RIGHTARG = boolean, FUNCTION = two);"
	done
	for op in + - '~' '@'; do
		say "CREATE OPERATOR $op (RIGHTARG = boolean, FUNCTION = one);"
	done
	say "CREATE TABLE t (a boolean, b boolean, c boolean, d boolean, e boolean, s text, u text, z timestamp, y timestamptz, r boolean[]);"
	n=0
	while IFS= read -r expr; do
		n=$((n + 1))
		say "SAVEPOINT s; CREATE VIEW v$n AS SELECT $expr AS x FROM t;"
		say '\if :ERROR'
		say "ROLLBACK TO s; SELECT 'error ' || :'LAST_ERROR_SQLSTATE';"
		say '\else'
		say "SELECT regexp_replace(regexp_replace(pg_get_viewdef('v$n'::regclass), '[[:space:]]+', ' ', 'g'),"
		say "  '^ SELECT (.*) AS x FROM t;\$', '\1');"
		say '\endif'
	done <expressions.txt
	say "ROLLBACK;"
} | psql -X -q -A -t 2>/dev/null | paste expressions.txt - >grouping.tsv
