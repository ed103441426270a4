package optimize

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// PruneColumns tells each scan which columns, and which members of nested rows, anything above it reads.
func PruneColumns(p *logical.Plan) {
	demandOf(p, false)
}

// demand is what is read of each node's rows: a Need for each column of its schema.
type demand map[logical.Node][]codec.Need

func (d demand) of(n logical.Node) []codec.Need {
	if d[n] == nil {
		d[n] = make([]codec.Need, n.Schema().Len())
	}
	return d[n]
}

// whole demands column i of n.
func (d demand) whole(n logical.Node, i int) { d.of(n)[i] = codec.Need{Read: true} }

func (d demand) sink(s *logical.Sink) {
	if !s.Raw {
		for i := range s.Input.Schema().Fields {
			d.whole(s.Input, i)
		}
		return
	}
	if s.Type.Columns == nil {
		return
	}
	for _, name := range s.Type.Columns(s.Config) {
		if i, err := s.Input.Schema().Find(name); err == nil {
			d.whole(s.Input, i)
		}
	}
}

// exprs demands what the expressions read of n.
func (d demand) exprs(n logical.Node, exprs ...*bind.Expr) {
	fields := n.Schema().Fields
	for _, path := range bind.Paths(exprs...) {
		add(d.of(n), fields, path)
	}
}

// add notes one path: a column, or a member below one.
func add(need []codec.Need, fields []schema.Field, path []int) {
	at := &need[path[0]]
	switch {
	case at.Read && at.Members == nil: // already whole
	case len(path) == 1:
		*at = codec.Need{Read: true}
	default:
		members := fields[path[0]].Type.Fields
		if !at.Read {
			*at = codec.Need{Read: true, Members: make([]codec.Need, len(members))}
		}
		add(at.Members, members, path[1:])
	}
}

// pass demands of n what is demanded of a node whose columns are n's.
func (d demand) pass(n logical.Node, from []codec.Need) {
	merge(d.of(n), from)
}

func merge(into, from []codec.Need) {
	for i, f := range from {
		at := &into[i]
		switch {
		case !f.Read || at.Read && at.Members == nil:
		case !at.Read || f.Members == nil:
			*at = f.Clone()
		default:
			merge(at.Members, f.Members)
		}
	}
}

// node passes the demand on n to its inputs. A column that a Project only passes on and nobody reads is not demanded: it stays unread, and is
// passed on as that. What else nobody reads is computed all the same, unless it is narrowing that asks: then it will be left out.
func (d demand) node(n logical.Node, narrowing bool) {
	switch n := n.(type) {
	case *logical.Scan:
		d.scan(n)
	case *logical.Filter:
		d.pass(n.Input, d.of(n))
		d.exprs(n.Input, n.Predicate)
	case *logical.Project:
		out := d.of(n)
		for i, item := range n.Items {
			passes := item.Expr.Op == bind.Column && len(item.Expr.Path) == 1
			if passes && out[i].Members != nil { // only these
				at := item.Expr.Path[0]
				merge(d.of(n.Input)[at:at+1], out[i:i+1])
				continue
			}
			if out[i].Read || !passes && (!narrowing || n.Written) {
				d.exprs(n.Input, item.Expr)
			}
		}
	case *logical.Unnest:
		from := append([]codec.Need(nil), d.of(n)[:n.Input.Schema().Len()]...)
		n.Keep = make([]bool, len(from))
		for i := range from {
			n.Keep[i] = from[i].Read
		}
		from[n.Column] = codec.Need{Read: true}
		d.pass(n.Input, from)
	case *logical.Split:
		d.pass(n.Input, d.of(n))
		for _, b := range n.Branches {
			if b.Cond != nil {
				d.exprs(n.Input, b.Cond)
			}
		}
	case *logical.Port:
		d.pass(n.Split, d.of(n))
	case *logical.Union:
		for _, in := range n.In {
			d.pass(in, d.of(n))
		}
	default:
		d.relation(n, narrowing)
	}
}

// relation is node for relational nodes.
func (d demand) relation(n logical.Node, narrowing bool) {
	switch n := n.(type) {
	case *logical.Join:
		d.join(n)
	case *logical.Aggregate:
		d.wholes(n.Input, n.Keys...)
		first := n.FirstCall()
		for i, c := range n.Calls {
			if !narrowing || d.of(n)[first+i].Read {
				d.wholes(n.Input, c.Args...)
				d.wholes(n.Input, c.Filter)
				d.sortKeys(n.Input, c.OrderBy)
			}
		}
	case *logical.Sort:
		d.pass(n.Input, d.of(n)[:n.Input.Schema().Len()])
		d.sortKeys(n.Input, n.Keys)
		d.wholes(n.Input, n.Partition...)
	case *logical.Limit:
		d.pass(n.Input, d.of(n))
	case *logical.SetOp:
		for i := range n.Schema().Fields {
			d.wholes(n.Left, i)
			d.wholes(n.Right, i)
		}
	case *logical.Over:
		in := n.Input.Schema().Len()
		d.pass(n.Input, d.of(n)[:in])
		d.wholes(n.Input, n.Partition...)
		d.sortKeys(n.Input, n.Order)
		for i, c := range n.Calls {
			if !narrowing || d.answers(n, i) {
				d.wholes(n.Input, c.Args...)
				d.wholes(n.Input, c.Filter, c.Frame.StartOffset, c.Frame.EndOffset)
			}
		}
	case *logical.RowsFrom:
		d.pass(n.Input, d.of(n)[:n.Input.Schema().Len()])
		for _, f := range n.Functions {
			d.wholes(n.Input, f.Args...)
		}
	case *logical.WindowTable:
		d.pass(n.Input, d.of(n)[:n.Input.Schema().Len()])
		d.wholes(n.Input, n.Time)
		d.wholes(n.Input, n.Partition...)
	default:
		d.change(n)
	}
}

// change is node for what has to do with late rows and changes.
func (d demand) change(n logical.Node) {
	switch n := n.(type) {
	case *logical.LateRows:
		d.pass(n.Of, d.of(n))
	case *logical.Late:
		d.pass(n.Input, d.of(n))
		d.wholes(n.Input, n.Time)
	case *logical.Sessions:
		d.pass(n.Input, d.of(n))
		d.wholes(n.Input, n.Keys...)
		d.wholes(n.Input, n.Start, n.End)
	case *logical.Normalize, *logical.Fold: // they compare whole rows
		in := n.Inputs()[0]
		d.wholes(in, span(0, in.Schema().Len())...)
	}
}

// wholes demands columns of n, leaving out NoColumn.
func (d demand) wholes(n logical.Node, columns ...int) {
	for _, c := range columns {
		if c != logical.NoColumn {
			d.whole(n, c)
		}
	}
}

func (d demand) sortKeys(n logical.Node, keys []logical.SortKey) {
	for _, k := range keys {
		d.whole(n, k.Column)
	}
}

func (d demand) join(n *logical.Join) {
	nl := n.Left.Schema().Len()
	out := d.of(n)
	n.Need = make([]bool, len(out))
	for i := range out {
		n.Need[i] = out[i].Read
	}
	d.pass(n.Left, out[:nl])
	if !n.Kind.KeepsLeftOnly() {
		d.pass(n.Right, out[nl:])
	}
	for _, k := range n.Keys {
		d.whole(n.Left, k.Left)
		d.whole(n.Right, k.Right)
	}
	if n.AsOf != nil {
		d.exprs(n.Left, n.AsOf)
		for c := range NewEdges().Of(n.Right).Times { // the time of a version
			d.whole(n.Right, c)
		}
	}
	if t := n.Temporal; t != nil && t.Right >= 0 {
		d.whole(n.Right, t.Right)
	}
	if n.Condition == nil {
		return
	}
	for _, path := range bind.Paths(n.Condition) {
		if path[0] < nl {
			d.whole(n.Left, path[0])
		} else {
			d.whole(n.Right, path[0]-nl)
		}
	}
}

func (d demand) scan(n *logical.Scan) {
	need := d.of(n)
	for _, c := range need {
		if !c.All() {
			n.Need = need
			return
		}
	}
	n.Need = nil
}
