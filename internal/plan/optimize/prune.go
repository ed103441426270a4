package optimize

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// PruneColumns tells each scan which columns, and which members of nested rows, anything above it reads.
func PruneColumns(p *logical.Plan) {
	d := demand{}
	for _, s := range p.Sinks {
		d.sink(s)
	}
	for _, n := range order(p) {
		d.node(n)
	}
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
// passed on as that.
func (d demand) node(n logical.Node) {
	switch n := n.(type) {
	case *logical.Scan:
		d.scan(n)
	case *logical.Filter:
		d.pass(n.Input, d.of(n))
		d.exprs(n.Input, n.Predicate)
	case *logical.Project:
		out := d.of(n)
		for i, item := range n.Items {
			if passes := item.Expr.Op == bind.Column && len(item.Expr.Path) == 1; !passes || out[i].Read {
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
	}
}

func (d demand) scan(n *logical.Scan) {
	if n.Source.EventTime >= 0 {
		d.whole(n, n.Source.EventTime)
	}
	need := d.of(n)
	for _, c := range need {
		if !c.All() {
			n.Need = need
			return
		}
	}
	n.Need = nil
}
