package file_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// FuzzStoredPositions: whatever is stored, the source reads on or refuses.
func FuzzStoredPositions(f *testing.F) {
	f.Add("files", `{"version":1,"file":"/in/a","offset":4,"id":{"head_len":4,"head":"x"}}`, false)
	f.Add("/in/a#0", `{"version":1,"path":"/in/a","offset":2,"id":{"inode":2,"head_len":2,"head":"x"}}`, true)
	f.Add("/in/b#7", `{"version":1,"path":"/in/b","offset":9,"ended":true}`, true)
	f.Add("x#99999999999999999999", `{"version":1,"path":"","offset":9223372036854775807}`, true)
	f.Fuzz(func(t *testing.T, split, stored string, follow bool) {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll("/in", 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, fsys, "/in/a", []byte("one\ntwo\n"))
		typ := file.SourceType(fsys, clk())
		env := connector.SourceEnv{Framer: codec.NewLineFramer, Restore: []connector.SplitState{{Split: split, Position: json.RawMessage(stored)}}}
		r, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), map[string]any{"path": "/in", "follow": follow}))
		if err != nil {
			return
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Poll(ctx, nil, &codec.Block{}); err == nil {
			t.Error("a context that is done was not obeyed")
		}
		if _, err := r.Snapshot(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzStoredSinkStates: whatever is stored, the sink goes on or refuses, and touches no file that is not its own.
func FuzzStoredSinkStates(f *testing.F) {
	f.Add(`{"version":2,"path":"/out/f","numbered":true,"next":3,"open":[{"number":1,"part":"/out/.f-000001.part","target":"/out/f-000001","length":9,"tail":"x"}]}`)
	f.Add(`{"version":2,"path":"/out/f","numbered":true,"next":-1,"finished":[{"part":"/out/.f-000001.part","target":"/out/f-000001","length":-9}]}`)
	f.Fuzz(func(t *testing.T, stored string) {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll("/out", 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, fsys, "/out/.f-000001.part", []byte("# header\np,1\n"))
		put(t, fsys, "/out/other", []byte("other"))
		s, err := pairSink(t, fsys, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(2)}, json.RawMessage(stored))
		if err == nil {
			if _, err := s.Prepare(t.Context(), 1); err != nil {
				t.Log(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if got := contents(t, fsys, "/out")["/out/other"]; got != "other" {
			t.Errorf("another file holds %q", got)
		}
	})
}

// TestCommitsRunBesideWrites: a coordinator commits while rows of the next epoch are written. The race detector watches.
func TestCommitsRunBesideWrites(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(3)}, nil)
	for epoch := range int64(20) {
		putPairs(t, s, "p,1", "p,2")
		state, err := s.Prepare(t.Context(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() {
			if err := s.Commit(t.Context(), epoch, state, false); err != nil {
				t.Error(err)
			}
		})
		putPairs(t, s, "p,3", "p,4", "p,5")
		both.Wait()
	}
	mustEpoch(t, s, 20, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for path := range contents(t, fsys, "/out") {
		rows += len(visibleLines(t, fsys, path)) - 1
	}
	if rows != 100 {
		t.Errorf("%d rows, want 100", rows)
	}
}
