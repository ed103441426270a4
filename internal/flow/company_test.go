package flow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// sluice passes rows on. Its sealed state takes until rows have come that it asks for itself, and some pieces more, the last of which are written while the task has nothing else to do.
type sluice struct {
	passing
	left *sluicePart
}

func (s *sluice) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	s.left.came = s.left.sealed
	return s.passing.Apply(in, out)
}

type sluicePart struct {
	slowPart
	ask            func()
	sealed, came   bool
	before, behind int // pieces before and since the rows came
}

func (p *sluicePart) Seal() { p.sealed = true }

func (p *sluicePart) Drain(into *store.Changes, _ int64) (more bool, err error) {
	if err := clock.System().Sleep(context.Background(), time.Millisecond); err != nil {
		return false, err
	}
	if !p.came {
		if p.before++; p.before == 3 { // what came with the barrier has gone on
			p.ask()
		}
		return true, nil
	}
	p.behind++
	into.Put(p.at.Space, 0, p.at.From, []byte{byte(p.behind)}, nil)
	return p.behind < 20, nil // what comes with the rows, and behind them, is there by then
}

// TestRowsDoNotWaitForCompanyBehindSealedState: rows that come while sealed state is written go on when that is done, though nothing comes behind them and no time passes.
func TestRowsDoNotWaitForCompanyBehindSealedState(t *testing.T) {
	var sink collector
	f := newFeed("x")
	plan := pipe(&counter{}, &sink, 1)
	part := &sluicePart{ask: func() { f.put(0, 3, 4) }}
	stage := &physical.Stage{Name: "only", Tasks: 1, Inputs: 1}
	stage.Head = &physical.Step{Name: "only", Ports: one(plan.Sources[0].Next...), New: func(physical.Build) (op.Operator, error) {
		return &sluice{passing: passing{part: keyed.Kept(part)}, left: part}, nil
	}}
	source := f.source("feed")
	source.Next = []physical.Edge{edge(physical.Single, stage, 0)}
	plan.Sources, plan.Stages = []*physical.Source{source}, []*physical.Stage{stage}
	l := &live{t: t, clock: clock.NewManual(time.UnixMicro(0)), stop: make(chan struct{}), done: make(chan error, 1)}
	s := settings()
	s.Clock, s.EpochEvery = l.clock, time.Second
	s.Keeper = &memoryKeeper{store: store.NewMemory()}
	var err error
	if l.p, err = flow.Build(t.Context(), plan, s); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := l.p.Run(t.Context(), l.stop)
		l.done <- errors.Join(err, l.p.Close())
	}()
	l.put(f, 0, 1, 2)
	l.clock.Advance(time.Second)
	wall := clock.System()
	deadline := wall.Monotonic() + 10*time.Second
	l.wait("rows that came while state was written", func() bool {
		return l.p.Report().Sinks[0].Rows == 4 || wall.Monotonic() > deadline
	})
	if rows := l.p.Report().Sinks[0].Rows; rows != 4 {
		t.Errorf("%d rows came, want 4", rows)
	}
	f.end(-1)
	l.end(false)
}
