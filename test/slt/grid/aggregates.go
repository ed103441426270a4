package grid

import "fmt"

// typed is a type with values whose sums and squares are exact in any order.
type typed struct {
	name   string
	values [6]string // as literals; the last is NULL, the fourth equals the second
}

func numbers() []typed {
	return []typed{
		{"smallint", [6]string{"1", "4", "-8", "4", "16", "NULL"}},
		{"int", [6]string{"1", "4", "-8", "4", "16", "NULL"}},
		{"bigint", [6]string{"1", "4", "-8", "4", "4294967296", "NULL"}},
		{"numeric", [6]string{"1", "0.25", "-8.125", "0.25", "1234567.5", "NULL"}},
		{"real", [6]string{"1", "0.25", "-8.5", "0.25", "16", "NULL"}},
		{"double precision", [6]string{"1", "0.25", "-8.5", "0.25", "16", "NULL"}},
	}
}

func others() []typed {
	return []typed{
		{"boolean", [6]string{"true", "false", "true", "false", "true", "NULL"}},
		{"text", [6]string{"'b'", "'a'", "''", "'a'", "'Ä'", "NULL"}},
		{"bytea", [6]string{`'\x02'`, `'\x01'`, `''`, `'\x01'`, `'\xff00'`, "NULL"}},
		{"date", [6]string{"'2024-02-29'", "'1999-12-31'", "'-infinity'", "'1999-12-31'", "'2030-01-01'", "NULL"}},
		{"time", [6]string{"'12:00'", "'00:00'", "'23:59:59.5'", "'00:00:00'", "'24:00'", "NULL"}},
		{"timestamp", [6]string{"'2024-02-29 12:00'", "'1999-12-31'", "'infinity'", "'1999-12-31 00:00'", "'1970-01-01 00:00:00.000001'", "NULL"}},
		{"timestamptz", [6]string{"'2024-02-29 12:00+02'", "'1999-12-31 00:00+00'", "'1970-01-01 00:00+00'", "'1999-12-31 01:00+01'", "'2030-01-01 00:00+00'", "NULL"}},
		{"interval", [6]string{"'1 day'", "'2 hours'", "'-1 month'", "'120 minutes'", "'1 year'", "NULL"}},
		{"uuid", [6]string{"'00000000-0000-0000-0000-000000000002'", "'00000000-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'", "'a0000000-0000-0000-0000-000000000000'", "NULL"}},
		{"jsonb", [6]string{`'{"a": 1}'`, `'[1]'`, `'"s"'`, `'[1]'`, `'null'`, "NULL"}},
		{"int[]", [6]string{"'{1,2}'", "'{}'", "'{1,NULL}'", "'{}'", "'{3}'", "NULL"}},
	}
}

// tables makes a table a type, with a group g, a mark m and the value x, and returns their names.
func tables(types []typed) (setup, names []string) {
	for i, t := range types {
		name := fmt.Sprintf("t%d", i+1)
		names = append(names, name)
		setup = append(setup, fmt.Sprintf("CREATE TABLE %s (g int, m boolean, x %s)", name, t.name),
			fmt.Sprintf("INSERT INTO %s VALUES (1, true, %s), (1, false, %s), (2, true, %s), (1, true, %s), (2, NULL, %s), (NULL, true, %s)",
				name, t.values[0], t.values[1], t.values[2], t.values[3], t.values[4], t.values[5]))
	}
	return setup, names
}

func aggregates() *Grid {
	types := numbers()
	setup, names := tables(types)
	g := newGrid("aggregate/grid.slt", "Function × type, with groups, DISTINCT, FILTER and without rows.", setup...)
	for i, t := range types {
		g.comment(t.name)
		for _, f := range []string{"count", "sum", "avg", "min", "max", "bit_and", "bit_or", "bit_xor", "bool_or"} {
			g.query("SELECT g, %s(x), %s(DISTINCT x), %s(x) FILTER (WHERE m) FROM %s GROUP BY g", f, f, f, names[i])
			g.query("SELECT %s(x), %s(DISTINCT x), %s(x) FILTER (WHERE NOT m) FROM %s", f, f, f, names[i])
		}
		g.query("SELECT count(x), sum(x), avg(x), min(x), max(x) FROM %s WHERE x IS NULL", names[i])
		g.query("SELECT count(x), sum(x), avg(x), min(x), max(x) FROM %s WHERE false", names[i])
		g.query("SELECT sum(x) + 1, -avg(x), min(x) * 2, max(x) - min(x) FROM %s", names[i])
		g.query("SELECT g FROM %s GROUP BY g HAVING sum(x) > 0 AND max(x) > avg(x)", names[i])
	}
	return g
}

func collections() *Grid {
	types := append(numbers(), others()...)
	setup, names := tables(types)
	g := newGrid("aggregate/collections.slt", "Arrays, JSON, texts, ordered sets, extremes and counts × type.", setup...)
	for i, t := range types {
		g.comment(t.name)
		name := names[i]
		g.query("SELECT g, count(*), count(x), count(DISTINCT x) FROM %s GROUP BY g", name)
		g.query("SELECT g, min(x), max(x) FROM %s GROUP BY g", name)
		g.query("SELECT array_agg(x ORDER BY x), array_agg(x ORDER BY x DESC), array_agg(x ORDER BY x NULLS FIRST) FROM %s", name)
		g.query("SELECT g, array_agg(x ORDER BY x) FILTER (WHERE m) FROM %s GROUP BY g", name)
		g.query("SELECT array_agg(DISTINCT x ORDER BY x DESC NULLS LAST) FROM %s WHERE g = 2 OR x IS NULL", name)
		g.query("SELECT g, jsonb_agg(x ORDER BY x) FROM %s GROUP BY g", name)
		g.query("SELECT jsonb_object_agg(coalesce(g, 0)::text, x) FROM %s WHERE g IS NULL OR g = 2 AND m", name)
		g.query("SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY x), percentile_disc(1) WITHIN GROUP (ORDER BY x) FROM %s WHERE g = 2 GROUP BY g", name)
		g.query("SELECT mode() WITHIN GROUP (ORDER BY x) FROM %s WHERE g = 1", name)
		g.query("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM %s", name)
		g.query("SELECT string_agg(x::text, ',' ORDER BY x) FROM %s WHERE g = 2", name)
	}
	return g
}

func statistics() *Grid {
	types := numbers()
	setup, names := tables(types)
	g := newGrid("aggregate/statistics.slt", "Statistics × type; rounded, since the last digits depend on the order of rows.", setup...)
	for i, t := range types {
		g.comment(t.name)
		for _, f := range []string{"variance", "var_samp", "var_pop", "stddev", "stddev_samp", "stddev_pop"} {
			g.query("SELECT g, round(%s(x)::numeric, 6), round(%s(DISTINCT x)::numeric, 6), round(%s(x) FILTER (WHERE m)::numeric, 6) FROM %s GROUP BY g", f, f, f, names[i])
		}
		for _, f := range []string{"corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy"} {
			g.query("SELECT round(%s(x, g)::numeric, 6), round(%s(g, x) FILTER (WHERE m)::numeric, 6), %s(x, NULL) FROM %s", f, f, f, names[i])
		}
		g.query("SELECT g, regr_count(x, g), regr_count(g, x) FROM %s GROUP BY g", names[i])
	}
	return g
}

func groupingSets() *Grid {
	g := newGrid("groupingsets/grid.slt", "Sets × HAVING × aggregates.",
		"CREATE TABLE t (a int, b text, c boolean, v int)",
		"INSERT INTO t VALUES (1, 'x', true, 1), (1, 'x', false, 2), (1, 'y', true, NULL), (2, NULL, NULL, 4), (2, 'x', true, 8), (NULL, 'y', false, 16), (NULL, NULL, NULL, NULL)",
	)
	sets := []string{
		"()", "a", "a, b", "ROLLUP (a)", "ROLLUP (a, b)", "ROLLUP (b, a)", "CUBE (a, b)", "GROUPING SETS (a, b)", "GROUPING SETS ((a, b), a, ())", "GROUPING SETS ((a), (a, b), (b, a))",
		"a, ROLLUP (b)", "CUBE (a), CUBE (b)", "ROLLUP ((a, b))", "DISTINCT CUBE (a, b), ROLLUP (a)", "GROUPING SETS (ROLLUP (a), CUBE (b))",
	}
	for _, by := range sets {
		g.comment(by)
		keys, ok := map[string]string{"()": "'-'", "a": "a", "ROLLUP (a)": "a"}[by]
		if !ok {
			keys = "a, b"
		}
		g.query("SELECT %s, count(*), sum(v) FROM t GROUP BY %s", keys, by)
		g.query("SELECT %s, count(DISTINCT c), string_agg(v::text, '+' ORDER BY v) FROM t GROUP BY %s", keys, by)
		g.query("SELECT %s, count(*) FILTER (WHERE c), max(v) FROM t GROUP BY %s HAVING count(*) > 1", keys, by)
		g.query("SELECT %s, sum(v) FROM t WHERE c IS NOT NULL GROUP BY %s HAVING sum(v) > 2", keys, by)
		if by != "()" {
			g.query("SELECT %s, grouping(%s), count(v) FROM t GROUP BY %s HAVING grouping(a) = 0", keys, keys, by)
		}
	}
	for _, by := range []string{"CUBE (a, b, c)", "ROLLUP (a, b, c)", "ROLLUP (a, (b, c))", "CUBE ((a, b), c)", "a, CUBE (b, c)", "GROUPING SETS ((a, b, c), (a, c), (c))"} {
		g.query("SELECT a, b, c, grouping(a, b, c), count(*), sum(v) FROM t GROUP BY %s", by)
	}
	return g
}
