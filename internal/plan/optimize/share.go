package optimize

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// SharePlans computes equal parts of a plan once. Steps that a user wrote, and parts whose values change from row to row, stay apart.
func SharePlans(p *logical.Plan) {
	known := map[string][]logical.Node{}
	done := map[logical.Node]logical.Node{}
	for _, s := range p.Sinks {
		s.Input = rewrite(s.Input, done, func(n logical.Node) logical.Node {
			if !shareable(n) {
				return n
			}
			key := fmt.Sprintf("%T %p", n, n.Inputs()[0])
			for _, other := range known[key] {
				if equal(n, other) {
					return other
				}
			}
			known[key] = append(known[key], n)
			return n
		})
	}
}

func shareable(n logical.Node) bool {
	s := stepOf(n)
	_, split := n.(*logical.Split)
	return s != nil && !s.Written && !split && !slices.ContainsFunc(expressions(n), volatile)
}

// equal reports whether two nodes give the same rows. Inputs that are equal are one node by now.
func equal(a, b logical.Node) bool {
	if !slices.Equal(a.Inputs(), b.Inputs()) || !slices.EqualFunc(expressions(a), expressions(b), bind.Same) || !a.Schema().Equal(b.Schema()) {
		return false
	}
	if stepOf(a).OnError != stepOf(b).OnError {
		return false
	}
	switch a := a.(type) {
	case *logical.Filter, *logical.Project:
		return true
	case *logical.Join:
		b := b.(*logical.Join)
		return a.Kind == b.Kind && a.Guarded == b.Guarded && slices.Equal(a.Keys, b.Keys)
	case *logical.Sort:
		b := b.(*logical.Sort)
		return slices.Equal(a.Keys, b.Keys) && a.Limit == b.Limit && a.Offset == b.Offset && a.WithTies == b.WithTies &&
			(a.Partition == nil) == (b.Partition == nil) && slices.Equal(a.Partition, b.Partition) && a.Rank == b.Rank
	case *logical.WindowTable:
		b := b.(*logical.WindowTable)
		return a.Shape == b.Shape && a.Time == b.Time && a.Processing == b.Processing && a.Size == b.Size && a.Every == b.Every && a.Gap == b.Gap &&
			a.Offset == b.Offset && slices.Equal(a.Partition, b.Partition) && a.Decides == b.Decides && a.Lateness == b.Lateness
	case *logical.SetOp:
		b := b.(*logical.SetOp)
		return a.Kind == b.Kind && a.All == b.All
	case *logical.Aggregate:
		return equalAggregates(a, b.(*logical.Aggregate))
	case *logical.Over:
		b := b.(*logical.Over)
		return slices.Equal(a.Partition, b.Partition) && slices.Equal(a.Order, b.Order) && slices.EqualFunc(a.Calls, b.Calls, equalWindowCalls)
	}
	return false
}

func equalAggregates(a, b *logical.Aggregate) bool {
	return a.Emit == b.Emit && slices.Equal(a.Keys, b.Keys) && slices.EqualFunc(a.Sets, b.Sets, slices.Equal[[]int]) &&
		(a.Sets == nil) == (b.Sets == nil) && slices.EqualFunc(a.Calls, b.Calls, func(x, y logical.AggregateCall) bool {
		return x.Function == y.Function && slices.Equal(x.Args, y.Args) && x.Filter == y.Filter && x.Distinct == y.Distinct &&
			slices.Equal(x.OrderBy, y.OrderBy) && x.Type.Equal(y.Type)
	})
}

func equalWindowCalls(x, y logical.WindowCall) bool {
	return x.Function == y.Function && slices.Equal(x.Args, y.Args) && x.Filter == y.Filter && x.Frame == y.Frame && x.Type.Equal(y.Type)
}
