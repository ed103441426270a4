package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// Changes says how the rows of an edge may change.
type Changes uint8

// The kinds of edges.
const (
	// AppendOnly: a row that was given stays.
	AppendOnly Changes = iota
	// Upsert: a row replaces the one before with the same key.
	Upsert
	// Changelog: rows are given and taken back.
	Changelog
)

// String returns the kind as plans show it.
func (c Changes) String() string { return [...]string{"append-only", "upsert", "changelog"}[c] }

// Properties are what is known of the rows that a node gives to those that read it.
type Properties struct {
	// Bounded says that they end.
	Bounded bool
	Changes Changes
	// Key are columns, ascending, whose values no two rows at one time have in common; nil if none are known. No column at all means one row at most.
	Key []int
	// Watermark is the column that has one, or -1.
	Watermark int
}

// Edges computes properties of nodes, each once.
type Edges struct {
	done map[logical.Node]*Properties
}

// NewEdges returns an empty collection.
func NewEdges() *Edges { return &Edges{done: map[logical.Node]*Properties{}} }

// Of returns the properties of the edge behind n.
func (s *Edges) Of(n logical.Node) *Properties {
	if p, ok := s.done[n]; ok {
		return p
	}
	p := s.compute(n)
	s.done[n] = p
	return p
}

func (s *Edges) compute(n logical.Node) *Properties {
	switch n := n.(type) {
	case *logical.Scan:
		return scanned(n)
	case *logical.Project:
		return s.projected(n)
	case *logical.Union:
		p := &Properties{Bounded: true, Watermark: s.Of(n.In[0]).Watermark}
		for _, in := range n.In {
			below := s.Of(in)
			p.Bounded = p.Bounded && below.Bounded
			p.Changes = max(p.Changes, below.Changes)
			if below.Watermark != p.Watermark {
				p.Watermark = -1
			}
		}
		if p.Changes == Upsert { // equal keys of different inputs are different rows
			p.Changes = Changelog
		}
		return p
	case *logical.Join:
		return s.joined(n)
	case *logical.Aggregate:
		return s.grouped(n)
	case *logical.Sort:
		return s.limited(n, n.Limit == logical.NoLimit && n.Offset == 0)
	case *logical.Limit:
		p := *s.Of(n.Input)
		if n.Limit == 0 || n.Limit == 1 {
			p.Key = []int{}
		}
		return &p
	case *logical.SetOp:
		left, right := s.Of(n.Left), s.Of(n.Right)
		p := &Properties{Bounded: left.Bounded && right.Bounded, Watermark: -1}
		if !p.Bounded {
			p.Changes = Changelog
		}
		if !n.All {
			p.Key = span(0, n.Schema().Len())
		}
		return p
	case *logical.Over:
		p := *s.Of(n.Input)
		if !p.Bounded {
			p.Changes, p.Watermark = Changelog, -1
		}
		return &p
	case *logical.RowsFrom, *logical.WindowTable:
		p := *s.Of(n.Inputs()[0])
		p.Key = nil
		return &p
	case *logical.Unnest:
		p := *s.Of(n.Input)
		p.Key = nil
		if p.Watermark == n.Column {
			p.Watermark = -1
		}
		return &p
	}
	return s.Of(n.Inputs()[0]) // filters, splits and ports
}

func scanned(n *logical.Scan) *Properties {
	p := &Properties{Bounded: n.Source.Type.Bounded(n.Source.Config), Watermark: n.Source.EventTime, Key: n.Source.Key}
	if n.AtMostOneRow() {
		p.Key = []int{}
	}
	return p
}

// projected keeps what the items pass on.
func (s *Edges) projected(n *logical.Project) *Properties {
	below := s.Of(n.Input)
	p := &Properties{Bounded: below.Bounded, Changes: below.Changes, Watermark: -1}
	at := func(column int) int {
		return slices.IndexFunc(n.Items, func(item logical.Item) bool {
			return item.Expr.Op == bind.Column && len(item.Expr.Path) == 1 && item.Expr.Path[0] == column
		})
	}
	if below.Watermark >= 0 {
		p.Watermark = at(below.Watermark)
	}
	if below.Key != nil {
		p.Key = []int{}
		for _, c := range below.Key {
			i := at(c)
			if i < 0 {
				p.Key = nil
				break
			}
			p.Key = append(p.Key, i)
		}
		slices.Sort(p.Key)
	}
	if p.Key == nil && p.Changes == Upsert {
		p.Changes = Changelog
	}
	return p
}

// joined has the keys of both sides together; those of one side where each of its rows meets one row at most.
func (s *Edges) joined(n *logical.Join) *Properties {
	left, right := s.Of(n.Left), s.Of(n.Right)
	p := &Properties{Bounded: left.Bounded && right.Bounded, Watermark: -1, Changes: max(left.Changes, right.Changes)}
	if !p.Bounded && (n.Kind != logical.Inner || p.Changes == Upsert) {
		p.Changes = Changelog
	}
	nl := n.Left.Schema().Len()
	switch {
	case n.Kind.KeepsLeftOnly() || n.Kind == logical.Single:
		p.Key = left.Key
	case left.Key == nil || right.Key == nil:
	case !n.Kind.LeftNullable() && covered(n, right.Key, false):
		p.Key = left.Key
	case !n.Kind.RightNullable() && covered(n, left.Key, true):
		p.Key = moveAll(right.Key, nl)
	default:
		p.Key = append(slices.Clone(left.Key), moveAll(right.Key, nl)...)
	}
	return p
}

// covered reports whether the keys of a join name all of a side's key: then a row of the other side meets one row at most.
func covered(n *logical.Join, key []int, left bool) bool {
	for _, c := range key {
		if !slices.ContainsFunc(n.Keys, func(k logical.KeyPair) bool { return left && k.Left == c || !left && k.Right == c }) {
			return false
		}
	}
	return true
}

func (s *Edges) grouped(n *logical.Aggregate) *Properties {
	below := s.Of(n.Input)
	p := &Properties{Bounded: below.Bounded, Watermark: -1, Key: span(0, len(n.Keys))}
	if n.Sets != nil {
		p.Key = append(p.Key, len(n.Keys))
	}
	if !p.Bounded {
		p.Changes = Upsert
	}
	return p
}

func (s *Edges) limited(n *logical.Sort, all bool) *Properties {
	p := *s.Of(n.Input)
	if all {
		return &p
	}
	if !p.Bounded {
		p.Changes, p.Watermark = Changelog, -1
	}
	if (n.Limit == 0 || n.Limit == 1) && !n.WithTies {
		p.Key = slices.Clone(n.Partition)
		if p.Key == nil {
			p.Key = []int{}
		}
		slices.Sort(p.Key)
	}
	return &p
}

// columnNames are the names of columns of s.
func columnNames(s *schema.Schema, columns []int) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = s.Fields[c].Name
	}
	return names
}
