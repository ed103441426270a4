package streamfuzz

import (
	"fmt"
	"strings"

	"wire.example/wire/test/difffuzz"
)

// The types of columns.
const (
	integer = "int8"
	text    = "text"
	decimal = "numeric"
	boolean = "bool"
	moment  = "timestamp"
	// edge is the start or the end of a window, which is a TIMESTAMP, too. Rows are not joined by moments: bounds on two of these make a join that knows lateness.
	edge = "timestamp(6)"
)

// column is what an expression may name.
type column struct{ ref, typ string }

// relation is a query with columns c1, c2 and so on.
type relation struct {
	node  *difffuzz.Node
	types []string
}

// finish gives a query its class, by which a smaller one may replace it.
func finish(node *difffuzz.Node, types []string) relation {
	plain := map[string]string{integer: "id", text: "k", decimal: "n", boolean: "b", moment: "ts"}
	var list []string
	for i, t := range types {
		value := "'2020-03-01'::timestamp" // an edge
		if c, ok := plain[t]; ok {
			value = "t." + c
		}
		list = append(list, fmt.Sprintf("%s AS c%d", value, i+1))
	}
	return relation{node.In("query "+strings.Join(types, " "), "SELECT "+strings.Join(list, ", ")+" FROM t"), types}
}

// columnsOf are the columns of a relation under a name.
func (r relation) columnsOf(name string) (all []column) {
	for i, t := range r.types {
		all = append(all, column{fmt.Sprintf("%s.c%d", name, i+1), t})
	}
	return all
}

func (g *generator) name() string {
	g.names++
	return fmt.Sprintf("x%d", g.names)
}

// relation draws a query.
func (g *generator) relation(depth int) relation {
	if depth <= 0 {
		return g.scan()
	}
	switch g.r.IntN(18) {
	case 0, 1, 2:
		return g.groups(depth)
	case 3, 4, 5:
		return g.join(depth)
	case 6:
		return g.semi(depth)
	case 7:
		return g.top(depth)
	case 8:
		return g.setOp(depth)
	case 9:
		return g.distinct(depth)
	case 10:
		return g.over(depth)
	case 11, 12:
		return g.windows(depth)
	case 13:
		return g.windowJoin(depth)
	case 14:
		return g.intervalJoin(depth)
	case 15, 16:
		return g.view(depth)
	default:
		return g.project(depth)
	}
}

// scan reads a source, some of its columns.
func (g *generator) scan() relation {
	s := pick(g, g.sources...)
	g.use("scan " + s.Kind)
	cols := fields()
	g.r.Shuffle(len(cols), func(i, j int) { cols[i], cols[j] = cols[j], cols[i] })
	cols = cols[:2+g.r.IntN(4)]
	var list []*difffuzz.Node
	types, refs := []string{}, []column{}
	for i, c := range cols {
		list = append(list, difffuzz.Text(fmt.Sprintf("%s.%s AS c%d", s.Name, c.ref, i+1)))
		types, refs = append(types, c.typ), append(refs, column{s.Name + "." + c.ref, c.typ})
	}
	return finish(difffuzz.Text("SELECT ", difffuzz.List(", ", len(list), list...), " FROM "+s.Name, g.where(refs, 30)), types)
}

func (g *generator) where(cols []column, percent int) *difffuzz.Node {
	if !g.chance(percent) {
		return nil
	}
	g.use("where")
	return difffuzz.Optional(" WHERE ", g.condition(cols, 2))
}

// items is a SELECT list of expressions, named c1, c2 and so on.
func items(exprs []*difffuzz.Node) *difffuzz.Node {
	var list []*difffuzz.Node
	for i, e := range exprs {
		list = append(list, difffuzz.Text(e, fmt.Sprintf(" AS c%d", i+1)))
	}
	return difffuzz.List(", ", len(list), list...)
}

func (g *generator) project(depth int) relation {
	g.use("project")
	in, x := g.relation(depth-1), g.name()
	cols := in.columnsOf(x)
	var exprs []*difffuzz.Node
	var types []string
	for range 1 + g.r.IntN(4) {
		t := pick(g, pick(g, cols...).typ, integer, text)
		exprs, types = append(exprs, g.expr(t, cols, 2)), append(types, t)
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", in.node, ") "+x, g.where(cols, 50)), types)
}

// groups draws GROUP BY over a relation.
func (g *generator) groups(depth int) relation {
	g.use("group by")
	in, x := g.relation(depth-1), g.name()
	cols := in.columnsOf(x)
	var exprs, keys []*difffuzz.Node
	var types []string
	for range g.r.IntN(3) {
		c := pick(g, cols...)
		keys, exprs, types = append(keys, difffuzz.Text(c.ref)), append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	for range 1 + g.r.IntN(3) {
		e, t := g.aggregate(cols)
		exprs, types = append(exprs, e), append(types, t)
	}
	node := difffuzz.Text("SELECT ", items(exprs), " FROM (", in.node, ") "+x, g.where(cols, 25))
	if len(keys) > 0 {
		node = difffuzz.Text(node, " GROUP BY ", difffuzz.List(", ", len(keys), keys...), g.having(cols))
	} else {
		g.use("aggregate of all")
	}
	return finish(node, types)
}

func (g *generator) having(cols []column) *difffuzz.Node {
	if !g.chance(25) {
		return nil
	}
	g.use("having")
	return difffuzz.Optional(" HAVING ", pick(g, "count(*) > 1", "count(*) < 3", "min("+g.column(integer, cols)+") > 0", "count(DISTINCT "+g.column(text, cols)+") <= 2"))
}

// windows draws groups of windows over a source that has them.
func (g *generator) windows(depth int) relation {
	over := g.windowed()
	if len(over) == 0 {
		return g.groups(depth)
	}
	s, shape, x := pick(g, over...), pick(g, "tumble", "hop", "cumulate", "session", "other"), g.name()
	g.use(shape)
	var cols []column
	for _, f := range fields() {
		cols = append(cols, column{x + "." + f.ref, f.typ})
	}
	var exprs, keys []*difffuzz.Node
	var types []string
	key := func(c column) {
		keys, exprs, types = append(keys, difffuzz.Text(c.ref)), append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	if shape == "session" {
		key(column{x + ".k", text})
	} else {
		for range g.r.IntN(3) {
			key(pick(g, cols[1], cols[2], cols[5]))
		}
	}
	for range 1 + g.r.IntN(3) {
		e, t := g.aggregate(cols)
		exprs, types = append(exprs, e), append(types, t)
	}
	for _, c := range []string{"window_start", "window_end"} {
		if keys = append(keys, difffuzz.Text(x+"."+c)); g.chance(70) {
			exprs, types = append(exprs, difffuzz.Text(x+"."+c)), append(types, edge)
		}
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM "+s.Name+"_"+shape+" "+x, g.where(cols, 20), " GROUP BY ", difffuzz.List(", ", len(keys), keys...), g.having(cols)), types)
}

// view reads a view whose text is not PostgreSQL's: groups of windows that take late rows, or answer early; window functions in the order of time; a join with the versions of a time.
func (g *generator) view(depth int) relation {
	over := g.timed()
	if len(over) == 0 {
		return g.over(depth)
	}
	s, kind, x := pick(g, over...), pick(g, "allowed", "every", "update", "byclock", "asof", "asofleft"), g.name()
	g.use("view " + kind)
	name, cols := s.Name+"_"+kind, []column{{x + ".k", text}, {x + ".n", integer}, {x + ".m", integer}, {x + ".window_start", edge}, {x + ".window_end", edge}}
	switch kind {
	case "byclock":
		cols = []column{{x + ".id", integer}, {x + ".k", text}, {x + ".s", decimal}, {x + ".c", integer}, {x + ".m", integer}}
	case "asof", "asofleft":
		name += "_" + pick(g, over...).Name
		cols = []column{{x + ".id", integer}, {x + ".k", text}, {x + ".v", integer}, {x + ".z", integer}, {x + ".n", decimal}}
	}
	g.r.Shuffle(len(cols), func(i, j int) { cols[i], cols[j] = cols[j], cols[i] })
	var list []*difffuzz.Node
	var types []string
	for i, c := range cols[:2+g.r.IntN(3)] {
		list, types = append(list, difffuzz.Text(fmt.Sprintf("%s AS c%d", c.ref, i+1))), append(types, c.typ)
	}
	return finish(difffuzz.Text("SELECT ", difffuzz.List(", ", len(list), list...), " FROM "+name+" "+x, g.where(cols, 30)), types)
}

// windowed are the sources that have windows, timed those of them that have a watermark.
func (g *generator) windowed() (over []Source) {
	for _, s := range g.sources {
		if s.windowed() {
			over = append(over, s)
		}
	}
	return over
}

func (g *generator) timed() (over []Source) {
	for _, s := range g.sources {
		if s.timed() {
			over = append(over, s)
		}
	}
	return over
}

// windowJoin draws a join of groups of one window.
func (g *generator) windowJoin(depth int) relation {
	over := g.timed()
	if len(over) == 0 {
		return g.join(depth)
	}
	shape, kind := pick(g, "tumble", "hop", "cumulate"), pick(g, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	g.use("window join")
	g.use(kind)
	side := func() (*difffuzz.Node, string) {
		x, s := g.name(), pick(g, over...)
		inner := g.name()
		return difffuzz.Text("SELECT "+inner+".k, count(*) AS n, max("+inner+".v) AS m, "+inner+".window_start, "+inner+".window_end FROM "+s.Name+"_"+shape+" "+inner,
			g.where([]column{{inner + ".g", integer}, {inner + ".b", boolean}}, 30), " GROUP BY "+inner+".k, "+inner+".window_start, "+inner+".window_end"), x
	}
	a, x := side()
	b, y := side()
	window := x + ".window_start = " + y + ".window_start AND " + x + ".window_end = " + y + ".window_end AND "
	on := []*difffuzz.Node{
		difffuzz.Text(pick(g, x+".k = "+y+".k", x+".n = "+y+".n", x+".m = "+y+".m")),
	}
	if kind != "FULL JOIN" && g.chance(30) {
		on = append(on, difffuzz.Text(x+".n <= "+y+".m"))
	}
	exprs := []*difffuzz.Node{
		difffuzz.Text(x + ".k"), difffuzz.Text(x + ".n"), difffuzz.Text(y + ".m"), difffuzz.Text("coalesce(" + x + ".window_start, " + y + ".window_start)"),
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", a, ") "+x+" "+kind+" (", b, ") "+y+" ON "+window, difffuzz.List(" AND ", 1, on...)), []string{text, integer, integer, edge})
}

// intervalJoin draws a join whose sides bound each other's times.
func (g *generator) intervalJoin(depth int) relation {
	over := g.timed()
	if len(over) == 0 {
		return g.join(depth)
	}
	a, b, x, y := pick(g, over...), pick(g, over...), g.name(), g.name()
	kind := pick(g, "JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	g.use("interval join")
	g.use(kind)
	seconds := func() string { return fmt.Sprintf("INTERVAL '%d seconds'", 1+g.r.IntN(8)) }
	bounds := pick(g,
		y+".ts BETWEEN "+x+".ts - "+seconds()+" AND "+x+".ts + "+seconds(),
		y+".ts >= "+x+".ts AND "+y+".ts < "+x+".ts + "+seconds(),
		x+".ts > "+y+".ts - "+seconds()+" AND "+x+".ts <= "+y+".ts + "+seconds())
	on := []*difffuzz.Node{difffuzz.Text(pick(g, x+".k = "+y+".k", x+".g = "+y+".g", x+".id = "+y+".id"))}
	if kind != "FULL JOIN" && g.chance(30) {
		on = append(on, difffuzz.Optional(x+".v < "+y+".v"))
	}
	var cols []column
	for _, side := range []string{x, y} {
		for _, f := range fields() {
			if f.typ != moment {
				cols = append(cols, column{side + "." + f.ref, f.typ})
			}
		}
	}
	var exprs []*difffuzz.Node
	var types []string
	for range 2 + g.r.IntN(3) {
		c := pick(g, cols...)
		exprs, types = append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM "+a.Name+"_timely "+x+" "+kind+" "+b.Name+"_timely "+y+" ON "+bounds+" AND ", difffuzz.List(" AND ", 1, on...)), types)
}

// join draws a join of two relations.
func (g *generator) join(depth int) relation {
	a, b := g.relation(depth-1), g.relation(g.r.IntN(depth))
	x, y := g.name(), g.name()
	left, right := a.columnsOf(x), b.columnsOf(y)
	kind := pick(g, "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	g.use(kind)
	both := append(append([]column{}, left...), right...)
	on := g.equality(left, right)
	if on == nil {
		return g.cross(a, b, x, y, both)
	}
	if g.chance(30) && kind != "FULL JOIN" {
		g.use("residual")
		on = difffuzz.List(" AND ", 1, on, g.condition(both, 1))
	}
	var exprs []*difffuzz.Node
	var types []string
	for range 1 + g.r.IntN(4) {
		c := pick(g, both...)
		exprs, types = append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", a.node, ") "+x+" "+kind+" (", b.node, ") "+y+" ON ", on, g.where(both, 20)), types)
}

// cross joins relations that have no columns of one type with an aggregate of the other.
func (g *generator) cross(a, b relation, x, y string, both []column) relation {
	g.use("cross join")
	var exprs []*difffuzz.Node
	var types []string
	for _, c := range both[:min(len(both), 4)] {
		exprs, types = append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", a.node, ") "+x+" CROSS JOIN (", b.node, ") "+y), types)
}

// equality compares columns of two sides; nil: none are of one type.
func (g *generator) equality(left, right []column) *difffuzz.Node {
	var pairs []*difffuzz.Node
	for _, l := range left {
		for _, r := range right {
			if l.typ == r.typ && l.typ != boolean && l.typ != moment {
				pairs = append(pairs, difffuzz.Text(l.ref+" = "+r.ref))
			}
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	on := pick(g, pairs...)
	if g.chance(20) {
		g.use("two keys")
		return difffuzz.List(" AND ", 1, on, pick(g, pairs...))
	}
	return difffuzz.List(" AND ", 1, on)
}

// semi draws [NOT] EXISTS or IN.
func (g *generator) semi(depth int) relation {
	a, b := g.relation(depth-1), g.relation(g.r.IntN(depth))
	x, y := g.name(), g.name()
	left, right := a.columnsOf(x), b.columnsOf(y)
	on := g.equality(left, right)
	if on == nil {
		return a
	}
	var exprs []*difffuzz.Node
	for _, c := range left {
		exprs = append(exprs, difffuzz.Text(c.ref))
	}
	if g.chance(25) {
		g.use("residual")
		on = difffuzz.List(" AND ", 1, on, g.condition(append(append([]column{}, left...), right...), 1))
	}
	word := pick(g, "EXISTS", "NOT EXISTS")
	g.use(word)
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", a.node, ") "+x+" WHERE "+word+" (SELECT 1 FROM (", b.node, ") "+y+" WHERE ", on, ")"), a.types)
}

// total orders by all columns, so that only equal rows are peers.
func (g *generator) total(cols []column) *difffuzz.Node {
	var keys []*difffuzz.Node
	for _, c := range cols {
		keys = append(keys, difffuzz.Text(c.ref+pick(g, "", " DESC")+pick(g, "", "", " NULLS FIRST", " NULLS LAST")))
	}
	g.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return difffuzz.List(", ", len(keys), keys...)
}

// top draws the best rows, of each group or of all.
func (g *generator) top(depth int) relation {
	in, x, y := g.relation(depth-1), g.name(), g.name()
	cols := in.columnsOf(x)
	var exprs []*difffuzz.Node
	for _, c := range cols {
		exprs = append(exprs, difffuzz.Text(c.ref))
	}
	if g.chance(25) {
		g.use("limit")
		return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", in.node, ") "+x+" ORDER BY ", g.total(cols), " LIMIT "+pick(g, "1", "2", "5"), difffuzz.Optional(pick(g, "", " OFFSET 1"))), in.types)
	}
	function := pick(g, "ROW_NUMBER", "ROW_NUMBER", "RANK", "DENSE_RANK")
	g.use(function)
	part := difffuzz.Optional("PARTITION BY "+pick(g, cols...).ref, " ")
	if g.chance(25) {
		part = nil
	}
	types, outer := in.types, in.columnsOf(y)
	if g.chance(40) {
		g.use("rank shown")
		types = append(append([]string{}, types...), integer)
		outer = append(outer, column{y + ".rank", integer})
	}
	var shown []*difffuzz.Node
	for _, c := range outer {
		shown = append(shown, difffuzz.Text(c.ref))
	}
	ranked := difffuzz.Text("SELECT ", items(exprs), ", "+function+"() OVER (", part, "ORDER BY ", g.total(cols), ") AS rank FROM (", in.node, ") "+x)
	return finish(difffuzz.Text("SELECT ", items(shown), " FROM (", ranked, ") "+y+" WHERE "+y+".rank "+pick(g, "<= 1", "<= 2", "<= 3", "= 1", "= 2", "< 4")), types)
}

// over draws a window function.
func (g *generator) over(depth int) relation {
	g.use("over")
	in, x := g.relation(depth-1), g.name()
	cols := in.columnsOf(x)
	var exprs []*difffuzz.Node
	for _, c := range cols {
		exprs = append(exprs, difffuzz.Text(c.ref))
	}
	v := g.column(integer, cols)
	call := pick(g, "count(*)", "sum("+v+")", "max("+v+")", "min("+v+")", "lag("+v+")", "first_value("+v+")")
	frame := pick(g, "", "", " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
	t := integer
	if strings.HasPrefix(call, "sum") {
		t = decimal
	}
	order := difffuzz.Text(pick(g, cols...).ref+" DESC, ", g.total(cols)) // not in the order of time, in which late rows are left out
	node := difffuzz.Text(call+" OVER (", difffuzz.Optional("PARTITION BY "+pick(g, cols...).ref, " "), "ORDER BY ", order, frame+")")
	return finish(difffuzz.Text("SELECT ", items(append(exprs, node)), " FROM (", in.node, ") "+x), append(append([]string{}, in.types...), t))
}

// like draws a relation with given types.
func (g *generator) like(types []string, depth int) relation {
	in, x := g.relation(depth), g.name()
	cols := in.columnsOf(x)
	var exprs []*difffuzz.Node
	for _, t := range types {
		exprs = append(exprs, g.expr(t, cols, 0))
	}
	return finish(difffuzz.Text("SELECT ", items(exprs), " FROM (", in.node, ") "+x), types)
}

func (g *generator) setOp(depth int) relation {
	types := []string{pick(g, integer, text, boolean)}
	if g.chance(50) {
		types = append(types, pick(g, integer, text))
	}
	word := pick(g, "UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
	g.use(word)
	a, b := g.like(types, depth-1), g.like(types, g.r.IntN(depth))
	return finish(difffuzz.Text("(", a.node, ") "+word+" (", b.node, ")"), types)
}

func (g *generator) distinct(depth int) relation {
	g.use("distinct")
	in, x := g.relation(depth-1), g.name()
	cols := in.columnsOf(x)
	var exprs []*difffuzz.Node
	var types []string
	for range 1 + g.r.IntN(2) {
		c := pick(g, cols...)
		exprs, types = append(exprs, difffuzz.Text(c.ref)), append(types, c.typ)
	}
	return finish(difffuzz.Text("SELECT DISTINCT ", items(exprs), " FROM (", in.node, ") "+x), types)
}
