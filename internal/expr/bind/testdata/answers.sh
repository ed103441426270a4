#!/bin/sh
# Asks a real PostgreSQL 15 for the type of every line of questions.txt over the columns of columns.tsv, and for its complaint about every line of
# wrong.txt, and writes answers.txt: the expression and its type, or SQLSTATE and message.
# Usage: PGHOST=… PGPORT=… PGUSER=… testdata/answers.sh
set -eu
cd "$(dirname "$0")"
{
	cat <<'SQL'
CREATE TEMP TABLE question (k serial, text text);
CREATE FUNCTION pg_temp.answer(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE value text;
BEGIN
	EXECUTE 'SELECT pg_typeof(' || question || ') FROM input' INTO value;
	RETURN value;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SQL
	echo "CREATE TEMP TABLE input ($(tr '\t' ',' < columns.tsv)); INSERT INTO input DEFAULT VALUES;"
	echo 'COPY question (text) FROM STDIN;'
	cat questions.txt wrong.txt | sed 's/\\/\\\\/g'
	echo '\.'
	cat <<'SQL'
COPY (SELECT text, pg_temp.answer(text) FROM question ORDER BY k) TO STDOUT WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02');
SQL
} | psql -X -q -v ON_ERROR_STOP=1 | tr '\001' '\t' > answers.txt
