package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// hook gives meaning to what expressions alone know nothing of: subqueries, aggregates, window functions, functions that return sets, parameters and
// the values of the session.
func (q *query) hook(s *scope) bind.Hook {
	return func(b *bind.Binder, node exprast.Node) (*bind.Expr, error) {
		switch n := node.(type) {
		case *exprast.Opaque:
			return q.subquery(s, n)
		case *exprast.In:
			return q.inQuery(s, b, n)
		case *exprast.Quantified:
			return q.quantified(s, b, n)
		case *exprast.FuncCall:
			return q.call(s, b, n)
		case *exprast.Binary:
			return q.rowQuery(s, b, n)
		case *exprast.Param:
			return q.param(n)
		case *exprast.CurrentValue:
			return q.currentValue(n)
		case *ast.Default:
			return nil, errorf(n.Span, sqlstate.SyntaxError, "DEFAULT is not allowed in this context")
		}
		return nil, nil
	}
}

// inner binds the query of a subquery.
func (q *query) inner(s *scope, n *exprast.Opaque) (*rows, error) {
	body, ok := n.Query.(*ast.Query)
	if !ok {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "%s is not supported here", exprast.SQL(n))
	}
	if q.clause.noQueries != "" {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "cannot use subquery in %s", q.clause.noQueries)
	}
	return q.Binder.query(body, place{around: s, sees: s, level: s.level + 1}, q.with, q.name+".subquery", false)
}

// subquery binds (query) as a value, EXISTS (query) and ARRAY (query).
func (q *query) subquery(s *scope, n *exprast.Opaque) (*bind.Expr, error) {
	r, err := q.inner(s, n)
	if err != nil {
		return nil, err
	}
	form := logical.ScalarValue
	switch n.Form {
	case exprast.ExistsQuery:
		form = logical.Exists
	case exprast.ArrayQuery:
		form = logical.ArrayOf
	default:
	}
	if form != logical.Exists && len(r.columns) != 1 {
		return nil, errorf(n.Span, sqlstate.SyntaxError, "subquery must return only one column")
	}
	if form == logical.ScalarValue {
		if q.scalars == nil {
			q.scalars = map[*exprast.Opaque]string{}
		}
		q.scalars[n] = r.columns[0].name
	}
	e := logical.NewSubquery(&logical.Subquery{Form: form, Query: r.node, Text: exprast.SQL(n)})
	e.Span = n.Span
	return e, nil
}

func (q *query) inQuery(s *scope, b *bind.Binder, n *exprast.In) (*bind.Expr, error) {
	if n.Query == nil {
		return nil, nil
	}
	positive := *n
	positive.Not = false
	e, err := q.anyRow(s, b, rowTest{at: n.Span, x: n.X, rows: n.Query, op: "=", text: exprast.SQL(&positive)})
	if err == nil && n.Not {
		e = bind.NotOf(e)
	}
	return e, err
}

// quantified binds x op ANY (query), and ALL as the negation of an ANY.
func (q *query) quantified(s *scope, b *bind.Binder, n *exprast.Quantified) (*bind.Expr, error) {
	rows, ok := n.R.(*exprast.Opaque)
	if !ok || rows.Form == exprast.ScalarQuery {
		return nil, nil
	}
	t := rowTest{at: n.Span, x: n.L, rows: rows, op: n.Op, text: exprast.SQL(n)}
	if !n.All {
		return q.anyRow(s, b, t)
	}
	if cmp, ok := bind.Comparison(n.Op); ok {
		t.op = cmp.Negate().String()
		positive := *n
		positive.All, positive.Op = false, t.op
		t.text = exprast.SQL(&positive)
	} else {
		t.not = true
	}
	e, err := q.anyRow(s, b, t)
	if err != nil {
		return nil, err
	}
	return bind.NotOf(e), nil
}

// rowTest is x op ANY (rows), or NOT x op for not. text is how it is shown.
type rowTest struct {
	at   exprast.Span
	x    exprast.Node
	rows *exprast.Opaque
	op   string
	not  bool
	text string
}

// anyRow binds a test of the rows of a query; x may be a row.
func (q *query) anyRow(s *scope, b *bind.Binder, t rowTest) (*bind.Expr, error) {
	r, err := q.inner(s, t.rows)
	if err != nil {
		return nil, err
	}
	l, left, err := operands(b, t.x)
	if err != nil {
		return nil, err
	}
	if err := fitting(left, len(r.columns), t.rows.Span); err != nil {
		return nil, err
	}
	right := make([]*bind.Expr, len(r.columns))
	for i, c := range r.columns {
		right[i] = &bind.Expr{Op: bind.Opaque, Type: c.typ, Span: t.rows.Span, Node: queryColumn(i)}
	}
	rr := right[0]
	if _, row := t.x.(*exprast.Row); row {
		rr = rowOf(t.rows.Span, right)
	}
	compare, err := operation(t.at, t.op, l, rr)
	if err != nil {
		return nil, err
	}
	if t.not {
		compare = bind.NotOf(compare)
	}
	e := (&anyOf{rows: r.node, text: t.text}).expr(compare)
	e.Span = t.at
	return e, nil
}

// operands binds what is compared with the columns of a query, one or a row of several.
func operands(b *bind.Binder, x exprast.Node) (*bind.Expr, int, error) {
	e, err := b.Bind(x)
	if err != nil {
		return nil, 0, err
	}
	if _, row := x.(*exprast.Row); row {
		return e, len(e.Args), nil
	}
	return e, 1, nil
}

// fitting compares the number of operands with that of columns.
func fitting(operands, columns int, at exprast.Span) error {
	switch {
	case columns > operands:
		return errorf(at, sqlstate.SyntaxError, "subquery has too many columns")
	case columns < operands:
		return errorf(at, sqlstate.SyntaxError, "subquery has too few columns")
	}
	return nil
}

// operation is l op r, which must be a condition.
func operation(at exprast.Span, op string, l, r *bind.Expr) (*bind.Expr, error) {
	if cmp, ok := bind.Comparison(op); ok {
		return bind.CompareOf(at, cmp, l, r)
	}
	if e, ok, err := bind.LikeOf(at, op, l, r); ok || err != nil {
		return e, err
	}
	e, err := bind.OperatorOf(at, op, l, r)
	if err != nil {
		return nil, err
	}
	if e.Type.Kind != schema.Bool {
		return nil, errorf(at, sqlstate.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", e.Type.PgName())
	}
	return e, nil
}

// rowQuery binds (a, b) op (query), where the query yields one row.
func (q *query) rowQuery(s *scope, b *bind.Binder, n *exprast.Binary) (*bind.Expr, error) {
	cmp, ok := bind.Comparison(n.Op)
	if !ok {
		return nil, nil
	}
	rows, ok := n.R.(*exprast.Opaque)
	if !ok {
		return nil, nil
	}
	r, err := q.inner(s, rows)
	if err != nil {
		return nil, err
	}
	l, left, err := operands(b, n.L)
	if err != nil {
		return nil, err
	}
	if err := fitting(left, len(r.columns), rows.Span); err != nil {
		return nil, err
	}
	row := rowOf(rows.Span, nil)
	for _, c := range r.asColumns() {
		row.Args = append(row.Args, c.expr)
		row.Type.Fields = append(row.Type.Fields, schema.Field{Name: c.name, Type: c.expr.Type})
	}
	one := q.project(func() logical.Step { return q.step(q.name, "row") }, r.node, []column{{"row", row}})
	value := logical.NewSubquery(&logical.Subquery{Form: logical.ScalarValue, Query: one, Text: exprast.SQL(rows)})
	value.Span = rows.Span
	right := make([]*bind.Expr, len(r.columns))
	for i := range right {
		right[i] = bind.MemberOf(value, i)
	}
	return bind.CompareOf(n.Span, cmp, l, rowOf(rows.Span, right))
}

func rowOf(at exprast.Span, args []*bind.Expr) *bind.Expr {
	fields := make([]schema.Field, len(args))
	for i, a := range args {
		fields[i] = schema.Field{Name: "f" + itoa(i+1), Type: a.Type}
	}
	return &bind.Expr{Op: bind.MakeRow, Type: schema.RowOf(fields...), Span: at, Args: args}
}
