package metamorphic_test

import (
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

// run runs the pipeline and returns the lines of each sink.
func run(t *testing.T, text string, sinks []string, seed uint64, optimized bool) map[string][]string {
	t.Helper()
	fsys := vfs.NewMem()
	for i, path := range []string{"/s1.jsonl", "/s2.jsonl"} {
		if err := vfs.WriteFile(fsys, path, []byte(lines(seed+uint64(i)*1000, 60))); err != nil {
			t.Fatal(err)
		}
	}
	r := registry.New(registry.Environment{FS: fsys, Clock: clock.System()})
	r.Formats = formats.New()
	plan, err := spec.Compile("p.yaml", text, nil, spec.Catalog{Registry: r})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if optimized {
		optimize.Optimize(plan)
	}
	s := flow.Settings{Pool: &batch.Pool{}, Clock: clock.System(), FS: fsys, BlockBytes: 256}
	p, err := flow.Build(t.Context(), physical.New(plan, 1+int(seed%3)), s)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if outcome, err := p.Run(t.Context(), nil); err != nil || !outcome.Finished {
		t.Fatalf("%v\n%s", err, text)
	}
	if report := p.Report(); !report.Balanced() {
		t.Errorf("the account does not add up: %+v\n%s", report, text)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
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

// TestOptimizedPlansGiveTheSameRows: the passes of the optimizer change no answer. Rows of two sources may come in any order.
func TestOptimizedPlansGiveTheSameRows(t *testing.T) {
	rows := 0
	for seed := range uint64(400) {
		text, sinks := draw(seed)
		want, got := run(t, text, sinks, seed, false), run(t, text, sinks, seed, true)
		for _, name := range sinks {
			if strings.Contains(text, "s2.jsonl") {
				slices.Sort(want[name])
				slices.Sort(got[name])
			}
			if !slices.Equal(want[name], got[name]) {
				t.Fatalf("seed %d: sink %s got\n%s\nwithout optimization\n%s\n%s", seed, name, strings.Join(got[name], "\n"),
					strings.Join(want[name], "\n"), text)
			}
			rows += len(want[name]) - 1
		}
	}
	if rows < 10_000 {
		t.Errorf("the pipelines gave %d rows in all: too few to show anything", rows)
	}
}
