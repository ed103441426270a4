-- Reads cases.txt (operation and arguments, separated by tabs), writes answers.txt (the same with the answer as the last column).
-- An answer is the text of the value, NULL, or ERROR with SQLSTATE and message.
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
CREATE TEMP TABLE operation (name text PRIMARY KEY, query text);
INSERT INTO operation VALUES
  ('timestamp', '$1[1]::timestamp::text'),
  ('timestamptz', '(set_config(''timezone'', $1[1], true) || $1[2]::timestamptz::text)'),
  ('date', '$1[1]::date::text'),
  ('time', '$1[1]::time::text'),
  ('interval', '$1[1]::interval::text'),
  ('json', '(row_to_json(row($1[1]::timestamp))::text)'),
  ('jsontz', '(set_config(''timezone'', $1[1], true) || row_to_json(row($1[2]::timestamptz))::text)'),
  ('atzone', '($1[2]::timestamptz at time zone $1[1])::text'),
  ('fromzone', '($1[2]::timestamp at time zone $1[1])::text'),
  ('add', '($1[1]::timestamp + $1[2]::interval)::text'),
  ('sub', '($1[1]::timestamp - $1[2]::interval)::text'),
  ('addtz', '(set_config(''timezone'', $1[1], true) || ($1[2]::timestamptz + $1[3]::interval)::text)'),
  ('diff', '($1[1]::timestamp - $1[2]::timestamp)::text'),
  ('age', 'age($1[1]::timestamp, $1[2]::timestamp)::text'),
  ('iadd', '($1[1]::interval + $1[2]::interval)::text'),
  ('isub', '($1[1]::interval - $1[2]::interval)::text'),
  ('imul', '($1[1]::interval * $1[2]::float8)::text'),
  ('idiv', '($1[1]::interval / $1[2]::float8)::text'),
  ('icmp', '(CASE WHEN $1[1]::interval < $1[2]::interval THEN -1 WHEN $1[1]::interval = $1[2]::interval THEN 0 ELSE 1 END)::text'),
  ('jhours', 'justify_hours($1[1]::interval)::text'),
  ('jdays', 'justify_days($1[1]::interval)::text'),
  ('jinterval', 'justify_interval($1[1]::interval)::text'),
  ('extract', 'date_part_of($1[1], ''timestamp'', $1[2])'),
  ('extractdate', 'date_part_of($1[1], ''date'', $1[2])'),
  ('extracttime', 'date_part_of($1[1], ''time'', $1[2])'),
  ('extractinterval', 'date_part_of($1[1], ''interval'', $1[2])'),
  ('extracttz', '(set_config(''timezone'', $1[1], true) || date_part_of($1[2], ''timestamptz'', $1[3]))'),
  ('trunc', 'date_trunc($1[1], $1[2]::timestamp)::text'),
  ('trunctz', 'date_trunc($1[2], $1[3]::timestamptz, $1[1])::text'),
  ('truncinterval', 'date_trunc($1[1], $1[2]::interval)::text'),
  ('bin', 'date_bin($1[1]::interval, $1[2]::timestamp, $1[3]::timestamp)::text'),
  ('makedate', 'make_date($1[1]::int, $1[2]::int, $1[3]::int)::text'),
  ('maketime', 'make_time($1[1]::int, $1[2]::int, $1[3]::float8)::text'),
  ('maketimestamp', 'make_timestamp($1[1]::int, $1[2]::int, $1[3]::int, $1[4]::int, $1[5]::int, $1[6]::float8)::text'),
  ('makeinterval', 'make_interval($1[1]::int, $1[2]::int, $1[3]::int, $1[4]::int, $1[5]::int, $1[6]::int, $1[7]::float8)::text'),
  ('tochar', 'to_char($2::timestamp, $1[1])'),
  ('tochartz', '(set_config(''timezone'', $1[1], true) || to_char($1[3]::timestamptz, $1[2]))'),
  ('tocharinterval', 'to_char($1[2]::interval, $1[1])'),
  ('totimestamp', 'to_timestamp($1[2], $1[1])::text'),
  ('todate', 'to_date($1[2], $1[1])::text');
UPDATE operation SET query = replace(query, '$2::', '$1[2]::');
CREATE FUNCTION pg_temp.date_part_of(field text, type text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  EXECUTE format('SELECT extract(%s from %L::%s)::text', field, value, type) INTO answer;
  RETURN answer;
END $$;
-- Zone-setting queries prefix their answer with the setting; it is cut off again.
CREATE FUNCTION pg_temp.answer(op text, args text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE reply text; q text;
BEGIN
  SELECT query INTO STRICT q FROM operation WHERE name = op;
  EXECUTE 'SELECT ' || replace(q, 'date_part_of', 'pg_temp.date_part_of') INTO reply USING args;
  IF q LIKE '(set_config%' THEN
    reply := substr(reply, length(current_setting('timezone')) + 1);
    PERFORM set_config('timezone', 'UTC', true);
  END IF;
  RETURN coalesce(reply, 'NULL');
EXCEPTION WHEN OTHERS THEN
  RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TEMP TABLE line (ord serial, body text);
\copy line (body) FROM 'cases.txt' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
\copy (SELECT body || E'\t' || pg_temp.answer(split_part(body, E'\t', 1), (string_to_array(body, E'\t'))[2:]) FROM line WHERE body <> '' ORDER BY ord) TO 'answers.txt' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02', ESCAPE E'\x02')
