package optimize

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// RecognizeTopN makes a sort that keeps the first rows of each partition of a filter on row_number, rank or dense_rank: no other rows are kept then.
func RecognizeTopN(p *logical.Plan) {
	count := readers(p)
	done := map[logical.Node]logical.Node{}
	for _, s := range p.Sinks {
		s.Input = rewrite(s.Input, done, func(n logical.Node) logical.Node {
			if f, ok := n.(*logical.Filter); ok && !f.Written {
				return topN(f, count)
			}
			return n
		})
	}
}

func topN(f *logical.Filter, count map[logical.Node]int) logical.Node {
	o, ok := f.Input.(*logical.Over)
	if !ok || len(o.Calls) != 1 || count[o] > 1 || len(o.Order) == 0 {
		return f
	}
	rank := map[string]logical.Rank{"row_number": logical.RowNumber, "rank": logical.RankWithGaps, "dense_rank": logical.DenseRank}[o.Calls[0].Function.Name]
	column := o.Input.Schema().Len()
	if rank == logical.NoRank {
		return f
	}
	most := int64(-1)
	var rest []*bind.Expr
	for _, c := range bind.Conjuncts(f.Predicate) {
		if n, ok := atMost(c, column); ok {
			if most < 0 || n < most {
				most = n
			}
			continue
		}
		rest = append(rest, c)
	}
	if most < 1 {
		return f
	}
	partition := o.Partition
	if len(partition) == 0 {
		partition = nil
	}
	step := o.Step
	sorted := logical.NewSort(logical.Sort{Step: step, Input: o.Input, Keys: o.Order, Limit: most, Partition: partition, Rank: rank, Call: o.Calls[0]})
	return keep(sorted, rest, f.OnError)
}

// ranked is n as a filter on the rank of all rows, which is how an answer at the end is made.
func ranked(n *logical.Sort) logical.Node {
	over := logical.NewOver(n.Step, n.Input, n.Partition, n.Keys, []logical.WindowCall{n.Call})
	bigint := schema.Of(schema.Int64)
	column := &bind.Expr{Op: bind.Column, Type: bigint, Path: []int{n.Input.Schema().Len()}}
	most := bind.NullAt(column.Span, bigint)
	most.Value.DropValid()
	most.Value.Int64s()[0] = n.Limit
	condition := &bind.Expr{Op: bind.Compare, Type: schema.Of(schema.Bool), Cmp: bind.LessEqual, Args: []*bind.Expr{column, most}}
	return keep(over, []*bind.Expr{condition}, n.OnError)
}

// atMost reads a condition that column is at most a number, which it returns. That it is one is the same for ranks, which begin there.
func atMost(e *bind.Expr, column int) (int64, bool) {
	if e.Op != bind.Compare {
		return 0, false
	}
	x, y, cmp := e.Args[0], e.Args[1], e.Cmp
	if x.IsConst() {
		x, y, cmp = y, x, cmp.Flip()
	}
	for x.Op == bind.Cast && x.Args[0].Type.Kind == schema.Int64 {
		x = x.Args[0]
	}
	at, ok := bareColumn(x)
	if !ok || at != column || !y.IsConst() || y.IsNullConst() {
		return 0, false
	}
	var n int64
	switch y.Type.Kind {
	case schema.Int64:
		n = y.Value.Int64s()[0]
	case schema.Int32:
		n = int64(y.Value.Int32s()[0])
	case schema.Int16:
		n = int64(y.Value.Int16s()[0])
	default:
		return 0, false
	}
	switch cmp {
	case bind.LessEqual:
		return n, true
	case bind.Less:
		return n - 1, true
	case bind.Equal:
		return n, n == 1
	}
	return 0, false
}
