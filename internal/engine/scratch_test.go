package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/sqlstate"
)

func newScratch() *engine.Scratch {
	return engine.NewScratch(limit.New("test", 64<<20), store.Snappy, slog.New(slog.DiscardHandler))
}

// left are the names in a directory.
func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestScratch: it is nothing until something is spilled, has it then, its owner's alone, and is gone in the end.
func TestScratch(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	s := newScratch()
	if names := left(t, parent); len(names) > 0 || s.Memory() != 16<<20 {
		t.Fatalf("%v are there, and it takes %d bytes", names, s.Memory())
	}
	space := store.Space{Operator: 1}
	changes := &store.Changes{}
	changes.Put(space, 0, 7, []byte("key"), []byte("value"))
	if err := s.Spill(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.Dir())
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	other := newScratch() // of another run: it leaves this one alone
	reader, err := s.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = reader.Scan(space, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error {
		found++
		return nil
	})
	if err := errors.Join(err, reader.Close(), s.Close(), other.Close()); err != nil || found != 1 {
		t.Fatalf("%d entries, %v", found, err)
	}
	if names := left(t, parent); len(names) > 0 {
		t.Errorf("%v are left", names)
	}
}

// TestOldScratch: what a dead process has left is removed; what has a lock that is held, or none, stays, and so does what has another name.
func TestOldScratch(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	for _, name := range []string{"wire-scratch-dead", "wire-scratch-alive", "wire-scratch-new", "other"} {
		if err := os.MkdirAll(filepath.Join(parent, name, "store"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"wire-scratch-dead", "other"} {
		if err := os.WriteFile(filepath.Join(parent, name, "lock"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := vfs.OS().Lock(filepath.Join(parent, "wire-scratch-alive", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	newScratch()
	if names := strings.Join(left(t, parent), " "); names != "other wire-scratch-alive wire-scratch-new" {
		t.Errorf("%s are left", names)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoRoomForScratch: the error names the directory, and how to choose another.
func TestNoRoomForScratch(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", missing)
	_, err := newScratch().Reader(context.Background())
	var state *sqlstate.Error
	if !errors.As(err, &state) || state.Code != sqlstate.IOError || !strings.Contains(state.Message, missing) || !strings.Contains(state.Hint, "TMPDIR") {
		t.Errorf("%v", err)
	}
}
