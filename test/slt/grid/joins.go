package grid

// sides are two tables with duplicates and NULLs in every column, and one without rows.
func sides() []string {
	return []string{
		"CREATE TABLE l (id int, k int, v int, s text)",
		"INSERT INTO l VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b'), (3, 2, NULL, 'a'), (4, NULL, 3, NULL), (5, NULL, NULL, 'c'), (6, 4, 0, ''), (7, 7, 7, 'z')",
		"CREATE TABLE r (id int, k int, v int, s text)",
		"INSERT INTO r VALUES (1, 1, 2, 'b'), (2, 1, NULL, 'a'), (3, 2, 1, NULL), (4, NULL, 3, 'c'), (5, 3, 3, ''), (6, 4, 0, 'q'), (7, 4, 5, '')",
		"CREATE TABLE e (id int, k int, v int, s text)",
	}
}

// kinds are the joins with a condition.
func kinds() []string { return []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"} }

func joins() *Grid {
	g := newGrid("join/grid.slt", "Kind of join × condition × filter behind it.", sides()...)
	hashable := []string{
		"l.k = r.k",
		"l.k = r.k AND l.v = r.v",
		"l.k = r.k AND l.v < r.v",
		"l.k = r.k AND (l.v < r.v OR l.s = r.s)",
		"l.k = r.k AND l.v > 1",
		"l.k = r.k AND r.v > 1",
		"l.k = r.k AND l.v IS NULL",
		"l.k = r.v",
		"l.k + 1 = r.k",
		"l.s = r.s",
		"coalesce(l.k, 0) = coalesce(r.k, 0)",
		"true",
		"false",
	}
	loops := []string{"l.k < r.k", "l.k <> r.k", "l.k IS NOT DISTINCT FROM r.k", "l.k = r.k OR l.v = r.v", "l.v BETWEEN r.v AND r.v + 1", "l.s > r.s", "l.k IS NULL"}
	for _, kind := range kinds() {
		g.comment(kind)
		conditions := hashable
		if kind != "FULL JOIN" { // PostgreSQL joins fully by equality only
			conditions = append(append([]string(nil), hashable...), loops...)
		}
		for _, on := range conditions {
			g.query("SELECT l.id, r.id FROM l %s r ON %s", kind, on)
		}
		for _, where := range []string{"l.v > 1", "r.v > 1", "l.id IS NULL", "r.id IS NULL", "l.v IS NOT DISTINCT FROM r.v", "coalesce(l.v, r.v) = 3", "NOT (l.v > 1 AND r.v > 1)"} {
			g.query("SELECT l.id, r.id FROM l %s r ON l.k = r.k WHERE %s", kind, where)
		}
		g.query("SELECT count(*), sum(l.v), sum(r.v) FROM l %s r ON l.k = r.k", kind)
		g.query("SELECT l.s, count(*), count(r.id) FROM l %s r ON l.k = r.k GROUP BY l.s", kind)
		g.query("SELECT k, l.id, r.id FROM l %s r USING (k)", kind)
		g.query("SELECT k, v, l.id, r.id FROM l %s r USING (k, v)", kind)
	}
	g.comment("A side without rows, a table with itself, three tables.")
	for _, kind := range kinds() {
		g.query("SELECT l.id, e.id FROM l %s e ON l.k = e.k", kind)
		g.query("SELECT e.id, r.id FROM e %s r ON e.k = r.k", kind)
		g.query("SELECT x.id, y.id FROM e x %s e y ON x.k = y.k", kind)
		g.query("SELECT x.id, y.id FROM l x %s l y ON x.k = y.v", kind)
		for _, second := range kinds() {
			g.query("SELECT l.id, r.id, x.id FROM l %s r ON l.k = r.k %s l x ON x.k = r.v", kind, second)
			g.query("SELECT l.id, r.id, x.id FROM l %s (r %s l x ON x.k = r.v) ON l.k = r.k", kind, second)
		}
	}
	return g
}

func semijoins() *Grid {
	g := newGrid("subquery/grid.slt", "EXISTS, IN and their negations × condition × what is asked beside them.", sides()...)
	conditions := []string{
		"r.k = l.k", "r.k = l.k AND r.v > l.v", "r.k = l.k AND r.v > 1", "r.k = l.k AND l.v > 1", "r.k < l.k", "r.k IS NOT DISTINCT FROM l.k",
		"r.k = l.k OR r.v = l.v", "r.s = l.s", "l.v = 3", "r.v = 3", "false",
	}
	for _, not := range []string{"", "NOT"} {
		g.comment(not + " EXISTS")
		for _, on := range conditions {
			g.query("SELECT id FROM l WHERE %s EXISTS (SELECT 1 FROM r WHERE %s)", not, on)
			g.query("SELECT id FROM l WHERE %s EXISTS (SELECT 1 FROM r WHERE %s) OR v = 2", not, on)
			g.query("SELECT id, %s EXISTS (SELECT 1 FROM r WHERE %s) AND v > 0 FROM l", not, on)
		}
		g.comment(not + " IN")
		for _, in := range []string{
			"k %s IN (SELECT k FROM r)", "k %s IN (SELECT k FROM r WHERE k IS NOT NULL)", "k %s IN (SELECT v FROM r WHERE r.k = l.k)", "v %s IN (SELECT v FROM r WHERE r.k = l.k)",
			"v %s IN (SELECT v FROM r WHERE r.k < l.k)", "s %s IN (SELECT s FROM r)", "k %s IN (SELECT k FROM e)", "(k, v) %s IN (SELECT k, v FROM r)",
			"(k, v) %s IN (SELECT k, v FROM r WHERE r.s = l.s)", "k + v %s IN (SELECT k FROM r)", "k %s IN (SELECT max(k) FROM r)", "k %s IN (SELECT max(k) FROM r GROUP BY s)",
		} {
			g.query("SELECT id FROM l WHERE "+in, not)
			g.query("SELECT id FROM l WHERE NOT ("+in+") OR v = 2", not)
			g.query("SELECT id, "+in+" FROM l", not)
		}
	}
	return g
}

func sets() *Grid {
	g := newGrid("setop/grid.slt", "Operation × inputs; pairs of operations.",
		"CREATE TABLE x (a int, b text)",
		"INSERT INTO x VALUES (1, 'p'), (1, 'p'), (1, 'q'), (2, NULL), (2, NULL), (NULL, 'p'), (NULL, NULL), (3, '')",
		"CREATE TABLE y (a int, b text)",
		"INSERT INTO y VALUES (1, 'p'), (2, NULL), (2, 'p'), (NULL, NULL), (NULL, NULL), (4, ''), (4, '')",
		"CREATE TABLE z (a int, b text)",
		"INSERT INTO z VALUES (1, 'p'), (1, 'p'), (NULL, NULL), (3, ''), (5, 'z')",
		"CREATE TABLE e (a int, b text)",
	)
	operations := []string{"UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"}
	for _, op := range operations {
		g.comment(op)
		for _, list := range []string{"a", "b", "a, b", "a IS NULL", "a::numeric", "coalesce(a, 0), b IS NULL"} {
			g.query("SELECT %s FROM x %s SELECT %s FROM y", list, op, list)
		}
		g.query("SELECT a FROM x %s SELECT a FROM e", op)
		g.query("SELECT a FROM e %s SELECT a FROM y", op)
		g.query("SELECT a FROM x %s SELECT a::bigint FROM y", op)
		g.query("SELECT a, b FROM x WHERE a = 1 %s SELECT a, b FROM y WHERE b IS NOT NULL", op)
		g.query("SELECT count(*) FROM (SELECT a, b FROM x %s SELECT a, b FROM y) q", op)
		g.query("SELECT a, count(*) FROM (SELECT a FROM x %s SELECT a FROM y) q GROUP BY a", op)
		g.ordered("SELECT a FROM x %s SELECT a FROM y ORDER BY a DESC LIMIT 3", op)
	}
	g.comment("Three inputs: how operations bind, and how parentheses bind them.")
	for _, first := range operations {
		for _, second := range operations {
			g.query("SELECT a FROM x %s SELECT a FROM y %s SELECT a FROM z", first, second)
			g.query("SELECT a FROM x %s (SELECT a FROM y %s SELECT a FROM z)", first, second)
		}
	}
	return g
}
