package parse_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// Whatever tree the grammar can make, its canonical text parses back to it.
func TestPrintedTreesParseToThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkPrinted(t, generator{t}.expr(rapid.IntRange(0, 5).Draw(t, "depth")))
		}
	})
}

func checkPrinted(t *rapid.T, tree ast.Node) {
	sql := ast.SQL(tree)
	again, err := parse.Expr(sql, parse.WithSubquery(textOfQuery))
	if err != nil {
		t.Fatalf("%s\n%s: %v", ast.Dump(tree), sql, err)
	}
	if !ast.Equal(tree, again) {
		t.Fatalf("%s\n  %s\nis not\n  %s", sql, ast.Dump(tree), ast.Dump(again))
	}
	checkSpans(t, again, len(sql))
}

type failer interface{ Fatalf(string, ...any) }

// checkSpans asserts that spans lie in the text and that a node's covers those of its children.
func checkSpans(t failer, n ast.Node, length int) {
	at := n.Location()
	if at.Start < 0 || at.End < at.Start || int(at.End) > length {
		t.Fatalf("%s: span %v of a text of %d bytes", ast.Dump(n), at, length)
	}
	if q, ok := n.(*ast.Opaque); ok && q.Form == ast.RowsQuery {
		return
	}
	for _, c := range ast.Children(n) {
		if in := c.Location(); in.Start < at.Start || in.End > at.End {
			t.Fatalf("%s: span %v sticks out of %v of %s", ast.Dump(c), in, at, ast.Dump(n))
		}
		checkSpans(t, c, length)
	}
}

// generator draws trees such as the parser makes.
type generator struct{ t *rapid.T }

func (g generator) pick(n int) int              { return rapid.IntRange(0, n-1).Draw(g.t, "pick") }
func (g generator) yes() bool                   { return rapid.Bool().Draw(g.t, "yes") }
func (g generator) of(choices ...string) string { return rapid.SampledFrom(choices).Draw(g.t, "of") }

func (g generator) opt(depth int) ast.Node {
	if g.yes() {
		return g.expr(depth)
	}
	return nil
}

func (g generator) name() ast.Name {
	if g.pick(4) == 0 {
		return ast.Name{Text: rapid.StringMatching(`[a-zA-Zä_" .0-9'%]{1,6}`).Draw(g.t, "name")}
	}
	return ast.Name{Text: g.of("a", "b", "t", "day", "select", "time", "left", "coalesce", "double", "map", "value", "e", "u", "interval", "Ünï")}
}

func (g generator) names(limit int) []ast.Name {
	out := make([]ast.Name, 1+g.pick(limit))
	for i := range out {
		out[i] = g.name()
	}
	return out
}

func (g generator) list(depth, least int) []ast.Node {
	var out []ast.Node
	for range least + g.pick(3) {
		out = append(out, g.expr(depth))
	}
	return out
}

func (g generator) text() string {
	return rapid.StringMatching(`[a-z'"\\ \n$ü%-]{0,8}`).Draw(g.t, "text")
}

func (g generator) expr(depth int) ast.Node {
	if depth <= 0 {
		return g.leaf()
	}
	depth--
	switch g.pick(5) {
	case 0:
		return g.leaf()
	case 1, 2:
		return g.operator(depth)
	case 3:
		return g.test(depth)
	}
	return g.compound(depth)
}

func (g generator) leaf() ast.Node {
	switch g.pick(9) {
	case 0:
		return &ast.Literal{Kind: ast.LiteralKind(g.pick(3))}
	case 1:
		return &ast.Literal{Kind: ast.Integer, Text: strconv.Itoa(g.pick(1000))}
	case 2:
		return &ast.Literal{Kind: ast.Decimal, Text: g.of("1.5", ".5", "2.")}
	case 3:
		return &ast.Literal{Kind: ast.Float, Text: g.of("1e3", "1.5E-3")}
	case 4:
		return &ast.Literal{Kind: ast.String, Text: g.text()}
	case 5:
		return &ast.Param{Number: int32(1 + g.pick(99))}
	case 6:
		return g.typedLiteral()
	case 7:
		n := &ast.CurrentValue{Name: g.of("current_date", "current_timestamp", "localtime", "session_user", "current_schema"), Precision: -1}
		if n.Name == "localtime" {
			n.Precision = int32(g.pick(7))
		}
		return n
	}
	return &ast.Column{Parts: g.names(3)}
}

func (g generator) typedLiteral() ast.Node {
	typ := g.simpleType()
	for typ.Kind == ast.MapType || typ.Kind == ast.RowType {
		typ = g.simpleType()
	}
	return &ast.TypedLiteral{Type: typ, Text: g.text()}
}

func (g generator) simpleType() *ast.TypeName {
	typ := &ast.TypeName{Kind: ast.TypeKind(g.pick(int(ast.MapType) + 1))}
	switch typ.Kind {
	case ast.NamedType:
		typ.Name = []ast.Name{{Text: g.of("money", "time tz", "map", "char", "setof", "row", "timetz", "Text")}}
		if g.yes() {
			typ.Name = []ast.Name{{Text: "my"}, g.name()}
		}
	case ast.NumericType:
		typ.Mods = [][]int32{nil, {10}, {10, 2}}[g.pick(3)]
	case ast.VarcharType, ast.CharType, ast.TimeType, ast.TimestampType, ast.TimestamptzType:
		typ.Mods = [][]int32{nil, {3}}[g.pick(2)]
	case ast.IntervalType:
		typ.Interval = ast.IntervalFields(g.pick(int(ast.MinuteToSecond) + 1))
		if (typ.Interval == ast.AllFields || typ.Interval.HasSeconds()) && g.yes() {
			typ.Mods = []int32{3}
		}
	case ast.ArrayType:
		typ.Kind = ast.TextType
	case ast.RowType:
		typ.Fields = []ast.TypeField{{Name: g.name(), Type: g.simpleType()}, {Name: g.name(), Type: g.typeName()}}
	case ast.MapType:
		typ.Key, typ.Elem = g.simpleType(), g.typeName()
	default:
	}
	return typ
}

func (g generator) typeName() *ast.TypeName {
	typ := g.simpleType()
	for range g.pick(3) {
		typ = &ast.TypeName{Kind: ast.ArrayType, Elem: typ}
	}
	return typ
}

func (g generator) operator(depth int) ast.Node {
	switch g.pick(6) {
	case 0:
		return &ast.Unary{Op: g.of("+", "-", "~", "@", "@-", "|/"), X: g.expr(depth)}
	case 1:
		return &ast.Not{X: g.expr(depth)}
	case 2:
		return &ast.Logical{Op: ast.LogicalOp(g.pick(2)), Args: g.list(depth, 2)}
	case 3:
		return &ast.Quantified{
			Op: g.of("=", "<>", "~", "+", "LIKE", "NOT ILIKE"), All: g.yes(), L: g.expr(depth), R: g.rows(depth),
		}
	}
	op := g.of("+", "-", "*", "/", "%", "^", "=", "<>", "<", ">=", "||", "->", "->>", "#>>", "@>", "?", "?|", "&&", "~", "!~*", "#-", "@@-")
	return &ast.Binary{Op: op, L: g.expr(depth), R: g.expr(depth)}
}

func (g generator) rows(depth int) ast.Node {
	if g.yes() {
		return &ast.Opaque{Form: ast.RowsQuery, Query: g.query()}
	}
	return notQuery(g.expr(depth))
}

// notQuery replaces a scalar subquery, whose parentheses alone would make it the query of IN or ANY.
func notQuery(n ast.Node) ast.Node {
	if q, ok := n.(*ast.Opaque); ok && q.Form == ast.ScalarQuery {
		return &ast.Unary{Op: "+", X: n}
	}
	return n
}

func (g generator) query() ast.Node {
	return &queryText{text: g.of("SELECT 1", "SELECT (a) FROM t WHERE f(b)", "VALUES (1)", "WITH q AS (SELECT 1) SELECT 2")}
}

func (g generator) test(depth int) ast.Node {
	switch g.pick(7) {
	case 0:
		return &ast.Is{X: g.expr(depth), Test: ast.IsTest(g.pick(4)), Not: g.yes()}
	case 1:
		return &ast.Distinct{L: g.expr(depth), R: g.expr(depth), Not: g.yes()}
	case 2:
		return &ast.Between{X: g.expr(depth), Low: g.expr(depth), High: g.expr(depth), Not: g.yes(), Symmetric: g.yes()}
	case 3:
		in := &ast.In{X: g.expr(depth), List: g.list(depth, 1), Not: g.yes()}
		if len(in.List) == 1 {
			in.List[0] = notQuery(in.List[0])
		}
		return in
	case 4:
		return &ast.In{X: g.expr(depth), Query: &ast.Opaque{Form: ast.RowsQuery, Query: g.query()}, Not: g.yes()}
	case 5:
		return &ast.AtTimeZone{X: g.expr(depth), Zone: g.expr(depth)}
	}
	return &ast.Like{
		X: g.expr(depth), Pattern: g.expr(depth), Escape: g.opt(depth), Kind: ast.LikeKind(g.pick(3)), Not: g.yes(),
	}
}

func (g generator) compound(depth int) ast.Node {
	switch g.pick(11) {
	case 0:
		n := &ast.Case{Operand: g.opt(depth), Else: g.opt(depth)}
		for range 1 + g.pick(2) {
			n.Whens = append(n.Whens, ast.When{Cond: g.expr(depth), Result: g.expr(depth)})
		}
		return n
	case 1:
		return &ast.Cast{X: g.expr(depth), Type: g.typeName()}
	case 2:
		return &ast.Collate{X: g.expr(depth), Collation: g.names(2)}
	case 3:
		return &ast.Row{Elems: g.list(depth, 0)}
	case 4:
		return &ast.Array{Elems: g.list(depth, 0)}
	case 5:
		return &ast.FieldAccess{X: g.expr(depth), Field: g.name()}
	case 6:
		return &ast.Subscript{X: g.expr(depth), Index: g.expr(depth)}
	case 7:
		return &ast.Slice{X: g.expr(depth), Low: g.opt(depth), High: g.opt(depth)}
	case 8:
		if g.yes() {
			return &ast.Star{Of: &ast.Column{Parts: g.names(3)}}
		}
		return &ast.Star{Of: g.expr(depth), Expand: true}
	case 9:
		return &ast.Opaque{Form: ast.OpaqueForm(g.pick(3)), Query: g.query()}
	}
	return g.call(depth)
}

func (g generator) call(depth int) ast.Node {
	c := &ast.FuncCall{Name: g.names(2)}
	if g.yes() {
		c.Name = []ast.Name{{Text: g.of("extract", "position", "substring", "overlay", "trim", "nullif", "greatest", "left", "f", "row", "exists")}}
	}
	switch g.pick(5) {
	case 0:
		c.Star = true
	case 1, 2:
		c.Args = g.args(depth)
	case 3:
		c.Args = append(g.args(depth), ast.Arg{X: g.expr(depth)})
		c.Distinct, c.OrderBy = g.yes(), g.keys(depth)
	case 4:
		c.Args = append(g.args(depth), ast.Arg{X: g.expr(depth)})
		c.Variadic = true
	}
	if g.pick(4) > 0 {
		return c
	}
	c.Filter = g.opt(depth)
	if !c.Distinct && !c.Variadic && c.OrderBy == nil {
		c.WithinGroup = g.keys(depth)
	}
	if g.yes() {
		c.Over = g.window(depth)
	}
	return c
}

func (g generator) args(depth int) []ast.Arg {
	var args []ast.Arg
	for _, x := range g.list(depth, 0) {
		a := ast.Arg{X: x}
		if g.pick(4) == 0 {
			name := g.name()
			a.Name = &name
		}
		args = append(args, a)
	}
	return args
}

func (g generator) keys(depth int) []ast.OrderItem {
	var out []ast.OrderItem
	for range g.pick(3) {
		out = append(out, ast.OrderItem{X: g.expr(depth), Desc: g.yes(), Nulls: ast.NullsOrder(g.pick(3))})
	}
	return out
}

func (g generator) window(depth int) *ast.Window {
	name := g.name()
	if g.pick(3) == 0 {
		return &ast.Window{Ref: &name}
	}
	w := &ast.Window{PartitionBy: g.list(depth, 0), OrderBy: g.keys(depth)}
	if g.yes() {
		w.Base = &name
	}
	if g.yes() {
		w.Frame = &ast.Frame{Unit: ast.FrameUnit(g.pick(3)), Exclude: ast.FrameExclude(g.pick(4))}
		w.Frame.Start = ast.FrameBound{Kind: ast.Preceding, Offset: g.expr(depth)}
		w.Frame.End = ast.FrameBound{Kind: ast.CurrentRow}
		if g.yes() {
			w.Frame.End = ast.FrameBound{Kind: ast.Following, Offset: g.expr(depth)}
		}
	}
	return w
}
