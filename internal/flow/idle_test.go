package flow_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
)

// feeding is a plan in which rows are told what their split had reached, and a stage of tasks, behind which stands another, minds watermarks.
func feeding(sink *collector, heard *events, lanes, tasks int, sources ...*physical.Source) *physical.Plan {
	plan := pipe(&counter{}, sink, lanes)
	last := &physical.Stage{Name: "last", Tasks: 1, Inputs: 1, Head: &physical.Step{Name: "last", New: newHearing(heard), Ports: one(plan.Sources[0].Next...)}}
	first := &physical.Stage{Name: "first", Tasks: tasks, Inputs: 1, Head: &physical.Step{Name: "first", New: newPass, Ports: one(edge(physical.Single, last, 0))}}
	tell := &physical.Step{Name: "tell", New: newTelling, Ports: one(edge(physical.Hash, first, 0))}
	for _, s := range sources {
		s.Next = []physical.Edge{{Step: tell}}
		s.IdleAfter = int64(time.Second / time.Microsecond)
	}
	plan.Sources, plan.Stages = sources, []*physical.Stage{first, last}
	return plan
}

// hearing notes watermarks, which must not go back.
type hearing struct {
	pass
	heard *events
	last  int64
}

func newHearing(heard *events) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) { return &hearing{heard: heard, last: math.MinInt64}, nil }
}

func (h *hearing) OnWatermark(micros int64, _ *op.Output) (bool, error) {
	if micros <= h.last {
		return false, fmt.Errorf("the watermark went from %d to %d", h.last, micros)
	}
	h.last = micros
	h.heard.note(fmt.Sprint(micros))
	return false, nil
}

// live is a pipeline that runs while a test feeds it.
type live struct {
	t     *testing.T
	p     *flow.Pipeline
	clock *clock.Manual
	stop  chan struct{}
	done  chan error
	out   flow.Outcome
}

func startLive(t *testing.T, plan *physical.Plan, resume *flow.Manifest) *live {
	t.Helper()
	l := &live{t: t, clock: clock.NewManual(time.UnixMicro(0)), stop: make(chan struct{}), done: make(chan error, 1)}
	s := settings()
	s.Clock, s.Resume = l.clock, resume
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	l.p = p
	go func() {
		out, err := p.Run(t.Context(), l.stop)
		l.out = out
		l.done <- errors.Join(err, p.Close())
	}()
	return l
}

// wait waits for a condition, as long as the pipeline runs.
func (l *live) wait(what string, condition func() bool) {
	l.t.Helper()
	wall := clock.System()
	deadline := wall.Monotonic() + 5*time.Minute
	until(func() bool {
		select {
		case err := <-l.done:
			l.t.Fatalf("%s: the pipeline ended: %v", what, err)
		default:
		}
		if wall.Monotonic() > deadline {
			l.t.Fatalf("%s did not come", what)
		}
		return condition()
	})
}

// put puts a block into a split and waits until its rows are through.
func (l *live) put(f *feed, split int, times ...int64) {
	l.t.Helper()
	rows := func() int64 { return l.p.Report().Sinks[0].Rows }
	before := rows()
	f.put(split, times...)
	l.wait(fmt.Sprint("rows of ", times), func() bool { return rows() >= before+int64(len(times)) })
}

// pass lets time pass in small steps, in which each of feeds is polled.
func (l *live) pass(d time.Duration, feeds ...*feed) {
	l.t.Helper()
	for range d / (100 * time.Millisecond) {
		before := make([]int, len(feeds))
		for i, f := range feeds {
			before[i] = f.polled()
		}
		l.clock.Advance(100 * time.Millisecond)
		for i, f := range feeds {
			l.wait("a poll", func() bool { return f.polled() > before[i] })
		}
	}
}

func (l *live) end(stop bool) {
	l.t.Helper()
	if stop {
		close(l.stop)
	}
	if err := <-l.done; err != nil {
		l.t.Fatal(err)
	}
}

func (l *live) idle() (n int64) {
	for _, s := range l.p.Report().Sources {
		n += s.Idle
	}
	return n
}

// TestASplitThatIsIdleIsNotWaitedFor: one that was never heard of, until it wakes; then it is judged by what was told without it.
func TestASplitThatIsIdleIsNotWaitedFor(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		f, heard, sink := newFeed("a", "b"), &events{}, &collector{}
		l := startLive(t, feeding(sink, heard, lanes, 2, f.source("feed")), nil)
		l.put(f, 0, 90, 100)
		l.wait("the first rows", func() bool { return l.p.Report().Sinks[0].Rows == 2 })
		l.pass(900*time.Millisecond, f)
		if l.idle() != 0 || heard.count() > 0 {
			t.Errorf("%d splits are idle too soon, %d watermarks", l.idle(), heard.count())
		}
		l.put(f, 0, 101) // a is not idle; b is not yet
		l.wait("a row", func() bool { return l.p.Report().Sinks[0].Rows == 3 })
		l.pass(200*time.Millisecond, f)
		l.wait("the watermark", func() bool { return heard.has("101") })
		if l.idle() != 1 {
			t.Errorf("%d splits are idle", l.idle())
		}
		l.put(f, 1, 50)
		l.put(f, 1, 150)
		l.put(f, 0, 200)
		l.wait("the watermark of both", func() bool { return heard.has("150") })
		f.end(-1)
		l.end(false)
		if want := []string{"100,90", "101,100", "150,101", "200,101", "50,101", "90,-9223372036854775808"}; !slices.Equal(sorted(sink.published), want) {
			t.Errorf("rows %v", sorted(sink.published))
		}
	}
}

// TestASourceThatIsIdleIsNotWaitedFor: what a stage has got to without it is what it is judged by when it wakes.
func TestASourceThatIsIdleIsNotWaitedFor(t *testing.T) {
	a, b, heard, sink := newFeed("x"), newFeed("x"), &events{}, &collector{}
	b.plain = true
	l := startLive(t, feeding(sink, heard, 2, 2, a.source("a"), b.source("b")), nil)
	l.put(a, 0, 100)
	l.put(b, 0, 10)
	l.wait("the least of both", func() bool { return heard.has("10") })
	l.pass(900*time.Millisecond, a, b)
	l.put(a, 0, 110)
	l.wait("a row", func() bool { return l.p.Report().Sinks[0].Rows == 3 })
	l.pass(200*time.Millisecond, a, b)
	l.wait("the watermark", func() bool { return heard.has("110") })
	l.put(a, 0, 300)
	l.wait("the next watermark", func() bool { return heard.has("300") })
	l.put(b, 0, 50)
	l.put(b, 0, 400)
	l.wait("the watermark of both", func() bool { return heard.has("300") })
	l.pass(500*time.Millisecond, a, b)
	l.put(a, 0, 500)
	l.wait("the watermark of both", func() bool { return heard.has("400") })
	l.pass(2*time.Second, a, b) // first one is idle, and then all are: event time stands still
	l.wait("all to be idle", func() bool { return l.idle() == 3 && heard.has("500") })
	l.put(b, 0, 450)
	l.put(b, 0, 600)
	l.wait("the watermark of the one that woke", func() bool { return heard.has("600") })
	l.put(a, 0, 550)
	a.end(-1)
	b.end(-1)
	l.end(false)
	rows := sorted(sink.published)
	for _, want := range []string{"50,300", "400,300", "450,500", "600,500", "550,600"} {
		if !slices.Contains(rows, want) {
			t.Errorf("no row %s in %v", want, rows)
		}
	}
}

// TestIdleSplitsGoOnFromACheckpoint: they are idle in the run that goes on, and what was told without them counts.
func TestIdleSplitsGoOnFromACheckpoint(t *testing.T) {
	a, b, heard, sink := newFeed("x", "y"), newFeed("x"), &events{}, &collector{}
	l := startLive(t, feeding(sink, heard, 2, 2, a.source("a"), b.source("b")), nil)
	l.put(b, 0, 5)
	l.put(a, 0, 100)
	l.put(a, 1, 90)
	l.wait("the least", func() bool { return heard.has("5") })
	l.pass(900*time.Millisecond, a, b)
	l.put(a, 0, 200)
	l.wait("a row", func() bool { return l.p.Report().Sinks[0].Rows == 4 })
	l.pass(200*time.Millisecond, a, b)
	l.wait("the watermark", func() bool { return heard.has("200") })
	l.end(true)
	times := l.out.Manifest.Times
	if l.out.Finished || !times["b"]["x"].Idle || !times["a"]["y"].Idle || times["a"]["x"].Idle || *times["a"]["x"].Time != 200 {
		t.Fatalf("%+v", times)
	}
	a, b, heard = newFeed("x", "y"), newFeed("x"), &events{}
	rest := &collector{}
	l = startLive(t, feeding(rest, heard, 1, 1, a.source("a"), b.source("b")), l.out.Manifest)
	l.wait("the watermark again", func() bool { return heard.has("200") })
	l.put(b, 0, 150, 250)
	l.put(a, 1, 160)
	l.put(a, 0, 300)
	l.wait("two", func() bool { return heard.has("200") && l.p.Report().Sinks[0].Rows == 4 })
	a.end(-1)
	b.end(-1)
	l.end(false)
	for _, want := range []string{"150,200", "250,200", "160,200", "300,200"} {
		if !slices.Contains(rest.published, want) {
			t.Errorf("no row %s in %v", want, rest.published)
		}
	}
}

// TestASourceThatWakesBehindACheckpoint: all splits were idle at it, so that the run that goes on hears of no time at first; what a stage had got to without a source counts for it all the same.
func TestASourceThatWakesBehindACheckpoint(t *testing.T) {
	a, b, heard := newFeed("x"), newFeed("x"), &events{}
	l := startLive(t, feeding(&collector{}, heard, 2, 2, a.source("a"), b.source("b")), nil)
	l.put(b, 0, 5)
	l.put(a, 0, 100)
	l.pass(900*time.Millisecond, a, b)
	l.put(a, 0, 200)
	l.pass(200*time.Millisecond, a, b)
	l.wait("the watermark without b", func() bool { return heard.has("200") })
	l.pass(2*time.Second, a, b)
	l.wait("both to be idle", func() bool { return l.idle() == 2 })
	l.end(true)
	a, b = newFeed("x"), newFeed("x")
	rest := &collector{}
	l = startLive(t, feeding(rest, &events{}, 1, 1, a.source("a"), b.source("b")), l.out.Manifest)
	l.put(b, 0, 150)
	a.end(-1)
	b.end(-1)
	l.end(false)
	if !slices.Contains(rest.published, "150,200") {
		t.Errorf("the row is judged by another time than 200: %v", rest.published)
	}
}

// TestSplitsComeAndGo: a split that turns up late is judged by what was told, one that ended is not waited for.
func TestSplitsComeAndGo(t *testing.T) {
	f, heard, sink := newFeed(), &events{}, &collector{}
	l := startLive(t, feeding(sink, heard, 2, 1, f.source("feed")), nil)
	l.pass(500*time.Millisecond, f)
	l.put(f, 0, 10)
	l.wait("the first", func() bool { return heard.has("10") })
	l.put(f, 1, 5, 20)
	l.put(f, 0, 30)
	l.wait("two", func() bool { return heard.has("20") })
	f.end(1)
	l.pass(100*time.Millisecond, f)
	l.wait("the other alone", func() bool { return heard.has("30") })
	l.put(f, 0, 40)
	l.wait("goes on", func() bool { return heard.has("40") })
	f.end(-1)
	l.end(false)
	if l.idle() != 0 || !slices.Contains(sink.published, "5,10") {
		t.Errorf("%d idle, %v", l.idle(), sink.published)
	}
}

// TestNoSplitAtAllIsIdleToo: a source that waits for its first split does not hold up the others.
func TestNoSplitAtAllIsIdleToo(t *testing.T) {
	none, some, heard, sink := newFeed(), newFeed("x"), &events{}, &collector{}
	l := startLive(t, feeding(sink, heard, 2, 2, none.source("none"), some.source("some")), nil)
	l.pass(900*time.Millisecond, none, some)
	l.put(some, 0, 7)
	l.wait("a row", func() bool { return l.p.Report().Sinks[0].Rows == 1 })
	l.pass(200*time.Millisecond, none, some)
	l.wait("the watermark", func() bool { return heard.has("7") })
	l.put(none, 0, 3)
	l.put(none, 0, 9)
	l.put(some, 0, 8)
	l.wait("both", func() bool { return heard.has("8") })
	none.end(-1)
	some.end(-1)
	l.end(false)
	if !slices.Contains(sink.published, "3,7") {
		t.Errorf("%v", sink.published)
	}
}

// TestBoundedSourcesAreNeverIdle.
func TestBoundedSourcesAreNeverIdle(t *testing.T) {
	a, b, heard, sink := newFeed("x"), newFeed("x"), &events{}, &collector{}
	a.single = true
	l := startLive(t, feeding(sink, heard, 1, 1, a.source("a"), b.source("b")), nil)
	l.put(b, 0, 100)
	l.wait("a row", func() bool { return l.p.Report().Sinks[0].Rows == 1 })
	l.pass(3*time.Second, b)
	a.end(-1)
	b.end(-1)
	l.end(false)
	if l.p.Report().Sources[0].Idle != 0 || len(heard.all) != 1 || !strings.HasPrefix(heard.all[0], "922") {
		t.Errorf("%v, %+v", heard.all, l.p.Report().Sources)
	}
}
