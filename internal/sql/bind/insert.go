package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Insert is an INSERT: rows for a table or a sink.
type Insert struct {
	// Table is the table in memory that the rows are for, nil if they are for Sink.
	Table *catalog.Relation
	Sink  *catalog.Sink
	// Node has the columns of the target.
	Node logical.Node
}

// insertion is an INSERT in the making.
type insertion struct {
	*Binder
	ast  *ast.Insert
	name string
	// columns are those of the target, nil for a sink that takes what comes; to are the numbers of those that the rows are for.
	columns  []catalog.Column
	to       []int
	relation string
}

// Insert binds an INSERT.
func (b *Binder) Insert(n *ast.Insert) (_ *Insert, err error) {
	defer caught(n.Location(), &err)
	b.late = nil // that of a statement that failed
	i := &insertion{Binder: b, ast: n, name: n.Table.Last().Text, relation: n.Table.Last().Text}
	out := &Insert{}
	if err := i.target(out); err != nil {
		return nil, err
	}
	if err := i.listed(); err != nil {
		return nil, err
	}
	w, err := b.with(n.With, place{}, nil, i.name)
	if err != nil {
		return nil, err
	}
	if out.Node, err = i.rows(w); err != nil {
		return nil, err
	}
	return out, nil
}

// target finds the table or sink.
func (i *insertion) target(out *Insert) error {
	o, err := i.object(i.ast.Table)
	if bad := asError(err); bad != nil {
		if bad.Hint != "" {
			return bad
		}
		return suggested(bad, i.relation, i.env.Catalog.Names(ast.Table, ast.Sink),
			"Create it first: CREATE SINK "+exprast.QuoteName(i.relation)+" WITH (connector = 'stdout').")
	}
	switch o := o.(type) {
	case *catalog.Sink:
		out.Sink, i.columns = o, o.Columns
		return nil
	case *catalog.Relation:
		if o.Rows != nil {
			out.Table, i.columns = o, o.Columns
			return nil
		}
		if o.Stored {
			return errorf(i.ast.Table.Span, sqlstate.FeatureNotSupported, "table \"%s\" is read from its connector; it takes no rows", i.relation).
				WithHint("A table without a connector takes rows, and so do sinks.")
		}
	}
	return errorf(i.ast.Table.Span, sqlstate.WrongObjectType, "cannot insert into %s \"%s\"", o.Kind(), i.relation).
		WithHint("Rows go into tables and sinks.")
}

// listed finds the columns that the rows are for.
func (i *insertion) listed() error {
	for k, n := range i.ast.Columns {
		if slices.ContainsFunc(i.ast.Columns[:k], func(o exprast.Name) bool { return o.Text == n.Text }) {
			return errorf(n.Span, duplicateColumn, "column \"%s\" specified more than once", n.Text)
		}
		if i.columns == nil {
			continue
		}
		at := slices.IndexFunc(i.columns, func(c catalog.Column) bool { return c.Name == n.Text })
		if at < 0 {
			bad := errorf(n.Span, sqlstate.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", n.Text, i.relation)
			if meant := connector.Nearest(n.Text, columnNames(i.columns)); meant != "" {
				return bad.WithHint("Perhaps you meant \"%s\".", meant)
			}
			return bad.WithHint("The columns are %s.", joinNames(columnNames(i.columns)))
		}
		i.to = append(i.to, at)
	}
	if i.ast.Columns == nil {
		for at := range i.columns {
			i.to = append(i.to, at)
		}
	}
	return nil
}

func columnNames(columns []catalog.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// fits checks how many values a row has.
func (i *insertion) fits(values int, at exprast.Span) error {
	switch {
	case values > len(i.to):
		return errorf(at, sqlstate.SyntaxError, "INSERT has more expressions than target columns").
			WithHint("The columns are %s.", joinNames(i.targetNames()))
	case values < len(i.to) && i.ast.Columns != nil:
		return errorf(i.ast.Columns[values].Span, sqlstate.SyntaxError, "INSERT has more target columns than expressions")
	}
	return nil
}

func (i *insertion) targetNames() []string {
	names := make([]string, len(i.to))
	for k, at := range i.to {
		names[k] = i.columns[at].Name
	}
	return names
}

// rows binds what is inserted, as rows with the columns of the target.
func (i *insertion) rows(w *with) (logical.Node, error) {
	q := i.ast.Query
	if i.columns == nil {
		return i.free(w)
	}
	if q == nil {
		return i.listRows(&query{Binder: i.Binder, name: i.name, with: w}, [][]exprast.Node{nil}, i.ast.Span)
	}
	if v, ok := q.Body.(*ast.Values); ok && q.With == nil && q.OrderBy == nil && q.Limit == nil {
		list := make([][]exprast.Node, len(v.Rows))
		for k, row := range v.Rows {
			list[k] = row.Exprs
		}
		return i.listRows(&query{Binder: i.Binder, name: i.name, with: w}, list, v.Span)
	}
	r, err := i.query(q, place{}, w, i.name, true)
	if err != nil {
		return nil, err
	}
	if err := i.fits(len(r.columns), q.Body.Location()); err != nil {
		return nil, err
	}
	return i.fromQuery(r)
}

// fromQuery gives the rows of a query the columns of the target.
func (i *insertion) fromQuery(r *rows) (logical.Node, error) {
	types := make([]schema.Type, len(r.columns))
	for k := range types {
		types[k] = i.columns[i.to[k]].Type
		if err := i.settable(i.to[k], i.ast.Query.Body.Location()); err != nil {
			return nil, err
		}
	}
	if err := r.decideAs(types); err != nil {
		return nil, err
	}
	row := make([]*bind.Expr, len(i.columns))
	for k, f := range r.node.Schema().Fields {
		e, err := assign(columnOf(k, f), types[k], i.columns[i.to[k]].Name)
		if r.columns[k].unknown {
			e, err = bind.CastTo(columnOf(k, f), types[k])
		}
		if err != nil {
			return nil, placedIfNot(err, i.itemAt(k))
		}
		row[i.to[k]] = e
	}
	if err := i.defaults(row); err != nil {
		return nil, err
	}
	return i.generate(i.project(func() logical.Step { return i.step(i.name, "insert") }, r.node, i.plainTargets(row)))
}

// itemAt is where the query makes column k, or where the query is.
func (i *insertion) itemAt(k int) exprast.Span {
	if s, ok := i.ast.Query.Body.(*ast.Select); ok && k < len(s.Items) {
		for _, item := range s.Items[:k+1] {
			if _, star := item.X.(*exprast.Star); star {
				return s.Span
			}
		}
		return s.Items[k].X.Location()
	}
	return i.ast.Query.Body.Location()
}

// settable refuses a value for a generated column.
func (i *insertion) settable(column int, at exprast.Span) error {
	if c := i.columns[column]; c.Generated != nil {
		return errorf(at, generatedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).
			WithHint("Column \"%s\" is a generated column: leave it out of the list.", c.Name)
	}
	return nil
}

// listRows binds VALUES for the target.
func (i *insertion) listRows(q *query, list [][]exprast.Node, at exprast.Span) (logical.Node, error) {
	s := q.place.scope(q, nil)
	out := make([][]*bind.Expr, len(list))
	for r, row := range list {
		if err := i.fits(len(row), at); err != nil && row != nil {
			return nil, err
		}
		values := make([]*bind.Expr, len(i.columns))
		for k, x := range row {
			c := i.columns[i.to[k]]
			if _, ok := x.(*ast.Default); ok {
				continue
			}
			if err := i.settable(i.to[k], x.Location()); err != nil {
				return nil, err
			}
			e, err := q.expr(s, inValues(), x)
			if sqlstate.Of(err) == sqlstate.NumericValueOutOfRange { // it is too large for a NUMERIC
				e, err = q.expr(s, inValues(), readAs(x, c.Type))
			}
			if err != nil {
				return nil, err
			}
			if values[i.to[k]], err = assign(e, c.Type, c.Name); err != nil {
				return nil, err
			}
		}
		if err := i.defaults(values); err != nil {
			return nil, err
		}
		for _, t := range i.plainTargets(values) {
			out[r] = append(out[r], t.expr)
		}
	}
	names := make([]string, 0, len(i.columns))
	for _, c := range i.columns {
		if c.Generated == nil {
			names = append(names, c.Name)
		}
	}
	return i.generate(i.valuesNode(i.name, names, out))
}

// readAs makes a number that a DOUBLE PRECISION column takes one from the start.
func readAs(x exprast.Node, typ schema.Type) exprast.Node {
	kind := map[schema.Kind]exprast.TypeKind{schema.Float64: exprast.DoubleType, schema.Float32: exprast.RealType}[typ.Kind]
	if kind == 0 {
		return x
	}
	number := x
	if u, ok := x.(*exprast.Unary); ok && u.Op == "-" {
		number = u.X
	}
	if l, ok := number.(*exprast.Literal); ok && (l.Kind == exprast.Decimal || l.Kind == exprast.Float) {
		return &exprast.Cast{Span: x.Location(), X: x, Type: &exprast.TypeName{Kind: kind}}
	}
	return x
}

// defaults fills in what a row leaves out.
func (i *insertion) defaults(row []*bind.Expr) error {
	for k, c := range i.columns {
		if row[k] != nil || c.Generated != nil {
			continue
		}
		row[k] = bind.NullAt(exprast.Span{}, c.Type)
		if c.Default == nil {
			continue
		}
		e, err := i.defaultOf(c)
		if err != nil {
			return err
		}
		row[k] = e
	}
	return nil
}

// defaultOf binds the expression of DEFAULT.
func (b *Binder) defaultOf(c catalog.Column) (*bind.Expr, error) {
	q := &query{Binder: b}
	e, err := q.expr(&scope{query: q}, inDefault(), c.Default)
	if err != nil {
		return nil, err
	}
	return assignDefault(e, c)
}

func assignDefault(e *bind.Expr, c catalog.Column) (*bind.Expr, error) {
	if !e.Unknown && !e.IsNullConst() && !assignableTo(e.Type, c.Type) {
		return nil, errorf(e.Span, sqlstate.DatatypeMismatch, "column \"%s\" is of type %s but default expression is of type %s", c.Name, c.Type.PgName(),
			e.Type.PgName()).WithHint("You will need to rewrite or cast the expression.")
	}
	return bind.Coerce(e, c.Type)
}

// plainTargets are the columns that are not generated.
func (i *insertion) plainTargets(row []*bind.Expr) []column {
	var targets []column
	for k, c := range i.columns {
		if c.Generated == nil {
			targets = append(targets, column{c.Name, row[k]})
		}
	}
	return targets
}

// generate adds the generated columns.
func (i *insertion) generate(n logical.Node) (logical.Node, error) {
	if !slices.ContainsFunc(i.columns, func(c catalog.Column) bool { return c.Generated != nil }) {
		return n, nil
	}
	read := passed(n)
	s := generatedScope(read)
	targets := make([]column, len(i.columns))
	for k, c := range i.columns {
		if c.Generated == nil {
			targets[k], read = read[0], read[1:]
			continue
		}
		e, err := i.generation(s, c)
		if err != nil {
			return nil, err
		}
		targets[k] = column{c.Name, e}
	}
	return i.project(func() logical.Step { return i.step(i.name, "generated") }, n, targets), nil
}

// free binds rows for a sink that takes what comes, under the names of the list or of the query.
func (i *insertion) free(w *with) (logical.Node, error) {
	if i.ast.Query == nil {
		return nil, errorf(i.ast.Span, sqlstate.SyntaxError, "sink \"%s\" has no columns whose defaults could be inserted", i.relation).
			WithHint("Declare its columns, or insert a query.")
	}
	r, err := i.query(i.ast.Query, place{}, w, i.name, false)
	if err != nil {
		return nil, err
	}
	names := r.names()
	if list := i.ast.Columns; list != nil {
		i.to = make([]int, len(list))
		if len(names) != len(list) {
			return nil, i.misfit(len(names))
		}
		for k, n := range list {
			names[k] = n.Text
		}
	}
	for k, n := range names {
		if slices.Contains(names[:k], n) {
			return nil, errorf(i.itemAt(k), duplicateColumn, "column \"%s\" specified more than once", n).
				WithHint("What goes into a sink has names of its own: rename one with AS.")
		}
	}
	targets := passed(r.node)
	for k := range targets {
		targets[k].name = names[k]
	}
	return i.project(func() logical.Step { return i.step(i.name, "insert") }, r.node, targets), nil
}

// misfit says that a list of names has not as many as there are values.
func (i *insertion) misfit(values int) error {
	if list := i.ast.Columns; values < len(list) {
		return errorf(list[values].Span, sqlstate.SyntaxError, "INSERT has more target columns than expressions")
	}
	return errorf(i.itemAt(len(i.ast.Columns)), sqlstate.SyntaxError, "INSERT has more expressions than target columns")
}

// assignableTo reports whether a column of type to takes values of type from.
func assignableTo(from, to schema.Type) bool {
	switch {
	case from.Kind == schema.Array && to.Kind == schema.Array:
		return assignableTo(*from.Elem, *to.Elem)
	case from.Kind == schema.Row && to.Kind == schema.Row:
		return slices.EqualFunc(from.Fields, to.Fields, func(a, b schema.Field) bool { return assignableTo(a.Type, b.Type) })
	}
	return bind.Assignable(from, to)
}

// assign makes e a value of a column.
func assign(e *bind.Expr, typ schema.Type, name string) (*bind.Expr, error) {
	if !e.Unknown && !e.IsNullConst() && !assignableTo(e.Type, typ) {
		return nil, errorf(e.Span, sqlstate.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", name, typ.PgName(),
			e.Type.PgName()).WithHint("You will need to rewrite or cast the expression.")
	}
	return bind.Coerce(e, typ)
}
