#!/bin/sh
# Asks a real PostgreSQL 15 (encoding UTF8, collation C, zone UTC) for the value of every line of questions.txt in every row of table.tsv, and
# writes answers.txt: the question, then a cell a row, which is the value as text, NULL, or the SQLSTATE of the failure and an exclamation mark.
# Usage: PGHOST=… PGPORT=… PGUSER=… testdata/answers.sh
set -eu
cd "$(dirname "$0")"
{
	cat <<'SQL'
CREATE TEMP TABLE question (k serial, text text);
CREATE FUNCTION pg_temp.answer(question text, k int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE value text;
BEGIN
	EXECUTE 'SELECT CASE WHEN v IS NULL THEN ''NULL'' ELSE format(''%s'', v) END FROM (SELECT ' || question || ' AS v FROM input WHERE row_number = '
		|| k || ') answer' INTO value;
	RETURN value;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || '!';
END $$;
SQL
	echo "CREATE TEMP TABLE input (row_number serial, $(head -n 1 table.tsv | tr '\t' ','));"
	names=$(head -n 1 table.tsv | sed 's/\([a-z]*\) [^\t]*/\1/g' | tr '\t' ',')
	echo "COPY input ($names) FROM STDIN (NULL 'NULL', FORMAT text);"
	tail -n +2 table.tsv | sed 's/\\/\\\\/g'
	echo '\.'
	echo 'COPY question (text) FROM STDIN;'
	sed 's/\\/\\\\/g' questions.txt
	echo '\.'
	cat <<'SQL'
COPY (SELECT text, (SELECT string_agg(pg_temp.answer(text, n.row_number), '	' ORDER BY n.row_number) FROM input n) FROM question ORDER BY k) TO STDOUT WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02');
SQL
} | psql -X -q -v ON_ERROR_STOP=1 | tr '\001' '\t' > answers.txt
