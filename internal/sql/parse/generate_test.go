package parse_test

import (
	"pgregory.net/rapid"

	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
)

// generator draws trees such as the parser makes.
type generator struct{ t *rapid.T }

func (g generator) pick(n int) int              { return rapid.IntRange(0, n-1).Draw(g.t, "pick") }
func (g generator) yes() bool                   { return rapid.Bool().Draw(g.t, "yes") }
func (g generator) rarely() bool                { return g.pick(5) == 0 }
func (g generator) of(choices ...string) string { return rapid.SampledFrom(choices).Draw(g.t, "of") }

// several draws least to least+2 items.
func several[T any](g generator, least int, one func() T) []T {
	var list []T
	for range least + g.pick(3) {
		list = append(list, one())
	}
	return list
}

// maybe draws an item or nil.
func maybe[T any](g generator, one func() T) *T {
	if !g.rarely() {
		return nil
	}
	x := one()
	return &x
}

func (g generator) name() expr.Name {
	if g.rarely() {
		return expr.Name{Text: rapid.StringMatching(`[a-zA-Zä_" .0-9'%]{1,6}`).Draw(g.t, "name")}
	}
	return expr.Name{Text: g.of("a", "b", "t", "day", "select", "time", "left", "emit", "late", "allowed", "rollup", "cube", "tumble", "session",
		"local", "tables", "values", "all", "recursive", "default", "rows", "only", "create", "sink", "view", "names", "lateral", "table",
		"watermark", "materialized", "true", "on", "array", "prepare", "filter", "over", "within")}
}

func (g generator) names() []expr.Name { return several(g, 1, g.name) }

func (g generator) object() ast.ObjectName {
	n := ast.ObjectName{}
	for range 1 + g.pick(3) {
		n.Parts = append(n.Parts, g.name())
	}
	return n
}

func (g generator) text() string {
	return rapid.StringMatching(`[a-z'"\\ ;\n$ü%-]{0,8}`).Draw(g.t, "text")
}

func (g generator) expr(depth int) expr.Node {
	if depth <= 0 || g.yes() {
		return g.leaf()
	}
	depth--
	switch g.pick(9) {
	case 0:
		return &expr.Binary{Op: g.of("+", "=", "||", "<", "->"), L: g.expr(depth), R: g.expr(depth)}
	case 1:
		return &expr.Logical{Op: expr.LogicalOp(g.pick(2)), Args: []expr.Node{g.expr(depth), g.expr(depth)}}
	case 2:
		return &expr.Opaque{Form: expr.OpaqueForm(g.pick(3)), Query: g.query(depth)}
	case 3:
		return &expr.In{X: g.expr(depth), Query: &expr.Opaque{Form: expr.RowsQuery, Query: g.query(depth)}, Not: g.yes()}
	case 4:
		return &expr.Quantified{Op: "=", L: g.expr(depth), R: &expr.Opaque{Form: expr.RowsQuery, Query: g.query(depth)}}
	case 5:
		return g.call(depth)
	case 6:
		return &expr.Cast{X: g.expr(depth), Type: g.typeName()}
	case 7:
		return &expr.Case{Whens: []expr.When{{Cond: g.expr(depth), Result: g.expr(depth)}}}
	}
	return &expr.Row{Elems: several(g, 0, func() expr.Node { return g.expr(depth) })}
}

func (g generator) leaf() expr.Node {
	switch g.pick(6) {
	case 0:
		return &expr.Literal{Kind: expr.Integer, Text: "1"}
	case 1:
		return &expr.Literal{Kind: expr.String, Text: g.text()}
	case 2:
		return &expr.Param{Number: 1}
	case 3:
		return &expr.Literal{Kind: expr.LiteralKind(g.pick(3))}
	case 4:
		return &expr.TypedLiteral{Type: &expr.TypeName{Kind: expr.IntervalType}, Text: "1 s"}
	}
	return g.column()
}

func (g generator) column() *expr.Column { return &expr.Column{Parts: g.object().Parts} }

func (g generator) call(depth int) *expr.FuncCall {
	c := &expr.FuncCall{Name: g.object().Parts}
	for _, x := range several(g, 0, func() expr.Node { return g.expr(depth) }) {
		c.Args = append(c.Args, expr.Arg{X: x})
	}
	return c
}

func (g generator) typeName() *expr.TypeName {
	t := &expr.TypeName{Kind: []expr.TypeKind{expr.IntegerType, expr.TextType, expr.TimestamptzType, expr.DoubleType, expr.IntervalType}[g.pick(5)]}
	if g.rarely() {
		return &expr.TypeName{Kind: expr.ArrayType, Elem: t}
	}
	return t
}

func (g generator) interval() expr.Node {
	return &expr.TypedLiteral{Type: &expr.TypeName{Kind: expr.IntervalType}, Text: g.of("1 s", "10 minutes")}
}

func (g generator) keys(depth int) []expr.OrderItem {
	return several(g, 0, func() expr.OrderItem {
		return expr.OrderItem{X: g.expr(depth), Desc: g.yes(), Nulls: expr.NullsOrder(g.pick(3))}
	})
}

// query draws a query of its own: what stands in parentheses or is a statement.
func (g generator) query(depth int) *ast.Query {
	q := &ast.Query{Body: g.body(depth)}
	if g.rarely() && depth > 0 {
		q.With = g.with(depth - 1)
	}
	if g.yes() {
		q.OrderBy = g.keys(depth)
	}
	if g.rarely() {
		q.Limit = g.limit(q.OrderBy != nil)
	}
	return q
}

func (g generator) with(depth int) *ast.With {
	w := &ast.With{Recursive: g.yes()}
	w.Tables = several(g, 1, func() *ast.CommonTable {
		c := &ast.CommonTable{Name: g.name(), Materialize: ast.Materialize(g.pick(3)), Query: g.query(depth)}
		if g.yes() {
			c.Columns = g.names()
		}
		return c
	})
	return w
}

func (g generator) limit(sorted bool) *ast.Limit {
	l := &ast.Limit{}
	switch g.pick(4) {
	case 0:
		l.All = true
	case 1:
		l.Count = g.expr(1)
	case 2:
		l.Count = g.expr(1)
		l.WithTies = sorted
	}
	if g.yes() || l.Count == nil && !l.All {
		l.Offset = g.expr(1)
	}
	return l
}

func (g generator) body(depth int) ast.Body {
	if depth > 0 && g.rarely() {
		return &ast.SetOperation{Op: ast.SetOp(g.pick(3)), All: g.yes(), L: g.operand(depth - 1), R: g.operand(depth - 1)}
	}
	switch g.pick(6) {
	case 0:
		return &ast.TableQuery{Table: &ast.TableName{Name: g.object(), Only: g.rarely()}}
	case 1:
		width := 1 + g.pick(3)
		return &ast.Values{Rows: several(g, 1, func() ast.ValuesRow {
			r := ast.ValuesRow{}
			for range width {
				r.Exprs = append(r.Exprs, g.expr(depth-1))
			}
			return r
		})}
	}
	return g.selectBody(depth)
}

// operand draws an operand of a set operation: a query in parentheses has clauses of its own.
func (g generator) operand(depth int) ast.Body {
	if g.rarely() {
		q := &ast.Query{Body: g.body(depth), Limit: &ast.Limit{Count: g.expr(0)}}
		if g.yes() {
			q.With = g.with(0)
		}
		return q
	}
	return g.body(depth)
}

func (g generator) selectBody(depth int) *ast.Select {
	depth--
	s := &ast.Select{Items: several(g, 0, func() *expr.SelectItem { return g.item(depth) })}
	if len(s.Items) > 0 && g.rarely() {
		s.Distinct = true
		if g.yes() {
			s.DistinctOn = several(g, 1, func() expr.Node { return g.expr(depth) })
		}
	}
	s.From = several(g, 0, func() ast.TableExpr { return g.tableExpr(depth) })
	if g.rarely() {
		s.Where = g.expr(depth)
	}
	if g.rarely() {
		s.GroupBy = &ast.GroupBy{Distinct: g.yes(), Items: several(g, 1, func() *ast.GroupItem { return g.groupItem(depth) })}
	}
	if g.rarely() {
		s.Having = g.expr(depth)
	}
	if g.rarely() {
		s.Windows = several(g, 1, func() ast.NamedWindow {
			w := &expr.Window{PartitionBy: several(g, 0, func() expr.Node { return g.expr(depth) }), OrderBy: g.keys(0)}
			return ast.NamedWindow{Name: g.name(), Window: w}
		})
	}
	if len(s.From) == 0 {
		return s
	}
	if g.rarely() {
		s.Emit = &ast.Emit{Mode: ast.EmitMode(g.pick(4))}
		if s.Emit.Mode == ast.EmitDefault || g.yes() {
			s.Emit.Every = g.interval()
		}
		s.LateInto = maybe(g, g.object)
	}
	if g.rarely() {
		s.AllowedLateness = g.interval()
	}
	return s
}

func (g generator) item(depth int) *expr.SelectItem {
	if g.rarely() {
		return &expr.SelectItem{X: &expr.Star{}}
	}
	return &expr.SelectItem{X: g.expr(depth), As: maybe(g, g.name)}
}

func (g generator) groupItem(depth int) *ast.GroupItem {
	item := &ast.GroupItem{}
	if depth > 0 && g.rarely() {
		item.Kind = ast.GroupKind(1 + g.pick(3))
	}
	item.Items = several(g, 1, func() *ast.GroupItem {
		if item.Kind == ast.GroupingSets {
			return g.groupItem(depth - 1)
		}
		return &ast.GroupItem{Exprs: several(g, 1, func() expr.Node { return g.expr(0) })}
	})
	if item.Kind == ast.GroupExprs {
		item.Items = nil
		item.Exprs = several(g, 0, func() expr.Node { return g.expr(depth) })
	}
	return item
}

func (g generator) alias() ast.Alias {
	a := ast.Alias{Name: g.name()}
	if g.yes() {
		a.Columns = g.names()
	}
	return a
}

func (g generator) tableExpr(depth int) ast.TableExpr {
	if depth > 0 && g.rarely() {
		return g.join(depth - 1)
	}
	switch g.pick(6) {
	case 0:
		a := g.alias()
		return &ast.Derived{Lateral: g.yes(), Query: g.query(depth - 1), Alias: &a}
	case 1:
		return g.tableFunction(depth - 1)
	case 2:
		return g.windowTable(depth - 1)
	}
	t := &ast.TableName{Only: g.rarely(), Name: g.object(), Alias: maybe(g, g.alias)}
	if g.rarely() {
		t.AsOf = g.expr(0)
	}
	return t
}

func (g generator) join(depth int) *ast.Join {
	j := &ast.Join{Kind: ast.JoinKind(g.pick(5)), L: g.tableExpr(depth), R: g.tableExpr(depth)}
	switch {
	case j.Kind == ast.CrossJoin:
	case g.rarely():
		j.Natural = true
	case g.yes():
		j.On = g.expr(depth)
	default:
		j.Using = g.names()
		j.UsingAlias = maybe(g, g.name)
	}
	j.Alias = maybe(g, g.alias)
	return j
}

func (g generator) tableFunction(depth int) *ast.TableFunction {
	t := &ast.TableFunction{Lateral: g.yes(), RowsFrom: g.rarely(), Ordinality: g.yes(), Alias: maybe(g, g.alias)}
	function := func() ast.FromFunction {
		switch g.pick(5) {
		case 0:
			return ast.FromFunction{Call: &expr.CurrentValue{Name: "current_date", Precision: -1}}
		case 1:
			return ast.FromFunction{Call: &expr.Cast{X: g.expr(depth), Type: g.typeName()}}
		}
		return ast.FromFunction{Call: g.call(depth)}
	}
	t.Functions = []ast.FromFunction{function()}
	if t.RowsFrom {
		t.Functions = several(g, 1, function)
	}
	for i := range t.Functions {
		if g.rarely() {
			t.Functions[i].Columns = several(g, 1, func() *ast.ColumnDef { return &ast.ColumnDef{Name: g.name(), Type: g.typeName()} })
			if !t.RowsFrom && t.Alias != nil {
				t.Alias.Columns = nil
			}
		}
	}
	return t
}

func (g generator) windowTable(depth int) *ast.WindowTable {
	w := &ast.WindowTable{Kind: ast.WindowKind(g.pick(4)), Time: g.column(), Alias: maybe(g, g.alias)}
	w.Input = &ast.TableName{Name: g.object()}
	if g.yes() {
		w.Input = &ast.Derived{Query: g.query(depth)}
	}
	w.PartitionBy = several(g, 0, func() expr.Node { return g.expr(depth) })
	if w.Kind == ast.Session {
		w.Gap = g.interval()
		return w
	}
	w.Size = g.interval()
	if w.Kind != ast.Tumble {
		w.Step = g.interval()
	}
	if g.yes() {
		w.Offset = g.interval()
	}
	return w
}
