#!/usr/bin/env bash
# Writes pg_numeric.txt: what PostgreSQL answers to the cases below. psql finds the server by PGHOST and PGPORT.
# Columns, separated by tabs: operation, arguments, answer. An error is "ERROR", its SQLSTATE, its message, and its detail after " | ".
set -euo pipefail
cd "$(dirname "$0")"
psql -XqAt -F $'\t' -v ON_ERROR_STOP=1 >pg_numeric.txt <<'SQL'
SET extra_float_digits = 1;
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; detail text;
BEGIN
	EXECUTE query INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM || CASE WHEN detail <> '' THEN ' | ' || detail ELSE '' END;
END $$;

-- Input.
SELECT 'parse', x, pg_temp.answer(format('SELECT %L::numeric', x))
FROM unnest(ARRAY['', ' ', '0', '-0', '+0', '00', '0.0', '-0.00', '1', '-1', '+1', '1.', '.5', '-.5', '+.50', '.', '-', '+', '1.5', '1.50', '-1.500',
	' 12 ', '12 3', '1e3', '1E3', '1e+3', '1e-3', '1.5e1', '1.50e1', '1.500e1', '1e', '1e+', '1e 3', '1e- 3', '1e3.', '1e3 ', '1.2.3', '1..2', 'e3', '.e3',
	'1.e3', '000123', '000.00100', '0e5', '0e-5', '0.00e1', '1e0', 'NaN', 'nan', ' NaN ', '-NaN', '+NaN', 'nanx', 'Infinity', 'inf', '+inf', '-inf', '-Infinity',
	'+INFINITY', ' -iNf ', 'infi', 'infinit', 'in', '1_000', '0x10', '1a', 'a', '--1', '+-1', '1-', '1e5000000000', '1e-5000000000', '1e1073741823',
	'123456789012345678', '1234567890123456789', '-1234567890123456789', '9223372036854775807', '-9223372036854775808', '9223372036854775808',
	'12345678901234567.8', '123456789012345678.9', '0.123456789012345678', '0.1234567890123456789', '99999999999999999999999999999999999999',
	'-99999999999999999999999999999999999999', '100000000000000000000000000000000000000', '0.00000000000000000000000000000000000001',
	'0.000000000000000000000000000000000000001', '1e37', '1e38', '1e-38', '1e-39', '1234567890123456789012345678901234567.8',
	'12345678901234567890123456789012345678.9', '0000000000000000000000000000000000000000000000000000001', '1000e-3', '100000000000000000000e-20',
	'0.00000000000000000000000000000000000000000000000000e0', '5000000000000000000000000000000000000000e-2']) AS x;

-- One argument.
CREATE TEMP TABLE unary AS SELECT x FROM unnest(ARRAY['0', '0.00', '1', '1.0', '-1', '2', '3', '10', '0.1', '0.5', '-0.5', '1.5', '-1.5', '2.5', '0.49', '0.9', '1.1', '1.05', '0.999999',
	'1.00000000000000000001', '99', '100', '9999', '10000', '10001', '12345.678', '-12345.678', '99999999', '100000000', '0.0001', '0.00012345', '0.00000000000000000123', '1e20',
	'123456789012345678901234567890', '87.4', '87.6', '-87', '9223372036854775807.4', '9223372036854775807.5', '-9223372036854775808.5', '9223372036854775806.5', '0.3333333333333333333',
	'99999999999999999999999999999999999999', '-9999999999999999999.9999999999999999999', '0.00000000000000000000000000000000000001', 'NaN', 'Infinity', '-Infinity']) AS x;
SELECT CASE f WHEN 'float8' THEN 'to_float8' ELSE f END, x, pg_temp.answer(format('SELECT %s(%L::numeric)', f, x))
FROM unnest(ARRAY['abs', 'sign', 'ceil', 'floor', 'sqrt', 'exp', 'ln', 'log', 'numeric_uminus', 'int8', 'float8', 'trim_scale']) AS f, unary;

-- Two arguments.
CREATE TEMP TABLE operand AS SELECT x FROM unnest(ARRAY['0', '0.000', '1', '-1.0', '2', '0.5', '-3', '7.25', '1.1', '0.908', '10000', '9999.9999', '123456789.123456789', '-0.00001234',
	'1e18', '12345678901234567890.123456789', '99999999999999999999999999999999999999', '0.00000000000000000000000000000000000007', 'NaN', 'Infinity', '-Infinity']) AS x;
SELECT f, a.x, b.x, pg_temp.answer(format('SELECT %s(%L::numeric, %L::numeric)', f, a.x, b.x))
FROM unnest(ARRAY['numeric_add', 'numeric_sub', 'numeric_mul', 'numeric_div', 'mod', 'numeric_cmp']) AS f, operand AS a, operand AS b;
SELECT f, a, b, pg_temp.answer(format('SELECT %s(%L::numeric, %L::numeric)', f, a, b))
FROM unnest(ARRAY['power', 'log']) AS f,
	unnest(ARRAY['0', '0.00', '1', '-1', '2', '0.5', '-3.5', '1.000001', '7.123456789012345678', '10', '123456.789', '-Infinity', 'Infinity', 'NaN']) AS a,
	unnest(ARRAY['0', '0.0', '1', '-1', '2', '3', '3.0', '0.5', '-0.5', '-7', '17', '100', '65', '1000000', '1.23', '3000000001', '-Infinity', 'Infinity', 'NaN']) AS b;

-- Scales.
SELECT f, x, n, pg_temp.answer(format('SELECT %s(%L::numeric, %s)', f, x, n))
FROM unnest(ARRAY['round', 'trunc']) AS f,
	unnest(ARRAY['0', '0.5', '-0.5', '1.25', '-1.35', '149.999', '-150', '999.995', '12345678901234567890.12345', '99999999999999999999999999999999999999', '5e37', 'NaN', '-Infinity']) AS x,
	unnest(ARRAY[-40, -38, -37, -3, -2, -1, 0, 1, 2, 5, 18, 38]) AS n;
SELECT 'typmod', x, p, s, pg_temp.answer(format('SELECT %L::numeric(%s,%s)', x, p, s))
FROM unnest(ARRAY['0', '0.00', '1', '-1.5', '9.994', '9.995', '99.99', '999.5', '-1234.5678', '0.0123', '0.00999', '123456', 'NaN', 'Infinity', '-Infinity']) AS x,
	(VALUES (3, 2), (3, 0), (5, 2), (2, 2), (3, 5), (2, -3), (10, 4), (38, 20), (38, 38)) AS t (p, s);

-- Conversions from floating point.
SELECT f, x, pg_temp.answer(format('SELECT %L::%s::numeric', x, f))
FROM unnest(ARRAY['float8', 'float4']) AS f,
	unnest(ARRAY['0', '-0', '1', '-1.5', '0.1', '0.3', '123456789', '1234567.5', '1e15', '1e-5', '1.23456789012345678', '3.4e38', '1e20', '123456789012345678', '0.000001234', '1e-30', '1e37', 'NaN', 'Infinity', '-Infinity']) AS x;

-- Aggregates.
SELECT f, x, pg_temp.answer(format('SELECT %s(v) FROM unnest(%L::numeric[]) AS v', f, x))
FROM unnest(ARRAY['sum', 'avg']) AS f,
	unnest(ARRAY['{1}', '{1,2}', '{1,2,4}', '{1.5,2.25,-3}', '{0.001,1000000}', '{NaN,1}', '{Infinity,1}', '{Infinity,-Infinity}', '{-Infinity,-Infinity,5}',
	'{99999999999999999999999999999999999999,1}', '{99999999999999999999999999999999999999,99999999999999999999999999999999999997}',
	'{99999999999999999999999999999999999999,0.00000000000000000000000000000000000001,-99999999999999999999999999999999999999}', '{1e37,0.5,1e37}',
	'{12345678901234567890.1234,12345678901234567890.12345}', '{0,0,0}', '{0.00}', '{-1,1}', '{10,10,10.0001}']) AS x;
SQL
