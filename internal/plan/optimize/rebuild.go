package optimize

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// Passes over relational plans do not change nodes in place: a node may be shared, and its schema follows from its inputs. They make new
// ones by the functions of this file.

// expressions returns the expressions of n itself.
func expressions(n logical.Node) []*bind.Expr {
	switch n := n.(type) {
	case *logical.Filter:
		return []*bind.Expr{n.Predicate}
	case *logical.Project:
		out := make([]*bind.Expr, len(n.Items))
		for i, item := range n.Items {
			out[i] = item.Expr
		}
		return out
	case *logical.Join:
		if n.Condition != nil {
			return []*bind.Expr{n.Condition}
		}
	case *logical.Split:
		var out []*bind.Expr
		for _, b := range n.Branches {
			if b.Cond != nil {
				out = append(out, b.Cond)
			}
		}
		return out
	}
	return nil
}

// withInputs returns n over other inputs, whose columns are those that n expects; n itself if they are its own.
func withInputs(n logical.Node, in []logical.Node) logical.Node {
	if slices.Equal(n.Inputs(), in) {
		return n
	}
	switch n := n.(type) {
	case *logical.Filter:
		c := *n
		c.Input = in[0]
		return &c
	case *logical.Project:
		return logical.NewProject(n.Step, in[0], n.Items)
	case *logical.Unnest:
		return logical.NewUnnest(n.Step, in[0], n.Column, n.As)
	case *logical.Split:
		c := *n
		c.Input = in[0]
		return &c
	case *logical.Port:
		return &logical.Port{Split: in[0].(*logical.Split), Branch: n.Branch}
	case *logical.Union:
		return &logical.Union{In: in}
	case *logical.Join:
		return rejoin(n, in[0], in[1], n.Keys, n.Condition)
	case *logical.Sort:
		c := *n
		c.Input = in[0]
		return logical.NewSort(c)
	case *logical.Limit:
		c := *n
		c.Input = in[0]
		return &c
	case *logical.SetOp:
		c := *n
		c.Left, c.Right = in[0], in[1]
		return &c
	}
	return regroup(n, in[0])
}

// regroup is withInputs for the nodes that make columns of groups and partitions.
func regroup(n logical.Node, in logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Aggregate:
		return regrouped(n, in, n.Keys, n.Calls)
	case *logical.Over:
		c := logical.NewOver(n.Step, in, n.Partition, n.Order, n.Calls)
		c.Changing, c.Retracts, c.Timed, c.Lag, c.TTL = n.Changing, n.Retracts, n.Timed, n.Lag, n.TTL
		return c
	case *logical.RowsFrom:
		return logical.NewRowsFrom(n.Step, in, n.Functions, n.Ordinality, n.Outer)
	case *logical.WindowTable:
		c := *n
		c.Input = in
		return logical.NewWindowTable(c)
	case *logical.LateRows:
		if held, ok := in.(*logical.Sessions); ok {
			in = held.Input
		}
		return logical.NewLateRows(in.(*logical.WindowTable))
	case *logical.Sessions:
		c := *n
		c.Input = in
		return &c
	case *logical.Late:
		c := *n
		c.Input = in
		return &c
	case *logical.Normalize:
		c := *n
		c.Input = in
		return &c
	case *logical.Fold:
		c := *n
		c.Input = in
		return &c
	}
	panic(fmt.Sprintf("optimize: %T cannot be rebuilt", n))
}

// regrouped is n over another input, with other keys and calls.
func regrouped(n *logical.Aggregate, in logical.Node, keys []int, calls []logical.AggregateCall) *logical.Aggregate {
	c := logical.NewAggregate(n.Step, in, keys, n.Sets, calls)
	c.Split = n.Split
	c.Emit, c.Combine, c.Changing, c.Retracts, c.TTL = n.Emit, n.Combine, n.Changing, n.Retracts, n.TTL
	c.SetWindow(n.Window)
	return c
}

// rejoin is j over other inputs, keys and condition.
func rejoin(j *logical.Join, left, right logical.Node, keys []logical.KeyPair, condition *bind.Expr) *logical.Join {
	c := logical.NewJoin(j.Step, j.Kind, left, right, keys, condition)
	c.AsOf, c.Dependent, c.Guarded, c.Strategy, c.BuildLeft, c.Order = j.AsOf, j.Dependent, j.Guarded, j.Strategy, j.BuildLeft, j.Order
	c.Appends, c.Unique, c.Endless = j.Appends, j.Unique, j.Endless
	c.Dated, c.Bounds, c.Window, c.Width, c.Lags, c.TTLs, c.Temporal = j.Dated, j.Bounds, j.Window, j.Width, j.Lags, j.TTLs, j.Temporal
	return c
}

// withExpressions returns n with each of its own expressions replaced by what f makes of it; n itself if nothing changes.
func withExpressions(n logical.Node, f func(*bind.Expr) *bind.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		if p := f(n.Predicate); p != n.Predicate {
			c := *n
			c.Predicate, c.Text = p, ""
			return &c
		}
	case *logical.Project:
		items := slices.Clone(n.Items)
		changed := false
		for i := range items {
			if e := f(items[i].Expr); e != items[i].Expr {
				items[i].Expr, items[i].Text, changed = e, "", true
			}
		}
		if changed {
			return logical.NewProject(n.Step, n.Input, items)
		}
	case *logical.Join:
		if n.Condition == nil {
			return n
		}
		if c := f(n.Condition); c != n.Condition {
			return rejoin(n, n.Left, n.Right, n.Keys, c)
		}
	}
	return n
}

// rewrite returns the plan below n with each node replaced by what f makes of it, inputs before what reads them. Nodes that are shared stay so.
func rewrite(n logical.Node, seen map[logical.Node]logical.Node, f func(logical.Node) logical.Node) logical.Node {
	if out, ok := seen[n]; ok {
		return out
	}
	in := slices.Clone(n.Inputs())
	for i := range in {
		in[i] = rewrite(in[i], seen, f)
	}
	out := f(withInputs(n, in))
	seen[n] = out
	return out
}

// pass is an item that hands on column i of n.
func pass(n logical.Node, i int) logical.Item {
	f := n.Schema().Fields[i]
	return logical.Item{Name: f.Name, Expr: &bind.Expr{Op: bind.Column, Type: f.Type, Path: []int{i}}}
}

// passAll are items that hand on columns from up to, not including, to.
func passAll(n logical.Node, from, to int) []logical.Item {
	items := make([]logical.Item, 0, to-from)
	for i := from; i < to; i++ {
		items = append(items, pass(n, i))
	}
	return items
}

// choose projects n to some of its columns; n itself if those are all in order.
func choose(step logical.Step, n logical.Node, columns []int) logical.Node {
	same := len(columns) == n.Schema().Len()
	items := make([]logical.Item, len(columns))
	for i, c := range columns {
		items[i] = pass(n, c)
		same = same && c == i
	}
	if same {
		return n
	}
	return logical.NewProject(step, n, items)
}

// span returns the numbers from first up to, not including, end.
func span(first, end int) []int {
	out := make([]int, 0, end-first)
	for i := first; i < end; i++ {
		out = append(out, i)
	}
	return out
}
