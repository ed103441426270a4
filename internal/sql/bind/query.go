package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// maxQueries bounds what views that read each other twice grow to.
const maxQueries = 20_000

// query binds a whole query. keep leaves the literals among its columns undecided, for a UNION or INSERT to decide.
func (b *Binder) query(n *ast.Query, p place, outer *with, name string, keep bool) (*rows, error) {
	if b.queries++; b.queries > maxQueries {
		return nil, errorf(n.Span, sqlstate.StatementTooComplex, "the statement has more than %d queries, those of views and of WITH counted wherever they are read",
			maxQueries).WithHint("Make a table or a materialized view of a part that is read often.")
	}
	w, err := b.with(n.With, p, outer, name)
	if err != nil {
		return nil, err
	}
	q := &query{Binder: b, place: p, name: name, with: w}
	var out *rows
	switch body := n.Body.(type) {
	case *ast.Values:
		if len(n.OrderBy) > 0 { // by any expression
			rows := &ast.Derived{Span: body.Span, Query: &ast.Query{Span: body.Span, Body: body}}
			out, err = q.selectRows(everything(rows), n.OrderBy, n.Limit)
		} else {
			out, err = q.combined(body, nil, n.Limit)
		}
	case *ast.Select:
		out, err = q.selectRows(body, n.OrderBy, n.Limit)
	case *ast.TableQuery:
		out, err = q.selectRows(everything(body.Table), n.OrderBy, n.Limit)
	default:
		out, err = q.combined(body, n.OrderBy, n.Limit)
	}
	if err != nil {
		return nil, err
	}
	if !keep {
		out.decide()
	}
	return out, nil
}

// everything is SELECT * FROM t.
func everything(t ast.TableExpr) *ast.Select {
	at := t.Location()
	return &ast.Select{Span: at, From: []ast.TableExpr{t}, Items: []*exprast.SelectItem{{Span: at, X: &exprast.Star{Span: at}}}}
}

// decide makes the undecided literals TEXT.
func (r *rows) decide() {
	for i := range r.columns {
		r.columns[i].unknown = false
	}
}

// body binds an operand of a set operation.
func (q *query) body(n ast.Body) (*rows, error) {
	if whole, ok := n.(*ast.Query); ok {
		return q.query(whole, q.place, q.with, q.name, true)
	}
	return q.Binder.query(&ast.Query{Span: n.Location(), Body: n}, q.place, q.with, q.name, true)
}

// combined binds VALUES and set operations, whose ORDER BY knows nothing but the columns of the answer.
func (q *query) combined(n ast.Body, order []exprast.OrderItem, limit *ast.Limit) (*rows, error) {
	var out *rows
	var err error
	switch n := n.(type) {
	case *ast.Values:
		out, err = q.values(n)
	case *ast.SetOperation:
		out, err = q.setOperation(n)
	}
	if err != nil {
		return nil, err
	}
	var keys []logical.SortKey
	for _, o := range order {
		i, err := q.outputKey(o.X, out)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			return nil, q.noOutput(o.X, out)
		}
		keys = append(keys, sortKey(i, o))
	}
	bound, err := q.bindLimit(q.place.scope(q, nil), limit)
	if err != nil {
		return nil, err
	}
	out.node = q.limited(out.node, keys, bound)
	return out, nil
}

// outputKey finds the column of the answer that a key of ORDER BY names or counts; -1 if it does neither.
func (q *query) outputKey(n exprast.Node, out *rows) (int, error) {
	switch n := n.(type) {
	case *exprast.Literal:
		return position(n, "ORDER BY", len(out.columns))
	case *exprast.Unary:
		if l := minus(n); l != nil {
			return position(l, "ORDER BY", len(out.columns))
		}
	case *exprast.Column:
		if len(n.Parts) != 1 {
			break
		}
		at := -1
		for i, c := range out.columns {
			if c.name != n.Parts[0].Text {
				continue
			}
			if at >= 0 {
				return 0, errorf(n.Span, sqlstate.AmbiguousColumn, "ORDER BY \"%s\" is ambiguous", c.name)
			}
			at = i
		}
		return at, nil
	}
	return -1, nil
}

// position reads a constant of GROUP BY or ORDER BY, which counts columns.
func position(n *exprast.Literal, what string, columns int) (int, error) {
	if n.Kind != exprast.Integer {
		return 0, errorf(n.Span, sqlstate.SyntaxError, "non-integer constant in %s", what).WithHint("Name a column, or write its number.")
	}
	i := number(n.Text)
	if i < 1 || i > columns {
		return 0, errorf(n.Span, invalidColumnRef, "%s position %s is not in select list", what, n.Text).WithHint("The select list has %s.", numberOf("column", columns))
	}
	return i - 1, nil
}

// minus returns the number that n is with a minus sign before it, nil if it is something else.
func minus(n *exprast.Unary) *exprast.Literal {
	l, ok := n.X.(*exprast.Literal)
	if !ok || n.Op != "-" || l.Kind < exprast.Integer || l.Kind > exprast.Float {
		return nil
	}
	return &exprast.Literal{Span: n.Span, Kind: l.Kind, Text: "-" + l.Text}
}

// number reads digits; what is too large for a column's number is -1.
func number(digits string) int {
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' || n > 1<<20 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// noOutput says why a key of ORDER BY is no column of the answer.
func (q *query) noOutput(n exprast.Node, out *rows) error {
	s := &scope{items: []*item{{columns: out.asColumns(), bare: true}}, query: q}
	if _, err := q.expr(s, inOrderBy(), n); err != nil {
		return err
	}
	return errorf(n.Location(), sqlstate.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
		WithHint("Only names and numbers of result columns can be used, not expressions: move the UNION into a FROM clause.")
}

// asColumns are the columns for the scope of a query that reads r.
func (r *rows) asColumns() []column {
	columns := make([]column, len(r.columns))
	for i, c := range r.columns {
		columns[i] = column{c.name, &bind.Expr{Op: bind.Column, Type: c.typ, Path: []int{i}}}
	}
	return columns
}

func sortKey(column int, o exprast.OrderItem) logical.SortKey {
	first := o.Nulls == exprast.NullsFirst || o.Nulls == exprast.NullsDefault && o.Desc
	return logical.SortKey{Column: column, Desc: o.Desc, NullsFirst: first}
}
