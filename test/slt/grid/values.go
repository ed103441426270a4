package grid

func values() *Grid {
	types := append(numbers(), others()...)
	setup, names := tables(types)
	g := newGrid("types/grid.slt", "Type × comparison, order, groups, set operations and joins.", setup...)
	for i, t := range types {
		g.comment(t.name)
		name := names[i]
		g.query("SELECT a.x, b.x, a.x = b.x, a.x <> b.x, a.x < b.x, a.x <= b.x, a.x > b.x, a.x >= b.x FROM %s a, %s b WHERE a.g = 1", name, name)
		g.query("SELECT a.x, b.x, a.x IS DISTINCT FROM b.x, coalesce(a.x, b.x), nullif(a.x, b.x), greatest(a.x, b.x), least(a.x, b.x) FROM %s a, %s b WHERE b.g IS NULL", name, name)
		g.query("SELECT a.x, b.x, (a.x, a.g) < (b.x, b.g) FROM %s a JOIN %s b ON a.g <> b.g", name, name)
		g.query("SELECT a.x, a.x IN (b.x, NULL), a.x = ANY (ARRAY[b.x]), a.x BETWEEN b.x AND b.x FROM %s a, %s b WHERE b.g = 2", name, name)
		g.ordered("SELECT x FROM %s ORDER BY x DESC NULLS LAST OFFSET 1", name)
		g.query("SELECT x, x::text, length(x::text) FROM %s WHERE x = (SELECT x FROM %s WHERE m AND g = 2)", name, name)
		g.query("SELECT count(*), count(DISTINCT x) FROM %s WHERE g = 1 GROUP BY x", name)
		g.query("SELECT count(*) FROM (SELECT x FROM %s WHERE g = 1 INTERSECT SELECT x FROM %s) q", name, name)
		g.query("SELECT x FROM %s WHERE g <> 1 OR g IS NULL EXCEPT SELECT x FROM %s WHERE g = 1", name, name)
		g.query("SELECT a.g, b.g, a.m, b.m FROM %s a JOIN %s b USING (x)", name, name)
		g.query("SELECT a.g, b.g FROM %s a LEFT JOIN %s b ON a.x = b.x AND b.g = 1", name, name)
		g.query("SELECT x, rank() OVER (ORDER BY x) FROM %s", name)
		g.query("SELECT g, m, count(*) OVER (PARTITION BY x) FROM %s", name)
		g.query("SELECT g, m FROM %s a WHERE EXISTS (SELECT 1 FROM %s b WHERE b.x = a.x AND b.m IS NOT DISTINCT FROM NOT a.m)", name, name)
		g.query("SELECT CASE WHEN m THEN x END, (SELECT max(b.g) FROM %s b WHERE b.x = a.x) FROM %s a", name, name)
	}
	return g
}

func orders() *Grid {
	g := newGrid("order/grid.slt", "Two keys, each in every direction; DISTINCT ON and WITH TIES by them.", sides()...)
	directions := []string{"", "DESC", "NULLS FIRST", "DESC NULLS LAST"}
	for _, first := range directions {
		for _, second := range directions {
			g.ordered("SELECT k, v, id FROM l ORDER BY k %s, v %s, id", first, second)
			g.ordered("SELECT k, s FROM r ORDER BY s %s, k %s, id LIMIT 4", first, second)
			g.ordered("SELECT DISTINCT ON (k) k, v, id FROM r ORDER BY k %s, v %s, id", first, second)
		}
		for _, rows := range []int{1, 2, 3, 5} {
			g.query("SELECT k FROM r ORDER BY k %s FETCH FIRST %d ROWS WITH TIES", first, rows)
			g.query("SELECT k FROM r ORDER BY k %s OFFSET 1 FETCH FIRST %d ROWS WITH TIES", first, rows)
		}
	}
	return g
}
