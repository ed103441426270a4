package flow_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// racing notes how far, in event time, input 0 gets ahead of input 1 while that has not ended.
type racing struct {
	pass
	top   [2]int64
	ended bool
	lead  *atomic.Int64
}

func newRacing(lead *atomic.Int64) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) { return &racing{lead: lead}, nil }
}

func (r *racing) ApplyInput(input int, in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		r.top[input] = max(r.top[input], in.Cols[1].Int64s()[in.Row(i)])
	}
	if !r.ended {
		r.lead.Store(max(r.lead.Load(), r.top[0]-r.top[1]))
	}
	return r.Apply(in, out)
}

func (r *racing) OnInputEnd(input int, _ *op.Output) (bool, error) {
	r.ended = r.ended || input == 1
	return false, nil
}

func (r *racing) OnWatermark(int64, *op.Output) (bool, error) { return false, nil }

// slowStory is a story that takes its time: so many turns of others before each block, or as many as it takes until enough.
func slowStory(s *story, turns int, enough func() bool) *connector.SourceType {
	typ := s.sourceType()
	open := typ.Open
	typ.Open = func(ctx context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
		r, err := open(ctx, env, config)
		return &slowReader{r, turns, enough}, err
	}
	return typ
}

type slowReader struct {
	connector.Reader
	turns  int
	enough func() bool
}

func (r *slowReader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	for i := 0; i < r.turns && !r.enough(); i++ {
		runtime.Gosched()
	}
	return r.Reader.Poll(ctx, wake, block)
}

// race is a plan of two stories, the first of which could be read much faster than the second, that meet in a stage.
func race(rows int, lead *atomic.Int64, sink *collector, lanes int) *physical.Plan {
	plan := pipe(&counter{}, sink, lanes)
	stage := &physical.Stage{Name: "race", Tasks: 1, Inputs: 2, Head: &physical.Step{Name: "race", New: newRacing(lead), Ports: one(plan.Sources[0].Next...)}}
	plan.Sources, plan.Stages = nil, []*physical.Stage{stage}
	for input, name := range []string{"fast", "slow"} {
		s := &story{splits: 1, block: 5, piece: 5}
		for n := range rows {
			s.rows = append(s.rows, chapter{time: int64(n)})
		}
		source := &physical.Source{Name: name, Type: s.sourceType(), Config: s, EventTime: 1, Next: []physical.Edge{edge(physical.Single, stage, input)}}
		if input == 1 {
			source.Type = slowStory(s, 200, func() bool { return false })
		}
		plan.Sources = append(plan.Sources, source)
	}
	return plan
}

// TestBoundedSourcesAreReadSideBySide: what meets stays together. Where event time is not asked for, one would have run far ahead.
func TestBoundedSourcesAreReadSideBySide(t *testing.T) {
	const rows = 3000
	for _, lanes := range []int{1, 3} {
		var lead atomic.Int64
		sink := &collector{}
		account(t, race(rows, &lead, sink, lanes), settings())
		// A few blocks ahead, those that lanes were reading, and those that wait in queues.
		if most := int64(5 * (4 + 2*lanes + 2*5)); lead.Load() > most || len(sink.published) != 2*rows {
			t.Errorf("%d lanes: %d ahead, want at most %d; %d rows", lanes, lead.Load(), most, len(sink.published))
		}
	}
	var lead atomic.Int64
	plan := race(rows, &lead, &collector{}, 1)
	plan.Sources[1].Type = slowStory(plan.Sources[1].Config.(*story), 100_000_000, func() bool { return lead.Load() >= rows/2 })
	plan.Sources[0].EventTime = -1
	account(t, plan, settings())
	if lead.Load() < rows/2 {
		t.Errorf("only %d ahead when nobody holds it back: the test tells nothing", lead.Load())
	}
}

// TestASourceIsNotAheadByMoreThanItsDrift, passes barriers all the same, and does not wait for one that is idle or has ended.
func TestASourceIsNotAheadByMoreThanItsDrift(t *testing.T) {
	a, b, heard, sink := newFeed("x"), newFeed("x"), &events{}, &collector{}
	plan := feeding(sink, heard, 1, 1, a.source("a"), b.source("b"))
	for _, s := range plan.Sources {
		s.Drift = 50
	}
	l := startLive(t, plan, nil)
	l.put(a, 0, 10) // b was not heard of: it is not waited for
	l.put(a, 0, 1000)
	l.put(b, 0, 900)
	blocks := func() int64 { return l.p.Report().Sources[0].Blocks }
	l.wait("a rest", func() bool { return heard.has("900") })
	a.put(0, 1001)
	l.pass(200*time.Millisecond, b)
	if blocks() != 2 {
		t.Errorf("%d blocks were read ahead", blocks())
	}
	l.put(b, 0, 949)
	l.pass(200*time.Millisecond, b)
	if blocks() != 2 {
		t.Errorf("%d blocks were read ahead", blocks())
	}
	l.put(b, 0, 951)
	l.wait("the block that is near enough", func() bool { return blocks() == 3 })
	a.put(0, 2000)
	a.put(0, 3000)
	l.wait("another", func() bool { return blocks() == 4 })
	l.pass(1500*time.Millisecond, b) // now b is idle
	l.wait("the next, when b is idle", func() bool { return blocks() == 5 && heard.has("3000") })
	l.put(b, 0, 100)
	l.put(b, 0, 3000)
	a.put(0, 9000)
	a.put(0, 9001)
	l.wait("a block", func() bool { return blocks() == 6 })
	b.end(-1)
	l.wait("the last", func() bool { return blocks() == 7 })
	a.end(-1)
	l.end(false)
	if !slices.Contains(sink.published, "100,3000") || !l.out.Finished {
		t.Errorf("%v", sink.published)
	}
	a, b = newFeed("x"), newFeed("x")
	plan = feeding(&collector{}, &events{}, 1, 1, a.source("a"), b.source("b"))
	for _, s := range plan.Sources {
		s.Drift = 50
	}
	l = startLive(t, plan, nil)
	l.put(b, 0, 10)
	l.put(a, 0, 1000)
	a.put(0, 2000)
	l.end(true) // the stop barrier passes while a waits for b
	if l.out.Finished || l.p.Report().Sources[0].Blocks != 1 {
		t.Errorf("%+v", l.p.Report().Sources)
	}
}

// TestWhoHasNothingToReadHoldsNobodyUp: one bounded source whose input trickles does not keep the other from being read.
func TestWhoHasNothingToReadHoldsNobodyUp(t *testing.T) {
	a, b, heard, sink := newFeed("x"), newFeed("x"), &events{}, &collector{}
	a.single, b.single = true, true
	l := startLive(t, feeding(sink, heard, 1, 1, a.source("a"), b.source("b")), nil)
	l.put(b, 0, 1)
	for n := range int64(100) {
		l.put(a, 0, 1000*n)
	}
	l.put(b, 0, 2)
	a.end(-1)
	b.end(-1)
	l.end(false)
	if len(sink.published) != 102 {
		t.Errorf("%d rows", len(sink.published))
	}
}

// TestAGateIsNotWaitedFor: a source that must not be read before another has ended does not hold that one back.
func TestAGateIsNotWaitedFor(t *testing.T) {
	for _, lanes := range []int{1, 2} {
		var lead atomic.Int64
		sink := &collector{}
		plan := race(500, &lead, sink, lanes)
		plan.Sources[1].After = []physical.Input{{Stage: plan.Stages[0], Number: 0}}
		account(t, plan, settings())
		if len(sink.published) != 1000 || lead.Load() != 499 {
			t.Errorf("%d rows, %d ahead", len(sink.published), lead.Load())
		}
	}
}

// TestAlignedSourcesGoOnFromACheckpoint, stopped at any block.
func TestAlignedSourcesGoOnFromACheckpoint(t *testing.T) {
	for stop := int64(1); stop < 60; stop += 7 {
		var lead atomic.Int64
		first, rest := &collector{}, &collector{}
		s := settings()
		s.StopAfter = stop
		outcome, err := run(t, race(200, &lead, first, 2), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := first.published
		if !outcome.Finished {
			s.StopAfter, s.Resume = 0, outcome.Manifest
			if _, err := run(t, race(200, &lead, rest, 2), s, nil); err != nil {
				t.Fatal(err)
			}
			all = rest.published
		}
		if len(all) != 400 {
			t.Errorf("stopped after %d blocks: %d rows", stop, len(all))
		}
	}
}
