package edits_test

import (
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/test/process"
)

// stateDir is the state directory of a world that has one.
const stateDir = "/state"

// newKilledWorld is a world with a state directory and the store that ships, whose runs are killed on their way and go on with next to nothing of their state in memory.
func newKilledWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, false)
	w.random = rand.New(rand.NewPCG(process.Seed(t), uint64(hash(t.Name())))) //nolint:gosec // repeatable
	return w
}

func hash(name string) uint32 {
	h := fnv.New32()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()
}

// shares is how many parts the cases of large tables are of, one of which is killed in CI; WIRE_SEED draws it.
const shares = 4

// spared reports whether a case is not killed.
func spared(t *testing.T) bool {
	t.Helper()
	return !process.Heavy() && (uint64(hash(t.Name()))+process.Seed(t))%shares != 0
}

// stored is a test with state in a store in memory, and of one case of some also in a state directory, where its runs are killed.
func stored(test func(t *testing.T, w *world)) func(t *testing.T) {
	return func(t *testing.T) {
		test(t, newWorld(t, true))
		if !spared(t) {
			t.Run("killed", func(t *testing.T) { test(t, newKilledWorld(t)) })
		}
	}
}

// anew is another world that keeps its state as w does.
func (w *world) anew() *world {
	w.t.Helper()
	if w.random != nil {
		return newKilledWorld(w.t)
	}
	return newWorld(w.t, w.kept != nil)
}

// mortal is a state directory whose run dies when it publishes a checkpoint: before that, or before it learns that it has.
type mortal struct {
	*engine.State
	left  int // checkpoints until then
	after bool
	kill  func()
}

// Publish publishes a checkpoint, or dies.
func (m *mortal) Publish(ctx context.Context, manifest *flow.Manifest) error {
	if m.left--; m.left > 0 {
		return m.State.Publish(ctx, manifest)
	}
	if m.after {
		if err := m.State.Publish(ctx, manifest); err != nil {
			return err
		}
	}
	m.kill()
	return errDead
}

var errDead = errors.New("the run is dead")

// How many blocks a source reads between two checkpoints of a run that is killed, and in all: there are three of them.
const (
	epochBlocks  = 2
	doomedBlocks = 3 * epochBlocks
)

// runKilled runs a leg. If it goes on from another one, it is killed before its first checkpoint, and begun again; if it stops, the same script goes on from there at another
// parallelism, and is killed: what that one read since its last checkpoint is lost. It returns what the next one finds.
func (w *world) runKilled(l leg) (*flow.Manifest, *evolve.Evolution, error) {
	w.t.Helper()
	if l.from != nil {
		doomed := l
		doomed.blocks = doomedBlocks
		if e, err := w.kill(doomed, 1, false); err != nil {
			return nil, e, err
		}
	}
	l.epochBlocks, l.every = 2*epochBlocks, time.Millisecond
	if l.blocks == 0 {
		l.epochBlocks, l.every = 0, 50*time.Millisecond
	}
	m, e, err := w.open(w.t.Context(), l, func(s *engine.State) flow.Keeper { return s })
	if err != nil || m.Finished {
		return m, e, err
	}
	same := leg{script: l.script, lanes: l.lanes%3 + 1, blocks: doomedBlocks, from: m, emit: l.emit, memory: l.memory}
	again, err := w.kill(same, 1+w.random.IntN(3), w.random.IntN(2) == 0)
	if err != nil {
		return nil, e, err
	}
	if !again.Unchanged() {
		w.t.Errorf("a script has changed that is the same:\n%s", again.Table())
	}
	state, err := engine.OpenState(w.t.Context(), w.stateOptions())
	if err != nil {
		return nil, e, err
	}
	return state.Resume(), e, state.Close()
}

// kill runs a leg that dies at the given one of its checkpoints.
func (w *world) kill(l leg, checkpoint int, after bool) (*evolve.Evolution, error) {
	w.t.Helper()
	disk := vfs.Fail(w.fs)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	kill := func() {
		disk.Add(vfs.Rule{Times: vfs.Forever, Err: errDead})
		cancel()
	}
	doomed := *w
	doomed.fs = disk
	l.epochBlocks, l.every = epochBlocks, time.Millisecond
	_, e, err := doomed.open(ctx, l, func(s *engine.State) flow.Keeper { return &mortal{s, checkpoint, after, kill} })
	switch {
	case ctx.Err() != nil:
		return e, nil
	case err == nil:
		return e, errors.New("the run was not killed")
	default:
		return e, err
	}
}

func (w *world) stateOptions() engine.StateOptions {
	return engine.StateOptions{FS: w.fs, Dir: stateDir, Pipeline: w.name, Clock: clock.System()}
}

// open runs a leg over the state directory.
func (w *world) open(ctx context.Context, l leg, keeper func(*engine.State) flow.Keeper) (m *flow.Manifest, e *evolve.Evolution, err error) {
	w.t.Helper()
	state, err := engine.OpenState(ctx, w.stateOptions())
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	if there := state.Resume(); (there == nil) != (l.from == nil) || there != nil && there.Epoch != l.from.Epoch {
		w.t.Errorf("the state directory has another checkpoint than the leg goes on from")
	}
	settings := flow.Settings{
		Keeper: keeper(state), Identity: state.Identity(), LastEpoch: state.LastEpoch(), RestoreFor: time.Nanosecond, EpochBounded: true, EpochEvery: l.every, EpochBlocks: l.epochBlocks,
	}
	return w.once(ctx, l, state, settings)
}

// reader reads what is stored.
func (w *world) reader() store.Reader {
	w.t.Helper()
	if w.random == nil {
		return w.kept.store.Reader()
	}
	inventory, err := checkpoint.Inspect(w.t.Context(), w.fs, stateDir)
	if err != nil {
		w.t.Fatal(err)
	}
	kept, err := engine.OpenKept(w.t.Context(), w.fs, stateDir, inventory.Find(0))
	if err != nil {
		w.t.Fatal(err)
	}
	r := kept.Reader()
	if r == nil { // no step has anything
		if err := kept.Close(); err != nil {
			w.t.Fatal(err)
		}
		return store.NewMemory().Reader()
	}
	return readerOf{r, kept}
}

// readerOf is a reader that closes what it reads.
type readerOf struct {
	store.Reader
	kept *engine.Kept
}

// Close closes both.
func (r readerOf) Close() error { return errors.Join(r.Reader.Close(), r.kept.Close()) }
