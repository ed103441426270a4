package physical

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/filter"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/project"
	"wire.example/wire/internal/operator/split"
	"wire.example/wire/internal/operator/unnest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// New returns what the data path runs for p: steps fused into one chain behind each source. lanes is the parallelism where p leaves it open.
func New(p *logical.Plan, lanes int) *Plan {
	if p.Parallelism > 0 {
		lanes = p.Parallelism
	}
	b := &builder{
		plan: &Plan{Name: p.Name, Parallelism: lanes}, sources: map[*logical.Scan]*Source{}, steps: map[place]*Step{},
		stages: map[logical.Node]*Stage{}, nodes: map[*Stage]logical.Node{}, origins: map[logical.Node][]*Stage{},
	}
	b.letters = p.DeadLetters != nil
	for _, s := range p.Sinks {
		sink := newSink(s, s.Input.Schema())
		b.plan.Sinks = append(b.plan.Sinks, sink)
		b.lead(s.Input, Edge{Sink: sink})
	}
	b.setGates(b.nodes)
	if p.DeadLetters != nil {
		b.plan.DeadLetters = newSink(p.DeadLetters, p.DeadLetters.Schema)
	}
	return b.plan
}

func newSink(s *logical.Sink, columns *schema.Schema) *Sink {
	sink := &Sink{Name: s.Name, Input: s.Input, Type: s.Type, Config: s.Config, OnError: s.OnError, Encode: codec.EncodeSpec{
		Schema: columns, Raw: s.Raw, Changelog: s.Changes != logical.AppendOnly, Upserts: s.Changes == logical.Upsert,
	}}
	if s.Format != nil {
		sink.Format, sink.FormatType = s.Format.Format, s.Format
	}
	return sink
}

// builder makes each source, stage and step once.
type builder struct {
	plan    *Plan
	sources map[*logical.Scan]*Source
	steps   map[place]*Step
	stages  map[logical.Node]*Stage
	nodes   map[*Stage]logical.Node
	origins map[logical.Node][]*Stage
	letters bool // there are dead letters
}

// place is where a step of a node runs: in the lanes of sources, if stage is nil, or in the tasks of a stage.
type place struct {
	node  logical.Node
	stage *Stage
}

// lead makes the rows of n flow into edge.
func (b *builder) lead(n logical.Node, edge Edge) {
	for _, origin := range b.origin(n) {
		b.leadFrom(n, origin, edge)
	}
}

// origin returns the stages whose tasks yield rows of n; nil, the first if it is among them, stands for the lanes of sources.
func (b *builder) origin(n logical.Node) []*Stage {
	if all, ok := b.origins[n]; ok {
		return all
	}
	var all []*Stage
	switch {
	case isScan(n):
		all = []*Stage{nil}
	case blocking(n):
		all = []*Stage{b.stage(n)}
	default:
		for _, in := range n.Inputs() {
			for _, o := range b.origin(in) {
				switch {
				case slices.Contains(all, o):
				case o == nil: // first: a step there has its node's name
					all = slices.Insert(all, 0, o)
				default:
					all = append(all, o)
				}
			}
		}
	}
	b.origins[n] = all
	return all
}

func isScan(n logical.Node) bool {
	_, ok := n.(*logical.Scan)
	return ok
}

// leadFrom makes those rows of n flow into edge that come from origin.
func (b *builder) leadFrom(n logical.Node, origin *Stage, edge Edge) {
	if !slices.Contains(b.origin(n), origin) {
		return
	}
	switch n := n.(type) {
	case *logical.Scan:
		s := b.source(n)
		s.Next = append(s.Next, edge)
	case *logical.Union:
		for _, in := range n.In {
			b.leadFrom(in, origin, edge)
		}
	case *logical.Port:
		s := b.step(n.Split, origin)
		s.Ports[n.Branch] = append(s.Ports[n.Branch], edge)
	case *logical.LateRows:
		s := b.step(n.Of, origin)
		s.Ports[window.LatePort] = append(s.Ports[window.LatePort], edge)
	default:
		s := b.headOrStep(n, origin)
		s.Ports[0] = append(s.Ports[0], edge)
	}
}

func (b *builder) headOrStep(n logical.Node, origin *Stage) *Step {
	if blocking(n) {
		return b.stage(n).Head
	}
	return b.step(n, origin)
}

func (b *builder) source(n *logical.Scan) *Source {
	if s, ok := b.sources[n]; ok {
		return s
	}
	from := n.Source
	s := &Source{
		Name: from.Name, Declared: from, Type: from.Type, Config: from.Config, MaxRecordBytes: from.MaxRecordBytes, OnError: from.OnError,
		EventTime: from.EventTime, Delay: from.Delay, Dated: n.Dated, IdleAfter: from.IdleAfter, Drift: from.Drift, Detail: n.String(),
		Decode: codec.DecodeSpec{Schema: from.Schema, Need: n.Need, Filter: n.Conditions, Times: from.Times},
	}
	s.Decode.Origin = from.Format != nil || b.letters // rows of their own are made into records for dead letters alone
	s.Decode.Upserts = from.Changes == logical.Upsert
	if from.Format != nil {
		s.Format = from.Format.Format
	}
	b.sources[n] = s
	b.plan.Sources = append(b.plan.Sources, s)
	return s
}

// step makes the step of n at origin, and leads into it what comes from there. Where the rows of n come from several origins, each has a step of
// its own.
func (b *builder) step(n logical.Node, origin *Stage) *Step {
	at := place{n, origin}
	if s, ok := b.steps[at]; ok {
		return s
	}
	s := newStep(n)
	if origin != b.origin(n)[0] {
		s.Name += "@" + origin.Name
	}
	b.steps[at] = s
	for _, in := range n.Inputs() {
		b.leadFrom(in, origin, Edge{Step: s})
	}
	return s
}

func newStep(n logical.Node) *Step {
	_, detail, _ := strings.Cut(n.String(), ": ") // the name stands beside it
	s := &Step{Detail: detail, Schema: n.Schema(), Ports: make([][]Edge, 1)}
	switch n := n.(type) {
	case *logical.Filter:
		s.Name, s.OnError, s.Tick = n.Name, n.OnError, clockTick(n.Predicate)
		s.New = func(b Build) (op.Operator, error) {
			program, err := eval.Compile(b.Pool, n.Predicate)
			return filter.New(program), err
		}
	case *logical.Project:
		exprs := make([]*bind.Expr, len(n.Items))
		for i, item := range n.Items {
			exprs[i] = item.Expr
		}
		s.Name, s.OnError, s.Tick = n.Name, n.OnError, clockTick(exprs...)
		s.New = func(b Build) (op.Operator, error) {
			program, err := eval.Compile(b.Pool, exprs...)
			return project.New(program), err
		}
	case *logical.Unnest:
		s.Name, s.OnError = n.Name, n.OnError
		s.New = func(b Build) (op.Operator, error) {
			return unnest.New(b.Pool, n.Column, n.As != "", n.Keep), nil
		}
	case *logical.Split:
		s.Name, s.OnError = n.Name, n.OnError
		s.Ports = make([][]Edge, len(n.Branches))
		for _, branch := range n.Branches {
			if branch.Cond != nil && s.Tick == 0 {
				s.Tick = clockTick(branch.Cond)
			}
		}
		s.New = func(b Build) (op.Operator, error) { return newSplit(b.Pool, n) }
	case *logical.RowsFrom:
		newRowsFrom(s, n)
	case *logical.Late:
		newLate(s, n)
	case *logical.WindowTable:
		newWindowTable(s, n)
	default:
		panic(fmt.Sprintf("physical: no step for %T", n))
	}
	return s
}

func newSplit(pool *batch.Pool, n *logical.Split) (op.Operator, error) {
	predicates := make([]*eval.Program, len(n.Branches))
	for i, branch := range n.Branches {
		if branch.Cond == nil {
			continue
		}
		program, err := eval.Compile(pool, branch.Cond)
		if err != nil {
			return nil, err
		}
		predicates[i] = program
	}
	return split.New(predicates), nil
}
