package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// TestARunThatWasTakenOverSaysSo: whatever it fails of, after another one has claimed the directory.
func TestARunThatWasTakenOverSaysSo(t *testing.T) {
	options := engine.StateOptions{FS: vfs.OS(), Dir: t.TempDir(), Pipeline: "p", Clock: clock.System()}
	first, err := engine.OpenState(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("a hidden part is not there")
	if err := first.Explain(t.Context(), broken); !errors.Is(err, broken) || errors.Is(err, flow.ErrSuperseded) {
		t.Errorf("before: %v", err)
	}
	options.TakeOver = true
	second, err := engine.OpenState(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	err = first.Explain(t.Context(), broken)
	if !errors.Is(err, flow.ErrSuperseded) || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), flow.ErrSuperseded.Error()) {
		t.Errorf("after: %v", err)
	}
	if err := first.Explain(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := second.Explain(t.Context(), broken); errors.Is(err, flow.ErrSuperseded) {
		t.Errorf("the one that has taken over: %v", err)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// TestCountsAreCompared: a checkpoint that says other counts than its files have is not right.
func TestCountsAreCompared(t *testing.T) {
	mem := vfs.NewMem()
	state, err := engine.OpenState(t.Context(), engine.StateOptions{FS: mem, Dir: "/state", Pipeline: "p", Clock: clock.System()})
	must(t, err)
	r, err := state.Reader(t.Context())
	must(t, err)
	must(t, r.Close())
	changes := &store.Changes{}
	for i := range byte(100) {
		changes.Put(store.Space{Operator: 4, Table: 1}, 0, uint64(i)<<57, []byte{i}, []byte("value"))
	}
	changes.Delete(store.Space{Operator: 9, Table: 255}, 0, 1, []byte("gone"))
	must(t, state.Apply(t.Context(), 1, []*store.Changes{changes}))
	must(t, state.Publish(t.Context(), &flow.Manifest{Epoch: 1, States: map[string]flow.StateRecord{"counts.group": {Number: 4}}}))
	must(t, state.Close())
	inventory, err := checkpoint.Inspect(t.Context(), mem, "/state")
	must(t, err)
	m := *inventory.Find(1)
	count := func() error {
		t.Helper()
		kept, err := engine.OpenKept(t.Context(), mem, "/state", &m)
		must(t, err)
		return errors.Join(kept.Count(t.Context()), kept.Close())
	}
	must(t, count())
	m.Files = slices.Clone(m.Files)
	i := slices.IndexFunc(m.Files, func(f checkpoint.File) bool { return len(f.Counts) > 0 })
	right := m.Files[i].Counts
	m.Files[i].Counts = slices.Clone(right)
	m.Files[i].Counts[0].Puts++
	var corrupt *store.CorruptError
	const says = `100 values and 0 removals of step "counts.group", table 1; 0 values and 1 removals of operator 9, key groups, should be 101 values`
	if err := count(); !errors.As(err, &corrupt) || corrupt.File != m.Files[i].Stored || !strings.Contains(err.Error(), says) {
		t.Errorf("%v", err)
	}
	m.Files[i].Counts = right[:1]
	if err := count(); !errors.As(err, &corrupt) {
		t.Errorf("a table is missing: %v", err)
	}
	m.Files[i].Counts = nil // of an earlier release
	must(t, count())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestACheckpointWithoutCountsGoesOn: a manifest of version 2 says no counts. The run that goes on from it writes them.
func TestACheckpointWithoutCountsGoesOn(t *testing.T) {
	mem := vfs.NewMem()
	options := engine.StateOptions{FS: mem, Dir: "/state", Pipeline: "p", Clock: clock.System()}
	epoch := func(n int64) {
		t.Helper()
		state, err := engine.OpenState(t.Context(), options)
		must(t, err)
		r, err := state.Reader(t.Context())
		must(t, err)
		must(t, r.Close())
		changes := &store.Changes{}
		changes.Put(store.Space{Operator: 4, Table: 1}, 0, uint64(n), []byte{byte(n)}, []byte("value")) //nolint:gosec // 1 or 2
		must(t, state.Apply(t.Context(), n, []*store.Changes{changes}))
		must(t, state.Publish(t.Context(), &flow.Manifest{Epoch: n}))
		must(t, state.Close())
	}
	epoch(1)
	inventory, err := checkpoint.Inspect(t.Context(), mem, "/state")
	must(t, err)
	for _, e := range inventory.Entries {
		e.Manifest.Version = 2
		for i := range e.Manifest.Files {
			e.Manifest.Files[i].Counts = nil
		}
		text, err := e.Manifest.Encode()
		must(t, err)
		must(t, vfs.WriteFile(mem, fmt.Sprintf("/state/manifests/%020d.json", e.Number), text))
	}
	epoch(2)
	inventory, err = checkpoint.Inspect(t.Context(), mem, "/state")
	must(t, err)
	m, puts := inventory.Find(0), int64(0)
	for _, f := range m.Files {
		for _, c := range f.Counts {
			puts += c.Puts
		}
	}
	if m.Version != checkpoint.ManifestVersion || m.Epoch != 2 || puts != 2 {
		t.Errorf("version %d, epoch %d, %d values are counted", m.Version, m.Epoch, puts)
	}
	kept, err := engine.OpenKept(t.Context(), mem, "/state", m)
	must(t, err)
	must(t, errors.Join(kept.Count(t.Context()), kept.Close()))
}

// TestAFinishedPipelineKeepsOneCheckpoint: and of the store only what a step still has.
func TestAFinishedPipelineKeepsOneCheckpoint(t *testing.T) {
	space := store.Space{Operator: 4, Table: 1}
	put := func(epoch int64, spent bool) *store.Changes {
		changes := &store.Changes{}
		if spent {
			changes.DropAll(space, 0, math.MaxUint64)
		} else {
			changes.Put(space, 0, uint64(epoch), []byte{byte(epoch)}, bytes.Repeat([]byte("value"), 100)) //nolint:gosec // a few
		}
		return changes
	}
	for _, test := range []struct {
		name  string
		spent bool // no step has an entry at the end
		other bool // another process confirms it
		kept  int  // files
	}{
		{"a step has state", false, false, 4},
		{"no step has any", true, false, 0},
		{"another process confirms it, and a step has state", false, true, 4},
		{"another process confirms it", true, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			mem := vfs.NewMem()
			options := engine.StateOptions{FS: mem, Dir: "/state", Pipeline: "p", Clock: clock.System()}
			state, err := engine.OpenState(t.Context(), options)
			must(t, err)
			r, err := state.Reader(t.Context())
			must(t, err)
			must(t, r.Close())
			m := &flow.Manifest{States: map[string]flow.StateRecord{"counts.group": {Number: 4}}}
			for m.Epoch = 1; m.Epoch <= 3; m.Epoch++ {
				must(t, state.Apply(t.Context(), m.Epoch, []*store.Changes{put(m.Epoch, test.spent && m.Epoch == 3)}))
				m.Finished, m.Unconfirmed = m.Epoch == 3, []int64{m.Epoch}
				must(t, state.Publish(t.Context(), m))
				if !m.Finished {
					must(t, state.Confirm(t.Context(), m))
					continue
				}
				break
			}
			if test.other {
				must(t, state.Close())
				state, err = engine.OpenState(t.Context(), options)
				must(t, err)
				m = state.Resume()
			}
			must(t, state.Confirm(t.Context(), m))
			must(t, state.Close())
			inventory, err := checkpoint.Inspect(t.Context(), mem, "/state")
			must(t, err)
			newest := inventory.Find(0)
			if len(inventory.Entries) != 1 || newest.Kind != checkpoint.KindFinished || !newest.Done() {
				t.Errorf("%d manifests are kept, the newest is %+v", len(inventory.Entries), newest)
			}
			if len(inventory.Files) != test.kept || len(newest.Files) != test.kept || len(inventory.Unneeded) != 0 {
				t.Errorf("%d files are kept, of which the checkpoint has %d, should be %d: %v", len(inventory.Files), len(newest.Files), test.kept, inventory.Files)
			}
			report, err := checkpoint.Verify(t.Context(), checkpoint.NewDirectory(mem, "/state", 0), newest)
			must(t, err)
			if !report.OK() {
				t.Errorf("%+v", report)
			}
			kept, err := engine.OpenKept(t.Context(), mem, "/state", newest)
			must(t, err)
			tables, err := kept.Tables(t.Context())
			must(t, err)
			if (len(tables) == 0) != test.spent {
				t.Errorf("tables: %v", tables)
			}
			must(t, errors.Join(kept.Count(t.Context()), kept.Close()))
		})
	}
}

// TestAnOlderEpochOfAFinishedPipelineIsConfirmed, although the run that finished it had noted that already.
func TestAnOlderEpochOfAFinishedPipelineIsConfirmed(t *testing.T) {
	options := engine.StateOptions{FS: vfs.NewMem(), Dir: "/state", Pipeline: "p", Clock: clock.System()}
	state, err := engine.OpenState(t.Context(), options)
	must(t, err)
	must(t, state.Publish(t.Context(), &flow.Manifest{Epoch: 24, Finished: true, Unconfirmed: []int64{24}}))
	must(t, state.Publish(t.Context(), &flow.Manifest{Epoch: 25, Finished: true})) // and killed before the older one went
	must(t, state.Close())
	options.AcceptSince = 24
	state, err = engine.OpenState(t.Context(), options)
	must(t, err)
	if m := state.Resume(); m == nil || m.Epoch != 24 || m.Confirmed {
		t.Fatalf("it goes on from %+v", m)
	}
	must(t, state.Confirm(t.Context(), state.Resume()))
	if m := state.Checkpoint(); m.Epoch != 26 || !m.Done() {
		t.Errorf("epoch %d, done: %t", m.Epoch, m.Done())
	}
	must(t, state.Close())
}

// TestWhoCannotTellWhatIsHiddenSaysThatSomethingIs: of a checkpoint that this release cannot read.
func TestWhoCannotTellWhatIsHiddenSaysThatSomethingIs(t *testing.T) {
	none := func(string) *connector.SinkType { return nil }
	for body, want := range map[string]bool{"[]": true, `{"version":9999}`: true, "{}": false} {
		m := &checkpoint.Manifest{Kind: checkpoint.KindCheckpoint, Epoch: 1, Body: json.RawMessage(body)}
		if got := engine.Hides(m, none); got != want {
			t.Errorf("%s: %t", body, got)
		}
	}
	if engine.Hides(&checkpoint.Manifest{Finished: true, Body: json.RawMessage("[]")}, none) {
		t.Error("a finished pipeline hides nothing")
	}
}
