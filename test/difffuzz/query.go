package difffuzz

import (
	"slices"
	"strings"
)

// relation is what FROM names: its columns by the name that they have there.
type relation struct {
	name string
	cols []column
}

// grouping is how a selection makes its rows.
type grouping int

const (
	selectRows       grouping = iota // one of each row
	selectAll                        // one of all rows
	selectGroups                     // one of each group
	selectDistinctOn                 // the first of those with one value
)

// statement draws a query that stands alone.
func (g *generator) statement() Query {
	g.uses, g.names, g.ctes = map[string]bool{}, 0, nil
	var with *Node
	if g.chance(15) {
		with = g.with()
	}
	var want []string
	for range 1 + g.r.IntN(4) {
		want = append(want, "")
	}
	depth := 2
	if g.chance(25) {
		depth = 3
	}
	q := Query{}
	body := g.query(want, nil, depth, true)
	var order *Node
	if g.chance(35) {
		g.use("order by")
		q.Ordered = true
		var keys []*Node
		for i := range want {
			keys = append(keys, join(number(i+1), g.direction()))
		}
		g.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		// PostgreSQL 15 fails for SELECT min(x) ... ORDER BY 1 FETCH FIRST ROW WITH TIES where it looks the minimum up in a plan of its own.
		body = join("SELECT * FROM (", body, ") ", g.name("x"))
		order = join(" ORDER BY ", list(", ", len(keys), keys...), g.limit())
	}
	q.Root = join(with, body, order)
	for name := range g.uses {
		q.Uses = append(q.Uses, name)
	}
	slices.Sort(q.Uses)
	return q
}

func (g *generator) limit() *Node {
	if g.chance(50) {
		return nil
	}
	switch g.r.IntN(4) {
	case 0:
		g.use("with ties")
		return optional(optional(" OFFSET ", pick(g, "0", "1")), " FETCH FIRST ", pick(g, "1", "2", "5"), " ROWS WITH TIES")
	case 1:
		g.use("offset")
		return join(optional(" LIMIT ", pick(g, "1", "3", "10")), optional(" OFFSET ", pick(g, "0", "1", "2")))
	}
	g.use("limit")
	return optional(" LIMIT ", pick(g, "0", "1", "2", "5", "10", "100", "1", "2", "5", "10", "100"))
}

func (g *generator) name(prefix string) string {
	g.names++
	return prefix + number(g.names)
}

// columnsOf are the columns of a subquery called name: c1, c2 and so on.
func columnsOf(name string, types []string) (cols []column, aliases *Node) {
	var names []*Node
	for i, t := range types {
		cols = append(cols, column{ref: name + ".c" + number(i+1), typ: t})
		names = append(names, &Node{text: "c" + number(i+1)})
	}
	return cols, list(", ", len(names), names...)
}

func (g *generator) someTypes(n int) (all []string) {
	for range n {
		t := pick(g, g.tables...)
		all = append(all, base(pick(g, t.Columns...).Type))
	}
	return all
}

func (g *generator) with() *Node {
	var list []*Node
	for range 1 + g.r.IntN(2) {
		g.use("with")
		name, types := g.name("cte"), g.someTypes(1+g.r.IntN(3))
		body := g.query(types, nil, 2, false)
		cols, aliases := columnsOf(name, types)
		list = append(list, join(name, " (", aliases, ") AS ", optional(pick(g, "", "MATERIALIZED ", "NOT MATERIALIZED ")), "(", body, ")"))
		g.ctes = append(g.ctes, relation{name, cols})
	}
	return optional("WITH ", listOf(", ", list), " ")
}

func listOf(sep string, parts []*Node) *Node { return list(sep, 1, parts...) }

// query draws a query whose columns have types; empty ones are chosen, and written into want.
func (g *generator) query(want []string, outer *scope, depth int, top bool) *Node {
	for i, t := range want {
		if t == "" && !g.chance(80) {
			want[i] = pick(g, types()...)
		}
	}
	if depth > 0 && g.chance(14) {
		g.use("set operation")
		types := want
		for i := range types {
			if types[i] == "" {
				types[i] = g.someTypes(1)[0]
			}
		}
		a, b := g.query(want, outer, depth-1, false), g.query(want, outer, depth-1, false)
		op := pick(g, "UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
		g.use(op)
		if op[0] == 'I' && g.chance(60) { // else few rows are in both
			b = join("(", a, ") UNION ALL (", b, ")")
		}
		return join("(", a, ") "+op+" (", b, ")").in(class(want), "")
	}
	if depth > 0 && !top && g.chance(5) {
		return g.values(want).in(class(want), "")
	}
	how := selectRows
	switch g.r.IntN(10) {
	case 0, 1:
		how = selectGroups
	case 2:
		how = selectAll
	}
	n := g.selection(want, outer, depth, how)
	if !top && g.chance(8) {
		g.use("nested limit")
		var keys []*Node
		for i := range want {
			keys = append(keys, join(number(i+1), g.direction()))
		}
		n = join("SELECT * FROM (", n, optional(" ORDER BY ", list(", ", len(keys), keys...), " LIMIT ", pick(g, "1", "2", "5"), optional(pick(g, " OFFSET 1", ""))), ") ", g.name("x"))
	}
	return n.in(class(want), "")
}

func class(types []string) string {
	c := "query"
	for _, t := range types {
		c += " " + t
	}
	return c
}

func (g *generator) values(types []string) *Node {
	g.use("values")
	var rows []*Node
	for range 1 + g.r.IntN(4) {
		var row []*Node
		for _, t := range types {
			if g.chance(15) {
				row = append(row, &Node{text: "NULL::" + t})
			} else {
				row = append(row, g.literal(t))
			}
		}
		rows = append(rows, join("(", list(", ", len(row), row...), ")"))
	}
	return join("VALUES ", listOf(", ", rows))
}

// selection draws a SELECT without ORDER BY.
func (g *generator) selection(want []string, outer *scope, depth int, how grouping) *Node {
	s := &scope{outer: outer}
	if outer != nil { // what an inner FROM may hide is not named
		o := *outer
		o.cols = slices.DeleteFunc(slices.Clone(o.cols), func(c column) bool { return !qualified(c.ref) })
		o.inOver, o.windows, o.grouped = false, false, nil
		s.outer = &o
	}
	from := g.from(s, depth)
	var where *Node
	if g.chance(50) {
		g.use("where")
		condition := g.condition(s, depth)
		if g.chance(33) {
			condition = join("(", list(" OR ", 1, condition, g.condition(s, depth)), ")")
		}
		where = optional(" WHERE ", condition)
	}
	out, tail := s, (*Node)(nil)
	switch how {
	case selectAll:
		g.use("aggregate of all")
		out = &scope{grouped: s, outer: s.outer}
		if g.chance(10) {
			tail = g.having(out, depth)
		}
	case selectGroups:
		out, tail = g.groups(s, depth)
	case selectRows, selectDistinctOn:
		if how == selectRows && g.chance(22) && s.cols != nil {
			o := *s
			o.windows, o.total, o.ordered = true, s.cols, new(bool)
			out = &o
		}
	}
	var items []*Node
	for i, t := range want {
		if t == "" {
			if t = g.anyType(out); how == selectAll {
				t = pick(g, "int8", "int8", "numeric", "text", "int4", "date", "bool", "float8")
			}
			want[i] = t
		}
		e := g.expr(t, out, false, depth)
		items = append(items, e)
	}
	if how == selectAll && !s.called && tail == nil {
		tail = join(" HAVING true")
	}
	head := (*Node)(nil)
	if how == selectRows && g.chance(12) {
		g.use("distinct")
		head = optional("DISTINCT ")
	} else if (how == selectDistinctOn || how == selectRows && g.chance(7)) && len(s.cols) > 0 && !out.windows {
		return g.distinctOn(items, s, from, where)
	}
	return join("SELECT ", head, list(", ", len(items), items...), from, where, tail)
}

// distinctOn puts a SELECT DISTINCT ON in parentheses, with an order that decides every place.
func (g *generator) distinctOn(items []*Node, s *scope, from, where *Node) *Node {
	cols := slices.DeleteFunc(slices.Clone(s.cols), func(c column) bool { return !qualified(c.ref) })
	if len(cols) == 0 {
		return join("SELECT ", list(", ", len(items), items...), from, where)
	}
	g.use("distinct on")
	key := pick(g, cols...).ref
	_, names := columnsOf("", make([]string, len(items)))
	keys := []*Node{join(key, g.direction())}
	for _, c := range cols {
		keys = append(keys, join(c.ref, g.direction()))
	}
	return join("SELECT * FROM (SELECT DISTINCT ON (", key, ") ", list(", ", len(items), items...), from, where, " ORDER BY ", list(", ", len(keys), keys...), ") ", g.name("x"), " (", names, ")")
}

// hideMerged forgets columns without a relation's name, which may mean another one beside more relations.
func (s *scope) hideMerged() {
	s.cols = slices.DeleteFunc(s.cols, func(c column) bool { return !qualified(c.ref) })
}

func qualified(ref string) bool { return slices.Contains([]byte(ref), '.') }

// folds tells whether PostgreSQL may make a constant of an expression with columns: in the grouping set () it then keeps its value instead of being NULL.
func folds(e string) bool { return strings.Contains(e, "coalesce(") || strings.Contains(e, "CASE") }

func (g *generator) having(s *scope, depth int) *Node {
	g.use("having")
	return optional(" HAVING ", g.condition(s, min(depth, 1)))
}

// groups draws GROUP BY and returns what the SELECT list sees.
func (g *generator) groups(s *scope, depth int) (*scope, *Node) {
	out := &scope{grouped: s, outer: s.outer}
	var keys []*Node
	for range 1 + g.r.IntN(3) {
		if len(s.cols) == 0 {
			break
		}
		c := pick(g, s.cols...)
		if g.chance(20) {
			at := *s
			at.inOver, at.outer = true, nil
			if e := g.expr(c.typ, &at, false, 1).String(); qualified(e) && !folds(e) {
				g.use("group by expression")
				c = column{ref: e, typ: c.typ}
			}
		}
		out.cols = append(out.cols, c)
		keys = append(keys, &Node{text: c.ref})
	}
	if len(keys) == 0 {
		return out, nil
	}
	n := list(", ", len(keys), keys...)
	switch g.r.IntN(8) {
	case 0:
		g.use("rollup")
		n = join("ROLLUP (", n, ")")
	case 1:
		g.use("cube")
		n = join("CUBE (", n, ")")
	case 2:
		g.use("grouping sets")
		n = join("GROUPING SETS (", list(", ", 1, join("(", n, ")"), join("(", keys[0], ")"), join("()")), ")")
	default:
		g.use("group by")
	}
	if !strings.HasPrefix(n.String(), keys[0].text) {
		for range 2 { // twice as often as a key
			c := pick(g, keys...)
			out.cols = append(out.cols, column{ref: "grouping(" + c.text + ")", typ: "int4", values: []string{"0", "1"}})
		}
		out.cols = append(out.cols, column{ref: "grouping(" + list(", ", 1, keys...).String() + ")", typ: "int4", values: []string{"0", "1", "3"}})
	}
	tail := join(" GROUP BY ", n)
	if g.chance(20) {
		tail = join(tail, g.having(out, depth))
	}
	return out, tail
}

// from draws FROM and puts its columns into s.
func (g *generator) from(s *scope, depth int) *Node {
	if g.chance(2) {
		g.use("no from")
		return nil
	}
	first := g.tree(s, depth, 1+g.r.IntN(3))
	if g.chance(15) {
		g.use("comma join")
		s.hideMerged()
		return join(" FROM ", list(", ", 1, first, g.item(s, depth, true)))
	}
	return join(" FROM ", list(", ", 1, first))
}

// tree draws joins of n relations.
func (g *generator) tree(s *scope, depth, n int) *Node {
	left := g.item(s, depth, false)
	for range n - 1 {
		if !g.chance(60) {
			break
		}
		s.hideMerged()
		before := len(s.cols)
		kind := pick(g, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "LEFT JOIN", "JOIN")
		g.use(kind)
		lateral := kind == "JOIN" || kind == "LEFT JOIN" || kind == "CROSS JOIN"
		right := g.item(s, depth, lateral)
		if kind == "CROSS JOIN" {
			left = join(left, optional(" CROSS JOIN ", right))
			continue
		}
		left = join(left, optional(" "+kind+" ", right, g.on(s, before, kind, depth)))
	}
	return left
}

// on draws the condition of a join of the columns before an index with those behind it.
func (g *generator) on(s *scope, before int, kind string, depth int) *Node {
	var pairs [][2]column
	for _, a := range s.cols[:before] {
		for _, b := range s.cols[before:] {
			if a.typ == b.typ && qualified(a.ref) {
				pairs = append(pairs, [2]column{a, b})
			}
		}
	}
	both := *s
	if len(pairs) == 0 {
		if kind == "FULL JOIN" {
			return join(" ON true")
		}
		return join(" ON ", g.condition(&both, min(depth-1, 0)))
	}
	if before == countTable(s.cols[:before]) && g.chance(20) {
		for _, p := range pairs {
			if name(p[0].ref) == name(p[1].ref) && uniqueName(s.cols, name(p[0].ref)) {
				g.use("using")
				s.cols = append(s.cols, column{ref: name(p[0].ref), typ: p[0].typ, small: p[0].small && p[1].small})
				return join(" USING (", name(p[0].ref), ")")
			}
		}
	}
	p := pick(g, pairs...)
	equal := join(p[0].ref, " = ", p[1].ref)
	if kind == "FULL JOIN" && g.chance(80) {
		return join(" ON ", equal)
	}
	if g.chance(12) && kind != "FULL JOIN" {
		g.use("join on inequality")
		return join(" ON ", join(p[0].ref, pick(g, " < ", " >= ", " <> "), p[1].ref))
	}
	if g.chance(30) {
		g.use("join with residual")
		return join(" ON ", list(" AND ", 1, equal, g.condition(&both, min(depth-1, 1))))
	}
	return join(" ON ", list(" AND ", 1, equal))
}

// countTable is the number of columns of the first relation.
func countTable(cols []column) int {
	n := 0
	for _, c := range cols {
		if qualified(c.ref) && relationOf(c.ref) == relationOf(cols[0].ref) {
			n++
		}
	}
	return n
}

func relationOf(ref string) string { return ref[:len(ref)-len(name(ref))-1] }

func name(ref string) string {
	for i := len(ref) - 1; i >= 0; i-- {
		if ref[i] == '.' {
			return ref[i+1:]
		}
	}
	return ref
}

// uniqueName reports whether a name without its relation means a column of either side of a join, and nothing else.
func uniqueName(cols []column, n string) bool {
	count := 0
	for _, c := range cols {
		if name(c.ref) == n {
			count++
		}
	}
	return count == 2
}

// item draws a relation and appends its columns to s.
func (g *generator) item(s *scope, depth int, lateral bool) *Node {
	switch {
	case depth > 0 && g.chance(12):
		g.use("derived table")
		return g.derived(s, nil, depth, "")
	case depth > 0 && lateral && g.chance(15) && len(s.cols) > 0:
		g.use("lateral")
		return g.derived(s, s, depth, "LATERAL ")
	case g.chance(4):
		g.use("from values")
		types, alias := g.someTypes(1+g.r.IntN(2)), g.name("x")
		cols, aliases := columnsOf(alias, types)
		s.cols = append(s.cols, cols...)
		return join("(", g.values(types), ") ", alias, " (", aliases, ")")
	case g.chance(5):
		g.use("generate_series")
		alias := g.name("x")
		s.cols = append(s.cols, column{ref: alias + ".c1", typ: "int4", small: true})
		return join("generate_series(", pick(g, "0", "1", "-1"), ", ", pick(g, "3", "4", "0"), optional(", ", pick(g, "1", "2")), ") ", alias, " (c1)")
	case lateral && g.chance(25):
		if a := g.column(pick(g, "int4[]", "text[]"), &scope{cols: s.cols}, false); a != nil {
			g.use("unnest")
			alias, t := g.name("x"), "int4"
			for _, c := range s.cols {
				if c.ref == a.text {
					t = c.typ[:4]
				}
			}
			s.cols = append(s.cols, column{ref: alias + ".c1", typ: t}, column{ref: alias + ".n", typ: "int8", small: true, values: []string{"1", "2"}})
			return join("unnest(", a, ") WITH ORDINALITY ", alias, " (c1, n)")
		}
	case len(g.ctes) > 0 && g.chance(50):
		g.use("cte reference")
		c, alias := pick(g, g.ctes...), g.name("x")
		for _, col := range c.cols {
			s.cols = append(s.cols, column{ref: alias + "." + name(col.ref), typ: col.typ})
		}
		return join(c.name, " ", alias)
	}
	t, alias := pick(g, g.tables...), g.name("x")
	for _, f := range t.Columns {
		s.cols = append(s.cols, column{ref: alias + "." + f.Name, typ: base(f.Type), small: f.small, values: f.domain})
	}
	return join(t.Name, " ", alias)
}

// derived draws a subquery in FROM.
func (g *generator) derived(s, outer *scope, depth int, word string) *Node {
	types, alias := g.someTypes(1+g.r.IntN(3)), g.name("x")
	if outer != nil {
		o := *outer
		outer = &o
	}
	var body *Node
	switch {
	case word != "" && g.chance(25):
		body = g.selection(types, outer, depth-1, selectGroups)
	case word != "" && g.chance(20):
		body = g.selection(types, outer, depth-1, selectDistinctOn)
	default:
		body = g.query(types, outer, depth-1, false)
	}
	cols, aliases := columnsOf(alias, types)
	s.cols = append(s.cols, cols...)
	return join(word, "(", body, ") ", alias, " (", aliases, ")")
}
