package grid

// links are conditions that tie a subquery over r to a row of l.
func links() []string {
	return []string{"r.k = l.k", "r.k = l.k AND r.v > l.v", "r.k < l.k", "r.k <> l.k", "r.k IS NOT DISTINCT FROM l.k", "r.k = l.k AND l.v > 1", "r.k = l.k OR r.v = l.v", "true"}
}

func scalars() *Grid {
	g := newGrid("correlated/grid.slt", "Aggregate × condition × place of the subquery.", sides()...)
	for _, f := range []string{"count(*)", "count(r.v)", "sum(r.v)", "min(r.v)", "max(r.s)", "round(avg(r.v), 4)", "count(*) FILTER (WHERE r.v > 1)", "coalesce(sum(r.v), -1)", "string_agg(r.s, ',' ORDER BY r.s)", "count(DISTINCT r.v)", "sum(r.v) + l.v", "bool_and(r.v > l.v)"} {
		g.comment(f)
		for _, on := range links() {
			g.query("SELECT id, (SELECT %s FROM r WHERE %s) FROM l", f, on)
		}
	}
	for _, on := range links() {
		g.comment(on)
		g.query("SELECT id FROM l WHERE (SELECT count(*) FROM r WHERE %s) > 1", on)
		g.query("SELECT id FROM l WHERE (SELECT count(*) FROM r WHERE %s) = 0 OR v = 1", on)
		g.query("SELECT id FROM l WHERE v < (SELECT max(r.v) FROM r WHERE %s)", on)
		g.query("SELECT k, sum(v) FROM l GROUP BY k, v HAVING sum(v) <= (SELECT max(r.v) FROM r WHERE %s)", on)
		g.ordered("SELECT id FROM l ORDER BY (SELECT sum(r.v) FROM r WHERE %s), id", on)
		g.query("SELECT id, CASE WHEN v > 1 THEN (SELECT sum(r.v) FROM r WHERE %s) ELSE 0 END FROM l", on)
		g.query("SELECT id, (SELECT r.id FROM r WHERE %s ORDER BY r.id LIMIT 1) FROM l", on)
		g.query("SELECT id, (SELECT r.id FROM r WHERE %s ORDER BY r.v DESC NULLS LAST, r.id OFFSET 1 LIMIT 1) FROM l", on)
		g.query("SELECT id, ARRAY(SELECT r.id FROM r WHERE %s ORDER BY r.id) FROM l", on)
		g.query("SELECT l.id, q.id FROM l, LATERAL (SELECT r.id FROM r WHERE %s) q", on)
		g.query("SELECT l.id, q.id FROM l LEFT JOIN LATERAL (SELECT r.id FROM r WHERE %s ORDER BY r.id LIMIT 2) q ON true", on)
		g.query("SELECT l.id, q.n, q.s FROM l, LATERAL (SELECT count(*) AS n, sum(r.v) AS s FROM r WHERE %s) q", on)
		g.query("SELECT l.id, q.v, q.n FROM l, LATERAL (SELECT r.v, count(*) AS n FROM r WHERE %s GROUP BY r.v) q", on)
		g.query("SELECT l.id, q.v FROM l LEFT JOIN LATERAL (SELECT DISTINCT r.v FROM r WHERE %s) q ON q.v > 1", on)
		g.query("SELECT l.id, q.n FROM l, LATERAL (SELECT row_number() OVER (ORDER BY r.id) AS n FROM r WHERE %s) q", on)
		g.query("SELECT sum((SELECT count(*) FROM r WHERE %s)) FROM l", on)
		g.query("SELECT id FROM l WHERE EXISTS (SELECT 1 FROM r WHERE %s GROUP BY r.k HAVING count(*) > 1)", on)
		g.query("SELECT id, (SELECT count(*) FROM r JOIN l x ON x.k = r.k WHERE %s) FROM l", on)
		g.query("SELECT id, (SELECT count(*) FROM r LEFT JOIN e ON e.k = r.k WHERE %s) FROM l", on)
		g.query("SELECT id, (SELECT count(*) FROM (SELECT r.v FROM r WHERE %s UNION SELECT 1) q) FROM l", on)
	}
	return g
}

func quantifiers() *Grid {
	g := newGrid("correlated/quantifiers.slt", "Comparison × ANY or ALL × condition, as a value and as a filter.", sides()...)
	for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
		for _, quantifier := range []string{"ANY", "ALL"} {
			g.comment(op + " " + quantifier)
			for _, on := range []string{"true", "r.k = l.k", "r.k < l.k", "r.v IS NOT NULL", "r.k = l.k AND r.v IS NOT NULL", "false"} {
				g.query("SELECT id, v %s %s (SELECT r.v FROM r WHERE %s) FROM l", op, quantifier, on)
				g.query("SELECT id FROM l WHERE NOT v %s %s (SELECT r.v FROM r WHERE %s)", op, quantifier, on)
			}
		}
	}
	return g
}
