package exactlyonce_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	"wire.example/wire/internal/spec"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/test/process"
)

// TestMain wants no goroutine left, and removes the program that tests with processes build.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { process.Remove(); os.Exit(code) }))
}

// pipeline writes rows to a file, to parts, and behind what a file holds already; some lines are no rows, and of some rows a value cannot be
// computed; the last group of a step with state is one of these.
const pipeline = `name: p
on_error: dead_letter
dead_letters: {connector: file, path: /out/dead.jsonl}
sources: {a: {connector: file, path: /in, schema: {id: BIGINT, d: BIGINT}}}
transforms:
  t: {from: a, select: {id: id, q: 100 / d}}
  g: {from: a, sql: "SELECT d, count(*) AS n, sum(id) AS s, max(id) AS m FROM a GROUP BY d"}
  h: {from: g, select: {d: d, n: n, s: s, q: 1000 / (m - 118)}}
sinks:
  groups: {from: h, connector: file, path: /out/groups.jsonl}
  whole: {from: t, connector: file, path: /out/whole.jsonl}
  parts: {from: t, connector: file, path: /out/parts/p.csv, format: csv, roll_rows: 7}
  behind: {from: t, connector: file, path: /out/behind.jsonl, if_exists: append}
`

// epochBlocks is how many blocks of the input an epoch has.
const epochBlocks = 4

// long is how long a checkpoint may take: a run that waits, while a test looks at what it has on its disk, does so by a clock that runs fast.
const long = 100_000 * time.Hour

// tick is how often a run's clock goes on, by a second: pauses behind failures are over soon.
const tick = 20 * time.Microsecond

const there = `{"id":-1,"q":0}` + "\n"

// begin is a file system with the pipeline's input.
func begin(t *testing.T) *vfs.Mem {
	t.Helper()
	mem := vfs.NewMem()
	must(t, errors.Join(mem.MkdirAll("/in", 0o755), mem.MkdirAll("/out", 0o755), mem.MkdirAll("/state", 0o755)))
	for f := range 2 {
		var b strings.Builder
		for i := range 60 {
			switch n := f*60 + i; {
			case n%11 == 3:
				fmt.Fprintf(&b, "line %d is no JSON\n", n)
			default:
				fmt.Fprintf(&b, `{"id":%d,"d":%d}`+"\n", n, n%7)
			}
		}
		must(t, vfs.WriteFile(mem, fmt.Sprintf("/in/%d.jsonl", f), []byte(b.String())))
	}
	must(t, vfs.WriteFile(mem, "/out/behind.jsonl", []byte(there)))
	return mem.CrashImage(vfs.CrashOptions{Keep: 1})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// account is what a run says that it did.
type account struct {
	flow.Report
	// before is how many records had been read before it, of files that were not read whole.
	before int64
	// ran is false where nothing was left to do.
	ran bool
}

// run runs the pipeline over fsys, from its state if there is some, to its end or that of ctx.
func run(ctx context.Context, fsys vfs.FS, lanes int) (a account, err error) {
	manual := clock.NewManual(clock.System().Now())
	r := registry.New(registry.Environment{FS: fsys, Clock: manual})
	r.Formats = formats.New()
	l, err := spec.Compile("p.yaml", pipeline, nil, spec.Catalog{Registry: r, Query: query})
	if err != nil {
		return a, err
	}
	log := slog.New(slog.DiscardHandler)
	state, err := engine.OpenState(ctx, engine.StateOptions{FS: fsys, Dir: "/state", Pipeline: "p", Retain: 2, Clock: manual, Log: log})
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	former, err := engine.Former(state.Resume())
	if err != nil {
		return a, err
	}
	plan, err := engine.PlanFrom(ctx, l, lanes, former)
	if err != nil {
		return a, err
	}
	if _, err := state.Follow(l, plan, evolve.Accepted{}); err != nil {
		return a, err
	}
	s := flow.Settings{
		Pool: &batch.Pool{}, Budget: limit.New("p", 64<<20), Clock: manual, FS: fsys, Log: log, BlockBytes: 64,
		EpochEvery: time.Millisecond, EpochBounded: true, EpochBlocks: epochBlocks, CheckpointFailures: 4, CheckpointTimeout: long, Keeper: state, Resume: state.Resume(), Identity: state.Identity(), LastEpoch: state.LastEpoch(),
	}
	switch {
	case s.Resume != nil && s.Resume.Confirmed:
		return a, nil
	case s.Resume != nil && s.Resume.Finished:
		return a, flow.Confirm(ctx, plan, s)
	}
	p, err := flow.Build(ctx, plan, s)
	if err != nil {
		return a, err
	}
	ended := make(chan struct{})
	var ticks sync.WaitGroup
	ticks.Go(func() {
		machine := clock.System()
		for {
			select {
			case <-ended:
				return
			case <-machine.NewTimer(tick).C():
				manual.Advance(time.Second)
			}
		}
	})
	_, err = p.Run(ctx, nil)
	close(ended)
	ticks.Wait()
	a.Report, a.ran = p.Report(), true
	if s.Resume != nil {
		for _, file := range s.Resume.Records["a"] {
			a.before += file
		}
	}
	return a, errors.Join(err, p.Close())
}

// query binds the query of a transform.
func query(name, text string, _ logical.OnError, inputs []spec.Input) (logical.Node, error) {
	q, err := parse.Query(text)
	if err != nil {
		return nil, err
	}
	tables := catalog.New()
	b := bind.New(bind.Environment{Catalog: tables, Rows: session.KnownRows, Settings: session.DefaultSetting})
	for _, in := range inputs {
		r := &catalog.Relation{Header: catalog.Header{Name: in.Name}}
		for _, f := range in.Node.Schema().Fields {
			r.Columns = append(r.Columns, catalog.Column{Field: f})
		}
		tables.Put(r)
		b.Give(r, in.Node)
	}
	rows, err := b.Query(q, name)
	if err != nil {
		return nil, err
	}
	return rows.Node, nil
}

// cut runs the pipeline and cuts the power after so many changes of the file system; it returns what is left, nil if the run ended before.
func cut(t *testing.T, mem *vfs.Mem, lanes, after int, options vfs.CrashOptions, broken func(vfs.FS) vfs.FS) (*vfs.Mem, error) {
	t.Helper()
	var fsys vfs.FS = mem
	if broken != nil {
		fsys = broken(mem)
	}
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	var mu sync.Mutex
	var image *vfs.Mem
	watched := vfs.Watch(fsys, func(op vfs.Op) {
		mu.Lock()
		defer mu.Unlock()
		if !op.Changes() || image != nil {
			return
		}
		if after--; after < 0 {
			image = mem.CrashImage(options)
			kill()
		}
	})
	_, err := run(ctx, watched, lanes)
	mu.Lock()
	defer mu.Unlock()
	if image != nil {
		return image, nil // what the dead run says is of no interest
	}
	return nil, err
}

var written = regexp.MustCompile(`"time":"[^"]*"`)

// output is every file that a reader sees; sorted where their order says nothing, and of dead letters without their times.
func output(fsys vfs.FS) (map[string]string, error) {
	files := map[string]string{}
	for _, dir := range []string{"/out", "/out/parts"} {
		entries, err := fsys.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			text, err := vfs.ReadFile(fsys, filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			files[filepath.Join(dir, e.Name())] = string(text)
		}
	}
	for _, path := range []string{"/out/dead.jsonl", "/out/groups.jsonl"} {
		if text, found := files[path]; found {
			lines := strings.SplitAfter(written.ReplaceAllString(text, `"time":""`), "\n")
			slices.Sort(lines)
			files[path] = strings.Join(lines, "")
		}
	}
	return files, nil
}

// holds tells where what a reader sees is not want, as differs does. Any goroutine may call it.
func holds(fsys vfs.FS, want map[string]string, begun bool) error {
	got, err := output(fsys)
	if err != nil {
		return err
	}
	return differs(got, want, begun)
}

// differs tells where got is not want; with begun, where it is more or other than the beginning of want.
func differs(got, want map[string]string, begun bool) error {
	for path, text := range got {
		if text != want[path] && !(begun && path == "/out/behind.jsonl" && text == there) {
			return fmt.Errorf("%s holds\n%s\nwant\n%s", path, text, want[path])
		}
	}
	if len(got) != len(want) && !begun {
		return fmt.Errorf("%d files, want %d: %v", len(got), len(want), slices.Sorted(maps.Keys(got)))
	}
	return nil
}

// answer is what a run writes that nothing disturbs.
func answer(t *testing.T) map[string]string {
	t.Helper()
	mem := begin(t)
	_, err := run(t.Context(), mem, 1)
	must(t, err)
	want, err := output(mem)
	must(t, err)
	if n := strings.Count(want["/out/dead.jsonl"], "\n"); n < 20 || !strings.HasPrefix(want["/out/behind.jsonl"], there) || len(want) < 10 {
		t.Fatalf("%d dead letters, %d files", n, len(want))
	}
	return want
}

// mostChanges is about how often an undisturbed run changes something on its disk.
const mostChanges = 550

// cuts cuts the power up to three times in a run, at random calls, and lets the last run come to its end; before, the file system passes through
// broken, if that is not nil. It returns how often the power was cut.
func cuts(t *testing.T, seed uint64, want map[string]string, broken func(vfs.FS) vfs.FS) (n int, wrong error) {
	t.Helper()
	random, mem := rand.New(rand.NewPCG(seed, 6)), begin(t)
	for range 1 + random.IntN(3) {
		options := vfs.CrashOptions{Keep: float64(random.IntN(3)) / 2, Tear: random.IntN(2) == 0, Rand: random}
		image, err := cut(t, mem, 1+random.IntN(3), random.IntN(mostChanges), options, broken)
		if err != nil {
			return n, err
		}
		if image == nil {
			break
		}
		n++
		mem = image
		if err := holds(mem, want, true); err != nil {
			return n, err
		}
	}
	if _, err := run(t.Context(), mem, 1+random.IntN(3)); err != nil {
		return n, err
	}
	return n, holds(mem, want, false)
}

func TestPowerCuts(t *testing.T) {
	want, all, seeds := answer(t), 0, 240/share(12)
	first := process.Seed(t)
	for seed := first; seed < first+uint64(seeds); seed++ { //nolint:gosec // some
		n, err := cuts(t, seed, want, nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		all += n
	}
	if all < seeds/2 {
		t.Errorf("only %d cuts", all)
	}
}

// careless is a file system that does not make names durable.
type careless struct{ vfs.FS }

func (careless) SyncDir(string) error { return nil }

// TestCarelessnessIsFound is the control: without one step of the protocol rows are lost.
func TestCarelessnessIsFound(t *testing.T) {
	want := answer(t)
	for seed := range uint64(150) {
		if _, err := cuts(t, seed, want, func(fsys vfs.FS) vfs.FS { return careless{fsys} }); err != nil {
			return
		}
	}
	t.Error("nobody noticed that directories are not synced")
}
