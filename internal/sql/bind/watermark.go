package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// watermark reads WATERMARK FOR.
func (d *definition) watermark(r *catalog.Relation, s *logical.Source) {
	for i, w := range d.ast.Watermarks {
		if i > 0 {
			d.add(errorf(w.Span, invalidDefinition, "a source has one watermark"))
			return
		}
		column, delay, err := d.delay(r, w)
		if err != nil {
			d.add(err)
			continue
		}
		if column.Generated != nil {
			if s.Times = d.firstOf(column.Generated, s.Schema, column.Type); s.Times == nil {
				d.add(errorf(w.Column.Span, sqlstate.FeatureNotSupported, "the time of a watermark cannot be the generated column \"%s\"", column.Name).
					WithHint("The time must be read with the row: it is a column of type TIMESTAMP or TIMESTAMPTZ in the data, or generated as " +
						"COALESCE of such columns and of fields of rows."))
				continue
			}
			s.Delay = delay
			continue
		}
		at, err := s.Schema.Find(column.Name)
		if err != nil {
			d.add(errorf(w.Column.Span, sqlstate.UndefinedColumn, "%s", err.Error()))
			continue
		}
		s.EventTime, s.Delay, s.Times = at, delay, [][]int{{at}}
	}
}

// firstOf returns the paths of the columns and fields that an expression is COALESCE of, or that it is; nil if it is something else, or if they are not of
// type typ.
func (d *definition) firstOf(n exprast.Node, columns *schema.Schema, typ schema.Type) [][]int {
	read := make([]column, len(columns.Fields))
	for i, f := range columns.Fields {
		read[i] = column{f.Name, columnOf(i, f)}
	}
	q := &query{Binder: d.Binder, clause: inGenerated()}
	s := &scope{items: []*item{{columns: read, bare: true}}, query: q}
	e, err := q.expr(s, inGenerated(), n)
	if err != nil {
		return nil
	}
	args := []*bind.Expr{e}
	if e.Op == bind.Coalesce {
		args = e.Args
	}
	var paths [][]int
	for _, a := range args {
		if a.Op != bind.Column || !a.Type.Equal(typ) {
			return nil
		}
		paths = append(paths, a.Path)
	}
	return paths
}

// readKey is the primary key as columns of the source, nil if one of them is computed.
func readKey(r *catalog.Relation, s *logical.Source) []int {
	var key []int
	for _, k := range r.PrimaryKey {
		if r.Columns[k].Generated != nil {
			return nil
		}
		at := slices.IndexFunc(s.Schema.Fields, func(f schema.Field) bool { return f.Name == r.Columns[k].Name })
		key = append(key, at)
	}
	slices.Sort(key)
	return key
}

// delay returns the column of a watermark and how far the watermark is behind it, in µs.
func (d *definition) delay(r *catalog.Relation, w *ast.Watermark) (catalog.Column, int64, error) {
	i := r.Column(w.Column.Text)
	if i < 0 {
		bad := errorf(w.Column.Span, sqlstate.UndefinedColumn, "column \"%s\" does not exist", w.Column.Text)
		return catalog.Column{}, 0, suggested(bad, w.Column.Text, columnNames(r.Columns), "")
	}
	column := r.Columns[i]
	if k := column.Type.Kind; k != schema.Timestamp && k != schema.TimestampTZ {
		return column, 0, errorf(w.Column.Span, sqlstate.DatatypeMismatch, "the time of a watermark must be a timestamp, and column \"%s\" is of type %s",
			column.Name, column.Type.PgName())
	}
	if isColumn(w.X, column.Name) {
		return column, 0, nil
	}
	if minus, ok := w.X.(*exprast.Binary); ok && minus.Op == "-" && isColumn(minus.L, column.Name) {
		micros, err := d.interval(minus.R)
		if err == nil && micros < 0 {
			err = errorf(minus.R.Location(), sqlstate.InvalidParameterValue, "a watermark cannot be ahead of its column")
		}
		return column, micros, err
	}
	return column, 0, errorf(w.X.Location(), sqlstate.FeatureNotSupported, "this expression is not supported for a watermark").
		WithHint("It is the column, or the column minus a constant interval: WATERMARK FOR %[1]s AS %[1]s - INTERVAL '4 seconds'.",
			exprast.QuoteName(column.Name))
}

func isColumn(n exprast.Node, name string) bool {
	c, ok := n.(*exprast.Column)
	return ok && len(c.Parts) == 1 && c.Parts[0].Text == name
}

// interval evaluates a constant interval without months, in µs.
func (b *Binder) interval(n exprast.Node) (int64, error) {
	q := &query{Binder: b, clause: inValues()}
	e, err := q.expr(&scope{query: q}, inValues(), n)
	if err != nil {
		return 0, err
	}
	return constantInterval(e, n)
}
