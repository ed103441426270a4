CREATE SOURCE numbers WITH (connector = 'generate', kind = 'sequence', rows = 3);
CREATE SINK hole WITH (connector = 'blackhole');
SHOW SOURCES;
SHOW SINKS LIKE 'h%';
SHOW TABLES;
SHOW CREATE SOURCE numbers;
SHOW CREATE SINK numbers;
SHOW FUNCTIONS LIKE 'row_num%';
SHOW FUNCTIONS LIKE '%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%zzz';
SHOW FUNCTIONS LIKE 'row\_n_mber';
\df date_tr*
DESCRIBE numbers;
DESCRIBE nubers;
SELECT * FROM numbers;
\ds
\dk
\dv
\dm
\dt
\timing maybe
\nonsense
\echo to standard output
\warn to standard error
\output csv
SELECT 1 AS a, NULL AS b, '' AS c, 'x"y' AS d, ' z' AS e;
\output jsonl
SELECT 1 AS a, NULL AS b, '' AS c, ARRAY['p', NULL] AS d, TIMESTAMP '2020-01-02 03:04:05' AS e;
\output json-rows
SELECT 1 AS a, NULL AS b, 'x"y' AS c, 1.50 AS d;
\output xml
\output table
SELECT E'two\nlines' AS text, 12 AS n UNION ALL SELECT NULL, 3 UNION ALL SELECT E'tab\there\x01', -1 ORDER BY n;
SELECT 'no semicolon'
