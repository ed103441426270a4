package exactlyonce_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/connect/registry"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

// restless is a sink that takes so long to prepare now and then that the epoch is given up, and takes its time over commits.
type restless struct {
	connector.Sink
	random func(n int) int
	// begun: it has been asked once, and did not answer.
	begun bool
}

func (r *restless) Prepare(ctx context.Context, epoch int64) (json.RawMessage, error) {
	what := r.random(3)
	if !r.begun {
		r.begun, what = true, 0
	}
	switch what {
	case 0:
		<-ctx.Done()
		return nil, ctx.Err()
	case 1:
		state, err := r.Sink.Prepare(ctx, epoch)
		if err != nil || r.random(2) == 0 {
			return state, err
		}
		<-ctx.Done() // it has prepared, and nobody hears of it
		return nil, ctx.Err()
	}
	return r.Sink.Prepare(ctx, epoch)
}

func (r *restless) Commit(ctx context.Context, epoch int64, state json.RawMessage, final bool) error {
	if r.random(4) == 0 {
		select {
		case <-clock.System().NewTimer(5 * time.Millisecond).C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return r.Sink.Commit(ctx, epoch, state, final)
}

// TestGivenUpEpochsLoseNothing runs groups whose state does not fit into memory, has many of its epochs given up, and cuts it off and goes on again and again: the changes that come out are those
// of a run without.
func TestGivenUpEpochsLoseNothing(t *testing.T) {
	const rows, keys = 180_000, 120_000
	dir := t.TempDir()
	var text strings.Builder
	counts := map[int]int{}
	random := rand.New(rand.NewPCG(7, 7))
	for i := range rows {
		key := random.IntN(keys)
		counts[key]++
		fmt.Fprintf(&text, `{"k":%d,"v":%d,"pad":"%0100d"}`+"\n", key, i, key)
	}
	must(t, os.WriteFile(filepath.Join(dir, "in.jsonl"), []byte(text.String()), 0o600))
	script := fmt.Sprintf(`CREATE SOURCE a (k INT, v INT, pad TEXT) WITH (connector = 'file', path = '%s/in.jsonl', format = 'json');
		CREATE SINK out WITH (connector = 'file', path = '%s/out.jsonl', format = 'json');
		SET emit = 'changes'; INSERT INTO out SELECT k, pad, count(*) AS n FROM a GROUP BY k, pad;`, dir, dir)
	var mu sync.Mutex
	chance := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	var seen flow.CheckpointReport
	for leg := 0; ; leg++ {
		if leg > 60 {
			t.Fatal("it never ends")
		}
		finished, report := restlessLeg(t, dir, script, chance, 1+chance(3), leg)
		seen.GivenUp += report.GivenUp
		seen.Published += report.Published
		if finished {
			break
		}
	}
	t.Logf("%+v", seen)
	if seen.GivenUp == 0 || seen.Published < 1 {
		t.Errorf("%+v: nothing is tested", seen)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	must(t, err)
	last := map[int]int{}
	for line := range strings.Lines(string(out)) {
		var row struct {
			Op string `json:"op"`
			K  int    `json:"k"`
			N  int    `json:"n"`
		}
		must(t, json.Unmarshal([]byte(line), &row))
		switch row.Op {
		case "+I", "+U":
			if row.N <= last[row.K] {
				t.Fatalf("key %d: %d after %d", row.K, row.N, last[row.K])
			}
			last[row.K] = row.N
		case "-U":
			if row.N != last[row.K] {
				t.Fatalf("key %d: %d is taken back, and was %d", row.K, row.N, last[row.K])
			}
		}
	}
	for key, n := range counts {
		if last[key] != n {
			t.Fatalf("key %d: %d rows, want %d", key, last[key], n)
		}
	}
}

// restlessLeg runs the script from its state, and cuts it off after a while.
func restlessLeg(t *testing.T, dir, script string, chance func(int) int, lanes, leg int) (finished bool, report flow.CheckpointReport) {
	t.Helper()
	r := registry.New(registry.Environment{FS: vfs.OS(), Clock: clock.System()})
	r.Formats = formats.New()
	s := session.New(session.Config{Connectors: bind.Connectors{Registry: r}, Clock: clock.System(), Pool: &batch.Pool{}, Name: "p"})
	must(t, s.Execute(t.Context(), script, unheard{}))
	l := s.Take()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	state, err := engine.OpenState(ctx, engine.StateOptions{FS: vfs.OS(), Dir: filepath.Join(dir, "state"), Pipeline: "p", Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	old, err := engine.Former(state.Resume())
	must(t, err)
	plan, err := engine.PlanFrom(ctx, l, lanes, old)
	must(t, err)
	_, err = state.Follow(l, plan, evolve.Accepted{})
	must(t, err)
	tame := *plan.Sinks[0].Type
	wild := tame
	wild.Open = func(ctx context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
		sink, err := tame.Open(ctx, env, config)
		if err != nil {
			return nil, err
		}
		return &restless{Sink: sink, random: chance}, nil
	}
	plan.Sinks[0].Type = &wild
	manual := clock.NewManual(clock.System().Now())
	settings := flow.Settings{
		Pool: &batch.Pool{}, Budget: limit.New("p", 48<<20), Clock: manual, FS: vfs.OS(), Log: slog.New(slog.DiscardHandler), BlockBytes: 16 << 10,
		EpochEvery: time.Second, EpochBounded: true, CheckpointTimeout: 3 * time.Second, CheckpointFailures: 1000,
		Keeper: state, Resume: state.Resume(), Identity: state.Identity(), LastEpoch: state.LastEpoch(),
	}
	p, err := flow.Build(ctx, plan, settings)
	must(t, err)
	ended := make(chan struct{})
	var ticks sync.WaitGroup
	ticks.Go(func() {
		machine := clock.System()
		deadline := machine.NewTimer(time.Duration(50+chance(400)) * time.Millisecond)
		for {
			select {
			case <-ended:
				return
			case <-deadline.C():
				if leg < 12 {
					cancel()
				}
			case <-machine.NewTimer(100 * time.Microsecond).C():
				manual.Advance(100 * time.Millisecond)
			}
		}
	})
	outcome, err := p.Run(ctx, nil)
	close(ended)
	ticks.Wait()
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	report = p.Report().Checkpoints
	must(t, errors.Join(p.Close(), state.Close()))
	return err == nil && outcome.Finished, report
}

// unheard hears nothing of statements.
type unheard struct{}

func (unheard) Begin([]session.Column) error             { return nil }
func (unheard) Rows(context.Context, *batch.Batch) error { return nil }
func (unheard) Done(string) error                        { return nil }
func (unheard) Notice(string)                            {}
