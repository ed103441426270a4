package exactlyonce_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
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
)

// counts counts the rows of each id, of a file that grows.
const counts = `CREATE SOURCE a (id BIGINT) WITH (connector = 'file', path = '/in/a.jsonl', format = 'json', follow = true);
	CREATE SINK out WITH (connector = 'stdout', format = 'json');
	SET emit = 'changes'; INSERT INTO out SELECT id, count(*) AS n FROM a GROUP BY id;`

// screen is a standard output that is read while it is written.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) shows(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

// endless is a run that ends when it is told to.
type endless struct {
	t     *testing.T
	mem   *vfs.Mem
	out   screen
	p     *flow.Pipeline
	state *engine.State
	stop  chan struct{}
	over  chan struct{}
	err   error
}

// count counts over fsys until it is stopped.
func count(t *testing.T, mem *vfs.Mem, fsys vfs.FS) *endless {
	t.Helper()
	manual, log := clock.NewManual(clock.System().Now()), slog.New(slog.DiscardHandler)
	e := &endless{t: t, mem: mem, stop: make(chan struct{}), over: make(chan struct{})}
	r := registry.New(registry.Environment{FS: fsys, Clock: manual, Stdout: &e.out})
	r.Formats = formats.New()
	s := session.New(session.Config{Connectors: bind.Connectors{Registry: r}, Clock: manual, Pool: &batch.Pool{}, Name: "p"})
	must(t, s.Execute(t.Context(), counts, unheard{}))
	l := s.Take()
	var err error
	e.state, err = engine.OpenState(t.Context(), engine.StateOptions{FS: fsys, Dir: "/state", Pipeline: "p", Retain: 2, Clock: manual, Log: log})
	must(t, err)
	plan, err := engine.PlanFrom(t.Context(), l, 1, nil)
	must(t, err)
	_, err = e.state.Follow(l, plan, evolve.Accepted{})
	must(t, err)
	e.p, err = flow.Build(t.Context(), plan, flow.Settings{
		Pool: &batch.Pool{}, Budget: limit.New("p", 64<<20), Clock: manual, FS: fsys, Log: log, EpochEvery: time.Second, EpochBounded: true, CheckpointTimeout: long, CheckpointFailures: 1 << 30,
		Keeper: e.state, Resume: e.state.Resume(), Identity: e.state.Identity(), LastEpoch: e.state.LastEpoch(),
	})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	go func() {
		defer close(e.over)
		defer cancel()
		_, e.err = e.p.Run(ctx, e.stop)
	}()
	go func() {
		for machine := clock.System(); ; {
			select {
			case <-e.over:
				return
			case <-machine.NewTimer(time.Millisecond).C():
				manual.Advance(time.Second)
			}
		}
	}()
	return e
}

// awaits waits until something holds.
func (e *endless) awaits(what string, holds func() bool) {
	e.t.Helper()
	for !holds() {
		select {
		case <-e.over:
			e.t.Fatalf("the run ended before this: %s: %v", what, e.err)
		case <-clock.System().NewTimer(time.Millisecond).C():
		}
	}
}

// add adds a row to the input, and waits until it is answered.
func (e *endless) add(id int) {
	e.t.Helper()
	f, err := e.mem.OpenFile("/in/a.jsonl", os.O_APPEND|os.O_WRONLY, 0)
	must(e.t, err)
	_, err = fmt.Fprintf(f, `{"id":%d}`+"\n", id)
	must(e.t, errors.Join(err, f.Close()))
	e.awaits(fmt.Sprint("the answer to row ", id), func() bool { return e.out.shows(fmt.Sprintf(`"id":%d,`, id)) })
}

// TestRowsGoOnWhileCheckpointsFail: a disk that is full, or does not sync, ends no run and stops no rows; when it takes something again, checkpoints are taken, and have what came meanwhile.
// Where it is unknown whether a manifest is stored, since its directory does not sync, the run ends: TestEveryFailingCall.
func TestRowsGoOnWhileCheckpointsFail(t *testing.T) {
	for _, f := range []failure{
		{vfs.CallWrite, vfs.Forever, syscall.ENOSPC},
		{vfs.CallLink, vfs.Forever, syscall.ENOSPC},
		{vfs.CallSync, vfs.Forever, syscall.EIO},
	} {
		t.Run(fmt.Sprint(f.call, " ", f.err), func(t *testing.T) {
			mem := vfs.NewMem()
			must(t, errors.Join(mem.MkdirAll("/in", 0o755), mem.MkdirAll("/state", 0o755), vfs.WriteFile(mem, "/in/a.jsonl", nil)))
			disk := vfs.Fail(mem)
			e := count(t, mem, disk)
			checkpoints := func() flow.CheckpointReport { return e.p.Report().Checkpoints }
			e.add(1)
			e.awaits("a checkpoint", func() bool { return checkpoints().Published > 0 })
			disk.Add(vfs.Rule{Call: f.call, Times: f.times, Err: f.err})
			e.awaits("two failures", func() bool { return checkpoints().Failed >= 2 })
			published := checkpoints().Published
			for id := 2; id < 6; id++ {
				failed := checkpoints().Failed
				e.add(id)
				e.awaits("another failure", func() bool { return checkpoints().Failed > failed })
			}
			if now := checkpoints().Published; now != published {
				t.Errorf("%d checkpoints were published on a disk that takes none", now-published)
			}
			disk.Heal()
			e.awaits("two checkpoints", func() bool { return checkpoints().Published > published+1 })
			close(e.stop)
			<-e.over
			must(t, errors.Join(e.err, e.p.Close(), e.state.Close()))
			must(t, tidy(t.Context(), mem))

			e = count(t, mem, mem)
			e.add(3)
			e.awaits("what was counted before", func() bool { return e.out.shows(`"id":3,"n":2`) })
			close(e.stop)
			<-e.over
			must(t, errors.Join(e.err, e.p.Close(), e.state.Close()))
		})
	}
}
