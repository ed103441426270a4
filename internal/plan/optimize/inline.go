package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// inline computes a query over a table of one row, such as SELECT t.a + 1 or unnest(t.list), directly in the rows of left. ok is false where
// the query is another one.
func inline(step logical.Step, kind logical.JoinKind, left, query logical.Node, condition, guard *bind.Expr) (_ logical.Node, ok bool) {
	chain, ok := overOneRow(query)
	if !ok {
		return nil, false
	}
	outer := false
	switch kind {
	case logical.Inner:
	case logical.Left, logical.Single:
		if kind == logical.Single && !atMostOne(query) {
			return nil, false
		}
		var keeps bool
		if outer, keeps = keepsRow(chain); !keeps || condition != nil || outer && guard != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	nl := left.Schema().Len()
	out := left
	for i := len(chain) - 1; i >= 0; i-- {
		out = inlineNode(chain[i], out, nl, guard, outer)
	}
	if condition != nil {
		out = &logical.Filter{Step: step, Input: out, Predicate: condition}
	}
	return out, true
}

// overOneRow returns the nodes of a query from the top down to a scan of one row, that scan left out. ok is false if there is another node
// among them.
func overOneRow(query logical.Node) (chain []logical.Node, ok bool) {
	for {
		switch n := query.(type) {
		case *logical.Scan:
			return chain, n.AtMostOneRow() && n.Source.Statistics.Rows == 1 && n.Source.Schema.Len() == 0
		case *logical.Project, *logical.Filter, *logical.RowsFrom:
			chain = append(chain, n)
			query = n.Inputs()[0]
		default:
			return nil, false
		}
	}
}

// keepsRow reports whether every row of left has a row in the query, or can be given one of NULLs by making a function at its end outer.
func keepsRow(chain []logical.Node) (outer, ok bool) {
	for i, n := range chain {
		switch n := n.(type) {
		case *logical.Filter:
			return false, false
		case *logical.RowsFrom:
			if outer || n.Ordinality && n.Outer {
				return false, false
			}
			outer = true
			for _, above := range chain[:i] {
				if slices.ContainsFunc(expressions(above), func(e *bind.Expr) bool { return e.Op != bind.Column }) {
					return false, false // what is computed of NULLs need not be NULL
				}
			}
		}
	}
	return outer, true
}

// inlineNode is n over in, whose first nl columns are those of left and whose others are those of n's input.
func inlineNode(n, in logical.Node, nl int, guard *bind.Expr, outer bool) logical.Node {
	inner := func(e *bind.Expr) *bind.Expr {
		return resolveOuter(shift(e, nl), func(column int) int { return column })
	}
	switch n := n.(type) {
	case *logical.Filter:
		return &logical.Filter{Step: n.Step, Input: in, Predicate: inner(n.Predicate), Hidden: n.Hidden}
	case *logical.Project:
		items := passAll(in, 0, nl)
		for _, item := range n.Items {
			e := inner(item.Expr)
			if guard != nil && bind.Fallible(e) {
				e = &bind.Expr{Op: bind.Case, Type: e.Type, Args: []*bind.Expr{guard, e}}
			}
			items = append(items, logical.Item{Name: item.Name, Expr: e})
		}
		return logical.NewProject(n.Step, in, items)
	case *logical.RowsFrom:
		functions := slices.Clone(n.Functions)
		for i := range functions {
			functions[i].Args = moveAll(functions[i].Args, nl)
		}
		return logical.NewRowsFrom(n.Step, in, functions, n.Ordinality, n.Outer || outer)
	}
	panic("optimize: a node that overOneRow does not know")
}
