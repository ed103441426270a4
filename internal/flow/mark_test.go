package flow_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// pass forwards its input, whatever it is.
type pass struct{ out batch.Batch }

func newPass(physical.Build) (op.Operator, error) { return &pass{}, nil }

func (p *pass) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	p.out.View(in, in.Sel)
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &p.out)
	return false, nil
}

// watching notes what it hears of time, and checks that nobody breaks a promise: no row lies at or before a watermark that it has heard of.
type watching struct {
	pass
	heard  *events
	inputs []int64
	merged int64
}

func newWatching(heard *events) func(physical.Build) (op.Operator, error) {
	return func(physical.Build) (op.Operator, error) {
		return &watching{heard: heard, inputs: []int64{math.MinInt64, math.MinInt64}, merged: math.MinInt64}, nil
	}
}

func (w *watching) ApplyInput(input int, in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		if n := in.Cols[0].Int64s()[in.Row(i)]; n <= w.inputs[input] {
			return false, fmt.Errorf("row %d of input %d came after watermark %d", n, input, w.inputs[input])
		}
	}
	return w.Apply(in, out)
}

func (w *watching) OnInputWatermark(input int, micros int64, _ *op.Output) (bool, error) {
	if micros <= w.inputs[input] {
		return false, errors.New("an input's watermark went back")
	}
	w.inputs[input] = micros
	return false, nil
}

func (w *watching) OnWatermark(micros int64, _ *op.Output) (bool, error) {
	if micros <= w.merged || micros != min(w.inputs[0], w.inputs[1]) {
		return false, fmt.Errorf("watermark %d, inputs %v", micros, w.inputs)
	}
	w.merged = micros
	w.heard.note(fmt.Sprintf("watermark %d", micros))
	return false, nil
}

func (w *watching) OnInputEnd(input int, _ *op.Output) (bool, error) {
	if w.inputs[input] != math.MaxInt64 {
		return false, errors.New("an input ended before its time did")
	}
	w.heard.note(fmt.Sprintf("end of input %d", input))
	return false, nil
}

// TestWatermarksAreTheLeastOfAllInputs: rows of a source come in order, so its watermark, 7 behind, is 8 below the next row.
func TestWatermarksAreTheLeastOfAllInputs(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		for _, tasks := range []int{1, 2} {
			heard := &events{}
			plan := pipe(&counter{limit: 5000, block: 50}, &collector{}, lanes)
			more := &counter{limit: 3000, block: 30}
			head := &physical.Step{Name: "watch", New: newWatching(heard), Ports: one(plan.Sources[0].Next...)}
			watch := &physical.Stage{Name: "watch", Tasks: tasks, Inputs: 2, Head: head}
			way := &physical.Stage{Name: "way", Tasks: 2, Inputs: 1, Head: &physical.Step{Name: "pass", New: newPass, Ports: one(edge(physical.Hash, watch, 1))}}
			plan.Sources[0].Next = []physical.Edge{edge(physical.Hash, watch, 0)}
			plan.Sources = append(plan.Sources, &physical.Source{Name: "more", Type: more.sourceType(), Config: more, Next: []physical.Edge{edge(physical.Hash, way, 0)}, Delay: 7})
			plan.Sources[0].Delay = 7
			plan.Stages = []*physical.Stage{way, watch}
			account(t, plan, settings())
			last := heard.all[len(heard.all)-1]
			if strings.HasPrefix(last, "end of input") == false || !slices.Contains(heard.all, fmt.Sprintf("watermark %d", int64(math.MaxInt64))) {
				t.Errorf("%d lanes: it ended with %q", lanes, last)
			}
			if !slices.ContainsFunc(heard.all, func(e string) bool { return strings.HasPrefix(e, "watermark") && !strings.HasSuffix(e, "5807") }) {
				t.Errorf("%d lanes: no watermark but the last", lanes)
			}
		}
	}
}

// TestASourceBehindAGateIsNotReadButPassesBarriers: the probe side waits for the end of the build side.
func TestASourceBehindAGateIsNotReadButPassesBarriers(t *testing.T) {
	for _, tasks := range []int{1, 3} {
		sink, heard := &collector{}, &events{}
		build := &counter{limit: 2000, block: 50, gate: 1000, opened: make(chan struct{}), unbounded: true}
		probe := &counter{limit: 3000, block: 100}
		plan := pipe(probe, sink, 2)
		count := &physical.Step{Name: "count", New: newTally(100, heard), Ports: one(plan.Sources[0].Next...)}
		join := &physical.Stage{Name: "join", Tasks: tasks, Inputs: 2, Head: count}
		side := func(name string, input int) []physical.Edge {
			return []physical.Edge{{Step: &physical.Step{Name: name, New: newModulo(10), Ports: one(edge(physical.Hash, join, input))}}}
		}
		plan.Sources[0].Next, plan.Sources[0].After = side("probe", 0), []physical.Input{{Stage: join, Number: 1}}
		plan.Sources = append(plan.Sources, &physical.Source{Name: "build", Type: build.sourceType(), Config: build, Next: side("build", 1)})
		plan.Stages = []*physical.Stage{join}
		seen := &manifests{first: make(chan struct{})}
		s := settings()
		manual := clock.NewManual(clock.System().Now())
		s.Clock, s.EpochEvery, s.EpochBounded, s.ManifestPath = manual, 1, true, "/m"
		s.FS = seen.watch(t, s.FS, "/m")
		p, err := flow.Build(t.Context(), plan, s)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				select {
				case <-seen.first:
					if read := p.Report().Sources[0].Blocks; read != 0 {
						t.Errorf("%d blocks were read behind the gate", read)
					}
					close(build.opened)
					return
				default:
					manual.Advance(1)
					runtime.Gosched()
				}
			}
		}()
		outcome, err := p.Run(t.Context(), nil)
		if err := errors.Join(err, p.Close()); err != nil || !outcome.Finished {
			t.Fatal(outcome, err)
		}
		if len(sink.published) != 10 || sink.published[0] == "" || p.Report().Sources[0].Rows != 3000 {
			t.Errorf("%d rows", len(sink.published))
		}
		if heard.all[0] != "end of input 1" || slices.Index(heard.all, "end of input 0") < tasks {
			t.Errorf("%v", heard.all)
		}
	}
}

// TestAStageThatHadEndedIsNotAskedAgain: one count is over and emitted when the run is stopped; the other goes on.
func TestAStageThatHadEndedIsNotAskedAgain(t *testing.T) {
	build := func(done, going *counter, sink *collector, tasks int) *physical.Plan {
		plan := tallied(done, sink, 10, 2, tasks)
		other := tallied(going, sink, 7, 1, tasks)
		plan.Sources = append(plan.Sources, other.Sources...)
		plan.Stages = append(plan.Stages, other.Stages...)
		plan.Sources[1].Name, plan.Stages[1].Head.Name, plan.Stages[1].Head.Ports = "going", "other", plan.Stages[0].Head.Ports
		plan.Sources[1].Next[0].Step.Name = "other key"
		return plan
	}
	straight := &collector{}
	account(t, build(&counter{limit: 1000, block: 100}, &counter{limit: 500, block: 10}, straight, 1), settings())
	for _, tasks := range [][2]int{{1, 1}, {3, 2}, {2, 4}} {
		first, rest := &collector{}, &collector{}
		going := &counter{limit: 500, block: 10, gate: 250, opened: make(chan struct{})}
		p, err := flow.Build(t.Context(), build(&counter{limit: 1000, block: 100}, going, first, tasks[0]), settings())
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		go func() {
			for p.Report().Steps[2].Emitted < 10 || p.Report().Sources[1].Rows < 250 {
				runtime.Gosched()
			}
			close(stop)
		}()
		outcome, err := p.Run(t.Context(), stop)
		if err := errors.Join(err, p.Close()); err != nil || outcome.Finished {
			t.Fatal(outcome, err)
		}
		if m := outcome.Manifest; len(m.Ended) != 1 || !slices.Equal(m.Ended["count"], []int{0}) || len(m.Operators["count"]) > 0 {
			t.Errorf("ended %v, with state of %d groups", m.Ended, len(m.Operators["count"]))
		}
		s := settings()
		s.Resume = outcome.Manifest
		if _, err := run(t, build(&counter{limit: 1000, block: 100}, &counter{limit: 500, block: 10}, rest, tasks[1]), s, nil); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sorted(rest.published), sorted(straight.published)) {
			t.Errorf("%v tasks: %d rows, want %d", tasks, len(rest.published), len(straight.published))
		}
		if _, err := run(t, build(&counter{limit: 1100, block: 100}, &counter{limit: 500, block: 10}, rest, 1), s, nil); err == nil ||
			!strings.Contains(err.Error(), `an input of stage "count" had ended when the checkpoint was made, and has grown since`) {
			t.Error(err)
		}
	}
}

// chorus keeps the sum of what is broadcast to every task, and puts it beside the rows of its other input.
type chorus struct {
	pass
	sum int64
	col *batch.Column
}

func newChorus(b physical.Build) (op.Operator, error) {
	return &chorus{col: batch.NewColumn(b.Pool, schema.Of(schema.Int64))}, nil
}

func (c *chorus) ApplyInput(input int, in *batch.Batch, out *op.Output) (bool, error) {
	rows := int64(in.Rows())
	out.Counts.In += rows
	if input == 1 {
		for i := range in.Rows() {
			c.sum += in.Cols[0].Int64s()[in.Row(i)]
		}
		out.Counts.Absorbed += rows
		return false, nil
	}
	c.out.View(in, in.Sel)
	c.col.Reset(in.Len)
	for i := range in.Len {
		c.col.Int64s()[i] = c.sum
	}
	c.out.Cols = append(c.out.Cols, c.col)
	out.Counts.Forwarded += rows
	out.Emit(0, &c.out)
	return false, nil
}

func (c *chorus) OnInputEnd(int, *op.Output) (bool, error) { return false, nil }

func (c *chorus) SnapshotShared() ([]byte, error) {
	return []byte{1, byte(c.sum), byte(c.sum >> 8), byte(c.sum >> 16)}, nil
}

func (c *chorus) RestoreShared(data []byte) error {
	c.sum = int64(data[1]) | int64(data[2])<<8 | int64(data[3])<<16
	return nil
}

// TestABroadcastReachesEveryTask, and what it left there is in every task again after a restart, whatever their number.
func TestABroadcastReachesEveryTask(t *testing.T) {
	build := func(sink *collector, tasks int) *physical.Plan {
		plan := pipe(&counter{limit: 1000, block: 40}, sink, 2)
		head := &physical.Step{Name: "chorus", New: newChorus, Ports: one(plan.Sources[0].Next...)}
		stage := &physical.Stage{Name: "chorus", Tasks: tasks, Inputs: 2, Head: head}
		all := &counter{limit: 500, block: 40}
		plan.Sources[0].Next, plan.Sources[0].After = []physical.Edge{edge(physical.Hash, stage, 0)}, []physical.Input{{Stage: stage, Number: 1}}
		plan.Sources = append(plan.Sources, &physical.Source{Name: "all", Type: all.sourceType(), Config: all, EventTime: -1, Next: []physical.Edge{edge(physical.Broadcast, stage, 1)}})
		plan.Stages = []*physical.Stage{stage}
		return plan
	}
	var want []string
	for n := range int64(1000) {
		want = append(want, line(n, 500*499/2))
	}
	slices.Sort(want)
	for _, tasks := range [][2]int{{1, 3}, {4, 2}} {
		s := settings()
		s.StopAfter = 15 // the broadcast has 13 blocks
		outcome, err := run(t, build(&collector{}, tasks[0]), s, nil)
		if err != nil || outcome.Finished || len(outcome.Manifest.Operators["chorus"][-1]) != 4 {
			t.Fatal(outcome, err)
		}
		s.Resume, s.StopAfter = outcome.Manifest, 0
		sink := &collector{}
		r := account(t, build(sink, tasks[1]), s)
		if !slices.Equal(sorted(sink.published), want) {
			t.Errorf("%v tasks: %d rows, or others", tasks, len(sink.published))
		}
		if r.Steps[0].In != r.Sources[0].Rows+int64(tasks[1])*r.Sources[1].Rows {
			t.Errorf("%+v", r)
		}
	}
}

// combiner folds the rows of a piece of input into their number and sum.
type combiner struct {
	rows, sum int64
	out       batch.Batch
}

func newCombiner(b physical.Build) (op.Operator, error) {
	c := &combiner{}
	for range 2 {
		c.out.Cols = append(c.out.Cols, batch.NewColumn(b.Pool, schema.Of(schema.Int64)))
	}
	return c, nil
}

func (c *combiner) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		c.rows++
		c.sum += in.Cols[0].Int64s()[in.Row(i)]
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	return false, nil
}

func (c *combiner) OnFlush(out *op.Output) (bool, error) {
	if c.rows == 0 {
		return false, nil
	}
	c.out.Len = 1
	for i, v := range []int64{c.rows, c.sum} {
		c.out.Cols[i].Reset(1)
		c.out.Cols[i].Int64s()[0] = v
	}
	c.rows, c.sum = 0, 0
	out.Emit(0, &c.out)
	return false, nil
}

// TestCombinersKeepNothingOverAMark: in lanes a block leaves one row; in a task whatever was folded is out before the state is taken.
func TestCombinersKeepNothingOverAMark(t *testing.T) {
	total := func(rows []string) (n, sum int64) {
		for _, row := range rows {
			var a, b int64
			if _, err := fmt.Sscanf(row, "%d,%d", &a, &b); err != nil {
				t.Fatal(err)
			}
			n, sum = n+a, sum+b
		}
		return n, sum
	}
	sink := &collector{}
	account(t, pipe(&counter{limit: 1000, block: 250}, sink, 3, &physical.Step{Name: "fold", New: newCombiner}), settings())
	if want := []string{"250,31125", "250,93625", "250,156125", "250,218625"}; !slices.Equal(sink.published, want) {
		t.Errorf("in lanes: %v", sink.published)
	}
	for stop := int64(1); stop < 20; stop += 6 {
		first := &collector{}
		s := settings()
		s.StopAfter = stop
		outcome, err := run(t, staged(&counter{limit: 1000, block: 50}, first, 2, &physical.Step{Name: "fold", New: newCombiner}), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, sum := total(first.published); n != stop*50 || sum != n*(n-1)/2 {
			t.Errorf("after %d blocks: %v", stop, first.published)
		}
		s.Resume, s.StopAfter = outcome.Manifest, 0
		rest := &collector{}
		account(t, staged(&counter{limit: 1000, block: 50}, rest, 2, &physical.Step{Name: "fold", New: newCombiner}), s)
		if n, sum := total(rest.published); n != 1000 || sum != 1000*999/2 {
			t.Errorf("after %d blocks and the rest: %v", stop, rest.published)
		}
	}
}
