package optimize

import (
	"fmt"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// lateKey is a column by which the rows of a node are late.
type lateKey struct {
	node   logical.Node
	column int
}

// ahead reports whether a window function over the rows of n, or its frame, needs rows that come later than those of its own time, or all that came before.
func ahead(n logical.Node, c logical.WindowCall) bool {
	switch c.Function.Name {
	case "lead", "ntile", "percent_rank", "cume_dist":
		return true
	case "row_number", "rank", "dense_rank":
		return false
	case "lag": // as far back as is known from the beginning
		return len(c.Args) > 1 && !behind(n, c.Args[1])
	}
	f := c.Frame
	follows := f.Start == ast.Following || f.End == ast.Following
	switch {
	case f.End == ast.UnboundedFollowing, follows && f.Unit != ast.FrameRange:
		return true
	case f.Start != ast.UnboundedPreceding:
		return false
	}
	return f.End != ast.CurrentRow || f.Exclude != ast.ExcludeNothing || c.Function.Name == "nth_value"
}

// behind reports whether a column of n is certainly the same number in every row, and not negative, or NULL.
func behind(n logical.Node, column int) bool {
	p, ok := n.(*logical.Project)
	for !ok {
		below, through := passes(n, column)
		if !through {
			return false
		}
		n, column = n.Inputs()[0], below
		p, ok = n.(*logical.Project)
	}
	e := p.Items[column].Expr
	if at, bare := bareColumn(e); bare {
		return behind(p.Input, at)
	}
	return e.IsConst() && e.Type.Kind == schema.Int32 && (e.IsNullConst() || e.Value.Int32s()[0] >= 0)
}

// follows reports whether a row waits for others that come after it.
func follows(c logical.WindowCall) bool {
	return c.Frame.Start == ast.Following || c.Frame.End == ast.Following
}

// date asks the sources for their watermarks row by row, where a step decides by them which rows are late.
func date(p *logical.Plan) {
	for _, n := range order(p) {
		switch n := n.(type) {
		case *logical.WindowTable:
			if n.Decides {
				dateBelow(n.Input)
			}
		case *logical.Late:
			dateBelow(n.Input)
		}
	}
}

// dateBelow dates the sources whose rows reach the reader of n as they are.
func dateBelow(n logical.Node) {
	switch n := n.(type) {
	case *logical.Scan:
		n.Dated = n.Source.Times != nil
	case *logical.Filter, *logical.Project, *logical.Unnest, *logical.RowsFrom, *logical.Split, *logical.Port, *logical.Union, *logical.WindowTable, *logical.Late:
		for _, in := range n.Inputs() {
			dateBelow(in)
		}
	case *logical.Join:
		switch n.Strategy {
		case logical.HashJoin, logical.BroadcastJoin, logical.NestedLoop: // the side that is not kept goes through
			n.Dated = true
			read := n.Left
			if n.BuildLeft {
				read = n.Right
			}
			dateBelow(read)
		}
	}
}

// warnings names the steps whose state grows without bound.
func (s *streams) warnings() []string {
	var all []string
	warn := func(n logical.Node, what, how string) {
		all = append(all, fmt.Sprintf("%s keeps %s for as long as the query runs; %s", n, what, how))
	}
	const ttl = "SET ttl = '1 day' would drop what was not touched for so long"
	for _, n := range order(s.plan) {
		endless := false
		for _, in := range n.Inputs() {
			endless = endless || !s.edges.Of(in).Bounded
		}
		if !endless {
			continue
		}
		switch n := n.(type) {
		case *logical.Join:
			if n.Strategy == logical.ChangingJoin && (n.TTLs[0] == 0 || n.TTLs[1] == 0) {
				warn(n, "the rows of both sides", "a condition such as a.time BETWEEN b.time - INTERVAL '1 hour' AND b.time on columns with watermarks, or "+ttl)
			}
		case *logical.Aggregate:
			if n.Changing && n.Window == nil && n.TTL == 0 && len(n.Keys) > 0 {
				warn(n, "every group", "window_start and window_end of a window, both in GROUP BY, or "+ttl)
			}
		case *logical.Over:
			if n.Changing && n.TTL == 0 {
				warn(n, "all rows", s.boundOver(n)+ttl)
			}
		case *logical.Sort:
			switch {
			case !n.Changing || n.TTL != 0:
			case n.Partition != nil:
				warn(n, "rows of every partition", ttl)
			case n.Retracts:
				warn(n, "all rows, since any of those that are shown may be taken back,", ttl)
			}
		case *logical.SetOp:
			if n.TTL == 0 {
				warn(n, "all rows", ttl)
			}
		}
	}
	return all
}

// boundOver is what would bound the rows that window functions keep, besides a time to live: it is their order, unless that is by time already.
func (s *streams) boundOver(n *logical.Over) string {
	if len(n.Order) > 0 && inOrder(n.Order[0]) && !s.changes(n.Input) {
		if _, timed := s.edges.Of(n.Input).Times[n.Order[0].Column]; timed {
			for _, c := range n.Calls {
				if ahead(n.Input, c) {
					return c.Function.Name + " may change with rows that come later; "
				}
			}
		}
	}
	return "ORDER BY a column with a watermark, or "
}
