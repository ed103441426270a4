package bind

import (
	"errors"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// asError returns the *bind.Error that err is, or nil.
func asError(err error) *bind.Error {
	var bad *bind.Error
	errors.As(err, &bad)
	return bad
}

// rewriter changes expressions, and the plans of the subqueries in them, from one row to another. A plan that several expressions hold is changed
// once; so is a shared node.
type rewriter struct {
	// visit is asked about every node, depth rows further in than the expression that is rewritten. It returns what takes the node's place, and whether
	// what is below it is left alone; nil leaves the node.
	visit func(e *bind.Expr, depth int) (replacement *bind.Expr, done bool)
	nodes map[logical.Node]bool
	inner map[*logical.Subquery]bool
}

func newRewriter(visit func(e *bind.Expr, depth int) (*bind.Expr, bool)) *rewriter {
	return &rewriter{visit: visit, nodes: map[logical.Node]bool{}, inner: map[*logical.Subquery]bool{}}
}

// expr returns e rewritten. e is not changed, but the plans in it are.
func (r *rewriter) expr(e *bind.Expr, depth int) *bind.Expr {
	if replacement, done := r.visit(e, depth); replacement != nil {
		if done {
			return replacement
		}
		e = replacement
	} else if done {
		return e
	}
	switch s := e.Node.(type) {
	case *logical.Subquery:
		r.subquery(s, depth)
	case *anyOf:
		r.node(s.rows, depth+1)
	}
	out := e
	for i, a := range e.Args {
		if changed := r.expr(a, depth); changed != a {
			if out == e {
				c := *e
				c.Args = append([]*bind.Expr(nil), e.Args...)
				out = &c
			}
			out.Args[i] = changed
		}
	}
	return out
}

func (r *rewriter) subquery(s *logical.Subquery, depth int) {
	if r.inner[s] {
		return
	}
	r.inner[s] = true
	r.node(s.Query, depth+1)
	if s.Compare != nil {
		s.Compare = r.expr(s.Compare, depth)
	}
}

// node rewrites the expressions of a plan whose own row is depth rows further in.
func (r *rewriter) node(n logical.Node, depth int) {
	if r.nodes[n] {
		return
	}
	r.nodes[n] = true
	right := depth
	switch n := n.(type) {
	case *logical.Filter:
		n.Predicate = r.expr(n.Predicate, depth)
	case *logical.Project:
		for i := range n.Items {
			n.Items[i].Expr = r.expr(n.Items[i].Expr, depth)
		}
	case *logical.Join:
		if n.Condition != nil {
			n.Condition = r.expr(n.Condition, depth)
		}
		if n.AsOf != nil {
			n.AsOf = r.expr(n.AsOf, depth)
		}
		if n.Dependent {
			right++
		}
	}
	for i, in := range n.Inputs() {
		if i == 0 {
			r.node(in, depth)
		} else {
			r.node(in, right)
		}
	}
}

// raise takes out a row between a plan and what is around it, to which nothing in the plan refers.
func raise(n logical.Node) {
	newRewriter(func(e *bind.Expr, depth int) (*bind.Expr, bool) {
		if e.Op != bind.Outer || e.Index <= depth+1 {
			return nil, false
		}
		c := *e
		c.Index--
		return &c, true
	}).node(n, 0)
}

// lifted returns e, which reads nothing of the up innermost rows around it, as it stands up rows further out.
func lifted(e *bind.Expr, up int) *bind.Expr {
	if up == 0 {
		return e
	}
	return newRewriter(func(e *bind.Expr, depth int) (*bind.Expr, bool) {
		if e.Op != bind.Outer || e.Index <= depth {
			return nil, false
		}
		c := *e
		if c.Index -= up; c.Index == 0 {
			c.Op = bind.Column
		}
		return &c, true
	}).expr(e, 0)
}

// refersOutward reports whether a plan reads rows around it.
func refersOutward(n logical.Node) bool {
	found := false
	newRewriter(func(e *bind.Expr, depth int) (*bind.Expr, bool) {
		if e.Op == bind.Outer && e.Index > depth {
			found = true
		}
		return nil, found
	}).node(n, 0)
	return found
}

// anyOf stands for x op ANY (query) until the width of the row is known that it is over. The expression that holds it has one argument: the
// comparison, with a queryColumn where a column of the query stands.
type anyOf struct {
	rows logical.Node
	text string
}

// String is the question as it was written.
func (a *anyOf) String() string { return a.text }

// queryColumn is a column of the query of an anyOf.
type queryColumn int

// Same reports whether other is the same question of the same rows.
func (a *anyOf) Same(other any) bool {
	o, ok := other.(*anyOf)
	return ok && a.text == o.text
}

// seal gives the subqueries of an expression over a row of width columns their final form.
func seal(e *bind.Expr, width int) *bind.Expr {
	return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
		if n, ok := e.Node.(*anyOf); ok {
			compare := bind.Rewrite(e.Args[0], func(e *bind.Expr) *bind.Expr {
				if c, ok := e.Node.(queryColumn); ok {
					return &bind.Expr{Op: bind.Column, Type: e.Type, Span: e.Span, Path: []int{width + int(c)}}
				}
				return e
			})
			s := logical.NewSubquery(&logical.Subquery{Form: logical.Any, Query: n.rows, Compare: compare, Text: n.text})
			s.Span = e.Span
			return s
		}
		return e
	})
}

// expr makes an expression of it.
func (a *anyOf) expr(compare *bind.Expr) *bind.Expr {
	return &bind.Expr{Op: bind.Opaque, Type: schema.Of(schema.Bool), Span: compare.Span, Node: a, Args: []*bind.Expr{compare}}
}
