package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
)

// Narrow leaves out columns, aggregates and window functions that nothing reads, so that what keeps rows keeps no more than it must. Projections
// that a user named stay as they are.
func Narrow(p *logical.Plan) {
	n := &narrower{demand: demandOf(p, true), done: map[logical.Node]narrowed{}}
	for _, s := range p.Sinks {
		in := n.narrow(s.Input)
		s.Input = choose(logical.Step{OnError: s.OnError}, in.node, in.columns(span(0, len(in.at))))
	}
}

// demandOf computes what is read of each node; narrowing says that what nothing reads is left out then.
func demandOf(p *logical.Plan, narrowing bool) demand {
	d := demand{}
	for _, s := range p.Sinks {
		d.sink(s)
	}
	for _, n := range order(p) {
		d.node(n, narrowing)
	}
	return d
}

// narrowed is a node in another's place: column i of that is column at[i] of node, or none if at[i] is negative.
type narrowed struct {
	node logical.Node
	at   []int
}

func (n *narrowed) columns(old []int) []int {
	out := make([]int, len(old))
	for i, c := range old {
		out[i] = n.column(c)
	}
	return out
}

func (n *narrowed) column(old int) int {
	if old == logical.NoColumn {
		return old
	}
	return n.at[old]
}

func (n *narrowed) expr(e *bind.Expr) *bind.Expr {
	if e == nil {
		return nil
	}
	return bind.MapColumns(e, n.column)
}

func (n *narrowed) order(keys []logical.SortKey) []logical.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Column = n.column(out[i].Column)
	}
	return out
}

type narrower struct {
	demand demand
	done   map[logical.Node]narrowed
}

func (w *narrower) narrow(n logical.Node) narrowed {
	out, ok := w.done[n]
	if !ok {
		out = w.node(n)
		w.done[n] = out
	}
	return out
}

// same is n with its columns as they were.
func same(n logical.Node) narrowed { return narrowed{n, span(0, n.Schema().Len())} }

// exact is n with those columns only that are read of it.
func (w *narrower) exact(n logical.Node) narrowed { return w.chosen(n, w.demand.of(n)) }

// kept is n, an input of reader, which keeps its rows, with those columns only that reader reads. What others read of n is nothing to it: a query that
// comes or goes beside it must not change what it keeps.
func (w *narrower) kept(reader, n logical.Node) narrowed {
	own := demand{reader: w.demand.of(reader)}
	own.node(reader, true)
	return w.chosen(n, own.of(n))
}

// chosen is n with those columns only that are needed.
func (w *narrower) chosen(n logical.Node, needs []codec.Need) narrowed {
	in := w.narrow(n)
	out := narrowed{at: make([]int, len(in.at))}
	var columns []int
	for i, need := range needs {
		out.at[i] = -1
		if need.Read {
			out.at[i] = len(columns)
			columns = append(columns, in.at[i])
		}
	}
	out.node = choose(logical.Step{}, in.node, columns)
	return out
}

// whole is n with all its columns.
func (w *narrower) whole(n logical.Node) logical.Node {
	in := w.narrow(n)
	return choose(logical.Step{}, in.node, in.at)
}

func (w *narrower) node(n logical.Node) narrowed {
	switch n := n.(type) {
	case *logical.Filter:
		in := w.narrow(n.Input)
		c := *n
		c.Input, c.Predicate = in.node, in.expr(n.Predicate)
		return narrowed{&c, in.at}
	case *logical.Project:
		return w.project(n)
	case *logical.Join:
		return w.join(n)
	case *logical.Aggregate:
		return w.aggregate(n)
	case *logical.Sort:
		in := w.kept(n, n.Input)
		c := *n
		c.Input, c.Keys, c.Partition = in.node, in.order(n.Keys), nil
		if n.Partition != nil {
			c.Partition = in.columns(n.Partition)
		}
		if n.Rank == logical.NoRank {
			return narrowed{logical.NewSort(c), in.at}
		}
		rank := len(in.at)
		if !w.demand.of(n)[rank].Read {
			if c.Rank == logical.RankWithGaps {
				c.WithTies = true
			}
			if c.Rank != logical.DenseRank {
				c.Rank = logical.NoRank
			}
		}
		at := append(slices.Clone(in.at), in.node.Schema().Len())
		if c.Rank == logical.NoRank {
			at[rank] = -1
		}
		return narrowed{logical.NewSort(c), at}
	case *logical.Limit:
		in := w.narrow(n.Input)
		return narrowed{withInputs(n, []logical.Node{in.node}), in.at}
	case *logical.Over:
		return w.over(n)
	case *logical.RowsFrom:
		in := w.exact(n.Input)
		functions := slices.Clone(n.Functions)
		for i := range functions {
			functions[i].Args = in.columns(functions[i].Args)
		}
		out := logical.NewRowsFrom(n.Step, in.node, functions, n.Ordinality, n.Outer)
		added := n.Schema().Len() - n.Input.Schema().Len()
		return narrowed{out, slices.Concat(in.at, span(in.node.Schema().Len(), in.node.Schema().Len()+added))}
	}
	return w.flow(n)
}

// flow is node for the nodes that hand on rows as they are, or unfold one column.
func (w *narrower) flow(n logical.Node) narrowed {
	switch n := n.(type) {
	case *logical.Union:
		return w.union(n)
	case *logical.WindowTable:
		in := w.kept(n, n.Input)
		c := *n
		c.Input, c.Time, c.Partition = in.node, in.column(n.Time), in.columns(n.Partition)
		first := in.node.Schema().Len()
		return narrowed{logical.NewWindowTable(c), append(slices.Clone(in.at), first, first+1)}
	case *logical.LateRows:
		in := w.narrow(n.Of)
		return narrowed{logical.NewLateRows(in.node.(*logical.WindowTable)), in.at}
	case *logical.Split:
		in := w.narrow(n.Input)
		c := *n
		c.Input, c.Branches = in.node, slices.Clone(n.Branches)
		for i := range c.Branches {
			c.Branches[i].Cond = in.expr(c.Branches[i].Cond)
		}
		return narrowed{&c, in.at}
	case *logical.Port:
		in := w.narrow(n.Split)
		return narrowed{&logical.Port{Split: in.node.(*logical.Split), Branch: n.Branch}, in.at}
	case *logical.Unnest:
		in := w.narrow(n.Input)
		out := narrowed{logical.NewUnnest(n.Step, in.node, in.at[n.Column], n.As), slices.Clone(in.at)}
		if n.As != "" {
			out.at = append(out.at, in.node.Schema().Len())
		}
		return out
	}
	in := slices.Clone(n.Inputs())
	for i := range in {
		in[i] = w.whole(in[i])
	}
	return same(withInputs(n, in))
}

// union narrows all inputs to the same columns.
func (w *narrower) union(n *logical.Union) narrowed {
	out := narrowed{at: make([]int, n.Schema().Len())}
	var kept []int
	for i, need := range w.demand.of(n) {
		out.at[i] = -1
		if need.Read {
			out.at[i] = len(kept)
			kept = append(kept, i)
		}
	}
	u := &logical.Union{In: make([]logical.Node, len(n.In))}
	for i, in := range n.In {
		below := w.narrow(in)
		u.In[i] = choose(logical.Step{}, below.node, below.columns(kept))
	}
	out.node = u
	return out
}

func (w *narrower) project(n *logical.Project) narrowed {
	in := w.narrow(n.Input)
	out := narrowed{at: make([]int, len(n.Items))}
	var items []logical.Item
	for i, need := range w.demand.of(n) {
		out.at[i] = -1
		if !need.Read && !n.Written {
			continue
		}
		item := n.Items[i]
		if e := item.Expr; e.Op == bind.Column && in.at[e.Path[0]] < 0 {
			continue
		}
		out.at[i] = len(items)
		item.Expr = in.expr(item.Expr)
		items = append(items, item)
	}
	out.node = logical.NewProject(n.Step, in.node, items)
	return out
}

func (w *narrower) join(n *logical.Join) narrowed {
	if answer := w.demand.of(n)[n.Left.Schema().Len():]; n.Kind == logical.Single && !slices.ContainsFunc(answer, func(c codec.Need) bool { return c.Read }) {
		// Nobody reads the answer of a subquery: it is not asked for, not even for too many rows.
		left := w.narrow(n.Left)
		at := slices.Clone(left.at)
		for range answer {
			at = append(at, -1)
		}
		return narrowed{left.node, at}
	}
	left, right := w.kept(n, n.Left), w.kept(n, n.Right)
	nl, wl := n.Left.Schema().Len(), left.node.Schema().Len()
	keys := slices.Clone(n.Keys)
	for i := range keys {
		keys[i].Left, keys[i].Right = left.at[keys[i].Left], right.at[keys[i].Right]
	}
	condition := n.Condition
	if condition != nil {
		condition = bind.MapColumns(condition, func(c int) int {
			if c < nl {
				return left.at[c]
			}
			return wl + right.at[c-nl]
		})
	}
	narrow := rejoin(n, left.node, right.node, keys, condition)
	narrow.AsOf = left.expr(n.AsOf)
	out := narrowed{node: narrow, at: slices.Clone(left.at)}
	switch {
	case n.Kind == logical.Mark:
		out.at = append(out.at, wl)
	case !n.Kind.KeepsLeftOnly():
		for _, c := range right.at {
			if c >= 0 {
				c += wl
			}
			out.at = append(out.at, c)
		}
	}
	return out
}

func (w *narrower) aggregate(n *logical.Aggregate) narrowed {
	in := w.exact(n.Input)
	first := n.FirstCall()
	out := narrowed{at: span(0, first)}
	var calls []logical.AggregateCall
	for i, c := range n.Calls {
		if !w.demand.of(n)[first+i].Read {
			out.at = append(out.at, -1)
			continue
		}
		out.at = append(out.at, first+len(calls))
		c.Args, c.Filter, c.OrderBy = in.columns(c.Args), in.column(c.Filter), in.order(c.OrderBy)
		calls = append(calls, c)
	}
	out.node = regrouped(n, in.node, in.columns(n.Keys), calls)
	return out
}

// answers reports whether call i of n is needed: because its column is read, or because n is what takes out rows that come too late, which must not depend on what is read.
func (d demand) answers(n *logical.Over, i int) bool {
	calls := d.of(n)[n.Input.Schema().Len():]
	if calls[i].Read || i > 0 || slices.ContainsFunc(calls, func(c codec.Need) bool { return c.Read }) {
		return calls[i].Read
	}
	return len(n.Order) > 0 && inOrder(n.Order[0]) && !slices.ContainsFunc(n.Calls, func(c logical.WindowCall) bool { return ahead(n.Input, c) }) && dated(n)
}

// dated reports whether a source below n has a watermark.
func dated(n logical.Node) bool {
	if scan, ok := n.(*logical.Scan); ok {
		return scan.Source.EventTime >= 0
	}
	return slices.ContainsFunc(n.Inputs(), dated)
}

func (w *narrower) over(n *logical.Over) narrowed {
	in := w.kept(n, n.Input)
	now := in.node.Schema().Len()
	out := narrowed{at: slices.Clone(in.at)}
	var calls []logical.WindowCall
	for i, c := range n.Calls {
		if !w.demand.answers(n, i) {
			out.at = append(out.at, -1)
			continue
		}
		out.at = append(out.at, now+len(calls))
		c.Args, c.Filter = in.columns(c.Args), in.column(c.Filter)
		c.Frame.StartOffset, c.Frame.EndOffset = in.column(c.Frame.StartOffset), in.column(c.Frame.EndOffset)
		calls = append(calls, c)
	}
	out.node = in.node
	if len(calls) > 0 {
		out.node = logical.NewOver(n.Step, in.node, in.columns(n.Partition), in.order(n.Order), calls)
	}
	return out
}
