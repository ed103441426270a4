package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// outerColumns returns the columns of the query around n that expressions below n read, ascending. Below n there are neither subqueries
// nor dependent joins any more, so that all expressions stand at one level.
func outerColumns(n logical.Node) []int {
	var columns []int
	visit(n, map[logical.Node]bool{}, func(n logical.Node) {
		for _, e := range expressions(n) {
			columns = append(columns, outerOf(e)...)
		}
	})
	slices.Sort(columns)
	return slices.Compact(columns)
}

// outerOf returns the columns of the query around it that e reads.
func outerOf(e *bind.Expr) []int {
	var columns []int
	bind.Walk(e, func(e *bind.Expr) bool {
		if e.Op == bind.Outer && e.Index == 1 {
			columns = append(columns, e.Path[0])
		}
		return true
	})
	return columns
}

// visit calls f for n and everything below it, each node once.
func visit(n logical.Node, seen map[logical.Node]bool, f func(logical.Node)) {
	if seen[n] {
		return
	}
	seen[n] = true
	f(n)
	for _, in := range n.Inputs() {
		visit(in, seen, f)
	}
}

// lower returns n, which reads nothing of the query around it, as part of that query: what was two levels up is one level up.
func lower(n logical.Node) logical.Node {
	return rewrite(n, map[logical.Node]logical.Node{}, func(n logical.Node) logical.Node {
		return withExpressions(n, lowerExpr)
	})
}

func lowerExpr(e *bind.Expr) *bind.Expr { return resolveOuter(e, nil) }

// resolveOuter replaces what e reads of the query around it by columns, by the number that to returns, and lowers what is further out.
func resolveOuter(e *bind.Expr, to func(column int) int) *bind.Expr {
	return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
		if e.Op != bind.Outer {
			return e
		}
		c := *e
		if e.Index == 1 {
			c.Op, c.Index, c.Path = bind.Column, 0, append([]int{to(e.Path[0])}, e.Path[1:]...)
		} else {
			c.Index--
		}
		return &c
	})
}

// shift returns e with its columns moved up by n.
func shift(e *bind.Expr, n int) *bind.Expr {
	if e == nil || n == 0 {
		return e
	}
	return bind.MapColumns(e, func(c int) int { return c + n })
}

// fallible reports whether an expression below n may fail for a row. Queries over windows, and joins of inputs with watermarks, are taken for such that do not:
// what is late must not depend on the rows around a query.
func fallible(n logical.Node) bool {
	found, windows := false, false
	edges := NewEdges()
	visit(n, map[logical.Node]bool{}, func(n logical.Node) {
		for _, e := range expressions(n) {
			found = found || bind.Fallible(e)
		}
		switch n := n.(type) {
		case *logical.Join:
			found = found || n.Kind == logical.Single
			windows = windows || len(edges.Of(n.Left).Times) > 0 && len(edges.Of(n.Right).Times) > 0
		case *logical.WindowTable:
			windows = true
		}
	})
	return found && !windows
}
