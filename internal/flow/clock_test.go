package flow_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// stamping puts the processing time behind the columns of its input.
type stamping struct {
	clock int64
	col   *batch.Column
	out   batch.Batch
}

func newStamping(b physical.Build) (op.Operator, error) {
	return &stamping{col: batch.NewColumn(b.Pool, schema.Of(schema.Int64))}, nil
}

func (s *stamping) SetTime(micros int64) { s.clock = micros }

func (s *stamping) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	s.out.View(in, in.Sel)
	s.col.Reset(in.Len)
	for i := range in.Len {
		s.col.Int64s()[i] = s.clock
	}
	s.out.Cols = append(s.out.Cols, s.col)
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &s.out)
	return false, nil
}

// ringing notes what it hears of processing time; what it is told at a barrier must have come before.
type ringing struct {
	pass
	task  int
	heard *events
	last  int64
}

func newRinging(heard *events) func(physical.Build) (op.Operator, error) {
	return func(b physical.Build) (op.Operator, error) {
		return &ringing{heard: heard, task: b.Task, last: math.MinInt64}, nil
	}
}

func (r *ringing) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	if r.last == math.MinInt64 {
		return false, errors.New("rows came before the time did")
	}
	return r.pass.Apply(in, out)
}

func (r *ringing) OnTime(micros int64, _ *op.Output) (bool, error) {
	if micros <= r.last {
		return false, fmt.Errorf("time went from %d to %d", r.last, micros)
	}
	r.last = micros
	r.heard.note(fmt.Sprintf("%d at %d", r.task, micros))
	return false, nil
}

func (r *ringing) OnBarrier(int64, *op.Output) (bool, error) {
	r.heard.note(fmt.Sprintf("%d barrier at %d", r.task, r.last))
	return false, nil
}

func (e *events) has(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.all, text)
}

func (e *events) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.all)
}

// ringer is a plan whose rows are stamped in lanes, and then go to two tasks, and from there to one, which hear of the time.
func ringer(c *counter, sink *collector, first, second *events, tick time.Duration) *physical.Plan {
	plan := pipe(c, sink, 2)
	last := &physical.Stage{Name: "last", Tasks: 1, Inputs: 1, Head: &physical.Step{Name: "last", New: newRinging(second), Ports: one(plan.Sources[0].Next...)}}
	ring := &physical.Stage{Name: "ring", Tasks: 2, Inputs: 1, Head: &physical.Step{Name: "ring", New: newRinging(first), Ports: one(edge(physical.Single, last, 0))}}
	stamp := &physical.Step{Name: "stamp", New: newStamping, Ports: one(edge(physical.Hash, ring, 0))}
	plan.Sources[0].Next, plan.Sources[0].EventTime = []physical.Edge{{Step: stamp}}, -1
	plan.Stages = []*physical.Stage{ring, last}
	for _, step := range []*physical.Step{stamp, ring.Head, last.Head} {
		step.Tick = tick.Microseconds()
	}
	return plan
}

// until waits for a condition that other goroutines bring about.
func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}

// TestProcessingTimeComesInBand: a source that has nothing to read passes it on, every task hears of it, and each block is of one time.
func TestProcessingTimeComesInBand(t *testing.T) {
	begin := time.UnixMicro(5_000_000)
	manual := clock.NewManual(begin)
	first, second, sink := &events{}, &events{}, &collector{}
	c := &counter{limit: 1000, block: 50, gate: 500, opened: make(chan struct{}), unbounded: true}
	plan := ringer(c, sink, first, second, 250*time.Millisecond)
	s := settings()
	s.Clock = manual
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		until(func() bool { return second.has("0 at 5000000") && p.Report().Steps[0].In == 500 })
		manual.Advance(250 * time.Millisecond)
		until(func() bool { return second.has("0 at 5250000") })
		manual.Advance(125 * time.Millisecond) // half a tick
		manual.Advance(125 * time.Millisecond)
		until(func() bool { return second.has("0 at 5500000") })
		close(c.opened)
	}()
	outcome, err := p.Run(t.Context(), nil)
	if err := errors.Join(err, p.Close()); err != nil || !outcome.Finished {
		t.Fatal(outcome, err)
	}
	<-done
	for _, task := range []string{"0", "1"} {
		for _, at := range []string{"5000000", "5250000", "5500000"} {
			if !first.has(task + " at " + at) {
				t.Errorf("task %s did not hear that it is %s: %v", task, at, first.all)
			}
		}
	}
	for _, row := range sink.published {
		var n, at int64
		if _, err := fmt.Sscanf(row, "%d,%d", &n, &at); err != nil {
			t.Fatal(err)
		}
		if want := 5_000_000 + n/500*500_000; at != want {
			t.Errorf("row %d is of %d, want %d", n, at, want)
		}
	}
	if len(sink.published) != 1000 || outcome.Manifest.Clock < 5_500_000 {
		t.Errorf("%d rows, clock %d", len(sink.published), outcome.Manifest.Clock)
	}
}

// TestBarriersCarryTheClock: what it is at the barrier is heard before the state is taken, and a run that goes on does not begin earlier.
func TestBarriersCarryTheClock(t *testing.T) {
	manual := clock.NewManual(time.UnixMicro(5_000_000))
	first, second, sink := &events{}, &events{}, &collector{}
	c := &counter{limit: 1000, block: 50, gate: 500, opened: make(chan struct{}), unbounded: true}
	plan := ringer(c, sink, first, second, time.Hour)
	s := settings()
	s.Clock = manual
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() {
		until(func() bool { return p.Report().Steps[0].In == 500 })
		manual.Advance(time.Second)
		close(stop)
	}()
	outcome, err := p.Run(t.Context(), stop)
	if err := errors.Join(err, p.Close()); err != nil || outcome.Finished || outcome.Manifest.Clock != 6_000_000 {
		t.Fatal(outcome, err)
	}
	for _, want := range []string{"0 barrier at 6000000", "1 barrier at 6000000"} {
		if !first.has(want) || want[0] == '0' && !second.has(want) {
			t.Errorf("no %q in %v, %v", want, first.all, second.all)
		}
	}
	c.gate = 0
	s.Clock, s.Resume = clock.NewManual(time.UnixMicro(2_000_000)), outcome.Manifest
	rest, heard := &collector{}, &events{}
	if _, err := run(t, ringer(c, rest, &events{}, heard, time.Hour), s, nil); err != nil {
		t.Fatal(err)
	}
	if len(rest.published) != 1000 || !strings.HasSuffix(rest.published[999], ",6000000") || heard.all[0] != "0 at 6000000" {
		t.Errorf("%d rows; %v", len(rest.published), heard.all)
	}
}

// deaf is not to be told the time, although it could be.
type deaf struct{ pass }

func (*deaf) SetTime(int64) { panic("a step without a tick was told the time") }

func (*deaf) OnTime(int64, *op.Output) (bool, error) {
	return false, errors.New("a step without a tick was told the time")
}

// TestNoTicksUnlessWanted: what the plan does not say has use for processing time is not told it, and no clock is looked at.
func TestNoTicksUnlessWanted(t *testing.T) {
	sink := &collector{}
	c := &counter{limit: 1000, block: 50}
	plan := ringer(c, sink, &events{}, &events{}, 0)
	plan.Sources[0].Next[0].Step.New = newPass
	for _, step := range []*physical.Step{plan.Stages[0].Head, plan.Stages[1].Head} {
		step.New = func(physical.Build) (op.Operator, error) { return &deaf{}, nil }
	}
	s := settings()
	s.Clock = clock.NewManual(time.UnixMicro(5_000_000))
	outcome, err := run(t, plan, s, nil)
	if err != nil || outcome.Manifest.Clock != 0 || len(sink.published) != 1000 {
		t.Errorf("clock %d, %d rows, %v", outcome.Manifest.Clock, len(sink.published), err)
	}
}

// hoarder holds rows back and lets them go after some batches, later than the watermark that it was told. It says so, unless it is a liar.
type hoarder struct {
	liar bool
	kept []int64
	told int
	col  *batch.Column
	out  batch.Batch
}

func newHoarder(liar bool) func(physical.Build) (op.Operator, error) {
	return func(b physical.Build) (op.Operator, error) {
		return &hoarder{liar: liar, col: batch.NewColumn(b.Pool, schema.Of(schema.Timestamp))}, nil
	}
}

func (h *hoarder) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		h.kept = append(h.kept, in.Cols[0].Int64s()[in.Row(i)])
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	if h.told++; h.told%5 == 0 {
		h.letGo(out)
	}
	return false, nil
}

func (h *hoarder) letGo(out *op.Output) {
	h.col.Reset(len(h.kept))
	copy(h.col.Int64s(), h.kept)
	h.out.Cols, h.out.Len = []*batch.Column{h.col}, len(h.kept)
	h.kept = h.kept[:0]
	out.Emit(0, &h.out)
}

func (h *hoarder) OnEnd(out *op.Output) (bool, error) {
	h.letGo(out)
	return false, nil
}

func (h *hoarder) Limit(micros int64) int64 {
	if h.liar {
		return micros
	}
	for _, n := range h.kept {
		micros = min(micros, n-1)
	}
	return micros
}

// minding fails of a row that comes after a watermark that is not below it.
type minding struct {
	pass
	heard *events
	last  int64
}

func newMinding(heard *events) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) { return &minding{heard: heard, last: math.MinInt64}, nil }
}

func (m *minding) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		if n := in.Cols[0].Int64s()[in.Row(i)]; n <= m.last {
			return false, fmt.Errorf("row %d came after watermark %d", n, m.last)
		}
	}
	return m.pass.Apply(in, out)
}

func (m *minding) OnWatermark(micros int64, _ *op.Output) (bool, error) {
	if micros <= m.last {
		return false, errors.New("a watermark went back")
	}
	m.last = micros
	m.heard.note(fmt.Sprint(micros))
	return false, nil
}

// TestWhatIsHeldBackLimitsTheWatermark, for the steps behind it in its task, and for stages behind.
func TestWhatIsHeldBackLimitsTheWatermark(t *testing.T) {
	build := func(liar bool, near, far *events, sink *collector, tasks int) *physical.Plan {
		plan := pipe(&counter{limit: 3000, block: 20}, sink, 2)
		last := &physical.Stage{Name: "last", Tasks: 1, Inputs: 1, Head: &physical.Step{Name: "far", New: newMinding(far), Ports: one(plan.Sources[0].Next...)}}
		mind := &physical.Step{Name: "near", New: newMinding(near), Ports: one(edge(physical.Single, last, 0))}
		hoard := &physical.Step{Name: "hoard", New: newHoarder(liar), Ports: one(physical.Edge{Step: mind})}
		stage := &physical.Stage{Name: "hoard", Tasks: tasks, Inputs: 1, Head: hoard}
		plan.Sources[0].Next, plan.Sources[0].Delay = []physical.Edge{edge(physical.Hash, stage, 0)}, 1
		plan.Stages = []*physical.Stage{stage, last}
		return plan
	}
	for _, tasks := range []int{1, 3} {
		near, far, sink := &events{}, &events{}, &collector{}
		account(t, build(false, near, far, sink, tasks), settings())
		if len(sink.published) != 3000 {
			t.Errorf("%d tasks: %d rows", tasks, len(sink.published))
		}
		for _, heard := range []*events{near, far} {
			if n := len(heard.all); n < 2 || heard.all[n-1] != fmt.Sprint(int64(math.MaxInt64)) {
				t.Errorf("%d tasks: heard of %v", tasks, heard.all)
			}
		}
	}
	_, err := run(t, build(true, &events{}, &events{}, &collector{}, 1), settings(), nil)
	if err == nil || !strings.Contains(err.Error(), "came after watermark") {
		t.Errorf("a liar was not found out: %v", err)
	}
}

func TestLanesRefuseWhoWaitsForMarks(t *testing.T) {
	for name, made := range map[string]func(physical.Build) (op.Operator, error){"ring": newRinging(&events{}), "hoard": newHoarder(false)} {
		_, err := flow.Build(t.Context(), pipe(&counter{limit: 1}, &collector{}, 1, &physical.Step{Name: name, New: made}), settings())
		if err == nil || !strings.Contains(err.Error(), "waits for marks") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
