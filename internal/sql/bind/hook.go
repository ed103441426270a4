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
	return q.anyRow(s, b, n.Span, n.X, n.Query, bind.Equal, n.Not, exprast.SQL(&positive))
}

// quantified binds x op ANY (query), and ALL as the negation of an ANY.
func (q *query) quantified(s *scope, b *bind.Binder, n *exprast.Quantified) (*bind.Expr, error) {
	rows, ok := n.R.(*exprast.Opaque)
	if !ok || rows.Form == exprast.ScalarQuery {
		return nil, nil
	}
	cmp, ok := bind.Comparison(n.Op)
	if !ok {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "%s ANY or ALL of a query is not supported", n.Op).
			WithHint("Write EXISTS (SELECT … WHERE … %s …).", n.Op)
	}
	positive := *n
	if n.All {
		cmp = cmp.Negate()
		positive.All, positive.Op = false, cmp.String()
	}
	return q.anyRow(s, b, n.Span, n.L, rows, cmp, n.All, exprast.SQL(&positive))
}

// anyRow binds x cmp ANY (query), negated or not; x may be a row.
func (q *query) anyRow(s *scope, b *bind.Binder, at exprast.Span, x exprast.Node, n *exprast.Opaque, cmp bind.CompareOp, not bool, text string) (
	*bind.Expr, error,
) {
	operands := []exprast.Node{x}
	row, isRow := x.(*exprast.Row)
	if isRow {
		operands = row.Elems
	}
	left := make([]*bind.Expr, len(operands))
	for i, o := range operands {
		var err error
		if left[i], err = b.Bind(o); err != nil {
			return nil, err
		}
	}
	r, err := q.inner(s, n)
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.columns) > len(left):
		return nil, errorf(n.Span, sqlstate.SyntaxError, "subquery has too many columns")
	case len(r.columns) < len(left):
		return nil, errorf(n.Span, sqlstate.SyntaxError, "subquery has too few columns")
	}
	right := make([]*bind.Expr, len(r.columns))
	for i, c := range r.columns {
		right[i] = &bind.Expr{Op: bind.Opaque, Type: c.typ, Span: n.Span, Node: queryColumn(i)}
	}
	l, rr := left[0], right[0]
	if isRow {
		l, rr = rowOf(x.Location(), left), rowOf(n.Span, right)
	}
	compare, err := bind.CompareOf(at, cmp, l, rr)
	if err != nil {
		return nil, err
	}
	e := (&anyOf{rows: r.node, text: text}).expr(compare)
	e.Span = at
	if not {
		e = bind.NotOf(e)
	}
	return e, nil
}

func rowOf(at exprast.Span, args []*bind.Expr) *bind.Expr {
	fields := make([]schema.Field, len(args))
	for i, a := range args {
		fields[i] = schema.Field{Name: "f" + itoa(i+1), Type: a.Type}
	}
	return &bind.Expr{Op: bind.MakeRow, Type: schema.RowOf(fields...), Span: at, Args: args}
}
