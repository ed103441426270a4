package flow_test

import (
	"context"
	"errors"
	"sync/atomic"
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
	before, behind int    // pieces before and since the rows came
	flushes        int    // of a patientSluice
	wrote          func() // is told of each piece that is written since; may be nil
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
	if p.wrote != nil {
		p.wrote()
	}
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
	l := startKept(t, f, plan, stage, clock.NewManual(time.UnixMicro(0)))
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

// startKept starts a plan whose only stage is behind a feed, and whose state is kept in memory, with a checkpoint every second of a clock.
func startKept(t *testing.T, f *feed, plan *physical.Plan, stage *physical.Stage, at *clock.Manual) *live {
	t.Helper()
	source := f.source("feed")
	source.Dated = false // a watermark would have rows go on
	source.Next = []physical.Edge{edge(physical.Single, stage, 0)}
	plan.Sources, plan.Stages = []*physical.Source{source}, []*physical.Stage{stage}
	l := &live{t: t, clock: at, stop: make(chan struct{}), done: make(chan error, 1)}
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
	return l
}

// patientSluice counts how often it was asked for what it holds back since its state was sealed and rows came: a task does so when they are to wait no more.
type patientSluice struct{ sluice }

func (s *patientSluice) OnFlush(*op.Output) (more bool, err error) {
	if s.left.came {
		s.left.flushes++
	}
	return false, nil
}

// TestRowsWaitForCompanyThroughLulls: rows that come while sealed state is written wait while nothing comes behind them: as long as no time passes for all that is written, and else for a part of it.
func TestRowsWaitForCompanyThroughLulls(t *testing.T) {
	const pieces = 20
	for name, test := range map[string]struct {
		piece  time.Duration // of the clock's time, for each piece
		before int64         // pieces that were written when rows went on
	}{
		"no time passes": {0, pieces},
		"time passes":    {500 * time.Microsecond, 5}, // the first is written before anybody looks whether more comes, and a lull has two milliseconds
		"much passes":    {10 * time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var sink collector
			f := newFeed("x")
			plan := pipe(&counter{}, &sink, 1)
			at := clock.NewManual(time.UnixMicro(0))
			var before atomic.Int64
			part := &sluicePart{ask: func() { f.put(0, 3, 4) }}
			part.wrote = func() {
				switch {
				case part.flushes > 0:
					before.CompareAndSwap(0, int64(part.behind-1))
				case part.behind == pieces:
					before.CompareAndSwap(0, pieces)
				default:
					at.Advance(test.piece)
				}
			}
			stage := &physical.Stage{Name: "only", Tasks: 1, Inputs: 1}
			stage.Head = &physical.Step{Name: "only", Ports: one(plan.Sources[0].Next...), New: func(physical.Build) (op.Operator, error) {
				return &patientSluice{sluice{passing: passing{part: keyed.Kept(part)}, left: part}}, nil
			}}
			l := startKept(t, f, plan, stage, at)
			l.put(f, 0, 1, 2)
			l.clock.Advance(time.Second)
			l.wait("rows that came while state was written", func() bool { return before.Load() > 0 && l.p.Report().Sinks[0].Rows == 4 })
			if n := before.Load(); n != test.before {
				t.Errorf("rows went on when %d pieces were written, want %d", n, test.before)
			}
			f.end(-1)
			l.end(false)
		})
	}
}
