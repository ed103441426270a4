package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// columnsOfQuery makes the columns of CREATE TABLE … AS query.
func (d *definition) columnsOfQuery(r *catalog.Relation) error {
	q, err := d.query(d.ast.Query, place{}, nil, d.name, false)
	if err != nil {
		return err
	}
	if len(d.ast.Columns) > len(q.columns) {
		return errorf(d.ast.Columns[len(q.columns)].Span, sqlstate.SyntaxError, "too many column names were specified")
	}
	for i, c := range q.columns {
		at := d.ast.Query.Span
		if i < len(d.ast.Columns) {
			def := d.ast.Columns[i]
			c.name, at = def.Name.Text, def.Span
			if def.Type != nil || len(def.Constraints) > 0 {
				return errorf(at, sqlstate.SyntaxError, "the query gives column \"%s\" its type", c.name).WithHint("List names only, or leave the list out.")
			}
		}
		if r.Column(c.name) >= 0 {
			return errorf(at, duplicateColumn, "column \"%s\" specified more than once", c.name)
		}
		r.Columns = append(r.Columns, catalog.Column{Field: schema.Field{Name: c.name, Type: c.typ}})
	}
	return nil
}

// columns reads the list of columns.
func (d *definition) columns(r *catalog.Relation) {
	for _, c := range d.ast.Columns {
		if r.Column(c.Name.Text) >= 0 {
			d.add(errorf(c.Name.Span, duplicateColumn, "column \"%s\" specified more than once", c.Name.Text))
			continue
		}
		column := catalog.Column{Field: schema.Field{Name: c.Name.Text}}
		if c.Type == nil {
			d.add(errorf(c.Span, sqlstate.SyntaxError, "column \"%s\" needs a type", c.Name.Text).WithHint("For example BIGINT or TEXT."))
			continue
		}
		typ, err := bind.TypeOf(c.Type)
		if err != nil {
			d.add(err)
			continue
		}
		column.Type = typ
		var nullable ast.ConstraintKind // that was declared, counted from 1
		for _, k := range c.Constraints {
			d.constraint(r, &column, k, &nullable)
		}
		r.Columns = append(r.Columns, column)
	}
}

// generatedColumns checks the expressions of generated columns.
func (d *definition) generatedColumns(r *catalog.Relation) {
	var read []column
	for _, c := range r.Columns {
		if c.Generated == nil {
			read = append(read, column{c.Name, columnOf(len(read), c.Field)})
		}
	}
	s := generatedScope(read)
	for _, c := range r.Columns {
		if c.Generated == nil {
			continue
		}
		e, err := d.generation(s, c)
		switch {
		case err != nil:
			d.add(d.aboutGenerated(r, err))
		case volatile(e):
			d.add(errorf(c.Generated.Location(), invalidDefinition, "generation expression is not immutable"))
		case c.Default != nil:
			d.add(errorf(c.Generated.Location(), sqlstate.SyntaxError, "both default and generation expression specified for column \"%s\" of table \"%s\"",
				c.Name, d.name))
		}
	}
}

// aboutGenerated explains that a generated column was referred to in another one.
func (d *definition) aboutGenerated(r *catalog.Relation, err error) error {
	bad := asError(err)
	for _, c := range r.Columns {
		if bad != nil && c.Generated != nil && bad.Message == "column \""+c.Name+"\" does not exist" {
			return errorf(bad.Span, invalidDefinition, "cannot use generated column \"%s\" in column generation expression", c.Name).
				WithHint("A generated column cannot reference another generated column.")
		}
	}
	return err
}

// defaultValues checks the expressions of DEFAULT.
func (d *definition) defaultValues(r *catalog.Relation) {
	for _, c := range r.Columns {
		if c.Default == nil {
			continue
		}
		if at := mentionedColumn(c.Default); at != nil {
			d.add(errorf(at.Span, sqlstate.FeatureNotSupported, "cannot use column reference in DEFAULT expression"))
			continue
		}
		_, err := d.defaultOf(c)
		d.add(err)
	}
}

func mentionedColumn(n exprast.Node) *exprast.Column {
	var found *exprast.Column
	exprast.Walk(n, func(n exprast.Node) bool {
		if c, ok := n.(*exprast.Column); ok {
			found = c
		}
		return found == nil
	})
	return found
}
