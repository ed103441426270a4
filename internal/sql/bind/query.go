package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// query binds a whole query. keep leaves the literals among its columns undecided, for a UNION or INSERT to decide.
func (b *Binder) query(n *ast.Query, p place, outer *with, name string, keep bool) (*rows, error) {
	w, err := b.with(n.With, p, outer, name)
	if err != nil {
		return nil, err
	}
	q := &query{Binder: b, place: p, name: name, with: w}
	var out *rows
	switch body := n.Body.(type) {
	case *ast.Select:
		out, err = q.selectRows(body, n.OrderBy, n.Limit)
	case *ast.TableQuery:
		all := &ast.Select{
			Span: body.Span, From: []ast.TableExpr{body.Table}, Items: []*exprast.SelectItem{{Span: body.Span, X: &exprast.Star{Span: body.Span}}},
		}
		out, err = q.selectRows(all, n.OrderBy, n.Limit)
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
	_, values := n.(*ast.Values)
	if values {
		out, err = q.values(n.(*ast.Values))
	} else {
		out, err = q.setOperation(n.(*ast.SetOperation))
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
			return nil, q.noOutput(o.X, out, values)
		}
		keys = append(keys, sortKey(i, o))
	}
	out.node, err = q.limited(q.place.scope(q, nil), out.node, keys, limit)
	return out, err
}

// outputKey finds the column of the answer that a key of ORDER BY names or counts; -1 if it does neither.
func (q *query) outputKey(n exprast.Node, out *rows) (int, error) {
	switch n := n.(type) {
	case *exprast.Literal:
		return position(n, "ORDER BY", len(out.columns))
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
		return 0, errorf(n.Span, invalidColumnRef, "%s position %s is not in select list", what, n.Text).WithHint("The select list has %d columns.", columns)
	}
	return i - 1, nil
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

func (q *query) noOutput(n exprast.Node, out *rows, values bool) error {
	if c, ok := n.(*exprast.Column); ok && len(c.Parts) == 1 {
		s := &scope{items: []*item{{columns: out.asColumns(), bare: true}}}
		_, err := q.expr(s, inOrderBy(), c)
		if err == nil { // by another spelling
			return errorf(c.Span, sqlstate.UndefinedColumn, "column \"%s\" does not exist", c.Parts[0].Text)
		}
		return err
	}
	what := "UNION/INTERSECT/EXCEPT"
	if values {
		what = "VALUES"
	}
	return errorf(n.Location(), sqlstate.FeatureNotSupported, "invalid %s ORDER BY clause", what).
		WithHint("Only names and numbers of result columns can be used, not expressions: move the %s into a FROM clause.", what)
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
