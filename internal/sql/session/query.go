package session

import (
	"context"
	"fmt"
	"slices"

	"wire.example/wire/internal/connect/memory"
	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/sdk/batch"
)

// query runs a query and hands its rows on.
func (s *Session) query(ctx context.Context, c *call, n *sqlast.Query) error {
	b := s.newBinder(c.params)
	r, err := b.Query(n, "query")
	if err != nil {
		return err
	}
	if err := c.handler.Begin(r.Columns); err != nil {
		return err
	}
	rows := 0
	take := func(ctx context.Context, b *batch.Batch) error {
		rows += b.Rows()
		return c.handler.Rows(ctx, b)
	}
	p := answer(r.Node, take)
	if h, ok := c.handler.(Ordered); ok {
		h.Order(orderOf(r.Node))
	}
	if h, ok := c.handler.(Expecting); ok {
		p.Sinks[0].Config.(*memory.Output).Begin = h.Expect
	}
	addLate(p, b.TakeLate())
	if err := s.run(ctx, p); err != nil {
		return refusedAt(n.Location(), err)
	}
	return c.handler.Done(fmt.Sprintf("SELECT %d", rows))
}

// orderOf are the columns of n that its rows are sorted by.
func orderOf(n logical.Node) []OrderKey {
	switch n := n.(type) {
	case *logical.Sort:
		if n.Partition != nil {
			return nil
		}
		keys := make([]OrderKey, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = OrderKey{Column: k.Column, Desc: k.Desc, NullsFirst: k.NullsFirst}
		}
		return keys
	case *logical.Project:
		keys := orderOf(n.Input)
		for i, k := range keys {
			at := slices.IndexFunc(n.Items, func(item logical.Item) bool {
				return item.Expr.Op == exprbind.Column && len(item.Expr.Path) == 1 && item.Expr.Path[0] == k.Column
			})
			if at < 0 {
				return keys[:i]
			}
			keys[i].Column = at
		}
		return keys
	}
	return nil
}

// addLate leads late rows into their sinks.
func addLate(p *logical.Plan, late []bind.Late) {
	for _, l := range late {
		addSink(p, l.Sink.Sink, l.Node)
	}
}

// resultName is what the sink of a query's rows is called.
const resultName = "result"

// answer is a plan whose rows go to take.
func answer(n logical.Node, take func(context.Context, *batch.Batch) error) *logical.Plan {
	sink := &logical.Sink{Name: resultName, Type: memory.SinkType(), Config: &memory.Output{Take: take}, Input: n}
	return &logical.Plan{Name: "query", Sinks: []*logical.Sink{sink}}
}

// insert runs an INSERT into a table at once, and collects one into a sink.
func (s *Session) insert(ctx context.Context, c *call, n *sqlast.Insert) error {
	target := s.catalog.Find(n.Table.Last().Text)
	if target == nil || target.Kind() != sqlast.Sink {
		b := s.newBinder(c.params)
		i, err := b.Insert(n)
		if err != nil {
			return err
		}
		count, err := s.fill(ctx, i.Table.Rows.(*table), i.Node, b.TakeLate())
		if err != nil {
			return err
		}
		return c.handler.Done(fmt.Sprintf("INSERT 0 %d", count))
	}
	if s.binder == nil || c.params != nil {
		s.binder = s.newBinder(c.params)
	}
	i, err := s.binder.Insert(n)
	if err != nil {
		return err
	}
	if s.pending == nil {
		s.asked = map[string][]asked{}
	}
	s.asked[i.Sink.Name] = append(s.asked[i.Sink.Name], asked{n.Location(), c.text})
	s.collect(i.Sink.Sink, i.Node)
	s.collectLate()
	return c.handler.Done("INSERT")
}

// collect adds rows for a sink to the pipeline that Finish runs.
func (s *Session) collect(sink logical.Sink, rows logical.Node) {
	if s.pending == nil {
		s.pending = &logical.Plan{Name: s.config.Name}
	}
	addSink(s.pending, sink, rows)
}

// collectLate adds the late rows that the statements collected so far keep.
func (s *Session) collectLate() {
	for _, late := range s.binder.TakeLate() {
		s.collect(late.Sink.Sink, late.Node)
	}
}

// addSink adds rows for a sink to a plan: a sink gets the rows of all its INSERTs.
func addSink(p *logical.Plan, sink logical.Sink, rows logical.Node) {
	for _, other := range p.Sinks {
		if other.Name == sink.Name {
			other.Input = union(other.Input, rows)
			return
		}
	}
	sink.Input = rows
	p.Sinks = append(p.Sinks, &sink)
}

func union(a, b logical.Node) logical.Node {
	if u, ok := a.(*logical.Union); ok {
		return &logical.Union{In: append(u.In[:len(u.In):len(u.In)], b)}
	}
	return &logical.Union{In: []logical.Node{a, b}}
}
