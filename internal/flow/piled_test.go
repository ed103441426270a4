package flow_test

import (
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// piledPart is a part that writes changes before their turn: pile bytes with each batch, until they are drained or spilled.
type piledPart struct {
	fullPart
	pile, piled, largest int64
	spills               int
}

func (p *piledPart) Piled() int64 { return p.piled }

func (p *piledPart) Drain(into *store.Changes, most int64) (more bool, err error) {
	p.piled = 0
	return p.fullPart.Drain(into, most)
}

func (p *piledPart) Spill(*store.Changes, int64) (more bool) {
	p.piled = 0
	p.spills++
	return false
}

// piling passes all rows on.
type piling struct {
	passing
	part *piledPart
}

func (p *piling) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	p.part.piled += p.part.pile
	p.part.largest = max(p.part.largest, p.part.piled)
	return p.passing.Apply(in, out)
}

// TestPilesAreStored: while memory is short what a part writes before its turn goes to the store before it is much, and else in its turn.
func TestPilesAreStored(t *testing.T) {
	const memory, low, pile = 240 << 20, 40 << 20, 4 << 20
	for _, test := range []struct {
		name  string
		taken int64 // of memory, by others
		short bool
	}{
		{"short", memory - low - low/2, true},
		{"ample", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sink collector
			plan := pipe(&counter{limit: 20_000, block: 100}, &sink, 1)
			part := &piledPart{pile: pile}
			stage := &physical.Stage{Name: "s", Tasks: 1, Inputs: 1}
			stage.Head = &physical.Step{Name: "s", Ports: one(plan.Sources[0].Next...), New: func(physical.Build) (op.Operator, error) {
				return &piling{passing{part: keyed.Kept(part)}, part}, nil
			}}
			plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, stage, 0)}
			plan.Stages = []*physical.Stage{stage}
			s := settings()
			s.Budget = limit.New("test", memory)
			if err := s.Budget.Reserve(test.taken); err != nil {
				t.Fatal(err)
			}
			s.Keeper, s.QueueDepth, s.EpochEvery, s.EpochBounded = &memoryKeeper{store: store.NewMemory()}, 1, time.Hour, true
			p, err := flow.Build(t.Context(), plan, s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Run(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if len(sink.published) != 20_000 {
				t.Errorf("%d rows", len(sink.published))
			}
			if stored := part.largest <= low/4+pile; stored != test.short || test.short != (part.spills > 0) {
				t.Errorf("up to %d bytes waited, %d spills", part.largest, part.spills)
			}
		})
	}
}
