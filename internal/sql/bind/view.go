package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// View binds CREATE [MATERIALIZED] VIEW.
func (b *Binder) View(n *ast.CreateView, text string) (_ *catalog.View, err error) {
	defer caught(n.Location(), &err)
	name := n.Name.Last().Text
	if err := Creatable(n.Name); err != nil {
		return nil, err
	}
	if len(n.Options) > 0 {
		return nil, errorf(n.Options[0].Span, sqlstate.FeatureNotSupported, "a view has no option \"%s\"", optionName(n.Options[0]))
	}
	r, err := b.query(n.Query, place{}, nil, name, false)
	if err != nil {
		return nil, err
	}
	if len(n.Columns) > len(r.columns) {
		return nil, errorf(n.Columns[len(r.columns)].Span, sqlstate.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	v := &catalog.View{Header: catalog.Header{Name: name, Text: text}, Materialized: n.Materialized, Query: n.Query}
	for i, c := range r.columns {
		at := n.Query.Span
		if i < len(n.Columns) {
			c.name, at = n.Columns[i].Text, n.Columns[i].Span
		}
		if slices.ContainsFunc(v.Fields, func(f schema.Field) bool { return f.Name == c.name }) {
			return nil, errorf(at, duplicateColumn, "column \"%s\" specified more than once", c.name).WithHint("Rename one with AS, or list the view's columns.")
		}
		v.Fields = append(v.Fields, schema.Field{Name: c.name, Type: c.typ})
	}
	v.Reads = b.Read()
	if b.read[name] {
		return nil, errorf(n.Name.Span, invalidDefinition, "view \"%s\" would read itself", name).WithHint("Choose another name for it.")
	}
	return v, b.replaces(n, v)
}

// replaces checks that a view may take the place of the one that is there: it may add columns, and nothing else.
func (b *Binder) replaces(n *ast.CreateView, v *catalog.View) error {
	old, ok := b.env.Catalog.Find(v.Name).(*catalog.View)
	if !ok || !n.OrReplace {
		return nil
	}
	at := n.Name.Span
	if len(v.Fields) < len(old.Fields) {
		return errorf(at, invalidTable, "cannot drop columns from view").WithHint("DROP the view before, with CASCADE if others read it.")
	}
	for i, f := range old.Fields {
		switch g := v.Fields[i]; {
		case f.Name != g.Name:
			return errorf(at, invalidTable, "cannot change name of view column \"%s\" to \"%s\"", f.Name, g.Name).
				WithHint("Name the column AS %s, or DROP the view before.", exprast.QuoteName(f.Name))
		case !f.Type.Equal(g.Type):
			return errorf(at, invalidTable, "cannot change data type of view column \"%s\" from %s to %s", f.Name, f.Type.PgName(), g.Type.PgName()).
				WithHint("Cast the column, or DROP the view before.")
		}
	}
	return nil
}

// Read are the names of the objects that were read so far, sorted.
func (b *Binder) Read() []string {
	names := make([]string, 0, len(b.read))
	for n := range b.read {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
