package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// StateOptions say how the state directory of a pipeline is opened.
type StateOptions struct {
	FS       vfs.FS
	Dir      string
	Pipeline string
	// Fresh begins anew, from State.Begin on; TakeOver takes the directory from an owner who may be alive; AcceptSince goes on from the checkpoint of that epoch, whatever came after.
	Fresh, TakeOver bool
	AcceptSince     int64
	// Retain is how many checkpoints are kept; 0: checkpoint.DefaultRetain.
	Retain int
	// Memory is what the store may use, in bytes; 0 means defaultStoreMemory.
	Memory int64
	// Compression is how the store compresses what it writes.
	Compression store.Compression
	Clock       clock.Clock
	Log         *slog.Logger
}

// storeFormat is what the files of flow.StorePart are.
func storeFormat() checkpoint.StoreFormat { return checkpoint.StoreFormat{Kind: "pebble", Version: 1} }

// State is the state directory of a pipeline, opened by the process that runs it: a flow.Keeper.
type State struct {
	counting
	options StateOptions
	owner   *checkpoint.Owner
	store   store.Store
	// unusable is why the store could not be opened: it is not tried again.
	unusable error
	resume   *flow.Manifest

	mu sync.Mutex // held while the store is written to
	// aside are the files of the store as Apply left it.
	aside []checkpoint.StageFile
}

// OpenState opens a state directory, which need not exist. The errors are those of checkpoint.Open. The store is opened when somebody asks for state; a damaged file of it shows then, as a
// *checkpoint.DamagedError.
func OpenState(ctx context.Context, o StateOptions) (*State, error) {
	owner, err := checkpoint.Open(ctx, checkpoint.Options{
		FS: o.FS, Dir: o.Dir, Pipeline: o.Pipeline, Fresh: o.Fresh, TakeOver: o.TakeOver, AcceptSince: o.AcceptSince, Retain: o.Retain, Clock: o.Clock, Log: o.Log,
		Usable: usable,
	})
	if err != nil {
		return nil, err
	}
	s := &State{options: o, owner: owner}
	if latest := owner.Latest(); latest != nil {
		if err := s.readBody(latest); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if s.resume != nil && s.resume.Confirmed { // no epoch comes that would tidy up what its last run left
		err := permanent(owner.Retain(ctx))
		if fault.IsFatal(err) || ctx.Err() != nil {
			return nil, errors.Join(err, s.Close())
		}
		if err != nil && o.Log != nil {
			o.Log.Warn("older checkpoints could not be removed", "error", err)
		}
	}
	return s, nil
}

// openStore opens the store on the files of the newest checkpoint.
func (s *State) openStore(ctx context.Context) error {
	if s.store != nil || s.unusable != nil {
		return s.unusable
	}
	s.unusable = s.restoreStore(ctx)
	return s.unusable
}

func (s *State) restoreStore(ctx context.Context) error {
	latest := s.owner.Latest()
	var from []string
	restored := filepath.Join(s.owner.LiveDir(), "restored")
	if latest != nil && latest.Store.Kind != "" {
		if err := readable(latest); err != nil {
			return err
		}
		var err error
		if from, err = s.owner.Restore(ctx, latest, flow.StorePart, restored); err != nil {
			return err
		}
	}
	if fault.Weak("state/scratch") {
		from = s.left(from)
	}
	memory := s.options.Memory
	if memory == 0 {
		memory = defaultStoreMemory
	}
	live, err := pebblestore.Open(ctx, pebblestore.Options{
		FS: s.options.FS, Dir: filepath.Join(s.owner.LiveDir(), "store"), From: from, Memory: memory, Late: memory >= defaultStoreMemory, Compression: s.options.Compression, Log: s.options.Log,
	})
	if err != nil {
		return err
	}
	s.store = live
	s.opened.Store(live)
	if from == nil {
		return nil
	}
	return vfs.RemoveAll(s.options.FS, restored)
}

func (s *State) readBody(latest *checkpoint.Manifest) error {
	m, err := bodyOf(latest)
	if err != nil {
		return err
	}
	m.Finished, m.Plan = latest.Finished, latest.Plan
	m.Confirmed = latest.Done() || fault.Weak("finished/confirm")
	s.resume = m
	return nil
}

// Resume is what to go on from; nil: nothing.
func (s *State) Resume() *flow.Manifest { return s.resume }

// Checkpoint is the checkpoint that Resume is of; nil: none.
func (s *State) Checkpoint() *checkpoint.Manifest { return s.owner.Latest() }

// Begins reports whether Begin has yet to give up the state that there is.
func (s *State) Begins() bool { return s.owner.Begins() }

// Begin is called when the sinks and sources of a run are open: where the run begins anew, it gives up the state that there was. A run that ends before
// leaves that as it was.
func (s *State) Begin(ctx context.Context) error { return permanent(s.owner.Begin(ctx)) }

// Dir is the state directory.
func (s *State) Dir() string { return s.options.Dir }

// Identity is what sinks need to know of the run.
func (s *State) Identity() flow.Identity {
	return flow.Identity{Lineage: s.owner.Lineage(), Generation: s.owner.Generation(), Abandoned: s.owner.Abandoned(), Contested: s.owner.Contested(), Repeats: s.owner.Repeats()}
}

// LastEpoch is the highest number that an epoch had so far.
func (s *State) LastEpoch() int64 { return s.owner.LastEpoch() }

// Reader opens the store, if it is not open, and reads the state that the run begins with. Any goroutine may call it.
func (s *State) Reader(ctx context.Context) (store.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.openStore(ctx); err != nil {
		return nil, err
	}
	return s.store.Reader(), nil
}

// Apply puts what changed in an epoch into the store, and links its files aside; see flow.Keeper.
func (s *State) Apply(ctx context.Context, epoch int64, changes []*store.Changes) error {
	if s.store == nil { // no step has state
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.Apply(ctx, changes); err != nil {
		return err
	}
	s.aside = nil
	dir := s.asideDir(epoch)
	if err := vfs.RemoveAll(s.options.FS, dir); err != nil { // of an attempt that failed
		return err
	}
	files, err := s.store.Checkpoint(ctx, dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		s.aside = append(s.aside, checkpoint.StageFile{Name: f.Name, Path: f.Path, Size: f.Size, Small: f.Small, Synced: true, Counts: countsOf(f), Sum: checkpoint.Sum(f.Sum), Summed: f.Summed})
	}
	if fault.Weak("state/scratch") {
		return s.leave()
	}
	return nil
}

// countsOf are the counts of a file, as a manifest has them.
func countsOf(f store.File) []checkpoint.Count {
	var counts []checkpoint.Count
	for _, n := range f.Counts {
		counts = append(counts, checkpoint.Count{Operator: n.Space.Operator, Table: n.Space.Table, Puts: n.Puts, Deletes: n.Deletes})
	}
	return counts
}

// asideDir is where the files of the store are linked as they were at an epoch.
func (s *State) asideDir(epoch int64) string {
	return filepath.Join(s.owner.LiveDir(), fmt.Sprintf("checkpoint-%d", epoch))
}

// Spill puts what one task changed into the store, between epochs; see flow.Keeper.
func (s *State) Spill(ctx context.Context, changes *store.Changes) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.Apply(ctx, []*store.Changes{changes})
}

// Publish stores what was applied as the checkpoint of m's epoch; see flow.Keeper.
func (s *State) Publish(ctx context.Context, m *flow.Manifest) error {
	stored, format, err := s.stage(ctx, m.Epoch)
	if err != nil {
		return err
	}
	return s.publish(ctx, m, m.Unconfirmed, stored, format)
}

// publish publishes a checkpoint of which sinks may not have committed the epochs that unconfirmed lists, and whose store is in files.
func (s *State) publish(ctx context.Context, m *flow.Manifest, unconfirmed []int64, stored []checkpoint.File, format checkpoint.StoreFormat) error {
	alone := *m
	alone.Plan = nil // it stands beside the body
	body, err := json.Marshal(&alone)
	if err != nil {
		return fault.Fatal(err)
	}
	kind := checkpoint.KindCheckpoint
	if m.Finished {
		kind = checkpoint.KindFinished
	}
	return permanent(s.owner.Publish(ctx, &checkpoint.Manifest{
		Epoch: m.Epoch, Kind: kind, Unconfirmed: slices.Clone(unconfirmed), Store: format, Files: stored, Body: body, Plan: m.Plan,
	}))
}

// stage stores the files that Apply set aside.
func (s *State) stage(ctx context.Context, epoch int64) ([]checkpoint.File, checkpoint.StoreFormat, error) {
	if s.store == nil {
		return nil, checkpoint.StoreFormat{}, nil
	}
	stored, err := s.owner.Stage(ctx, epoch, flow.StorePart, s.aside)
	return stored, storeFormat(), permanent(err)
}

// permanent marks errors after which nothing may be published any more.
func permanent(err error) error {
	var fenced *checkpoint.FencedError
	var uncertain *checkpoint.UncertainError
	switch {
	case errors.As(err, &fenced):
		return fault.Fatal(fmt.Errorf("%w: %w", flow.ErrSuperseded, err))
	case errors.As(err, &uncertain):
		return fault.Fatal(err)
	default:
		return err
	}
}

// Confirm lets older checkpoints go, and of a finished pipeline notes that nothing is left to do.
func (s *State) Confirm(ctx context.Context, m *flow.Manifest) error {
	if m.Finished {
		if err := s.conclude(ctx, m); err != nil {
			return err
		}
	}
	if s.store != nil {
		if err := vfs.RemoveAll(s.options.FS, s.asideDir(m.Epoch)); err != nil {
			return err
		}
	}
	return permanent(s.owner.Retain(ctx))
}

// Explain is err, of a run or of the building of one, unless another run has taken the pipeline over: that is why it failed then, whatever it failed of.
func (s *State) Explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, flow.ErrSuperseded) {
		return err
	}
	if superseded := permanent(s.owner.Check(context.WithoutCancel(ctx))); errors.Is(superseded, flow.ErrSuperseded) {
		return fmt.Errorf("%w; what failed by that: %w", superseded, err)
	}
	return err
}

// Asked returns who asks for a checkpoint; see flow.Asking.
func (s *State) Asked() ([]string, error) { return s.owner.Asked() }

// Answer says that there is one; see flow.Asking.
func (s *State) Answer(who []string, epoch int64) error { return s.owner.Answer(who, epoch) }

// Close closes the store and gives the directory back.
func (s *State) Close() error {
	var err error
	if s.store != nil {
		err = s.store.Close()
	}
	return errors.Join(err, s.owner.Close())
}
