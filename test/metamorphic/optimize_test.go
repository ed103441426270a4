package metamorphic_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/registry"
	"wire.example/wire/internal/flow"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/spec"
	"wire.example/wire/sdk/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// way is how a pipeline is run.
type way struct {
	optimized bool
	lanes     int
	// stops are the blocks after which a run is stopped, and the next one goes on with one lane more.
	stops []int64
}

// run runs the pipeline to its end and returns the lines of each sink.
func run(t *testing.T, text string, sinks []string, seed uint64, w way) map[string][]string {
	t.Helper()
	fsys := vfs.NewMem()
	for i, path := range []string{"/s1.jsonl", "/s2.jsonl"} {
		if err := vfs.WriteFile(fsys, path, []byte(lines(seed+uint64(i)*1000, 60))); err != nil {
			t.Fatal(err)
		}
	}
	s := flow.Settings{Pool: &batch.Pool{}, Clock: clock.System(), FS: fsys, BlockBytes: 256}
	for i := 0; ; i++ {
		s.StopAfter = 0
		if i < len(w.stops) {
			s.StopAfter = w.stops[i]
		}
		outcome := once(t, text, w.optimized, w.lanes+i, s)
		if outcome.Finished {
			break
		}
		s.Resume = outcome.Manifest
	}
	out := map[string][]string{}
	for _, name := range sinks {
		content, err := vfs.ReadFile(fsys, "/"+name+".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		out[name] = strings.Split(string(content), "\n")
	}
	return out
}

// once is one run, to the end or to a stop.
func once(t *testing.T, text string, optimized bool, lanes int, s flow.Settings) flow.Outcome {
	t.Helper()
	r := registry.New(registry.Environment{FS: s.FS, Clock: s.Clock})
	r.Formats = formats.New()
	plan, err := spec.Compile("p.yaml", text, nil, spec.Catalog{Registry: r})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if optimized {
		if err := optimize.Optimize(plan); err != nil {
			t.Fatal(err)
		}
	}
	p, err := flow.Build(t.Context(), physical.New(plan, lanes), s)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	outcome, err := p.Run(t.Context(), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if report := p.Report(); !report.Balanced() {
		t.Errorf("the account does not add up: %+v\n%s", report, text)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	return outcome
}

// same compares the lines of all sinks. Rows that meet again in a union may come in any order, since that depends on how blocks are cut.
func same(t *testing.T, text string, want, got map[string][]string) (rows int) {
	t.Helper()
	for name := range want {
		if strings.Contains(text, "from: [") {
			slices.Sort(want[name])
			slices.Sort(got[name])
		}
		if !slices.Equal(want[name], got[name]) {
			t.Fatalf("sink %s got\n%s\nand not\n%s\n%s", name, strings.Join(got[name], "\n"), strings.Join(want[name], "\n"), text)
		}
		rows += len(want[name]) - 1
	}
	return rows
}

// TestOptimizedPlansGiveTheSameRows: the passes of the optimizer change no answer.
func TestOptimizedPlansGiveTheSameRows(t *testing.T) {
	rows := 0
	for seed := range uint64(400) {
		text, sinks := draw(seed)
		lanes := 1 + int(seed%3) //nolint:gosec // at most 3
		rows += same(t, text, run(t, text, sinks, seed, way{lanes: lanes}), run(t, text, sinks, seed, way{lanes: lanes, optimized: true}))
	}
	if rows < 10_000 {
		t.Errorf("the pipelines gave %d rows in all: too few to show anything", rows)
	}
}

// TestStoppedPipelinesGiveTheSameRows: a pipeline that is stopped and resumed, each time with another parallelism, gives what one gives that
// is not.
func TestStoppedPipelinesGiveTheSameRows(t *testing.T) {
	for seed := range uint64(200) {
		text, sinks := draw(seed)
		r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // a test's
		stops := make([]int64, 1+r.IntN(4))
		for i := range stops {
			stops[i] = 1 + r.Int64N(8)
		}
		same(t, text, run(t, text, sinks, seed, way{lanes: 1, optimized: true}), run(t, text, sinks, seed, way{lanes: 1 + r.IntN(3), optimized: true, stops: stops}))
	}
}
