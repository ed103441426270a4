package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// tableName binds a name in FROM: a WITH query, or an object of the catalog.
func (q *query) tableName(t *ast.TableName, p place) (part, error) {
	name := t.Name.Last().Text
	if len(t.Name.Parts) == 1 {
		if c := q.with.find(name); c != nil {
			if t.AsOf != nil {
				return part{}, notVersioned(t, ast.View)
			}
			return q.commonTable(t, c, p)
		}
	}
	o, err := q.object(t.Name)
	if err != nil {
		return part{}, q.suggestTable(err, name)
	}
	switch o := o.(type) {
	case *catalog.Relation:
		n, err := q.relation(o)
		if err != nil {
			return part{}, err
		}
		it, err := q.itemOf(t.Span, o.Name, tableAs(n), t.Alias)
		if err != nil {
			return part{}, err
		}
		it.key = o.PrimaryKey
		out := q.add(n, it)
		if t.AsOf != nil {
			out.asOf = t
			if !o.Stored || o.PrimaryKey == nil {
				return part{}, notVersioned(t, o.Kind())
			}
		}
		return out, nil
	case *catalog.View:
		if t.AsOf != nil {
			return part{}, notVersioned(t, o.Kind())
		}
		r, err := q.view(o, t.Name.Span)
		if err != nil {
			return part{}, err
		}
		columns := r.asColumns()
		for i, f := range o.Fields {
			columns[i].name = f.Name
		}
		it, err := q.itemOf(t.Span, o.Name, columns, t.Alias)
		if err != nil {
			return part{}, err
		}
		return q.add(r.node, it), nil
	}
	return part{}, errorf(t.Name.Span, sqlstate.WrongObjectType, "\"%s\" is a sink, which cannot be read", name).
		WithHint("To read what a sink wrote, declare a source over it.")
}

func notVersioned(t *ast.TableName, kind ast.ObjectKind) error {
	return errorf(t.Name.Span, sqlstate.WrongObjectType, "FOR SYSTEM_TIME AS OF needs a table with a primary key, and \"%s\" is a %s",
		t.Name.Last().Text, map[bool]string{true: "table without one", false: kind.String()}[kind == ast.Table]).
		WithHint("CREATE TABLE name (…, PRIMARY KEY (…), WATERMARK FOR …) WITH (connector = …) makes one of what a connector reads.")
}

// object finds an object of the catalog by its name.
func (b *Binder) object(name ast.ObjectName) (catalog.Object, error) {
	if err := inPublic(name); err != nil {
		return nil, err
	}
	last := name.Last().Text
	o := b.env.Catalog.Find(last)
	if o == nil {
		return nil, errorf(name.Span, sqlstate.UndefinedTable, "relation \"%s\" does not exist", shownName(name))
	}
	b.read[last] = true
	return o, nil
}

// Creatable refuses the name of a new object in a schema that there is not.
func Creatable(name ast.ObjectName) error {
	if len(name.Parts) == 1 || len(name.Parts) == 2 && name.Parts[0].Text == publicSchema {
		return nil
	}
	schema := name.Parts[len(name.Parts)-2]
	return errorf(schema.Span, sqlstate.InvalidSchemaName, "schema \"%s\" does not exist", schema.Text).WithHint("There is one schema, %s.", publicSchema)
}

// inPublic refuses names of other schemas.
func inPublic(name ast.ObjectName) error {
	if len(name.Parts) == 1 || len(name.Parts) == 2 && name.Parts[0].Text == publicSchema {
		return nil
	}
	if len(name.Parts) > 2 {
		return errorf(name.Span, sqlstate.FeatureNotSupported, "cross-database references are not implemented: \"%s\"", shownName(name))
	}
	return errorf(name.Span, sqlstate.UndefinedTable, "relation \"%s\" does not exist", shownName(name)).
		WithHint("There is one schema, %s.", publicSchema)
}

func shownName(name ast.ObjectName) string {
	text := ""
	for i, p := range name.Parts {
		if i > 0 {
			text += "."
		}
		text += p.Text
	}
	return text
}

// suggestTable adds the name that was probably meant.
func (q *query) suggestTable(err error, name string) error {
	bad, ok := err.(*bind.Error) //nolint:errorlint // object returns the type itself
	if !ok || bad.Hint != "" {
		return err
	}
	names := append(q.with.names(), q.env.Catalog.Names(ast.Source, ast.Table, ast.View, ast.MaterializedView)...)
	return suggested(bad, name, names, "Create it first: CREATE SOURCE "+exprast.QuoteName(name)+" (…) WITH (connector = 'file', path = '…').")
}

// suggested adds the nearest of names, or all of them if they are few.
func suggested(bad *bind.Error, name string, names []string, none string) error {
	if meant := connector.Nearest(name, names); meant != "" {
		return bad.WithHint("Perhaps you meant \"%s\".", meant)
	}
	if len(names) == 0 {
		return bad.WithHint("%s", none)
	}
	if len(names) <= listed {
		return bad.WithHint("There are: %s.", joinNames(names))
	}
	return bad
}

func joinNames(names []string) string {
	text := ""
	for i, n := range names {
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

// Give makes n the rows of r, a relation of the catalog that needs no source then: what another language has made, for instance.
func (b *Binder) Give(r *catalog.Relation, n logical.Node) { b.tables[r] = n }

// relation is the rows of a source or table, the generated columns among them. Each is scanned once.
func (b *Binder) relation(r *catalog.Relation) (logical.Node, error) {
	if n := b.tables[r]; n != nil {
		return n, nil
	}
	source := r.Source
	if r.Rows != nil {
		source = r.Rows.Source()
		if source.Key == nil && r.PrimaryKey != nil {
			keyed := *source
			keyed.Key = slices.Sorted(slices.Values(r.PrimaryKey))
			source = &keyed
		}
	}
	var n logical.Node = &logical.Scan{Source: source}
	targets, generated, err := b.generated(r, n)
	if err != nil {
		return nil, err
	}
	if generated {
		n = b.project(func() logical.Step { return b.step(r.Name, "columns") }, n, targets)
	}
	b.tables[r] = n
	return n, nil
}

// generated are the columns of r over the rows of n, which has those that are read.
func (b *Binder) generated(r *catalog.Relation, n logical.Node) (targets []column, computed bool, err error) {
	if r.Rows != nil { // they were computed when the rows were inserted
		return nil, false, nil
	}
	read := passed(n)
	s := generatedScope(read)
	for _, c := range r.Columns {
		if c.Generated == nil {
			targets, read = append(targets, read[0]), read[1:]
			continue
		}
		computed = true
		e, err := b.generation(s, c)
		if err != nil {
			return nil, false, err
		}
		targets = append(targets, column{c.Name, e})
	}
	return targets, computed, nil
}

// generatedScope is what the expression of a generated column sees.
func generatedScope(read []column) *scope { return &scope{items: []*item{{columns: read, bare: true}}} }

// generation binds the expression of a generated column.
func (b *Binder) generation(s *scope, c catalog.Column) (*bind.Expr, error) {
	q := &query{Binder: b}
	s.query = q
	e, err := q.expr(s, inGenerated(), c.Generated)
	if err != nil {
		return nil, err
	}
	return assign(e, c.Type, c.Name)
}

// view is the rows of a view: bound anew for each reader, those of a materialized view once.
func (b *Binder) view(v *catalog.View, at exprast.Span) (*rows, error) {
	if r := b.views[v]; r != nil {
		return r, nil
	}
	if b.viewing[v.Name] {
		return nil, errorf(at, invalidDefinition, "view \"%s\" reads itself", v.Name)
	}
	b.viewing[v.Name] = true
	defer delete(b.viewing, v.Name)
	r, err := b.query(v.Query, place{}, nil, v.Name, false)
	if err != nil {
		return nil, errorf(at, sqlstate.Of(err), "view \"%s\": %v", v.Name, err)
	}
	if len(r.columns) != len(v.Fields) {
		return nil, errorf(at, invalidDefinition, "view \"%s\" has %d columns, but its query has %d now", v.Name, len(v.Fields), len(r.columns)).
			WithHint("Drop the view and create it again.")
	}
	if v.Materialized {
		b.views[v] = r
	}
	return r, nil
}
