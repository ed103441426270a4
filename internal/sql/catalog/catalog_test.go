package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/schema"
)

func header(name string, reads ...string) catalog.Header {
	return catalog.Header{Name: name, Text: "CREATE " + name, Reads: reads}
}

// filled has a source, a table, a sink, and views that read each other.
func filled() *catalog.Catalog {
	c := catalog.New()
	c.Put(&catalog.Relation{Header: header("s")})
	c.Put(&catalog.Relation{Header: header("t"), Stored: true})
	c.Put(&catalog.Sink{Header: header("out")})
	c.Put(&catalog.View{Header: header("v1", "s", "t")})
	c.Put(&catalog.View{Header: header("m", "v1"), Materialized: true})
	c.Put(&catalog.View{Header: header("v2", "m", "v1")})
	return c
}

func names(objects []catalog.Object) string {
	list := make([]string, len(objects))
	for i, o := range objects {
		list[i] = o.ObjectName()
	}
	return strings.Join(list, " ")
}

func TestObjectsAreListedInTheirOrder(t *testing.T) {
	c := filled()
	c.Put(&catalog.View{Header: header("v1", "s")}) // in the old one's place
	for kind, want := range map[ast.ObjectKind]string{
		ast.AnyObject: "s t out v1 m v2", ast.Source: "s", ast.Table: "t", ast.Sink: "out", ast.View: "v1 v2", ast.MaterializedView: "m",
	} {
		if got := names(c.All(kind)); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
	if got := c.Names(ast.View, ast.Table); !slices.Equal(got, []string{"t", "v1", "v2"}) {
		t.Error(got)
	}
	if o := c.Find("m"); o == nil || o.Definition() != "CREATE m" || c.Find("x") != nil {
		t.Error(o)
	}
}

func TestDependentsComeAfterTheirReaders(t *testing.T) {
	c := filled()
	for name, want := range map[string]string{"s": "v2 m v1", "v1": "v2 m", "m": "v2", "v2": "", "out": ""} {
		if got := names(c.Dependents(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	c.Remove("m")
	if got := names(c.Dependents("v1")); got != "v2" || c.Find("m") != nil || len(c.All(ast.AnyObject)) != 5 {
		t.Error(got)
	}
}

func TestColumnsOfARelation(t *testing.T) {
	r := &catalog.Relation{Columns: []catalog.Column{
		{Field: schema.Field{Name: "a", Type: schema.Of(schema.Int64), NotNull: true}}, {Field: schema.Field{Name: "B", Type: schema.Of(schema.Text)}},
	}}
	if r.Schema().String() != `a BIGINT NOT NULL, "B" TEXT` || r.Column("B") != 1 || r.Column("b") != -1 {
		t.Error(r.Schema())
	}
}
