package ast_test

import (
	"testing"

	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
)

func name(text string) expr.Name { return expr.Name{Text: text} }

func object(parts ...string) ast.ObjectName {
	n := ast.ObjectName{}
	for _, p := range parts {
		n.Parts = append(n.Parts, name(p))
	}
	return n
}

func column(text string) *expr.Column { return &expr.Column{Parts: []expr.Name{name(text)}} }

func TestDumpShowsWhatDiffers(t *testing.T) {
	table := func(parts ...string) *ast.TableName { return &ast.TableName{Name: object(parts...)} }
	query := func(b ast.Body) *ast.Query { return &ast.Query{Body: b} }
	trees := []expr.Node{
		query(&ast.Select{}),
		query(&ast.Select{Distinct: true}),
		query(&ast.Select{From: []ast.TableExpr{table("a")}}),
		query(&ast.Select{From: []ast.TableExpr{table("a", "b")}}),
		query(&ast.Select{From: []ast.TableExpr{table("a.b")}}),
		query(&ast.Select{From: []ast.TableExpr{table("a"), table("b")}}),
		query(&ast.SetOperation{L: &ast.Select{}, R: &ast.Select{}}),
		query(&ast.SetOperation{L: &ast.Select{}, R: &ast.Select{}, All: true}),
		query(&ast.SetOperation{L: &ast.Select{}, R: &ast.Select{}, Op: ast.Intersect}),
		&ast.Set{Name: []expr.Name{name("a")}},
		&ast.Set{Name: []expr.Name{name("a")}, Values: []ast.Value{{}}},
		&ast.Set{Name: []expr.Name{name("a")}, Values: []ast.Value{{Kind: ast.WordValue}}},
		&ast.Drop{Kind: ast.Table, Names: []ast.ObjectName{object("a")}},
		&ast.Drop{Kind: ast.View, Names: []ast.ObjectName{object("a")}},
		&ast.Explain{Statement: query(&ast.Select{})},
		&ast.Explain{Statement: query(&ast.Select{}), Format: ast.ExplainJSON},
		table("a"),
		&ast.WindowTable{Input: table("a"), Time: column("b")},
		&ast.WindowTable{Input: table("a"), Time: column("b"), Kind: ast.Hop},
		column("a"),
		nil,
	}
	seen := map[string]int{}
	for i, tree := range trees {
		dump := ast.Dump(tree)
		if before, has := seen[dump]; has {
			t.Errorf("%d and %d have the dump %s", before, i, dump)
		}
		seen[dump] = i
		for j, other := range trees {
			if ast.Equal(tree, other) != (i == j) {
				t.Errorf("%d and %d: equal is %t", i, j, i != j)
			}
		}
	}
}

func TestSpansAndQuotesMakeNoDifference(t *testing.T) {
	a := &ast.Describe{Name: object("a")}
	b := &ast.Describe{Span: expr.Span{Start: 1, End: 9}, Name: object("a")}
	b.Name.Parts[0].Quoted = true
	b.Name.Span = expr.Span{Start: 3, End: 4}
	if !ast.Equal(a, b) || ast.SQL(a) != ast.SQL(b) {
		t.Errorf("%s and %s", ast.Dump(a), ast.Dump(b))
	}
}

func TestSQLOfParts(t *testing.T) {
	for want, n := range map[string]expr.Node{
		"a":         column("a"),
		"s.t":       &ast.TableName{Name: object("s", "t")},
		"TABLE t":   &ast.TableQuery{Table: &ast.TableName{Name: object("t")}},
		"DEFAULT":   &ast.Default{},
		"SHOW ALL":  &ast.ShowSetting{},
		"SELECT":    &ast.Query{Body: &ast.Select{}},
		"RESET ALL": &ast.Reset{},
	} {
		if got := ast.SQL(n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNamesAndConstraints(t *testing.T) {
	if n := object("d", "s", "t"); n.Last().Text != "t" {
		t.Errorf("the last part of d.s.t is %q", n.Last().Text)
	}
	c := &ast.ColumnDef{Constraints: []*ast.ColumnConstraint{{Kind: ast.NotNull}, {Kind: ast.Check, X: column("a")}, {Kind: ast.Check}}}
	if k := c.Find(ast.Check); k == nil || k.X == nil {
		t.Error("the first CHECK is not found")
	}
	if c.Find(ast.PrimaryKey) != nil {
		t.Error("a PRIMARY KEY is found where there is none")
	}
	if got := ast.MaterializedView.String() + ", " + ast.MapValue.String() + ", " + ast.References.String(); got != "materialized view, map, REFERENCES" {
		t.Error(got)
	}
}
