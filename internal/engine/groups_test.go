package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/store"
)

// TestKeyGroupsInAPartOfAnotherRelease are no damage, and nothing to go on from: without them the run would have lost state. It can begin anew.
func TestKeyGroupsInAPartOfAnotherRelease(t *testing.T) {
	mem := vfs.NewMem()
	options := engine.StateOptions{FS: mem, Dir: "/state", Pipeline: "p", Clock: clock.System()}
	state, err := engine.OpenState(t.Context(), options)
	must(t, err)
	r, err := state.Reader(t.Context())
	must(t, err)
	must(t, r.Close())
	changes := &store.Changes{}
	changes.Put(store.Space{Operator: 4, Table: 1}, 0, 1, []byte("key"), []byte("value"))
	must(t, state.Apply(t.Context(), 1, []*store.Changes{changes}))
	groups := []flow.GroupRange{{From: 0, To: 127, Part: flow.StorePart}, {From: 128, To: 255, Part: "store of 7"}}
	must(t, state.Publish(t.Context(), &flow.Manifest{Epoch: 1, States: map[string]flow.StateRecord{"counts.group": {Number: 4, Groups: groups}}}))
	must(t, state.Close())
	refused := func(damaged bool, says string) {
		t.Helper()
		inventory, err := checkpoint.Inspect(t.Context(), mem, "/state")
		must(t, err)
		m := inventory.Find(1)
		_, opened := engine.OpenState(t.Context(), options)
		_, kept := engine.OpenKept(t.Context(), mem, "/state", m)
		for _, err := range []error{opened, kept} {
			if err == nil || errors.Is(err, checkpoint.ErrDamaged) != damaged || !strings.Contains(err.Error(), m.Path("/state")+": ") || !strings.Contains(err.Error(), `state of step "counts.group": the range 128-255 is in part "store of 7" of the files, `+says) {
				t.Errorf("%v", err)
			}
		}
	}
	refused(true, "of which there are none")

	// With a file of that part.
	inventory, err := checkpoint.Inspect(t.Context(), mem, "/state")
	must(t, err)
	for _, e := range inventory.Entries {
		for _, f := range e.Manifest.FilesOf(flow.StorePart) {
			f.Part = "store of 7"
			e.Manifest.Files = append(e.Manifest.Files, f)
		}
		text, err := e.Manifest.Encode()
		must(t, err)
		must(t, vfs.WriteFile(mem, fmt.Sprintf("/state/manifests/%020d.json", e.Number), text))
	}
	refused(false, `and this release of Wire reads part "store" alone; use the release that wrote it, or begin anew with --fresh`)
	options.Fresh = true
	state, err = engine.OpenState(t.Context(), options)
	must(t, err)
	if state.Resume() != nil {
		t.Error("a fresh run goes on")
	}
	must(t, state.Close())
}
