package ast_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
)

func name(s string) ast.Name { return ast.Name{Text: s} }
func col(parts ...string) *ast.Column {
	c := &ast.Column{}
	for _, p := range parts {
		c.Parts = append(c.Parts, name(p))
	}
	return c
}
func num(s string) ast.Node                 { return &ast.Literal{Kind: ast.Integer, Text: s} }
func str(s string) ast.Node                 { return &ast.Literal{Kind: ast.String, Text: s} }
func bin(op string, l, r ast.Node) ast.Node { return &ast.Binary{Op: op, L: l, R: r} }
func call(f string, args ...ast.Node) *ast.FuncCall {
	c := &ast.FuncCall{Name: []ast.Name{name(f)}}
	for _, a := range args {
		c.Args = append(c.Args, ast.Arg{X: a})
	}
	return c
}

// query is a statement as the SQL front end might have it.
type query struct{ ast.Span }

func (*query) String() string { return "SELECT 1" }

// silent is a foreign node that cannot print itself.
type silent struct{ ast.Span }

var a, b, c = col("a"), col("b"), col("c") //nolint:gochecknoglobals // leaves of the trees below, never changed

func TestSQLAndDump(t *testing.T) {
	order := []ast.OrderItem{{X: a, Desc: true, Nulls: ast.NullsFirst}, {X: b}}
	w := name("w")
	typ := func(k ast.TypeKind, mods ...int32) *ast.TypeName { return &ast.TypeName{Kind: k, Mods: mods} }
	for _, test := range []struct {
		tree      ast.Node
		sql, dump string
	}{
		{&ast.Literal{Kind: ast.Null}, "NULL", "NULL"},
		{&ast.Literal{Kind: ast.True}, "TRUE", "TRUE"},
		{&ast.Literal{Kind: ast.False}, "FALSE", "FALSE"},
		{str("it's"), "'it''s'", "'it''s'"},
		{&ast.Param{Number: 7}, "$7", "$7"},
		{col("s", "T x", "select"), `s."T x"."select"`, `s."T x"."select"`},
		{&ast.Star{}, "*", "*"},
		{&ast.Star{Of: a}, "a.*", "(columns a)"},
		{&ast.Star{Of: a, Expand: true}, "(a).*", "(fields a)"},
		{&ast.FieldAccess{X: a, Field: name("f")}, "(a).f", "(field f a)"},
		{&ast.FieldAccess{X: &ast.Subscript{X: a, Index: num("1")}, Field: name("f")}, "a[1].f", "(field f (at a 1))"},
		{&ast.Slice{X: call("f"), High: b}, "(f())[ : b]", "(slice (call f) - b)"},
		{&ast.TypedLiteral{Type: typ(ast.DateType), Text: "d"}, "date 'd'", "(const date 'd')"},
		{
			&ast.TypedLiteral{Type: &ast.TypeName{Kind: ast.IntervalType, Interval: ast.DayToSecond, Mods: []int32{3}}, Text: "1"},
			"interval '1' day to second(3)", "(const interval day to second(3) '1')",
		},
		{&ast.Unary{Op: "-", X: &ast.Unary{Op: "-", X: a}}, "- -a", "(prefix - (prefix - a))"},
		{&ast.Unary{Op: "~", X: bin("||", a, b)}, "~(a || b)", "(prefix ~ (|| a b))"},
		{bin("-", a, bin("-", b, c)), "a - (b - c)", "(- a (- b c))"},
		{bin("-", bin("-", a, b), c), "a - b - c", "(- (- a b) c)"},
		{bin("=", bin("=", a, b), c), "(a = b) = c", "(= (= a b) c)"},
		{bin("%", a, bin("^", b, c)), "a % b ^ c", "(% a (^ b c))"},
		{&ast.Not{X: &ast.Not{X: a}}, "NOT NOT a", "(not (not a))"},
		{
			&ast.Logical{Op: ast.Or, Args: []ast.Node{&ast.Logical{Args: []ast.Node{a, b}}, &ast.Logical{Op: ast.Or, Args: []ast.Node{b, c}}}},
			"a AND b OR (b OR c)", "(or (and a b) (or b c))",
		},
		{&ast.Is{X: bin("=", a, b), Test: ast.IsUnknown, Not: true}, "a = b IS NOT UNKNOWN", "(is-not-unknown (= a b))"},
		{&ast.Distinct{L: a, R: b, Not: true}, "a IS NOT DISTINCT FROM b", "(is-not-distinct a b)"},
		{
			&ast.Between{X: a, Low: bin("+", a, b), High: bin("+", b, c), Symmetric: true},
			"a BETWEEN SYMMETRIC (a + b) AND b + c", "(between-symmetric a (+ a b) (+ b c))",
		},
		{&ast.In{X: a, List: []ast.Node{b, c}, Not: true}, "a NOT IN (b, c)", "(not-in a (list b c))"},
		{&ast.In{X: a, Query: &ast.Opaque{Form: ast.RowsQuery, Query: &query{}}}, "a IN (SELECT 1)", "(in a (rows 'SELECT 1'))"},
		{&ast.Like{X: a, Pattern: b, Escape: c, Kind: ast.SimilarTo}, "a SIMILAR TO b ESCAPE c", "(similar-to a b c)"},
		{&ast.Quantified{Op: "NOT LIKE", All: true, L: a, R: b}, "a NOT LIKE ALL (b)", "(not-like all a b)"},
		{
			&ast.Quantified{Op: "=", L: a, R: &ast.Opaque{Form: ast.RowsQuery, Query: &query{}}},
			"a = ANY (SELECT 1)", "(= any a (rows 'SELECT 1'))",
		},
		{
			&ast.Case{Operand: a, Whens: []ast.When{{num("1"), b}}, Else: c},
			"CASE a WHEN 1 THEN b ELSE c END", "(case a (when 1 b) (else c))",
		},
		{&ast.Cast{X: &ast.Unary{Op: "-", X: num("1")}, Type: typ(ast.NumericType, 10, 2)}, "(-1)::numeric(10, 2)", "(cast (prefix - 1) numeric(10, 2))"},
		{&ast.AtTimeZone{X: a, Zone: str("UTC")}, "a AT TIME ZONE 'UTC'", "(at-time-zone a 'UTC')"},
		{&ast.Collate{X: bin("||", a, b), Collation: []ast.Name{name("C")}}, `(a || b) COLLATE "C"`, `(collate "C" (|| a b))`},
		{&ast.Row{Elems: []ast.Node{a, b}}, "ROW(a, b)", "(row a b)"},
		{&ast.Array{Elems: []ast.Node{a}}, "ARRAY[a]", "(array a)"},
		{&ast.CurrentValue{Name: "localtime", Precision: 2}, "LOCALTIME(2)", "(localtime 2)"},
		{&ast.Opaque{Form: ast.ExistsQuery, Query: &query{}}, "EXISTS (SELECT 1)", "(exists 'SELECT 1')"},
		{&ast.Opaque{Form: ast.ArrayQuery, Query: &silent{}}, "ARRAY (/* *ast_test.silent */)", "(array-query *ast_test.silent)"},
		{call("extract", str("year"), a), "extract(year FROM a)", `(call "extract" 'year' a)`},
		{call("extract", str("a b"), a), "extract('a b' FROM a)", `(call "extract" 'a b' a)`},
		{call("extract", a), `"extract"(a)`, `(call "extract" a)`},
		{call("position", a, b), "position(b IN a)", `(call "position" a b)`},
		{call("position", a), `"position"(a)`, `(call "position" a)`},
		{call("nullif", a), `"nullif"(a)`, `(call "nullif" a)`},
		{call("coalesce"), `"coalesce"()`, `(call "coalesce")`},
		{call("left", a), "left(a)", `(call "left" a)`},
		{call("current_schema"), `"current_schema"()`, `(call "current_schema")`},
		{&ast.FuncCall{Name: []ast.Name{name("count")}, Star: true}, "count(*)", "(call count (star))"},
		{
			&ast.FuncCall{Name: []ast.Name{name("s"), name("f")}, Args: []ast.Arg{{X: a}, {Name: &w, X: b}}, Variadic: true, OrderBy: order},
			"s.f(a, VARIADIC w => b ORDER BY a DESC NULLS FIRST, b)",
			"(call s.f a (named w b) (variadic-named) (order (desc-nulls-first a) (asc b)))",
		},
		{
			&ast.FuncCall{Name: []ast.Name{name("f")}, Args: []ast.Arg{{X: a}}, Distinct: true, WithinGroup: order, Filter: b, Over: &ast.Window{Ref: &w}},
			"f(DISTINCT a) WITHIN GROUP (ORDER BY a DESC NULLS FIRST, b) FILTER (WHERE b) OVER w",
			"(call f (distinct) a (within-group (desc-nulls-first a) (asc b)) (filter b) (over w))",
		},
		{
			&ast.FuncCall{Name: []ast.Name{name("f")}, Over: &ast.Window{
				Base: &w, PartitionBy: []ast.Node{a}, OrderBy: order[1:],
				Frame: &ast.Frame{Start: ast.FrameBound{Kind: ast.Preceding, Offset: num("1")}, Exclude: ast.ExcludeGroup},
			}},
			"f() OVER (w PARTITION BY a ORDER BY b RANGE BETWEEN 1 PRECEDING AND UNBOUNDED PRECEDING EXCLUDE GROUP)",
			"(call f (over (base w) (partition a) (order (asc b)) (range (preceding 1) unbounded-preceding exclude-group)))",
		},
		{&ast.SelectItem{X: a, As: &w}, "a AS w", "(as w a)"},
		{&ast.SelectItem{X: a}, "a", "(item a)"},
	} {
		if got := ast.SQL(test.tree); got != test.sql {
			t.Errorf("SQL: %s\nwant %s", got, test.sql)
		}
		if got := ast.Dump(test.tree); got != test.dump {
			t.Errorf("Dump: %s\n want %s", got, test.dump)
		}
		if !ast.Equal(test.tree, test.tree) || ast.Equal(test.tree, col("other")) {
			t.Errorf("%s: Equal is wrong", test.sql)
		}
		seen := 0
		ast.Walk(test.tree, func(n ast.Node) bool {
			if n == nil {
				t.Errorf("%s: Walk visits nil", test.sql)
			}
			seen++
			return true
		})
		if leaves := strings.Count(test.dump, "("); seen == 0 || seen > 2*leaves+strings.Count(test.dump, " ")+1 {
			t.Errorf("%s: Walk visits %d nodes", test.sql, seen)
		}
	}
}

func TestWalkKeepsTheOrderAndPrunes(t *testing.T) {
	tree := bin("+", call("f", a, &ast.Case{Operand: b, Whens: []ast.When{{c, a}}, Else: b}), &ast.Between{X: c, Low: a, High: b})
	var all, pruned []string
	ast.Walk(tree, func(n ast.Node) bool {
		if c, ok := n.(*ast.Column); ok {
			all = append(all, c.Parts[0].Text)
		}
		return true
	})
	ast.Walk(tree, func(n ast.Node) bool {
		if c, ok := n.(*ast.Column); ok {
			pruned = append(pruned, c.Parts[0].Text)
		}
		_, isCall := n.(*ast.FuncCall)
		return !isCall
	})
	if got := strings.Join(all, ""); got != "abcabcab" {
		t.Error(got)
	}
	if got := strings.Join(pruned, ""); got != "cab" {
		t.Error(got)
	}
	ast.Walk(nil, func(ast.Node) bool { t.Error("nil is visited"); return true })
}

func TestPositionAt(t *testing.T) {
	const text = "aé\n\tüb\n"
	for offset, want := range map[int32]string{
		-1: "1:1", 0: "1:1", 1: "1:2", 3: "1:3", 4: "2:1", 5: "2:2", 7: "2:3", 8: "2:4", 9: "3:1", 99: "3:1",
	} {
		if got := ast.PositionAt(text, offset).String(); got != want {
			t.Errorf("offset %d is at %s, want %s", offset, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	s := ast.Span{Start: 1, End: 3}
	if s.Location() != s || s.To(ast.Span{Start: 5, End: 9}) != (ast.Span{Start: 1, End: 9}) {
		t.Error("spans do not join")
	}
}

func TestQuoteName(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a1_$": "a1_$", "A": `"A"`, "1a": `"1a"`, "a b": `"a b"`, `a"b`: `"a""b"`, "": `""`, "ü": `"ü"`, "$a": `"$a"`,
		"select": `"select"`, "left": `"left"`, "time": `"time"`, "value": "value", "day": "day",
	} {
		if got := ast.QuoteName(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// The classes are PostgreSQL's appendix C; a word of each, and one that needs AS.
func TestKeywords(t *testing.T) {
	for word, want := range map[string]ast.Keyword{
		"price": {}, "SELECT": {}, "value": {Class: ast.Unreserved}, "day": {Class: ast.Unreserved, NeedsAs: true},
		"time": {Class: ast.ColumnName}, "char": {Class: ast.ColumnName, NeedsAs: true}, "left": {Class: ast.TypeOrFunction},
		"overlaps": {Class: ast.TypeOrFunction, NeedsAs: true}, "and": {Class: ast.Reserved}, "from": {Class: ast.Reserved, NeedsAs: true},
	} {
		if got := ast.LookupKeyword(word); got != want {
			t.Errorf("%s: %+v, want %+v", word, got, want)
		}
	}
}

func TestPrecedence(t *testing.T) {
	for op, want := range map[string]ast.Precedence{
		"=": ast.ComparePrecedence, "<>": ast.ComparePrecedence, "+": ast.AddPrecedence, "/": ast.MultiplyPrecedence,
		"^": ast.PowerPrecedence, "||": ast.OperatorPrecedence, "->": ast.OperatorPrecedence,
	} {
		if got := ast.OperatorLevel(op); got != want {
			t.Errorf("%s: %d", op, got)
		}
	}
	if ast.PrefixLevel("-") != ast.SignPrecedence || ast.PrefixLevel("~") != ast.OperatorPrecedence {
		t.Error("prefix operators")
	}
}

func TestTypeNames(t *testing.T) {
	text := &ast.TypeName{Kind: ast.TextType}
	for want, typ := range map[string]*ast.TypeName{
		"text[][]":              {Kind: ast.ArrayType, Elem: &ast.TypeName{Kind: ast.ArrayType, Elem: text}},
		"map(text, text)":       {Kind: ast.MapType, Key: text, Elem: text},
		`row("A" text, b text)`: {Kind: ast.RowType, Fields: []ast.TypeField{{name("A"), text}, {name("b"), text}}},
		"bpchar":                {Kind: ast.CharType},
		"character(3)":          {Kind: ast.CharType, Mods: []int32{3}},
		"interval second(3)":    {Kind: ast.IntervalType, Interval: ast.Second, Mods: []int32{3}},
		`s."T"(1)`:              {Kind: ast.NamedType, Name: []ast.Name{name("s"), name("T")}, Mods: []int32{1}},
		`"map"`:                 {Kind: ast.NamedType, Name: []ast.Name{name("map")}},
		"timestamptz(0)":        {Kind: ast.TimestamptzType, Mods: []int32{0}},
	} {
		if got := typ.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if ast.Day.HasSeconds() || !ast.Second.HasSeconds() || !ast.DayToSecond.HasSeconds() || ast.AllFields.HasSeconds() {
		t.Error("HasSeconds")
	}
}
