package parse_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/sqlstate"
)

func TestTokens(t *testing.T) {
	type token struct {
		kind parse.Kind
		text string
	}
	for text, want := range map[string][]token{
		`Foo "Foo" and`:          {{parse.Ident, "foo"}, {parse.Ident, "Foo"}, {parse.Ident, "and"}},
		"1 1. .1 1.1 1e1 1.e-1":  {{parse.Integer, "1"}, {parse.Decimal, "1."}, {parse.Decimal, ".1"}, {parse.Decimal, "1.1"}, {parse.Float, "1e1"}, {parse.Float, "1.e-1"}},
		"1..2":                   {{parse.Integer, "1"}, {parse.Symbol, ".."}, {parse.Integer, "2"}},
		"a::b:=c=>d":             {{parse.Ident, "a"}, {parse.Symbol, "::"}, {parse.Ident, "b"}, {parse.Symbol, ":="}, {parse.Ident, "c"}, {parse.Symbol, "=>"}, {parse.Ident, "d"}},
		"<= >= <> != < > =":      {{parse.Operator, "<="}, {parse.Operator, ">="}, {parse.Operator, "<>"}, {parse.Operator, "<>"}, {parse.Operator, "<"}, {parse.Operator, ">"}, {parse.Operator, "="}},
		"*- @- *+- =- -> ->>":    {{parse.Operator, "*"}, {parse.Operator, "-"}, {parse.Operator, "@-"}, {parse.Operator, "*"}, {parse.Operator, "+"}, {parse.Operator, "-"}, {parse.Operator, "="}, {parse.Operator, "-"}, {parse.Operator, "->"}, {parse.Operator, "->>"}},
		"+--x\n+/**/*":           {{parse.Operator, "+"}, {parse.Operator, "+"}, {parse.Operator, "*"}},
		"'a' \n 'b' 'c'":         {{parse.String, "ab"}, {parse.String, "c"}},
		"'a' -- x\n -- y\n'b'":   {{parse.String, "ab"}},
		"E'a\\n'\n'\\t'":         {{parse.String, "a\n\t"}},
		`E'\b\f\r\q\\\'''\7\x4'`: {{parse.String, "\b\f\rq\\'''"[:6] + "'" + "\a\x04"}},
		"$1$2":                   {{parse.Param, "1"}, {parse.Param, "2"}},
		"$a1$ $$ $b$ $a1$":       {{parse.String, " $$ $b$ "}},
		"(a[;])":                 {{parse.Symbol, "("}, {parse.Ident, "a"}, {parse.Symbol, "["}, {parse.Symbol, ";"}, {parse.Symbol, "]"}, {parse.Symbol, ")"}},
		"été_$1 ÀB":              {{parse.Ident, "été_$1"}, {parse.Ident, "Àb"}},
	} {
		p := parse.New(text)
		var got []token
		for p.Peek().Kind != parse.EOF && p.Peek().Kind != parse.Invalid {
			n := p.Next()
			got = append(got, token{n.Kind, n.Text})
		}
		if len(got) != len(want) {
			t.Errorf("%q: %v", text, got)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: token %d is %v, want %v", text, i, got[i], want[i])
			}
		}
	}
}

func TestLongestOperator(t *testing.T) {
	if _, err := parse.Expr("a " + strings.Repeat("@", 63) + " b"); err != nil {
		t.Error(err)
	}
	if _, err := parse.Expr("a " + strings.Repeat("@", 64) + " b"); err == nil || !strings.HasPrefix(err.Error(), "operator too long") {
		t.Error(err)
	}
}

// A toy statement, parsed by the means that the SQL front end has.
func TestParserDrivesStatements(t *testing.T) {
	p := parse.New("CREATE TABLE my.t (a BIGINT NOT NULL, b ROW(c TEXT)); SELECT a + 1 AS x, b FROM t ORDER BY a DESC, b")
	if !p.AcceptWords("create", "table") || p.AcceptWords("if", "not", "exists") {
		t.Fatal("words")
	}
	schema, err := p.Name()
	if err != nil || !p.Accept(".") {
		t.Fatal(err)
	}
	table, err := p.Label()
	if err != nil || schema.Text+"."+table.Text != "my.t" {
		t.Fatal(err, schema, table)
	}
	p.Open("(")
	var columns []string
	for {
		name, err := p.Name()
		if err != nil {
			t.Fatal(err)
		}
		typ, err := p.Type()
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, name.Text+" "+typ.String())
		p.AcceptWords("not", "null")
		if !p.Accept(",") {
			break
		}
	}
	if !p.Close() || !p.Expect(";") || !p.ExpectWords("select") {
		t.Fatal(p.Err())
	}
	if got := strings.Join(columns, "|"); got != "a bigint|b row(c text)" {
		t.Error(got)
	}
	items, err := p.SelectItems()
	if err != nil || len(items) != 2 || items[0].As.Text != "x" || !p.ExpectWords("from") {
		t.Fatal(err, items)
	}
	if _, err := p.Expr(ast.LowestPrecedence); err != nil || !p.AcceptWords("order", "by") {
		t.Fatal(err)
	}
	keys, err := p.OrderBy()
	if err != nil || len(keys) != 2 || !keys[0].Desc || keys[1].Desc {
		t.Fatal(err, keys)
	}
	p.ExpectEnd()
	if p.Err() != nil {
		t.Error(p.Err())
	}
}

func TestErrorsStick(t *testing.T) {
	p := parse.New("a b c")
	first := p.Errorf(p.Peek().Span, sqlstate.UndefinedTable, "no table %q", "a")
	if p.Peek().Kind != parse.EOF || p.Next().Kind != parse.EOF || p.PeekAt(5).Kind != parse.EOF {
		t.Error("tokens after an error")
	}
	if again := p.Unexpected(); again != first {
		t.Errorf("%v replaced %v", again, first)
	}
	if p.Expect("(") || p.Open("(") || p.Close() || p.ExpectWords("b") || p.Int32() != 0 {
		t.Error("something was accepted after an error")
	}
	if _, err := p.Expr(ast.LowestPrecedence); err != error(first) {
		t.Error(err)
	}
	if p.Err() != error(first) || first.Error() != `no table "a"` {
		t.Error(p.Err())
	}
}

func TestInvalidTokenEndsTheText(t *testing.T) {
	p := parse.New("a 'open")
	p.Next()
	if p.Peek().Kind != parse.Invalid || p.Next().Kind != parse.EOF || p.Err() == nil {
		t.Errorf("%v", p.Err())
	}
}

func TestSelectLists(t *testing.T) {
	for text, want := range map[string]string{
		"*":                      "(item *)",
		"a, t.*, (r).*":          "(item a) (item (columns t)) (item (fields r))",
		"a AS b, c d":            "(as b a) (as d c)",
		"a AS select, b \"X\"":   `(as "select" a) (as "X" b)`,
		"a + 1 value, f(x) name": "(as value (+ a 1)) (as name (call f x))",
		"a::int b":               "(as b (cast a integer))",
		"a * b":                  "(item (* a b))",
		"1 AS \"day\", 2 month2": "(as day 1) (as month2 2)",
	} {
		items, err := parse.Exprs(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var dumps, sql []string
		for _, item := range items {
			dumps = append(dumps, ast.Dump(item))
			sql = append(sql, ast.SQL(item))
		}
		if got := strings.Join(dumps, " "); got != want {
			t.Errorf("%s: %s", text, got)
		}
		if again, err := parse.Exprs(strings.Join(sql, ", ")); err != nil || len(again) != len(items) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for text, want := range map[string]string{
		"a,":       "syntax error at end of input",
		"a day":    `syntax error at or near "day"`, // such words need AS
		"a AS 'b'": `syntax error at or near "'b'"`,
		"* AS b":   `syntax error at or near "AS"`,
		"a AS":     "syntax error at end of input",
	} {
		if _, err := parse.Exprs(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWindowDefinition(t *testing.T) {
	p := parse.New("(PARTITION BY a ORDER BY b GROUPS BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE NO OTHERS) x")
	w, err := p.WindowDefinition()
	if err != nil || len(w.PartitionBy) != 1 || w.Frame.Unit != ast.FrameGroups || w.Frame.End.Kind != ast.Following {
		t.Errorf("%v %+v", err, w)
	}
	for _, frame := range []string{
		"rows between unbounded following and current row", "rows between current row and unbounded preceding",
		"rows between 1 following and current row", "rows between 1 following and 1 preceding",
		"range unbounded following",
	} {
		_, err := parse.Expr("f() over (" + frame + ")")
		if sqlstate.Of(err) != "42P20" {
			t.Errorf("%s: %v", frame, err)
		}
	}
	for _, frame := range []string{"rows", "rows 1", "rows between 1 preceding", "rows current row exclude", "rows 1 preceding b"} {
		_, err := parse.Expr("f() over (" + frame + ")")
		if sqlstate.Of(err) != sqlstate.SyntaxError {
			t.Errorf("%s: %v", frame, err)
		}
	}
}

func TestSpans(t *testing.T) {
	const text = "f( (a + b) ) * ünï::text  OR (SELECT 1) IN ( 2 )"
	n, err := parse.Expr(text, parse.WithSubquery(textOfQuery))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	ast.Walk(n, func(n ast.Node) bool {
		at := n.Location()
		got = append(got, text[at.Start:at.End])
		return true
	})
	want := []string{
		text, "f( (a + b) ) * ünï::text", "f( (a + b) )", "a + b", "a", "b", "ünï::text", "ünï", "(SELECT 1) IN ( 2 )", "(SELECT 1)", "2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
}

func TestOperatorHint(t *testing.T) {
	for op, want := range map[string]string{
		"==": "use =", "&&": "AND", "||": "OR", "!": "NOT", "!==": "<>", "<=>": "DISTINCT", "=~": "~", "`": "double quotes", "?": "$1",
		"!=-": "put a space before the -", "@+": "put a space before the +",
	} {
		if got := parse.OperatorHint(op); !strings.Contains(got, want) {
			t.Errorf("%s: %q", op, got)
		}
	}
	for _, op := range []string{"+", "-", "->>", "~"} {
		if got := parse.OperatorHint(op); got != "" {
			t.Errorf("%s: %q", op, got)
		}
	}
}

const benchmarked = `price * 0.908 > 1000000 AND channel <> 'Apple' AND (url LIKE '%channel_id=%' OR lower(extra) IN ('a', 'b', 'c'))
 AND CASE WHEN bidder % 4 = 0 THEN date_time::date ELSE DATE '2026-01-31' END IS NOT NULL`

func BenchmarkExpr(b *testing.B) {
	b.SetBytes(int64(len(benchmarked)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse.Expr(benchmarked); err != nil {
			b.Fatal(err)
		}
	}
}

// However long a run of operator characters is, it is looked through once.
func TestLongRunsOfOperators(t *testing.T) {
	for _, run := range []string{"+", "-+", "<", "@+", "+<", "/"} {
		text := "a" + strings.Repeat(run, parse.MaxLength/2/len(run))
		if _, err := parse.Expr(text); err == nil {
			t.Errorf("a run of %s is an expression", run)
		}
	}
}
