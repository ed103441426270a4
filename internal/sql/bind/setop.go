package bind

import (
	"slices"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// setOperation binds UNION, INTERSECT and EXCEPT.
func (q *query) setOperation(n *ast.SetOperation) (*rows, error) {
	left, err := q.operand(n.L)
	if err != nil {
		return nil, err
	}
	right, err := q.operand(n.R)
	if err != nil {
		return nil, err
	}
	what := [...]string{ast.Union: "UNION", ast.Intersect: "INTERSECT", ast.Except: "EXCEPT"}[n.Op]
	if len(left.columns) != len(right.columns) {
		return nil, errorf(n.R.Location(), sqlstate.SyntaxError, "each %s query must have the same number of columns", what).
			WithHint("The first has %d, the other %d.", len(left.columns), len(right.columns))
	}
	out := &rows{columns: make([]outColumn, len(left.columns))}
	types := make([]schema.Type, len(left.columns))
	for i := range types {
		if types[i], err = meet(what, &left.columns[i], &right.columns[i], n.R.Location()); err != nil {
			return nil, err
		}
		out.columns[i] = outColumn{name: left.columns[i].name, typ: types[i]}
	}
	l, err := q.cast(left, types, what)
	if err != nil {
		return nil, err
	}
	r, err := q.cast(right, types, what)
	if err != nil {
		return nil, err
	}
	out.node = q.combine(n, l, r)
	return out, nil
}

// operand binds one side.
func (q *query) operand(n ast.Body) (*rows, error) {
	if op, ok := n.(*ast.SetOperation); ok {
		return q.setOperation(op)
	}
	return q.body(n)
}

// meet is the type of a column of a set operation.
func meet(what string, l, r *outColumn, at exprast.Span) (schema.Type, error) {
	pair := []*bind.Expr{placeholder(l, at), placeholder(r, at)}
	return bind.CommonTypeOf(what, pair...)
}

// placeholder stands for a column where only its type counts.
func placeholder(c *outColumn, at exprast.Span) *bind.Expr {
	return &bind.Expr{Op: bind.Column, Type: c.typ, Unknown: c.unknown, Span: at, Path: []int{0}}
}

// cast gives the columns of r their types.
func (q *query) cast(r *rows, types []schema.Type, what string) (logical.Node, error) {
	if err := r.decideAs(types); err != nil {
		return nil, err
	}
	targets, same := passed(r.node), true
	for i, t := range targets {
		if t.expr.Type.Equal(types[i]) {
			continue
		}
		same = false
		var err error
		if targets[i].expr, err = bind.CastTo(t.expr, types[i]); err != nil {
			return nil, err
		}
	}
	if same {
		return r.node, nil
	}
	return q.project(func() logical.Step { return q.step(q.name, strings.ToLower(what)) }, r.node, targets), nil
}

// decideAs reads the literals among the columns that are still undecided as values of types.
func (r *rows) decideAs(types []schema.Type) error {
	p, ok := r.node.(*logical.Project)
	if !ok || !slices.ContainsFunc(r.columns, func(c outColumn) bool { return c.unknown }) {
		return nil
	}
	items := slices.Clone(p.Items)
	for i, c := range r.columns {
		if !c.unknown || !items[i].Expr.IsConst() { // the others are cast from TEXT
			continue
		}
		undecided := *items[i].Expr
		undecided.Unknown = true
		e, _, err := bind.Convert(&undecided, types[i])
		if err != nil {
			return err
		}
		items[i].Expr = e
		r.columns[i].typ, r.columns[i].unknown = types[i], false
	}
	r.node = logical.NewProject(p.Step, p.Input, items)
	return nil
}

// combine makes the node of a set operation on operands with equal columns.
func (q *query) combine(n *ast.SetOperation, l, r logical.Node) logical.Node {
	if n.Op != ast.Union {
		kind := map[ast.SetOp]logical.SetKind{ast.Intersect: logical.Intersect, ast.Except: logical.Except}[n.Op]
		return &logical.SetOp{Step: q.step(q.name, strings.ToLower(kind.String())), Kind: kind, All: n.All, Left: l, Right: r}
	}
	union := &logical.Union{In: []logical.Node{l, r}}
	if first, ok := l.(*logical.Union); ok && n.All {
		union.In = append(append([]logical.Node(nil), first.In...), r)
	}
	if n.All {
		return union
	}
	return q.distinctRows(q.name, union)
}
