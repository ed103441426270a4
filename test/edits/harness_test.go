package edits_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/registry"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rows is how many rows orders has. Row i is of second i, of customer i % 7, and has the amount i % 100.
const rows = 4000

// half is how many blocks of a source are read before the edit.
const half = 12

const source = `CREATE SOURCE orders (id INT, customer INT, amount INT, price NUMERIC(10,2), weight REAL, note VARCHAR(20), at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5 seconds')
	WITH (connector = 'file', path = '/orders.jsonl', format = 'json');
`

// world is a disk with input, and what runs there.
type world struct {
	t    *testing.T
	fs   vfs.FS
	name string
	// kept is where state is stored, nil if it goes with the manifest.
	kept *keeper
	// random decides when runs are killed, whose state is in a state directory; nil: there is none.
	random *rand.Rand
}

func newWorld(t *testing.T, stored bool) *world {
	t.Helper()
	w := &world{t: t, fs: vfs.NewMem(), name: "edited"}
	if stored {
		w.kept = newKeeper()
	}
	w.write("/orders.jsonl", orders(rows))
	w.write("/more.jsonl", strings.ReplaceAll(orders(rows), `"id":`, `"id":1`))
	return w
}

// orders are the first rows of the input.
func orders(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"id":%d,"customer":%d,"amount":%d,"price":%d.25,"weight":%d.5,"note":"n%d","at":"2026-01-01T%02d:%02d:%02dZ"}`+"\n",
			i, i%7, i%100, i%50, i%9, i%11, i/3600, i/60%60, i%60)
	}
	return text.String()
}

func (w *world) write(path, text string) {
	w.t.Helper()
	if err := vfs.WriteFile(w.fs, path, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// registry are the connectors over the disk.
func (w *world) registry() *connector.Registry {
	r := registry.New(registry.Environment{FS: w.fs, Clock: clock.System()})
	r.Formats = formats.New()
	return r
}

// compile makes a logical plan of a script.
func (w *world) compile(script string) *logical.Plan {
	w.t.Helper()
	r := w.registry()
	s := session.New(session.Config{Connectors: bind.Connectors{Registry: r}, Clock: clock.System(), Pool: &batch.Pool{}, Name: w.name})
	if err := s.Execute(w.t.Context(), script, quiet{}); err != nil {
		w.t.Fatalf("%s\n%v", script, err)
	}
	return s.Take()
}

// quiet hears nothing of statements.
type quiet struct{}

func (quiet) Begin([]session.Column) error             { return nil }
func (quiet) Rows(context.Context, *batch.Batch) error { return nil }
func (quiet) Done(string) error                        { return nil }
func (quiet) Notice(string)                            {}

// leg is a run of a script, from a checkpoint to the end or to a number of blocks.
type leg struct {
	script   string
	lanes    int
	blocks   int64
	from     *flow.Manifest
	accepted evolve.Accepted
	emit     logical.EmitMode
	// memory is the budget, in bytes; 0: as much as is needed.
	memory int64
	// epochBlocks and every say how often there are checkpoints besides the last; 0: never.
	epochBlocks int64
	every       time.Duration
}

// run runs a leg.
func (w *world) run(l leg) (*flow.Manifest, *evolve.Evolution, error) {
	w.t.Helper()
	if w.random != nil {
		return w.runKilled(l)
	}
	settings := flow.Settings{}
	if w.kept != nil {
		settings.Keeper = w.kept
	}
	return w.once(w.t.Context(), l, nil, settings)
}

// once runs a leg, with more settings. state is the state directory, nil if there is none.
func (w *world) once(ctx context.Context, l leg, state *engine.State, settings flow.Settings) (*flow.Manifest, *evolve.Evolution, error) {
	w.t.Helper()
	plan := w.compile(l.script)
	plan.Parallelism, plan.Emit = l.lanes, l.emit
	m := l.from
	if state != nil {
		m = state.Resume()
	}
	old, err := engine.Former(m)
	if err != nil {
		return nil, nil, err
	}
	physical, err := engine.PlanFrom(w.t.Context(), plan, l.lanes, old)
	if err != nil {
		return nil, nil, err
	}
	var e *evolve.Evolution
	if state != nil {
		e, err = state.Follow(plan, physical, l.accepted)
		m = state.Resume()
	} else {
		m, e, err = engine.Follow(plan, physical, m, l.accepted)
	}
	if err != nil {
		return nil, e, err
	}
	settings.Pool, settings.Clock, settings.FS, settings.Log, settings.SinkType = &batch.Pool{}, clock.System(), w.fs, slog.New(slog.DiscardHandler), w.registry().Sink
	settings.BlockBytes, settings.StopAfter, settings.Resume, settings.Budget = 8192, l.blocks, m, limit.New("pipeline", cmp.Or(l.memory, 256<<20))
	pipeline, err := flow.Build(ctx, physical, settings)
	if err != nil {
		return nil, e, err
	}
	if state != nil {
		if err := state.Begin(ctx); err != nil {
			return nil, e, errors.Join(err, pipeline.Close())
		}
	}
	outcome, err := pipeline.Run(ctx, nil)
	if err = errors.Join(err, pipeline.Close()); err != nil {
		return nil, e, err
	}
	if used := settings.Budget.Used(); used != 0 {
		w.t.Errorf("%d bytes are still reserved", used)
	}
	text, err := json.Marshal(outcome.Manifest) // as a file has it
	if err != nil {
		return nil, e, err
	}
	stored := &flow.Manifest{}
	return stored, e, json.Unmarshal(text, stored)
}

// must runs a leg that cannot fail.
func (w *world) must(l leg) (*flow.Manifest, *evolve.Evolution) {
	w.t.Helper()
	m, e, err := w.run(l)
	if err != nil {
		w.t.Fatal(err)
	}
	return m, e
}

// lines are those of a file, sorted.
func (w *world) lines(path string) []string {
	w.t.Helper()
	text, err := vfs.ReadFile(w.fs, path)
	if err != nil {
		w.t.Fatal(err)
	}
	list := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	slices.Sort(list)
	return list
}

// straight are the lines that a script leaves in a file, run without an edit.
func straight(t *testing.T, script, path string, emit logical.EmitMode) []string {
	t.Helper()
	w := newWorld(t, false)
	w.must(leg{script: script, lanes: 2, emit: emit})
	return w.lines(path)
}

// verdicts are those of the steps with state.
func verdicts(e *evolve.Evolution) string {
	var all []string
	for _, c := range e.Steps {
		all = append(all, string(c.Verdict))
	}
	return strings.Join(all, " ")
}

// replay is what a changelog comes to: rows without their op.
func replay(t *testing.T, w *world, path string) []string {
	t.Helper()
	text, err := vfs.ReadFile(w.fs, path)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for line := range strings.Lines(string(text)) {
		var head struct {
			Op string `json:"op"`
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(line, ",")
		rest = strings.TrimSpace(rest)
		switch head.Op {
		case "+I", "+U":
			count[rest]++
		default:
			count[rest]--
		}
	}
	return counted(t, count)
}

// counted are rows as often as they are there, sorted.
func counted(t *testing.T, count map[string]int) (out []string) {
	t.Helper()
	for row, n := range count {
		if n < 0 {
			t.Errorf("%s is taken back and was not there", row)
		}
		for range n {
			out = append(out, row)
		}
	}
	slices.Sort(out)
	return out
}
